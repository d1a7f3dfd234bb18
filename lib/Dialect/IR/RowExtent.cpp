// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "softmax/Dialect/IR/RowExtent.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"
#include "softmax/Dialect/IR/GenericRegions.h"

using namespace mlir;
using namespace mlir::softmax;
using arith::CmpIPredicate;

CmpIPredicate mlir::softmax::swapOperands(CmpIPredicate predicate) {
  switch (predicate) {
  case CmpIPredicate::slt:
    return CmpIPredicate::sgt;
  case CmpIPredicate::sle:
    return CmpIPredicate::sge;
  case CmpIPredicate::sgt:
    return CmpIPredicate::slt;
  case CmpIPredicate::sge:
    return CmpIPredicate::sle;
  case CmpIPredicate::ult:
    return CmpIPredicate::ugt;
  case CmpIPredicate::ule:
    return CmpIPredicate::uge;
  case CmpIPredicate::ugt:
    return CmpIPredicate::ult;
  case CmpIPredicate::uge:
    return CmpIPredicate::ule;
  case CmpIPredicate::eq:
  case CmpIPredicate::ne:
    return predicate;
  }
  llvm_unreachable("all predicates are handled");
}

namespace {

/// Finds the bound in one logit region.
class Finder {
public:
  explicit Finder(GenericOp op) : op(op) {}

  std::optional<RowExtent> inLogit(Value logit);

private:
  std::optional<RowExtent> inCondition(Value condition);
  std::optional<RowExtent> inComparison(arith::CmpIOp compare, bool negated);
  bool isColumn(Value value);
  bool isOfRow(Value value);

  GenericOp op;
  /// What `isOfRow` has found.
  llvm::SmallDenseMap<Value, bool> known;
};

} // namespace

/// softmax.index of the softmax dimension, as it is, i32 or i64.
bool Finder::isColumn(Value value) {
  Type type = value.getType();
  if (auto cast = value.getDefiningOp<arith::IndexCastOp>();
      cast && (type.isInteger(32) || type.isInteger(64)))
    value = cast.getIn();
  auto index = value.getDefiningOp<IndexOp>();
  return index && op.isReduced(index.getDim());
}

/// Whether all elements of a row have the same.
bool Finder::isOfRow(Value value) {
  auto [entry, isNew] = known.try_emplace(value, false);
  if (!isNew)
    return entry->second;
  bool result;
  if (auto argument = dyn_cast<BlockArgument>(value)) {
    result = op.isRowInvariant(op.getInputMap(argument.getArgNumber()));
  } else if (auto index = value.getDefiningOp<IndexOp>()) {
    result = !op.isReduced(index.getDim());
  } else {
    Operation *defining = value.getDefiningOp();
    result = defining->getNumRegions() == 0 &&
             llvm::all_of(defining->getOperands(),
                          [&](Value operand) { return isOfRow(operand); });
  }
  return known[value] = result;
}

std::optional<RowExtent> Finder::inComparison(arith::CmpIOp compare,
                                              bool negated) {
  CmpIPredicate predicate = compare.getPredicate();
  if (negated)
    predicate = arith::invertPredicate(predicate);
  Value column = compare.getLhs(), bound = compare.getRhs();
  if (isColumn(bound)) {
    std::swap(column, bound);
    predicate = swapOperands(predicate);
  }
  Type type = bound.getType();
  if (!isColumn(column) || !isOfRow(bound) ||
      !(type.isIndex() || type.isInteger(32) || type.isInteger(64)))
    return std::nullopt;
  RowExtent extent;
  extent.bound = bound;
  extent.comparisons.push_back({compare, !negated});
  switch (predicate) {
  case CmpIPredicate::slt:
    return extent;
  case CmpIPredicate::sle:
    extent.inclusive = true;
    return extent;
  case CmpIPredicate::ult:
    extent.isUnsigned = true;
    return extent;
  case CmpIPredicate::ule:
    extent.inclusive = extent.isUnsigned = true;
    return extent;
  default:
    return std::nullopt;
  }
}

/// A bound beyond which `condition` is false.
std::optional<RowExtent> Finder::inCondition(Value condition) {
  if (auto both = condition.getDefiningOp<arith::AndIOp>()) {
    std::optional<RowExtent> first = inCondition(both.getLhs());
    return first ? first : inCondition(both.getRhs());
  }
  if (auto compare = condition.getDefiningOp<arith::CmpIOp>())
    return inComparison(compare, /*negated=*/false);
  return std::nullopt;
}

/// A bound beyond which `logit` is -inf.
std::optional<RowExtent> Finder::inLogit(Value logit) {
  auto select = logit.getDefiningOp<arith::SelectOp>();
  if (!select)
    return std::nullopt;
  auto isMasked = [](Value value) {
    APFloat number(0.0f);
    return matchPattern(value, m_ConstantFloat(&number)) &&
           number.isInfinity() && number.isNegative();
  };
  Value condition = select.getCondition();
  if (isMasked(select.getFalseValue())) {
    if (std::optional<RowExtent> found = inCondition(condition))
      return found;
    return inLogit(select.getTrueValue());
  }
  if (!isMasked(select.getTrueValue()))
    return std::nullopt;
  if (auto compare = condition.getDefiningOp<arith::CmpIOp>())
    if (std::optional<RowExtent> found =
            inComparison(compare, /*negated=*/true))
      return found;
  return inLogit(select.getFalseValue());
}

std::optional<RowExtent> RowExtent::find(GenericOp op) {
  if (!op.hasLogit() || op.getDimensions().size() != 1)
    return std::nullopt;
  Finder finder(op);
  std::optional<RowExtent> found;
  for (auto [statistic, logit] : llvm::zip_equal(
           op.getStatisticList(), getYield(op.getLogit()).getValues())) {
    if (!isa<MaxSumExpAttr>(statistic))
      return std::nullopt;
    std::optional<RowExtent> own = finder.inLogit(logit);
    if (!own || (found && !(*found == *own)))
      return std::nullopt;
    if (!found)
      found = own;
    else
      llvm::append_range(found->comparisons, own->comparisons);
  }
  return found;
}

void RowExtent::cloneForCounting(GenericOp op, Region &region) const {
  IRMapping mapping;
  op.getLogit().cloneInto(&region, mapping);
  OpBuilder builder(op.getContext());
  for (auto [comparison, holds] : comparisons) {
    Operation *clone = mapping.lookup(comparison->getResult(0)).getDefiningOp();
    builder.setInsertionPoint(clone);
    clone->replaceAllUsesWith(ValueRange{arith::ConstantIntOp::create(
        builder, clone->getLoc(), holds, /*width=*/1)});
  }
}
