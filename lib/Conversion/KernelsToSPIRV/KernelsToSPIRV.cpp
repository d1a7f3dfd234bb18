// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// softmax-convert-kernels-to-spirv.

#include "KernelInterface.h"

#include "mlir/Conversion/ArithToSPIRV/ArithToSPIRV.h"
#include "mlir/Conversion/FuncToSPIRV/FuncToSPIRV.h"
#include "mlir/Conversion/GPUToSPIRV/GPUToSPIRV.h"
#include "mlir/Conversion/MathToSPIRV/MathToSPIRV.h"
#include "mlir/Conversion/MemRefToSPIRV/MemRefToSPIRV.h"
#include "mlir/Conversion/SCFToSPIRV/SCFToSPIRV.h"
#include "mlir/Conversion/UBToSPIRV/UBToSPIRV.h"
#include "mlir/Conversion/VectorToSPIRV/VectorToSPIRV.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/SPIRV/IR/TargetAndABI.h"
#include "mlir/Dialect/SPIRV/Transforms/SPIRVConversion.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Dialect/Vector/Transforms/LoweringPatterns.h"
#include "mlir/Dialect/Vector/Transforms/VectorRewritePatterns.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "softmax/Conversion/KernelsToSPIRV/Passes.h"

namespace mlir::softmax {
#define GEN_PASS_DEF_SOFTMAXCONVERTKERNELSTOSPIRVPASS
#include "softmax/Conversion/KernelsToSPIRV/Passes.h.inc"
} // namespace mlir::softmax

using namespace mlir;
using namespace mlir::softmax;

namespace {
/// An f16 that an scf.if yields is an integer, as it is in memory.
struct YieldF16AsInteger : OpRewritePattern<scf::IfOp> {
  using OpRewritePattern::OpRewritePattern;

  static Type integerFor(Type type) {
    if (!getElementTypeOrSelf(type).isF16())
      return type;
    Type i16 = IntegerType::get(type.getContext(), 16);
    auto vector = dyn_cast<VectorType>(type);
    return vector ? Type(vector.clone(i16)) : i16;
  }

  LogicalResult matchAndRewrite(scf::IfOp op,
                                PatternRewriter &rewriter) const override {
    SmallVector<Type> types =
        llvm::map_to_vector(op.getResultTypes(), integerFor);
    if (TypeRange(types) == op.getResultTypes())
      return rewriter.notifyMatchFailure(op, "yields no f16");
    Location loc = op.getLoc();
    auto castTo = [&](Value value, Type type) -> Value {
      return value.getType() == type
                 ? value
                 : arith::BitcastOp::create(rewriter, loc, type, value)
                       .getResult();
    };
    auto created = scf::IfOp::create(rewriter, loc, types, op.getCondition(),
                                     /*addThenBlock=*/false,
                                     /*addElseBlock=*/false);
    for (auto [from, to] : llvm::zip(op->getRegions(), created->getRegions())) {
      rewriter.inlineRegionBefore(from, to, to.begin());
      auto yield = cast<scf::YieldOp>(to.front().getTerminator());
      rewriter.setInsertionPoint(yield);
      SmallVector<Value> values;
      for (auto [value, type] : llvm::zip(yield.getOperands(), types))
        values.push_back(castTo(value, type));
      rewriter.modifyOpInPlace(yield, [&]() { yield->setOperands(values); });
    }
    rewriter.setInsertionPointAfter(created);
    SmallVector<Value> results;
    for (auto [value, type] :
         llvm::zip(created.getResults(), op.getResultTypes()))
      results.push_back(castTo(value, type));
    rewriter.replaceOp(op, results);
    return success();
  }
};

/// Before SPIR-V 1.4 a selection between vectors takes a vector of conditions.
struct BroadcastCondition : OpRewritePattern<arith::SelectOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(arith::SelectOp op,
                                PatternRewriter &rewriter) const override {
    auto type = dyn_cast<VectorType>(op.getType());
    if (!type || isa<VectorType>(op.getCondition().getType()))
      return rewriter.notifyMatchFailure(op, "is element-wise already");
    Value condition = vector::BroadcastOp::create(
        rewriter, op.getLoc(), type.clone(rewriter.getI1Type()),
        op.getCondition());
    rewriter.modifyOpInPlace(
        op, [&]() { op.getConditionMutable().assign(condition); });
    return success();
  }
};

/// A product with 0, which is NaN for NaN and infinities: there are drivers
/// that take it for 0 whatever is asked of floats (llvmpipe of Mesa 22.3).
struct SelectProductWithZero : OpRewritePattern<arith::MulFOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(arith::MulFOp op,
                                PatternRewriter &rewriter) const override {
    Value value = op.getLhs(), zero = op.getRhs();
    if (!matchPattern(zero, m_PosZeroFloat()))
      std::swap(value, zero);
    if (!matchPattern(zero, m_PosZeroFloat()))
      return rewriter.notifyMatchFailure(op, "has no factor that is 0");
    Location loc = op.getLoc();
    auto constant = [&](const APFloat &number) -> Value {
      TypedAttr attribute = FloatAttr::get(getElementTypeOrSelf(value), number);
      if (auto vector = dyn_cast<VectorType>(value.getType()))
        attribute = DenseElementsAttr::get(vector, Attribute(attribute));
      return arith::ConstantOp::create(rewriter, loc, attribute);
    };
    const llvm::fltSemantics &semantics =
        cast<FloatType>(getElementTypeOrSelf(value)).getFloatSemantics();
    Value finite =
        arith::CmpFOp::create(rewriter, loc, arith::CmpFPredicate::OLT,
                              math::AbsFOp::create(rewriter, loc, value),
                              constant(APFloat::getInf(semantics)));
    Value signedZero = math::CopySignOp::create(rewriter, loc, zero, value);
    rewriter.replaceOpWithNewOp<arith::SelectOp>(
        op, finite, signedZero, constant(APFloat::getQNaN(semantics)));
    return success();
  }
};

