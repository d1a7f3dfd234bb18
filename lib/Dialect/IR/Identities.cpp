// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Identities of the family: dimensions of size 1, log(softmax),
// exp(log_softmax), factors and row constants in what computes the logits. Each
// says why it is true; what is not true for every number needs a fast-math flag
// on the operation that goes away.

#include "Identities.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/TypeUtilities.h"
#include "softmax/Dialect/IR/GenericRegions.h"
#include "softmax/Dialect/IR/RowNeeds.h"

using namespace mlir;
using namespace mlir::softmax;

//===----------------------------------------------------------------------===//
// Dimensions of size 1
//===----------------------------------------------------------------------===//

/// The softmax dimensions without those of size 1, as far as nothing depends on
/// them: the same elements make a row, in the same order.  The last dimension
/// stays: whether rows lie beside each other along it decides in which order
/// they are added (C-DET-1).
static SmallVector<int64_t>
withoutUnitDimensions(ArrayRef<int64_t> dimensions, int64_t rank,
                      function_ref<int64_t(int64_t)> size) {
  SmallVector<int64_t> kept(dimensions);
  for (int64_t dim : dimensions)
    if (kept.size() > 1 && dim != rank - 1 && size(dim) == 1)
      kept.erase(llvm::find(kept, dim));
  return kept;
}

namespace {
template <typename OpTy>
struct DropUnitDimensions : public OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;
  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    if (op.getInits().size() != 1)
      return rewriter.notifyMatchFailure(op, "lse has the shape of the rows");
    auto type = cast<ShapedType>(op.getInput().getType());
    SmallVector<int64_t> kept = withoutUnitDimensions(
        op.getDimensions(), type.getRank(),
        [&](int64_t dim) { return type.getDimSize(dim); });
    if (kept.size() == op.getDimensions().size())
      return rewriter.notifyMatchFailure(op, "no softmax dimension to spare");
    rewriter.modifyOpInPlace(op, [&] { op.setDimensions(kept); });
    return success();
  }
};

struct DropUnitDimensionsOfGeneric : public OpRewritePattern<GenericOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(GenericOp op,
                                PatternRewriter &rewriter) const override {
    if (op.getNumElementwiseInits() != op.getInits().size() ||
        !op.getRows().empty() || op.getSchedule())
      return rewriter.notifyMatchFailure(op, "something counts the rows");
    SmallVector<int64_t> kept = withoutUnitDimensions(
        op.getDimensions(), op.getIterationRank(),
        [&](int64_t dim) { return op.getStaticSize(dim); });
    // The row region has arguments for what is row-invariant.
    auto invariant = [](AffineMap map, ArrayRef<int64_t> dims) {
      return llvm::none_of(
          dims, [&](int64_t dim) { return map.isFunctionOfDim(dim); });
    };
    for (AffineMap map : op.getMapList())
      if (invariant(map, kept) != invariant(map, op.getDimensions()))
        return rewriter.notifyMatchFailure(op, "an operand names it alone");
    if (kept.size() == op.getDimensions().size())
      return rewriter.notifyMatchFailure(op, "no softmax dimension to spare");
    rewriter.modifyOpInPlace(op, [&] { op.setDimensions(kept); });
    return success();
  }
};

//===----------------------------------------------------------------------===//
// Logarithms of probabilities, exponentials of logarithms
//===----------------------------------------------------------------------===//

/// In the result region, log(p) -> logp and exp(logp) -> p, also of what was
/// rounded to a narrower type.  For NaN, infinities and masked rows they are
/// the same (log(0) = -inf and exp(-inf) = 0 are what a masked element has),
/// but log of a rounded p has p's rounding error, and is -inf where p
/// underflows: the function must allow another approximation (afn).
template <typename FnOp>
struct FunctionOfResult : public OpRewritePattern<GenericOp> {
  using OpRewritePattern::OpRewritePattern;
  static constexpr unsigned from = std::is_same_v<FnOp, math::LogOp> ? 0 : 1;

