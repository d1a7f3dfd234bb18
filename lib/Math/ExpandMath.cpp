// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "softmax/Math/Passes.h"

namespace mlir::softmax {
#define GEN_PASS_DEF_SOFTMAXEXPANDMATH
#include "softmax/Math/Passes.h.inc"
} // namespace mlir::softmax

using namespace mlir;
using namespace mlir::softmax;

// Whether `op` becomes a call to libm or compiler-rt and has no expansion here.
static bool needsLibrary(Operation *op) {
  return isa<math::AcosOp, math::AcoshOp, math::AsinOp, math::AsinhOp,
             math::AtanOp, math::AtanhOp, math::Atan2Op, math::CbrtOp,
             math::CosOp, math::CoshOp, math::SinOp, math::SinhOp,
             math::SincosOp, math::TanOp, math::ErfOp, math::ErfcOp,
             math::ExpOp, math::Exp2Op, math::ExpM1Op, math::LogOp,
             math::Log1pOp, math::Log2Op, math::Log10Op, math::TanhOp,
             math::PowFOp, math::FPowIOp, arith::RemFOp>(op);
}

namespace {
// Counts the functions and conversions that a rewrite replaced.
struct CountReplaced : RewriterBase::Listener {
  uint64_t count = 0;
  void notifyOperationReplaced(Operation *op, ValueRange) override {
    if (isa<math::MathDialect>(op->getDialect()) ||
        isa<arith::ExtFOp, arith::TruncFOp>(op))
      ++count;
  }
};

struct ExpandMath : softmax::impl::SoftmaxExpandMathBase<ExpandMath> {
  using SoftmaxExpandMathBase::SoftmaxExpandMathBase;

  void runOnOperation() override {
    SoftmaxExpandMathOptions options{fma, f16c, bf16};
    RewritePatternSet patterns(&getContext());
    populateExpandMathPatterns(patterns, options);
    CountReplaced counter;
    GreedyRewriteConfig config;
    config.setListener(&counter);
    if (failed(
            applyPatternsGreedily(getOperation(), std::move(patterns), config)))
      return signalPassFailure();
    numExpanded += counter.count;
    WalkResult result = getOperation()->walk([](Operation *op) {
      if (!needsLibrary(op))
        return WalkResult::advance();
      op->emitOpError("has no expansion free of library calls; write it with "
                      "exp, exp2, expm1, log, log1p, log2, tanh and arith "
                      "operations on scalars or vectors of f16, bf16, f32 or "
                      "f64");
      return WalkResult::interrupt();
    });
    if (result.wasInterrupted())
      signalPassFailure();
  }
};
} // namespace
