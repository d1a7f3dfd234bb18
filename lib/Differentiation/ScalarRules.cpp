// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Derivatives of arith and math on scalars, for functions and for bodies of
// linalg: with y = f(x, ...) and the adjoint dy of y, that of x is dy df/dx.
// Formulas are evaluated in the type of the adjoints, f32 for f16 and bf16.

#include "Adjoints.h"
#include "TensorBuilder.h"
#include "mlir/Dialect/Math/IR/Math.h"

using namespace mlir;
using namespace mlir::softmax;
using arith::CmpFPredicate;

namespace {

/// Builds the formulas of one operation's rule.
struct Formula : MathBuilder {
  Formula(Operation *op, Adjoints &adjoints)
      : MathBuilder(adjoints.builder, op->getLoc()), op(op),
        adjoints(adjoints) {}

  /// An operand, the result and its adjoint, as what adjoints are.
  Value x(unsigned i = 0) { return widen(op->getOperand(i)); }
  Value y() { return widen(op->getResult(0)); }
  Value dy() { return adjoints.get(op->getResult(0)); }
  Value number(double value) { return constant(dy().getType(), value); }
  Value negate(Value value) { return arith::NegFOp::create(b, loc, value); }
  template <typename OpTy>
  Value apply(Value value) {
    return OpTy::create(b, loc, value);
  }
  /// 1 - value^2, without cancellation near 1.
  Value oneMinusSquare(Value value) {
    return mul(sub(number(1), value), add(number(1), value));
  }
  Value onePlusSquare(Value value) { return add(number(1), mul(value, value)); }

  void add(unsigned operand, Value gradient) {
    adjoints.add(op->getOperand(operand), gradient);
  }
  using MathBuilder::add;
  bool isActive(unsigned i) { return adjoints.isActive(op->getOperand(i)); }

  Operation *op;
  Adjoints &adjoints;

private:
  Value widen(Value value) {
    return castFloat(b, loc, value, Adjoints::getType(value.getType()));
  }
};

/// How a rule adds to the adjoints of the operands.
using Derivative = void (*)(Formula &f);
/// The adjoint of the only operand.
using UnaryDerivative = Value (*)(Formula &f);

template <typename OpTy>
void addRule(AdjointRules &rules, Derivative derivative) {
  rules.add(TypeID::get<OpTy>(), [=](Operation *op, Adjoints &adjoints) {
    Formula f(op, adjoints);
    derivative(f);
    return success();
  });
}

template <typename OpTy>
void addUnary(AdjointRules &rules, UnaryDerivative derivative) {
  rules.add(TypeID::get<OpTy>(), [=](Operation *op, Adjoints &adjoints) {
    Formula f(op, adjoints);
    f.add(0, derivative(f));
    return success();
  });
}

/// Steps: the derivative is 0 wherever there is one.
template <typename... Ops>
void addSteps(AdjointRules &rules) {
  (addRule<Ops>(rules, [](Formula &) {}), ...);
}

} // namespace

/// Passes dy to the operand that is the result: the first where `first` holds,
/// the second where `second` does, half to each elsewhere.
static void passToOne(Formula &f, Value first, Value second) {
  Value dy = f.dy();
  Value half = f.mul(f.number(0.5), dy);
  f.add(0, f.select(first, dy, f.select(second, f.number(0), half)));
  f.add(1, f.select(second, dy, f.select(first, f.number(0), half)));
}

/// A NaN operand is the result of maximumf and minimumf, and never that of
/// maxnumf and minnumf.
static void addExtremum(Formula &f, CmpFPredicate before, bool skipsNaN) {
  Value first = f.compare(before, f.x(0), f.x(1));
  Value second = f.compare(before, f.x(1), f.x(0));
  unsigned winner = skipsNaN ? 1 : 0;
  for (unsigned i : {0, 1}) {
    Value isNaN = f.compare(CmpFPredicate::UNO, f.x(i), f.x(i));
    Value &takes = i == winner ? first : second;
    takes = arith::OrIOp::create(f.b, f.loc, takes, isNaN);
  }
  passToOne(f, first, second);
}