  LogicalResult matchAndRewrite(GenericOp op,
                                PatternRewriter &rewriter) const override {
    if (!op.hasResult())
      return rewriter.notifyMatchFailure(op, "has no result region");
    for (auto [s, statistic] : llvm::enumerate(op.getStatisticList())) {
      if (!isa<MaxSumExpAttr>(statistic))
        continue;
      ValueRange arguments = getStatisticArguments(op, s, /*row=*/false);
      for (auto fn : op.getResult().getOps<FnOp>()) {
        Value operand = fn.getOperand();
        auto narrow = operand.getDefiningOp<arith::TruncFOp>();
        if ((narrow ? narrow.getIn() : operand) != arguments[from] ||
            !hasFastMathFlags(fn, arith::FastMathFlags::afn))
          continue;
        rewriter.setInsertionPoint(fn);
        Value value = arguments[1 - from];
        if (narrow)
          value = arith::TruncFOp::create(rewriter, fn.getLoc(), fn.getType(),
                                          value);
        rewriter.replaceOp(fn, value);
        return success();
      }
    }
    return rewriter.notifyMatchFailure(op, "no function to replace");
  }
};
} // namespace

/// The linalg op that reads `value`, alone, element by element, if its body is
/// one operation; and that operation.
static std::pair<linalg::LinalgOp, Operation *> getOnlyFunction(Value value) {
  if (!value.hasOneUse())
    return {};
  OpOperand &use = *value.use_begin();
  auto user = dyn_cast<linalg::LinalgOp>(use.getOwner());
  if (!user || !user.hasPureTensorSemantics() || user.getNumDpsInits() != 1 ||
      !user.isAllParallelLoops() || user.isDpsInit(&use))
    return {};
  AffineMap written = user.getMatchingIndexingMap(user.getDpsInitOperand(0));
  Operation *yield = user.getBlock()->getTerminator();
  Operation *fn = yield->getOperand(0).getDefiningOp();
  if (!written.isPermutation() ||
      user.getMatchingIndexingMap(&use) != written || !fn ||
      fn->getNumOperands() != 1 ||
      fn->getOperand(0) != user.getMatchingBlockArgument(&use) ||
      user->getResult(0).getType() != value.getType())
    return {};
  return {user, fn};
}

namespace {
/// linalg log of softmax -> log_softmax, linalg exp of log_softmax -> softmax:
/// as in regions, under the same flag.
template <typename OpTy, typename OtherTy, typename FnOp>
struct FunctionOfNamed : public OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;
  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    if (op.getNumResults() == 0)
      return rewriter.notifyMatchFailure(op, "is on memrefs");
    auto [user, fn] = getOnlyFunction(op.getResult(0));
    if (!user || !isa<FnOp>(fn) ||
        !hasFastMathFlags(fn, arith::FastMathFlags::afn))
      return rewriter.notifyMatchFailure(
          op, "its result has no reader with a function that allows another "
              "approximation (afn)");
    auto other = OtherTy::create(rewriter, op.getLoc(), op->getResultTypes(),
                                 op.getDimensionsAttr(), op.getInput(),
                                 op.getScale(), op.getBias(), op.getMask(),
                                 op.getInits(), op.getMaskedRowAttr());
    other->setDiscardableAttrs(op->getDiscardableAttrDictionary());
    rewriter.replaceOp(user, other.getResult(0));
    rewriter.replaceOp(op, other->getResults());
    return success();
  }
};

//===----------------------------------------------------------------------===//
// What computes the logits
//===----------------------------------------------------------------------===//

/// A tensor that is `fn` of each element of another one and a second operand.
struct BinaryProducer {
  linalg::LinalgOp producer;
  Operation *fn = nullptr;
  /// The tensor, and which operand of `fn` its element is.
  Value tensor;
  unsigned position = 0;
  /// The other operand: the tensor or scalar operand that the body reads, or
  /// null for a value of the body or from outside.
  OpOperand *otherOperand = nullptr;
  Value other;

