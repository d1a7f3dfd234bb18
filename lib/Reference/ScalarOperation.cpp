// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// One scalar operation on floats: its value, and the error that its operands'
// errors and its own rounding leave.
#include "Opcode.h"
#include "ScalarProgram.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/IR/TypeUtilities.h"
#include "llvm/Support/MathExtras.h"

#include <cmath>

using namespace mlir;
using namespace mlir::softmax::reference;

std::optional<ElementFormat>
mlir::softmax::reference::getElementFormat(Type elementType) {
  if (std::optional<FloatKind> kind = getFloatKind(elementType))
    return ElementFormat{kind};
  if (elementType.isIndex())
    return ElementFormat{std::nullopt, 64};
  auto integer = dyn_cast<IntegerType>(elementType);
  if (!integer || integer.getWidth() == 0 || integer.getWidth() > 64)
    return std::nullopt;
  return ElementFormat{std::nullopt, integer.getWidth()};
}

FailureOr<ScalarOperation>
ScalarOperation::prepare(Operation *op, ArrayRef<bool> exactOperands) {
  std::optional<Opcode> code = getOpcode(op->getName().getStringRef());
  if (!code || op->getNumResults() != 1)
    return op->emitError("the reference does not evaluate ")
           << op->getName()
           << "; it takes arith and math on floats and integers";
  std::optional<ElementFormat> format =
      getElementFormat(getElementTypeOrSelf(op->getResult(0).getType()));
  // The first operand of a selection is its condition.
  std::optional<ElementFormat> operandFormat =
      getElementFormat(getElementTypeOrSelf(
          op->getOperand(*code == Opcode::Select ? 1 : 0).getType()));
  if (!format || !operandFormat)
    return op->emitError("the reference computes with f16, bf16, f32, f64 and "
                         "integers of at most "
                         "64 bits, not with ")
           << op->getResult(0).getType();
  ScalarOperation result;
  result.code = *code;
  result.format = *format;
  result.operandFormat = *operandFormat;
  if (auto cmp = dyn_cast<arith::CmpFOp>(op))
    result.predicate = static_cast<unsigned>(cmp.getPredicate());
  if (auto cmp = dyn_cast<arith::CmpIOp>(op))
    result.predicate = static_cast<unsigned>(cmp.getPredicate());
  bool fromBits = *code == Opcode::Bitcast || *code == Opcode::SIToFP ||
                  *code == Opcode::UIToFP;
  result.exact =
      format->floating && !fromBits && llvm::is_contained(exactOperands, true);
  return result;
}

ScalarOperation ScalarOperation::make(StringRef name, FloatKind kind,
                                      bool exact) {
  ScalarOperation result;
  result.code = *getOpcode(name);
  result.format = result.operandFormat = ElementFormat{kind};
  result.exact = exact;
  return result;
}

Scalar ScalarOperation::operator()(ArrayRef<Scalar> operands) const {
  switch (code) {
  case Opcode::CmpF:
  case Opcode::IsFinite:
  case Opcode::IsInf:
  case Opcode::IsNaN:
    return compareFloats(operands);
  case Opcode::CmpI:
    return compareIntegers(operands);
  case Opcode::Select:
    return evaluateSelect(operands);
  default:
    break;
  }
  if (isCast(code))
    return evaluateCast(operands);
  return isInteger(code) ? evaluateInteger(operands) : evaluateFloat(operands);
}

//===----------------------------------------------------------------------===//
// Floats
//===----------------------------------------------------------------------===//

static Real maximum(Real x, Real y) {
  if (x == y)
    return std::signbit(x) ? y : x;
  return x > y ? x : y;
}
static Real minimum(Real x, Real y) {
  if (x == y)
    return std::signbit(x) ? x : y;
  return x < y ? x : y;
}

/// Round to nearest even whatever the mode of the thread.
static Real roundEven(Real x) {
  Real rounded = std::round(x);
  if (std::fabs(x - std::trunc(x)) == Real(0.5))
    rounded = 2 * std::round(x / 2);
  return std::copysign(rounded, x);
}

