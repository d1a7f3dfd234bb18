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
  Lanes from;
  if (operands.size() != 5 || !operands[1].isRegister())
    return;
  for (unsigned lane = 0; lane < kLanes; ++lane)
    if (std::optional<uint32_t> value = state.read(operands[2], lane)) {
      from.known |= 1u << lane;
      from.values[lane] = *value;
    }
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
    bool known = other && active >> *other & from.known >> *other & 1;
    state.writeRegister(operands[1].index, lane,
                        known ? Word(from.values[*other]) : Word());
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
  for (unsigned i = 0; i < words; ++i)
    for (unsigned lane = 0; lane < kLanes; ++lane) {
      if (!(active >> lane & 1))
        continue;
      unsigned index =
          value.index == kZeroRegister ? value.index : value.index + i;
      if (load) {
        Word held;
        if (address)
          if (auto it = state.local.find(*address + 4 * i);
              it != state.local.end() && it->second.known >> lane & 1)
            held = it->second.values[lane];
        state.writeRegister(index, lane, held);
      } else if (address) {
        Lanes &slot = state.local[*address + 4 * i];
        Word stored = getAccessBytes(instruction) < 4
                          ? Word()
                          : state.readRegister(index, lane);
        slot.known = (slot.known & ~(1u << lane)) | uint32_t(stored.has_value())
                                                        << lane;
        slot.values[lane] = stored.value_or(0);
      }
    }
}

/// R2P PR, Ra, mask.
static void unpackPredicates(const SassInstruction &instruction,
                             uint32_t active, WarpState &state) {
  for (unsigned lane = 0; lane < kLanes; ++lane) {
    if (!(active >> lane & 1) || instruction.operands.size() < 3)
      continue;
    Word bits = state.read(instruction.operands[1], lane);
    Word mask = state.read(instruction.operands[2], lane);
    bool plain = instruction.parts.size() == 1;
    for (unsigned i = 0; i < 7; ++i)
      if (!mask || *mask >> i & 1)
        state.writePredicate(
            i, lane, bits && mask && plain ? Truth(*bits >> i & 1) : Truth());
  }
}

void mlir::softmax::scorecard::forget(const SassInstruction &instruction,
                                      uint32_t lanes, WarpState &state) {
  llvm::SmallVector<unsigned> written;
  collectWrites(instruction, written);
  for (unsigned index : written)
    state.registers[index].known &= index >= kUniformRegister ? 0 : ~lanes;
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

  if (!LaneEvaluator::find(instruction))
    return forget(instruction, active, state);
  llvm::SmallVector<unsigned> written;
  collectWrites(instruction, written);
  std::array<LaneEvaluator::Results, kLanes> results;
  for (unsigned lane = 0; lane < kLanes; ++lane)
    if (active >> lane & 1)
      results[lane] = LaneEvaluator(instruction, state, lane).run();
  for (unsigned lane = 0; lane < kLanes; ++lane) {
    // What is written for the whole warp is as the first lane has it.
    auto choose = [&](bool uniform) -> const LaneEvaluator::Results * {
      if (uniform)
        return &results[llvm::countr_zero(active)];
      return active >> lane & 1 ? &results[lane] : nullptr;
    };
    for (auto [i, index] : llvm::enumerate(written))
      if (const auto *from = choose(index >= kUniformRegister))
        state.writeRegister(index, lane,
                            i < from->words.size() ? from->words[i] : Word());
    unsigned truth = 0;
    for (unsigned i = 0; i < destinations; ++i) {
      const SassOperand &operand = instruction.operands[i];
      if (!operand.isPredicate())
        continue;
      if (const auto *from = choose(operand.index >= kUniformPredicate))
        state.writePredicate(operand.index, lane,
                             truth < from->truths.size() ? from->truths[truth]
                                                         : Truth());
      ++truth;
    }
  }
}
