// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Integer instructions.  NVIDIA lists the mnemonics (CUDA Binary Utilities,
// "Instruction Set Reference") but not their operands; what stands here follows
// from the PTX that ptxas makes them from.
#include "LaneEvaluator.h"

#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/MathExtras.h"

#include <cmath>

using namespace mlir::softmax::scorecard;
using llvm::StringRef;
using Kind = SassOperand::Kind;

/// IADD3 Rd, Pcarry, Pcarry, Ra, Rb, Rc; .X adds carries.
void LaneEvaluator::add() {
  uint64_t sum = 0;
  bool known = true;
  unsigned count = 0;
  for (; count < 3 && has(count) && !operands[first + count].isPredicate();
       ++count) {
    Word word = plain(count);
    known &= word.has_value();
    bool negated = operands[first + count].negated;
    // -x is ~x + 1, whose carry counts.
    sum += negated ? uint64_t(~word.value_or(0)) + 1 : word.value_or(0);
  }
  if (is("X"))
    for (unsigned i = count; has(i); ++i) {
      Truth carry = condition(i);
      known &= carry.has_value();
      sum += carry.value_or(false);
    }
  result(known ? Word(static_cast<uint32_t>(sum)) : Word());
  results.truths = {known ? Truth(sum >> 32 >= 1) : Truth(),
                    known ? Truth(sum >> 32 >= 2) : Truth()};
}

/// IMAD Rd, Ra, Rb, Rc and what is written as one (MOV, SHL, IADD).
void LaneEvaluator::multiply() {
  Word a = source(0), b = source(1);
  // Nothing times anything.
  if ((a && *a == 0) || (b && *b == 0))
    a = b = 0;
  bool isUnsigned = is("U32");
  std::optional<uint64_t> product;
  if (a && b)
    product = isUnsigned ? uint64_t(*a) * *b
                         : uint64_t(int64_t(int32_t(*a)) * int32_t(*b));
  if (is("WIDE")) {
    auto c = has(2) ? state.readWide(operands[first + 2], lane) : std::nullopt;
    wideResult(product && c ? std::optional(*product + *c) : std::nullopt);
    return;
  }
  Word c = source(2);
  uint64_t carry = 0;
  bool known = product && c;
  if (is("X")) {
    Truth in = condition(3);
    known &= in.has_value();
    carry = in.value_or(false);
  }
  if (!known)
    return result(Word());
  uint64_t high = is("HI") ? *product >> 32 : *product;
  result(static_cast<uint32_t>(high + *c + carry));
}

/// LEA Rd, Pcarry, Ra, Rb, shift; .HI takes the upper half of Rc:Ra.
void LaneEvaluator::shiftAndAdd() {
  bool high = is("HI"), extend = is("SX32");
  unsigned at = high && !extend ? 3 : 2;
  Word a = source(0), b = source(1), shift = source(at), c = 0;
  if (high && !extend)
    c = source(2);
  Truth carry = is("X") ? condition(at + 1) : Truth(false);
  if (!a || !b || !c || !shift || !carry) {
    result(Word());
    results.truths = {std::nullopt};
    return;
  }
  if (extend)
    c = int32_t(*a) < 0 ? UINT32_MAX : 0;
  uint64_t wide = (uint64_t(*c) << 32 | *a) << (*shift & 31);
  uint64_t part = high ? wide >> 32 : static_cast<uint32_t>(wide);
  // -x is ~x + 1, whose carry counts where x is 0.
  if (!high && part == 0 && operands[first].negated)
    part = uint64_t(1) << 32;
  uint64_t sum = part + *b + *carry;
  result(static_cast<uint32_t>(sum));
  results.truths = {sum >> 32 != 0};
}