Real ScalarOperation::apply(const Real *x) const {
  switch (code) {
  case Opcode::AddF:
    return x[0] + x[1];
  case Opcode::SubF:
    return x[0] - x[1];
  case Opcode::MulF:
    return x[0] * x[1];
  case Opcode::DivF:
    return x[0] / x[1];
  case Opcode::RemF:
    return std::fmod(x[0], x[1]);
  case Opcode::MaximumF:
    return std::isnan(x[0])   ? x[0]
           : std::isnan(x[1]) ? x[1]
                              : maximum(x[0], x[1]);
  case Opcode::MinimumF:
    return std::isnan(x[0])   ? x[0]
           : std::isnan(x[1]) ? x[1]
                              : minimum(x[0], x[1]);
  case Opcode::MaxNumF:
    return std::isnan(x[0])   ? x[1]
           : std::isnan(x[1]) ? x[0]
                              : maximum(x[0], x[1]);
  case Opcode::MinNumF:
    return std::isnan(x[0])   ? x[1]
           : std::isnan(x[1]) ? x[0]
                              : minimum(x[0], x[1]);
  case Opcode::NegF:
    return -x[0];
  case Opcode::AbsF:
    return std::fabs(x[0]);
  case Opcode::CopySign:
    return std::copysign(x[0], x[1]);
  case Opcode::Ceil:
    return std::ceil(x[0]);
  case Opcode::Floor:
    return std::floor(x[0]);
  case Opcode::Round:
    return std::round(x[0]);
  case Opcode::RoundEven:
    return roundEven(x[0]);
  case Opcode::Trunc:
    return std::trunc(x[0]);
  case Opcode::Sqrt:
    return std::sqrt(x[0]);
  case Opcode::Fma:
    return std::fma(x[0], x[1], x[2]);
  case Opcode::ClampF:
    return std::isnan(x[0]) ? x[0] : minimum(maximum(x[0], x[1]), x[2]);
  case Opcode::Exp:
    return std::exp(x[0]);
  case Opcode::Exp2:
    return std::exp2(x[0]);
  case Opcode::ExpM1:
    return std::expm1(x[0]);
  case Opcode::Log:
    return std::log(x[0]);
  case Opcode::Log2:
    return std::log2(x[0]);
  case Opcode::Log10:
    return std::log10(x[0]);
  case Opcode::Log1p:
    return std::log1p(x[0]);
  case Opcode::RSqrt:
    return 1 / std::sqrt(x[0]);
  case Opcode::Cbrt:
    return std::cbrt(x[0]);
  case Opcode::Sin:
    return std::sin(x[0]);
  case Opcode::Cos:
    return std::cos(x[0]);
  case Opcode::Tan:
    return std::tan(x[0]);
  case Opcode::ASin:
    return std::asin(x[0]);
  case Opcode::ACos:
    return std::acos(x[0]);
  case Opcode::ATan:
    return std::atan(x[0]);
  case Opcode::SinH:
    return std::sinh(x[0]);
  case Opcode::CosH:
    return std::cosh(x[0]);
  case Opcode::TanH:
    return std::tanh(x[0]);
  case Opcode::ASinH:
    return std::asinh(x[0]);
  case Opcode::ACosH:
    return std::acosh(x[0]);
  case Opcode::ATanH:
    return std::atanh(x[0]);
  case Opcode::Erf:
    return std::erf(x[0]);
  case Opcode::ErfC:
    return std::erfc(x[0]);
  case Opcode::PowF:
    return std::pow(x[0], x[1]);
  case Opcode::ATan2:
    return std::atan2(x[0], x[1]);
  default:
    llvm_unreachable("not a floating-point operation");
  }
}

/// The four operations and the root on doubles: in long double they would be
/// rounded twice, and with 64 bits under 53 that may change the result.
static std::optional<double> applyDouble(Opcode code, const Real *x) {
  double a = x[0], b = code == Opcode::Sqrt ? 0.0 : static_cast<double>(x[1]);
  switch (code) {
  case Opcode::AddF:
    return a + b;
  case Opcode::SubF:
    return a - b;
  case Opcode::MulF:
    return a * b;
  case Opcode::DivF:
    return a / b;
  case Opcode::Sqrt:
    return std::sqrt(a);
  case Opcode::Fma:
    return std::fma(a, b, static_cast<double>(x[2]));
  default:
    return std::nullopt;
  }
}

