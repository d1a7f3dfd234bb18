// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// The C header of a library of kernels.

#include "softmax/Target/CNames.h"
#include "softmax/Target/LibraryText.h"
#include "softmax/Target/Status.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Config/llvm-config.h"
#include "llvm/Support/ErrorHandling.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Support/xxhash.h"

using namespace mlir;
using namespace mlir::softmax;

//===----------------------------------------------------------------------===//
// Names
//===----------------------------------------------------------------------===//

/// Parameter names: those of the operands, made distinct from each other, from
/// keywords, and from the further parameters of the range entry.
static SmallVector<std::string> getParameterNames(const KernelInfo &kernel) {
  llvm::StringSet<> taken = {"begin", "end", "workspace"};
  SmallVector<std::string> names;
  for (const KernelOperand &operand : kernel.operands) {
    std::string name = toCIdentifier(operand.name);
    while (isReservedCName(name) || taken.contains(name))
      name += '_';
    taken.insert(name);
    names.push_back(name);
  }
  return names;
}

/// `text` inside of a comment: it cannot end it.
static std::string inComment(StringRef text) {
  std::string result;
  for (char c : text) {
    if (c == '/' && !result.empty() && result.back() == '*')
      result += ' ';
    result += llvm::isPrint(c) ? c : ' ';
  }
  return result;
}

//===----------------------------------------------------------------------===//
// Fixed parts
//===----------------------------------------------------------------------===//

static constexpr StringLiteral tensorDeclaration = R"(#ifndef DLPACK_DLPACK_H_
#ifdef __has_include
#if __has_include(<dlpack/dlpack.h>)
#include <dlpack/dlpack.h>
#endif
#endif
#endif

/* What is needed of dlpack.h (DLPack 1.x), where that is not at hand. */
#if !defined(DLPACK_DLPACK_H_) && !defined(SOFTMAX_DLTENSOR_DECLARED)
#define SOFTMAX_DLTENSOR_DECLARED
enum { kDLCPU = 1 };
enum { kDLInt = 0, kDLUInt = 1, kDLFloat = 2, kDLBfloat = 4, kDLBool = 6 };
typedef struct {
  int32_t device_type;
  int32_t device_id;
} DLDevice;
typedef struct {
  uint8_t code;
  uint8_t bits;
  uint16_t lanes;
} DLDataType;
typedef struct {
  void *data;
  DLDevice device;
  int32_t ndim;
  DLDataType dtype;
  int64_t *shape;
  int64_t *strides; /* in elements; NULL: row-major without gaps */
  uint64_t byte_offset;
} DLTensor;
#endif

)";

static constexpr StringLiteral conventions = R"(/*
 * Every kernel NAME has four functions:
 *
 *   int32_t NAME(operands...)
 *   int64_t NAME_units(operands...)
 *   size_t  NAME_workspace_size(operands...)
 *   int32_t NAME_range(operands..., begin, end, workspace)
 *
 * NAME does all the work. To use threads of your own,
 * divide [0, NAME_units(...)) among them in any way: NAME_range does the units
 * from begin up to end, allocates nothing, and gives the same bits. Calls that
 * run at the same time need a workspace each, of NAME_workspace_size(...)
 * bytes; it may be NULL if that is 0. Both sizes are 0 if the operands are
 * refused.
 *
 * Operands are checked before anything is written: null pointers, device,
 * element type, rank, sizes, null data, strides, overlap, labels, in this
 * order, each over all operands; labels of the rows to be done. Sizes are in the order of the dimensions; those of the
 * same name must be equal. Inputs take any strides that are not negative (0
 * repeats an element). An output's strides must nest: sorted by stride, each
 * exceeds the sum of (size - 1) * stride over those before it, as in row-major
 * tensors, permuted, padded or sliced. The memory of an output, from its first
 * element to its last, must not overlap that of any other operand, except in
 * place where the kernel's comment says so: same address, strides and element
 * size. Data must be aligned to its elements. Masks are kDLBool, a byte per
 * element. The strides of dimensions of size 1 are ignored.
 *
 * Kernels keep no state: any number of threads may call them at once.
 */
)";