/// SHF.{L,R} Rd, Rlow, shift, Rhigh.
void LaneEvaluator::shift() {
  Word shift = source(1);
  bool left = is("L"), high = is("HI");
  bool narrow = is("U32") || is("S32");
  // The word that the result does not depend on may be unknown.
  Word low = narrow && !left && high ? Word(0) : source(0);
  Word upper = narrow && left && !high ? Word(0) : source(2);
  if (!shift || !low || !upper)
    return result(Word());
  unsigned amount = is("W") ? *shift & 31 : std::min(*shift, 64u);
  uint64_t wide = uint64_t(*upper) << 32 | *low;
  if (left)
    wide = amount > 63 ? 0 : wide << amount;
  else if (is("S32") || is("S64"))
    wide = static_cast<uint64_t>(int64_t(wide) >> std::min(amount, 63u));
  else
    wide = amount > 63 ? 0 : wide >> amount;
  result(static_cast<uint32_t>(high ? wide >> 32 : wide));
}

/// SGXT Rd, Ra, width: the lowest `width` bits, extended with their sign or,
/// with .U32, with zeros.
void LaneEvaluator::extend() {
  Word width = source(1);
  if (!width)
    return result(Word());
  unsigned count = is("W") ? *width & 31 : std::min(*width, 32u);
  uint32_t mask = llvm::maskTrailingOnes<uint32_t>(count);
  Bits from = bits(0);
  Bits low(from.value & mask, from.known & mask);
  if (is("U32") || count == 0)
    return result(Bits(low.value, low.known | ~mask));
  uint32_t sign = 1u << (count - 1);
  bool negative = (low.value & sign) != 0, known = (low.known & sign) != 0;
  result(Bits(negative ? low.value | ~mask : low.value,
              known ? low.known | ~mask : low.known));
}

/// LOP3.LUT Rd, Ra, Rb, Rc, table: a bit is known where those that are unknown
/// do not matter.
void LaneEvaluator::logic() {
  Word table = source(3);
  const Bits inputs[] = {bits(0), bits(1), bits(2)};
  uint32_t canBe[2] = {0, 0};
  for (unsigned i = 0; i < 8; ++i) {
    uint32_t possible = UINT32_MAX;
    for (unsigned k = 0; k < 3; ++k) {
      bool one = (i >> (2 - k) & 1) != 0;
      possible &= (one ? inputs[k].value : ~inputs[k].value) | ~inputs[k].known;
    }
    canBe[table.value_or(0) >> i & 1] |= possible;
  }
  Bits value(canBe[1], table ? canBe[0] ^ canBe[1] : 0);
  result(value);
  results.truths = {value.value != 0            ? Truth(true)
                    : value.known == UINT32_MAX ? Truth(false)
                                                : Truth()};
}

/// PLOP3.LUT Pd, Pd2, Pa, Pb, Pc, table, table2: known where the unknown ones
/// do not matter.
void LaneEvaluator::logicOfPredicates() {
  for (unsigned which = 0; which < 2; ++which) {
    Word table = source(3 + which);
    bool canBe[2] = {false, false};
    for (unsigned i = 0; i < 8 && table; ++i) {
      bool possible = true;
      for (unsigned k = 0; k < 3; ++k) {
        Truth value = condition(k);
        possible &= !value || *value == ((i >> (2 - k) & 1) != 0);
      }
      if (possible)
        canBe[*table >> i & 1] = true;
    }
    results.truths.push_back(table && canBe[0] != canBe[1] ? Truth(canBe[1])
                                                           : Truth());
  }
}

