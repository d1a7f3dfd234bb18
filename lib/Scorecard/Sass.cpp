// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "softmax/Scorecard/Sass.h"

#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir::softmax::scorecard;
using llvm::StringRef;
using Kind = SassOperand::Kind;

size_t SassFunction::find(uint32_t address) const {
  auto it = llvm::lower_bound(instructions, address,
                              [](const SassInstruction &one, uint32_t other) {
                                return one.address < other;
                              });
  size_t index = it - instructions.begin();
  return index < instructions.size() && it->address == address
             ? index
             : instructions.size();
}

namespace {

/// A register, predicate, barrier or special register; Other where `text` is
/// none.
struct Name {
  Kind kind = Kind::Other;
  unsigned index = 0;
  bool wide = false;
  unsigned scale = 1;
};

} // namespace

static Name parseName(StringRef text) {
  Name name;
  auto [stem, modifiers] = text.split('.');
  // X4: an index that is multiplied by 4.
  for (StringRef modifier : llvm::split(modifiers, '.')) {
    name.wide |= modifier == "64";
    unsigned scale = 0;
    if (modifier.consume_front("X") && !modifier.getAsInteger(10, scale))
      name.scale = scale;
  }
  if (stem.starts_with("SR_") || stem == "SRZ")
    return {Kind::Special, 0, false, 1};
  bool uniform = stem.consume_front("U");
  unsigned number = 0;
  if (stem == "RZ") {
    name.kind = Kind::Register;
    name.index = uniform ? kUniformZeroRegister : kZeroRegister;
  } else if (stem == "PT") {
    name.kind = Kind::Predicate;
    name.index = uniform ? kUniformTruePredicate : kTruePredicate;
  } else if (stem.consume_front("R") && !stem.getAsInteger(10, number) &&
             number < kZeroRegister) {
    name.kind = Kind::Register;
    name.index = number + (uniform ? kUniformRegister : 0);
  } else if (stem.consume_front("P") && !stem.getAsInteger(10, number) &&
             number < kTruePredicate) {
    name.kind = Kind::Predicate;
    name.index = number + (uniform ? kUniformPredicate : 0);
  } else if (!uniform && stem.consume_front("B") &&
             !stem.getAsInteger(10, number) && number < 16) {
    name.kind = Kind::Barrier;
    name.index = number;
  }
  return name;
}

static bool parseInteger(StringRef text, uint32_t &value) {
  bool negative = text.consume_front("-");
  uint64_t bits = 0;
  if (text.getAsInteger(0, bits) || bits > UINT32_MAX)
    return false;
  value =
      negative ? 0 - static_cast<uint32_t>(bits) : static_cast<uint32_t>(bits);
  return true;
}

/// c[0x0][0x210]
static bool parseConstant(StringRef text, SassOperand &operand) {
  if (!text.consume_front("c["))
    return false;
  auto [bank, offset] = text.split("][");
  // The offset may be a register, which only tables use.
  if (!offset.consume_back("]") || bank.getAsInteger(0, operand.bank) ||
      !parseInteger(offset, operand.value))
    return false;
  operand.kind = Kind::Constant;
  return true;
}

/// desc[UR4][R2.64+0x10], [R2], [R2.X4+UR5+-0x4]
static bool parseAddress(StringRef text, SassOperand &operand) {
  if (!text.ends_with("]") ||
      !(text.starts_with("[") || text.starts_with("desc[")))
    return false;
  StringRef inner = text.drop_back().rsplit('[').second;
  for (StringRef part : llvm::split(inner, '+')) {
    Name name = parseName(part.trim());
    uint32_t number = 0;
    if (name.kind == Kind::Register)
      operand.terms.push_back({name.index, name.wide, name.scale});
    else if (parseInteger(part.trim(), number))
      operand.value += number;
    else
      return false;
  }
  operand.kind = Kind::Address;
  return true;
}

