// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// The named forward ops: builders, shapes and verification.

#include "StructuredOpCommon.h"
#include "softmax/Dialect/IR/Softmax.h"

using namespace mlir;
using namespace mlir::softmax;

//===----------------------------------------------------------------------===//
// What the forward ops share
//===----------------------------------------------------------------------===//

/// Sorts `dimensions` and brings negative ones into range (C-AXIS-1: accepted
/// by builders, never stored).
static SmallVector<int64_t> normalizeDimensions(ArrayRef<int64_t> dimensions,
                                                int64_t rank) {
  SmallVector<int64_t> result;
  for (int64_t dim : dimensions)
    result.push_back(dim < 0 ? dim + rank : dim);
  llvm::sort(result);
  return result;
}

template <typename OpTy>
static void buildForward(OpBuilder &builder, OperationState &state, Value input,
                         ValueRange inits, ArrayRef<int64_t> dimensions,
                         Value scale, Value bias, Value mask,
                         MaskedRow maskedRow) {
  SmallVector<Type> results;
  for (Value init : inits)
    if (isa<RankedTensorType>(init.getType()))
      results.push_back(init.getType());
  int64_t rank = cast<ShapedType>(input.getType()).getRank();
  OpTy::build(
      builder, state, results,
      builder.getDenseI64ArrayAttr(normalizeDimensions(dimensions, rank)),
      input, scale, bias, mask, inits,
      MaskedRowAttr::get(builder.getContext(), maskedRow));
}

/// Whether two static sizes may be equal at run time.
static bool compatible(int64_t a, int64_t b) {
  return ShapedType::isDynamic(a) || ShapedType::isDynamic(b) || a == b;
}

/// C-TYPE-1 for one floating operand.
static LogicalResult verifyFloatElements(Operation *op, StringRef name,
                                         Type type) {
  Type element = getElementTypeOrSelf(type);
  if (element.isF16() || element.isBF16() || element.isF32() || element.isF64())
    return success();
  return op->emitOpError()
         << name << " must have elements of f16, bf16, f32 or f64, not "
         << element
         << "; other types enter through the logit region of softmax.generic "
            "(C-TYPE-1)";
}

/// `operand` must broadcast to `logits` as in NumPy (C-SHAPE-1).
static LogicalResult verifyBroadcast(Operation *op, StringRef name,
                                     Value operand, ShapedType logits) {
  auto type = cast<ShapedType>(operand.getType());
  if (type.getRank() > logits.getRank())
    return op->emitOpError(name) << " of rank " << type.getRank()
                                 << " does not broadcast to logits of rank "
                                 << logits.getRank() << " (C-SHAPE-1)";
  int64_t offset = logits.getRank() - type.getRank();
  for (int64_t i = 0; i < type.getRank(); ++i) {
    int64_t size = type.getDimSize(i);
    if (size != 1 && !compatible(size, logits.getDimSize(i + offset)))
      return op->emitOpError(name)
             << " has size " << size << " in dimension " << i
             << ", which does not broadcast to "
             << logits.getDimSize(i + offset) << " (C-SHAPE-1)";
  }
  return success();
}

