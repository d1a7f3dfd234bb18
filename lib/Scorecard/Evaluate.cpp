// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Instructions of a warp: what its lanes compute by themselves, and what they
// exchange.
#include "LaneEvaluator.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/bit.h"

using namespace mlir::softmax::scorecard;
using llvm::StringRef;

/// SHFL Pd, Rd, Ra, Rlane, Rclamp among the lanes of a warp.
static void shuffle(const SassInstruction &instruction, uint32_t active,
                    WarpState &state) {
  const auto &operands = instruction.operands;
  std::array<Word, kLanes> from;
  if (operands.size() != 5 || !operands[1].isRegister())
    return;
  for (unsigned lane = 0; lane < kLanes; ++lane)
    from[lane] = state.read(operands[2], lane);
  for (unsigned lane = 0; lane < kLanes; ++lane) {
    if (!(active >> lane & 1))
      continue;
    Word distance = state.read(operands[3], lane);
    Word clamp = state.read(operands[4], lane);
    std::optional<unsigned> other;
    if (distance && clamp && *clamp == 31) {
      if (instruction.has("IDX"))
        other = *distance & 31;
      else if (instruction.has("BFLY"))
        other = lane ^ (*distance & 31);
    }
    bool there = other && (active >> *other & 1) != 0;
    state.writeRegister(operands[1].index, lane, there ? from[*other] : Word());
    state.writePredicate(operands[0].index, lane,
                         other ? Truth(true) : Truth());
  }
}

/// VOTE.ANY Rd, Pd, Ps: the lanes of the warp where Ps holds.
static void vote(const SassInstruction &instruction, uint32_t active,
                 WarpState &state) {
  const SassOperand &condition = instruction.operands.back();
  uint32_t ballot = 0;
  bool known = true;
  for (unsigned lane = 0; lane < kLanes; ++lane)
    if (active >> lane & 1) {
      Truth value = state.readCondition(condition, lane);
      known &= value.has_value();
      ballot |= uint32_t(value.value_or(false)) << lane;
    }
  Truth truth = instruction.has("ALL")  ? ballot == active
                : instruction.has("EQ") ? ballot == active || ballot == 0
                                        : ballot != 0;
  for (size_t i = 0; i + 1 < instruction.operands.size(); ++i) {
    const SassOperand &operand = instruction.operands[i];
    bool uniform = operand.index >= (operand.isRegister() ? kUniformRegister
                                                          : kUniformPredicate);
    for (unsigned lane = 0; lane < kLanes; ++lane) {
      if (!uniform && !(active >> lane & 1))
        continue;
      if (operand.isRegister())
        state.writeRegister(operand.index, lane, known ? Word(ballot) : Word());
      else if (operand.isPredicate())
        state.writePredicate(operand.index, lane, known ? truth : Truth());
    }
  }
}

/// LDL and STL at an address that is the same in all lanes: spilled registers.
static void accessLocal(const SassInstruction &instruction, uint32_t active,
                        WarpState &state) {
  bool load = instruction.base() == "LDL";
  if (instruction.operands.size() < 2)
    return;
  const SassOperand &place = instruction.operands[load ? 1 : 0];
  const SassOperand &value = instruction.operands[load ? 0 : 1];
  unsigned words = std::max(1u, getAccessBytes(instruction) / 4);
  Word address = place.value;
  for (const SassOperand::Term &term : place.terms) {
    Word part = state.readRegister(term.index, llvm::countr_zero(active));
    address = address && part ? Word(*address + *part) : Word();
  }
  if (!address && !load)
    state.local.clear();
  if (!value.isRegister())
    return;
  unsigned bytes = getAccessBytes(instruction);
  // A part of a word at its place, and which bits a load extends by its sign.
  unsigned shift = bytes < 4 && address ? 8 * (*address & 3) : 0;
  uint32_t mask = bytes < 4 ? (1u << (8 * bytes)) - 1 : UINT32_MAX;
  bool isSigned = instruction.has("S16") || instruction.has("S8");
  for (unsigned i = 0; i < words; ++i)
    for (unsigned lane = 0; lane < kLanes; ++lane) {
      if (!(active >> lane & 1))
        continue;
      unsigned index =
          value.index == kZeroRegister ? value.index : value.index + i;
      uint32_t place = (address.value_or(0) & ~3u) + 4 * i;
      if (load) {
        auto slot = state.local.end();
        if (address)
          slot = state.local.find(place);
        Bits word = slot == state.local.end() ? Bits() : slot->second[lane];
        Bits part(word.value >> shift & mask, word.known >> shift & mask);
        uint32_t sign = mask ^ mask >> 1;
        if (!isSigned || (part.known & sign) != 0) {
          bool ones = isSigned && (part.value & sign) != 0;
          part = Bits(part.value | (ones ? ~mask : 0), part.known | ~mask);
        }
        state.writeRegister(index, lane, part);
      } else if (address) {
        Bits from = state.readBits(index, lane), &to = state.local[place][lane];
        to = Bits((to.value & ~(mask << shift)) | (from.value & mask) << shift,
                  (to.known & ~(mask << shift)) | (from.known & mask) << shift);
      }
    }
}

/// R2P PR, Ra, mask.
static void unpackPredicates(const SassInstruction &instruction,
                             uint32_t active, WarpState &state) {
  for (unsigned lane = 0; lane < kLanes; ++lane) {
    if (!(active >> lane & 1) || instruction.operands.size() < 3)
      continue;
    Bits bits = state.readOperandBits(instruction.operands[1], lane);
    Word mask = state.read(instruction.operands[2], lane);
    bool plain = instruction.parts.size() == 1;
    for (unsigned i = 0; i < 7; ++i)
      if (!mask || *mask >> i & 1)
        state.writePredicate(i, lane,
                             mask && plain && (bits.known >> i & 1) != 0
                                 ? Truth((bits.value >> i & 1) != 0)
                                 : Truth());
  }
}