/// How far two values are apart; nothing is known where one alone is NaN.
static double distance(Real x, Real y) {
  if (x == y || (std::isnan(x) && std::isnan(y)))
    return 0;
  Real difference = std::fabs(x - y);
  return std::isnan(difference) ? HUGE_VAL : static_cast<double>(difference);
}

Scalar ScalarOperation::evaluateFloat(ArrayRef<Scalar> operands) const {
  Real x[3] = {0, 0, 0};
  bool erring = false;
  for (auto [i, operand] : llvm::enumerate(operands)) {
    x[i] = operand.real;
    erring |= operand.error != 0;
  }
  FloatKind kind = *format.floating;
  Scalar result;
  result.real = apply(x);
  if (!exact) {
    std::optional<double> twice;
    if (kind == FloatKind::F64)
      twice = applyDouble(code, x);
    result.real = twice ? *twice : roundTo(kind, result.real);
    if (!erring && !isFunction(code))
      return result;
  }

  // The errors of the operands: the worst corner of the box around them.  All
  // operations here are monotone in each operand, or nearly so over an error.
  double error = 0;
  if (erring) {
    Real middle = exact ? result.real : apply(x);
    for (unsigned corner = 0; corner < 1u << operands.size(); ++corner) {
      Real moved[3] = {0, 0, 0};
      for (auto [i, operand] : llvm::enumerate(operands))
        moved[i] =
            (corner >> i) & 1 ? x[i] + operand.error : x[i] - operand.error;
      error = std::max(error, distance(apply(moved), middle));
    }
    if (code == Opcode::DivF && std::fabs(x[1]) <= operands[1].error)
      error = HUGE_VAL;
  }
  // And the operation's own.  A rounded value may, from moved operands, round
  // to the other side; a kernel's functions are within two ULP.
  Real unit = unitInLastPlace(kind, result.real);
  if (isFunction(code))
    error += 2 * unit;
  else if (exact && !isExactFloat(code))
    error += unit / 2;
  else if (!exact && error != 0)
    error += unit;
  result.error = std::isnan(error) ? 0 : error;
  return result;
}

Scalar ScalarOperation::compareFloats(ArrayRef<Scalar> operands) const {
  auto test = [&](Real x, Real y) {
    bool unordered = std::isnan(x) || std::isnan(y);
    switch (code) {
    case Opcode::IsFinite:
      return std::isfinite(x);
    case Opcode::IsInf:
      return std::isinf(x);
    case Opcode::IsNaN:
      return std::isnan(x);
    default:
      break;
    }
    switch (static_cast<arith::CmpFPredicate>(predicate)) {
    case arith::CmpFPredicate::AlwaysFalse:
      return false;
    case arith::CmpFPredicate::OEQ:
      return x == y;
    case arith::CmpFPredicate::OGT:
      return x > y;
    case arith::CmpFPredicate::OGE:
      return x >= y;
    case arith::CmpFPredicate::OLT:
      return x < y;
    case arith::CmpFPredicate::OLE:
      return x <= y;
    case arith::CmpFPredicate::ONE:
      return !unordered && x != y;
    case arith::CmpFPredicate::ORD:
      return !unordered;
    case arith::CmpFPredicate::UEQ:
      return unordered || x == y;
    case arith::CmpFPredicate::UGT:
      return unordered || x > y;
    case arith::CmpFPredicate::UGE:
      return unordered || x >= y;
    case arith::CmpFPredicate::ULT:
      return unordered || x < y;
    case arith::CmpFPredicate::ULE:
      return unordered || x <= y;
    case arith::CmpFPredicate::UNE:
      return unordered || x != y;
    case arith::CmpFPredicate::UNO:
      return unordered;
    case arith::CmpFPredicate::AlwaysTrue:
      return true;
    }
    llvm_unreachable("covered switch");
  };
  Scalar a = operands[0], b = operands.size() > 1 ? operands[1] : Scalar();
  bool value = test(a.real, b.real);
  Scalar result;
  result.integer = value ? -1 : 0;
  // Equality within an error is as uncertain as order.
  if (a.error != 0 || b.error != 0) {
    double reach = a.error + b.error;
    bool near = std::fabs(a.real - b.real) <= reach || std::isinf(reach);
    if (operands.size() > 1 ? near : std::isinf(reach))
      result.error = HUGE_VAL;
  }
  return result;
}
