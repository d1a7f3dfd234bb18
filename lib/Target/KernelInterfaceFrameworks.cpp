// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Entry points for other callers than C: _mlir_ciface_NAME takes memref
// descriptors, __tvm_ffi_NAME follows the calling convention of TVM-FFI
// (tvm/ffi/c_api.h, TVMFFISafeCallType).  Both end in the function that C
// callers reach, and so in its checks.

#include "KernelInterface.h"

using namespace mlir;
using namespace mlir::softmax;
using LLVM::ICmpPredicate;

//===----------------------------------------------------------------------===//
// Memref descriptors
//===----------------------------------------------------------------------===//

/// int32_t _mlir_ciface_NAME(descriptor *..., scalars...): a caller that
/// declares no result, as for a function in MLIR, may ignore the status.
void KernelInterface::emitDescriptorEntry() {
  SmallVector<Type> argumentTypes;
  for (const KernelOperand &operand : info.operands)
    argumentTypes.push_back(operand.isTensor() ? types.ptr
                                               : getScalarType(operand));
  LLVM::LLVMFuncOp function = createFunction(
      "_mlir_ciface_" + info.name, types.i32, argumentTypes, /*isPublic=*/true);
  InterfaceWriter writer(types, function);
  Operands operands;
  for (auto [i, operand] : llvm::enumerate(info.operands)) {
    Value argument = writer.argument(i);
    if (!operand.isTensor()) {
      Type type = getInterfaceTypes()[i];
      operands.push_back(type == argument.getType()
                             ? argument
                             : LLVM::FPExtOp::create(writer.builder, writer.loc,
                                                     type, argument));
      continue;
    }
    Type descriptor = types.descriptor(operand.rank());
    Value tensor = writer.allocate(types.dlTensor);
    auto set = [&](ArrayRef<int32_t> path, Value value) {
      writer.store(value, writer.field(types.dlTensor, tensor, path));
    };
    Value aligned =
        writer.load(types.ptr, writer.field(descriptor, argument, {1}));
    Value offset =
        writer.load(types.i64, writer.field(descriptor, argument, {2}));
    set({DLData},
        writer.offset(aligned,
                      writer.mul(offset, writer.i64(operand.elementBytes()))));
    set({DLDevice, 0}, writer.i32(1));
    set({DLDevice, 1}, writer.i32(0));
    set({DLRank}, writer.i32(operand.rank()));
    DLPackType type = *operand.dlpackType();
    set({DLType, 0}, writer.constant(types.i8, type.code));
    set({DLType, 1}, writer.constant(types.i8, type.bits));
    set({DLType, 2}, writer.constant(types.i16, 1));
    bool isScalar = operand.rank() == 0;
    set({DLShape},
        isScalar ? writer.null() : writer.field(descriptor, argument, {3}));
    set({DLStrides},
        isScalar ? writer.null() : writer.field(descriptor, argument, {4}));
    set({DLByteOffset}, writer.i64(0));
    operands.push_back(tensor);
  }
  Value failed = writer.call(callFunction, operands);
  writer.ret(writer.logicalAnd(failed, writer.i32(0xff)));
}

//===----------------------------------------------------------------------===//
// TVM-FFI
//===----------------------------------------------------------------------===//

/// TVMFFITypeIndex.
enum : int32_t {
  TvmInt = 1,
  TvmBool = 2,
  TvmFloat = 3,
  TvmDLTensorPtr = 7,
  TvmTensor = 70,
};

/// sizeof(TVMFFIObject), after which a Tensor object holds its DLTensor.
static constexpr int64_t tvmObjectBytes = 24;

Value KernelInterface::buildMessageLookup(InterfaceWriter &writer,
                                          Value index) {
  // The first one that is asked for comes behind the last message.
  // One string and a table of offsets into it: no relocations.
  std::string text;
  SmallVector<int32_t> offsets;
  for (const std::string &message : messages) {
    offsets.push_back(text.size());
    text += message;
    text += '\0';
  }
  StringRef blob = getOrCreateString(module, text);
  OpBuilder builder = OpBuilder::atBlockEnd(module.getBody());
  auto tableType = LLVM::LLVMArrayType::get(types.i32, offsets.size());
  std::string name = "__softmax_messages_" + info.name;
  auto table = module.lookupSymbol<LLVM::GlobalOp>(name);
  if (!table)
    table = LLVM::GlobalOp::create(builder, writer.loc, tableType,
                                   /*isConstant=*/true, LLVM::Linkage::Internal,
                                   name, builder.getI32TensorAttr(offsets));
  Value entry = LLVM::GEPOp::create(
      writer.builder, writer.loc, types.ptr, types.i32,
      writer.addressOf(table.getSymName()), ArrayRef<LLVM::GEPArg>{index});
  return writer.offset(writer.addressOf(blob), writer.load(types.i32, entry));
}

