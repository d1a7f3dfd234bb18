// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// What all structured ops of the dialect share: compute type, shapes, effects.

#include "StructuredOpCommon.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/IR/TypeUtilities.h"
#include "softmax/Dialect/IR/Softmax.h"

using namespace mlir;
using namespace mlir::softmax;

FloatType mlir::softmax::inferComputeType(ValueRange operands,
                                          MLIRContext *context) {
  for (Value operand : operands)
    if (getElementTypeOrSelf(operand.getType()).isF64())
      return Float64Type::get(context);
  return Float32Type::get(context);
}

SmallVector<OpFoldResult>
mlir::softmax::common::getMixedSizes(OpBuilder &b, Location loc, Value shaped) {
  if (isa<MemRefType>(shaped.getType()))
    return memref::getMixedSizes(b, loc, shaped);
  return tensor::getMixedSizes(b, loc, shaped);
}

LogicalResult
mlir::softmax::common::reifyFromInits(OpBuilder &b, Operation *op,
                                      ValueRange inits,
                                      ReifiedRankedShapedTypeDims &shapes) {
  if (op->getNumResults() == 0)
    return failure();
  for (Value init : inits)
    shapes.push_back(getMixedSizes(b, op->getLoc(), init));
  return success();
}

void mlir::softmax::common::getStructuredEffects(
    DestinationStyleOpInterface op,
    SmallVectorImpl<SideEffects::EffectInstance<MemoryEffects::Effect>>
        &effects) {
  for (OpOperand &operand : op->getOpOperands()) {
    if (!isa<MemRefType>(operand.get().getType()))
      continue;
    if (op.isDpsInit(&operand))
      effects.emplace_back(MemoryEffects::Write::get(), &operand, /*stage=*/0,
                           /*effectOnFullRegion=*/true,
                           SideEffects::DefaultResource::get());
    else
      effects.emplace_back(MemoryEffects::Read::get(), &operand, /*stage=*/0,
                           /*effectOnFullRegion=*/true,
                           SideEffects::DefaultResource::get());
  }
}

Speculation::Speculatability
mlir::softmax::common::getStructuredSpeculatability(
    DestinationStyleOpInterface op) {
  return op.hasPureTensorSemantics() ? Speculation::Speculatable
                                     : Speculation::NotSpeculatable;
}

bool mlir::softmax::common::mergeSize(int64_t &known, int64_t size) {
  if (ShapedType::isDynamic(size))
    return true;
  if (!ShapedType::isDynamic(known))
    return known == size;
  known = size;
  return true;
}

LogicalResult mlir::softmax::common::verifyDimensions(
    Operation *op, ArrayRef<int64_t> dimensions, int64_t rank) {
  if (rank == 0)
    return op->emitOpError(
        "has logits of rank 0, which have no dimension to normalize over "
        "(C-RANK-0); give them a dimension of size 1");
  if (dimensions.empty())
    return op->emitOpError("needs at least one softmax dimension (C-AXIS-1)");
  for (auto [i, dim] : llvm::enumerate(dimensions)) {
    if (dim < 0 || dim >= rank)
      return op->emitOpError("softmax dimension ")
             << dim << " is out of range for rank " << rank
             << "; it must be in [0, " << rank << ") (C-AXIS-1)";
    if (i > 0 && dimensions[i - 1] >= dim)
      return op->emitOpError("softmax dimensions must be sorted and free of "
                             "duplicates, but ")
             << dim << " follows " << dimensions[i - 1] << " (C-AXIS-1)";
  }
  return success();
}

bool mlir::softmax::exceedsMemory(ShapedType type) {
  Type element = type.getElementType();
  int64_t bytes = element.isIntOrFloat()
                      ? llvm::divideCeil(element.getIntOrFloatBitWidth(), 8)
                      : 8;
  if (!type.hasRank())
    return false;
  for (int64_t size : type.getShape())
    if (!ShapedType::isDynamic(size) && size != 0 &&
        (llvm::MulOverflow(bytes, size, bytes) || bytes > kMaxBytes))
      return true;
  return false;
}

LogicalResult mlir::softmax::common::verifySizesFit(Operation *op) {
  for (auto [i, type] : llvm::enumerate(op->getOperandTypes()))
    if (auto shaped = dyn_cast<ShapedType>(type);
        shaped && exceedsMemory(shaped))
      return op->emitOpError("operand #")
             << i << " of type " << type
             << " has more elements than fit into memory; give it sizes that "
                "it can have";
  return success();
}

LogicalResult mlir::softmax::common::verifyDestinations(Operation *op,
                                                        ValueRange inits,
                                                        TypeRange results,
                                                        ValueRange operands) {
  bool tensors = llvm::any_of(
      operands, [](Value v) { return isa<RankedTensorType>(v.getType()); });
  bool memrefs = llvm::any_of(
      operands, [](Value v) { return isa<MemRefType>(v.getType()); });
  if (tensors && memrefs)
    return op->emitOpError(
        "mixes tensor and memref operands; use one or the other");
  if (memrefs) {
    if (!results.empty())
      return op->emitOpError("on memrefs writes its destinations and has no "
                             "results, but has ")
             << results.size();
    for (auto [i, init] : llvm::enumerate(inits))
      for (unsigned j = 0; j < i; ++j)
        if (inits[j] == init)
          return op->emitOpError("writes destination #")
                 << i << " into the buffer of destination #" << j
                 << ", of which one would be lost; give each its own";
    return success();
  }
  if (results.size() != inits.size())
    return op->emitOpError(
               "on tensors has one result per destination: expected ")
           << inits.size() << ", found " << results.size();
  for (auto [i, init, result] : llvm::enumerate(inits, results))
    if (init.getType() != result)
      return op->emitOpError("result #")
             << i << " has type " << result << " but its destination has type "
             << init.getType();
  return success();
}

//===----------------------------------------------------------------------===//
// Text of softmax.generic's regions
//===----------------------------------------------------------------------===//

/// `logit {...} row {...} result {...} -> types`, each part optional.
static ParseResult parseRegions(OpAsmParser &parser, Region &logit, Region &row,
                                Region &result, SmallVectorImpl<Type> &types) {
  auto parse = [&](StringRef keyword, Region &region) -> ParseResult {
    if (failed(parser.parseOptionalKeyword(keyword)))
      return success();
    return parser.parseRegion(region);
  };
  if (succeeded(parse("logit", logit)) && succeeded(parse("row", row)) &&
      succeeded(parse("result", result)) &&
      (failed(parser.parseOptionalArrow()) ||
       succeeded(parser.parseTypeList(types))))
    return success();
  // These regions are about to die, but text before the op may have used a
  // value that they define.
  for (Region *region : {&logit, &row, &result})
    for (Block &block : *region)
      block.dropAllDefinedValueUses();
  return failure();
}

static void printRegions(OpAsmPrinter &printer, Operation *, Region &logit,
                         Region &row, Region &result, TypeRange types) {
  auto print = [&](StringRef keyword, Region &region) {
    if (region.empty())
      return;
    printer << ' ' << keyword << ' ';
    printer.printRegion(region);
  };
  print("logit", logit);
  print("row", row);
  print("result", result);
  if (!types.empty())
    printer << " -> " << types;
}

#define GET_OP_CLASSES
#include "softmax/Dialect/IR/SoftmaxOps.cpp.inc"
