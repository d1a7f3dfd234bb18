// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/TypeUtilities.h"
#include "softmax/Math/ElementaryBuilder.h"
#include "softmax/Math/FloatConversion.h"
#include "softmax/Math/Passes.h"

using namespace mlir;
using namespace mlir::softmax;

// A scalar or a vector of f32 or f64.
static bool isComputeType(Type type) {
  if (isa<ShapedType>(type) && !isa<VectorType>(type))
    return false;
  Type element = getElementTypeOrSelf(type);
  return element.isF32() || element.isF64();
}

static bool isNarrowType(Type type) {
  if (isa<ShapedType>(type) && !isa<VectorType>(type))
    return false;
  Type element = getElementTypeOrSelf(type);
  return element.isF16() || element.isBF16() || isFloat8(element);
}

// The element type in which an operation computes a narrow result: one that
// holds its integer operand, if it has one, since f32 to a narrow type rounds
// again.
static Type widened(Value operand) {
  OpBuilder b(operand.getContext());
  Type element = getElementTypeOrSelf(operand);
  if (element.isIndex() || element.isInteger(64) || element.isInteger(32))
    return b.getF64Type();
  return b.getF32Type();
}

namespace {
using Builder = Value (*)(MathBuilder &, Value);

// A unary function of f32 or f64 by one of our builders.
template <typename Op, Builder build>
struct ExpandUnary : OpRewritePattern<Op> {
  bool fma;
  ExpandUnary(MLIRContext *context, bool hasFma)
      : OpRewritePattern<Op>(context), fma(hasFma) {}

  LogicalResult matchAndRewrite(Op op,
                                PatternRewriter &rewriter) const override {
    Value x = op.getOperand();
    if (!isComputeType(x.getType()))
      return rewriter.notifyMatchFailure(op, "not f32 or f64");
    MathBuilder math(rewriter, op.getLoc(), fma);
    rewriter.replaceOp(op, build(math, x));
    return success();
  }
};

// An operation with operands of 16 bits or 8, by way of f32.  For sums,
// products and quotients rounding twice is harmless: 24 bits are at least 2 *
// 11 + 2.
template <typename Op>
struct WidenNarrow : OpRewritePattern<Op> {
  using OpRewritePattern<Op>::OpRewritePattern;

  LogicalResult matchAndRewrite(Op op,
                                PatternRewriter &rewriter) const override {
    SmallVector<Value> operands;
    bool narrow = false;
    for (Value operand : op->getOperands()) {
      if (isNarrowType(operand.getType())) {
        narrow = true;
        Type wide =
            MathBuilder::withElement(operand.getType(), rewriter.getF32Type());
        operand = arith::ExtFOp::create(rewriter, op.getLoc(), wide, operand);
      }
      operands.push_back(operand);
    }
    Type type = op->getResult(0).getType();
    bool narrowResult = isNarrowType(type);
    if (!narrow && !narrowResult)
      return rewriter.notifyMatchFailure(op, "no narrow type");
    Type wide = type;
    if (narrowResult)
      wide = MathBuilder::withElement(type, widened(operands.front()));
    OperationState state(op.getLoc(), Op::getOperationName(), operands, {wide},
                         op->getAttrs());
    state.propertiesAttr = op->getPropertiesAsAttribute();
    Operation *replacement = rewriter.create(state);
    if (!narrowResult) {
      rewriter.replaceOp(op, replacement);
      return success();
    }
    rewriter.replaceOpWithNewOp<arith::TruncFOp>(op, type,
                                                 replacement->getResult(0));
    return success();
  }
};

struct SplitFma : OpRewritePattern<math::FmaOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(math::FmaOp op,
                                PatternRewriter &rewriter) const override {
    Value product =
        arith::MulFOp::create(rewriter, op.getLoc(), op.getA(), op.getB());
    rewriter.replaceOpWithNewOp<arith::AddFOp>(op, product, op.getC());
    return success();
  }
};

struct ExpandExtF : OpRewritePattern<arith::ExtFOp> {
  SoftmaxExpandMathOptions options;
  ExpandExtF(MLIRContext *context, const SoftmaxExpandMathOptions &o)
      : OpRewritePattern(context), options(o) {}

