// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "Opcode.h"

#include "llvm/ADT/StringMap.h"

using namespace mlir::softmax::reference;

std::optional<Opcode>
mlir::softmax::reference::getOpcode(llvm::StringRef name) {
  static const llvm::StringMap<Opcode> table = {
      {"arith.addf", Opcode::AddF},
      {"arith.subf", Opcode::SubF},
      {"arith.mulf", Opcode::MulF},
      {"arith.divf", Opcode::DivF},
      {"arith.remf", Opcode::RemF},
      {"arith.maximumf", Opcode::MaximumF},
      {"arith.minimumf", Opcode::MinimumF},
      {"arith.maxnumf", Opcode::MaxNumF},
      {"arith.minnumf", Opcode::MinNumF},
      {"arith.negf", Opcode::NegF},
      {"math.absf", Opcode::AbsF},
      {"math.copysign", Opcode::CopySign},
      {"math.ceil", Opcode::Ceil},
      {"math.floor", Opcode::Floor},
      {"math.round", Opcode::Round},
      {"math.roundeven", Opcode::RoundEven},
      {"math.trunc", Opcode::Trunc},
      {"math.sqrt", Opcode::Sqrt},
      {"math.fma", Opcode::Fma},
      {"math.clampf", Opcode::ClampF},
      {"math.exp", Opcode::Exp},
      {"math.exp2", Opcode::Exp2},
      {"math.expm1", Opcode::ExpM1},
      {"math.log", Opcode::Log},
      {"math.log2", Opcode::Log2},
      {"math.log10", Opcode::Log10},
      {"math.log1p", Opcode::Log1p},
      {"math.rsqrt", Opcode::RSqrt},
      {"math.cbrt", Opcode::Cbrt},
      {"math.sin", Opcode::Sin},
      {"math.cos", Opcode::Cos},
      {"math.tan", Opcode::Tan},
      {"math.asin", Opcode::ASin},
      {"math.acos", Opcode::ACos},
      {"math.atan", Opcode::ATan},
      {"math.sinh", Opcode::SinH},
      {"math.cosh", Opcode::CosH},
      {"math.tanh", Opcode::TanH},
      {"math.asinh", Opcode::ASinH},
      {"math.acosh", Opcode::ACosH},
      {"math.atanh", Opcode::ATanH},
      {"math.erf", Opcode::Erf},
      {"math.erfc", Opcode::ErfC},
      {"math.powf", Opcode::PowF},
      {"math.atan2", Opcode::ATan2},
      {"arith.addi", Opcode::AddI},
      {"arith.subi", Opcode::SubI},
      {"arith.muli", Opcode::MulI},
      {"arith.divsi", Opcode::DivSI},
      {"arith.divui", Opcode::DivUI},
      {"arith.ceildivsi", Opcode::CeilDivSI},
      {"arith.ceildivui", Opcode::CeilDivUI},
      {"arith.floordivsi", Opcode::FloorDivSI},
      {"arith.remsi", Opcode::RemSI},
      {"arith.remui", Opcode::RemUI},
      {"arith.andi", Opcode::AndI},
      {"arith.ori", Opcode::OrI},
      {"arith.xori", Opcode::XOrI},
      {"arith.shli", Opcode::ShlI},
      {"arith.shrsi", Opcode::ShrSI},
      {"arith.shrui", Opcode::ShrUI},
      {"arith.maxsi", Opcode::MaxSI},
      {"arith.maxui", Opcode::MaxUI},
      {"arith.minsi", Opcode::MinSI},
      {"arith.minui", Opcode::MinUI},
      {"math.absi", Opcode::AbsI},
      {"arith.cmpf", Opcode::CmpF},
      {"arith.cmpi", Opcode::CmpI},
      {"arith.select", Opcode::Select},
      {"math.isfinite", Opcode::IsFinite},
      {"math.isinf", Opcode::IsInf},
      {"math.isnan", Opcode::IsNaN},
      {"arith.extf", Opcode::ExtF},
      {"arith.truncf", Opcode::TruncF},
      {"arith.sitofp", Opcode::SIToFP},
      {"arith.uitofp", Opcode::UIToFP},
      {"arith.fptosi", Opcode::FPToSI},
      {"arith.fptoui", Opcode::FPToUI},
      {"arith.extsi", Opcode::ExtSI},
      {"arith.extui", Opcode::ExtUI},
      {"arith.trunci", Opcode::TruncI},
      {"arith.index_cast", Opcode::IndexCast},
      {"arith.index_castui", Opcode::IndexCastUI},
      {"arith.bitcast", Opcode::Bitcast},
  };
  auto found = table.find(name);
  if (found == table.end())
    return std::nullopt;
  return found->second;
}

static bool isBetween(Opcode code, Opcode first, Opcode last) {
  return first <= code && code <= last;
}
bool mlir::softmax::reference::isFunction(Opcode code) {
  return isBetween(code, Opcode::Exp, Opcode::ATan2);
}
bool mlir::softmax::reference::isInteger(Opcode code) {
  return isBetween(code, Opcode::AddI, Opcode::AbsI);
}
bool mlir::softmax::reference::isCast(Opcode code) {
  return code >= Opcode::ExtF;
}
bool mlir::softmax::reference::isExactFloat(Opcode code) {
  return isBetween(code, Opcode::MaximumF, Opcode::RoundEven) ||
         code == Opcode::Trunc || code == Opcode::ClampF;
}
