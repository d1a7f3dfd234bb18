// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Rewriting of a device module for the host.
#ifndef SOFTMAX_LIB_EMULATOR_PREPARE_H
#define SOFTMAX_LIB_EMULATOR_PREPARE_H

#include "Sites.h"

#include "softmax/Emulator/Counters.h"

#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/IR/IRBuilder.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/Error.h"

#include <memory>
#include <string>
#include <vector>

namespace llvm {
class TargetMachine;
} // namespace llvm

namespace mlir::softmax::emulator {

struct KernelParameter {
  uint64_t bytes = 0;
  bool isPointer = false;
  std::string type;
};

struct KernelDescription {
  std::string name;
  /// Of the function that takes an array of pointers to the parameters.
  std::string entry;
  std::vector<KernelParameter> parameters;
  /// Empty, or as many as the kernel names.
  std::vector<uint32_t> requiredThreads, clusterSize;
  /// Product; 0 where the kernel does not say.
  uint32_t mostThreads = 0;
  uint32_t warpSize = 32;
};

struct SharedVariable {
  std::string name;
  uint64_t offset = 0;
  /// 0: the dynamic array.
  uint64_t bytes = 0;
};

struct ConstantVariable {
  /// The symbol in the rewritten module.
  std::string symbol;
  std::string name;
  uint64_t bytes = 0;
  bool isConstant = true;
};

struct PreparedModule {
  SiteTable sites;
  std::vector<KernelDescription> kernels;
  /// In order of offsets; the dynamic array last.
  std::vector<SharedVariable> sharedVariables;
  /// Of the window without the dynamic array, gaps included, and without.
  uint64_t windowBytes = 0, staticSharedBytes = 0;
  std::vector<ConstantVariable> globals;
  /// Per basic block, the instructions of one execution.
  std::vector<InstructionCounters> blockInstructions;
  /// The bytes by which all accesses are aligned and sized.
  uint32_t granule = 16;
};

/// Symbol of the array of i64 that counts executions of basic blocks.
constexpr llvm::StringLiteral blockCountersSymbol = "emu.blocks";

/// What the steps of the rewriting share.
class Preparation {
public:
  Preparation(llvm::Module &module, PreparedModule &result);

  /// The function of the runtime called `name`, of the given type.
  llvm::FunctionCallee getRuntime(llvm::StringRef name, llvm::Type *result,
                                  llvm::ArrayRef<llvm::Type *> arguments);
  llvm::CallInst *callRuntime(llvm::IRBuilder<> &builder, llvm::StringRef name,
                              llvm::Type *result,
                              llvm::ArrayRef<llvm::Value *> arguments);
  /// The current thread, as a value at the beginning of the function.
  llvm::Value *getThread(llvm::Function &function);
  /// A new site for an instruction of the device code, as a constant.
  uint32_t addSite(const llvm::Instruction &instruction);
  llvm::ConstantInt *getInt(uint32_t value);
  /// Where the device code has `instruction`, for messages.
  std::string describePlace(const llvm::Instruction &instruction) const;

  llvm::Module &module;
  llvm::LLVMContext &context;
  PreparedModule &result;
  llvm::Type *pointerType, *i32, *i64, *voidType;

private:
  llvm::DenseMap<const llvm::Instruction *, std::string> texts;
  llvm::DenseMap<llvm::Function *, llvm::Value *> threads;
};

/// The steps, in order.  Each leaves the module valid.

/// Refuses what the emulator does not model.
llvm::Error checkDeviceModule(const llvm::Module &module);
/// Counts instructions per basic block and inserts counters and step limits.
void countInstructions(Preparation &preparation);
/// Inserts checks before loads, stores, atomics, memory intrinsics, divisions
/// and traps.
void insertChecks(Preparation &preparation);
/// Replaces what is NVIDIA's or AMD's by calls of the runtime.
void lowerIntrinsics(Preparation &preparation);
/// Gives shared variables a place in the block's window, and makes the others
/// visible.
void placeGlobals(Preparation &preparation);
/// Makes functions of the host of kernels.
void lowerKernels(Preparation &preparation);

/// The steps behind the check, for the machine.
llvm::Expected<PreparedModule> prepareModule(llvm::Module &module,
                                             llvm::TargetMachine &machine);

/// Whether lowerIntrinsics knows the intrinsic, or the host's code generator
/// does what the vendor's would.
bool isModelledIntrinsic(const llvm::CallInst &call);

/// Threads of a warp (or wavefront) of the target that `function` is for.
uint32_t getWarpSize(const llvm::Function &function);
/// Whether the function is one that hosts launch.
bool isKernel(const llvm::Function &function);

/// Exchanges between lanes as AMD has them: whether the call has a form that is
/// modelled, and its result.
bool isModelledAMDIntrinsic(const llvm::CallInst &call);
llvm::Value *lowerAMDIntrinsic(Preparation &preparation, llvm::CallInst &call);

/// Symbols of the runtime and their addresses.
struct RuntimeSymbol {
  llvm::StringLiteral name;
  void *address;
};
llvm::ArrayRef<RuntimeSymbol> getRuntimeSymbols();

} // namespace mlir::softmax::emulator

#endif // SOFTMAX_LIB_EMULATOR_PREPARE_H
