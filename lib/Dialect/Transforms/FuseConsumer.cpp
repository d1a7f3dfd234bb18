// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// An element-wise consumer of results into the result region, and a consumer of
// per-row results into the row region.

#include "ElementwiseBody.h"
#include "FusionSteps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/Transforms/RegionUtils.h"
#include "softmax/Dialect/IR/GenericRegions.h"

using namespace mlir;
using namespace mlir::softmax;

namespace {
/// A consumer behind the op whose results it reads.
struct Consumer {
  GenericOp &op;
  linalg::LinalgOp consumer;
  ElementwiseBody body;
  /// The consumer's loops as dimensions of `op`, or 0; null where unknown.
  SmallVector<AffineExpr> loops;
  /// Per operand of the consumer, destinations included.
  SmallVector<AffineMap> maps;
  /// Whether it computes one value per row.
  bool perRow = false;

  Consumer(GenericOp &op, linalg::LinalgOp consumer)
      : op(op), consumer(consumer), body(consumer, allResults(consumer)) {}

  static SmallVector<unsigned> allResults(Operation *consumer) {
    return llvm::to_vector(llvm::seq(consumer->getNumResults()));
  }
  /// The result of `op` that an operand is; null if it is none.
  OpResult getResultOfOp(Value value) {
    auto result = dyn_cast<OpResult>(value);
    return result && result.getOwner() == op ? result : OpResult();
  }
  bool isRead(OpOperand &operand) {
    return llvm::is_contained(body.getOperands(), &operand);
  }
  /// What `consumer` writes for its destination `init`.
  Value getDestination(OpOperand &init) {
    OpResult result = getResultOfOp(init.get());
    return result ? op.getInits()[result.getResultNumber()] : init.get();
  }

  bool matchLoops(AffineMap map, AffineMap target);
  std::string findLoops();
  std::string findMaps();
  std::string moveOperands(RewriterBase &rewriter);
  Value getYielded(OpResult result, Region &region);
  void fuse(RewriterBase &rewriter);
};
} // namespace

/// Notes which dimensions the loops of `map` are if `target` maps to the same
/// element; false, and nothing noted, where that contradicts what is known.
bool Consumer::matchLoops(AffineMap map, AffineMap target) {
  SmallVector<AffineExpr> found(loops);
  for (auto [expr, image] :
       llvm::zip_equal(map.getResults(), target.getResults())) {
    if (auto dim = dyn_cast<AffineDimExpr>(expr)) {
      AffineExpr &loop = found[dim.getPosition()];
      if (loop && loop != image)
        return false;
      loop = image;
    } else if (expr != image) {
      return false;
    }
  }
  loops = found;
  return true;
}

std::string Consumer::findLoops() {
  loops.assign(consumer.getNumLoops(), AffineExpr());
  // Results that are read first; then other operands that both have, which only
  // say how the rest of the loops runs.
  for (OpOperand &operand : consumer->getOpOperands())
    if (OpResult result = getResultOfOp(operand.get());
        result && isRead(operand) &&
        !matchLoops(consumer.getMatchingIndexingMap(&operand),
                    op.getInitMap(result.getResultNumber())))
      return "it reads the results of different elements, or of one element at "
             "different places";
  for (OpOperand &operand : consumer->getOpOperands()) {
    AffineMap map = consumer.getMatchingIndexingMap(&operand);
    if (OpResult result = getResultOfOp(operand.get()))
      (void)matchLoops(map, op.getInitMap(result.getResultNumber()));
    for (unsigned i = 0; i < op.getInputs().size(); ++i)
      if (op.getInputs()[i] == operand.get() &&
          isa<ShapedType>(operand.get().getType()))
        (void)matchLoops(map, op.getInputMap(i));
  }
  if (llvm::is_contained(loops, AffineExpr()))
    return "it repeats the result along a dimension of its own";
  return {};
}

std::string Consumer::findMaps() {
  unsigned rank = op.getIterationRank();
  for (OpOperand &operand : consumer->getOpOperands()) {
    AffineMap map = mapThroughLoops(consumer.getMatchingIndexingMap(&operand),
                                    operand.get().getType(), loops, rank);
    if (!map && (isRead(operand) || consumer.isDpsInit(&operand)))
      return ("it addresses operand #" + Twine(operand.getOperandNumber()) +
              " by a map that is no permutation of some dimensions, with 0 "
              "where the size is 1")
          .str();
    maps.push_back(map);
  }
  // Every destination names the same dimensions.
  AffineMap written = maps.back();
  perRow = op.isRowInvariant(written);
  for (unsigned dim = 0; dim < rank; ++dim)
    if (!written.isFunctionOfDim(dim) && !(perRow && op.isReduced(dim)))
      return "it does not compute an element for each of the softmax.generic's";

  MappedOperands after(op);
  for (OpOperand &operand : consumer->getOpOperands()) {
    AffineMap map = maps[operand.getOperandNumber()];
    OpResult result = getResultOfOp(operand.get());
    if (isRead(operand)) {
      if (!result)
        after.add(operand.get(), map);
      else if (perRow &&
               !op.isRowInvariant(op.getInitMap(result.getResultNumber())))
        return "it reads single elements of the result";
      if (result) {
        auto number = result.getResultNumber() - op.getNumElementwiseInits();
        bool elementwise =
            result.getResultNumber() < op.getNumElementwiseInits();
        if (!elementwise &&
            isa<VectorType>(
                getYield(op.getRow()).getValues()[number].getType()))
          return "it reads a result with a trailing dimension";
      }
    }
    if (consumer.isDpsInit(&operand))
      after.add(getDestination(operand), map);
  }
  // A transposed operand would make another layout of a row-major one.
  AffineMap reference = op.getInitMap(perRow ? op.getInits().size() - 1 : 0);
  if (!perRow && op.getNumElementwiseInits() == 0)
    reference = AffineMap::getMultiDimIdentityMap(rank, op.getContext());
  for (AffineMap map : ArrayRef(after.maps).drop_front(op->getNumOperands()))
    if (!keepsOrder(reference, map))
      return "it transposes, so that a row's elements would not be in the "
             "order of memory; transpose in an operation of its own";
  for (Value scalar : body.getScalars())
    after.add(scalar, AffineMap::get(rank, 0, op.getContext()));
  return whyNotOperands(op, after);
}

