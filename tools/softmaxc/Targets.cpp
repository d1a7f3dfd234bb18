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
/// Targets as bits: CPUs, and GPUs by their kind.
enum For : unsigned {
  CPU = 1,
  NVIDIA = 2,
  AMD = 4,
  Vulkan = 8,
  GPUs = NVIDIA | AMD | Vulkan,
  All = CPU | GPUs
};

struct EmitEntry {
  EmitKind kind;
  llvm::StringLiteral name;
  llvm::StringLiteral prefix;
  llvm::StringLiteral extension;
  bool isText;
  unsigned targets;

  /// Of a GPU's kind, or of CPUs.
  bool isFor(std::optional<GPUKind> gpu) const {
    return targets & (gpu ? NVIDIA << static_cast<unsigned>(*gpu) : CPU);
  }
};
} // namespace

static_assert(NVIDIA << static_cast<unsigned>(GPUKind::AMD) == AMD &&
              NVIDIA << static_cast<unsigned>(GPUKind::Vulkan) == Vulkan);

static constexpr EmitEntry kEmitEntries[] = {
    {EmitKind::MLIR, "mlir", "", ".mlir", true, All},
    {EmitKind::Scheduled, "scheduled", "", ".scheduled.mlir", true, All},
    {EmitKind::LLVM, "llvm", "", ".ll", true, CPU | NVIDIA | AMD},
    {EmitKind::Assembly, "asm", "", ".s", true, CPU | AMD},
    {EmitKind::Object, "obj", "", ".o", false, CPU},
    {EmitKind::Archive, "archive", "lib", ".a", false, CPU},
    {EmitKind::Shared, "shared", "lib", ".so", false, CPU | NVIDIA},
    {EmitKind::PTX, "ptx", "", ".ptx", true, NVIDIA},
    {EmitKind::Cubin, "cubin", "", ".cubin", false, NVIDIA},
    {EmitKind::Fatbin, "fatbin", "", ".fatbin", false, NVIDIA},
    {EmitKind::Launcher, "launcher", "", ".cuda.h", true, NVIDIA},
    {EmitKind::HSACO, "hsaco", "", ".hsaco", false, AMD},
    {EmitKind::SPIRV, "spirv", "", ".spv", false, Vulkan},
    {EmitKind::Header, "header", "", ".h", true, All},
    {EmitKind::Manifest, "manifest", "", ".json", true, All},
};

/// What --target calls GPUs.
static constexpr std::pair<llvm::StringLiteral, GPUKind> kGPUTargets[] = {
    {"nvptx", GPUKind::NVIDIA},
    {"amdgcn", GPUKind::AMD},
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

llvm::Expected<EmitKind>
mlir::softmax::parseEmitKind(StringRef name, std::optional<GPUKind> gpu) {
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
  if (!other)
    return llvm::createStringError("unknown --emit=" + name.str() + use);
  if (other->targets == CPU)
    return llvm::createStringError("--emit=" + name.str() +
                                   " needs a CPU target" + use);
  StringRef example = other->targets & NVIDIA ? "nvptx:sm_90"
                      : other->targets & AMD  ? "amdgcn:gfx942"
                                              : "vulkan";
  return llvm::createStringError(
      "--emit=" + name.str() +
      (gpu ? " is of other GPUs" : " needs a GPU target") +
      ", as --target=" + example.str() + use);
}

std::optional<EmitKind> mlir::softmax::kindOfPath(StringRef path,
                                                  std::optional<GPUKind> gpu) {
  const EmitEntry *best = nullptr;
  for (const EmitEntry &entry : kEmitEntries)
    if (entry.isFor(gpu) && path.ends_with(entry.extension) &&
        (!best || entry.extension.size() > best->extension.size()))
      best = &entry;
  if (!best)
    return std::nullopt;
  return best->kind;
}

EmitKind mlir::softmax::defaultKind(GPUKind kind) {
  switch (kind) {
  case GPUKind::NVIDIA:
    return EmitKind::PTX;
  case GPUKind::AMD:
    return EmitKind::HSACO;
  case GPUKind::Vulkan:
    return EmitKind::SPIRV;
  }
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

/// Reads `text`, the chips of GPUs of one kind, each with or without `prefix`.
static llvm::Error parseChips(StringRef text, StringRef prefix, GPUKind kind,
                              Options &options) {
  for (StringRef chip : llvm::split(text, ',')) {
    chip.consume_front(prefix);
    llvm::Expected<GPUDescription> gpu = parseGPU(chip, kind);
    if (!gpu)
      return gpu.takeError();
    for (const GPUDescription &other : options.gpus)
      if (other.name == gpu->name)
        return llvm::createStringError("'" + chip +
                                       "' is given twice; give it once");
    options.gpus.push_back(std::move(*gpu));
  }
  if (options.gpus.size() > 1 && kind != GPUKind::NVIDIA)
    return llvm::createStringError(
        "'" + text +
        "': one chip at a time, but for nvptx; compile for each by itself");
  options.gpu = options.gpus.front();
  return llvm::Error::success();
}

llvm::Error mlir::softmax::parseTargetList(StringRef text, Options &options) {
  for (auto [name, kind] : kGPUTargets) {
    std::string prefix = (name + ":").str();
    if (text.starts_with(prefix))
      return parseChips(text, prefix, kind, options);
    if (text == name)
      return llvm::createStringError("'" + text + "': needs a chip; use " +
                                     prefix + "CHIP with " + listGPUs(kind));
    if (text.contains(prefix))
      return llvm::createStringError(
          "'" + text + "': CPUs and GPUs are not compiled for together; use " +
          prefix + "CHIP with " + listGPUs(kind));
  }
  // All devices have one name.
  if (text.starts_with("vulkan") && !text.contains(','))
    return parseChips(text, /*prefix=*/"", GPUKind::Vulkan, options);
  if (text.contains("vulkan"))
    return llvm::createStringError(
        "'" + text +
        "': a GPU is one target by itself; use vulkan or vulkan:subgroup=N");
  llvm::Expected<SmallVector<TargetDescription, 1>> targets =
      parseTargets(text);
  if (!targets)
    return llvm::createStringError(llvm::toString(targets.takeError()) +
                                   "; for GPUs nvptx:CHIP, amdgcn:CHIP or "
                                   "vulkan");
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