  /// Null `fn` if `value` is not such a tensor, or has other readers.
  static BinaryProducer match(Value value, unsigned position);
};
} // namespace

BinaryProducer BinaryProducer::match(Value value, unsigned position) {
  BinaryProducer found;
  auto producer = value.getDefiningOp<linalg::LinalgOp>();
  if (!producer || !value.hasOneUse() || producer.getNumDpsInits() != 1 ||
      !producer.hasPureTensorSemantics() || !producer.isAllParallelLoops())
    return found;
  AffineMap written =
      producer.getMatchingIndexingMap(producer.getDpsInitOperand(0));
  Operation *yield = producer.getBlock()->getTerminator();
  Operation *fn = yield->getOperand(0).getDefiningOp();
  if (!written.isPermutation() || !fn ||
      fn->getBlock() != producer.getBlock() || fn->getNumOperands() != 2)
    return found;
  auto getOperand = [&](Value scalar) -> OpOperand * {
    auto argument = dyn_cast<BlockArgument>(scalar);
    return argument && argument.getOwner() == producer.getBlock()
               ? producer.getMatchingOpOperand(argument)
               : nullptr;
  };
  OpOperand *tensor = getOperand(fn->getOperand(position));
  if (!tensor || producer.getMatchingIndexingMap(tensor) != written ||
      tensor->get().getType() != value.getType())
    return found;
  found.producer = producer;
  found.tensor = tensor->get();
  found.position = position;
  found.other = fn->getOperand(1 - position);
  found.otherOperand = getOperand(found.other);
  found.fn = fn;
  return found;
}

/// The scalar that a second operand is for every element, made before `op`;
/// null if it is none.
static Value getScalar(const BinaryProducer &product, Operation *op,
                       OpBuilder &builder) {
  Value value = product.other;
  if (OpOperand *operand = product.otherOperand) {
    value = operand->get();
    if (!isa<ShapedType>(value.getType()))
      return value;
    if (auto fill = value.getDefiningOp<linalg::FillOp>())
      return fill.value();
    DenseElementsAttr constant;
    if (!matchPattern(value, m_Constant(&constant)) || !constant.isSplat())
      return Value();
    builder.setInsertionPoint(op);
    return arith::ConstantOp::create(
        builder, op->getLoc(),
        cast<TypedAttr>(constant.getSplatValue<Attribute>()));
  }
  Operation *defining = value.getDefiningOp();
  if (!defining || defining->getBlock() != product.fn->getBlock())
    return value;
  if (!isa<arith::ConstantOp>(defining))
    return Value();
  builder.setInsertionPoint(op);
  return builder.clone(*defining)->getResult(0);
}

namespace {
/// A product of the logits with one scalar in the compute type is the op's
/// scale: the same product, rounded once in the same type.  So is a quotient by
/// a power of two, whose reciprocal is exact.
template <typename OpTy>
struct FoldScale : public OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;
  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    if (op.getScale() || op.getInits().empty() ||
        getElementTypeOrSelf(op.getInput().getType()) != op.getComputeType())
      return rewriter.notifyMatchFailure(
          op, "has a scale, or its logits are not of the compute type");
    for (unsigned position : {0, 1}) {
      BinaryProducer product = BinaryProducer::match(op.getInput(), position);
      bool quotient = product.fn && isa<arith::DivFOp>(product.fn);
      if (!product.fn ||
          !(isa<arith::MulFOp>(product.fn) || (quotient && position == 0)))
        continue;
      Value scale = getScalar(product, op, rewriter);
      if (!scale)
        continue;
      if (quotient) {
        APFloat divisor(0.0f);
        APFloat inverse(0.0f);
        if (!matchPattern(scale, m_ConstantFloat(&divisor)) ||
            !divisor.getExactInverse(&inverse))
          continue;
        rewriter.setInsertionPoint(op);
        scale = arith::ConstantOp::create(
            rewriter, op.getLoc(),
            FloatAttr::get(op.getComputeType(), inverse));
      }
      rewriter.modifyOpInPlace(op, [&] {
        op.getInputMutable().set(product.tensor);
        op.getScaleMutable().assign(scale);
      });
      return success();
    }
    return rewriter.notifyMatchFailure(op, "its logits are no product");
  }
};

