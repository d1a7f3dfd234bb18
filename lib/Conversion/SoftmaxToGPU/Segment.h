// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// A run of a row's elements in the registers of the threads that share the row.
//
// Vectors are counted from the first address that is aligned to one, in one of
// the operands; consecutive threads of a warp hold consecutive vectors, and
// each warp a run of them.  The few elements before and behind them, the edges,
// are held by the threads one by one. An operand whose vectors are not aligned
// there is accessed element by element.

#ifndef SOFTMAX_LIB_CONVERSION_SOFTMAXTOGPU_SEGMENT_H
#define SOFTMAX_LIB_CONVERSION_SOFTMAXTOGPU_SEGMENT_H

#include "../Common/RowPosition.h"
#include "../Common/RowStages.h"
#include "GPUBuilder.h"

namespace mlir::softmax {

class Segment {
public:
  /// The `count` elements (index, at most GPUBuilder::capacity()) from `begin`
  /// on of a row; at least `least` of them, as far as is known.
  Segment(GPUBuilder &k, const RowPosition &row, Value begin, Value count,
          int64_t least);

  /// A vector of a thread, or (lanes = 0) an edge.
  struct Slot {
    int64_t lanes;
    /// Its first element's place in the row, and among the segment's elements
    /// where the vectors are counted first.
    Value column, place;
    /// Whether it holds elements of the row; null if it always does.
    Value valid;
    /// The same for elements that count (GPUBuilder::rowEnd): those are read.
    Value counts;
    /// Per input, and per statistic.  Logits outside of the row are -inf where
    /// the statistic has exponentials of them, else 0: they add nothing.  Of a
    /// statistic that selects elements they are anything.
    SmallVector<Value> elements, logits;
  };
  SmallVector<Slot> slots;
  /// Whether the thread's warp has slots that are valid; null if it is taken
  /// for granted.  Where groups of threads have a block each the last one often
  /// has few; elsewhere the branches are not worth their registers.
  Value active;

  /// Elements of the row from one vector of a thread to its next one.
  static int64_t vectorStep(const GPUBuilder &k) {
    return std::min(k.rowThreads, k.warpSize) * k.lanesAlongRow();
  }
  /// Reads the inputs, all of them before any is used, and computes logits.
  void load();
  /// The parts of `load`: the inputs alone; logits of slots whose elements are
  /// there.
  void read();
  void computeLogits();
  /// Gives every slot the row-invariant elements alone, for elements that come
  /// from elsewhere.
  void takeInvariants();
  /// What `load` yields under `condition`, null for always, else `outside` in
  /// every element of `type`.
  Value loadWhere(Value condition, Type type, double outside,
                  function_ref<Value()> load);
  /// What input `i` has outside of the row: slots that are not valid hold it,
  /// so that most logits need no selection.
  double outsideOf(unsigned i) const { return outsideInputs[i]; }
  /// Writes the element-wise results of each slot: `results` has a list of them
  /// per slot.
  void store(ArrayRef<SmallVector<Value>> results);
  Value coordinate(const Slot &slot, int64_t dim);

private:
  /// What is known of an operand here.
  struct Access {
    const OperandView *view = nullptr;
    /// Linear offset of the segment's first element; of the row's, where rows
    /// are not contiguous.
    Value offset;
    /// Whether its vectors are aligned; null if they surely are.
    Value aligned;
  };
  /// Decides `outsideOf`, and per statistic whether its logits need a selection
  /// all the same.
  void chooseOutside();
  Access makeAccess(const OperandView &view, Value rowOffset);
  Value addressOf(const Access &access);
  /// Linear offset of the first element of `slot`.
  Value placeIn(const Access &access, const Slot &slot);
  void place();
  Value countsFrom(const Slot &slot);
  SmallVector<Value> loadVectors(const Access &access, double outside);
  Value loadVector(const Access &access, const Slot &slot, bool aligned);
  void storeVector(const Access &access, const Slot &slot, Value value,
                   bool aligned);
  /// Stores one value per slot.
  void storeInit(const Access &access, ArrayRef<Value> values);
  /// `constant`, which the optimizer does not know.
  Value hide(Value constant);
  SmallVector<Value> selectBetween(Value condition,
                                   function_ref<SmallVector<Value>()> yes,
                                   function_ref<SmallVector<Value>()> no);
  Value loadEdge(const Access &access, const Slot &slot, double outside);

  GPUBuilder &k;
  const RowPosition &row;
  Value begin, count;
  int64_t least;
  /// Whether all vectors of the thread's warp are valid; null if not known, or
  /// if no slot asks.
  Value whole;
  /// False, without the optimizer's knowing.
  Value never;
  /// Per input and per element-wise destination; without a view for those that
  /// are not along the row.
  SmallVector<Access> inputs, inits;
  SmallVector<double> outsideInputs, outsideLogits;
  SmallVector<bool> selectsLogits;
};

} // namespace mlir::softmax

#endif // SOFTMAX_LIB_CONVERSION_SOFTMAXTOGPU_SEGMENT_H
