// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Reading and editing a softmax.generic: its operands, and the arguments of its
// regions that go with them.

#ifndef SOFTMAX_DIALECT_IR_GENERICREGIONS_H
#define SOFTMAX_DIALECT_IR_GENERICREGIONS_H

#include "mlir/IR/PatternMatch.h"
#include "softmax/Dialect/IR/Softmax.h"

namespace mlir::softmax {

/// Whether `op` carries all of `flags`.
bool hasFastMathFlags(Operation *op, arith::FastMathFlags flags);

/// Name of the discardable attribute of a softmax.generic that was made from a
/// loss with class indices: a dictionary with `input`, the number of the input
/// that holds them, and `ignore`, the class that is none, where there is one.
/// Kernels check labels that callers pass (status 8).
constexpr llvm::StringLiteral kLabelsAttrName = "softmax.labels";

/// The number of the input that holds class indices, as the attribute
/// kLabelsAttrName says.
std::optional<unsigned> getLabelsInput(GenericOp op);

/// Says that input `i` holds the class indices, or that none does any more.
/// `op` has the attribute kLabelsAttrName.
void setLabelsInput(GenericOp op, std::optional<unsigned> i);

/// The terminator of a region that is not empty.
YieldOp getYield(Region &region);

/// The argument for input `i` in one of the regions of `op`; null if the region
/// is absent, or is the row region and the input is not row-invariant.
BlockArgument getInputArgument(GenericOp op, unsigned i, Region &region);

/// The arguments of input `i` in the regions that have it.
SmallVector<BlockArgument> getInputArguments(GenericOp op, unsigned i);

/// Adds an input behind the others, with an argument in every region that has
/// one for it; returns its number. A value that is an input through the same
/// map already is that input.
unsigned addInput(GenericOp op, Value value, AffineMap map);

/// Erases input `i`, whose arguments have no uses. The attribute
/// kLabelsAttrName follows: to `twin`, which comes before `i` and holds the
/// same, if it names `i`.
void eraseInput(GenericOp op, unsigned i, std::optional<unsigned> twin = {});

/// Adds a statistic of `logit`, a value of the logit region, behind the others;
/// returns its number. The logit region may be absent if `logit` is null: it is
/// then created, and yields nothing until the caller has it yield a logit.
unsigned addStatistic(GenericOp op, StatisticAttrInterface statistic,
                      Value logit);

/// Creates an absent region with the arguments that it must have and a
/// terminator without operands.
void ensureLogitRegion(GenericOp op);
void ensureRowRegion(GenericOp op);
void ensureResultRegion(GenericOp op);

/// The result region's argument for `value` of the row region, which is handed
/// on from now on if it was not. Both regions exist.
BlockArgument handOn(GenericOp op, Value value);

/// A destination to add, and the value of the result region (of the row region
/// if the map is row-invariant) that it gets.
struct NewDestination {
  Value init;
  AffineMap map;
  Value yielded;
};

/// Replaces `op`, on tensors, by an op with further destinations, element-wise
/// ones behind the element-wise ones, per-row ones behind those per row.  On
/// return `results` holds the new op's result for each of them.
GenericOp addDestinations(RewriterBase &rewriter, GenericOp op,
                          ArrayRef<NewDestination> destinations,
                          SmallVectorImpl<Value> &results);

} // namespace mlir::softmax

#endif // SOFTMAX_DIALECT_IR_GENERICREGIONS_H