/// What is added to all logits of a row cancels.  It also rounds them, and
/// makes the row NaN where it is not finite: the addition must allow another
/// grouping (reassoc) and promise finite numbers (nnan, ninf).
template <typename OpTy>
struct DropRowConstant : public OpRewritePattern<OpTy> {
  using OpRewritePattern<OpTy>::OpRewritePattern;
  LogicalResult matchAndRewrite(OpTy op,
                                PatternRewriter &rewriter) const override {
    if (op.getInits().size() != 1)
      return rewriter.notifyMatchFailure(op, "lse depends on the constant");
    for (unsigned position : {0, 1}) {
      BinaryProducer sum = BinaryProducer::match(op.getInput(), position);
      if (!sum.fn ||
          !(isa<arith::AddFOp>(sum.fn) ||
            (isa<arith::SubFOp>(sum.fn) && position == 0)) ||
          !hasFastMathFlags(sum.fn, arith::FastMathFlags::reassoc |
                                        arith::FastMathFlags::nnan |
                                        arith::FastMathFlags::ninf) ||
          !isSameInRow(op, sum))
        continue;
      rewriter.modifyOpInPlace(op,
                               [&] { op.getInputMutable().set(sum.tensor); });
      return success();
    }
    return rewriter.notifyMatchFailure(
        op, "its logits are no sum with a constant of the row under reassoc, "
            "nnan and ninf");
  }

  static bool isSameInRow(OpTy op, const BinaryProducer &sum) {
    linalg::LinalgOp producer = sum.producer;
    if (!sum.otherOperand) {
      Operation *defining = sum.other.getDefiningOp();
      return !defining || defining->getBlock() != producer.getBlock() ||
             isa<arith::ConstantOp>(defining);
    }
    // A dimension of the result is the loop that its map says.
    AffineMap written =
        producer.getMatchingIndexingMap(producer.getDpsInitOperand(0));
    AffineMap read = producer.getMatchingIndexingMap(sum.otherOperand);
    return llvm::none_of(op.getDimensions(), [&](int64_t dim) {
      return read.isFunctionOfDim(written.getDimPosition(dim));
    });
  }
};
} // namespace

void common::addIdentities(RewritePatternSet &patterns, SoftmaxOp) {
  patterns.add<DropUnitDimensions<SoftmaxOp>, FoldScale<SoftmaxOp>,
               DropRowConstant<SoftmaxOp>,
               FunctionOfNamed<SoftmaxOp, LogSoftmaxOp, math::LogOp>>(
      patterns.getContext());
}

void common::addIdentities(RewritePatternSet &patterns, LogSoftmaxOp) {
  patterns.add<DropUnitDimensions<LogSoftmaxOp>, FoldScale<LogSoftmaxOp>,
               DropRowConstant<LogSoftmaxOp>,
               FunctionOfNamed<LogSoftmaxOp, SoftmaxOp, math::ExpOp>>(
      patterns.getContext());
  addNegativeLogLikelihood(patterns);
}

void common::addIdentities(RewritePatternSet &patterns, LogSumExpOp) {
  patterns.add<FoldScale<LogSumExpOp>>(patterns.getContext());
}

void common::addIdentities(RewritePatternSet &patterns, GenericOp) {
  patterns.add<DropUnitDimensionsOfGeneric, FunctionOfResult<math::LogOp>,
               FunctionOfResult<math::ExpOp>>(patterns.getContext());
}
