// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// NVIDIA's machine code as `nvdisasm -c` prints it.
#ifndef SOFTMAX_SCORECARD_SASS_H
#define SOFTMAX_SCORECARD_SASS_H

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <cstdint>
#include <string>
#include <vector>

namespace mlir::softmax::scorecard {

/// A register or predicate: R0 to R254 and RZ, UR0 and URZ, P0 and PT, UP0 and
/// UPT in one numbering each for registers and predicates.
inline constexpr unsigned kUniformRegister = 256;
inline constexpr unsigned kZeroRegister = 255, kUniformZeroRegister = 511;
inline constexpr unsigned kUniformPredicate = 16;
inline constexpr unsigned kTruePredicate = 15, kUniformTruePredicate = 31;

struct SassOperand {
  enum class Kind : uint8_t {
    Register,
    Predicate,
    /// An integer, or a decimal that only HFMA2 gives a meaning as bits.
    Immediate,
    /// c[bank][offset]; the bank in `bank`, the offset in `value`.
    Constant,
    /// [R2.64+UR4+0x10]: registers in `terms`, the rest in `value`.
    Address,
    /// A place in the code, in `value`.
    Label,
    /// SR_TID.X and others.
    Special,
    /// B0, ...: where lanes meet again.
    Barrier,
    Other
  };
  struct Term {
    unsigned index = 0;
    /// Whether the next register holds the upper half.
    bool wide = false;
    unsigned scale = 1;
  };
  Kind kind = Kind::Other;
  unsigned index = 0;
  /// `-` and `~` before a register, `!` before a predicate, `|x|`.
  bool negated = false, inverted = false, absolute = false;
  uint32_t value = 0;
  unsigned bank = 0;
  llvm::SmallVector<Term, 2> terms;
  std::string text;

  bool isRegister() const { return kind == Kind::Register; }
  bool isPredicate() const { return kind == Kind::Predicate; }
};

struct SassInstruction {
  uint32_t address = 0;
  /// "LDG.E.128", and its parts.
  std::string opcode;
  llvm::SmallVector<std::string, 4> parts;
  /// The predicate under which it runs; kTruePredicate if it always does.
  unsigned guard = kTruePredicate;
  bool guardInverted = false;
  llvm::SmallVector<SassOperand, 6> operands;

  llvm::StringRef base() const { return parts.front(); }
  bool has(llvm::StringRef modifier) const {
    for (size_t i = 1; i < parts.size(); ++i)
      if (parts[i] == modifier)
        return true;
    return false;
  }
};

/// A kernel, with what it calls.
struct SassFunction {
  std::string name;
  std::vector<SassInstruction> instructions;

  /// Position of the instruction at `address`; the number of instructions if
  /// there is none.
  size_t find(uint32_t address) const;
};

/// Reads the kernels of nvdisasm's output.  Fails for text that is not of that
/// form, and says which line.
llvm::Expected<std::vector<SassFunction>> parseSass(llvm::StringRef text);

/// Registers that `instruction` writes and reads; zero registers are left out.
void collectWrites(const SassInstruction &instruction,
                   llvm::SmallVectorImpl<unsigned> &registers);
void collectReads(const SassInstruction &instruction,
                  llvm::SmallVectorImpl<unsigned> &registers);

/// How many leading operands `instruction` writes.
unsigned countDestinations(const SassInstruction &instruction);

/// Bytes that one lane moves, by the modifiers of a load or a store.
unsigned getAccessBytes(const SassInstruction &instruction);

} // namespace mlir::softmax::scorecard

#endif // SOFTMAX_SCORECARD_SASS_H
