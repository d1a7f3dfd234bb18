// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// What becomes of each intrinsic.
#ifndef SOFTMAX_LIB_EMULATOR_INTRINSICRULES_H
#define SOFTMAX_LIB_EMULATOR_INTRINSICRULES_H

#include "Runtime.h"

#include "llvm/IR/Instructions.h"
#include "llvm/IR/Intrinsics.h"

#include <optional>

namespace mlir::softmax::emulator {

/// Special registers of PTX; AMD has some of them.
enum class Register : uint32_t {
  TidX,
  TidY,
  TidZ,
  NTidX,
  NTidY,
  NTidZ,
  CtaIdX,
  CtaIdY,
  CtaIdZ,
  NCtaIdX,
  NCtaIdY,
  NCtaIdZ,
  ClusterIdX,
  ClusterIdY,
  ClusterIdZ,
  NClusterIdX,
  NClusterIdY,
  NClusterIdZ,
  ClusterCtaIdX,
  ClusterCtaIdY,
  ClusterCtaIdZ,
  ClusterNCtaIdX,
  ClusterNCtaIdY,
  ClusterNCtaIdZ,
  ClusterCtaRank,
  ClusterNCtaRank,
  LaneId,
  WarpId,
  NWarpId,
  WarpSize,
  LaneMaskEq,
  LaneMaskLe,
  LaneMaskLt,
  LaneMaskGe,
  LaneMaskGt,
  TotalSharedBytes,
  DynamicSharedBytes
};

/// Of the block's barriers: whether a number of threads is given, whether all
/// threads of a warp must be together, and what becomes of the predicates.
namespace barrier_flags {
enum : uint32_t { hasCount = 1, isAligned = 2, popc = 4, all = 8, any = 16 };
} // namespace barrier_flags

struct IntrinsicRule {
  enum Kind : uint8_t {
    /// Stays: the host's code generator means the same.
    Keep,
    /// Goes away.
    Erase,
    /// A special register.
    ReadRegister,
    /// The runtime's function of the same arguments, element by element.
    Call,
    /// As Call, where the instruction is allowed to be approximate; NVIDIA's
    /// code generator has nothing else for it.
    CallIfApproximate,
    /// As CallIfApproximate, and Keep otherwise.
    CallOrKeep,
    /// LLVM's own fma, sqrt, ...
    Replace,
    /// Instructions: add, multiply, divide, reciprocal, convert.
    Add,
    Multiply,
    Divide,
    Reciprocal,
    Truncate,
    TruncateToBits,
    TruncatePair,
    Shuffle,
    Collective,
    BlockBarrier,
    ClusterArrive,
    ClusterWait,
    MapRank,
    GetRank,
    IsSpace,
    /// Exchanges between lanes as AMD has them.
    AMDLanes
  };
  Kind kind = Keep;
  llvm::StringLiteral runtime = "";
  /// Register, Collective, space, flags, or the intrinsic that replaces it.
  uint32_t value = 0;
};

/// None for what is not modelled.
std::optional<IntrinsicRule> getIntrinsicRule(llvm::Intrinsic::ID id);

} // namespace mlir::softmax::emulator

#endif // SOFTMAX_LIB_EMULATOR_INTRINSICRULES_H