void mlir::softmax::scorecard::forget(const SassInstruction &instruction,
                                      uint32_t lanes, WarpState &state) {
  llvm::SmallVector<unsigned> written;
  collectWrites(instruction, written);
  for (unsigned index : written)
    for (unsigned lane = 0; lane < kLanes; ++lane)
      if (index >= kUniformRegister || (lanes >> lane & 1) != 0)
        state.registers[index][lane] = Bits();
  for (unsigned i = 0; i < countDestinations(instruction); ++i)
    if (const SassOperand &operand = instruction.operands[i];
        operand.isPredicate())
      state.forgetPredicate(operand.index, operand.index >= kUniformPredicate
                                               ? UINT32_MAX
                                               : lanes);
}

void mlir::softmax::scorecard::evaluate(const SassInstruction &instruction,
                                        uint32_t active, WarpState &state) {
  StringRef base = instruction.base();
  if (base == "SHFL")
    return shuffle(instruction, active, state);
  if (base == "VOTE" || base == "VOTEU")
    return vote(instruction, active, state);
  if (base == "LDL" || base == "STL")
    return accessLocal(instruction, active, state);
  if (base == "R2P")
    return unpackPredicates(instruction, active, state);
  unsigned destinations = countDestinations(instruction);
  if (destinations == 0)
    return;

  LaneEvaluator::Method method = LaneEvaluator::find(instruction);
  if (!method)
    return forget(instruction, active, state);
  llvm::SmallVector<unsigned> written;
  collectWrites(instruction, written);
  auto write = [&](const LaneEvaluator::Results &from, unsigned lane,
                   bool uniform) {
    for (auto [i, index] : llvm::enumerate(written))
      if ((index >= kUniformRegister) == uniform)
        state.writeRegister(index, lane,
                            i < from.words.size() ? from.words[i] : Bits());
    unsigned truth = 0;
    for (unsigned i = 0; i < destinations; ++i) {
      const SassOperand &operand = instruction.operands[i];
      if (!operand.isPredicate())
        continue;
      if ((operand.index >= kUniformPredicate) == uniform)
        state.writePredicate(operand.index, lane,
                             truth < from.truths.size() ? from.truths[truth]
                                                        : Truth());
      ++truth;
    }
  };
  // What is written for the whole warp is as the first lane has it.
  LaneEvaluator::Results ofFirst;
  unsigned first = llvm::countr_zero(active);
  for (unsigned lane = 0; lane < kLanes; ++lane) {
    if (!(active >> lane & 1))
      continue;
    LaneEvaluator::Results results =
        LaneEvaluator(instruction, state, lane, destinations).run(method);
    write(results, lane, /*uniform=*/false);
    if (lane == first)
      ofFirst = std::move(results);
  }
  auto isUniform = [](const SassOperand &operand) {
    return (operand.isRegister() && operand.index >= kUniformRegister) ||
           (operand.isPredicate() && operand.index >= kUniformPredicate);
  };
  if (llvm::any_of(
          llvm::ArrayRef(instruction.operands).take_front(destinations),
          isUniform))
    for (unsigned lane = 0; lane < kLanes; ++lane)
      write(ofFirst, lane, /*uniform=*/true);
}

/// What is known of a word that is one of two.
static Bits merge(const Bits &one, const Bits &other) {
  return {one.value, one.known & other.known & ~(one.value ^ other.value)};
}

void mlir::softmax::scorecard::evaluatePerhaps(
    const SassInstruction &instruction, uint32_t lanes, WarpState &state) {
  StringRef base = instruction.base();
  if (base == "STL") {
    std::map<uint32_t, Lanes> before = state.local;
    evaluate(instruction, lanes, state);
    for (auto &[address, slot] : state.local)
      for (unsigned lane = 0; lane < kLanes; ++lane)
        slot[lane] = merge(slot[lane], before[address][lane]);
    return;
  }
  if (base == "R2P")
    for (unsigned i = 0; i < 7; ++i)
      state.forgetPredicate(i, lanes);
  llvm::SmallVector<unsigned> written;
  collectWrites(instruction, written);
  llvm::SmallVector<Lanes, 4> before;
  for (unsigned index : written)
    before.push_back(state.registers[index]);
  std::array<std::array<Truth, kLanes>, 2> truths;
  llvm::SmallVector<unsigned, 2> predicates;
  for (unsigned i = 0; i < countDestinations(instruction); ++i)
    if (const SassOperand &operand = instruction.operands[i];
        operand.isPredicate() && predicates.size() < truths.size()) {
      for (unsigned lane = 0; lane < kLanes; ++lane)
        truths[predicates.size()][lane] =
            state.readPredicate(operand.index, lane);
      predicates.push_back(operand.index);
    }
  evaluate(instruction, lanes, state);
  for (auto [index, old] : llvm::zip(written, before))
    for (unsigned lane = 0; lane < kLanes; ++lane) {
      Bits &now = state.registers[index][lane];
      now = merge(now, old[lane]);
    }
  for (auto [index, old] : llvm::zip(predicates, truths))
    for (unsigned lane = 0; lane < kLanes; ++lane)
      if (state.readPredicate(index, lane) != old[lane])
        state.writePredicate(index, lane, Truth());
}
