// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "softmax/Target/CNames.h"
#include "softmax/Target/DeviceKernels.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace mlir::softmax;

static constexpr StringLiteral preamble = R"(
#include <stddef.h>
#include <stdint.h>

#ifndef SOFTMAX_DEVICE_LAUNCH
#define SOFTMAX_DEVICE_LAUNCH
/* What cuLaunchKernel and hipModuleLaunchKernel take: the function called `kernel` of the loaded module,
   `grid` blocks of `block` threads (both in x; 1 in y and z), `shared_bytes` of
   dynamic shared memory, and `arguments` as kernelParams.  Nothing is to be
   launched where `grid` is 0.  `arguments` points into the structure: do not
   copy it. */
typedef struct softmax_device_launch {
  const char *kernel;
  unsigned grid, block, shared_bytes;
  void *arguments[32];
  union { void *pointer; int64_t size; float f32; double f64; int32_t i32; int64_t i64; } values[32];
} softmax_device_launch;
#endif
)";

/// The C type of a scalar operand and the member of `values` that holds it;
/// empty where there is none.
static std::pair<StringRef, StringRef> getScalarType(const KernelOperand &op) {
  if (op.elementType.isF32())
    return {"float", "f32"};
  if (op.elementType.isF64())
    return {"double", "f64"};
  if (op.elementType.isInteger(32))
    return {"int32_t", "i32"};
  return {"int64_t", "i64"};
}

namespace {
class Writer {
public:
  Writer(const DeviceFunction &function, llvm::raw_ostream &os)
      : function(function), os(os) {
    // Of operands, and then of sizes, each another name that C can declare.
    llvm::StringSet<> taken;
    auto declare = [&](StringRef text) {
      std::string name = toCIdentifier(text);
      while (isReservedCName(name) || !taken.insert(name).second)
        name += '_';
      return name;
    };
    for (const KernelOperand &operand : function.info.operands)
      names.push_back(declare(operand.name));
    for (const KernelOperand &operand : function.info.operands)
      for (const KernelDim &dim : operand.shape)
        if (!dim.isStatic() && !sizes.contains(dim.symbol)) {
          sizes[dim.symbol] = declare(dim.symbol);
          symbols.push_back(dim.symbol);
        }
  }

  void write() {
    writeComment();
    std::string name = function.info.name;
    os << "static inline int " << name << "_plan(";
    SmallVector<std::string> parameters;
    for (auto [operand, id] : llvm::zip(function.info.operands, names)) {
      if (operand.isTensor())
        parameters.push_back((operand.kind == KernelOperand::Kind::Output
                                  ? "void *"
                                  : "const void *") +
                             id);
      else
        parameters.push_back((getScalarType(operand).first + " " + id).str());
    }
    for (const std::string &symbol : symbols)
      parameters.push_back("int64_t " + sizes[symbol]);
    parameters.push_back("softmax_device_launch *softmax_launch");
    os << llvm::join(parameters, ", ") << ") {\n";
    os << "  const int64_t softmax_rows = " << product(function.rows)
       << ", softmax_columns = " << product(function.columns) << ";\n";
    os << "  int64_t softmax_blocks = 0;\n";
    for (const std::string &symbol : symbols)
      os << "  if (" << sizes[symbol] << " < 0)\n    return 5;\n";
    for (const DeviceKernel &kernel : function.kernels)
      writeKernel(kernel);
    os << "  (void)softmax_columns;\n  return 5;\n}\n";
  }

private:
  std::string text(const KernelDim &dim) {
    return dim.isStatic() ? std::to_string(dim.size) : sizes[dim.symbol];
  }
  std::string product(ArrayRef<KernelDim> dims) {
    std::string result;
    for (const KernelDim &dim : dims)
      result += (result.empty() ? "(int64_t)" : " * ") + text(dim);
    return result.empty() ? "1" : result;
  }

  void writeComment() {
    os << "\n/* " << function.info.name << ", in row-major device memory:\n";
    for (auto [operand, id] : llvm::zip(function.info.operands, names)) {
      os << "     " << id << ": ";
      if (operand.kind == KernelOperand::Kind::Output)
        os << "output, ";
      os << operand.typeName();
      if (operand.isTensor()) {
        SmallVector<std::string> shape;
        for (const KernelDim &dim : operand.shape)
          shape.push_back(text(dim));
        os << " [" << llvm::join(shape, ", ") << "]";
      }
      os << "\n";
    }
    os << "   Returns 0, or 5 for sizes that are negative or too many rows. "
          "*/\n";
  }

  void writeKernel(const DeviceKernel &kernel) {
    SmallVector<std::string> guards;
    if (kernel.minColumns)
      guards.push_back("softmax_columns >= " +
                       std::to_string(kernel.minColumns));
    if (kernel.maxColumns)
      guards.push_back("softmax_columns <= " +
                       std::to_string(kernel.maxColumns));
    os << "  "
       << (guards.empty() ? "" : "if (" + llvm::join(guards, " && ") + ") ")
       << "{\n";
    os << "    softmax_blocks = softmax_rows / " << kernel.rowsPerBlock
       << " + (softmax_rows % " << kernel.rowsPerBlock << " != 0);\n";
    os << "    if (softmax_blocks > 2147483647)\n      return 5;\n";
    os << "    softmax_launch->kernel = \"" << kernel.name << "\";\n";
    os << "    softmax_launch->grid = (unsigned)softmax_blocks;\n";
    os << "    softmax_launch->block = " << kernel.threads << ";\n";
    os << "    softmax_launch->shared_bytes = 0;\n";
    for (auto [i, argument] : llvm::enumerate(kernel.arguments)) {
      const KernelOperand &operand = function.info.operands[argument.operand];
      const std::string &id = names[argument.operand];
      std::string to = "    softmax_launch->values[" + std::to_string(i) + "].";
      switch (argument.kind) {
      case DeviceArgument::Kind::Pointer:
        os << to << "pointer = (void *)" << id << ";\n";
        break;
      case DeviceArgument::Kind::Size:
        os << to << "size = " << text(operand.shape[argument.dimension])
           << ";\n";
        break;
      case DeviceArgument::Kind::Scalar:
        os << to << getScalarType(operand).second << " = " << id << ";\n";
        break;
      }
      os << "    softmax_launch->arguments[" << i
         << "] = &softmax_launch->values[" << i << "];\n";
    }
    os << "    return 0;\n  }\n";
  }

  const DeviceFunction &function;
  llvm::raw_ostream &os;
  /// C names of the operands; symbols of the shapes in order, and their C
  /// names.
  SmallVector<std::string> names, symbols;
  llvm::StringMap<std::string> sizes;
};
} // namespace

std::string mlir::softmax::emitDeviceHeader(ArrayRef<DeviceFunction> functions,
                                            const GPUDescription &chip,
                                            StringRef name) {
  std::string text;
  llvm::raw_string_ostream os(text);
  std::string guard = "SOFTMAX_" + StringRef(toCIdentifier(name)).upper();
  bool amd = chip.kind == GPUKind::AMD;
  os << "/* Launches of softmax kernels for " << (amd ? "AMD " : "NVIDIA ")
     << chip.name << ": load the " << (amd ? "hsaco" : "PTX")
     << " beside this file with\n   " << (amd ? "hip" : "cu")
     << "ModuleLoadData, take the function that a plan names with "
     << (amd ? "hip" : "cu") << "ModuleGetFunction,\n   and launch it. */\n";
  os << "#ifndef " << guard << "\n#define " << guard << "\n" << preamble;
  for (const DeviceFunction &function : functions)
    Writer(function, os).write();
  os << "\n#endif\n";
  return text;
}
