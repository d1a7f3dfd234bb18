// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "SizeSlice.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "mlir/Interfaces/ViewLikeInterface.h"
#include "llvm/ADT/DenseSet.h"

using namespace mlir;
using namespace mlir::softmax;

/// The size of an allocated memref along a constant dimension: the value, or
/// null with `size` set if it is static.
static bool getAllocatedSize(memref::DimOp dim, Value &value, int64_t &size) {
  auto alloc = dim.getSource().getDefiningOp<memref::AllocOp>();
  std::optional<int64_t> index = dim.getConstantIndex();
  if (!alloc || !index || *index < 0 || *index >= alloc.getType().getRank())
    return false;
  size = alloc.getType().getDimSize(*index);
  if (ShapedType::isDynamic(size))
    value = alloc.getDynamicSizes()[alloc.getType().getDynamicDimIndex(*index)];
  return true;
}

LogicalResult SizeSlice::collectOperands(Operation *op,
                                         SmallVectorImpl<Value> &needed) {
  if (auto dim = dyn_cast<memref::DimOp>(op)) {
    Value value;
    int64_t size;
    if (getAllocatedSize(dim, value, size)) {
      if (value)
        needed.push_back(value);
      return success();
    }
  }
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
  llvm::SmallDenseSet<Operation *> opened;
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
    if (failed(collectOperands(op, needed)))
      return failure();
    if (opened.insert(op).second && !needed.empty()) {
      llvm::append_range(stack, needed);
      continue;
    }
    stack.pop_back();
    if (auto dim = dyn_cast<memref::DimOp>(op)) {
      Value dynamic;
      int64_t size;
      if (getAllocatedSize(dim, dynamic, size)) {
        map.map(value, dynamic ? map.lookup(dynamic)
                               : arith::ConstantIndexOp::create(
                                     builder, dim.getLoc(), size));
        continue;
      }
    }
    builder.clone(*op, map);
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
