// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// riscv64: RV64GC, and with the feature "v" the vector extension 1.0.

#include "Targets.h"

#include "llvm/ADT/STLExtras.h"

#include <array>

using namespace mlir::softmax;
using llvm::StringLiteral;

llvm::ArrayRef<StringLiteral> targets::riscv64Features() {
  static constexpr std::array<StringLiteral, 1> features = {StringLiteral("v")};
  return features;
}

TargetDescription targets::describeRISCV64(Features features) {
  TargetDescription target;
  target.name = "riscv64";
  target.architecture = Architecture::RISCV64;
  target.triple = "riscv64-unknown-linux-gnu";
  target.cpu = "generic-rv64";
  target.features = "+m,+a,+f,+d,+c";
  // Doubles in floating-point registers, as every distribution has it.
  target.abi = "lp64d";
  target.fma = true;
  if (!llvm::is_contained(features, "v")) {
    // Two floats at a time, which LLVM takes apart: some independent work for
    // the pipeline without more values than the 32 registers hold.
    target.vectors = false;
    target.vectorBits = 64;
    target.vectorRegisters = 16;
    return target;
  }
  target.name += ",v";
  target.features += ",+v";
  target.required = {"v"};
  target.rank = 1;
  // HWCAP tells of V since Linux 6.5 only, and the registers that tell of it
  // are not for programs to read.
  target.checkable = false;
  // V implies Zvl128b, and 65536 bits are the most.  LLVM's vscale counts 64
  // bits, so that the vectors of 128 bits and more take two registers.
  target.vectorBits = 128;
  target.vectorRegisters = 32;
  target.scalable = true;
  target.leastScale = 2;
  target.mostScale = 1024;
  target.maskedMemory32 = target.maskedMemory16 = target.maskedMemory8 = true;
  target.maskedStores = true;
  return target;
}
