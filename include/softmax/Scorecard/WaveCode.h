// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// AMD's machine code: how many instructions of which kind stand in a kernel.
#ifndef SOFTMAX_SCORECARD_WAVECODE_H
#define SOFTMAX_SCORECARD_WAVECODE_H

#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <array>
#include <cstdint>

namespace mlir::softmax::scorecard {

/// What executes an instruction.
enum class WaveUnit : uint8_t {
  /// The vector unit, at its full rate or slower, and its part for
  /// exponentials,
  /// logarithms, reciprocals and roots.
  Vector,
  Transcendental,
  /// The scalar unit, and its loads.
  Scalar,
  ScalarMemory,
  /// Global memory, memory of a thread (spills), and LDS, whose unit exchanges
  /// values between threads as well.
  GlobalMemory,
  Scratch,
  LDS,
  /// Branches, waits, barriers, caches.
  Control
};
inline constexpr size_t kWaveUnits = 8;

/// "vector", "transcendental", ...
llvm::StringRef getWaveUnitName(WaveUnit unit);
/// By its name in LLVM's assembly: "v_exp_f32_e32".
WaveUnit getWaveUnit(llvm::StringRef mnemonic);

/// Instructions as they stand in the code: one of a loop counts once.
struct WaveCounts {
  std::array<uint64_t, kWaveUnits> byUnit = {};
  uint64_t operator[](WaveUnit unit) const {
    return byUnit[static_cast<size_t>(unit)];
  }
  uint64_t total() const;
};

/// Counts the instructions of each function of a code object, which are
/// disassembled by LLVM.  Fails for any other file, and where bytes are no
/// instruction of the chip that the code object is for.
llvm::Expected<llvm::StringMap<WaveCounts>>
countWaveInstructions(llvm::StringRef codeObject);

} // namespace mlir::softmax::scorecard

#endif // SOFTMAX_SCORECARD_WAVECODE_H
