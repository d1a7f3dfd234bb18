// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "OperandRules.h"
#include "StructuredOpCommon.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace mlir::softmax;

SmallVector<int64_t>
mlir::softmax::common::normalizeDimensions(ArrayRef<int64_t> dimensions,
                                           int64_t rank) {
  SmallVector<int64_t> result;
  for (int64_t dim : dimensions)
    result.push_back(dim < 0 ? dim + rank : dim);
  llvm::sort(result);
  return result;
}

SmallVector<Type> mlir::softmax::common::getResultTypes(ValueRange inits) {
  SmallVector<Type> results;
  for (Value init : inits)
    if (isa<RankedTensorType>(init.getType()))
      results.push_back(init.getType());
  return results;
}

LogicalResult mlir::softmax::common::verifyFloatElements(Operation *op,
                                                         StringRef name,
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

AffineMap mlir::softmax::common::getRowMap(ArrayRef<int64_t> dimensions,
                                           int64_t rank, MLIRContext *context) {
  SmallVector<AffineExpr> exprs;
  for (int64_t dim = 0; dim < rank; ++dim)
    if (!llvm::is_contained(dimensions, dim))
      exprs.push_back(getAffineDimExpr(dim, context));
  return AffineMap::get(rank, /*symbolCount=*/0, exprs, context);
}

AffineMap mlir::softmax::common::getMap(const OperandRule &rule,
                                        ArrayRef<int64_t> dimensions,
                                        int64_t rank, MLIRContext *context) {
  switch (rule.extent) {
  case Extent::Elementwise:
    return AffineMap::getMultiDimIdentityMap(rank, context);
  case Extent::PerRow:
    return getRowMap(dimensions, rank, context);
  case Extent::Scalar:
    return AffineMap();
  }
  llvm_unreachable("all extents are handled");
}

AffineMap mlir::softmax::common::getMap(ArrayRef<OperandRule> rules,
                                        OpOperand &operand,
                                        ArrayRef<int64_t> dimensions,
                                        int64_t rank, MLIRContext *context) {
  for (const OperandRule &rule : rules)
    if (rule.operand == &operand)
      return getMap(rule, dimensions, rank, context);
  return AffineMap();
}

static LogicalResult verifyElements(Operation *op,
                                    const common::OperandRule &rule,
                                    FloatType computeType) {
  Type element = getElementTypeOrSelf(rule.operand->get().getType());
  switch (rule.elements) {
  case common::Elements::Float:
    return common::verifyFloatElements(op, rule.name, element);
  case common::Elements::Compute:
    if (element == computeType)
      return success();
    return op->emitOpError(rule.name)
           << " must have the compute type " << computeType << ", not "
           << element << " (C-TYPE-2)";
  case common::Elements::F64:
    if (element.isF64())
      return success();
    return op->emitOpError(rule.name)
           << " must have elements of f64, not " << element
           << ": a sum is not rounded before parts are merged";
  case common::Elements::Class:
    if (element.isSignlessInteger(32) || element.isSignlessInteger(64))
      return success();
    return op->emitOpError(rule.name)
           << " must be class indices of i32 or i64, one per row, or "
              "probabilities, one per logit, not elements of "
           << element;
  }
  llvm_unreachable("all kinds of elements are handled");
}

namespace {
/// A static size and the operand that has it.
struct KnownSize {
  int64_t size = ShapedType::kDynamic;
  StringRef name;
  int64_t position = 0;
};
} // namespace

LogicalResult mlir::softmax::common::verifyRules(Operation *op,
                                                 ArrayRef<OperandRule> rules,
                                                 ArrayRef<int64_t> dimensions,
                                                 int64_t rank,
                                                 FloatType computeType) {
  SmallVector<KnownSize> known(rank);
  for (const OperandRule &rule : rules) {
    if (failed(verifyElements(op, rule, computeType)))
      return failure();
    AffineMap map = getMap(rule, dimensions, rank, op->getContext());
    if (!map)
      continue;
    auto type = cast<ShapedType>(rule.operand->get().getType());
    if (type.getRank() != map.getNumResults())
      return op->emitOpError(rule.name)
             << " must have one element per "
             << (rule.extent == Extent::PerRow ? "row" : "logit")
             << ": expected rank " << map.getNumResults() << ", found "
             << type.getRank() << " (C-SHAPE-1)";
    for (auto [i, expr] : llvm::enumerate(map.getResults())) {
      int64_t size = type.getDimSize(i);
      KnownSize &other = known[cast<AffineDimExpr>(expr).getPosition()];
      if (ShapedType::isDynamic(size))
        continue;
      if (ShapedType::isDynamic(other.size))
        other = {size, rule.name, static_cast<int64_t>(i)};
      else if (other.size != size)
        return op->emitOpError(rule.name)
               << " has size " << size << " in dimension " << i << " where "
               << other.name << " has " << other.size << " in dimension "
               << other.position << " (C-SHAPE-1)";
    }
  }
  return success();
}

LogicalResult
mlir::softmax::common::verifyByRules(Operation *op, ArrayRef<OperandRule> rules,
                                     ArrayRef<int64_t> dimensions, int64_t rank,
                                     FloatType computeType, unsigned least,
                                     unsigned most, StringRef described) {
  if (failed(verifyDimensions(op, dimensions, rank)))
    return failure();
  SmallVector<Value> inits(cast<DestinationStyleOpInterface>(op).getDpsInits());
  if (inits.size() < least || inits.size() > most)
    return op->emitOpError("takes ") << described << ", found " << inits.size();
  if (failed(verifySizesFit(op)) ||
      failed(verifyDestinations(op, inits, op->getResultTypes(),
                                op->getOperands())))
    return failure();
  return verifyRules(op, rules, dimensions, rank, computeType);
}
