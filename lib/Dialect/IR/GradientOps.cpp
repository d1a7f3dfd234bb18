// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Gradients of the forward ops: builders, verification, canonicalization.

#include "NamedOpPatterns.h"
#include "OperandRules.h"
#include "StructuredOpCommon.h"

using namespace mlir;
using namespace mlir::softmax;

template <typename OpTy>
static SmallVector<common::OperandRule> getRules(OpTy op) {
  using common::Elements;
  using common::Extent;
  SmallVector<common::OperandRule> rules = {
      {"grad_output", &op.getGradOutputMutable(), Extent::Elementwise,
       Elements::Float},
      {"output", &op.getOutputMutable(), Extent::Elementwise, Elements::Float}};
  if (op.getScale())
    rules.push_back(
        {"scale", &op.getScaleMutable()[0], Extent::Scalar, Elements::Compute});
  for (OpOperand &init : op.getInitsMutable())
    rules.push_back(
        {"grad_input", &init, Extent::Elementwise, Elements::Float});
  return rules;
}

template <typename OpTy>
static LogicalResult verifyBackward(OpTy op) {
  return common::verifyByRules(op, getRules(op), op.getDimensions(),
                               op.getIterationRank(), op.getComputeType(),
                               /*least=*/1, /*most=*/1,
                               "one destination (grad_input)");
}

#define SOFTMAX_BACKWARD_OP(OpTy)                                              \
  void OpTy::build(OpBuilder &builder, OperationState &state,                  \
                   Value gradOutput, Value output, Value init,                 \
                   ArrayRef<int64_t> dimensions, Value scale,                  \
                   MaskedRow maskedRow) {                                      \
    int64_t rank = cast<ShapedType>(gradOutput.getType()).getRank();           \
    build(builder, state, common::getResultTypes(init),                        \
          builder.getDenseI64ArrayAttr(                                        \
              common::normalizeDimensions(dimensions, rank)),                  \
          gradOutput, output, scale, init,                                     \
          MaskedRowAttr::get(builder.getContext(), maskedRow));                \
  }                                                                            \
  int64_t OpTy::getIterationRank() {                                           \
    return cast<ShapedType>(getGradOutput().getType()).getRank();              \
  }                                                                            \
  AffineMap OpTy::getOperandMap(OpOperand &operand) {                          \
    return common::getMap(getRules(*this), operand, getDimensions(),           \
                          getIterationRank(), getContext());                   \
  }                                                                            \
  LogicalResult OpTy::verify() { return verifyBackward(*this); }               \
  void OpTy::getCanonicalizationPatterns(RewritePatternSet &patterns,          \
                                         MLIRContext *context) {               \
    patterns                                                                   \
        .add<common::DropUnitScale<OpTy>, common::SkipDeadDestination<OpTy>>(  \
            context);                                                          \
  }                                                                            \
  LogicalResult OpTy::fold(FoldAdaptor, SmallVectorImpl<OpFoldResult> &) {     \
    return common::foldMemRefCasts(*this);                                     \
  }                                                                            \
  SOFTMAX_STRUCTURED_OP_METHODS(OpTy)

SOFTMAX_BACKWARD_OP(SoftmaxBackwardOp)
SOFTMAX_BACKWARD_OP(LogSoftmaxBackwardOp)

#undef SOFTMAX_BACKWARD_OP