static void addArithmetic(AdjointRules &rules) {
  addRule<arith::AddFOp>(rules, [](Formula &f) {
    f.add(0, f.dy());
    f.add(1, f.dy());
  });
  addRule<arith::SubFOp>(rules, [](Formula &f) {
    f.add(0, f.dy());
    if (f.isActive(1))
      f.add(1, f.negate(f.dy()));
  });
  addRule<arith::MulFOp>(rules, [](Formula &f) {
    if (f.isActive(0))
      f.add(0, f.mul(f.dy(), f.x(1)));
    if (f.isActive(1))
      f.add(1, f.mul(f.dy(), f.x(0)));
  });
  addRule<arith::DivFOp>(rules, [](Formula &f) {
    Value quotient = f.div(f.dy(), f.x(1));
    f.add(0, quotient);
    if (f.isActive(1))
      f.add(1, f.negate(f.mul(quotient, f.y())));
  });
  addRule<math::FmaOp>(rules, [](Formula &f) {
    if (f.isActive(0))
      f.add(0, f.mul(f.dy(), f.x(1)));
    if (f.isActive(1))
      f.add(1, f.mul(f.dy(), f.x(0)));
    f.add(2, f.dy());
  });
  addUnary<arith::NegFOp>(rules, [](Formula &f) { return f.negate(f.dy()); });
  for (TypeID cast :
       {TypeID::get<arith::ExtFOp>(), TypeID::get<arith::TruncFOp>()})
    rules.add(cast, [](Operation *op, Adjoints &adjoints) {
      Value operand = op->getOperand(0);
      adjoints.add(operand, castFloat(adjoints.builder, adjoints.loc,
                                      adjoints.get(op->getResult(0)),
                                      Adjoints::getType(operand.getType())));
      return success();
    });
}

static void addChoices(AdjointRules &rules) {
  addRule<arith::SelectOp>(rules, [](Formula &f) {
    Value condition = f.op->getOperand(0);
    f.add(1, f.select(condition, f.dy(), f.number(0)));
    f.add(2, f.select(condition, f.number(0), f.dy()));
  });
  addRule<arith::MaximumFOp>(rules, [](Formula &f) {
    addExtremum(f, CmpFPredicate::OGT, /*skipsNaN=*/false);
  });
  addRule<arith::MinimumFOp>(rules, [](Formula &f) {
    addExtremum(f, CmpFPredicate::OLT, /*skipsNaN=*/false);
  });
  addRule<arith::MaxNumFOp>(rules, [](Formula &f) {
    addExtremum(f, CmpFPredicate::OGT, /*skipsNaN=*/true);
  });
  addRule<arith::MinNumFOp>(rules, [](Formula &f) {
    addExtremum(f, CmpFPredicate::OLT, /*skipsNaN=*/true);
  });
  addUnary<math::AbsFOp>(rules, [](Formula &f) {
    Value zero = f.number(0);
    Value sign = f.copySign(f.number(1), f.x());
    Value isZero = f.compare(CmpFPredicate::OEQ, f.x(), zero);
    return f.select(isZero, zero, f.mul(f.dy(), sign));
  });
  addRule<math::CopySignOp>(rules, [](Formula &f) {
    Value sign =
        f.mul(f.copySign(f.number(1), f.x(0)), f.copySign(f.number(1), f.x(1)));
    f.add(0, f.mul(f.dy(), sign));
  });
  addSteps<math::FloorOp, math::CeilOp, math::RoundOp, math::RoundEvenOp,
           math::TruncOp>(rules);
}

static void addPowers(AdjointRules &rules) {
  addUnary<math::ExpOp>(rules, [](Formula &f) { return f.mul(f.dy(), f.y()); });
  addUnary<math::Exp2Op>(rules, [](Formula &f) {
    return f.mul(f.dy(), f.mul(f.y(), f.number(llvm::numbers::ln2)));
  });
  addUnary<math::ExpM1Op>(rules, [](Formula &f) {
    return f.mul(f.dy(), f.apply<math::ExpOp>(f.x()));
  });
  addUnary<math::LogOp>(rules, [](Formula &f) { return f.div(f.dy(), f.x()); });
  addUnary<math::Log2Op>(rules, [](Formula &f) {
    return f.div(f.dy(), f.mul(f.x(), f.number(llvm::numbers::ln2)));
  });
  addUnary<math::Log10Op>(rules, [](Formula &f) {
    return f.div(f.dy(), f.mul(f.x(), f.number(llvm::numbers::ln10)));
  });
  addUnary<math::Log1pOp>(rules, [](Formula &f) {
    return f.div(f.dy(), f.add(f.number(1), f.x()));
  });
  addUnary<math::SqrtOp>(rules, [](Formula &f) {
    return f.div(f.mul(f.number(0.5), f.dy()), f.y());
  });
  addUnary<math::RsqrtOp>(rules, [](Formula &f) {
    return f.mul(f.mul(f.number(-0.5), f.dy()), f.div(f.y(), f.x()));
  });
  addUnary<math::CbrtOp>(rules, [](Formula &f) {
    return f.div(f.dy(), f.mul(f.number(3), f.mul(f.y(), f.y())));
  });
  addRule<math::PowFOp>(rules, [](Formula &f) {
    if (f.isActive(0)) {
      Value lower =
          math::PowFOp::create(f.b, f.loc, f.x(0), f.sub(f.x(1), f.number(1)));
      f.add(0, f.mul(f.dy(), f.mul(f.x(1), lower)));
    }
    if (f.isActive(1)) {
      // 0^b is constant for positive b.
      Value isZero = f.compare(CmpFPredicate::OEQ, f.x(0), f.number(0));
      Value slope = f.mul(f.y(), f.apply<math::LogOp>(f.x(0)));
      f.add(1, f.mul(f.dy(), f.select(isZero, f.number(0), slope)));
    }
  });
}