static SassOperand parseOperand(StringRef text,
                                const llvm::StringMap<uint32_t> &labels) {
  SassOperand operand;
  operand.text = text.str();
  if (text.contains('`') || text.contains("@lo(") || text.contains("@hi(")) {
    // `(.L_x_1), or 32@lo((kernel + .L_x_1@srel)): the address of a label.
    operand.kind = text.contains('`') ? Kind::Label : Kind::Immediate;
    StringRef rest = text.trim("`() ").split('@').first;
    if (size_t at = text.find(".L_"); at != StringRef::npos)
      rest = text.substr(at).take_while(
          [](char c) { return llvm::isAlnum(c) || c == '_' || c == '.'; });
    auto label = labels.find(rest);
    if (label == labels.end())
      operand.kind = Kind::Other;
    else
      operand.value = text.contains("@hi(") ? 0 : label->second;
    return operand;
  }
  if (text.consume_front("!"))
    operand.inverted = true;
  if (text.consume_front("~"))
    operand.inverted = true;
  uint32_t number = 0;
  if (parseInteger(text, number)) {
    operand.kind = Kind::Immediate;
    operand.value = number;
    return operand;
  }
  if (text.consume_front("-"))
    operand.negated = true;
  if (text.consume_front("|")) {
    operand.absolute = true;
    text = text.split('|').first;
  }
  if (parseConstant(text, operand) || parseAddress(text, operand))
    return operand;
  Name name = parseName(text);
  operand.kind = name.kind;
  operand.index = name.index;
  return operand;
}

/// The operands, which commas separate outside brackets.
static void parseOperands(StringRef text,
                          const llvm::StringMap<uint32_t> &labels,
                          SassInstruction &instruction) {
  size_t begin = 0;
  int depth = 0;
  for (size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size()) {
      depth += text[i] == '(' || text[i] == '[';
      depth -= text[i] == ')' || text[i] == ']';
    }
    if (i < text.size() && (text[i] != ',' || depth > 0))
      continue;
    StringRef part = text.slice(begin, i).trim();
    begin = i + 1;
    if (part.empty())
      continue;
    // RET R4 `(kernel) separates by blanks.
    if (size_t tick = part.find(" `"); tick != StringRef::npos) {
      instruction.operands.push_back(
          parseOperand(part.take_front(tick).trim(), labels));
      part = part.drop_front(tick).trim();
    }
    instruction.operands.push_back(parseOperand(part, labels));
  }
}

/// The address before an instruction, if `line` is one.
static bool consumeAddress(StringRef &line, uint32_t &address) {
  if (!line.consume_front("/*"))
    return false;
  auto [digits, rest] = line.split("*/");
  if (digits.empty() || digits.getAsInteger(16, address))
    return false;
  line = rest.trim();
  return true;
}

static bool parseInstruction(StringRef line,
                             const llvm::StringMap<uint32_t> &labels,
                             SassInstruction &instruction) {
  if (!consumeAddress(line, instruction.address))
    return false;
  // Turing's pairs, remarks such as (*"SpillRefill"*) and encodings that follow
  // are not code.
  line = line.split(';').first.split("(*").first.trim().trim("{} ");
  if (line.consume_front("@")) {
    instruction.guardInverted = line.consume_front("!");
    auto [name, rest] = line.split(' ');
    Name guard = parseName(name);
    if (guard.kind != Kind::Predicate)
      return false;
    instruction.guard = guard.index;
    line = rest.trim();
  }
  auto [opcode, operands] = line.split(' ');
  if (opcode.empty() || !llvm::isUpper(opcode.front()))
    return false;
  instruction.opcode = opcode.str();
  for (StringRef part : llvm::split(opcode, '.'))
    instruction.parts.push_back(part.str());
  parseOperands(operands, labels, instruction);
  // LD.E R4, [R4]: a generic address is of two registers, named or not.
  StringRef base = instruction.base();
  if ((base == "LD" || base == "ST" || base == "ATOM") && instruction.has("E"))
    for (SassOperand &operand : instruction.operands)
      for (SassOperand::Term &term : operand.terms)
        term.wide = true;
  return true;
}

