// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// NAME, NAME_units, NAME_workspace_size and NAME_range.

#include "KernelInterface.h"

using namespace mlir;
using namespace mlir::softmax;
using LLVM::ICmpPredicate;

KernelInterface::Operands
KernelInterface::getOperands(InterfaceWriter &writer) const {
  Operands operands;
  for (unsigned i = 0; i < info.operands.size(); ++i)
    operands.push_back(writer.argument(i));
  return operands;
}

Value KernelInterface::callChecks(InterfaceWriter &writer,
                                  const Operands &operands, Value &frame) {
  frame = writer.allocate(frameType);
  SmallVector<Value> arguments;
  for (unsigned position : getTensors())
    arguments.push_back(operands[position]);
  arguments.push_back(frame);
  return writer.call(checks, arguments);
}

SmallVector<Value> KernelInterface::loadArguments(InterfaceWriter &writer,
                                                  Value frame,
                                                  const Operands &operands) {
  SmallVector<Value> arguments;
  int32_t number = 0;
  for (auto [operand, value] : llvm::zip_equal(info.operands, operands)) {
    if (!operand.isTensor()) {
      Type type = getScalarType(operand);
      arguments.push_back(type == value.getType()
                              ? value
                              : LLVM::FPTruncOp::create(
                                    writer.builder, writer.loc, type, value));
      continue;
    }
    Value pointer =
        writer.load(types.ptr, writer.field(frameType, frame, {number, 0}));
    arguments.append({pointer, pointer, writer.i64(0)});
    for (int32_t part : {1, 2})
      for (int32_t d = 0; d < operand.rank(); ++d)
        arguments.push_back(writer.load(
            types.i64, writer.field(frameType, frame, {number, part, d})));
    ++number;
  }
  return arguments;
}

Value KernelInterface::buildUnits(InterfaceWriter &writer,
                                  ValueRange arguments) {
  return unitsFunction ? writer.call(unitsFunction, arguments) : writer.i64(1);
}

Value KernelInterface::buildWorkspaceSize(InterfaceWriter &writer,
                                          ValueRange arguments) {
  Value size = writer.call(sizeFunction, arguments);
  Value isZero = writer.compare(ICmpPredicate::eq, size, int64_t(0));
  return writer.select(isZero, size,
                       writer.add(size, writer.i64(workspaceAlignment)));
}

void KernelInterface::callBody(InterfaceWriter &writer, ValueRange arguments,
                               Value begin, Value end, Value workspace) {
  SmallVector<Value> all(arguments);
  if (unitsFunction)
    all.append({begin, end});
  Value address = LLVM::PtrToIntOp::create(writer.builder, writer.loc,
                                           types.i64, workspace);
  Value gap = writer.logicalAnd(writer.sub(writer.i64(0), address),
                                writer.i64(workspaceAlignment - 1));
  Value aligned = writer.offset(workspace, gap);
  // A memref<?xi8>.  Its size is not used: the offsets come from the same
  // function that gave the size.
  all.append({aligned, aligned, writer.i64(0),
              writer.i64(std::numeric_limits<int64_t>::max()), writer.i64(1)});
  writer.call(body, all);
}

/// i32 __softmax_call_NAME(operands...): the whole kernel; what is not 0 is a
/// status and the number of its message.
void KernelInterface::emitCall() {
  callFunction = createFunction("__softmax_call_" + info.name, types.i32,
                                getInterfaceTypes(), /*isPublic=*/false);
  InterfaceWriter writer(types, callFunction);
  Operands operands = getOperands(writer);
  Value frame;
  Value failed = callChecks(writer, operands, frame);
  writer.returnIf(writer.compare(ICmpPredicate::ne, failed, int64_t(0)),
                  failed);
  SmallVector<Value> arguments = loadArguments(writer, frame, operands);
  Value units = buildUnits(writer, arguments);
  Value success = writer.i32(0);
  writer.returnIf(writer.compare(ICmpPredicate::eq, units, int64_t(0)),
                  success);
  Value size = buildWorkspaceSize(writer, arguments);
  Block *withoutWorkspace =
      writer.branch(writer.compare(ICmpPredicate::ne, size, int64_t(0)));
  LLVM::LLVMFuncOp malloc =
      getOrDeclare(module, "malloc", types.ptr, {types.i64});
  LLVM::LLVMFuncOp free = getOrDeclare(module, "free", types.none, {types.ptr});
  Value workspace = writer.call(malloc, size);
  writer.returnIf(writer.isNull(workspace),
                  writer.i32(failure(KernelStatus::OutOfMemory,
                                     "cannot allocate its workspace")));
  callBody(writer, arguments, writer.i64(0), units, workspace);
  writer.call(free, workspace);
  writer.ret(writer.i32(0));
  writer.continueIn(withoutWorkspace);
  callBody(writer, arguments, writer.i64(0), units, writer.null());
  writer.ret(writer.i32(0));
}

