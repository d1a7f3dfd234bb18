// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// PTX, and what NVIDIA's programs and the launcher make of it.
#include "DeviceCompiler.h"
#include "DeviceScorecard.h"

#include "softmax/Target/CodeGen.h"
#include "softmax/Target/CudaTools.h"
#include "softmax/Target/Link.h"

#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/Path.h"
#include "llvm/Target/TargetMachine.h"

using namespace mlir;
using namespace mlir::softmax;

LogicalResult
DeviceCompiler::compileNVIDIA(ModuleOp module,
                              const GPUPipelineOptions &pipeline) {
  if (failed(emitLLVM(module, pipeline)))
    return failure();
  FailureOr<std::string> code = emitCode(module, pipeline, DeviceFormat::Isa);
  if (failed(code))
    return failure();
  auto functions = collectDeviceFunctions(module);
  if (failed(functions))
    return failure();
  versions.push_back({pipeline.chip, std::move(*code), std::move(*functions)});
  return success();
}

LogicalResult DeviceCompiler::finishNVIDIA(ModuleOp module) {
  const DeviceVersion &first = versions.front();
  outputs.files[EmitKind::PTX] = first.code;
  if (options.scorecard != ScorecardFormat::None)
    for (const DeviceVersion &version : versions) {
      llvm::Expected<std::string> card =
          makeScorecard(version.code, version.functions, version.chip, options);
      if (!card)
        return module.emitError("no scorecard: ")
               << llvm::toString(card.takeError());
      outputs.explanation += *card;
    }
  SmallVector<FatbinImage> images;
  if (wants(EmitKind::Cubin) || wants(EmitKind::Fatbin))
    for (const DeviceVersion &version : versions) {
      llvm::Expected<std::string> cubin =
          assemblePTX(version.code, version.chip.name, options.cudaPath);
      if (!cubin)
        return module.emitError(llvm::toString(cubin.takeError()));
      images.push_back({version.chip.name, version.code, std::move(*cubin)});
    }
  if (wants(EmitKind::Cubin))
    outputs.files[EmitKind::Cubin] = images.front().cubin;
  if (wants(EmitKind::Fatbin)) {
    llvm::Expected<std::string> fatbin = makeFatbin(images, options.cudaPath);
    if (!fatbin)
      return module.emitError(llvm::toString(fatbin.takeError()));
    outputs.files[EmitKind::Fatbin] = std::move(*fatbin);
  }
  if (wants(EmitKind::Launcher))
    outputs.files[EmitKind::Launcher] = emitDeviceLauncher(
        versions, options.baseName, fileName(EmitKind::Launcher));
  describe(first.functions, first.chip);
  return wants(EmitKind::Shared) ? emitShared(module) : success();
}

/// The library for the machine that this runs on.
LogicalResult DeviceCompiler::emitShared(ModuleOp module) {
  auto fail = [&](llvm::Error error) {
    return module.emitError(llvm::toString(std::move(error)));
  };
  FailureOr<OwningOpRef<ModuleOp>> library =
      buildDeviceLibrary(module.getContext(), versions, options.baseName);
  llvm::Expected<SmallVector<TargetDescription, 1>> host =
      parseTargets("native");
  if (!host)
    return fail(host.takeError());
  if (failed(library))
    return failure();
  TargetDescription target = describeBaseline(host->front().architecture);
  llvm::Expected<std::unique_ptr<llvm::TargetMachine>> machine =
      createTargetMachine(target);
  if (!machine)
    return fail(machine.takeError());
  llvm::LLVMContext context;
  llvm::Expected<std::unique_ptr<llvm::Module>> translated =
      translateAndOptimize(**library, context, target, **machine);
  if (!translated)
    return fail(translated.takeError());
  llvm::Expected<llvm::SmallVector<char, 0>> object =
      emitObject(**translated, **machine);
  if (!object)
    return fail(object.takeError());
  llvm::MemoryBufferRef bytes(StringRef(object->data(), object->size()),
                              "kernels.o");
  const std::string &path = output(EmitKind::Shared)->path;
  llvm::Expected<llvm::SmallVector<char, 0>> linked = linkSharedLibrary(
      bytes, path == "-" ? "" : llvm::sys::path::filename(path),
      /*dependency=*/nullptr, getCudaRuntimeObject());
  if (!linked)
    return fail(linked.takeError());
  outputs.files[EmitKind::Shared].assign(linked->begin(), linked->end());
  return success();
}
