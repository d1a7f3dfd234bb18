// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "WarpState.h"

#include "llvm/ADT/StringSwitch.h"

using namespace mlir::softmax::scorecard;
using llvm::StringRef;
using Kind = SassOperand::Kind;

WarpState::WarpState(const WalkLaunch &launch, Dim3 block, unsigned warp)
    : launch(launch), block(block), warp(warp) {
  uint64_t threads = uint64_t(launch.block.x) * launch.block.y * launch.block.z;
  for (unsigned lane = 0; lane < kLanes; ++lane)
    if (uint64_t(warp) * kLanes + lane < threads)
      lanes |= 1u << lane;
}

Bits WarpState::readBits(unsigned index, unsigned lane) const {
  if (index == kZeroRegister || index == kUniformZeroRegister)
    return {0, UINT32_MAX};
  return registers[index][lane];
}

Bits WarpState::readOperandBits(const SassOperand &operand,
                                unsigned lane) const {
  if (operand.kind != Kind::Register || operand.negated || operand.absolute)
    return read(operand, lane);
  Bits bits = readBits(operand.index, lane);
  return operand.inverted ? Bits(~bits.value, bits.known) : bits;
}

void WarpState::writeRegister(unsigned index, unsigned lane, Bits value) {
  if (index == kZeroRegister || index == kUniformZeroRegister)
    return;
  registers[index][lane] = value;
}

std::optional<bool> WarpState::readPredicate(unsigned index,
                                             unsigned lane) const {
  if (index == kTruePredicate || index == kUniformTruePredicate)
    return true;
  if (!(predicates[index].known >> lane & 1))
    return std::nullopt;
  return (predicates[index].bits >> lane & 1) != 0;
}

void WarpState::writePredicate(unsigned index, unsigned lane,
                               std::optional<bool> value) {
  if (index == kTruePredicate || index == kUniformTruePredicate)
    return;
  Predicate &held = predicates[index];
  uint32_t bit = 1u << lane;
  held.known = (held.known & ~bit) | (value ? bit : 0);
  held.bits = (held.bits & ~bit) | (value.value_or(false) ? bit : 0);
}

std::optional<uint32_t> WarpState::readConstant(unsigned bank,
                                                uint32_t offset) const {
  auto it = launch.constants.find(offset);
  if (bank != 0 || it == launch.constants.end())
    return std::nullopt;
  return it->second;
}

std::optional<uint32_t> WarpState::readPlain(const SassOperand &operand,
                                             unsigned lane) const {
  std::optional<uint32_t> value;
  switch (operand.kind) {
  case Kind::Register:
    value = readRegister(operand.index, lane);
    break;
  case Kind::Immediate:
  case Kind::Label:
    value = operand.value;
    break;
  case Kind::Constant:
    value = readConstant(operand.bank, operand.value);
    break;
  case Kind::Special:
    value = readSpecial(operand.text, lane);
    break;
  default:
    return std::nullopt;
  }
  // |x| is of floats.
  if (!value || operand.absolute)
    return std::nullopt;
  return operand.inverted ? ~*value : *value;
}

std::optional<uint32_t> WarpState::read(const SassOperand &operand,
                                        unsigned lane) const {
  std::optional<uint32_t> value = readPlain(operand, lane);
  if (value && operand.negated)
    return 0 - *value;
  return value;
}

std::optional<uint64_t> WarpState::readWide(const SassOperand &operand,
                                            unsigned lane) const {
  if (operand.negated || operand.inverted)
    return std::nullopt;
  std::optional<uint32_t> low = readPlain(operand, lane), high;
  if (operand.kind == Kind::Register)
    high = readRegister(operand.index == kZeroRegister ||
                                operand.index == kUniformZeroRegister
                            ? operand.index
                            : operand.index + 1,
                        lane);
  else if (operand.kind == Kind::Constant)
    high = readConstant(operand.bank, operand.value + 4);
  else if (operand.kind == Kind::Immediate)
    high = static_cast<int32_t>(operand.value) < 0 ? UINT32_MAX : 0;
  if (!low || !high)
    return std::nullopt;
  return uint64_t(*high) << 32 | *low;
}

std::optional<bool> WarpState::readCondition(const SassOperand &operand,
                                             unsigned lane) const {
  if (!operand.isPredicate())
    return std::nullopt;
  std::optional<bool> value = readPredicate(operand.index, lane);
  if (value && operand.inverted)
    return !*value;
  return value;
}

std::optional<uint32_t> WarpState::readSpecial(StringRef name,
                                               unsigned lane) const {
  unsigned thread = warp * kLanes + lane;
  const Dim3 &size = launch.block;
  return llvm::StringSwitch<std::optional<uint32_t>>(name)
      .Case("SRZ", 0)
      .Case("SR_TID.X", thread % size.x)
      .Case("SR_TID.Y", thread / size.x % size.y)
      .Case("SR_TID.Z", thread / size.x / size.y)
      .Case("SR_CTAID.X", block.x)
      .Case("SR_CTAID.Y", block.y)
      .Case("SR_CTAID.Z", block.z)
      .Case("SR_LANEID", lane)
      .Case("SR_LTMASK", (1u << lane) - 1)
      .Case("SR_EQMASK", 1u << lane)
      // The block's place in its cluster, and the cluster's in the grid.
      .Case("SR_CgaCtaId", block.x % launch.cluster)
      .Case("SR_CLUSTERID.X", block.x / launch.cluster)
      .Case("SR_CTAID_IN_CLUSTER.X", block.x % launch.cluster)
      .Case("SR_NCTAID_IN_CLUSTER.X", launch.cluster)
      .Case("SR_SWINHI", kSharedWindow)
      .Default(std::nullopt);
}

std::optional<uint64_t> WarpState::readAddress(const SassOperand &operand,
                                               unsigned lane) const {
  uint64_t address = static_cast<int64_t>(static_cast<int32_t>(operand.value));
  for (const SassOperand::Term &term : operand.terms) {
    std::optional<uint32_t> low = readRegister(term.index, lane), high = 0;
    bool uniform = term.index >= kUniformRegister;
    if ((term.wide || uniform) && term.index != kZeroRegister &&
        term.index != kUniformZeroRegister)
      high = readRegister(term.index + 1, lane);
    if (!low || !high)
      return std::nullopt;
    address += (uint64_t(*high) << 32 | *low) * term.scale;
  }
  return address;
}
