// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// aarch64: NEON, which every CPU of the architecture that runs Linux has, and
// SVE of any vector length.

#include "Targets.h"

#include "llvm/ADT/STLExtras.h"

#include <array>

using namespace mlir::softmax;
using llvm::StringLiteral;

llvm::ArrayRef<StringLiteral> targets::aarch64Features() {
  static constexpr std::array<StringLiteral, 2> features = {
      StringLiteral("sve"), StringLiteral("bf16")};
  return features;
}

TargetDescription targets::describeAArch64(Features features) {
  TargetDescription target;
  target.name = "aarch64";
  target.architecture = Architecture::AArch64;
  target.triple = "aarch64-unknown-linux-gnu";
  target.cpu = "generic";
  target.features = "+neon";
  target.vectorBits = 128;
  target.vectorRegisters = 32;
  target.fma = true;
  target.f16c = true;
  // NEON has no masked accesses: tails go in pieces.
  for (llvm::StringRef feature : features) {
    target.name += ("," + feature).str();
    target.features += (",+" + feature).str();
    target.required.push_back(feature.str());
    target.rank += feature == "sve" ? 2 : 1;
  }
  // 128 to 2048 bits.
  target.scalable = llvm::is_contained(features, "sve");
  target.mostScale = target.scalable ? 16 : 1;
  // BFCVT rounds as FPCR says, to nearest even wherever a C library has started
  // the thread, and keeps denormal numbers unless FPCR.FZ is set.
  target.bf16Native = llvm::is_contained(features, "bf16");
  return target;
}
