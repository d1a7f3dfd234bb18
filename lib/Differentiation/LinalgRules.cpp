// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// One rule for linalg. An op whose loops i are parallel or add into its result,
//
//   out[O(i)] = f(in1[M1(i)], ...)    or    out[O(i)] += f(in1[M1(i)], ...),
//
// with maps that name loops, adds in iteration i to the gradient of in_k[Mk(i)]
// what f gives to it for dout[O(i)]. So the gradient of in_k is another op over
// the same loops, which writes where Mk names every loop and sums elsewhere:
//
//   - element by element, and over the loops that are missing, where a bias or
//     a scalar was broadcast, with softmax.generic (C-SUM-1);
//   - for contractions, where no operand has an element for every iteration,
//     in one op that adds in the order of its loops: linalg.matmul or
//     batch_matmul where the op was one.

#include "Adjoints.h"
#include "LinalgAdjoint.h"
#include "TensorBuilder.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace mlir::softmax;

/// Whether the map names loops, each once, or 0 where a size of 1 repeats.
static bool namesLoops(AffineMap map, Type type) {
  if (!map.isProjectedPermutation(/*allowZeroInResults=*/true))
    return false;
  auto shaped = dyn_cast<ShapedType>(type);
  for (auto [i, expr] : llvm::enumerate(map.getResults()))
    if (isa<AffineConstantExpr>(expr) && shaped.getDimSize(i) != 1)
      return false;
  return true;
}

/// Whether `yielded` is `accumulator` plus what does not depend on it.
static bool addsTo(Value accumulator, Value yielded) {
  Value value = accumulator;
  while (value != yielded) {
    if (!value.hasOneUse())
      return false;
    auto sum = dyn_cast<arith::AddFOp>(*value.user_begin());
    if (!sum)
      return false;
    value = sum.getResult();
  }
  return value.hasOneUse();
}

static LogicalResult checkStructure(linalg::LinalgOp op,
                                    const Adjoints &adjoints) {
  for (OpOperand &operand : op->getOpOperands())
    if (!namesLoops(op.getMatchingIndexingMap(&operand),
                    operand.get().getType()))
      return refuse(op, "it indexes operand #" +
                            Twine(operand.getOperandNumber()) +
                            " by more than single loops; write it as element-"
                            "wise ops and contractions of slices");
  if (op.getNumParallelLoops() + op.getNumReductionLoops() != op.getNumLoops())
    return refuse(op, "its loops are neither parallel nor reductions");
  for (OpOperand &init : op.getDpsInitsMutable()) {
    OpResult result = op.getTiedOpResult(&init);
    if (!adjoints.get(result))
      continue;
    AffineMap map = op.getMatchingIndexingMap(&init);
    for (auto [loop, kind] : llvm::enumerate(op.getIteratorTypesArray()))
      if (map.isFunctionOfDim(loop) != (kind == utils::IteratorType::parallel))
        return refuse(op, "result #" + Twine(result.getResultNumber()) +
                              " is not indexed by just its parallel loops");
    if (op.getNumReductionLoops() == 0)
      continue;
    Value yielded =
        op.getBlock()->getTerminator()->getOperand(result.getResultNumber());
    if (!addsTo(op.getMatchingBlockArgument(&init), yielded))
      return refuse(op, "it reduces by something other than a sum "
                        "(arith.addf); a softmax written in linalg becomes "
                        "an op with derivatives by --softmax-raise");
  }
  return success();
}

namespace {

/// Adds to the gradients of the sources of one op.
class LinalgRule {
public:
  LinalgRule(linalg::LinalgOp op, const LinalgAdjoint &adjoint,
             Adjoints &adjoints)
      : op(op), adjoint(adjoint), adjoints(adjoints), builder(adjoints.builder),
        loc(adjoints.loc), numLoops(op.getNumLoops()) {}

  void addGradient(const LinalgAdjoint::Source &source);

private:
  /// A tensor with an element for every iteration.
  struct Part {
    /// In the differentiated body.
    Value gradient;
    Value tensor;
    AffineMap map;
  };

  bool namesAllLoops(AffineMap map) const {
    return llvm::all_of(llvm::seq(numLoops), [&](unsigned loop) {
      return map.isFunctionOfDim(loop);
    });
  }
  SmallVector<OpFoldResult> getSizes(Value value) {
    return isa<RankedTensorType>(value.getType())
               ? tensor::getMixedSizes(builder, loc, value)
               : SmallVector<OpFoldResult>();
  }
  /// What iterations add, for a source whose map names all loops.
  Value getElements(const LinalgAdjoint::Source &source);
  /// The same for any source, through any map.
  Part getPart(const LinalgAdjoint::Source &source);
  /// The gradient of a contraction's operand, with what is known of it.
  Value createContraction(const LinalgAdjoint::Source &source);
  Value createProduct(const LinalgAdjoint::Source &source);

  linalg::LinalgOp op;
  const LinalgAdjoint &adjoint;
  Adjoints &adjoints;
  OpBuilder &builder;
  Location loc;
  unsigned numLoops;
  /// Those that are there already: operands often have the same gradient.
  SmallVector<Part> parts;
};

} // namespace

Value LinalgRule::getElements(const LinalgAdjoint::Source &source) {
  // A sum passes its gradient on.
  const LinalgAdjoint::Operand *repeated =
      adjoint.findRepeated(source.gradient);
  if (repeated && repeated->map == source.map)
    return repeated->value;
  for (const Part &part : parts)
    if (part.gradient == source.gradient && part.map == source.map)
      return part.tensor;
  Value init = createEmpty(builder, loc, getSizes(source.value),
                           source.gradient.getType());
  Value result = adjoint.emit(builder, loc, source.gradient, source.map, init);
  parts.push_back({source.gradient, result, source.map});
  return result;
}