static void printStatuses(llvm::raw_ostream &os) {
  os << "/* What kernels return. */\n"
     << "#ifndef SOFTMAX_STATUS_DECLARED\n#define SOFTMAX_STATUS_DECLARED\n"
     << "enum softmax_status {\n";
  for (const KernelStatusText &status : kernelStatuses()) {
    os << "  " << status.name << " = " << static_cast<int32_t>(status.status);
    if (&status != &kernelStatuses().back())
      os << ',';
    os << '\n';
  }
  os << "};\n\nstatic inline const char *softmax_status_string(int32_t "
        "status) {\n  switch (status) {\n";
  for (const KernelStatusText &status : kernelStatuses())
    os << "  case " << status.name << ":\n    return \"" << status.meaning
       << "\";\n";
  os << "  default:\n    return \"unknown status\";\n  }\n}\n#endif\n\n";
}

//===----------------------------------------------------------------------===//
// One kernel
//===----------------------------------------------------------------------===//

static StringRef getCType(const KernelOperand &operand) {
  if (isa<FloatType>(operand.elementType))
    return "double";
  return operand.elementType.isInteger(32) ? "int32_t" : "int64_t";
}

static std::string getParameters(const KernelInfo &kernel,
                                 ArrayRef<std::string> names) {
  std::string text;
  llvm::raw_string_ostream os(text);
  llvm::interleaveComma(llvm::zip_equal(kernel.operands, names), os,
                        [&](const auto &pair) {
                          const auto &[operand, name] = pair;
                          if (operand.kind == KernelOperand::Kind::Input)
                            os << "const DLTensor *" << name;
                          else if (operand.kind == KernelOperand::Kind::Output)
                            os << "DLTensor *" << name;
                          else
                            os << getCType(operand) << ' ' << name;
                        });
  return text;
}

static StringRef describeKind(const KernelOperand &operand) {
  if (operand.alsoRead)
    return "input and output";
  switch (operand.kind) {
  case KernelOperand::Kind::Input:
    return "input";
  case KernelOperand::Kind::Output:
    return "output";
  case KernelOperand::Kind::Scalar:
    return "scalar";
  }
  llvm_unreachable("all kinds are handled");
}

static void printOperands(llvm::raw_ostream &os, const KernelInfo &kernel,
                          ArrayRef<std::string> names) {
  size_t nameWidth = 0, kindWidth = 0;
  for (auto [operand, name] : llvm::zip_equal(kernel.operands, names)) {
    nameWidth = std::max(nameWidth, name.size());
    kindWidth = std::max(kindWidth, describeKind(operand).size());
  }
  for (auto [operand, name] : llvm::zip_equal(kernel.operands, names)) {
    os << " *   " << llvm::left_justify(name, nameWidth) << "  "
       << llvm::left_justify(describeKind(operand), kindWidth) << "  "
       << operand.typeName();
    if (operand.isTensor())
      os << ' ' << inComment(operand.shapeText());
    else if (operand.elementType.isF32())
      os << ", rounded from double";
    if (!operand.source.empty() && operand.source != "%" + operand.name)
      os << " (" << inComment(operand.source) << " of the source)";
    os << '\n';
  }
  if (!kernel.dropped.empty())
    os << " *\n * Destinations of the source that are no operands, for the "
          "outputs take their place:\n * "
       << inComment(llvm::join(kernel.dropped, ", ")) << ".\n";
}

static void printLabels(llvm::raw_ostream &os, const KernelInfo &kernel,
                        ArrayRef<std::string> names) {
  for (auto [operand, name] : llvm::zip_equal(kernel.operands, names)) {
    if (!operand.classes)
      continue;
    os << " * Classes in " << name << ": 0 to ";
    if (operand.classes->isStatic())
      os << operand.classes->size - 1;
    else
      os << inComment(operand.classes->symbol) << " - 1";
    if (operand.ignoredClass)
      os << ", or " << *operand.ignoredClass << ", whose rows do not count";
    os << ";\n * of others the status is SOFTMAX_LABEL_OUT_OF_RANGE.\n";
  }
}

static void printInPlace(llvm::raw_ostream &os, const KernelInfo &kernel,
                         ArrayRef<std::string> names) {
  for (auto [output, outputName] : llvm::enumerate(names)) {
    SmallVector<StringRef> inputs;
    for (auto [input, inputName] : llvm::enumerate(names))
      if (kernel.mayRunInPlace(input, output))
        inputs.push_back(inputName);
    if (!inputs.empty())
      os << " * In place: " << outputName << " may be the buffer of "
         << llvm::join(inputs, " or ") << ".\n";
  }
}