llvm::Expected<std::vector<SassFunction>>
mlir::softmax::scorecard::parseSass(StringRef text) {
  struct Section {
    SassFunction function;
    std::vector<std::pair<size_t, StringRef>> lines;
    llvm::StringMap<uint32_t> labels;
  };
  std::vector<Section> sections;
  llvm::SmallVector<StringRef> pending;
  size_t number = 0;
  for (StringRef line : llvm::split(text, '\n')) {
    ++number;
    line = line.trim();
    StringRef name = line;
    if (name.consume_front(".section") || line.starts_with("//---")) {
      if (line.starts_with("//---")) {
        pending.clear();
        continue;
      }
      name = name.trim();
      if (name.consume_front("\""))
        name = name.split('"').first;
      name = name.split(',').first;
      if (!name.consume_front(".text."))
        continue;
      sections.emplace_back();
      sections.back().function.name = name.str();
      continue;
    }
    uint32_t address = 0;
    StringRef rest = line;
    if (consumeAddress(rest, address)) {
      if (rest.empty() || rest.starts_with("/*"))
        continue;
      if (sections.empty())
        return llvm::createStringError(
            "line " + std::to_string(number) +
            " of the disassembly stands outside a section of code");
      for (StringRef label : pending)
        sections.back().labels[label] = address;
      pending.clear();
      sections.back().lines.emplace_back(number, line);
    } else if (line.consume_back(":")) {
      pending.push_back(line.trim("\""));
    }
  }
  std::vector<SassFunction> functions;
  for (Section &section : sections) {
    for (auto [at, line] : section.lines) {
      SassInstruction instruction;
      if (!parseInstruction(line, section.labels, instruction))
        return llvm::createStringError("line " + std::to_string(at) +
                                       " of the disassembly is not an "
                                       "instruction: " +
                                       line.str());
      section.function.instructions.push_back(std::move(instruction));
    }
    if (!section.function.instructions.empty())
      functions.push_back(std::move(section.function));
  }
  if (functions.empty())
    return llvm::createStringError("the disassembly has no code");
  return functions;
}

unsigned
mlir::softmax::scorecard::getAccessBytes(const SassInstruction &instruction) {
  for (const auto &[modifier, bytes] :
       {std::pair<StringRef, unsigned>{"256", 32},
        {"128", 16},
        {"64", 8},
        {"U16", 2},
        {"S16", 2},
        {"U8", 1},
        {"S8", 1}})
    if (instruction.has(modifier))
      return bytes;
  return 4;
}

unsigned mlir::softmax::scorecard::countDestinations(
    const SassInstruction &instruction) {
  StringRef base = instruction.base();
  // What reads all of its operands.
  static const StringRef readers[] = {
      "STG",       "ST",           "STS",    "STL",       "RED",
      "REDG",      "BAR",          "BRA",    "BRX",       "JMP",
      "CALL",      "RET",          "EXIT",   "BSSY",      "BSYNC",
      "WARPSYNC",  "NOP",          "BREAK",  "MEMBAR",    "UCGABAR_ARV",
      "CCTL",      "ERRBAR",       "YIELD",  "NANOSLEEP", "DEPBAR",
      "LDGDEPBAR", "UCGABAR_WAIT", "LDGSTS", "CCTLL",     "R2P",
      "FENCE",     "BPT",          "STAS",   "KILL",      "ARRIVES",
      "UTMASTG",   "UTMALDG",      "UBLKCP", "UBLKPF"};
  if (llvm::is_contained(readers, base) || instruction.operands.empty())
    return 0;
  const auto &operands = instruction.operands;
  auto isPredicate = [&](size_t i) {
    return i < operands.size() && operands[i].isPredicate() &&
           !operands[i].inverted;
  };
  // Comparisons write two predicates.
  if (base.ends_with("SETP") || base == "PLOP3" || base == "UPLOP3")
    return isPredicate(1) ? 2 : 1;
  // Those whose second operand never is a source predicate.
  if (base == "SHFL" || base == "LOP3" || base == "ULOP3" || base == "VOTE" ||
      base == "VOTEU" || base == "ATOMG" || base == "ATOM" || base == "MATCH" ||
      base == "ELECT") {
    unsigned count = 1;
    if (operands[0].isPredicate())
      count += operands.size() > 1 && operands[1].isRegister();
    else if (isPredicate(1))
      ++count;
    return count;
  }
  if (base == "IADD3" || base == "UIADD3" || base == "LEA" || base == "ULEA" ||
      base == "IMAD" || base == "UIMAD" || base == "IADD" || base == "F2FP" ||
      base == "VIMNMX" || base == "UVIMNMX") {
    unsigned count = 1;
    while (isPredicate(count))
      ++count;
    return count;
  }
  // Two groups of four registers.
  if (instruction.has("256"))
    return 2;
  return 1;
}

