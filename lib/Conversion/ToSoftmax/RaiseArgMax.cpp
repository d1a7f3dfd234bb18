// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// The largest element of each row and its place, as frontends write it: a
// linalg.generic with a reduction loop that carries both.  It is the selection
// of one logit, #softmax.topk<k = 1>, which a softmax of the same rows takes
// along.

#include "RaisePatterns.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"
#include "softmax/Dialect/IR/GenericRegions.h"
#include "softmax/Dialect/IR/Softmax.h"

using namespace mlir;
using namespace mlir::softmax;

namespace {

/// The parts of such a loop.
struct ArgMax {
  linalg::GenericOp op;
  int64_t dimension = 0;
  /// Which of the two destinations holds values, and which places.
  unsigned values = 0, places = 1;

  /// What is in the way; empty if `op` is one.
  std::string match();

private:
  std::string matchShape();
  std::string matchBody();
  std::string matchInits();
};

} // namespace

std::string ArgMax::matchShape() {
  SmallVector<unsigned> reduced;
  op.getReductionDims(reduced);
  MLIRContext *context = op.getContext();
  int64_t loops = op.getNumLoops();
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  if (reduced.size() != 1 || !maps[0].isIdentity())
    return "it does not reduce one dimension of its input, in order";
  dimension = reduced.front();
  SmallVector<AffineExpr> rows;
  for (int64_t dim = 0; dim < loops; ++dim)
    if (dim != dimension)
      rows.push_back(getAffineDimExpr(dim, context));
  AffineMap row = AffineMap::get(loops, 0, rows, context);
  if (maps[1] != row || maps[2] != row)
    return "its results are not one per row, in the order of the rows";
  Type element = getElementTypeOrSelf(op.getInputs()[0].getType());
  if (!raise::isSoftmaxElementType(element))
    return "its elements are neither f16, bf16, f32 nor f64 (C-TYPE-1)";
  values = isa<FloatType>(getElementTypeOrSelf(op.getOutputs()[0].getType()))
               ? 0
               : 1;
  places = 1 - values;
  Type place = getElementTypeOrSelf(op.getOutputs()[places].getType());
  if (getElementTypeOrSelf(op.getOutputs()[values].getType()) != element ||
      !(place.isIndex() || place.isInteger(32) || place.isInteger(64)))
    return "its results are not an element and a place (index, i32 or i64)";
  return {};
}

std::string ArgMax::matchBody() {
  Block &body = *op.getBlock();
  Value x = body.getArgument(0), best = body.getArgument(1 + values),
        where = body.getArgument(1 + places);
  auto yield = cast<linalg::YieldOp>(body.getTerminator());
  // The place changes where an element is larger than all before it.
  auto place = yield.getOperand(places).getDefiningOp<arith::SelectOp>();
  auto compare = place ? place.getCondition().getDefiningOp<arith::CmpFOp>()
                       : arith::CmpFOp();
  if (!compare || place.getFalseValue() != where)
    return "the place is no select on a comparison of floats";
  bool greater = compare.getPredicate() == arith::CmpFPredicate::OGT &&
                 compare.getLhs() == x && compare.getRhs() == best;
  bool less = compare.getPredicate() == arith::CmpFPredicate::OLT &&
              compare.getLhs() == best && compare.getRhs() == x;
  if (!greater && !less)
    return "the comparison is not whether the element is larger (of equal "
           "elements the first one counts)";
  Value index = place.getTrueValue();
  if (auto cast = index.getDefiningOp<arith::IndexCastOp>())
    index = cast.getIn();
  auto loop = index.getDefiningOp<linalg::IndexOp>();
  if (!loop || static_cast<int64_t>(loop.getDim()) != dimension)
    return "the place is not the index of the reduction loop";

  Operation *value = yield.getOperand(values).getDefiningOp();
  bool selects = isa_and_nonnull<arith::SelectOp>(value) &&
                 value->getOperand(0) == place.getCondition() &&
                 value->getOperand(1) == x && value->getOperand(2) == best;
  bool maximum = isa_and_nonnull<arith::MaximumFOp, arith::MaxNumFOp>(value) &&
                 ((value->getOperand(0) == x && value->getOperand(1) == best) ||
                  (value->getOperand(0) == best && value->getOperand(1) == x));
  if (!selects && !maximum)
    return "the value is not the larger one";
  if (!hasFastMathFlags(value, arith::FastMathFlags::nsz) &&
      !hasFastMathFlags(compare, arith::FastMathFlags::nsz))
    return "#softmax.topk gives a zero without its sign; the comparison needs "
           "the flag nsz";
  if (!hasFastMathFlags(compare, arith::FastMathFlags::nnan))
    return "a NaN would be passed over here but counts as the largest in "
           "#softmax.topk; the comparison needs the flag nnan";
  return {};
}

