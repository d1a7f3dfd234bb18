// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// An element-wise producer of an input into the regions that read the input.

#include "ElementwiseBody.h"
#include "FusionSteps.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/TypeUtilities.h"
#include "softmax/Dialect/IR/GenericRegions.h"
#include "softmax/Dialect/IR/RowNeeds.h"

using namespace mlir;
using namespace mlir::softmax;

/// Operations per element, beyond those of the producer by itself, that need no
/// mention; and per row, where they are hoisted out of the loops or not.
static constexpr unsigned kUnnoticed = 8;

/// How often a lowering may compute the logit region for an element: once per
/// pass over the row, and once more for the results.
static unsigned countLogitEvaluations(GenericOp op) {
  RowNeeds needs(op);
  unsigned count = 0;
  SmallVector<StatisticAttrInterface> statistics = op.getStatisticList();
  for (unsigned pass = 0; pass < needs.numPasses; ++pass)
    count += llvm::any_of(llvm::enumerate(needs.passes), [&](auto entry) {
      return pass < entry.value().size() && entry.value()[pass] &&
             !statistics[entry.index()].isRowArgumentPass(pass);
    });
  return count + (needs.staged || needs.resultUsesLogits ? 1 : 0);
}

/// How often input `i` is computed per element if regions compute it.
static unsigned countEvaluations(GenericOp op, unsigned i) {
  unsigned count = 0;
  BlockArgument logit = getInputArgument(op, i, op.getLogit());
  if (logit && !logit.use_empty())
    count += countLogitEvaluations(op);
  BlockArgument result = getInputArgument(op, i, op.getResult());
  if (result && !result.use_empty())
    ++count;
  return count;
}

/// What every element of a constant is; null if they differ, or if it is none.
static TypedAttr getSplat(Value value) {
  Attribute constant;
  if (!matchPattern(value, m_Constant(&constant)))
    return TypedAttr();
  if (auto elements = dyn_cast<DenseElementsAttr>(constant))
    return elements.isSplat()
               ? dyn_cast<TypedAttr>(elements.getSplatValue<Attribute>())
               : TypedAttr();
  return isa<FloatAttr, IntegerAttr>(constant) ? cast<TypedAttr>(constant)
                                               : TypedAttr();
}

static unsigned bytesPerElement(Type type) {
  Type element = getElementTypeOrSelf(type);
  return element.isIndex()
             ? 8
             : llvm::divideCeil(element.getIntOrFloatBitWidth(), 8);
}

namespace {
/// A producer beside the op that reads it.
struct Producer {
  GenericOp op;
  unsigned input;
  linalg::LinalgOp producer;
  ElementwiseBody body;
  SmallVector<AffineExpr> loops;
  /// Per operand that the body reads, in its order; null for a splat.
  SmallVector<AffineMap> maps;

  Producer(GenericOp op, unsigned input, OpResult result)
      : op(op), input(input),
        producer(cast<linalg::LinalgOp>(result.getOwner())),
        body(producer, result.getResultNumber()) {}

  std::string findMaps(OpResult result);
  std::string checkCost(unsigned limit, std::string &remark);
  void fuse(RewriterBase &rewriter);
};
} // namespace

std::string Producer::findMaps(OpResult result) {
  AffineMap read = op.getInputMap(input);
  AffineMap written = producer.getIndexingMapMatchingResult(result);
  loops.resize(producer.getNumLoops());
  for (auto [expr, image] :
       llvm::zip_equal(written.getResults(), read.getResults()))
    loops[cast<AffineDimExpr>(expr).getPosition()] = image;

  MappedOperands after(op, input);
  for (OpOperand *operand : body.getOperands()) {
    if (getSplat(operand->get())) {
      maps.emplace_back();
      continue;
    }
    AffineMap map =
        mapThroughLoops(producer.getMatchingIndexingMap(operand),
                        operand->get().getType(), loops, read.getNumDims());
    if (!map)
      return ("it reads operand #" + Twine(operand->getOperandNumber()) +
              " through a map that is no permutation of some dimensions, with "
              "0 where the size is 1")
          .str();
    if (!keepsOrder(read, map))
      return "it transposes, so that a row's elements would not be read in the "
             "order of memory; transpose in an operation of its own";
    maps.push_back(map);
    after.add(operand->get(), map);
  }
  for (Value scalar : body.getScalars())
    after.add(scalar, AffineMap::get(read.getNumDims(), 0, op.getContext()));
  if (after.values.size() == op.getInits().size())
    return "the softmax.generic would have no input left";
  return whyNotOperands(op, after);
}

