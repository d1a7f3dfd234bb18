// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Loops over the elements of rows, group by group.  What is done with the
// elements are bodies, of which one loop may run several, on different rows:
// their work fills each other's waiting.

#ifndef SOFTMAX_LIB_CONVERSION_SOFTMAXTOVECTOR_GROUPLOOP_H
#define SOFTMAX_LIB_CONVERSION_SOFTMAXTOVECTOR_GROUPLOOP_H

#include "KernelBuilder.h"

namespace mlir::softmax {

/// Elements [begin, end) of a row.  Groups are counted from `begin`, which is a
/// multiple of the numeric part's block.
struct ElementRange {
  Value begin, end;
};

/// What is done with a group of elements: `group` elements of the numeric part,
/// as vectors of `lanes`, in the order of the tree that sums them.  All values
/// are flat lists, whose lengths never change.
class GroupBody {
public:
  virtual ~GroupBody() = default;
  /// Values to carry from group to group, before the first.
  virtual SmallVector<Value> start() { return {}; }
  /// Called once per group, before its vectors.
  virtual void beginGroup(Value i) {}
  /// The three steps of a few vectors; all bodies take each step for all of
  /// these vectors before any takes the next, so that nothing is overwritten
  /// before it was read, and the compiler may choose the order within a step.
  ///
  /// Reads what the `lanes` elements from `i` on need.
  virtual void load(Value i, const Tail *tail) = 0;
  /// Does the work for the vector loaded first of those still waiting, and
  /// returns what it contributes; with a tail, what its other lanes contribute
  /// is `neutral`.
  virtual SmallVector<Value> compute() = 0;
  /// Stores what was computed.
  virtual void store() {}
  /// What a vector that is not there contributes.
  virtual SmallVector<Value> neutral() { return {}; }
  /// Takes the contribution of vector `v` of a group into the carried values.
  virtual void accumulate(int64_t v, ArrayRef<Value> values,
                          MutableArrayRef<Value> carried) {}
  /// Contributions of two vectors, or of two nodes of the tree, as one.
  virtual SmallVector<Value> join(ArrayRef<Value> low,
                                  ArrayRef<Value> /*high*/) {
    return SmallVector<Value>(low);
  }
  /// Takes what the tree has come to into the carried values.
  virtual void endGroup(ArrayRef<SmallVector<Value>> roots,
                        MutableArrayRef<Value> carried) {}
  /// Receives the carried values after the last group.
  virtual void finish(ArrayRef<Value> carried) {}
};

/// Runs `bodies` over `range`, all of them on every group.
void emitGroups(KernelBuilder &k, ArrayRef<GroupBody *> bodies,
                ElementRange range);

/// Runs `bodies` over the whole groups of `range` only and returns where they
/// end; `carried` has the values of each body, for `emitGroupsFrom`.
Value emitWholeGroups(KernelBuilder &k, ArrayRef<GroupBody *> bodies,
                      ElementRange range,
                      SmallVectorImpl<SmallVector<Value>> &carried);

/// Goes on with one body where `emitWholeGroups` ended, and finishes it.
void emitRest(KernelBuilder &k, GroupBody &body, ElementRange rest,
              ArrayRef<Value> carried);

/// Calls `body(i, tail)` for every vector of `range`, `unroll` of them in
/// an iteration; the last, incomplete one with a tail.  With `head` (index, 0
/// to lanes - 1) so many elements go first, as an incomplete vector.
void forEachVector(KernelBuilder &k, ElementRange range, int64_t unroll,
                   function_ref<void(Value, const Tail *)> body,
                   Value head = Value());

} // namespace mlir::softmax

#endif // SOFTMAX_LIB_CONVERSION_SOFTMAXTOVECTOR_GROUPLOOP_H