/// ISETP.LT.U32.AND Pd, Pd2, Ra, Rb, Pin, with .EX the upper half of a
/// comparison whose lower half is the last operand.
void LaneEvaluator::compare() {
  StringRef name;
  for (const std::string &part : llvm::drop_begin(instruction.parts))
    if (llvm::is_contained({"EQ", "NE", "LT", "LE", "GT", "GE"}, part))
      name = part;
  auto compareValues = [&](auto a, auto b) {
    return llvm::StringSwitch<bool>(name)
        .Case("EQ", a == b)
        .Case("NE", a != b)
        .Case("LT", a < b)
        .Case("LE", a <= b)
        .Case("GT", a > b)
        .Default(a >= b);
  };
  Truth value;
  bool wide = is("U64") || is("S64");
  bool isUnsigned = is("U32") || is("U64");
  if (wide && has(1)) {
    auto a = state.readWide(operands[first], lane);
    auto b = state.readWide(operands[first + 1], lane);
    if (a && b)
      value = isUnsigned ? compareValues(*a, *b)
                         : compareValues(int64_t(*a), int64_t(*b));
  } else if (Word a = source(0), b = source(1); a && b) {
    value = isUnsigned ? compareValues(*a, *b)
                       : compareValues(int32_t(*a), int32_t(*b));
    if (is("EX") && *a == *b)
      value = condition(3);
    else if (is("EX") && name == "NE")
      value = true;
    else if (is("EX") && name == "EQ")
      value = false;
  }
  if (name.empty())
    value = std::nullopt;
  Truth other = condition(2);
  auto combine = [&](Truth one) -> Truth {
    if (is("OR"))
      return (one && *one) || (other && *other) ? Truth(true)
             : one && other                     ? Truth(false)
                                                : Truth();
    if (is("XOR"))
      return one && other ? Truth(*one != *other) : Truth();
    return (one && !*one) || (other && !*other) ? Truth(false)
           : one && other                       ? Truth(true)
                                                : Truth();
  };
  results.truths = {combine(value), combine(value ? Truth(!*value) : Truth())};
}

void LaneEvaluator::select() {
  Truth which = condition(2);
  result(which ? source(*which ? 0 : 1) : Word());
}

/// Rd = P ? min : max.
void LaneEvaluator::minimum() {
  Word a = source(0), b = source(1);
  Truth least = condition(2);
  // Two halves of a word are of data.
  if (!a || !b || !least || is("U16x2") || is("S16x2"))
    return result(Word());
  bool less = is("U32") ? *a < *b : int32_t(*a) < int32_t(*b);
  result(less == *least ? *a : *b);
}

void LaneEvaluator::permute() {
  Word a = source(0), selection = source(1), b = source(2);
  if (!a || !selection || !b || instruction.parts.size() > 1)
    return result(Word());
  uint64_t bytes = uint64_t(*b) << 32 | *a;
  uint32_t value = 0;
  for (unsigned i = 0; i < 4; ++i) {
    uint32_t nibble = *selection >> (4 * i) & 15;
    uint32_t byte = bytes >> (8 * (nibble & 7)) & 255;
    if (nibble & 8)
      byte = byte & 128 ? 255 : 0;
    value |= byte << (8 * i);
  }
  result(value);
}

/// P2R Rd, PR, Ra, mask.
void LaneEvaluator::packPredicates() {
  Bits rest = bits(1);
  Word mask = source(2);
  if (!mask || instruction.parts.size() > 1)
    return result(Word());
  uint32_t value = rest.value & ~*mask, known = rest.known & ~*mask;
  for (unsigned i = 0; i < 7; ++i)
    if (*mask >> i & 1)
      if (Truth predicate = state.readPredicate(i, lane)) {
        value |= uint32_t(*predicate) << i;
        known |= 1u << i;
      }
  // There are seven predicates; the bits above are zero.
  known |= *mask & ~127u;
  result(Bits(value, known));
}

void LaneEvaluator::loadConstant() {
  const SassOperand &place = operands[first];
  unsigned words = std::max(1u, getAccessBytes(instruction) / 4);
  for (unsigned i = 0; i < words; ++i) {
    Word word;
    if (place.kind == Kind::Constant && getAccessBytes(instruction) >= 4)
      word = state.readConstant(place.bank, place.value + 4 * i);
    result(word);
  }
}

/// HFMA2 Rd, -RZ, RZ, upper, lower: how a constant gets into a register by way
/// of another unit.
void LaneEvaluator::constantOfHalves() {
  auto isZero = [&](unsigned i) {
    return has(i) && operands[first + i].isRegister() &&
           operands[first + i].index == kZeroRegister;
  };
  uint32_t value = 0;
  bool known = isZero(0) && isZero(1) && has(3);
  for (unsigned i = 2; known && i < 4; ++i) {
    llvm::APFloat half(llvm::APFloat::IEEEhalf());
    StringRef text = StringRef(operands[first + i].text).trim();
    auto status =
        half.convertFromString(text, llvm::APFloat::rmNearestTiesToEven);
    if (!status) {
      llvm::consumeError(status.takeError());
      known = false;
      break;
    }
    value = value << 16 |
            static_cast<uint32_t>(half.bitcastToAPInt().getZExtValue());
  }
  result(known ? Word(value) : Word());
}