std::string Producer::checkCost(unsigned limit, std::string &remark) {
  unsigned times = countEvaluations(op, input);
  bool shared = llvm::any_of(producer->getUsers(), [&](Operation *user) {
    return user != op.getOperation();
  });
  unsigned weight = body.getWeight();
  std::string cost = (Twine(times) + " times per element, about " +
                      Twine(weight) + " operations each")
                         .str();
  if (op.isRowInvariant(op.getInputMap(input))) {
    if (times != 0 && weight > kUnnoticed)
      return "it computes one value per row, which would be computed up to " +
             cost + "; leave it a tensor";
    return {};
  }
  if (shared) {
    // Its tensor is written in any case: reading it costs its bytes.
    unsigned bytes = 0;
    for (auto [operand, map] : llvm::zip_equal(body.getOperands(), maps))
      if (map && !op.isRowInvariant(map) &&
          !llvm::is_contained(op.getInputs(), operand->get()))
        bytes += bytesPerElement(operand->get().getType());
    unsigned saved = bytesPerElement(op.getInputs()[input].getType());
    if (weight * times > kUnnoticed || bytes > saved)
      return "its result has other users, so it is computed in any case, and "
             "would be again up to " +
             cost + "; reading it costs less";
    return {};
  }
  unsigned more = times > 1 ? weight * (times - 1) : 0;
  if (more > limit)
    return "it would be computed up to " + cost +
           ", more than max-recompute=" + std::to_string(limit) +
           " operations more than by itself";
  if (more > kUnnoticed)
    remark = ", computed up to " + cost;
  return {};
}

void Producer::fuse(RewriterBase &rewriter) {
  // Inputs first: they come behind, so that `input` stays what it is.
  llvm::SmallDenseMap<OpOperand *, unsigned> inputs;
  llvm::SmallDenseMap<Value, unsigned> scalars;
  for (auto [operand, map] : llvm::zip_equal(body.getOperands(), maps))
    if (map)
      inputs[operand] = addInput(op, operand->get(), map);
  AffineMap none =
      AffineMap::get(op.getIterationRank(), /*symbolCount=*/0, op.getContext());
  for (Value scalar : body.getScalars())
    scalars[scalar] = addInput(op, scalar, none);
  OpBuilder::InsertionGuard guard(rewriter);
  for (Region &region : op->getRegions()) {
    BlockArgument argument = getInputArgument(op, input, region);
    if (!argument || argument.use_empty())
      continue;
    rewriter.setInsertionPointToStart(&region.front());
    SmallVector<Value> values = body.build(
        rewriter, loops,
        [&](OpOperand *operand) -> Value {
          if (TypedAttr splat = getSplat(operand->get()))
            return arith::ConstantOp::create(rewriter, producer.getLoc(),
                                             splat);
          return getInputArgument(op, inputs[operand], region);
        },
        [&](Value scalar) -> Value {
          return getInputArgument(op, scalars[scalar], region);
        });
    argument.replaceAllUsesWith(values.front());
  }
  eraseInput(op, input);
  if (isOpTriviallyDead(producer))
    rewriter.eraseOp(producer);
}

/// Why the defining op of an input is nothing to fuse; empty if nobody expects
/// it to be.
static std::string describeOtherProducer(Operation *producer) {
  if (isa<tensor::ExpandShapeOp, tensor::CollapseShapeOp>(producer))
    return "it reshapes between the softmax.generic and what computes its "
           "input; reshape after, or before the element-wise operations";
  if (isa<tensor::ExtractSliceOp, tensor::PadOp, tensor::ConcatOp>(producer))
    return "it moves elements, which an indexing map cannot say";
  if (OpTrait::hasElementwiseMappableTraits(producer))
    return "it works on whole tensors; run --convert-elementwise-to-linalg "
           "first";
  return {};
}

FusionAttempt mlir::softmax::fuseProducer(RewriterBase &rewriter, GenericOp op,
                                          unsigned i,
                                          const FusionOptions &options) {
  auto result = dyn_cast<OpResult>(op.getInputs()[i]);
  if (!result || !isa<RankedTensorType>(result.getType()))
    return {};
  if (!isa<linalg::LinalgOp>(result.getOwner())) {
    std::string why = describeOtherProducer(result.getOwner());
    return why.empty() ? FusionAttempt{} : FusionAttempt::refuse(why);
  }
  if (result.getOwner()->getBlock() != op->getBlock())
    return FusionAttempt::refuse("it stands in another block, which may run "
                                 "less often; move it beside the "
                                 "softmax.generic");
  Producer producer(op, i, result);
  if (!producer.body.whyNot().empty())
    return FusionAttempt::refuse(producer.body.whyNot());
  std::string remark;
  std::string why = producer.findMaps(result);
  if (why.empty())
    why = producer.checkCost(options.maxRecompute, remark);
  if (!why.empty())
    return FusionAttempt::refuse(why);

  SmallVector<StringRef> names;
  for (auto [region, name] : llvm::zip_equal(
           op->getRegions(), ArrayRef<StringRef>{"logit", "row", "result"})) {
    BlockArgument argument = getInputArgument(op, i, region);
    if (argument && !argument.use_empty())
      names.push_back(name);
  }
  std::string text = "fused into the " + llvm::join(names, " and ") +
                     (names.size() > 1 ? " regions" : " region") + remark;
  producer.fuse(rewriter);
  return {FusionAttempt::Fused, text};
}
