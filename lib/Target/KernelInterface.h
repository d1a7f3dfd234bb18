// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// One kernel while its C interface is written.  The steps are in
// KernelInterfaceChecks.cpp, KernelInterfaceLabels.cpp,
// KernelInterfaceEntryPoints.cpp,
// KernelInterfaceThreads.cpp, KernelInterfaceDevice.cpp and
// KernelInterfaceFrameworks.cpp, the choice
// among several versions in KernelInterfaceVersions.cpp, the pass in
// KernelInterface.cpp.
#ifndef SOFTMAX_LIB_TARGET_KERNELINTERFACE_H
#define SOFTMAX_LIB_TARGET_KERNELINTERFACE_H

#include "InterfaceWriter.h"
#include "softmax/Schedule/TargetDescription.h"
#include "softmax/Target/KernelInfo.h"
#include "softmax/Target/Status.h"
#include "softmax/Target/Versions.h"

#include "llvm/ADT/StringSet.h"

namespace mlir::softmax {

/// Which versions of the kernels a module holds, and how they are told apart.
struct CpuVersions {
  /// The best first; empty where kernels have no versions.
  SmallVector<TargetDescription, 1> targets;
  /// i32 (): which of `targets` the running CPU is to run, or how many there
  /// are if it can run none.  Null where kernels have no versions.
  LLVM::LLVMFuncOp current;
  /// Whether every CPU of the architecture can run one of them.
  bool always = true;
};

/// Reads the module's list of versions; fails with a diagnostic if it is
/// malformed.
FailureOr<CpuVersions> readCpuVersions(ModuleOp module);
/// Writes CpuVersions::current, and a constructor that calls it once when the
/// library is loaded.
LogicalResult emitCpuVersions(ModuleOp module, const InterfaceTypes &types,
                              CpuVersions &versions);

/// Of a kernel that runs on a GPU: how the library that is written launches it.
struct DeviceLaunchInfo {
  /// Position among the file's functions.
  int64_t function = 0;
  /// Globals: the softmax_cuda_file, and a pointer for its softmax_cuda.
  std::string file, slot;
  /// Symbols of the shapes, in the order of a plan's sizes.
  SmallVector<std::string> symbols;
};

/// sizeof(softmax_cuda_error).
inline constexpr int64_t deviceErrorBytes = 512;

class KernelInterface {
public:
  KernelInterface(ModuleOp module, const InterfaceTypes &types, KernelInfo info,
                  const CpuVersions &cpu, bool threads)
      : module(module), types(types), info(std::move(info)), cpu(cpu),
        threads(threads) {}
  /// Of a kernel that runs on a GPU; to be followed by emitDevice().
  KernelInterface(ModuleOp module, const InterfaceTypes &types, KernelInfo info,
                  const CpuVersions &cpu, DeviceLaunchInfo device)
      : module(module), types(types), info(std::move(info)), cpu(cpu),
        threads(false), device(std::move(device)) {}

  /// Finds the bodies, one per version in `functions`, and their companions and
  /// renames the bodies.  Diagnoses a body whose signature is not that of the
  /// operands, and names that are taken, in the module or by the kernels before
  /// (`reserved`).
  LogicalResult prepare(ArrayRef<LLVM::LLVMFuncOp> functions,
                        llvm::StringSet<> &reserved);

  /// Writes everything; must follow prepare().
  void emit();

  /// Writes NAME and __tvm_ffi_NAME for tensors on a GPU.
  void emitDevice();

private:
  /// The tensor pointers and scalars of one entry point, by operand.
  using Operands = SmallVector<Value>;

  /// The kernel as compiled for one target.  All versions have a function that
  /// counts units, or none.
  struct Version {
    LLVM::LLVMFuncOp body, unitsFunction, sizeFunction;
    /// What softmax-split-rows added, or null, and the bytes of statistics that
    /// a block has.
    LLVM::LLVMFuncOp blocksFunction, statisticsFunction, resultsFunction;
    int64_t blockBytes = 0;
  };

  LogicalResult prepareVersion(LLVM::LLVMFuncOp function, StringRef suffix,
                               Version &version);

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

  // KernelInterfaceLabels.cpp
  /// Whether an operand holds class indices to check.
  bool hasLabels() const;
  void emitLabelChecks();
  /// 0, or the failure where a label of rows [begin, end) is none.
  Value checkLabels(InterfaceWriter &writer, Value frame, Value begin,
                    Value end);

  // KernelInterfaceEntryPoints.cpp
  Operands getOperands(InterfaceWriter &writer) const;
  /// Calls the checks; `frame` is where they leave the descriptors, `version`
  /// what the running CPU is to run (null where there is one version).
  Value callChecks(InterfaceWriter &writer, const Operands &operands,
                   Value &frame, Value &version);
  /// Calls one function of the version `version`.
  Value callVersion(InterfaceWriter &writer, Value version,
                    LLVM::LLVMFuncOp Version::*function, ValueRange arguments);
  /// Pointer, offset, sizes and strides of every tensor as the body takes them.
  SmallVector<Value> loadArguments(InterfaceWriter &writer, Value frame,
                                   const Operands &operands);
  Value buildUnits(InterfaceWriter &writer, Value version,
                   ValueRange arguments);
  /// Including the slack for alignment; 0 if no workspace is needed.
  Value buildWorkspaceSize(InterfaceWriter &writer, Value version,
                           ValueRange arguments);
  void callBody(InterfaceWriter &writer, Value version, ValueRange arguments,
                Value begin, Value end, Value workspace);
  void emitCall();
  void emitQuery(StringRef suffix, bool units);
  void emitRange();
  void emitMain();

  // KernelInterfaceThreads.cpp
  /// Whether threads can share a row.
  bool hasSharedRows() const;
  /// A private function of the body's arguments and more.
  LLVM::LLVMFuncOp createHelper(StringRef prefix, ValueRange arguments,
                                ArrayRef<Type> further);
  LLVM::LLVMFuncOp emitRowsHelper(ValueRange arguments);
  LLVM::LLVMFuncOp emitPartHelper(StringRef prefix, ValueRange arguments,
                                  LLVM::LLVMFuncOp Version::*phase);
  void emitThreadHelpers();
  Value allocateOrReturn(InterfaceWriter &writer, Value size);
  /// Runs the kernel on threads and returns, if it is large enough; else goes
  /// on.
  void emitThreads(InterfaceWriter &writer, Value version,
                   ArrayRef<Value> arguments, Value units, Value size);

  // KernelInterfaceDevice.cpp
  void emitDeviceCall();
  void emitDeviceMain();

  // KernelInterfaceFrameworks.cpp
  void emitDescriptorEntry();
  void emitTvmFfiEntry();
  /// A constant table of strings: the address of string `index`.
  Value buildMessageLookup(InterfaceWriter &writer, Value index);

  ModuleOp module;
  const InterfaceTypes &types;
  KernelInfo info;
  const CpuVersions &cpu;
  /// Whether NAME runs on the threads of the OpenMP runtime.
  bool threads;
  /// Absent of kernels that run on the CPU.
  std::optional<DeviceLaunchInfo> device;
  /// The number of the message that stands for the launcher's own.
  int32_t launchFailure = 0;
  SmallVector<Version, 1> versions;
  LLVM::LLVMFuncOp checks, labelChecks, callFunction, mainFunction;
  LLVM::LLVMFuncOp rowsHelper, statisticsHelper, resultsHelper;
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