std::string ArgMax::matchInits() {
  auto getFill = [](Value init) -> Value {
    auto fill = init.getDefiningOp<linalg::FillOp>();
    return fill ? fill.value() : Value();
  };
  APFloat lowest(0.0f);
  APInt first;
  Value value = getFill(op.getOutputs()[values]);
  Value place = getFill(op.getOutputs()[places]);
  if (!value || !matchPattern(value, m_ConstantFloat(&lowest)) ||
      !lowest.isInfinity() || !lowest.isNegative())
    return "the value does not start at -inf";
  if (!place || !matchPattern(place, m_ConstantInt(&first)) || !first.isZero())
    return "the place does not start at 0";
  return {};
}

std::string ArgMax::match() {
  if (op.getNumDpsInputs() != 1 || op.getNumDpsInits() != 2 ||
      op.getNumReductionLoops() == 0)
    return "-";
  for (auto step :
       {&ArgMax::matchShape, &ArgMax::matchBody, &ArgMax::matchInits})
    if (std::string why = (this->*step)(); !why.empty())
      return why;
  return {};
}

namespace {
struct RaiseArgMax : OpRewritePattern<linalg::GenericOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(linalg::GenericOp op,
                                PatternRewriter &rewriter) const override {
    ArgMax found;
    found.op = op;
    if (!op.hasPureTensorSemantics())
      return failure();
    if (std::string why = found.match(); !why.empty()) {
      // Most reductions do not mean to be one.
      if (why == "-")
        return failure();
      return rewriter.notifyMatchFailure(op, [&](Diagnostic &diagnostic) {
        diagnostic << "not raised to a selection of the largest: " << why;
      });
    }
    rewriter.replaceOp(op, build(rewriter, found));
    return success();
  }

  static SmallVector<Value> build(PatternRewriter &rewriter,
                                  const ArgMax &found);
};
} // namespace

SmallVector<Value> RaiseArgMax::build(PatternRewriter &rewriter,
                                      const ArgMax &found) {
  linalg::GenericOp op = found.op;
  Location loc = op.getLoc();
  Value input = op.getInputs()[0];
  Type element = getElementTypeOrSelf(input.getType());
  FloatType compute =
      element.isF64() ? rewriter.getF64Type() : rewriter.getF32Type();
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  SmallVector<Value> inits = {op.getOutputs()[found.values],
                              op.getOutputs()[found.places]};
  auto statistic =
      cast<StatisticAttrInterface>(TopKAttr::get(rewriter.getContext(), 1));
  SmallVector<Type> types =
      llvm::map_to_vector(inits, [](Value init) { return init.getType(); });
  auto generic = GenericOp::create(
      rewriter, loc, types, rewriter.getDenseI64ArrayAttr({found.dimension}),
      rewriter.getArrayAttr({statistic}), rewriter.getAffineMapArrayAttr(maps),
      ValueRange{input}, inits, /*rows=*/ValueRange{},
      /*schedule=*/ScheduleAttr());

  OpBuilder::InsertionGuard guard(rewriter);
  Block *logit =
      rewriter.createBlock(&generic.getLogit(), {}, {element}, {loc});
  Value x = logit->getArgument(0);
  if (element != compute)
    x = arith::ExtFOp::create(rewriter, loc, compute, x);
  YieldOp::create(rewriter, loc, x);

  SmallVector<Type> arguments = statistic.getRowArgumentTypes(compute);
  Block *row =
      rewriter.createBlock(&generic.getRow(), {}, arguments, {loc, loc});
  Value best = vector::ExtractOp::create(rewriter, loc, row->getArgument(0), 0);
  Value where =
      vector::ExtractOp::create(rewriter, loc, row->getArgument(1), 0);
  if (element != compute)
    best = arith::TruncFOp::create(rewriter, loc, element, best);
  // A row without elements keeps 0.
  Value zero = arith::ConstantIntOp::create(rewriter, loc, 0, 64);
  where = arith::MaxSIOp::create(rewriter, loc, where, zero);
  Type place = getElementTypeOrSelf(inits[1].getType());
  if (place.isIndex())
    where = arith::IndexCastOp::create(rewriter, loc, place, where);
  else if (place.isInteger(32))
    where = arith::TruncIOp::create(rewriter, loc, place, where);
  YieldOp::create(rewriter, loc, ValueRange{best, where});

  SmallVector<Value> results(2);
  results[found.values] = generic->getResult(0);
  results[found.places] = generic->getResult(1);
  return results;
}

void raise::populateArgMaxPattern(RewritePatternSet &patterns) {
  patterns.add<RaiseArgMax>(patterns.getContext());
}
