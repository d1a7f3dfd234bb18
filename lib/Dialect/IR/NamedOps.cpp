// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// The named forward ops: builders, shapes and verification.

#include "OperandRules.h"
#include "StructuredOpCommon.h"
#include "mlir/IR/TypeUtilities.h"
#include "softmax/Dialect/IR/Softmax.h"

using namespace mlir;
using namespace mlir::softmax;

//===----------------------------------------------------------------------===//
// What the forward ops share
//===----------------------------------------------------------------------===//

template <typename OpTy>
static void buildForward(OpBuilder &builder, OperationState &state, Value input,
                         ValueRange inits, ArrayRef<int64_t> dimensions,
                         Value scale, Value bias, Value mask,
                         MaskedRow maskedRow) {
  int64_t rank = cast<ShapedType>(input.getType()).getRank();
  OpTy::build(builder, state, common::getResultTypes(inits),
              builder.getDenseI64ArrayAttr(
                  common::normalizeDimensions(dimensions, rank)),
              input, scale, bias, mask, inits,
              MaskedRowAttr::get(builder.getContext(), maskedRow));
}

/// The map of an operand of a forward op.  Logits and the element-wise result
/// are indexed by the whole iteration space, bias and mask from the last
/// dimension on, a per-row destination by the dimensions outside `dimensions`.
template <typename OpTy>
static AffineMap forwardOperandMap(OpTy op, OpOperand &operand,
                                   bool hasElementwiseInit) {
  MLIRContext *context = op.getContext();
  int64_t rank = op.getIterationRank();
  Value value = operand.get();
  if (!isa<ShapedType>(value.getType()))
    return AffineMap();
  MutableOperandRange inits = op.getInitsMutable();
  bool isInit =
      cast<DestinationStyleOpInterface>(op.getOperation()).isDpsInit(&operand);
  bool isElementwiseInit =
      isInit && hasElementwiseInit && &operand == &inits[0];
  if (isElementwiseInit || &operand == &op.getInputMutable())
    return AffineMap::getMultiDimIdentityMap(rank, context);
  if (isInit)
    return common::getRowMap(op.getDimensions(), rank, context);
  SmallVector<AffineExpr> exprs;
  auto logits = cast<ShapedType>(op.getInput().getType());
  auto type = cast<ShapedType>(value.getType());
  for (int64_t i = 0, offset = rank - type.getRank(); i < type.getRank(); ++i) {
    bool broadcast =
        type.getDimSize(i) == 1 && logits.getDimSize(i + offset) != 1;
    exprs.push_back(broadcast ? getAffineConstantExpr(0, context)
                              : getAffineDimExpr(i + offset, context));
  }
  return AffineMap::get(rank, 0, exprs, context);
}

/// Sizes of the iteration space as far as they are static, gathered operand by
/// operand; an operand that disagrees with an earlier one is reported
/// (C-SHAPE-1).
template <typename OpTy>
static LogicalResult verifySizes(OpTy op, StringRef name, OpOperand &operand,
                                 bool hasElementwiseInit,
                                 SmallVectorImpl<int64_t> &sizes) {
  AffineMap map = forwardOperandMap(op, operand, hasElementwiseInit);
  auto type = cast<ShapedType>(operand.get().getType());
  for (auto [i, expr] : llvm::enumerate(map.getResults())) {
    auto dim = dyn_cast<AffineDimExpr>(expr);
    if (!dim)
      continue;
    int64_t known = sizes[dim.getPosition()];
    if (!common::mergeSize(sizes[dim.getPosition()], type.getDimSize(i)))
      return op.emitOpError(name)
             << " has size " << type.getDimSize(i) << " in dimension " << i
             << " where dimension " << dim.getPosition()
             << " of the logits has " << known << " (C-SHAPE-1)";
  }
  return success();
}

/// A bias or mask: of at most the logits' rank, aligned at the last dimension
/// as in NumPy.
template <typename OpTy>
static LogicalResult
verifyBroadcast(OpTy op, StringRef name, OpOperand &operand,
                bool hasElementwiseInit, SmallVectorImpl<int64_t> &sizes) {
  int64_t rank = cast<ShapedType>(operand.get().getType()).getRank();
  if (rank > op.getIterationRank())
    return op.emitOpError(name)
           << " of rank " << rank << " does not broadcast to logits of rank "
           << op.getIterationRank() << " (C-SHAPE-1)";
  return verifySizes(op, name, operand, hasElementwiseInit, sizes);
}

