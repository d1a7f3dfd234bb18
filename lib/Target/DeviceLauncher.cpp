// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "DeviceNames.h"
#include "DevicePlan.h"

#include "softmax/Target/CNames.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace mlir::softmax;

/// Runtime/CudaInterface.h, and CudaDriver.h with CudaLauncher.h.
static constexpr unsigned char interfaceBytes[] = {
#include "CudaInterface.inc"
};
static constexpr unsigned char definitionBytes[] = {
#include "CudaDefinitions.inc"
};
static constexpr unsigned char objectBytes[] = {
#include "CudaRuntime.inc"
};

template <size_t N>
static StringRef asText(const unsigned char (&bytes)[N]) {
  return {reinterpret_cast<const char *>(bytes), N};
}

StringRef softmax::getCudaRuntimeObject() { return asText(objectBytes); }

/// An array in C, some 20 numbers a line.
template <typename Range>
static void writeArray(llvm::raw_ostream &os, StringRef declaration,
                       const Range &values) {
  os << "static const " << declaration << "[] = {";
  size_t count = 0;
  for (auto value : values)
    os << (count++ % 20 == 0 ? "\n  " : " ") << static_cast<int64_t>(value)
       << ",";
  os << "\n};\n";
}

namespace {
class Writer {
public:
  Writer(ArrayRef<DeviceVersion> versions, StringRef base,
         llvm::raw_ostream &os)
      : versions(versions), base(toCIdentifier(base)), os(os) {}

  void declare() {
    os << "\n/* Finds NVIDIA's driver; null and an error where there is none. "
          "The code is\n   loaded with the first launch in a context; free it "
          "when all launches are done. */\n"
       << "softmax_cuda *" << base
       << "_cuda_load(softmax_cuda_error *softmax_error);\nvoid " << base
       << "_cuda_free(softmax_cuda *softmax_kernels);\n";
    for (const DeviceFunction &function : versions.front().functions) {
      DeviceNames names(function.info);
      os << describeDeviceOperands(function.info, names)
         << "   Addresses of device memory (null where there are no elements), "
            "scalars and sizes.\n   Launches on the stream, a CUstream or "
            "cudaStream_t, in the current context (the\n   first GPU's if "
            "there "
            "is none), and returns 0, or a status and an error, which may\n"
            "   be null. */\n"
         << signature(function, names) << ";\n";
    }
  }

  void define() {
    for (const DeviceVersion &version : versions)
      defineImage(version);
    os << "\nstatic const softmax_cuda_image softmax_cuda_images_" << base
       << "[] = {\n";
    for (const DeviceVersion &version : versions)
      os << "  {\"" << version.chip.name << "\", "
         << getCapability(version.chip) << ", " << isExact(version.chip) << ", "
         << name("code", version) << ", " << name("names", version) << ", "
         << encodeDevicePlan(version.functions).nameCount << ", "
         << name("plan", version) << "},\n";
    os << "};\n"
       << "static const softmax_cuda_file softmax_cuda_file_" << base << " = {"
       << versions.size() << ", softmax_cuda_images_" << base << "};\n\n"
       << "softmax_cuda *" << base
       << "_cuda_load(softmax_cuda_error *softmax_error) {\n"
       << "  int status = 0;\n"
       << "  return softmax_cuda_create(&softmax_cuda_file_" << base
       << ", &status, softmax_error);\n}\n\n"
       << "void " << base << "_cuda_free(softmax_cuda *softmax_kernels) {\n"
       << "  softmax_cuda_release(softmax_kernels);\n}\n";
    for (auto [i, function] : llvm::enumerate(versions.front().functions))
      defineRun(function, i);
  }

private:
  std::string name(StringRef what, const DeviceVersion &version) const {
    return ("softmax_cuda_" + what + "_" + version.chip.name + "_" + base)
        .str();
  }

  static std::string signature(const DeviceFunction &function,
                               const DeviceNames &names) {
    SmallVector<std::string> parameters = {"softmax_cuda *softmax_kernels"};
    llvm::append_range(parameters, names.parameters(function.info));
    parameters.push_back("void *softmax_stream");
    parameters.push_back("softmax_cuda_error *softmax_error");
    return "int " + function.info.name + "_cuda_run(" +
           llvm::join(parameters, ", ") + ")";
  }

  void defineImage(const DeviceVersion &version) {
    DevicePlan plan = encodeDevicePlan(version.functions);
    os << "\n";
    // The driver reads up to a 0.
    writeArray(
        os, "unsigned char " + name("code", version),
        StringRef(version.code.c_str(), version.code.size() + 1).bytes());
    writeArray(os, "char " + name("names", version), plan.names);
    writeArray(os, "int64_t " + name("plan", version), plan.numbers);
  }

  void defineRun(const DeviceFunction &function, size_t number) {
    DeviceNames names(function.info);
    os << "\n" << signature(function, names) << " {\n";
    SmallVector<std::string> addresses, sizes;
    for (const std::string &operand : names.operands)
      addresses.push_back("&" + operand);
    for (const std::string &symbol : names.symbols)
      sizes.push_back(names.sizes[symbol]);
    if (sizes.empty())
      sizes.push_back("0");
    os << "  const void *softmax_operands[" << addresses.size() << "];\n"
       << "  int64_t softmax_sizes[" << sizes.size() << "];\n";
    for (auto [i, address] : llvm::enumerate(addresses))
      os << "  softmax_operands[" << i << "] = " << address << ";\n";
    for (auto [i, size] : llvm::enumerate(sizes))
      os << "  softmax_sizes[" << i << "] = " << size << ";\n";
    os << "  return softmax_cuda_launch(softmax_kernels, " << number
       << ", -1, softmax_operands, softmax_sizes, softmax_stream, "
          "softmax_error);\n}\n";
  }

  ArrayRef<DeviceVersion> versions;
  std::string base;
  llvm::raw_ostream &os;
};
} // namespace

std::string softmax::emitDeviceLauncher(ArrayRef<DeviceVersion> versions,
                                        StringRef base, StringRef fileName) {
  std::string text;
  llvm::raw_string_ostream os(text);
  std::string guard = "SOFTMAX_" + StringRef(toCIdentifier(fileName)).upper();
  SmallVector<StringRef> chips;
  for (const DeviceVersion &version : versions)
    chips.push_back(version.chip.name);
  os << "/* Softmax kernels for NVIDIA GPUs (" << llvm::join(chips, ", ")
     << ") and what launches them.\n   Define SOFTMAX_CUDA_IMPLEMENTATION "
        "before including this file in one C or C++\n   file of the program, "
        "or "
        "link the shared library of the same kernels. */\n";
  Writer writer(versions, base, os);
  os << "#ifndef " << guard << "\n#define " << guard << "\n"
     << asText(interfaceBytes)
     << "\n#ifdef __cplusplus\nextern \"C\" {\n#endif\n";
  writer.declare();
  os << "\n#ifdef __cplusplus\n}\n#endif\n#endif /* " << guard << " */\n\n"
     << "#if defined(SOFTMAX_CUDA_IMPLEMENTATION) && !defined(" << guard
     << "_IMPLEMENTATION)\n#define " << guard << "_IMPLEMENTATION\n"
     << asText(definitionBytes);
  writer.define();
  os << "#endif /* SOFTMAX_CUDA_IMPLEMENTATION */\n";
  return text;
}