/// An index has 32 bits.  What was an i64 is saturated at 2^30, beyond every
/// coordinate and with room for one to be added, so that "no limit" stays one.
struct SaturateIndex : OpRewritePattern<arith::IndexCastOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(arith::IndexCastOp op,
                                PatternRewriter &rewriter) const override {
    Value value = op.getIn();
    Type type = value.getType();
    if (!getElementTypeOrSelf(type).isInteger(64) ||
        !getElementTypeOrSelf(op.getType()).isIndex() ||
        value.getDefiningOp<arith::MinSIOp>())
      return rewriter.notifyMatchFailure(op, "is of no i64, or is saturated");
    auto constant = [&](int64_t number) -> Value {
      TypedAttr attribute = rewriter.getI64IntegerAttr(number);
      if (auto vector = dyn_cast<VectorType>(type))
        attribute = DenseElementsAttr::get(vector, Attribute(attribute));
      return arith::ConstantOp::create(rewriter, op.getLoc(), attribute);
    };
    constexpr int64_t most = int64_t(1) << 30;
    Value least =
        arith::MaxSIOp::create(rewriter, op.getLoc(), value, constant(-most));
    Value both =
        arith::MinSIOp::create(rewriter, op.getLoc(), least, constant(most));
    rewriter.modifyOpInPlace(op, [&]() { op.getInMutable().assign(both); });
    return success();
  }
};

/// What says that it is uniform becomes an operation of OpenCL's.
struct DropUniform : OpRewritePattern<gpu::SubgroupReduceOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(gpu::SubgroupReduceOp op,
                                PatternRewriter &rewriter) const override {
    if (!op.getUniform())
      return rewriter.notifyMatchFailure(op, "does not say that it is uniform");
    rewriter.modifyOpInPlace(op, [&]() { op.setUniform(false); });
    return success();
  }
};

struct SoftmaxConvertKernelsToSPIRVPass
    : softmax::impl::SoftmaxConvertKernelsToSPIRVPassBase<
          SoftmaxConvertKernelsToSPIRVPass> {
  using SoftmaxConvertKernelsToSPIRVPassBase::
      SoftmaxConvertKernelsToSPIRVPassBase;

  void runOnOperation() override {
    SmallVector<gpu::GPUModuleOp> modules(
        getOperation().getOps<gpu::GPUModuleOp>());
    for (gpu::GPUModuleOp module : modules) {
      OpBuilder builder(module);
      // Launches need the original.
      auto copy = cast<gpu::GPUModuleOp>(builder.clone(*module));
      if (failed(convert(copy)))
        return signalPassFailure();
    }
  }

private:
  LogicalResult convert(gpu::GPUModuleOp module);
  LogicalResult simplify(gpu::GPUModuleOp module);
};
} // namespace

LogicalResult
SoftmaxConvertKernelsToSPIRVPass::simplify(gpu::GPUModuleOp module) {
  RewritePatternSet patterns(&getContext());
  patterns.add<BroadcastCondition, DropUniform, SaturateIndex,
               SelectProductWithZero, YieldF16AsInteger>(&getContext());
  // NaN is a matter of the operations that this makes of it.
  vector::populateBreakDownVectorReductionPatterns(
      patterns,
      /*maxNumElementsToExtract=*/4);
  arith::BitcastOp::getCanonicalizationPatterns(patterns, &getContext());
  return applyPatternsGreedily(module, std::move(patterns));
}

LogicalResult
SoftmaxConvertKernelsToSPIRVPass::convert(gpu::GPUModuleOp module) {
  SmallVector<gpu::GPUFuncOp> kernels(module.getOps<gpu::GPUFuncOp>());
  for (gpu::GPUFuncOp kernel : kernels) {
    if (failed(rewriteForVulkan(kernel, subgroupSize)))
      return failure();
    ++numKernels;
  }
  if (failed(simplify(module)))
    return module.emitError("kernels do not simplify");

  spirv::TargetEnvAttr env = getVulkanTargetEnv(&getContext(), subgroupSize);
  module->setAttr(spirv::getTargetEnvAttrName(), env);
  std::unique_ptr<ConversionTarget> target = SPIRVConversionTarget::get(env);
  SPIRVConversionOptions options;
  options.emulateLT32BitScalarTypes = false;
  options.emulateUnsupportedFloatTypes = false;
  SPIRVTypeConverter types(env, options);
  RewritePatternSet patterns(&getContext());
  ScfToSPIRVContext scf;
  arith::populateArithToSPIRVPatterns(types, patterns);
  populateMathToSPIRVPatterns(types, patterns);
  populateGPUToSPIRVPatterns(types, patterns);
  populateMemRefToSPIRVPatterns(types, patterns);
  populateSCFToSPIRVPatterns(types, scf, patterns);
  populateVectorToSPIRVPatterns(types, patterns);
  ub::populateUBToSPIRVConversionPatterns(types, patterns);
  return applyFullConversion(module, *target, std::move(patterns));
}
