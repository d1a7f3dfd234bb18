// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// The element-wise results of a row, and where exponentials wait for them.

#ifndef SOFTMAX_LIB_CONVERSION_SOFTMAXTOVECTOR_RESULTBODY_H
#define SOFTMAX_LIB_CONVERSION_SOFTMAXTOVECTOR_RESULTBODY_H

#include "PassBody.h"
#include "RowAccess.h"
#include "softmax/Dialect/IR/RowNeeds.h"

namespace mlir::softmax {

/// A row of lifted values in memory: in scratch or in the destination.
struct Stage {
  OperandView view;
  /// Linear offset of the row's first element.
  Value offset;
  /// What the values rounded away, where they have low parts.
  std::optional<OperandView> low;
  /// Whether a whole group may be touched from any element of the row on.
  bool padded = false;

  LiftedValue load(KernelBuilder &k, Value i, const Tail *tail) const;
  void store(KernelBuilder &k, const LiftedValue &value, Value i,
             const Tail *tail) const;
};

/// Where the staged statistic of `needs` waits in scratch for rows of up to
/// `columns` elements, `count` rows; null if nothing is staged.  `offset` is
/// that of the first.
std::optional<Stage> allocateStage(KernelBuilder &k, const RowNeeds &needs,
                                   Value elements);

/// Logits of a row in memory; stages the lifted values of `needs.staged`.
class RowPassAccess : public PassAccess {
public:
  RowPassAccess(KernelBuilder &k, const RowNeeds &needs, const RowPosition &row,
                ArrayRef<unsigned> active, const Stage *stage)
      : k(k), needs(needs), row(row), active(active), stage(stage) {}
  SmallVector<Value> load(Value i, const Tail *tail) override {
    return loadElements(k, row, i, tail);
  }
  SmallVector<Value> logits(ArrayRef<Value> loaded, Value i,
                            const Tail * /*tail*/) override {
    return buildLogits(k, row, loaded, i);
  }
  void store(Value i, const Tail *tail, ArrayRef<LiftedValue> values) override;

private:
  KernelBuilder &k;
  const RowNeeds &needs;
  const RowPosition &row;
  SmallVector<unsigned> active;
  const Stage *stage;
};

/// Writes the results of elements that do not count (RowExtent), whose logits
/// are -inf: all that is not an input of the result region is the same for each
/// of them.
void writeMaskedResults(KernelBuilder &k, const RowNeeds &needs,
                        const RowPosition &row, ArrayRef<RowValues> rows,
                        ValueRange handedOn, ElementRange range,
                        bool nontemporal);

/// Whether `pass` lifts what `needs` has staged.
bool isStagedPass(KernelBuilder &k, const RowNeeds &needs, unsigned pass,
                  ArrayRef<unsigned> active);

/// Writes results, from staged lifted values or from logits.
class ResultBody : public GroupBody {
public:
  /// `rows` and `handedOn` belong to the row, or to the part of it that is
  /// written.  With `nontemporal`, vectors must be aligned in every
  /// destination.
  ResultBody(KernelBuilder &k, const RowNeeds &needs, const RowPosition &row,
             ArrayRef<RowValues> rows, ValueRange handedOn, const Stage *stage,
             bool nontemporal)
      : k(k), needs(needs), row(row), rows(rows), handedOn(handedOn),
        stage(stage), nontemporal(nontemporal) {}

  void load(Value i, const Tail *tail) override;
  SmallVector<Value> compute() override;
  void store() override;
  /// Takes every logit for -inf.
  void assumeMasked() { masked = true; }
  /// All steps for one vector.
  void write(Value i, const Tail *tail) {
    load(i, tail);
    compute();
    store();
  }

private:
  /// Whether the statistics' logits have to be formed again.
  bool needsLogits() {
    return !masked && (needs.resultUsesLogits || (needs.staged && !stage));
  }

  KernelBuilder &k;
  const RowNeeds &needs;
  const RowPosition &row;
  SmallVector<RowValues> rows;
  SmallVector<Value> handedOn;
  const Stage *stage;
  bool nontemporal, masked = false;
  /// Vectors between the steps.
  struct Waiting {
    Value i;
    std::optional<Tail> tail;
    SmallVector<Value> elements;
    LiftedValue staged;
    SmallVector<Value> results;
  };
  std::deque<Waiting> loaded;
  SmallVector<Waiting> computed;
};

/// The condition under which `rows` of the statistics `active` may be taken for
/// what it makes of them (see StatisticAttrInterface::buildCommonCase) in
/// `pass`; null, and `rows` as they were, if there is no such case.
Value buildCommonCase(KernelBuilder &k, unsigned pass,
                      ArrayRef<unsigned> active,
                      MutableArrayRef<RowValues> rows);

/// Runs `emit(rows)`, whose code takes the row values of `pass` (see
/// StatisticAttrInterface::buildCommonCase), in a branch for the common case
/// and one for the others, or once where there is no such case.  `emit` returns
/// the values of either branch.
SmallVector<Value>
emitWithCommonCase(KernelBuilder &k, unsigned pass, ArrayRef<unsigned> active,
                   ArrayRef<RowValues> rows,
                   function_ref<SmallVector<Value>(ArrayRef<RowValues>)> emit);

} // namespace mlir::softmax

#endif // SOFTMAX_LIB_CONVERSION_SOFTMAXTOVECTOR_RESULTBODY_H
