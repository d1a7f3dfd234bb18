// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Integer instructions, lane by lane.
#ifndef SOFTMAX_LIB_SCORECARD_LANEEVALUATOR_H
#define SOFTMAX_LIB_SCORECARD_LANEEVALUATOR_H

#include "WarpState.h"

namespace mlir::softmax::scorecard {

using Word = std::optional<uint32_t>;
using Truth = std::optional<bool>;

/// One instruction for one lane.
class LaneEvaluator {
public:
  /// `first` is the number of destinations.
  LaneEvaluator(const SassInstruction &instruction, WarpState &state,
                unsigned lane, unsigned first)
      : instruction(instruction), operands(instruction.operands), state(state),
        lane(lane), first(first) {}

  /// What becomes of the destinations, in their order: the words of registers
  /// and the predicates.
  struct Results {
    llvm::SmallVector<Bits, 4> words;
    llvm::SmallVector<Truth, 2> truths;
  };
  using Method = void (LaneEvaluator::*)();
  /// What computes such an instruction; null where nothing is known of it.
  static Method find(const SassInstruction &instruction);

  /// `method` is what find() says.
  Results run(Method method);

private:
  /// Source operand `i`, unknown where there is none.
  Word source(unsigned i) const {
    return has(i) ? state.read(operands[first + i], lane) : Word();
  }
  Bits bits(unsigned i) const {
    return has(i) ? state.readOperandBits(operands[first + i], lane) : Bits();
  }
  Word plain(unsigned i) const {
    return has(i) ? state.readPlain(operands[first + i], lane) : Word();
  }
  Truth condition(unsigned i) const {
    return has(i) ? state.readCondition(operands[first + i], lane) : Truth();
  }
  bool has(unsigned i) const { return first + i < operands.size(); }
  bool is(llvm::StringRef modifier) const { return instruction.has(modifier); }

  void move();
  void magnitude();
  void countBits();
  void add();
  void multiply();
  void shiftAndAdd();
  void shift();
  void extend();
  void logic();
  void logicOfPredicates();
  void compare();
  void select();
  void minimum();
  void permute();
  void packPredicates();
  void loadConstant();
  void constantOfHalves();
  void convert();
  void result(Bits word) { results.words.push_back(word); }
  void wideResult(std::optional<uint64_t> word) {
    result(word ? Word(static_cast<uint32_t>(*word)) : Word());
    result(word ? Word(static_cast<uint32_t>(*word >> 32)) : Word());
  }

  const SassInstruction &instruction;
  llvm::ArrayRef<SassOperand> operands;
  WarpState &state;
  unsigned lane;
  unsigned first;
  Results results;
};

} // namespace mlir::softmax::scorecard

#endif // SOFTMAX_LIB_SCORECARD_LANEEVALUATOR_H
