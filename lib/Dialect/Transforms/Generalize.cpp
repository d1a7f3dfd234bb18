// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// softmax-generalize: the named ops as softmax.generic.

#include "softmax/Dialect/Transforms/Generalize.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/Transforms/WalkPatternRewriteDriver.h"
#include "softmax/Dialect/Transforms/Passes.h"
#include "llvm/ADT/TypeSwitch.h"

namespace mlir::softmax {
#define GEN_PASS_DEF_SOFTMAXGENERALIZEPASS
#include "softmax/Dialect/Transforms/Passes.h.inc"
} // namespace mlir::softmax

using namespace mlir;
using namespace mlir::softmax;

/// Map of an operand that broadcasts to `rank` dimensions as in NumPy: aligned
/// at the last one, a static size of 1 repeats. Dynamic sizes are taken to be
/// those of the logits.
static AffineMap getBroadcastMap(ShapedType type, int64_t rank,
                                 MLIRContext *context) {
  SmallVector<AffineExpr> results;
  int64_t offset = rank - type.getRank();
  for (auto [i, size] : llvm::enumerate(type.getShape())) {
    if (size == 1)
      results.push_back(getAffineConstantExpr(0, context));
    else
      results.push_back(getAffineDimExpr(offset + i, context));
  }
  return AffineMap::get(rank, /*symbolCount=*/0, results, context);
}

/// `value` as `type` by an explicit widening, narrowing, or nothing.
static Value castFloat(OpBuilder &builder, Location loc, Value value,
                       Type type) {
  unsigned from = value.getType().getIntOrFloatBitWidth();
  unsigned to = type.getIntOrFloatBitWidth();
  if (from < to)
    return arith::ExtFOp::create(builder, loc, type, value);
  if (from > to)
    return arith::TruncFOp::create(builder, loc, type, value);
  return value;
}

namespace {
/// A named op's operands in the order of the generic's inputs.
struct Operands {
  SmallVector<Value> values;
  SmallVector<AffineMap> maps;
  /// Positions in `values`; -1 if the operand is absent.
  int64_t scale = -1, bias = -1, mask = -1;

  int64_t add(Value value, AffineMap map) {
    values.push_back(value);
    maps.push_back(map);
    return values.size() - 1;
  }
};
} // namespace

/// A new block in `region` with the given arguments; `builder` is set to its
/// end.
static Block *createBlock(OpBuilder &builder, Location loc, Region &region,
                          TypeRange types) {
  SmallVector<Location> locs(types.size(), loc);
  return builder.createBlock(&region, region.end(), types, locs);
}

/// logit region: cast, scale, bias, mask, in this order (C-TEMP-1, C-MASK-1).
static void buildLogit(OpBuilder &builder, Location loc, Region &region,
                       TypeRange elements, const Operands &operands,
                       FloatType compute) {
  OpBuilder::InsertionGuard guard(builder);
  Block *block = createBlock(builder, loc, region, elements);
  Value logit = castFloat(builder, loc, block->getArgument(0), compute);
  if (operands.scale >= 0)
    logit = arith::MulFOp::create(builder, loc, logit,
                                  block->getArgument(operands.scale));
  if (operands.bias >= 0) {
    Value bias =
        castFloat(builder, loc, block->getArgument(operands.bias), compute);
    logit = arith::AddFOp::create(builder, loc, logit, bias);
  }
  if (operands.mask >= 0) {
    APFloat inf =
        APFloat::getInf(compute.getFloatSemantics(), /*Negative=*/true);
    Value masked =
        arith::ConstantOp::create(builder, loc, FloatAttr::get(compute, inf));
    logit = arith::SelectOp::create(
        builder, loc, block->getArgument(operands.mask), logit, masked);
  }
  YieldOp::create(builder, loc, logit);
}

/// row region: lse = max + log(sum).
static void buildRow(OpBuilder &builder, Location loc, Region &region,
                     TypeRange arguments) {
  OpBuilder::InsertionGuard guard(builder);
  Block *block = createBlock(builder, loc, region, arguments);
  unsigned n = block->getNumArguments();
  Value max = block->getArgument(n - 2);
  Value sum = block->getArgument(n - 1);
  Value log = math::LogOp::create(builder, loc, sum);
  Value lse = arith::AddFOp::create(builder, loc, max, log);
  YieldOp::create(builder, loc, lse);
}

/// result region: %p or %logp in the result's type.
static void buildResult(OpBuilder &builder, Location loc, Region &region,
                        TypeRange arguments, bool logarithm, Type resultType) {
  OpBuilder::InsertionGuard guard(builder);
  Block *block = createBlock(builder, loc, region, arguments);
  unsigned n = block->getNumArguments();
  Value value = block->getArgument(logarithm ? n - 1 : n - 2);
  YieldOp::create(builder, loc, castFloat(builder, loc, value, resultType));
}

