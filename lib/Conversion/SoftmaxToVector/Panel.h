// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Panels: rows side by side along the last iteration dimension, which is
// parallel and contiguous; a lane per row.  A panel is one vector, as wide as
// the schedule asks: LLVM splits it into registers.

#ifndef SOFTMAX_LIB_CONVERSION_SOFTMAXTOVECTOR_PANEL_H
#define SOFTMAX_LIB_CONVERSION_SOFTMAXTOVECTOR_PANEL_H

#include "ResultBody.h"
#include "RowProgram.h"

namespace mlir::softmax {

/// `k.lanes` rows, from coordinate `inner` of the last dimension on, at the
/// coordinates `outer` (null along softmax dimensions and the last).
class Panel : public RowScope {
public:
  Panel(KernelBuilder &k, ArrayRef<Value> outer, Value inner, const Tail *tail)
      : k(k), outer(outer), inner(inner), tail(tail),
        innerDim(k.op.getIterationRank() - 1) {
    rowAt = coordinates(nullptr);
  }

  Value rowInput(unsigned i) override { return load(k.inputs[i], rowAt); }
  Value rowCoordinate(int64_t dim) override { return coordinate(dim, rowAt); }
  void storeRow(unsigned i, Value value) override {
    k.store(k.broadcast(value, k.lanes), k.inits[i],
            k.offset(k.inits[i], rowAt), tail);
  }
  int64_t rowLanes() const override { return k.lanes; }

  /// Coordinates of element `i` of the panel's rows; of the rows if null.
  SmallVector<Value> coordinates(Value i);
  /// `view` at `coordinates`: a vector along the inner dimension, or a scalar
  /// where it does not depend on it.
  Value load(const OperandView &view, ArrayRef<Value> coordinates);
  void store(Value vector, const OperandView &view, ArrayRef<Value> coordinates,
             bool nontemporal = false) {
    k.store(vector, view, k.offset(view, coordinates), tail, nontemporal);
  }
  /// Logits of element `i`, one vector per statistic.
  SmallVector<Value> logits(Value i);
  /// softmax.index for the panel's rows at `at`.
  Value coordinate(int64_t dim, ArrayRef<Value> at);
  /// The element-wise results of element `i`, from its lifted value or logits.
  SmallVector<Value> results(const RowNeeds &needs, Value i,
                             ArrayRef<Value> logits, const LiftedValue &lifted,
                             ArrayRef<RowValues> rows, ValueRange handedOn);

private:
  KernelBuilder &k;
  SmallVector<Value> outer;
  Value inner;
  const Tail *tail;
  int64_t innerDim;
  SmallVector<Value> rowAt;
};

/// Elements of a lane's sum that are folded in the compute type, at distances 2
/// and 1, before they are added in f64; what is left over is added one by one.
inline constexpr int64_t panelGroup = 4;

/// The reduction of a pass over the elements of a panel's rows.
class PanelReduction {
public:
  PanelReduction(KernelBuilder &k, unsigned pass, ArrayRef<unsigned> active)
      : k(k), sum(k), pass(pass), active(active) {}
  /// Nothing reduced yet, flat.
  SmallVector<Value> start();
  /// `carried` and a group of elements, or one: per element and active
  /// statistic what was lifted.
  SmallVector<Value> add(ArrayRef<SmallVector<LiftedValue>> group,
                         ValueRange carried);
  SmallVector<WideValue> finish(ValueRange carried);

private:
  bool isMax(unsigned a) {
    return k.statistics[active[a]].getCombiner(pass) == Combiner::Max;
  }
  KernelBuilder &k;
  RowSum sum;
  unsigned pass;
  SmallVector<unsigned> active;
};

/// Calls `body(outer, begin, end)` for all coordinates outside of the softmax
/// dimensions and the last, with the part [begin, end) of the last that belongs
/// to the rows to compute.
void forEachOuter(
    KernelBuilder &k,
    function_ref<void(ArrayRef<Value> outer, Value begin, Value end)> body);

/// Rows `from` to `end` in panels of `widths` lanes, the widest first, and a
/// masked one of the last of them for what is left.
void emitPanels(KernelBuilder &k, const RowNeeds &needs, ArrayRef<Value> outer,
                Value from, Value end, ArrayRef<int64_t> widths,
                const std::optional<Stage> &stage, Staging staging);

} // namespace mlir::softmax

#endif // SOFTMAX_LIB_CONVERSION_SOFTMAXTOVECTOR_PANEL_H
