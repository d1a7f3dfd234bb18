// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Which CPU strategies a softmax.generic runs, and behind which guards.

#ifndef SOFTMAX_SCHEDULE_CHOOSEALTERNATIVES_H
#define SOFTMAX_SCHEDULE_CHOOSEALTERNATIVES_H

#include "softmax/Schedule/CostModel.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/Error.h"

namespace mlir::softmax {

/// Everything that can run on `shape`, each with the widest guard that it can
/// do its work under; in no order.  `--tune` measures these.
llvm::SmallVector<Candidate> listCandidates(const KernelShape &shape,
                                            const TargetDescription &target);

/// The alternatives of a schedule, in order, the last unconditional: of static
/// sizes the cheapest by the model, of dynamic ones each strategy behind a
/// guard that holds where the model finds it the cheapest.
/// `force` restricts them to one strategy (with `packed` behind it where the
/// types do not promise its guard); an error says why it cannot run.
llvm::Expected<llvm::SmallVector<Candidate>>
chooseAlternatives(const KernelShape &shape, const TargetDescription &target,
                   std::optional<StrategyKind> force);

} // namespace mlir::softmax

#endif // SOFTMAX_SCHEDULE_CHOOSEALTERNATIVES_H
