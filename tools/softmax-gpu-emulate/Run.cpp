// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "Run.h"

#include "Arguments.h"

#include "softmax/Emulator/DeviceModule.h"
#include "softmax/Pipelines/Pipelines.h"

#include "mlir/IR/DialectRegistry.h"

#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir::softmax;
using namespace mlir::softmax::emulator;

namespace {

constexpr int kFails = 1;
constexpr int kWrongUsage = 2;

int fail(int status, const llvm::Twine &message) {
  llvm::errs() << "softmax-gpu-emulate: " << message << '\n';
  return status;
}

llvm::Expected<std::unique_ptr<Program>> load(const EmulateOptions &options,
                                              llvm::StringRef contents) {
  auto context = std::make_unique<llvm::LLVMContext>();
  mlir::DialectRegistry host;
  registerPipelineDialects(host);
  llvm::Expected<std::unique_ptr<llvm::Module>> module = parseDeviceModule(
      contents, options.file, options.module, *context, &host);
  if (!module)
    return module.takeError();
  return Program::load(std::move(*module), std::move(context));
}

std::vector<OutputFile> makeCounters(const std::string &path,
                                     const Counters &counters) {
  OutputFile file;
  file.path = path;
  std::string text;
  llvm::raw_string_ostream(text)
      << llvm::formatv("{0:2}", counters.toJSON()) << '\n';
  file.contents.assign(text.begin(), text.end());
  return {file};
}

} // namespace

int mlir::softmax::emulate(EmulateOptions options) {
  llvm::ErrorOr<std::unique_ptr<llvm::MemoryBuffer>> contents =
      llvm::MemoryBuffer::getFileOrSTDIN(options.file);
  if (!contents)
    return fail(kWrongUsage, "cannot read '" + options.file +
                                 "': " + contents.getError().message());
  llvm::Expected<std::unique_ptr<Program>> program =
      load(options, (*contents)->getBuffer());
  if (!program)
    return fail(kFails, llvm::toString(program.takeError()));
  std::vector<std::string> kernels = (*program)->getKernels();
  if (options.listKernels) {
    for (const std::string &kernel : kernels)
      llvm::outs() << kernel << '\n';
    return 0;
  }
  Launch &launch = options.launch;
  if (launch.kernel.empty()) {
    if (kernels.size() != 1)
      return fail(kWrongUsage, "'" + options.file + "' holds " +
                                   llvm::Twine(kernels.size()) +
                                   " kernels; use --kernel to name one" +
                                   (kernels.empty() ? "" : ": ") +
                                   llvm::join(kernels, ", "));
    launch.kernel = kernels.front();
  }
  llvm::Expected<LaunchBuffers> buffers =
      makeArguments(options.arguments, launch);
  if (!buffers)
    return fail(kWrongUsage, llvm::toString(buffers.takeError()));
  llvm::Expected<LaunchResult> result = (*program)->launch(launch);
  if (!result)
    return fail(kWrongUsage, llvm::toString(result.takeError()));
  for (const Report &report : result->reports)
    llvm::errs() << "softmax-gpu-emulate: " << report.str() << '\n';

  // Counters tell also what a kernel with a fault did; its results nobody
  // should use.
  std::vector<OutputFile> files;
  if (result->reports.empty())
    files = makeOutputs(options.arguments, *buffers);
  if (!options.counters.empty())
    for (OutputFile &file : makeCounters(options.counters, result->counters))
      files.push_back(std::move(file));
  if (llvm::Error error = writeOutputFiles(files))
    return fail(kWrongUsage, llvm::toString(std::move(error)));
  return result->reports.empty() ? 0 : kFails;
}
