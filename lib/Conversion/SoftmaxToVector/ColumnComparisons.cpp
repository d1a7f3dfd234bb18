// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Comparisons of the columns in a vector with something of the row (a label, a
// length, the diagonal), in 32 bits. As written they compare coordinates of 64
// bits, which take two vectors or more where floats take one. The column of
// lane l is i + l, so that
//
//   i + l < b  is  l < b - i,  with b first clamped to [i - 1, i + 2^30]:
//
// no lane is outside that, and the difference fits 32 bits.

#include "ColumnComparisons.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/TypeUtilities.h"
#include "softmax/Dialect/IR/RowExtent.h"
#include <limits>
#include <numeric>

using namespace mlir;
using namespace mlir::softmax;
using arith::CmpIPredicate;

namespace {
/// Lanes l with the value i + l.
struct Columns {
  Value first;
  VectorType type;
};
} // namespace

/// Whether `value` is that, of index or i64.
static std::optional<Columns> matchColumns(Value value) {
  if (!isa<VectorType>(value.getType()))
    return std::nullopt;
  if (auto widened = value.getDefiningOp<arith::IndexCastOp>()) {
    // Columns may not fit 32 bits.
    if (!getElementTypeOrSelf(value.getType()).isInteger(64))
      return std::nullopt;
    value = widened.getIn();
  }
  auto sum = value.getDefiningOp<arith::AddIOp>();
  if (!sum)
    return std::nullopt;
  for (auto [step, first] : {std::pair(sum.getLhs(), sum.getRhs()),
                             std::pair(sum.getRhs(), sum.getLhs())}) {
    auto broadcast = first.getDefiningOp<vector::BroadcastOp>();
    if (step.getDefiningOp<vector::StepOp>() && broadcast &&
        broadcast.getSource().getType().isIndex())
      return Columns{broadcast.getSource(), cast<VectorType>(step.getType())};
  }
  return std::nullopt;
}

/// The scalar index or i64 in every lane of `value`, as an index; null if there
/// is none.
static Value matchOfRow(OpBuilder &b, Location loc, Value value) {
  auto broadcast = value.getDefiningOp<vector::BroadcastOp>();
  Value scalar = broadcast ? broadcast.getSource() : Value();
  if (!scalar)
    return Value();
  if (scalar.getType().isIndex())
    return scalar;
  if (scalar.getType().isInteger(64))
    return arith::IndexCastOp::create(b, loc, b.getIndexType(), scalar);
  return Value();
}

/// The signed predicate in place of an unsigned one.
static CmpIPredicate asSigned(CmpIPredicate predicate) {
  switch (predicate) {
  case CmpIPredicate::ult:
    return CmpIPredicate::slt;
  case CmpIPredicate::ule:
    return CmpIPredicate::sle;
  case CmpIPredicate::ugt:
    return CmpIPredicate::sgt;
  case CmpIPredicate::uge:
    return CmpIPredicate::sge;
  default:
    return predicate;
  }
}

/// 0, 1, 2 ... in lanes of i32.
static Value buildSteps(OpBuilder &b, Location loc, VectorType type) {
  auto narrow =
      VectorType::get(type.getShape(), b.getI32Type(), type.getScalableDims());
  if (type.isScalable())
    return arith::IndexCastOp::create(
        b, loc, narrow, vector::StepOp::create(b, loc, type).getResult());
  SmallVector<int32_t> steps(type.getNumElements());
  std::iota(steps.begin(), steps.end(), 0);
  return arith::ConstantOp::create(b, loc,
                                   DenseIntElementsAttr::get(narrow, steps));
}

static void narrow(arith::CmpIOp compare) {
  OpBuilder b(compare);
  Location loc = compare.getLoc();
  CmpIPredicate predicate = compare.getPredicate();
  std::optional<Columns> columns = matchColumns(compare.getLhs());
  Value other = compare.getRhs();
  if (!columns) {
    columns = matchColumns(compare.getRhs());
    other = compare.getLhs();
    predicate = swapOperands(predicate);
  }
  Value bound = columns ? matchOfRow(b, loc, other) : Value();
  if (!bound)
    return;
  auto index = [&](int64_t value) -> Value {
    return arith::ConstantIndexOp::create(b, loc, value);
  };
  // As unsigned numbers negative ones are larger than all columns.
  if (predicate != asSigned(predicate)) {
    Value isNegative =
        arith::CmpIOp::create(b, loc, CmpIPredicate::slt, bound, index(0));
    bound = arith::SelectOp::create(
        b, loc, isNegative, index(std::numeric_limits<int64_t>::max()), bound);
    predicate = asSigned(predicate);
  }
  Value first = columns->first;
  Value low = arith::SubIOp::create(b, loc, first, index(1));
  Value high = arith::AddIOp::create(b, loc, first, index(int64_t(1) << 30));
  Value clamped = arith::MinSIOp::create(
      b, loc, arith::MaxSIOp::create(b, loc, bound, low), high);
  Value distance = arith::IndexCastOp::create(
      b, loc, b.getI32Type(),
      arith::SubIOp::create(b, loc, clamped, first).getResult());
  Value steps = buildSteps(b, loc, columns->type);
  Value result = arith::CmpIOp::create(
      b, loc, predicate, steps,
      vector::BroadcastOp::create(b, loc, steps.getType(), distance));
  compare.replaceAllUsesWith(result);
  compare.erase();
}

void mlir::softmax::narrowColumnComparisons(Operation *root) {
  SmallVector<arith::CmpIOp> comparisons;
  root->walk([&](arith::CmpIOp compare) {
    if (isa<VectorType>(compare.getType()))
      comparisons.push_back(compare);
  });
  for (arith::CmpIOp compare : comparisons)
    narrow(compare);
}