static void printKernel(llvm::raw_ostream &os, const KernelInfo &kernel,
                        const LibraryInfo &library) {
  SmallVector<std::string> names = getParameterNames(kernel);
  os << "\n/*\n * " << inComment(kernel.name) << ": ";
  if (kernel.op == "function") {
    os << "a function of the source";
  } else {
    os << kernel.op;
    if (!kernel.ops.empty()) {
      ArrayRef<int64_t> dimensions = kernel.ops.front().dimensions;
      os << " over dimension" << (dimensions.size() > 1 ? "s " : " ");
      llvm::interleaveComma(dimensions, os);
    }
  }
  os << "\n *\n";
  printOperands(os, kernel, names);
  os << " *\n";
  for (auto [i, operand] : llvm::enumerate(kernel.operands))
    if (operand.kind == KernelOperand::Kind::Output)
      os << " * Accuracy of " << names[i] << ": "
         << describeAccuracy(kernel, i, library.accuracy) << ".\n";
  printLabels(os, kernel, names);
  printInPlace(os, kernel, names);
  std::string workspace = describeWorkspace(kernel, library);
  if (!workspace.empty())
    os << " * Workspace: "
       << (workspace == "0" ? "none" : inComment(workspace) + " bytes");
  // LLVM's vscale is 1 or more for SVE, 2 or more for V of RISC-V.
  if (StringRef(workspace).contains("vscale"))
    os << ", with vscale the vector length in units of "
       << 128 / library.targets.front().leastScale << " bits";
  if (!workspace.empty())
    os << ".\n";
  os << " */\n";

  std::string parameters = getParameters(kernel, names);
  StringRef orVoid = parameters.empty() ? StringRef("void") : parameters;
  os << "int32_t " << kernel.name << '(' << orVoid << ");\n"
     << "int64_t " << kernel.name << "_units(" << orVoid << ");\n"
     << "size_t " << kernel.name << "_workspace_size(" << orVoid << ");\n"
     << "int32_t " << kernel.name << "_range(" << parameters
     << (parameters.empty() ? "" : ", ")
     << "int64_t begin, int64_t end, void *workspace);\n";
}

/// The file's name for readers, and a hash of the kernels' names: headers of
/// different kernels may have the same name in different folders.
static std::string getGuard(ArrayRef<KernelInfo> kernels, StringRef name) {
  std::string names;
  for (const KernelInfo &kernel : kernels)
    names += kernel.name + ' ';
  return "SOFTMAX_KERNELS_" + StringRef(toCIdentifier(name)).upper() + '_' +
         llvm::utohexstr(llvm::xxh3_64bits(names));
}

std::string softmax::emitHeader(ArrayRef<KernelInfo> kernels,
                                const LibraryInfo &library, StringRef name) {
  std::string text;
  llvm::raw_string_ostream os(text);
  std::string guard = getGuard(kernels, name);
  os << "/*\n * " << inComment(name)
     << ": kernels for C99 and C++17, with DLPack tensors.\n"
     << " * Made by softmaxc " << getProjectVersion() << " (LLVM "
     << LLVM_VERSION_STRING << ") for "
     << inComment(describeTargetNames(library)) << ": "
     << inComment(describeRequirement(library)) << ".\n";
  if (library.targets.size() > 1)
    os << " * The best version that the CPU runs is picked when the library is "
          "loaded.\n";
  os << " * Accuracy: " << inComment(library.accuracy)
     << "; in ULP of an output's type, with x a logit, m the maximum of its"
     << "\n * row and N the row's length.\n * Threads: "
     << inComment(library.threads)
     << (library.threads == "openmp"
             ? ". NAME uses those of the OpenMP runtime, as OMP_NUM_THREADS and"
               "\n * its other controls say; small work stays in the calling "
               "thread. In a\n * process that runs on another OpenMP runtime "
               "than libomp, drive NAME_range."
             : ". NAME works in the calling thread.")
     << "\n */\n"
     << "#ifndef " << guard << "\n#define " << guard
     << "\n\n#include <stddef.h>\n#include <stdint.h>\n\n"
     << tensorDeclaration;
  printStatuses(os);
  os << conventions << "\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n";
  for (const KernelInfo &kernel : kernels)
    printKernel(os, kernel, library);
  os << "\n#ifdef __cplusplus\n}\n#endif\n\n#endif /* " << guard << " */\n";
  return text;
}
