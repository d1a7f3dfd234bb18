// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// softmax-vulkan-run: a kernel for Vulkan on NumPy files.

#include "Run.h"

#include "../Support/ToolSupport.h"

#include "llvm/Config/llvm-config.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir::softmax;
namespace cl = llvm::cl;

namespace {

constexpr llvm::StringLiteral overview =
    R"(runs a kernel for Vulkan on NumPy files

Takes what softmaxc --target=vulkan --emit=spirv,manifest wrote, and the .npy
files of the operands in the manifest's order (0-d arrays for scalars).

  softmax-vulkan-run out/softmax.json --input x.npy --output y.npy

Exit status: 0 all done; 1 the device or its loader is missing, cannot run the
kernel, or fails; 2 wrong usage, or a file cannot be read or written.
)";

/// All options; made after hideLibraryOptions.
struct CommandLineOptions {
  cl::OptionCategory category{"softmax-vulkan-run options"};

  cl::opt<std::string> manifest{cl::Positional, cl::desc("<manifest>"),
                                cl::cat(category)};
  cl::opt<std::string> code{
      "code", cl::desc("the SPIR-V module (the manifest's name with .spv)"),
      cl::value_desc("file"), cl::cat(category)};
  cl::opt<std::string> function{"function",
                                cl::desc("of the manifest (the only one)"),
                                cl::value_desc("name"), cl::cat(category)};
  cl::opt<std::string> device{
      "device", cl::desc("a part of the device's name (the first device)"),
      cl::value_desc("name"), cl::cat(category)};
  cl::list<std::string> inputs{"input", cl::desc("an input or scalar, .npy"),
                               cl::value_desc("file"), cl::cat(category)};
  cl::list<std::string> outputs{"output",
                                cl::desc("where an output goes, .npy"),
                                cl::value_desc("file"), cl::cat(category)};
};

void printVersion(llvm::raw_ostream &stream) {
  stream << "softmax-vulkan-run of softmax-mlir " SOFTMAX_VERSION_STRING
            ", LLVM "
         << LLVM_VERSION_STRING << '\n';
}

} // namespace

int main(int argc, char **argv) {
  hideLibraryOptions();
  // Never destroyed, since LLVM's table keeps pointing at it.
  static CommandLineOptions &given = *new CommandLineOptions;
  cl::HideUnrelatedOptions(given.category);
  cl::SetVersionPrinter(printVersion);
  if (!parseToolOptions(argc, argv, "softmax-vulkan-run", overview))
    return 2;
  if (given.manifest.empty()) {
    llvm::errs() << "softmax-vulkan-run: name a manifest, as softmaxc "
                    "--target=vulkan --emit=spirv,manifest writes it\n";
    return 2;
  }
  VulkanRunOptions options;
  options.manifest = given.manifest;
  options.code = given.code;
  options.function = given.function;
  options.device = given.device;
  options.inputs.assign(given.inputs.begin(), given.inputs.end());
  options.outputs.assign(given.outputs.begin(), given.outputs.end());
  return runOnVulkan(options);
}
