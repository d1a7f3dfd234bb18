// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Which CPU strategies a softmax.generic runs, and behind which guards.

#ifndef SOFTMAX_SCHEDULE_CHOOSEALTERNATIVES_H
#define SOFTMAX_SCHEDULE_CHOOSEALTERNATIVES_H

#include "softmax/Schedule/CostModel.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/Error.h"

#include <functional>

namespace mlir::softmax {

/// Everything that can run on `shape`, each with the widest guard that it can
/// do its work under; in no order.  `--tune` measures these.
llvm::SmallVector<Candidate> listCandidates(const KernelShape &shape,
                                            const TargetDescription &target);

/// What a choice goes by, where that is not the model.
struct ChoiceBasis {
  /// The cost per element, in any unit; infinite where `candidate` cannot run.
  std::function<double(const Candidate &candidate, const Work &work)> cost;
  /// The row lengths at which candidates are compared where lengths are not
  /// known; ascending.
  llvm::ArrayRef<int64_t> lengths;
  /// The part by which a candidate may cost more and yet be taken for the
  /// cheapest, as measurements scatter.
  double margin = 0;
};

/// Rows of `columns` elements that the second cache level holds, and that no
/// cache does: what candidates are compared on where the number of rows is not
/// known.
Work getNearWork(const KernelShape &shape, const TargetDescription &target,
                 int64_t columns);
Work getFarWork(const KernelShape &shape, const TargetDescription &target,
                int64_t columns);

/// Whether the guard of `candidate` holds for `work`.
bool holds(const Candidate &candidate, const KernelShape &shape,
           const Work &work);

/// The alternatives of a schedule, in order, the last unconditional: of static
/// sizes the cheapest by the model, of dynamic ones each strategy behind a
/// guard that holds where the model finds it the cheapest.
/// `force` restricts them to one strategy (with `packed` behind it where the
/// types do not promise its guard); an error says why it cannot run.
llvm::Expected<llvm::SmallVector<Candidate>>
chooseAlternatives(const KernelShape &shape, const TargetDescription &target,
                   std::optional<StrategyKind> force,
                   const ChoiceBasis *basis = nullptr);

} // namespace mlir::softmax

#endif // SOFTMAX_SCHEDULE_CHOOSEALTERNATIVES_H