/// Registers that one operand stands for.
static unsigned countRegisters(const SassInstruction &instruction,
                               size_t operand, bool written) {
  StringRef base = instruction.base();
  // Matrices of 8 x 8, one to four.
  if (base == "LDSM")
    return instruction.has("4") ? 4 : instruction.has("2") ? 2 : 1;
  if (base.starts_with("LD") || base.starts_with("ULD") || base == "ATOMG" ||
      base.starts_with("ST"))
    return instruction.has("256")
               ? 4
               : std::max(1u, getAccessBytes(instruction) / 4);
  if (base == "S2R" || base == "S2UR" || base == "CS2R")
    return base == "CS2R" && !instruction.has("32") ? 2 : 1;
  bool f64 = llvm::StringSwitch<bool>(base)
                 .Cases({"DADD", "DMUL", "DFMA", "DSETP", "DMNMX"}, true)
                 .Default(false);
  bool pair = llvm::StringSwitch<bool>(base)
                  .Cases({"FFMA2", "FADD2", "FMUL2"}, true)
                  .Default(false);
  if (f64 || pair)
    return 2;
  if (base == "F2F" || base == "I2F" || base == "F2I") {
    bool wideResult =
        base == "F2F"
            ? instruction.parts.size() > 1 && instruction.parts[1] == "F64"
        : base == "I2F" ? instruction.has("F64")
                        : instruction.has("S64") || instruction.has("U64");
    bool wideSource =
        base == "F2F"
            ? instruction.parts.size() > 2 && instruction.parts[2] == "F64"
        : base == "I2F" ? instruction.has("S64") || instruction.has("U64")
                        : instruction.has("F64");
    return (written ? wideResult : wideSource) ? 2 : 1;
  }
  if ((base == "IMAD" || base == "UIMAD") && instruction.has("WIDE"))
    return written || operand + 1 == instruction.operands.size() ? 2 : 1;
  if (base == "HMMA" || base == "IMMA" || base == "QGMMA" || base == "HGMMA")
    return 4;
  return instruction.has("64") ? 2 : 1;
}

static void push(unsigned index, unsigned count,
                 llvm::SmallVectorImpl<unsigned> &registers) {
  unsigned zero =
      index >= kUniformRegister ? kUniformZeroRegister : kZeroRegister;
  for (unsigned i = 0; i < count && index + i < zero; ++i)
    registers.push_back(index + i);
}

void mlir::softmax::scorecard::collectWrites(
    const SassInstruction &instruction,
    llvm::SmallVectorImpl<unsigned> &registers) {
  unsigned count = countDestinations(instruction);
  for (unsigned i = 0; i < count && i < instruction.operands.size(); ++i)
    if (instruction.operands[i].isRegister())
      push(instruction.operands[i].index,
           countRegisters(instruction, i, /*written=*/true), registers);
}

void mlir::softmax::scorecard::collectReads(
    const SassInstruction &instruction,
    llvm::SmallVectorImpl<unsigned> &registers) {
  for (size_t i = countDestinations(instruction);
       i < instruction.operands.size(); ++i) {
    const SassOperand &operand = instruction.operands[i];
    if (operand.isRegister())
      push(operand.index, countRegisters(instruction, i, /*written=*/false),
           registers);
    for (const SassOperand::Term &term : operand.terms)
      push(term.index, term.wide ? 2 : 1, registers);
  }
}
