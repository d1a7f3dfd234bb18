// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "KernelBuilder.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace mlir::softmax;

static StatisticForm formOf(NumericAttr numeric) {
  return {numeric.getExp(), numeric.getFma(), numeric.getAccuracy()};
}

KernelBuilder::KernelBuilder(GenericOp op, OpBuilder &builder)
    : GenericBuilder(op, builder, formOf(op.getScheduleAttr().getNumeric()),
                     Flattening::Descriptor),
      numeric(op.getScheduleAttr().getNumeric()) {
  rowBegin = op.getRows().empty() ? index(0) : Value(op.getRows()[0]);
  rowEnd = op.getRows().empty() ? rowCount : Value(op.getRows()[1]);
  // Marks where scratch is allocated: outside of every alternative's branch,
  // behind the sizes of all of it.
  prologueEnd = index(0).getDefiningOp();
}

Value KernelBuilder::vectorLength(int64_t count) {
  if (!scalable)
    return index(count);
  return mul(vector::VectorScaleOp::create(b, loc, b.getIndexType()),
             index(count));
}

Tail KernelBuilder::tail(Value count) {
  Value mask = vector::CreateMaskOp::create(
      b, loc, vectorOf(b.getI1Type(), lanes), ValueRange{count});
  return {count, mask};
}

Value KernelBuilder::stackBuffer(StringRef key, Type element, int64_t count) {
  Value &buffer = stackBuffers[key];
  if (buffer)
    return buffer;
  // At the top of the function: an op in a loop must not grow the stack.
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(
      &op->getParentOfType<func::FuncOp>().getBody().front());
  auto type = MemRefType::get({count}, element);
  buffer = memref::AllocaOp::create(b, loc, type, b.getI64IntegerAttr(64));
  return buffer;
}

Value KernelBuilder::load(const OperandView &view, Value offset,
                          const Tail *tail) {
  VectorType type = vectorOf(view.elementType, lanes);
  if (view.elementType.isInteger(1)) {
    // vector.load of i1 would read packed bits; a memref of i1 holds bytes.
    Value result = arith::ConstantOp::create(b, loc, b.getZeroAttr(type));
    for (int64_t lane = 0; lane < lanes; ++lane) {
      Value position = add(offset, index(lane));
      if (tail)
        position = min(position, sub(add(offset, tail->count), index(1)));
      result = vector::InsertOp::create(b, loc, loadScalar(view, position),
                                        result, lane);
    }
    return result;
  }
  if (!tail)
    return vector::LoadOp::create(b, loc, type, view.flat, ValueRange{offset});
  if (tailMode == TailMode::Pieces)
    return loadPieces(view, offset, tail->count);
  Value nothing = arith::ConstantOp::create(b, loc, b.getZeroAttr(type));
  return vector::MaskedLoadOp::create(b, loc, type, view.flat,
                                      ValueRange{offset}, tail->mask, nothing);
}

Value KernelBuilder::misalignment(const OperandView &view, Value offset) {
  Value base =
      memref::ExtractAlignedPointerAsIndexOp::create(b, loc, view.flat);
  auto metadata = memref::ExtractStridedMetadataOp::create(b, loc, view.flat);
  Value element = add(add(metadata.getOffset(), offset),
                      div(base, index(view.elementBytes())));
  // The remainder of an element's number, taken as unsigned.
  Value past = b.createOrFold<arith::AndIOp>(loc, element, index(lanes - 1));
  return b.createOrFold<arith::AndIOp>(loc, sub(index(lanes), past),
                                       index(lanes - 1));
}

void KernelBuilder::store(Value vector, const OperandView &view, Value offset,
                          const Tail *tail, bool nontemporal) {
  if (!tail) {
    auto op = vector::StoreOp::create(b, loc, vector, view.flat,
                                      ValueRange{offset}, nontemporal);
    if (nontemporal)
      op.setAlignment(lanes * view.elementBytes());
    return;
  }
  if (tailMode == TailMode::Masked) {
    vector::MaskedStoreOp::create(b, loc, view.flat, ValueRange{offset},
                                  tail->mask, vector);
    return;
  }
  storePieces(vector, view, offset, tail->count);
}

void KernelBuilder::toPrologue() { b.setInsertionPoint(prologueEnd); }

Value KernelBuilder::atMostColumns(int64_t count, int64_t factor) {
  OpBuilder::InsertionGuard guard(b);
  toPrologue();
  return mul(count ? min(columns, index(count)) : columns,
             vectorLength(factor));
}

OperandView KernelBuilder::scratch(Type element, Value count) {
  OpBuilder::InsertionGuard guard(b);
  toPrologue();
  Value padded = add(count, index(numeric.getGroup()));
  OperandView view;
  view.elementType = element;
  view.alongRow = true;
  for (Allocation &allocation : allocations) {
    if (allocation.inUse || allocation.op.getType().getElementType() != element)
      continue;
    allocation.inUse = true;
    OpOperand &size = allocation.op.getDynamicSizesMutable()[0];
    size.set(max(size.get(), padded));
    view.flat = allocation.op;
    return view;
  }
  b.setInsertionPointAfter(prologueEnd);
  auto type = MemRefType::get({ShapedType::kDynamic}, element);
  auto alloc = memref::AllocOp::create(b, loc, type, ValueRange{padded},
                                       b.getI64IntegerAttr(64));
  allocations.push_back({alloc, true});
  view.flat = alloc;
  return view;
}

void KernelBuilder::beginAlternative(AlternativeAttr alternative) {
  lanes = alternative.getLanes();
  tailMode = alternative.getTail();
  scalable = alternative.getScalable();
  countingLogit = nullptr;
  int64_t block = numeric.getBlock(), most = alternative.getMaxColumns();
  std::optional<int64_t> known = getConstantIntValue(columns);
  singleBlock = known ? *known <= block : most != 0 && most <= block;
  for (Allocation &allocation : allocations)
    allocation.inUse = false;
}

void KernelBuilder::visitCountingOnly(const std::optional<RowExtent> &extent) {
  if (!extent)
    return;
  if (!ownedLogit) {
    ownedLogit = std::make_unique<Region>();
    extent->cloneForCounting(op, *ownedLogit);
  }
  countingLogit = ownedLogit.get();
}

void KernelBuilder::freeScratch() {
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointAfter(op);
  for (Allocation &allocation : allocations)
    memref::DeallocOp::create(b, loc, allocation.op.getResult());
}