/// int __tvm_ffi_NAME(void *self, const TVMFFIAny *args, int32_t num_args,
///                    TVMFFIAny *result)
///
/// Tensors come as DLTensor pointers or Tensor objects, scalars as numbers.
/// On failure the error is set, if the process has a TVM-FFI library, and -1
/// returned.
void KernelInterface::emitTvmFfiEntry() {
  LLVM::LLVMFuncOp setter =
      getOrDeclare(module, "TVMFFIErrorSetRaisedFromCStr", types.none,
                   {types.ptr, types.ptr}, LLVM::Linkage::ExternWeak);
  LLVM::LLVMFuncOp function = createFunction(
      "__tvm_ffi_" + info.name, types.i32,
      {types.ptr, types.ptr, types.i32, types.ptr}, /*isPublic=*/true);
  InterfaceWriter writer(types, function);
  Value arguments = writer.argument(1);
  Value count = writer.argument(2);
  Value result = writer.argument(3);

  // Fails with the status and message in the block's argument.
  Block *fail = writer.newBlock();
  Value failed = fail->addArgument(types.i32, writer.loc);
  auto failIf = [&](Value condition, const Twine &message) {
    Block *next = writer.branch(condition);
    writer.jump(fail, writer.i32(failure(KernelStatus::WrongType, message)));
    writer.continueIn(next);
  };

  failIf(writer.compare(ICmpPredicate::ne, count, info.operands.size()),
         "takes " + Twine(info.operands.size()) + " arguments");
  Operands operands;
  for (auto [i, operand] : llvm::enumerate(info.operands)) {
    Value any = writer.element(types.tvmAny, arguments, i);
    Value index = writer.load(types.i32, writer.field(types.tvmAny, any, {0}));
    Value slot = writer.field(types.tvmAny, any, {2});
    auto is = [&](int32_t type) {
      return writer.compare(ICmpPredicate::eq, index, type);
    };
    auto isNot = [&](Value condition) {
      return writer.compare(ICmpPredicate::eq, condition, int64_t(0));
    };
    if (operand.isTensor()) {
      Value isPointer = is(TvmDLTensorPtr);
      Value isObject = is(TvmTensor);
      failIf(isNot(writer.logicalOr(isPointer, isObject)),
             describe(i) + " must be a tensor");
      Value pointer = writer.load(types.ptr, slot);
      operands.push_back(writer.select(
          isObject, writer.offset(pointer, writer.i64(tvmObjectBytes)),
          pointer));
      continue;
    }
    Value isInteger = writer.logicalOr(is(TvmInt), is(TvmBool));
    Type type = getInterfaceTypes()[i];
    Value bits = writer.load(types.i64, slot);
    if (type != types.f64) {
      failIf(isNot(isInteger), describe(i) + " must be an integer");
      if (type == types.i32) {
        Value narrow =
            LLVM::TruncOp::create(writer.builder, writer.loc, types.i32, bits);
        Value wide =
            LLVM::SExtOp::create(writer.builder, writer.loc, types.i64, narrow);
        failIf(writer.compare(ICmpPredicate::ne, wide, bits),
               describe(i) + " must fit into 32 bits");
        bits = narrow;
      }
      operands.push_back(bits);
      continue;
    }
    failIf(isNot(writer.logicalOr(isInteger, is(TvmFloat))),
           describe(i) + " must be a number");
    Value converted =
        LLVM::SIToFPOp::create(writer.builder, writer.loc, types.f64, bits);
    operands.push_back(
        writer.select(isInteger, converted, writer.load(types.f64, slot)));
  }
  Value launchError;
  if (device) {
    launchError =
        writer.allocate(LLVM::LLVMArrayType::get(types.i8, deviceErrorBytes));
    operands.append({writer.i32(1), writer.null(), launchError});
  }
  Value status = writer.call(callFunction, operands);
  Block *succeed =
      writer.branch(writer.compare(ICmpPredicate::ne, status, int64_t(0)));
  writer.jump(fail, status);

  // Nothing is returned: kTVMFFINone.
  writer.continueIn(succeed);
  writer.store(writer.i64(0), writer.field(types.tvmAny, result, {0}));
  writer.store(writer.i64(0), writer.field(types.tvmAny, result, {2}));
  writer.ret(writer.i32(0));

  writer.continueIn(fail);
  Value address = writer.addressOf(setter.getSymName());
  writer.returnIf(writer.isNull(address), writer.i32(-1));
  Value number =
      LLVM::LShrOp::create(writer.builder, writer.loc, failed, writer.i32(8));
  Value message = buildMessageLookup(writer, number);
  if (device)
    message =
        writer.select(writer.compare(ICmpPredicate::eq, number, launchFailure),
                      launchError, message);
  auto kind = [&](StringRef name) {
    return writer.addressOf(getOrCreateString(module, name));
  };
  auto hasStatus = [&](KernelStatus which) {
    return writer.compare(ICmpPredicate::eq,
                          writer.logicalAnd(failed, writer.i32(0xff)),
                          static_cast<int32_t>(which));
  };
  Value kindName = writer.select(hasStatus(KernelStatus::WrongType),
                                 kind("TypeError"), kind("ValueError"));
  kindName = writer.select(hasStatus(KernelStatus::OutOfMemory),
                           kind("MemoryError"), kindName);
  kindName =
      writer.select(writer.logicalOr(hasStatus(KernelStatus::NoCpuVersion),
                                     hasStatus(KernelStatus::LaunchFailed)),
                    kind("RuntimeError"), kindName);
  writer.call(setter, {kindName, message});
  writer.ret(writer.i32(-1));
}
