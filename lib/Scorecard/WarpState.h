// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// What is known of a warp's registers while its control flow is followed.
#ifndef SOFTMAX_LIB_SCORECARD_WARPSTATE_H
#define SOFTMAX_LIB_SCORECARD_WARPSTATE_H

#include "softmax/Scorecard/Sass.h"
#include "softmax/Scorecard/SassWalk.h"

#include <array>
#include <map>
#include <optional>

namespace mlir::softmax::scorecard {

inline constexpr unsigned kLanes = 32;

/// The upper word of generic addresses of shared memory; no buffer has it.
inline constexpr uint32_t kSharedWindow = 1;

/// A word of which some bits are known; the others are zero in `value`.
/// Compilers keep predicates as bits of a register, of floats and of integers
/// in the same one.
struct Bits {
  uint32_t value = 0, known = 0;

  Bits() = default;
  Bits(uint32_t value, uint32_t known) : value(value & known), known(known) {}
  Bits(uint32_t word) : Bits(word, UINT32_MAX) {}
  /// All or nothing.
  Bits(std::optional<uint32_t> word)
      : value(word.value_or(0)), known(word ? UINT32_MAX : 0) {}
  std::optional<uint32_t> getWord() const {
    return known == UINT32_MAX ? std::optional(value) : std::nullopt;
  }
};

/// A register of all lanes.
using Lanes = std::array<Bits, kLanes>;

/// Values are known or not, never guessed: what comes from memory and from
/// arithmetic on floats is not.
class WarpState {
public:
  WarpState(const WalkLaunch &launch, Dim3 block, unsigned warp);

  /// The lanes that have a thread.
  uint32_t getLanes() const { return lanes; }
  const WalkLaunch &getLaunch() const { return launch; }

  Bits readBits(unsigned index, unsigned lane) const;
  std::optional<uint32_t> readRegister(unsigned index, unsigned lane) const {
    return readBits(index, lane).getWord();
  }
  void writeRegister(unsigned index, unsigned lane, Bits value);
  std::optional<bool> readPredicate(unsigned index, unsigned lane) const;
  void writePredicate(unsigned index, unsigned lane, std::optional<bool> value);
  void forgetPredicate(unsigned index, uint32_t lanes) {
    predicates[index].known &= ~lanes;
  }

  /// The value of an integer operand, with its sign; nothing where unknown.
  std::optional<uint32_t> read(const SassOperand &operand, unsigned lane) const;
  /// The same without the operand's `-`.
  std::optional<uint32_t> readPlain(const SassOperand &operand,
                                    unsigned lane) const;
  /// The same, as far as its bits are known.
  Bits readOperandBits(const SassOperand &operand, unsigned lane) const;
  /// With the register that follows as the upper half.
  std::optional<uint64_t> readWide(const SassOperand &operand,
                                   unsigned lane) const;
  std::optional<bool> readCondition(const SassOperand &operand,
                                    unsigned lane) const;
  /// A special register, by its name.
  std::optional<uint32_t> readSpecial(llvm::StringRef name,
                                      unsigned lane) const;
  std::optional<uint32_t> readConstant(unsigned bank, uint32_t offset) const;
  /// The address of a lane's access to global memory.
  std::optional<uint64_t> readAddress(const SassOperand &operand,
                                      unsigned lane) const;

  /// What spilled registers hold.
  std::map<uint32_t, Lanes> local;
  std::array<Lanes, size_t(2) * kUniformRegister> registers = {};

private:
  const WalkLaunch &launch;
  Dim3 block;
  unsigned warp;
  uint32_t lanes = 0;
  struct Predicate {
    uint32_t known = 0, bits = 0;
  };
  std::array<Predicate, size_t(2) * kUniformPredicate> predicates;
};

/// Executes `instruction` for the lanes `active` as far as integers, addresses
/// and predicates go; all else that it writes is unknown afterwards.
void evaluate(const SassInstruction &instruction, uint32_t active,
              WarpState &state);

/// Everything that `instruction` writes is unknown in `lanes`.
void forget(const SassInstruction &instruction, uint32_t lanes,
            WarpState &state);

/// Executes `instruction` for `lanes`, in which it is not known whether it is
/// executed: what is known then is the same either way.
void evaluatePerhaps(const SassInstruction &instruction, uint32_t lanes,
                     WarpState &state);

} // namespace mlir::softmax::scorecard

#endif // SOFTMAX_LIB_SCORECARD_WARPSTATE_H