  LogicalResult matchAndRewrite(arith::ExtFOp op,
                                PatternRewriter &rewriter) const override {
    Value x = op.getIn();
    Type element = getElementTypeOrSelf(op.getType());
    bool fromFloat8 = isFloat8(getElementTypeOrSelf(x.getType()));
    if (fromFloat8 && isNarrowType(op.getType())) {
      Type single =
          MathBuilder::withElement(op.getType(), rewriter.getF32Type());
      Value wide = arith::ExtFOp::create(rewriter, op.getLoc(), single, x);
      rewriter.replaceOpWithNewOp<arith::TruncFOp>(op, op.getType(), wide);
      return success();
    }
    if (!isNarrowType(x.getType()) || !isComputeType(op.getType()))
      return rewriter.notifyMatchFailure(op, "no narrow type to f32 or f64");
    if (element.isF64()) {
      Type single =
          MathBuilder::withElement(op.getType(), rewriter.getF32Type());
      Value wide = arith::ExtFOp::create(rewriter, op.getLoc(), single, x);
      rewriter.replaceOpWithNewOp<arith::ExtFOp>(op, op.getType(), wide);
      return success();
    }
    MathBuilder math(rewriter, op.getLoc(), options.fma);
    if (fromFloat8) {
      rewriter.replaceOp(op, buildExtendF8(math, x));
      return success();
    }
    if (getElementTypeOrSelf(x).isBF16()) {
      rewriter.replaceOp(op, buildExtendBF16(math, x));
      return success();
    }
    if (options.f16c)
      return rewriter.notifyMatchFailure(op, "the target extends f16");
    rewriter.replaceOp(op, buildExtendF16(math, x));
    return success();
  }
};

struct ExpandTruncF : OpRewritePattern<arith::TruncFOp> {
  SoftmaxExpandMathOptions options;
  ExpandTruncF(MLIRContext *context, const SoftmaxExpandMathOptions &o)
      : OpRewritePattern(context), options(o) {}

  LogicalResult matchAndRewrite(arith::TruncFOp op,
                                PatternRewriter &rewriter) const override {
    Value x = op.getIn();
    Type element = getElementTypeOrSelf(op.getType());
    if (isFloat8(element) && isNarrowType(x.getType())) {
      Type single =
          MathBuilder::withElement(op.getType(), rewriter.getF32Type());
      Value wide = arith::ExtFOp::create(rewriter, op.getLoc(), single, x);
      rewriter.replaceOpWithNewOp<arith::TruncFOp>(op, op.getType(), wide);
      return success();
    }
    if (!isComputeType(x.getType()) || !isNarrowType(op.getType()))
      return rewriter.notifyMatchFailure(op, "not f32 or f64 to a narrow type");
    std::optional<arith::RoundingMode> mode = op.getRoundingmode();
    if (mode && *mode != arith::RoundingMode::to_nearest_even)
      return rewriter.notifyMatchFailure(op, "another rounding mode");
    MathBuilder math(rewriter, op.getLoc(), options.fma);
    if (getElementTypeOrSelf(x).isF64()) {
      rewriter.replaceOpWithNewOp<arith::TruncFOp>(op, op.getType(),
                                                   buildRoundToOddF32(math, x));
      return success();
    }
    if (isFloat8(element)) {
      rewriter.replaceOp(op, buildTruncateToF8(math, x, element));
      return success();
    }
    bool brain = element.isBF16();
    if (brain ? options.bf16 : options.f16c)
      return rewriter.notifyMatchFailure(op, "the target truncates");
    rewriter.replaceOp(op, brain ? buildTruncateToBF16(math, x)
                                 : buildTruncateToF16(math, x));
    return success();
  }
};
} // namespace

template <typename... Ops>
static void widen(RewritePatternSet &patterns) {
  patterns.add<WidenNarrow<Ops>...>(patterns.getContext());
}

void softmax::populateExpandMathPatterns(
    RewritePatternSet &patterns, const SoftmaxExpandMathOptions &options) {
  MLIRContext *context = patterns.getContext();
  patterns.add<ExpandUnary<math::ExpOp, buildExp>,
               ExpandUnary<math::Exp2Op, buildExp2>,
               ExpandUnary<math::ExpM1Op, buildExpM1>,
               ExpandUnary<math::LogOp, buildLog>,
               ExpandUnary<math::Log1pOp, buildLog1p>,
               ExpandUnary<math::Log2Op, buildLog2>,
               ExpandUnary<math::TanhOp, buildTanh>>(context, options.fma);
  widen<math::ExpOp, math::Exp2Op, math::ExpM1Op, math::LogOp, math::Log1pOp,
        math::Log2Op, math::TanhOp, math::SqrtOp, math::RsqrtOp, math::FmaOp,
        math::RoundEvenOp, math::FloorOp, math::CeilOp, math::TruncOp,
        math::RoundOp, math::AbsFOp, math::CopySignOp>(patterns);
  widen<arith::AddFOp, arith::SubFOp, arith::MulFOp, arith::DivFOp,
        arith::NegFOp, arith::MaximumFOp, arith::MinimumFOp, arith::MaxNumFOp,
        arith::MinNumFOp, arith::CmpFOp, arith::SIToFPOp, arith::UIToFPOp,
        arith::FPToSIOp, arith::FPToUIOp>(patterns);
  patterns.add<ExpandExtF, ExpandTruncF>(context, options);
  if (options.fma)
    return;
  patterns.add<SplitFma>(context);
  patterns.add<ExpandUnary<math::RoundEvenOp, buildRoundEven>,
               ExpandUnary<math::FloorOp, buildFloor>,
               ExpandUnary<math::CeilOp, buildCeil>,
               ExpandUnary<math::TruncOp, buildTrunc>,
               ExpandUnary<math::RoundOp, buildRound>>(context, options.fma);
}