/// A destination of one element per row, of the compute type (C-TYPE-2).
static LogicalResult verifyPerRow(Operation *op, StringRef name, Value init,
                                  ShapedType logits,
                                  ArrayRef<int64_t> dimensions, Type compute) {
  auto type = cast<ShapedType>(init.getType());
  if (type.getElementType() != compute)
    return op->emitOpError(name)
           << " must have the compute type " << compute << ", not "
           << type.getElementType() << " (C-TYPE-2)";
  SmallVector<int64_t> expected;
  for (int64_t dim = 0; dim < logits.getRank(); ++dim)
    if (!llvm::is_contained(dimensions, dim))
      expected.push_back(logits.getDimSize(dim));
  if (type.getRank() != static_cast<int64_t>(expected.size()))
    return op->emitOpError(name)
           << " must have one element per row: expected rank "
           << expected.size() << ", found " << type.getRank() << " (C-SHAPE-1)";
  for (auto [i, size] : llvm::enumerate(expected))
    if (!compatible(size, type.getDimSize(i)))
      return op->emitOpError(name)
             << " has size " << type.getDimSize(i) << " in dimension " << i
             << " where the rows have " << size << " (C-SHAPE-1)";
  return success();
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
  SmallVector<AffineExpr> exprs;
  if (isInit) {
    for (int64_t dim = 0; dim < rank; ++dim)
      if (!llvm::is_contained(op.getDimensions(), dim))
        exprs.push_back(getAffineDimExpr(dim, context));
    return AffineMap::get(rank, 0, exprs, context);
  }
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

template <typename OpTy>
static LogicalResult verifyForward(OpTy op, bool hasElementwiseInit) {
  auto logits = cast<ShapedType>(op.getInput().getType());
  if (failed(
          common::verifyDimensions(op, op.getDimensions(), logits.getRank())))
    return failure();
  unsigned most = hasElementwiseInit ? 2 : 1;
  if (op.getInits().empty() || op.getInits().size() > most)
    return op.emitOpError("takes ")
           << (most == 1 ? "one destination"
                         : "one or two destinations (result, lse)")
           << ", found " << op.getInits().size();
  if (failed(common::verifyDestinations(op, op.getInits(), op->getResultTypes(),
                                        op->getOperands())) ||
      failed(verifyFloatElements(op, "input", logits)))
    return failure();

  FloatType compute = op.getComputeType();
  if (Value scale = op.getScale(); scale && scale.getType() != compute)
    return op.emitOpError("scale must have the compute type ")
           << compute << ", not " << scale.getType() << " (C-TYPE-2)";
  if (Value bias = op.getBias())
    if (failed(verifyFloatElements(op, "bias", bias.getType())) ||
        failed(verifyBroadcast(op, "bias", bias, logits)))
      return failure();
  if (Value mask = op.getMask()) {
    if (!getElementTypeOrSelf(mask.getType()).isInteger(1))
      return op.emitOpError("mask must have elements of i1, not ")
             << getElementTypeOrSelf(mask.getType()) << " (C-MASK-1)";
    if (failed(verifyBroadcast(op, "mask", mask, logits)))
      return failure();
  }

  unsigned next = 0;
  if (hasElementwiseInit) {
    Value init = op.getInits()[next++];
    auto type = cast<ShapedType>(init.getType());
    if (failed(verifyFloatElements(op, "result", type)))
      return failure();
    if (type.getRank() != logits.getRank())
      return op.emitOpError("result has rank ")
             << type.getRank() << " but the logits have rank "
             << logits.getRank() << " (C-SHAPE-1)";
    for (int64_t i = 0; i < type.getRank(); ++i)
      if (!compatible(type.getDimSize(i), logits.getDimSize(i)))
        return op.emitOpError("result has size ")
               << type.getDimSize(i) << " in dimension " << i
               << " where the logits have " << logits.getDimSize(i)
               << " (C-SHAPE-1)";
  }
  if (next < op.getInits().size())
    return verifyPerRow(op, "lse", op.getInits()[next], logits,
                        op.getDimensions(), compute);
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
  FloatType OpTy::getComputeType() {                                           \
    return common::inferComputeType(getOperands(), getContext());              \
  }                                                                            \
  AffineMap OpTy::getOperandMap(OpOperand &operand) {                          \
    return forwardOperandMap(*this, operand, hasElementwise);                  \
  }                                                                            \
  LogicalResult OpTy::verify() {                                               \
    return verifyForward(*this, hasElementwise);                               \
  }                                                                            \
  LogicalResult OpTy::reifyResultShapes(OpBuilder &b,                          \
                                        ReifiedRankedShapedTypeDims &shapes) { \
    return common::reifyFromInits(b, *this, getInits(), shapes);               \
  }                                                                            \
  void OpTy::getEffects(                                                       \
      SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>      \
          &effects) {                                                          \
    common::getStructuredEffects(                                              \
        cast<DestinationStyleOpInterface>(getOperation()), effects);           \
  }                                                                            \
  Speculation::Speculatability OpTy::getSpeculatability() {                    \
    return common::getStructuredSpeculatability(                               \
        cast<DestinationStyleOpInterface>(getOperation()));                    \
  }

SOFTMAX_FORWARD_OP(SoftmaxOp, /*hasElementwise=*/true)
SOFTMAX_FORWARD_OP(LogSoftmaxOp, /*hasElementwise=*/true)
SOFTMAX_FORWARD_OP(LogSumExpOp, /*hasElementwise=*/false)

#undef SOFTMAX_FORWARD_OP