/// int32_t NAME(operands...)
void KernelInterface::emitMain() {
  mainFunction = createFunction(info.name, types.i32, getInterfaceTypes(),
                                /*isPublic=*/true);
  InterfaceWriter writer(types, mainFunction);
  Value failed = writer.call(callFunction, getOperands(writer));
  writer.ret(writer.logicalAnd(failed, writer.i32(0xff)));
}

/// int64_t NAME_units(operands...), size_t NAME_workspace_size(operands...)
void KernelInterface::emitQuery(StringRef suffix, bool units) {
  LLVM::LLVMFuncOp function =
      createFunction((info.name + suffix).str(), types.i64, getInterfaceTypes(),
                     /*isPublic=*/true);
  InterfaceWriter writer(types, function);
  Operands operands = getOperands(writer);
  Value frame;
  Value failed = callChecks(writer, operands, frame);
  writer.returnIf(writer.compare(ICmpPredicate::ne, failed, int64_t(0)),
                  writer.i64(0));
  SmallVector<Value> arguments = loadArguments(writer, frame, operands);
  writer.ret(units ? buildUnits(writer, arguments)
                   : buildWorkspaceSize(writer, arguments));
}

/// int32_t NAME_range(operands..., int64_t begin, int64_t end, void *workspace)
void KernelInterface::emitRange() {
  SmallVector<Type> argumentTypes = getInterfaceTypes();
  unsigned first = argumentTypes.size();
  argumentTypes.append({types.i64, types.i64, types.ptr});
  LLVM::LLVMFuncOp function = createFunction(info.name + "_range", types.i32,
                                             argumentTypes, /*isPublic=*/true);
  InterfaceWriter writer(types, function);
  Value begin = writer.argument(first);
  Value end = writer.argument(first + 1);
  Value workspace = writer.argument(first + 2);
  Operands operands = getOperands(writer);
  auto status = [&](KernelStatus value) {
    return writer.i32(static_cast<int32_t>(value));
  };
  Value frame;
  Value failed = callChecks(writer, operands, frame);
  writer.returnIf(writer.compare(ICmpPredicate::ne, failed, int64_t(0)),
                  writer.logicalAnd(failed, writer.i32(0xff)));
  SmallVector<Value> arguments = loadArguments(writer, frame, operands);
  Value units = buildUnits(writer, arguments);
  Value outside = writer.logicalOr(
      writer.compare(ICmpPredicate::slt, begin, int64_t(0)),
      writer.logicalOr(writer.compare(ICmpPredicate::sgt, end, units),
                       writer.compare(ICmpPredicate::sgt, begin, end)));
  writer.returnIf(outside, status(KernelStatus::WrongShape));
  Value size = buildWorkspaceSize(writer, arguments);
  Value missing =
      writer.logicalAnd(writer.isNull(workspace),
                        writer.compare(ICmpPredicate::ne, size, int64_t(0)));
  writer.returnIf(missing, status(KernelStatus::NullArgument));
  writer.returnIf(writer.compare(ICmpPredicate::eq, begin, end),
                  status(KernelStatus::Ok));
  callBody(writer, arguments, begin, end, workspace);
  writer.ret(status(KernelStatus::Ok));
}
