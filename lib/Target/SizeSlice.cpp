// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "SizeSlice.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Interfaces/ViewLikeInterface.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/SmallBitVector.h"

using namespace mlir;
using namespace mlir::softmax;

/// The size of `memref` along `dim` as the ops that made it have it: a value
/// that is computed before it, or a constant; null if they do not say.
static OpFoldResult getSizeAtOrigin(Value memref, int64_t dim) {
  while (true) {
    auto type = dyn_cast<MemRefType>(memref.getType());
    if (!type || dim < 0 || dim >= type.getRank())
      return nullptr;
    if (!type.isDynamicDim(dim))
      return Builder(type.getContext()).getIndexAttr(type.getDimSize(dim));
    Operation *op = memref.getDefiningOp();
    if (auto cast = dyn_cast_if_present<memref::CastOp>(op)) {
      memref = cast.getSource();
      continue;
    }
    if (auto alloc = dyn_cast_if_present<memref::AllocOp>(op))
      return alloc.getMixedSizes()[dim];
    if (auto view = dyn_cast_if_present<memref::ViewOp>(op))
      return OpFoldResult(view.getSizes()[type.getDynamicDimIndex(dim)]);
    if (auto view = dyn_cast_if_present<memref::ReinterpretCastOp>(op))
      return view.getMixedSizes()[dim];
    if (auto view = dyn_cast_if_present<memref::ExpandShapeOp>(op))
      return view.getMixedOutputShape()[dim];
    if (auto view = dyn_cast_if_present<memref::SubViewOp>(op)) {
      llvm::SmallBitVector dropped = view.getDroppedDims();
      for (auto [i, size] : llvm::enumerate(view.getMixedSizes()))
        if (!dropped.test(i) && dim-- == 0)
          return size;
    }
    return nullptr;
  }
}

/// The same for a value that is the size of some memref; null for others.
static OpFoldResult getSizeAtOrigin(Value size) {
  if (auto dim = size.getDefiningOp<memref::DimOp>()) {
    std::optional<int64_t> index = dim.getConstantIndex();
    return index ? getSizeAtOrigin(dim.getSource(), *index) : OpFoldResult();
  }
  auto metadata = size.getDefiningOp<memref::ExtractStridedMetadataOp>();
  if (!metadata)
    return nullptr;
  for (auto [i, result] : llvm::enumerate(metadata.getSizes()))
    if (result == size)
      return getSizeAtOrigin(metadata.getSource(), i);
  return nullptr;
}

LogicalResult SizeSlice::collectOperands(Operation *op,
                                         SmallVectorImpl<Value> &needed) {
  if (op->getNumRegions() != 0 || !isPure(op)) {
    reason = "'" + op->getName().getStringRef().str() +
             "', on which it depends, may have effects or control flow";
    return failure();
  }
  llvm::append_range(needed, op->getOperands());
  return success();
}

FailureOr<Value> SizeSlice::clone(Value root) {
  // A stack of its own: slices may be deeper than the call stack.
  SmallVector<Value> stack = {root};
  llvm::SmallDenseSet<Value> opened;
  while (!stack.empty()) {
    Value value = stack.back();
    if (map.contains(value)) {
      stack.pop_back();
      continue;
    }
    Operation *op = value.getDefiningOp();
    if (!op) {
      auto argument = cast<BlockArgument>(value);
      bool ofFunction =
          isa<FunctionOpInterface>(argument.getOwner()->getParentOp());
      reason = ofFunction ? "it depends on the range of rows"
                          : "it changes from iteration to iteration";
      return failure();
    }
    SmallVector<Value> needed;
    OpFoldResult origin = getSizeAtOrigin(value);
    if (auto computed = dyn_cast_if_present<Value>(origin))
      needed.push_back(computed);
    else if (!origin && failed(collectOperands(op, needed)))
      return failure();
    if (opened.insert(value).second && !needed.empty()) {
      llvm::append_range(stack, needed);
      continue;
    }
    stack.pop_back();
    if (!origin)
      builder.clone(*op, map);
    else if (std::optional<int64_t> size = getConstantIntValue(origin))
      map.map(value,
              arith::ConstantIndexOp::create(builder, op->getLoc(), *size));
    else
      map.map(value, map.lookup(needed.front()));
  }
  return map.lookup(root);
}

FailureOr<func::FuncOp> softmax::createSizeFunction(func::FuncOp kernel,
                                                    StringRef suffix,
                                                    unsigned numArguments) {
  std::string name = (kernel.getName() + suffix).str();
  Operation *table = kernel->getParentOp();
  if (SymbolTable::lookupSymbolIn(table, name)) {
    kernel.emitError("the name '@")
        << name << "' is taken, but belongs to this kernel: rename the other";
    return failure();
  }
  OpBuilder builder(kernel);
  auto type = FunctionType::get(
      kernel.getContext(), kernel.getArgumentTypes().take_front(numArguments),
      {builder.getIndexType()});
  auto function = func::FuncOp::create(builder, kernel.getLoc(), name, type);
  function.setPrivate();
  function.addEntryBlock();
  return function;
}

LogicalResult softmax::verifyNotCalled(func::FuncOp kernel, Operation *module) {
  std::optional<SymbolTable::UseRange> uses =
      SymbolTable::getSymbolUses(kernel.getOperation(), module);
  if (!uses || uses->empty())
    return success();
  InFlightDiagnostic diagnostic = kernel.emitError("kernel '@")
                                  << kernel.getName()
                                  << "' is called from within the module; a "
                                     "kernel is an entry point only: inline "
                                     "the call, or make the kernel private";
  diagnostic.attachNote(uses->begin()->getUser()->getLoc()) << "used here";
  return diagnostic;
}
