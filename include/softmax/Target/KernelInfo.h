// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// What is known about a kernel beside its code: the attribute `softmax.kernel`
// as plain data.
#ifndef SOFTMAX_TARGET_KERNELINFO_H
#define SOFTMAX_TARGET_KERNELINFO_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/BuiltinTypes.h"
#include "mlir/Support/LLVM.h"

#include <optional>
#include <string>

namespace mlir::softmax {

/// The dictionary attribute that marks a function as a kernel.
inline constexpr llvm::StringLiteral kernelAttrName = "softmax.kernel";

/// The string attribute of an argument or a result that names the operand which
/// it becomes.
inline constexpr llvm::StringLiteral operandNameAttrName = "softmax.name";

/// The functions beside a kernel NAME that the kernel passes create.
inline constexpr llvm::StringLiteral unitsSuffix = "__units";
inline constexpr llvm::StringLiteral workspaceSizeSuffix = "__workspace_size";

/// Bytes that a workspace is aligned to inside a kernel.
inline constexpr int64_t workspaceAlignment = 64;

/// One dimension of an operand: a static size, or a symbol that stands for the
/// same number wherever it occurs in the kernel.
struct KernelDim {
  int64_t size = 0;
  std::string symbol;

  bool isStatic() const { return symbol.empty(); }
  bool operator==(const KernelDim &other) const {
    return size == other.size && symbol == other.symbol;
  }
};

/// The code and width by which DLPack (1.x) names an element type.
struct DLPackType {
  uint8_t code;
  uint8_t bits;
};

struct KernelOperand {
  enum class Kind { Input, Output, Scalar };

  std::string name;
  /// What the source calls it, "%x" or "argument 0"; empty if there is none.
  std::string source;
  Kind kind = Kind::Input;
  /// Of outputs: whether the kernel reads what the caller passes, too.
  bool alsoRead = false;
  /// Type of the elements as the source has it (i1 for masks), or the scalar's.
  Type elementType;
  /// Of tensors only.
  llvm::SmallVector<KernelDim> shape;
  /// Of class indices that the kernel checks: how many classes there are, and
  /// the one that is none.
  std::optional<KernelDim> classes;
  std::optional<int64_t> ignoredClass;

  bool isTensor() const { return kind != Kind::Scalar; }
  int64_t rank() const { return static_cast<int64_t>(shape.size()); }
  /// Bytes of one element in memory; masks take one.
  int64_t elementBytes() const;
  /// Nothing for types that DLPack cannot name.
  std::optional<DLPackType> dlpackType() const;
  /// "float32", "bool", ... as array libraries call it.
  std::string typeName() const;
  /// "[s0, 10]".
  std::string shapeText() const;
};

/// One softmax.generic of a kernel.
struct KernelOpInfo {
  llvm::SmallVector<int64_t> dimensions;
  /// As printed.
  std::string statistics;
  /// Empty if none was assigned.
  std::string schedule;
  /// Names of the alternatives' strategies, in order.
  llvm::SmallVector<std::string> strategies;
};

/// What differs between the versions of a kernel for several CPUs.
struct KernelVersionInfo {
  llvm::SmallVector<KernelOpInfo> ops;
  std::string workspace;
};

struct KernelInfo {
  std::string name;
  /// Mnemonic of the named op that the kernel consists of, or "function".
  std::string op;
  /// Whether the kernel is one softmax op, so that an output may be the same
  /// buffer as an input.
  bool singleOp = false;
  /// In the order of the arguments, destinations last.
  llvm::SmallVector<KernelOperand> operands;
  /// Arguments of the source that only were destinations of what is an output
  /// now.
  llvm::SmallVector<std::string> dropped;
  /// Pairs (input, output) of positions that must not share a buffer although
  /// the kernel is a single op.
  llvm::SmallVector<std::pair<unsigned, unsigned>> neverInPlace;
  /// Filled by softmax-add-row-range.
  llvm::SmallVector<KernelOpInfo> ops;
  /// Bytes of scratch per running call, in terms of the symbols of the shapes;
  /// empty before softmax-promote-allocs-to-workspace.
  std::string workspace;
  /// Per target of a library with several; empty where there is one.
  llvm::SmallVector<KernelVersionInfo> versions;

  /// Whether output `output` may be the very buffer of input `input`: same
  /// shape, element size, and indexing.
  bool mayRunInPlace(unsigned input, unsigned output) const;
};

/// Reads `softmax.kernel` of a function (in the func or the LLVM dialect).
/// Emits a diagnostic at the function and fails if the attribute is missing,
/// malformed, or names a type that kernels cannot take.
FailureOr<KernelInfo> readKernelInfo(Operation *function);

/// The names of a kernel's operands in the order of its arguments, from
/// `softmax.kernel` alone: of kernels with operands that the C interface cannot
/// take as well.  Empty if the function has no such attribute.
llvm::SmallVector<llvm::StringRef> getOperandNames(Operation *function);

/// The kernels of `module` in order.  Complete (schedules, workspace) once the
/// kernel passes have run, before or after softmax-emit-kernel-interface.
FailureOr<llvm::SmallVector<KernelInfo, 0>> collectKernelInfo(ModuleOp module);

/// Adds or replaces one entry of a function's `softmax.kernel`.
void setKernelEntry(Operation *function, llvm::StringRef name, Attribute value);

} // namespace mlir::softmax

#endif // SOFTMAX_TARGET_KERNELINFO_H
