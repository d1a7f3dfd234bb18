// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Scalar operations on integers, choices and casts.
#include "Opcode.h"
#include "ScalarProgram.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "llvm/Support/MathExtras.h"

#include <cmath>

using namespace mlir;
using namespace mlir::softmax::reference;

//===----------------------------------------------------------------------===//
// Integers
//===----------------------------------------------------------------------===//

static int64_t wrap(int64_t value, unsigned width) {
  return llvm::SignExtend64(value, width);
}
static uint64_t zeroExtend(int64_t value, unsigned width) {
  return static_cast<uint64_t>(value) & llvm::maskTrailingOnes<uint64_t>(width);
}

/// What kernels do with a division by zero or a shift beyond the width is
/// undefined; the reference says 0 and that nothing is promised.
Scalar ScalarOperation::evaluateInteger(ArrayRef<Scalar> operands) const {
  unsigned width = format.width;
  int64_t a = operands[0].integer,
          b = operands.size() > 1 ? operands[1].integer : 0;
  uint64_t ua = zeroExtend(a, width), ub = zeroExtend(b, width);
  Scalar result;
  for (const Scalar &operand : operands)
    result.error = std::max(result.error, operand.error);
  bool overflow = b == -1 && ua == 1ull << (width - 1);
  auto divide = [&](bool defined, auto compute) -> int64_t {
    if (defined)
      return compute();
    result.error = HUGE_VAL;
    return 0;
  };
  auto value = [&]() -> int64_t {
    switch (code) {
    case Opcode::AddI:
      return ua + ub;
    case Opcode::SubI:
      return ua - ub;
    case Opcode::MulI:
      return ua * ub;
    case Opcode::DivSI:
      return divide(b != 0 && !overflow, [&] { return a / b; });
    case Opcode::DivUI:
      return divide(b != 0, [&] { return ua / ub; });
    case Opcode::CeilDivSI:
      return divide(b != 0 && !overflow,
                    [&] { return a / b + (a % b != 0 && (a < 0) == (b < 0)); });
    case Opcode::CeilDivUI:
      return divide(b != 0, [&] { return ua / ub + (ua % ub != 0); });
    case Opcode::FloorDivSI:
      return divide(b != 0 && !overflow,
                    [&] { return a / b - (a % b != 0 && (a < 0) != (b < 0)); });
    case Opcode::RemSI:
      return divide(b != 0 && !overflow, [&] { return a % b; });
    case Opcode::RemUI:
      return divide(b != 0, [&] { return ua % ub; });
    case Opcode::AndI:
      return a & b;
    case Opcode::OrI:
      return a | b;
    case Opcode::XOrI:
      return a ^ b;
    case Opcode::ShlI:
      return divide(ub < width, [&] { return ua << ub; });
    case Opcode::ShrSI:
      return divide(ub < width, [&] { return a >> ub; });
    case Opcode::ShrUI:
      return divide(ub < width, [&] { return ua >> ub; });
    case Opcode::MaxSI:
      return std::max(a, b);
    case Opcode::MaxUI:
      return std::max(ua, ub);
    case Opcode::MinSI:
      return std::min(a, b);
    case Opcode::MinUI:
      return std::min(ua, ub);
    case Opcode::AbsI:
      return a < 0 ? 0 - ua : ua;
    default:
      llvm_unreachable("not an integer operation");
    }
  };
  result.integer = wrap(value(), width);
  return result;
}

