// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// What the cost models and the code generator need to know about a CPU.
#ifndef SOFTMAX_SCHEDULE_TARGETDESCRIPTION_H
#define SOFTMAX_SCHEDULE_TARGETDESCRIPTION_H

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <cstdint>
#include <string>

namespace mlir::softmax {

enum class Architecture { X86_64, AArch64, RISCV64 };

/// One CPU target: how LLVM names it, and what a schedule depends on.
struct TargetDescription {
  /// The name as the user gave it, features in a fixed order: "x86-64-v3",
  /// "native" or "aarch64,bf16".
  std::string name;
  Architecture architecture = Architecture::X86_64;
  /// LLVM's triple, CPU name and feature string ("+avx2,-avx512f,...").  The
  /// features already hold the tuning that makes LLVM use `vectorBits`.
  std::string triple;
  std::string cpu;
  std::string features;
  /// The calling convention where the triple does not tell, or empty.
  std::string abi;
  /// What of the name the running CPU must be asked for: levels of x86-64
  /// ("x86-64-v3") or features ("bf16").  Empty for the baseline of an
  /// architecture, which every CPU of it runs.
  llvm::SmallVector<std::string, 2> required;
  /// Whether a library can find out if the running CPU has what is required.
  bool checkable = true;
  /// Of two versions that a CPU runs, the one with the higher rank is picked.
  unsigned rank = 0;

  /// Whether there are vector instructions.  Without them vectors of
  /// `vectorBits` are computed element by element.
  bool vectors = true;
  /// Bits of the widest vector register to use, and how many of them there are.
  unsigned vectorBits = 128;
  unsigned vectorRegisters = 16;

  /// Whether vectors may have as many times more elements as the running CPU
  /// says (LLVM's vscale): `vectorBits` is then the least, and of vectors of a
  /// fixed length the most.  The factor is a power of two in a range.
  bool scalable = false;
  unsigned leastScale = 1, mostScale = 1;

  /// Fused multiply-add of f32 and f64 vectors.
  bool fma = false;
  /// Vector conversions f16 <-> f32.
  bool f16c = false;
  /// Vector conversion f32 -> bf16 that rounds to nearest even and keeps
  /// denormal numbers.
  bool bf16Native = false;
  /// Entries of a table of f32 that one instruction looks up for every lane of
  /// a vector; 0 if there is no such instruction.
  unsigned tableEntries = 0;
  /// Masked vector loads and stores that cost a few instructions, by the width
  /// of the element in bits (32 also stands for 64).
  bool maskedMemory32 = false;
  bool maskedMemory16 = false;
  bool maskedMemory8 = false;
  /// Whether masked stores are as cheap as masked loads.  Those of AVX2 take
  /// dozens of operations on AMD's cores up to Zen 3 (uops.info, VMASKMOVPS).
  bool maskedStores = false;

  /// Data cache sizes in bytes.  The third level may be shared by cores and is
  /// 0 where there is none.  Measured for `native`, conservative for the named
  /// levels, whose kernels run on many machines.
  uint64_t l1Bytes = 32 << 10;
  uint64_t l2Bytes = 512 << 10;
  uint64_t l3Bytes = 16 << 20;
  unsigned cacheLineBytes = 64;

  /// Elements of `bits` bits in one vector register.
  unsigned lanes(unsigned bits) const { return vectorBits / bits; }
};

/// The names of targets without their features, and the same for messages, with
/// the features that each takes ("native, x86-64, ..., riscv64[,v]").
llvm::ArrayRef<llvm::StringLiteral> supportedTargets();
std::string describeSupportedTargets();

/// Describes the target called `name`, a name of supportedTargets with features
/// behind it, joined by commas.  `native` detects the machine that runs this
/// code, its vector extensions and its caches; where a cache size cannot be
/// found the default above stands.  Fails with a one-line message that names
/// the supported targets if the name or a feature is unknown, if it is one that
/// a later version brings, if it is a list of targets, or if `native` is asked
/// for on another architecture than x86-64.
llvm::Expected<TargetDescription> parseTarget(llvm::StringRef name);

/// Describes the versions of a library: names of targets with their features,
/// joined by commas.  A word that is the name of a target begins a version, any
/// other is a feature of the version before it: "aarch64,bf16,aarch64" are two.
/// The best version comes first, whatever the order of the list.  Fails as
/// parseTarget does, and for versions that do not go into one library: of
/// several architectures, twice the same, or one that the running CPU cannot be
/// asked for.
llvm::Expected<llvm::SmallVector<TargetDescription, 1>>
parseTargets(llvm::StringRef list);

/// What every CPU of `architecture` runs.
TargetDescription describeBaseline(Architecture architecture);

} // namespace mlir::softmax

#endif // SOFTMAX_SCHEDULE_TARGETDESCRIPTION_H