static void addErrorFunctions(AdjointRules &rules) {
  addUnary<math::ErfOp>(rules, [](Formula &f) {
    Value bell = f.apply<math::ExpOp>(f.negate(f.mul(f.x(), f.x())));
    return f.mul(f.dy(), f.mul(f.number(2 * llvm::numbers::inv_sqrtpi), bell));
  });
  addUnary<math::ErfcOp>(rules, [](Formula &f) {
    Value bell = f.apply<math::ExpOp>(f.negate(f.mul(f.x(), f.x())));
    return f.mul(f.dy(), f.mul(f.number(-2 * llvm::numbers::inv_sqrtpi), bell));
  });
}

static void addCircularFunctions(AdjointRules &rules) {
  addUnary<math::SinOp>(rules, [](Formula &f) {
    return f.mul(f.dy(), f.apply<math::CosOp>(f.x()));
  });
  addUnary<math::CosOp>(rules, [](Formula &f) {
    return f.negate(f.mul(f.dy(), f.apply<math::SinOp>(f.x())));
  });
  addUnary<math::TanOp>(
      rules, [](Formula &f) { return f.mul(f.dy(), f.onePlusSquare(f.y())); });
  addUnary<math::AsinOp>(rules, [](Formula &f) {
    return f.div(f.dy(), f.apply<math::SqrtOp>(f.oneMinusSquare(f.x())));
  });
  addUnary<math::AcosOp>(rules, [](Formula &f) {
    Value root = f.apply<math::SqrtOp>(f.oneMinusSquare(f.x()));
    return f.negate(f.div(f.dy(), root));
  });
  addUnary<math::AtanOp>(
      rules, [](Formula &f) { return f.div(f.dy(), f.onePlusSquare(f.x())); });
  addRule<math::Atan2Op>(rules, [](Formula &f) {
    Value norm = f.add(f.mul(f.x(0), f.x(0)), f.mul(f.x(1), f.x(1)));
    Value quotient = f.div(f.dy(), norm);
    f.add(0, f.mul(quotient, f.x(1)));
    if (f.isActive(1))
      f.add(1, f.negate(f.mul(quotient, f.x(0))));
  });
}

static void addHyperbolicFunctions(AdjointRules &rules) {
  addUnary<math::TanhOp>(
      rules, [](Formula &f) { return f.mul(f.dy(), f.oneMinusSquare(f.y())); });
  addUnary<math::SinhOp>(rules, [](Formula &f) {
    return f.mul(f.dy(), f.apply<math::CoshOp>(f.x()));
  });
  addUnary<math::CoshOp>(rules, [](Formula &f) {
    return f.mul(f.dy(), f.apply<math::SinhOp>(f.x()));
  });
  addUnary<math::AsinhOp>(rules, [](Formula &f) {
    return f.div(f.dy(), f.apply<math::SqrtOp>(f.onePlusSquare(f.x())));
  });
  addUnary<math::AcoshOp>(rules, [](Formula &f) {
    Value root = f.apply<math::SqrtOp>(f.negate(f.oneMinusSquare(f.x())));
    return f.div(f.dy(), root);
  });
  addUnary<math::AtanhOp>(
      rules, [](Formula &f) { return f.div(f.dy(), f.oneMinusSquare(f.x())); });
}

void mlir::softmax::addScalarRules(AdjointRules &rules) {
  addArithmetic(rules);
  addChoices(rules);
  addPowers(rules);
  addErrorFunctions(rules);
  addCircularFunctions(rules);
  addHyperbolicFunctions(rules);
}
