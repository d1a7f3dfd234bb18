// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// NAME of a kernel that runs on a GPU: the checks of every kernel, then what
// Runtime/CudaRuntime.c defines.

#include "KernelInterface.h"

using namespace mlir;
using namespace mlir::softmax;
using LLVM::ICmpPredicate;

/// i32 __softmax_call_NAME(operands..., i32 fromEnvironment, void *stream,
///                         softmax_cuda_error *error)
///
/// With `fromEnvironment` the stream is that of TVM-FFI's environment, if the
/// process has it.
void KernelInterface::emitDeviceCall() {
  SmallVector<Type> argumentTypes = getInterfaceTypes();
  auto last = static_cast<unsigned>(argumentTypes.size());
  argumentTypes.append({types.i32, types.ptr, types.ptr});
  callFunction = createFunction("__softmax_call_" + info.name, types.i32,
                                argumentTypes, /*isPublic=*/false);
  LLVM::LLVMFuncOp launch =
      getOrDeclare(module, "softmax_cuda_launch_shared", types.i32,
                   {types.ptr, types.ptr, types.i32, types.i32, types.ptr,
                    types.ptr, types.ptr, types.ptr});
  LLVM::LLVMFuncOp environment =
      getOrDeclare(module, "TVMFFIEnvGetStream", types.ptr,
                   {types.i32, types.i32}, LLVM::Linkage::ExternWeak);

  InterfaceWriter writer(types, callFunction);
  Operands operands = getOperands(writer);
  Value frame, version;
  Value failed = callChecks(writer, operands, frame, version);
  writer.returnIf(writer.compare(ICmpPredicate::ne, failed, int64_t(0)),
                  failed);

  // Addresses of the operands' values, and sizes.
  Value addresses = writer.allocate(
      LLVM::LLVMArrayType::get(types.ptr, info.operands.size()));
  Value sizes = writer.allocate(LLVM::LLVMArrayType::get(
      types.i64, std::max<size_t>(1, device->symbols.size())));
  Value deviceId;
  llvm::StringSet<> known;
  int32_t number = 0;
  for (auto [i, operand] : llvm::enumerate(info.operands)) {
    Value slot = writer.element(types.ptr, addresses, i);
    if (!operand.isTensor()) {
      Type type = getScalarType(operand);
      Value value = operands[i];
      if (type != value.getType())
        value =
            LLVM::FPTruncOp::create(writer.builder, writer.loc, type, value);
      Value place = writer.allocate(type);
      writer.store(value, place);
      writer.store(place, slot);
      continue;
    }
    writer.store(writer.field(frameType, frame, {number, 0}), slot);
    if (!deviceId)
      deviceId = writer.load(
          types.i32, writer.field(types.dlTensor, operands[i], {DLDevice, 1}));
    for (auto [d, dim] : llvm::enumerate(operand.shape)) {
      if (dim.isStatic() || !known.insert(dim.symbol).second)
        continue;
      Value size = writer.load(
          types.i64,
          writer.field(frameType, frame, {number, 1, static_cast<int32_t>(d)}));
      int64_t at =
          llvm::find(device->symbols, dim.symbol) - device->symbols.begin();
      writer.store(size, writer.element(types.i64, sizes, at));
    }
    ++number;
  }

  Value ask = writer.logicalAnd(
      writer.compare(ICmpPredicate::ne, writer.argument(last), int64_t(0)),
      writer.isNotNull(writer.addressOf(environment.getSymName())));
  Block *ready = writer.newBlock();
  Value stream = ready->addArgument(types.ptr, writer.loc);
  Block *given = writer.branch(ask);
  // kDLCUDA.
  writer.jump(ready, writer.call(environment, {writer.i32(2), deviceId}));
  writer.continueIn(given);
  writer.jump(ready, writer.argument(last + 1));
  writer.continueIn(ready);
  Value status = writer.call(
      launch, {writer.addressOf(device->slot), writer.addressOf(device->file),
               writer.i32(device->function), deviceId, addresses, sizes, stream,
               writer.argument(last + 2)});
  writer.returnIf(writer.compare(ICmpPredicate::eq, status, int64_t(0)),
                  status);
  launchFailure = failure(KernelStatus::Ok, "the launch failed") >> 8;
  writer.ret(writer.logicalOr(status, writer.i32(launchFailure << 8)));
}

/// int32_t NAME(operands..., void *stream, softmax_cuda_error *error)
void KernelInterface::emitDeviceMain() {
  SmallVector<Type> argumentTypes = getInterfaceTypes();
  auto last = static_cast<unsigned>(argumentTypes.size());
  argumentTypes.append({types.ptr, types.ptr});
  mainFunction = createFunction(info.name, types.i32, argumentTypes,
                                /*isPublic=*/true);
  LLVM::LLVMFuncOp report = getOrDeclare(module, "softmax_cuda_report",
                                         types.none, {types.ptr, types.ptr});
  InterfaceWriter writer(types, mainFunction);
  Operands operands = getOperands(writer);
  Value error = writer.argument(last + 1);
  operands.append({writer.i32(0), writer.argument(last), error});
  Value failed = writer.call(callFunction, operands);
  Value number =
      LLVM::LShrOp::create(writer.builder, writer.loc, failed, writer.i32(8));
  // The launcher has written its own message.
  Value isReported = writer.logicalOr(
      writer.compare(ICmpPredicate::eq, failed, int64_t(0)),
      writer.compare(ICmpPredicate::eq, number, launchFailure));
  writer.returnIf(isReported, writer.logicalAnd(failed, writer.i32(0xff)));
  writer.call(report, {error, buildMessageLookup(writer, number)});
  writer.ret(writer.logicalAnd(failed, writer.i32(0xff)));
}

void KernelInterface::emitDevice() {
  emitChecks();
  emitDeviceCall();
  // It completes the messages.
  emitTvmFfiEntry();
  emitDeviceMain();
}