LinalgRule::Part LinalgRule::getPart(const LinalgAdjoint::Source &source) {
  const LinalgAdjoint::Operand *repeated =
      adjoint.findRepeated(source.gradient);
  if (repeated && namesAllLoops(repeated->map))
    return {source.gradient, repeated->value, repeated->map};
  for (const Part &part : parts)
    if (part.gradient == source.gradient)
      return part;
  Value init = createEmpty(builder, loc, adjoint.getLoopSizes(builder, loc),
                           source.gradient.getType());
  AffineMap map = builder.getMultiDimIdentityMap(numLoops);
  Value result = adjoint.emit(builder, loc, source.gradient, map, init);
  parts.push_back({source.gradient, result, map});
  return parts.back();
}

/// `source` is a factor of a product of matrices, perhaps in batches: its
/// gradient is the product of the result's with the other factor. Null where
/// no named op says so.
Value LinalgRule::createProduct(const LinalgAdjoint::Source &source) {
  if (!isa<linalg::MatmulOp, linalg::BatchMatmulOp>(op))
    return Value();
  unsigned numBatch = isa<linalg::BatchMatmulOp>(op) ? 1 : 0;
  Value left = op->getOperand(0), right = op->getOperand(1);
  Value result = adjoints.get(op->getResult(0));
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  for (AffineMap map : maps)
    if (map.getNumResults() != 2 + numBatch ||
        (numBatch && map.getDimPosition(0) != 0))
      return Value();
  // The same matrix twice, or gradients of another type.
  if (left == right ||
      getElementTypeOrSelf(result) !=
          getElementTypeOrSelf(Adjoints::getType(source.value.getType())))
    return Value();

  // Its rows, its columns, and the loop that it lacks.
  unsigned row = source.map.getDimPosition(numBatch);
  unsigned column = source.map.getDimPosition(numBatch + 1);
  SmallVector<unsigned> loops = llvm::to_vector(llvm::seq(numBatch));
  loops.append({row, column});
  unsigned added = 0;
  while (llvm::is_contained(loops, added))
    ++added;
  loops.push_back(added);
  SmallVector<AffineExpr> renamed(loops.size());
  for (auto [i, loop] : llvm::enumerate(loops))
    renamed[loop] = builder.getAffineDimExpr(i);
  auto rename = [&](AffineMap map) {
    return map.replaceDimsAndSymbols(renamed, {}, loops.size(), 0);
  };

  bool isLeft = source.value == left;
  Value factors[] = {result, isLeft ? right : left};
  AffineMap factorMaps[] = {maps[2], maps[isLeft ? 1 : 0]};
  if (!factorMaps[0].isFunctionOfDim(row)) {
    std::swap(factors[0], factors[1]);
    std::swap(factorMaps[0], factorMaps[1]);
  }
  Value init = adjoints.getAccumulator(source.value);
  auto finish = [&](auto product) -> Value {
    product.setIndexingMapsAttr(builder.getAffineMapArrayAttr(
        {rename(factorMaps[0]), rename(factorMaps[1]), rename(source.map)}));
    return product->getResult(0);
  };
  ValueRange outputs(init);
  if (numBatch)
    return finish(
        linalg::BatchMatmulOp::create(builder, loc, factors, outputs));
  return finish(linalg::MatmulOp::create(builder, loc, factors, outputs));
}

Value LinalgRule::createContraction(const LinalgAdjoint::Source &source) {
  if (Value product = createProduct(source))
    return product;
  Value init = adjoints.getAccumulator(source.value);
  return adjoint.emit(builder, loc, source.gradient, source.map, init);
}

void LinalgRule::addGradient(const LinalgAdjoint::Source &source) {
  bool isTensor = isa<RankedTensorType>(source.value.getType());
  auto add = [&](Value gradient) {
    if (!isTensor)
      gradient = extractScalar(builder, loc, gradient);
    adjoints.add(source.value, gradient);
  };
  if (namesAllLoops(source.map))
    return add(getElements(source));
  if (isTensor && !adjoint.findCovering())
    return adjoints.set(source.value, createContraction(source));
  Type element = source.gradient.getType();
  if (!adjoint.findCovering()) {
    // A scalar factor of a contraction.
    Value init = createZeros(builder, loc, {}, element);
    return add(adjoint.emit(builder, loc, source.gradient, source.map, init));
  }
  Part part = getPart(source);
  add(createSum(builder, loc, part.tensor, part.map, source.map,
                getSizes(source.value), element));
}

LogicalResult mlir::softmax::differentiateLinalg(Operation *operation,
                                                 Adjoints &adjoints) {
  auto op = cast<linalg::LinalgOp>(operation);
  if (failed(checkStructure(op, adjoints)))
    return failure();
  LinalgAdjoint adjoint(op, adjoints);
  if (failed(adjoint.build(adjoints)))
    return failure();
  LinalgRule rule(op, adjoint, adjoints);
  for (const LinalgAdjoint::Source &source : adjoint.getSources())
    rule.addGradient(source);
  // What a sum was added to.
  if (op.getNumReductionLoops() != 0)
    for (OpOperand &init : op.getDpsInitsMutable())
      if (Value gradient = adjoints.get(op.getTiedOpResult(&init)))
        adjoints.add(init.get(), gradient);
  return success();
}