/// What divisions of integers are made of: conversions of whole numbers, and
/// reciprocals, which the instructions that follow correct.
void LaneEvaluator::convert() {
  StringRef base = instruction.base();
  Word word = source(0);
  if (!word || is("F64") || is("64H"))
    return result(Word());
  if (base == "I2F" || base == "I2FP") {
    double exact = is("U32") ? double(*word) : double(int32_t(*word));
    auto rounded = static_cast<float>(exact);
    if (is("RP") && rounded < exact)
      rounded = std::nextafter(rounded, INFINITY);
    return result(llvm::bit_cast<uint32_t>(rounded));
  }
  auto number = llvm::bit_cast<float>(*word);
  if (base == "MUFU")
    return result(is("RCP") ? Word(llvm::bit_cast<uint32_t>(1 / number))
                            : Word());
  // F2I
  if (!is("TRUNC") || !(number >= 0 && number < 4294967296.0f))
    return result(Word());
  result(static_cast<uint32_t>(number));
}

/// MOV Rd, Ra and what else copies a word, or two.
void LaneEvaluator::move() {
  if (is("64") && has(0))
    return wideResult(state.readWide(operands[first], lane));
  result(bits(0));
  if (instruction.base() == "CS2R" && !is("32"))
    result(operands.back().text == "SRZ" ? Word(0) : Word());
}

void LaneEvaluator::magnitude() {
  Word word = source(0);
  result(word && int32_t(*word) < 0 ? Word(0 - *word) : word);
}

void LaneEvaluator::countBits() {
  Word word = source(0);
  result(word ? Word(llvm::popcount(*word)) : Word());
}

LaneEvaluator::Method LaneEvaluator::find(const SassInstruction &instruction) {
  StringRef base = instruction.base();
  // The uniform unit's instructions are the same, once per warp.
  if (base.size() > 1 && base.starts_with("U"))
    base = base.drop_front();
  auto method =
      llvm::StringSwitch<Method>(base)
          .Cases({"MOV", "S2R", "S2UR", "R2UR", "CS2R"}, &LaneEvaluator::move)
          .Case("IABS", &LaneEvaluator::magnitude)
          .Case("POPC", &LaneEvaluator::countBits)
          .Cases({"IADD3", "IADD", "VIADD"}, &LaneEvaluator::add)
          .Case("IMAD", &LaneEvaluator::multiply)
          .Case("LEA", &LaneEvaluator::shiftAndAdd)
          .Case("SHF", &LaneEvaluator::shift)
          .Case("SGXT", &LaneEvaluator::extend)
          .Case("LOP3", &LaneEvaluator::logic)
          .Case("PLOP3", &LaneEvaluator::logicOfPredicates)
          .Case("ISETP", &LaneEvaluator::compare)
          .Cases({"SEL", "FSEL"}, &LaneEvaluator::select)
          .Cases({"IMNMX", "VIMNMX"}, &LaneEvaluator::minimum)
          .Case("PRMT", &LaneEvaluator::permute)
          .Case("P2R", &LaneEvaluator::packPredicates)
          .Cases({"LDC", "LDCU"}, &LaneEvaluator::loadConstant)
          .Case("HFMA2", &LaneEvaluator::constantOfHalves)
          .Cases({"I2F", "I2FP", "F2I", "MUFU"}, &LaneEvaluator::convert)
          .Default(nullptr);
  // Pairs of registers only where words are copied.
  if (instruction.has("64") && method != &LaneEvaluator::move &&
      method != &LaneEvaluator::loadConstant)
    return nullptr;
  return method;
}

LaneEvaluator::Results LaneEvaluator::run(Method method) {
  if (first > 0 && has(0))
    (this->*method)();
  return std::move(results);
}
