// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "Targets.h"

#include "softmax/Schedule/Candidate.h"
#include "softmax/Schedule/GPUSchedule.h"
#include "softmax/Target/CudaTools.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;
using namespace mlir::softmax;

namespace {
enum class For { CPU, GPU, Both };

struct EmitEntry {
  EmitKind kind;
  llvm::StringLiteral name;
  llvm::StringLiteral prefix;
  llvm::StringLiteral extension;
  bool isText;
  For target;

  bool isFor(bool gpu) const {
    return target == For::Both || (target == For::GPU) == gpu;
  }
};
} // namespace

static constexpr EmitEntry kEmitEntries[] = {
    {EmitKind::MLIR, "mlir", "", ".mlir", true, For::Both},
    {EmitKind::Scheduled, "scheduled", "", ".scheduled.mlir", true, For::Both},
    {EmitKind::LLVM, "llvm", "", ".ll", true, For::Both},
    {EmitKind::Assembly, "asm", "", ".s", true, For::CPU},
    {EmitKind::Object, "obj", "", ".o", false, For::CPU},
    {EmitKind::Archive, "archive", "lib", ".a", false, For::CPU},
    {EmitKind::Shared, "shared", "lib", ".so", false, For::Both},
    {EmitKind::PTX, "ptx", "", ".ptx", true, For::GPU},
    {EmitKind::Cubin, "cubin", "", ".cubin", false, For::GPU},
    {EmitKind::Fatbin, "fatbin", "", ".fatbin", false, For::GPU},
    {EmitKind::Launcher, "launcher", "", ".cuda.h", true, For::GPU},
    {EmitKind::Header, "header", "", ".h", true, For::Both},
    {EmitKind::Manifest, "manifest", "", ".json", true, For::Both},
};

static const EmitEntry &entryOf(EmitKind kind) {
  return *llvm::find_if(
      kEmitEntries, [&](const EmitEntry &entry) { return entry.kind == kind; });
}

bool mlir::softmax::isText(EmitKind kind) { return entryOf(kind).isText; }

std::string mlir::softmax::defaultFileName(EmitKind kind, StringRef base) {
  const EmitEntry &entry = entryOf(kind);
  return (entry.prefix + base + entry.extension).str();
}

llvm::Expected<EmitKind> mlir::softmax::parseEmitKind(StringRef name,
                                                      bool gpu) {
  SmallVector<StringRef> names;
  const EmitEntry *other = nullptr;
  for (const EmitEntry &entry : kEmitEntries) {
    if (!entry.isFor(gpu)) {
      if (entry.name == name)
        other = &entry;
      continue;
    }
    if (entry.name != name) {
      names.push_back(entry.name);
      continue;
    }
    return entry.kind;
  }
  std::string use = "; use " + llvm::join(names, ", ");
  if (!gpu && (other || name == "hsaco" || name == "spirv"))
    return llvm::createStringError(
        "--emit=" + name.str() +
        (other ? " needs a GPU target, as --target=nvptx:sm_90"
               : " is of GPUs that this version has not") +
        use);
  return llvm::createStringError(
      (other ? "--emit=" + name.str() + " needs a CPU target"
             : "unknown --emit=" + name.str()) +
      use);
}

std::optional<EmitKind> mlir::softmax::kindOfPath(StringRef path, bool gpu) {
  const EmitEntry *best = nullptr;
  for (const EmitEntry &entry : kEmitEntries)
    if (entry.isFor(gpu) && path.ends_with(entry.extension) &&
        (!best || entry.extension.size() > best->extension.size()))
      best = &entry;
  if (!best)
    return std::nullopt;
  return best->kind;
}

llvm::Error mlir::softmax::checkDeviceKinds(ArrayRef<EmitKind> kinds,
                                            const Options &options) {
  if (!options.gpu)
    return llvm::Error::success();
  for (EmitKind kind : kinds) {
    std::string name = entryOf(kind).name.str();
    if (options.gpus.size() > 1 &&
        llvm::is_contained({EmitKind::LLVM, EmitKind::PTX, EmitKind::Cubin,
                            EmitKind::Header, EmitKind::Manifest},
                           kind))
      return llvm::createStringError(
          "--emit=" + name +
          " is of one chip; name one with --target, or use fatbin, launcher or "
          "shared, which hold code for all of them");
    for (StringRef program : {"ptxas", "fatbinary"}) {
      if (kind != EmitKind::Fatbin &&
          !(kind == EmitKind::Cubin && program == "ptxas"))
        continue;
      llvm::Expected<std::string> path =
          findCudaTool(program, options.cudaPath);
      if (!path)
        return llvm::createStringError(
            "--emit=" + name + ": " + llvm::toString(path.takeError()) +
            "; or use --emit=ptx, which the driver compiles when it is loaded");
    }
  }
  return llvm::Error::success();
}

llvm::Error mlir::softmax::parseTargetList(StringRef text, Options &options) {
  if (text.starts_with("nvptx:")) {
    for (StringRef chip : llvm::split(text, ',')) {
      chip.consume_front("nvptx:");
      llvm::Expected<GPUDescription> gpu = parseGPU(chip);
      if (!gpu)
        return gpu.takeError();
      for (const GPUDescription &other : options.gpus)
        if (other.name == gpu->name)
          return llvm::createStringError("'" + chip +
                                         "' is given twice; give it once");
      options.gpus.push_back(std::move(*gpu));
    }
    options.gpu = options.gpus.front();
    return llvm::Error::success();
  }
  if (text == "nvptx" || text.contains("nvptx:"))
    return llvm::createStringError(
        "'" + text +
        "': CPUs and GPUs are not compiled for together; use nvptx:CHIP with " +
        listGPUs());
  llvm::Expected<SmallVector<TargetDescription, 1>> targets =
      parseTargets(text);
  if (!targets)
    return targets.takeError();
  options.targets = std::move(*targets);
  return llvm::Error::success();
}

llvm::Error mlir::softmax::checkStrategy(const Options &options) {
  if (options.gpu && options.threads != "none")
    return llvm::createStringError("--threads=" + options.threads +
                                   " is of CPU targets; leave it out");
  const std::string &name = options.forceStrategy;
  if (name.empty())
    return llvm::Error::success();
  if (options.gpu ? parseGPUStrategy(name).has_value()
                  : parseStrategy(name).has_value())
    return llvm::Error::success();
  return llvm::createStringError(
      "unknown --force-strategy=" + name + "; use " +
      (options.gpu ? listGPUStrategies() : listStrategies()));
}