/// Operands of the consumer are computed before `op`.
std::string Consumer::moveOperands(RewriterBase &rewriter) {
  SmallVector<Value> values(body.getScalars());
  for (OpOperand &operand : consumer->getOpOperands())
    if (!getResultOfOp(operand.get()) &&
        (isRead(operand) || consumer.isDpsInit(&operand)))
      values.push_back(operand.get());
  if (failed(moveValueDefinitions(rewriter, values, op)))
    return "an operand of it cannot be computed before the softmax.generic";
  return {};
}

/// What `op` yields for `result`, as a value of `region`.
Value Consumer::getYielded(OpResult result, Region &region) {
  unsigned number = result.getResultNumber();
  unsigned elementwise = op.getNumElementwiseInits();
  if (number < elementwise)
    return getYield(op.getResult()).getValues()[number];
  Value value = getYield(op.getRow()).getValues()[number - elementwise];
  return &region == &op.getRow() ? value : Value(handOn(op, value));
}

void Consumer::fuse(RewriterBase &rewriter) {
  llvm::SmallDenseMap<OpOperand *, unsigned> inputs;
  llvm::SmallDenseMap<Value, unsigned> scalars;
  for (OpOperand *operand : body.getOperands())
    if (!getResultOfOp(operand->get()))
      inputs[operand] =
          addInput(op, operand->get(), maps[operand->getOperandNumber()]);
  for (Value scalar : body.getScalars())
    scalars[scalar] = addInput(
        op, scalar, AffineMap::get(op.getIterationRank(), 0, op.getContext()));
  if (!perRow)
    ensureResultRegion(op);
  Region &region = perRow ? op.getRow() : op.getResult();
  OpBuilder::InsertionGuard guard(rewriter);
  rewriter.setInsertionPoint(getYield(region));
  SmallVector<Value> values = body.build(
      rewriter, loops,
      [&](OpOperand *operand) -> Value {
        if (OpResult result = getResultOfOp(operand->get()))
          return getYielded(result, region);
        return getInputArgument(op, inputs[operand], region);
      },
      [&](Value scalar) -> Value {
        return getInputArgument(op, scalars[scalar], region);
      });

  SmallVector<NewDestination> destinations;
  for (auto [init, value] :
       llvm::zip_equal(consumer.getDpsInitsMutable(), values))
    destinations.push_back(
        {getDestination(init), maps[init.getOperandNumber()], value});
  SmallVector<Value> results;
  op = addDestinations(rewriter, op, destinations, results);
  rewriter.replaceOp(consumer, results);
}

/// Why an op that reads a result is nothing to fuse; empty if nobody expects it
/// to be.
static std::string describeOtherConsumer(Operation *user) {
  if (isa<tensor::ExpandShapeOp, tensor::CollapseShapeOp>(user))
    return "it reshapes the result; reshape after the element-wise operations "
           "that read it";
  if (OpTrait::hasElementwiseMappableTraits(user))
    return "it works on whole tensors; run --convert-elementwise-to-linalg "
           "first";
  return {};
}

FusionAttempt mlir::softmax::fuseConsumer(RewriterBase &rewriter, GenericOp &op,
                                          Operation *user) {
  auto consumer = dyn_cast<linalg::LinalgOp>(user);
  if (!consumer) {
    std::string why = describeOtherConsumer(user);
    return why.empty() ? FusionAttempt{} : FusionAttempt::refuse(why);
  }
  if (user->getBlock() != op->getBlock())
    return FusionAttempt::refuse("it stands in another block, which may not "
                                 "run; move it behind the softmax.generic");
  Consumer step(op, consumer);
  std::string why = step.body.whyNot();
  // A result that is only a destination is not read.
  if (why.empty() && llvm::none_of(consumer->getOpOperands(), [&](auto &o) {
        return step.getResultOfOp(o.get()) && step.isRead(o);
      }))
    return {};
  if (why.empty())
    why = step.findLoops();
  if (why.empty())
    why = step.findMaps();
  if (why.empty())
    why = step.moveOperands(rewriter);
  if (!why.empty())
    return FusionAttempt::refuse(why);
  step.fuse(rewriter);
  return {FusionAttempt::Fused, step.perRow ? "fused into the row region"
                                            : "fused into the result region"};
}