template <typename OpTy>
static LogicalResult verifyForward(OpTy op, bool hasElementwiseInit) {
  int64_t rank = op.getIterationRank();
  if (failed(common::verifyDimensions(op, op.getDimensions(), rank)))
    return failure();
  unsigned most = hasElementwiseInit ? 2 : 1;
  if (op.getInits().empty() || op.getInits().size() > most)
    return op.emitOpError("takes ")
           << (most == 1 ? "one destination"
                         : "one or two destinations (result, lse)")
           << ", found " << op.getInits().size();
  if (failed(common::verifySizesFit(op)))
    return failure();
  if (failed(common::verifyDestinations(op, op.getInits(), op->getResultTypes(),
                                        op->getOperands())))
    return failure();

  SmallVector<int64_t> sizes(rank, ShapedType::kDynamic);
  if (failed(
          common::verifyFloatElements(op, "input", op.getInput().getType())) ||
      failed(verifySizes(op, "input", op.getInputMutable(), hasElementwiseInit,
                         sizes)))
    return failure();

  FloatType compute = op.getComputeType();
  if (Value scale = op.getScale(); scale && scale.getType() != compute)
    return op.emitOpError("scale must have the compute type ")
           << compute << ", not " << scale.getType() << " (C-TYPE-2)";
  if (Value bias = op.getBias())
    if (failed(common::verifyFloatElements(op, "bias", bias.getType())) ||
        failed(verifyBroadcast(op, "bias", op.getBiasMutable()[0],
                               hasElementwiseInit, sizes)))
      return failure();
  if (Value mask = op.getMask()) {
    Type element = getElementTypeOrSelf(mask.getType());
    if (!element.isInteger(1))
      return op.emitOpError("mask must have elements of i1, not ")
             << element << " (C-MASK-1)";
    if (failed(verifyBroadcast(op, "mask", op.getMaskMutable()[0],
                               hasElementwiseInit, sizes)))
      return failure();
  }

  for (OpOperand &init : op.getInitsMutable()) {
    auto type = cast<ShapedType>(init.get().getType());
    bool elementwise = hasElementwiseInit && &init == &op.getInitsMutable()[0];
    StringRef name = elementwise ? "result" : "lse";
    if (elementwise && failed(common::verifyFloatElements(op, name, type)))
      return failure();
    if (!elementwise && type.getElementType() != compute)
      return op.emitOpError(name)
             << " must have the compute type " << compute << ", not "
             << type.getElementType() << " (C-TYPE-2)";
    int64_t expected = elementwise ? rank : rank - op.getDimensions().size();
    if (type.getRank() != expected)
      return op.emitOpError(name)
             << " must have one element per " << (elementwise ? "logit" : "row")
             << ": expected rank " << expected << ", found " << type.getRank()
             << " (C-SHAPE-1)";
    if (failed(verifySizes(op, name, init, hasElementwiseInit, sizes)))
      return failure();
  }
  return success();
}

//===----------------------------------------------------------------------===//
// The ops
//===----------------------------------------------------------------------===//

#define SOFTMAX_FORWARD_OP(OpTy, hasElementwise)                               \
  void OpTy::build(OpBuilder &builder, OperationState &state, Value input,     \
                   ValueRange inits, ArrayRef<int64_t> dimensions,             \
                   Value scale, Value bias, Value mask, MaskedRow maskedRow) { \
    buildForward<OpTy>(builder, state, input, inits, dimensions, scale, bias,  \
                       mask, maskedRow);                                       \
  }                                                                            \
  int64_t OpTy::getIterationRank() {                                           \
    return cast<ShapedType>(getInput().getType()).getRank();                   \
  }                                                                            \
  AffineMap OpTy::getOperandMap(OpOperand &operand) {                          \
    return forwardOperandMap(*this, operand, hasElementwise);                  \
  }                                                                            \
  LogicalResult OpTy::verify() {                                               \
    return verifyForward(*this, hasElementwise);                               \
  }                                                                            \
  SOFTMAX_STRUCTURED_OP_METHODS(OpTy)

SOFTMAX_FORWARD_OP(SoftmaxOp, /*hasElementwiseInit=*/true)
SOFTMAX_FORWARD_OP(LogSoftmaxOp, /*hasElementwiseInit=*/true)
SOFTMAX_FORWARD_OP(LogSumExpOp, /*hasElementwiseInit=*/false)

#undef SOFTMAX_FORWARD_OP
