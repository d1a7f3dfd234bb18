// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// x86-64: the levels of the psABI, and the machine that runs this code.

#include "Targets.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/Triple.h"

#include <optional>

#ifdef __linux__
#include <unistd.h>
#endif

using namespace mlir::softmax;
using llvm::StringLiteral;
using llvm::StringRef;

namespace {

/// Kernels use nothing of the C library beyond malloc, free, memcpy and memset,
/// so "gnu" binds nobody.
constexpr StringLiteral kTriple = "x86_64-unknown-linux-gnu";

/// Vector features of a level of the x86-64 psABI ("Micro-Architecture
/// Levels"): only those that `describeVectors` asks for.
llvm::StringSet<> levelFeatures(unsigned level) {
  llvm::StringSet<> features;
  if (level >= 3)
    for (StringRef feature : {"avx", "avx2", "fma", "f16c"})
      features.insert(feature);
  if (level >= 4)
    for (StringRef feature :
         {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"})
      features.insert(feature);
  return features;
}

/// Fills in all facts that follow from the vector extensions.
void describeVectors(TargetDescription &target,
                     const llvm::StringSet<> &features) {
  // AVX-512 counts only with everything that level v4 has: without VL and BW
  // the 16-bit and narrow masked forms would be emulated.
  bool avx512 = llvm::all_of(
      llvm::ArrayRef<StringRef>{"avx512f", "avx512bw", "avx512dq", "avx512vl"},
      [&](StringRef feature) { return features.contains(feature); });
  // AVX alone has no 256-bit integers, which the exponent arithmetic needs.
  bool avx2 = features.contains("avx2");

  target.vectorBits = avx512 ? 512 : avx2 ? 256 : 128;
  target.vectorRegisters = avx512 ? 32 : 16;
  target.fma = features.contains("fma") || avx512;
  target.f16c = features.contains("f16c") || avx512;
  // VCVTNEPS2BF16 of AVX512-BF16 takes denormal numbers for zeros, whatever the
  // floating-point mode (Intel SDM); results keep theirs (C-DEN-1).
  target.bf16Native = false;
  target.tableEntries = avx512 ? 16 : avx2 && target.fma ? 8 : 0;
  target.maskedMemory32 = avx2 || avx512;
  target.maskedMemory16 = avx512;
  target.maskedMemory8 = avx512;
  target.maskedStores = avx512;
}

/// Reads a cache size as Linux writes it ("32K", "8M", "4096").
std::optional<uint64_t> parseCacheSize(StringRef text) {
  text = text.trim();
  uint64_t unit = 1;
  if (text.consume_back("K"))
    unit = 1024;
  else if (text.consume_back("M"))
    unit = uint64_t{1024} * 1024;
  uint64_t number = 0;
  if (text.getAsInteger(10, number) || number == 0)
    return std::nullopt;
  return number * unit;
}

std::string readSysfs(const llvm::Twine &path) {
  llvm::ErrorOr<std::unique_ptr<llvm::MemoryBuffer>> buffer =
      llvm::MemoryBuffer::getFileAsStream(path);
  return buffer ? (*buffer)->getBuffer().trim().str() : std::string();
}

/// Measures the caches of this machine.  The sysfs directory is asked first:
/// for a third level sysconf may report the sum over the whole processor, of
/// which one core sees a part.
void detectCaches(TargetDescription &target) {
#ifdef __linux__
  bool found[4] = {false, false, false, false};
  uint64_t *sizes[4] = {nullptr, &target.l1Bytes, &target.l2Bytes,
                        &target.l3Bytes};
  for (unsigned index = 0; index < 8; ++index) {
    std::string folder =
        ("/sys/devices/system/cpu/cpu0/cache/index" + llvm::Twine(index)).str();
    unsigned level = 0;
    if (StringRef(readSysfs(folder + "/level")).getAsInteger(10, level) ||
        level < 1 || level > 3 || readSysfs(folder + "/type") == "Instruction")
      continue;
    std::optional<uint64_t> size = parseCacheSize(readSysfs(folder + "/size"));
    if (!size)
      continue;
    *sizes[level] = *size;
    found[level] = true;
    unsigned line = 0;
    if (level == 1 &&
        !StringRef(readSysfs(folder + "/coherency_line_size"))
             .getAsInteger(10, line) &&
        line > 0)
      target.cacheLineBytes = line;
  }
#if defined(_SC_LEVEL1_DCACHE_SIZE)
  const int names[4] = {0, _SC_LEVEL1_DCACHE_SIZE, _SC_LEVEL2_CACHE_SIZE,
                        _SC_LEVEL3_CACHE_SIZE};
  for (unsigned level = 1; level <= 3; ++level) {
    long size = found[level] ? 0 : sysconf(names[level]);
    if (size > 0)
      *sizes[level] = static_cast<uint64_t>(size);
  }
#endif
#endif
}

} // namespace

llvm::Expected<TargetDescription> targets::describeHost() {
  llvm::Triple host(llvm::sys::getProcessTriple());
  if (host.getArch() != llvm::Triple::x86_64)
    return refuse(
        "target 'native' is " + host.getArchName() +
        " on this machine, which this version detects on x86-64 only");

  TargetDescription target;
  target.name = "native";
  target.triple = kTriple.str();
  // A library asks the running CPU for levels, not for each extension of the
  // machine that it was compiled on.
  target.required = {"native"};
  target.checkable = false;
  target.cpu = llvm::sys::getHostCPUName().str();

  // Every feature is spelled out, absent ones too: a virtual machine may hide
  // some that the CPU's name implies.  Sorted, so that output is reproducible.
  llvm::StringSet<> present;
  std::vector<std::string> spelled;
  for (const llvm::StringMapEntry<bool> &feature :
       llvm::sys::getHostCPUFeatures()) {
    spelled.push_back(((feature.second ? "+" : "-") + feature.first()).str());
    if (feature.second)
      present.insert(feature.first());
  }
  llvm::sort(spelled, [](StringRef a, StringRef b) {
    return a.drop_front() < b.drop_front();
  });
  describeVectors(target, present);
  if (target.vectorBits == 512)
    spelled.push_back("-prefer-256-bit");
  target.features = llvm::join(spelled, ",");
  detectCaches(target);
  return target;
}

TargetDescription targets::describeX86Level(unsigned level) {
  TargetDescription target;
  target.name = level == 1 ? "x86-64" : "x86-64-v" + llvm::utostr(level);
  target.triple = kTriple.str();
  target.cpu = target.name;
  target.rank = level;
  if (level > 1)
    target.required = {target.name};
  describeVectors(target, levelFeatures(level));
  // LLVM tunes x86-64-v4 for the first CPUs that had it and would split every
  // 512-bit operation.
  if (target.vectorBits == 512)
    target.features = "-prefer-256-bit";
  return target;
}
