// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// The scalar operations that the reference knows.
#ifndef SOFTMAX_LIB_REFERENCE_OPCODE_H
#define SOFTMAX_LIB_REFERENCE_OPCODE_H

#include "llvm/ADT/StringRef.h"

#include <cstdint>
#include <optional>

namespace mlir::softmax::reference {

// Order matters: the classes of operations are ranges.
enum class Opcode : uint8_t {
  // Floats whose result every kernel rounds the same way.
  AddF,
  SubF,
  MulF,
  DivF,
  RemF,
  MaximumF,
  MinimumF,
  MaxNumF,
  MinNumF,
  NegF,
  AbsF,
  CopySign,
  Ceil,
  Floor,
  Round,
  RoundEven,
  Trunc,
  Sqrt,
  Fma,
  ClampF,
  // Functions that kernels approximate.
  Exp,
  Exp2,
  ExpM1,
  Log,
  Log2,
  Log10,
  Log1p,
  RSqrt,
  Cbrt,
  Sin,
  Cos,
  Tan,
  ASin,
  ACos,
  ATan,
  SinH,
  CosH,
  TanH,
  ASinH,
  ACosH,
  ATanH,
  Erf,
  ErfC,
  PowF,
  ATan2,
  // Integers.
  AddI,
  SubI,
  MulI,
  DivSI,
  DivUI,
  CeilDivSI,
  CeilDivUI,
  FloorDivSI,
  RemSI,
  RemUI,
  AndI,
  OrI,
  XOrI,
  ShlI,
  ShrSI,
  ShrUI,
  MaxSI,
  MaxUI,
  MinSI,
  MinUI,
  AbsI,
  // Comparisons and choices.
  CmpF,
  CmpI,
  Select,
  IsFinite,
  IsInf,
  IsNaN,
  // Casts.
  ExtF,
  TruncF,
  SIToFP,
  UIToFP,
  FPToSI,
  FPToUI,
  ExtSI,
  ExtUI,
  TruncI,
  IndexCast,
  IndexCastUI,
  Bitcast
};

/// The operation of this name ("arith.addf"), if it is one of them.
std::optional<Opcode> getOpcode(llvm::StringRef name);

/// Functions that kernels approximate.
bool isFunction(Opcode code);
bool isInteger(Opcode code);
bool isCast(Opcode code);
/// Gives one of its operands or what a sign makes of it: nothing to round.
bool isExactFloat(Opcode code);

} // namespace mlir::softmax::reference

#endif // SOFTMAX_LIB_REFERENCE_OPCODE_H
