// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "Targets.h"

#include "softmax/Schedule/Candidate.h"
#include "softmax/Schedule/GPUSchedule.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Program.h"

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
    {EmitKind::LLVM, "llvm", "", ".ll", true, CPU},
    {EmitKind::Assembly, "asm", "", ".s", true, CPU},
    {EmitKind::Object, "obj", "", ".o", false, CPU},
    {EmitKind::Archive, "archive", "lib", ".a", false, CPU},
    {EmitKind::Shared, "shared", "lib", ".so", false, CPU},
    {EmitKind::PTX, "ptx", "", ".ptx", true, NVIDIA},
    {EmitKind::Cubin, "cubin", "", ".cubin", false, NVIDIA},
    {EmitKind::SPIRV, "spirv", "", ".spv", false, Vulkan},
    {EmitKind::Header, "header", "", ".h", true, All},
    {EmitKind::Manifest, "manifest", "", ".json", true, All},
};

/// What --target calls GPUs.
static constexpr std::pair<llvm::StringLiteral, GPUKind> kGPUTargets[] = {
    {"nvptx", GPUKind::NVIDIA},
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
    if (entry.kind == EmitKind::Cubin && !llvm::sys::findProgramByName("ptxas"))
      return llvm::createStringError("--emit=cubin needs NVIDIA's ptxas on the "
                                     "PATH; use --emit=ptx, which "
                                     "the driver compiles when it is loaded");
    return entry.kind;
  }
  std::string use = "; use " + llvm::join(names, ", ");
  if (!gpu && (other || name == "hsaco"))
    return llvm::createStringError(
        "--emit=" + name.str() +
        (other == &entryOf(EmitKind::SPIRV) ? " needs --target=vulkan"
         : other ? " needs a GPU target, as --target=nvptx:sm_90"
                 : " is of GPUs that this version has not") +
        use);
  return llvm::createStringError(
      (!other                 ? "unknown --emit=" + name.str()
       : other->targets & CPU ? "--emit=" + name.str() + " needs a CPU target"
                              : "--emit=" + name.str() + " is of other GPUs") +
      use);
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

llvm::Error mlir::softmax::parseTargetList(StringRef text, Options &options) {
  for (auto [name, kind] : kGPUTargets) {
    StringRef chip = text;
    std::string prefix = (name + ":").str();
    if (chip.consume_front(prefix)) {
      llvm::Expected<GPUDescription> gpu = parseGPU(chip, kind);
      if (!gpu)
        return gpu.takeError();
      options.gpu = std::move(*gpu);
      return llvm::Error::success();
    }
    if (text == name || text.contains(prefix))
      return llvm::createStringError("'" + text +
                                     "': a GPU is one target by itself; use " +
                                     prefix + "CHIP with " + listGPUs(kind));
  }
  // All devices have one name.
  if (StringRef rest = text;
      rest.consume_front("vulkan") && !rest.contains(',')) {
    llvm::Expected<GPUDescription> gpu = parseGPU(text, GPUKind::Vulkan);
    if (!gpu)
      return gpu.takeError();
    options.gpu = std::move(*gpu);
    return llvm::Error::success();
  }
  if (text.contains("vulkan"))
    return llvm::createStringError(
        "'" + text +
        "': a GPU is one target by itself; use vulkan or vulkan:subgroup=N");
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