template <typename OpTy>
static GenericOp generalize(RewriterBase &rewriter, OpTy op) {
  constexpr bool hasElementwise = !std::is_same_v<OpTy, LogSumExpOp>;
  MLIRContext *context = op.getContext();
  Location loc = op.getLoc();
  int64_t rank = op.getIterationRank();
  FloatType compute = op.getComputeType();

  Operands operands;
  operands.add(op.getInput(), rewriter.getMultiDimIdentityMap(rank));
  if (Value scale = op.getScale())
    operands.scale = operands.add(scale, AffineMap::get(rank, 0, context));
  if (Value bias = op.getBias())
    operands.bias = operands.add(
        bias, getBroadcastMap(cast<ShapedType>(bias.getType()), rank, context));
  if (Value mask = op.getMask())
    operands.mask = operands.add(
        mask, getBroadcastMap(cast<ShapedType>(mask.getType()), rank, context));

  SmallVector<AffineMap> maps = operands.maps;
  if (hasElementwise)
    maps.push_back(rewriter.getMultiDimIdentityMap(rank));
  bool hasLse = op.getInits().size() > (hasElementwise ? 1 : 0);
  if (hasLse) {
    SmallVector<AffineExpr> results;
    for (int64_t dim = 0; dim < rank; ++dim)
      if (!llvm::is_contained(op.getDimensions(), dim))
        results.push_back(getAffineDimExpr(dim, context));
    maps.push_back(AffineMap::get(rank, 0, results, context));
  }

  auto statistic = MaxSumExpAttr::get(context, op.getMaskedRow());
  GenericOp generic = GenericOp::create(
      rewriter, loc, op->getResultTypes(), op.getDimensionsAttr(),
      rewriter.getArrayAttr({statistic}), rewriter.getAffineMapArrayAttr(maps),
      operands.values, op.getInits(), /*rows=*/ValueRange{},
      /*schedule=*/ScheduleAttr());
  generic->setDiscardableAttrs(op->getDiscardableAttrDictionary());
  generic->setDiscardableAttr(
      kNamedAttrName, rewriter.getStringAttr(op->getName().stripDialect()));

  SmallVector<Type> elements, rowArguments, resultArguments;
  for (auto [value, map] : llvm::zip(operands.values, operands.maps)) {
    elements.push_back(getElementTypeOrSelf(value.getType()));
    if (generic.isRowInvariant(map))
      rowArguments.push_back(elements.back());
  }
  llvm::append_range(rowArguments, statistic.getRowArgumentTypes(compute));
  resultArguments = elements;
  llvm::append_range(resultArguments,
                     statistic.getResultArgumentTypes(compute));

  buildLogit(rewriter, loc, generic.getLogit(), elements, operands, compute);
  if (hasLse)
    buildRow(rewriter, loc, generic.getRow(), rowArguments);
  if (hasElementwise)
    buildResult(rewriter, loc, generic.getResult(), resultArguments,
                std::is_same_v<OpTy, LogSoftmaxOp>,
                getElementTypeOrSelf(op.getInits().front().getType()));
  rewriter.replaceOp(op, generic->getResults());
  return generic;
}

bool mlir::softmax::isNamedSoftmaxOp(Operation *op) {
  return isa<SoftmaxOp, LogSoftmaxOp, LogSumExpOp>(op);
}

FailureOr<GenericOp> mlir::softmax::generalizeNamedOp(RewriterBase &rewriter,
                                                      Operation *op) {
  OpBuilder::InsertionGuard guard(rewriter);
  rewriter.setInsertionPoint(op);
  return TypeSwitch<Operation *, FailureOr<GenericOp>>(op)
      .Case<SoftmaxOp, LogSoftmaxOp, LogSumExpOp>(
          [&](auto named) { return generalize(rewriter, named); })
      .Default([](Operation *) { return failure(); });
}

namespace {
template <typename OpTy>
struct GeneralizePattern : public OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;
  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    return generalizeNamedOp(rewriter, op);
  }
};

struct SoftmaxGeneralizePass
    : public softmax::impl::SoftmaxGeneralizePassBase<SoftmaxGeneralizePass> {
  void runOnOperation() override {
    getOperation()->walk([&](Operation *op) {
      if (isNamedSoftmaxOp(op))
        ++numGeneralized;
    });
    RewritePatternSet patterns(&getContext());
    populateSoftmaxGeneralizePatterns(patterns);
    walkAndApplyPatterns(getOperation(), std::move(patterns));
  }
};
} // namespace

void mlir::softmax::populateSoftmaxGeneralizePatterns(
    RewritePatternSet &patterns) {
  patterns.add<GeneralizePattern<SoftmaxOp>, GeneralizePattern<LogSoftmaxOp>,
               GeneralizePattern<LogSumExpOp>>(patterns.getContext());
}