Scalar ScalarOperation::compareIntegers(ArrayRef<Scalar> operands) const {
  int64_t a = operands[0].integer, b = operands[1].integer;
  uint64_t ua = zeroExtend(a, operandFormat.width),
           ub = zeroExtend(b, operandFormat.width);
  auto test = [&]() {
    switch (static_cast<arith::CmpIPredicate>(predicate)) {
    case arith::CmpIPredicate::eq:
      return a == b;
    case arith::CmpIPredicate::ne:
      return a != b;
    case arith::CmpIPredicate::slt:
      return a < b;
    case arith::CmpIPredicate::sle:
      return a <= b;
    case arith::CmpIPredicate::sgt:
      return a > b;
    case arith::CmpIPredicate::sge:
      return a >= b;
    case arith::CmpIPredicate::ult:
      return ua < ub;
    case arith::CmpIPredicate::ule:
      return ua <= ub;
    case arith::CmpIPredicate::ugt:
      return ua > ub;
    case arith::CmpIPredicate::uge:
      return ua >= ub;
    }
    llvm_unreachable("covered switch");
  };
  Scalar result;
  result.integer = test() ? -1 : 0;
  result.error = std::max(operands[0].error, operands[1].error);
  return result;
}

Scalar ScalarOperation::evaluateSelect(ArrayRef<Scalar> operands) const {
  const Scalar &yes = operands[1], &no = operands[2];
  Scalar result = operands[0].integer ? yes : no;
  bool bothNaN = std::isnan(yes.real) && std::isnan(no.real);
  bool same = yes.integer == no.integer && yes.error == no.error &&
              (yes.real == no.real || bothNaN);
  if (operands[0].error != 0 && !same)
    result.error = HUGE_VAL;
  return result;
}

//===----------------------------------------------------------------------===//
// Casts
//===----------------------------------------------------------------------===//

Scalar ScalarOperation::evaluateCast(ArrayRef<Scalar> operands) const {
  const Scalar &x = operands[0];
  Scalar result;
  auto fromReal = [&](Real value, Real low, Real high) {
    // Beyond the range, and of NaN, a kernel's result is undefined.
    Real truncated = std::trunc(value);
    bool moves = std::trunc(value - x.error) != std::trunc(value + x.error);
    if (!(low <= truncated && truncated <= high)) {
      result.error = HUGE_VAL;
      return Real(0);
    }
    if (x.error != 0 && moves)
      result.error = HUGE_VAL;
    return truncated;
  };
  auto toReal = [&](Real value) {
    result.real = roundTo(*format.floating, value);
    result.error = x.error;
  };
  unsigned from = operandFormat.width, to = format.width;
  switch (code) {
  case Opcode::ExtF:
    result = x;
    return result;
  case Opcode::TruncF: {
    Real unit = unitInLastPlace(*format.floating, x.real);
    result = x;
    if (!exact)
      result.real = roundTo(*format.floating, x.real);
    if (!std::isnan(x.real) && (exact || x.error != 0))
      result.error += exact ? unit / 2 : unit;
    return result;
  }
  case Opcode::SIToFP:
    toReal(x.integer);
    return result;
  case Opcode::UIToFP:
    toReal(zeroExtend(x.integer, from));
    return result;
  case Opcode::FPToSI: {
    Real high = std::ldexp(Real(1), to - 1);
    result.integer = static_cast<int64_t>(fromReal(x.real, -high, high - 1));
    return result;
  }
  case Opcode::FPToUI: {
    Real high = std::ldexp(Real(1), to) - 1;
    result.integer = wrap(static_cast<uint64_t>(fromReal(x.real, 0, high)), to);
    return result;
  }
  case Opcode::ExtSI:
  case Opcode::TruncI:
  case Opcode::IndexCast:
    result.integer = wrap(x.integer, to);
    result.error = x.error;
    return result;
  case Opcode::ExtUI:
  case Opcode::IndexCastUI:
    result.integer = wrap(zeroExtend(x.integer, from), to);
    result.error = x.error;
    return result;
  case Opcode::Bitcast: {
    uint64_t bits = 0;
    if (operandFormat.floating)
      encode(*operandFormat.floating, x.real, &bits);
    else
      bits = x.integer;
    if (format.floating)
      result.real = decode(*format.floating, &bits);
    else
      result.integer = wrap(bits, to);
    result.error = x.error == 0 ? 0 : HUGE_VAL;
    return result;
  }
  default:
    llvm_unreachable("not a cast");
  }
}
