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
                                  const Operands &operands, Value &frame,
                                  Value &version) {
  frame = writer.allocate(frameType);
  SmallVector<Value> arguments;
  for (unsigned position : getTensors())
    arguments.push_back(operands[position]);
  arguments.push_back(frame);
  if (!cpu.current)
    return writer.call(checks, arguments);
  version = writer.call(cpu.current, {});
  if (cpu.always)
    return writer.call(checks, arguments);
  // A CPU without a version is told so before anything else.
  Block *known = writer.branch(
      writer.compare(ICmpPredicate::eq, version, cpu.targets.size()));
  Block *done = writer.newBlock();
  Value failed = done->addArgument(types.i32, writer.loc);
  writer.jump(done, writer.i32(failure(KernelStatus::NoCpuVersion,
                                       "has no version for this CPU")));
  writer.continueIn(known);
  writer.jump(done, writer.call(checks, arguments));
  writer.continueIn(done);
  return failed;
}

Value KernelInterface::callVersion(InterfaceWriter &writer, Value version,
                                   LLVM::LLVMFuncOp Version::*function,
                                   ValueRange arguments) {
  if (versions.size() == 1)
    return writer.call(versions[0].*function, arguments);
  Block *done = writer.newBlock();
  for (auto [i, candidate] : llvm::enumerate(versions)) {
    Block *others = nullptr;
    if (i + 1 < versions.size())
      others = writer.branch(writer.compare(ICmpPredicate::eq, version, i));
    Value result = writer.call(candidate.*function, arguments);
    writer.jump(done, result ? ValueRange(result) : ValueRange());
    if (result && i == 0)
      done->addArgument(result.getType(), writer.loc);
    if (others)
      writer.continueIn(others);
  }
  writer.continueIn(done);
  return done->getNumArguments() ? done->getArgument(0) : Value();
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

Value KernelInterface::buildUnits(InterfaceWriter &writer, Value version,
                                  ValueRange arguments) {
  if (!versions[0].unitsFunction)
    return writer.i64(1);
  return callVersion(writer, version, &Version::unitsFunction, arguments);
}

Value KernelInterface::buildWorkspaceSize(InterfaceWriter &writer,
                                          Value version, ValueRange arguments) {
  Value size = callVersion(writer, version, &Version::sizeFunction, arguments);
  Value isZero = writer.compare(ICmpPredicate::eq, size, int64_t(0));
  return writer.select(isZero, size,
                       writer.add(size, writer.i64(workspaceAlignment)));
}

void KernelInterface::callBody(InterfaceWriter &writer, Value version,
                               ValueRange arguments, Value begin, Value end,
                               Value workspace) {
  SmallVector<Value> all(arguments);
  if (versions[0].unitsFunction)
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
  callVersion(writer, version, &Version::body, all);
}

/// i32 __softmax_call_NAME(operands...): the whole kernel; what is not 0 is a
/// status and the number of its message.
void KernelInterface::emitCall() {
  bool divides = threads && versions[0].unitsFunction;
  if (divides)
    emitThreadHelpers();
  callFunction = createFunction("__softmax_call_" + info.name, types.i32,
                                getInterfaceTypes(), /*isPublic=*/false);
  InterfaceWriter writer(types, callFunction);
  Operands operands = getOperands(writer);
  Value frame, version;
  Value failed = callChecks(writer, operands, frame, version);
  writer.returnIf(writer.compare(ICmpPredicate::ne, failed, int64_t(0)),
                  failed);
  SmallVector<Value> arguments = loadArguments(writer, frame, operands);
  Value units = buildUnits(writer, version, arguments);
  Value success = writer.i32(0);
  writer.returnIf(writer.compare(ICmpPredicate::eq, units, int64_t(0)),
                  success);
  if (hasLabels()) {
    Value wrong = checkLabels(writer, frame, writer.i64(0), units);
    writer.returnIf(writer.compare(ICmpPredicate::ne, wrong, int64_t(0)),
                    wrong);
  }
  Value size = buildWorkspaceSize(writer, version, arguments);
  if (divides)
    emitThreads(writer, version, arguments, units, size);
  Block *withoutWorkspace =
      writer.branch(writer.compare(ICmpPredicate::ne, size, int64_t(0)));
  LLVM::LLVMFuncOp free = getOrDeclare(module, "free", types.none, {types.ptr});
  Value workspace = allocateOrReturn(writer, size);
  callBody(writer, version, arguments, writer.i64(0), units, workspace);
  writer.call(free, workspace);
  writer.ret(writer.i32(0));
  writer.continueIn(withoutWorkspace);
  callBody(writer, version, arguments, writer.i64(0), units, writer.null());
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
  Value frame, version;
  Value failed = callChecks(writer, operands, frame, version);
  writer.returnIf(writer.compare(ICmpPredicate::ne, failed, int64_t(0)),
                  writer.i64(0));
  SmallVector<Value> arguments = loadArguments(writer, frame, operands);
  writer.ret(units ? buildUnits(writer, version, arguments)
                   : buildWorkspaceSize(writer, version, arguments));
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
  Value frame, version;
  Value failed = callChecks(writer, operands, frame, version);
  writer.returnIf(writer.compare(ICmpPredicate::ne, failed, int64_t(0)),
                  writer.logicalAnd(failed, writer.i32(0xff)));
  SmallVector<Value> arguments = loadArguments(writer, frame, operands);
  Value units = buildUnits(writer, version, arguments);
  Value outside = writer.logicalOr(
      writer.compare(ICmpPredicate::slt, begin, int64_t(0)),
      writer.logicalOr(writer.compare(ICmpPredicate::sgt, end, units),
                       writer.compare(ICmpPredicate::sgt, begin, end)));
  writer.returnIf(outside, status(KernelStatus::WrongShape));
  Value size = buildWorkspaceSize(writer, version, arguments);
  Value missing =
      writer.logicalAnd(writer.isNull(workspace),
                        writer.compare(ICmpPredicate::ne, size, int64_t(0)));
  writer.returnIf(missing, status(KernelStatus::NullArgument));
  writer.returnIf(writer.compare(ICmpPredicate::eq, begin, end),
                  status(KernelStatus::Ok));
  if (hasLabels()) {
    Value wrong = checkLabels(writer, frame, begin, end);
    writer.returnIf(writer.compare(ICmpPredicate::ne, wrong, int64_t(0)),
                    writer.logicalAnd(wrong, writer.i32(0xff)));
  }
  callBody(writer, version, arguments, begin, end, workspace);
  writer.ret(status(KernelStatus::Ok));
}
