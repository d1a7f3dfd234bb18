// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Reads the scalar ops in the body of a linalg op.

#include "ElementExpr.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::softmax::raise;

bool mlir::softmax::raise::contains(const Expr *expr, Expr::Kind kind) {
  llvm::SmallPtrSet<const Expr *, 16> seen;
  SmallVector<const Expr *> worklist = {expr};
  while (!worklist.empty()) {
    const Expr *next = worklist.pop_back_val();
    if (next->kind == kind)
      return true;
    if (seen.insert(next).second)
      llvm::append_range(worklist, next->operands);
  }
  return false;
}

/// The function an op computes, and its rule for NaN.
static ScalarFn classify(Operation *op, NanRule &nan) {
  return llvm::TypeSwitch<Operation *, ScalarFn>(op)
      .Case([](math::ExpOp) { return ScalarFn::Exp; })
      .Case([](math::LogOp) { return ScalarFn::Log; })
      .Case([](arith::AddFOp) { return ScalarFn::Add; })
      .Case([](arith::SubFOp) { return ScalarFn::Sub; })
      .Case([](arith::MulFOp) { return ScalarFn::Mul; })
      .Case([](arith::DivFOp) { return ScalarFn::Div; })
      .Case([](arith::NegFOp) { return ScalarFn::Neg; })
      .Case([](arith::ExtFOp) { return ScalarFn::Extend; })
      .Case([](arith::TruncFOp) { return ScalarFn::Truncate; })
      .Case([&](arith::MaximumFOp) {
        nan = NanRule::Propagate;
        return ScalarFn::Max;
      })
      .Case([&](arith::MaxNumFOp) {
        nan = NanRule::Ignore;
        return ScalarFn::Max;
      })
      .Default([](Operation *) { return ScalarFn::Other; });
}

/// select(a > b, a, b) in any of its spellings is a maximum; null if `op` is
/// not one.
const Expr *ScalarReader::readCompareSelect(Operation *op) {
  auto select = dyn_cast<arith::SelectOp>(op);
  if (!select)
    return nullptr;
  auto compare = select.getCondition().getDefiningOp<arith::CmpFOp>();
  if (!compare || compare->getBlock() != &body)
    return nullptr;
  bool greater, unordered;
  switch (compare.getPredicate()) {
  case arith::CmpFPredicate::OGT:
  case arith::CmpFPredicate::OGE:
    greater = true, unordered = false;
    break;
  case arith::CmpFPredicate::UGT:
  case arith::CmpFPredicate::UGE:
    greater = true, unordered = true;
    break;
  case arith::CmpFPredicate::OLT:
  case arith::CmpFPredicate::OLE:
    greater = false, unordered = false;
    break;
  case arith::CmpFPredicate::ULT:
  case arith::CmpFPredicate::ULE:
    greater = false, unordered = true;
    break;
  default:
    return nullptr;
  }
  Value larger = greater ? compare.getLhs() : compare.getRhs();
  Value smaller = greater ? compare.getRhs() : compare.getLhs();
  if (select.getTrueValue() != larger || select.getFalseValue() != smaller)
    return nullptr;

  Expr *result = graph.create(Expr::Kind::Apply);
  result->fn = ScalarFn::Max;
  result->op = op;
  result->operands = {read(larger), read(smaller)};
  result->nan = unordered ? NanRule::TakeFirst : NanRule::TakeSecond;
  return result;
}

const Expr *ScalarReader::read(Value value) {
  if (const Expr *expr = known.lookup(value))
    return expr;
  const Expr *expr = readUncached(value);
  known[value] = expr;
  return expr;
}

const Expr *ScalarReader::readUncached(Value value) {
  Attribute attr;
  if (matchPattern(value, m_Constant(&attr))) {
    if (auto constant = dyn_cast<FloatAttr>(attr)) {
      Expr *result = graph.create(Expr::Kind::Constant);
      result->constant = constant.getValue();
      result->value = value;
      return result;
    }
  }
  if (graph.isExhausted())
    return graph.create(Expr::Kind::Opaque);
  Operation *op = value.getDefiningOp();
  if (!op || op->getBlock() != &body) {
    // A block argument that was not bound is an argument of a region around.
    Expr *result = graph.create(Expr::Kind::Scalar);
    result->value = value;
    return result;
  }
  if (const Expr *maximum = readCompareSelect(op))
    return maximum;
  // An index differs from element to element without being an operand, and
  // what a region computes is out of sight.
  if (op->getNumRegions() != 0 || op->getNumResults() != 1 || !isPure(op) ||
      isa<linalg::IndexOp>(op))
    return graph.create(Expr::Kind::Opaque);

  Expr *result = graph.create(Expr::Kind::Apply);
  result->op = op;
  result->fn = classify(op, result->nan);
  for (Value operand : op->getOperands())
    result->operands.push_back(read(operand));
  // x + (-m) is x - m.
  if (result->fn == ScalarFn::Add) {
    for (unsigned i : {0u, 1u}) {
      if (result->operands[i]->is(ScalarFn::Neg)) {
        result->fn = ScalarFn::Sub;
        result->operands = {result->operands[1 - i],
                            result->operands[i]->operands[0]};
        break;
      }
    }
  }
  return result;
}
