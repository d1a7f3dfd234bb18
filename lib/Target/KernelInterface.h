// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// One kernel while its C interface is written.  The steps are in
// KernelInterfaceChecks.cpp, KernelInterfaceEntryPoints.cpp and
// KernelInterfaceFrameworks.cpp, the pass in KernelInterface.cpp.
#ifndef SOFTMAX_LIB_TARGET_KERNELINTERFACE_H
#define SOFTMAX_LIB_TARGET_KERNELINTERFACE_H

#include "InterfaceWriter.h"
#include "softmax/Target/KernelInfo.h"
#include "softmax/Target/Status.h"

#include "llvm/ADT/StringSet.h"

namespace mlir::softmax {

class KernelInterface {
public:
  KernelInterface(ModuleOp module, const InterfaceTypes &types, KernelInfo info)
      : module(module), types(types), info(std::move(info)) {}

  /// Finds the body and its companions and renames the body.  Diagnoses a body
  /// whose signature is not that of the operands, and names that are taken, in
  /// the module or by the kernels before (`reserved`).
  LogicalResult prepare(LLVM::LLVMFuncOp function, llvm::StringSet<> &reserved);

  /// Writes everything; must follow prepare().
  void emit();

private:
  /// The tensor pointers and scalars of one entry point, by operand.
  using Operands = SmallVector<Value>;

  /// What a failing check returns: the status in the low 8 bits, above them
  /// the number of the message.
  int32_t failure(KernelStatus status, const Twine &message);
  std::string describe(unsigned operand) const;

  LLVM::LLVMFuncOp createFunction(StringRef name, Type result,
                                  ArrayRef<Type> arguments, bool isPublic);
  /// C types of the operands.
  SmallVector<Type> getInterfaceTypes() const;
  /// Types of the operands in the body: of scalars, and nothing for tensors.
  Type getScalarType(const KernelOperand &operand) const;
  SmallVector<unsigned> getTensors() const;

  // KernelInterfaceChecks.cpp
  void emitChecks();

  // KernelInterfaceEntryPoints.cpp
  Operands getOperands(InterfaceWriter &writer) const;
  /// Calls the checks; `frame` is where they leave the descriptors.
  Value callChecks(InterfaceWriter &writer, const Operands &operands,
                   Value &frame);
  /// Pointer, offset, sizes and strides of every tensor as the body takes them.
  SmallVector<Value> loadArguments(InterfaceWriter &writer, Value frame,
                                   const Operands &operands);
  Value buildUnits(InterfaceWriter &writer, ValueRange arguments);
  /// Including the slack for alignment; 0 if no workspace is needed.
  Value buildWorkspaceSize(InterfaceWriter &writer, ValueRange arguments);
  void callBody(InterfaceWriter &writer, ValueRange arguments, Value begin,
                Value end, Value workspace);
  void emitCall();
  void emitQuery(StringRef suffix, bool units);
  void emitRange();
  void emitMain();

  // KernelInterfaceFrameworks.cpp
  void emitDescriptorEntry();
  void emitTvmFfiEntry();
  /// A constant table of strings: the address of string `index`.
  Value buildMessageLookup(InterfaceWriter &writer, Value index);

  ModuleOp module;
  const InterfaceTypes &types;
  KernelInfo info;
  LLVM::LLVMFuncOp body, unitsFunction, sizeFunction;
  LLVM::LLVMFuncOp checks, callFunction, mainFunction;
  /// { pointer, sizes, strides } per tensor.
  Type frameType;
  /// Messages by number.
  SmallVector<std::string> messages;
};

/// A declaration of a function of the C library.
LLVM::LLVMFuncOp getOrDeclare(ModuleOp module, StringRef name, Type result,
                              ArrayRef<Type> arguments,
                              LLVM::Linkage linkage = LLVM::Linkage::External);

} // namespace mlir::softmax

#endif // SOFTMAX_LIB_TARGET_KERNELINTERFACE_H
