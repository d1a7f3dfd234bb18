// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Forms P1 and P9: softmax as linalg on tensors,
//
//   p = e / sum(e)  or  e * (1 / sum(e)),  e = exp(x - max(x))
//
// in generic or named ops, fused or apart.  P9, what linalg.softmax decomposes
// into, is P1 with maxnumf from a NaN.

#include "ElementExpr.h"
#include "RaisePatterns.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "softmax/Dialect/IR/Softmax.h"
#include "llvm/ADT/SetVector.h"

using namespace mlir;
using namespace mlir::softmax;
using namespace mlir::softmax::raise;

namespace {

/// What was recognized.
struct Match {
  Value logits;
  SmallVector<int64_t> dimensions;
  Operation *maximum = nullptr;
  Operation *sum = nullptr;
  Operation *exponential = nullptr;
};

/// Looks for softmax at one result of a linalg op.
class CanonicalMatcher {
public:
  CanonicalMatcher(OpResult root, PatternRewriter &rewriter)
      : root(root), rewriter(rewriter) {}

  LogicalResult run();

private:
  LogicalResult fail(const Twine &why) {
    return rewriter.notifyMatchFailure(root.getOwner(), "not raised: " + why);
  }
  bool splitQuotient(const Expr *expr, const Expr *&numerator,
                     const Expr *&denominator);
  LogicalResult matchSum();
  LogicalResult matchMaximum(const Expr *subtracted);
  LogicalResult matchLogits();
  LogicalResult reducedDimensions(const Expr *reduce, const CoordMap &map,
                                  SmallVectorImpl<int64_t> &dimensions);
  LogicalResult checkUsers();
  Value findDestination();
  void rewrite();
  StringRef describe(Operation *op) const;

  OpResult root;
  PatternRewriter &rewriter;
  ExprGraph graph;
  const Expr *element = nullptr;
  const Expr *exponential = nullptr;
  const Expr *sum = nullptr;
  const Expr *logits = nullptr;
  Match match;
  /// The ops that the softmax op replaces, the root first.
  llvm::SetVector<Operation *> replaced;
};

} // namespace

static bool isConstant(const Expr *expr,
                       function_ref<bool(const llvm::APFloat &)> holds) {
  return expr->kind == Expr::Kind::Constant && holds(*expr->constant);
}

static bool isOne(const llvm::APFloat &value) {
  return value.isExactlyValue(1.0);
}

/// Numerator and denominator of e / s, e * (1 / s) or (1 / s) * e.
bool CanonicalMatcher::splitQuotient(const Expr *expr, const Expr *&numerator,
                                     const Expr *&denominator) {
  if (expr->is(ScalarFn::Div)) {
    numerator = graph.resolve(expr->operands[0]);
    denominator = graph.resolve(expr->operands[1]);
    return true;
  }
  if (!expr->is(ScalarFn::Mul))
    return false;
  for (unsigned i : {0u, 1u}) {
    const Expr *reciprocal = graph.resolve(expr->operands[1 - i]);
    if (!reciprocal->is(ScalarFn::Div) ||
        !isConstant(graph.resolve(reciprocal->operands[0]), isOne))
      continue;
    numerator = graph.resolve(expr->operands[i]);
    denominator = graph.resolve(reciprocal->operands[1]);
    return true;
  }
  return false;
}

/// Which of the root's dimensions the bound coordinates of `reduce` stand for.
LogicalResult
CanonicalMatcher::reducedDimensions(const Expr *reduce, const CoordMap &map,
                                    SmallVectorImpl<int64_t> &dimensions) {
  for (Coord coord : reduce->bound) {
    auto image = map.find(coord);
    if (image == map.end())
      return failure();
    const Coord *position = llvm::find(element->coords, image->second);
    if (position == element->coords.end())
      return failure();
    dimensions.push_back(position - element->coords.begin());
  }
  llvm::sort(dimensions);
  return success(std::adjacent_find(dimensions.begin(), dimensions.end()) ==
                 dimensions.end());
}

/// The denominator adds up the numerator, from zero.
LogicalResult CanonicalMatcher::matchSum() {
  const Expr *init = graph.resolve(sum->operands[1]);
  if (!isConstant(init,
                  [](const llvm::APFloat &value) { return value.isZero(); }))
    return fail("the sum does not start at 0");
  CoordMap map;
  llvm::SmallDenseSet<Coord, 4> bound(sum->bound.begin(), sum->bound.end());
  if (!graph.isSame(sum->operands[0], exponential, map, bound))
    return fail("the sum is not over the exponentials that it divides");
  if (failed(reducedDimensions(sum, map, match.dimensions)))
    return fail("the sum runs over a dimension that the result does not have");
  match.sum = sum->op;
  return success();
}

/// What is subtracted is the maximum of the logits, over the sum's dimensions.
LogicalResult CanonicalMatcher::matchMaximum(const Expr *subtracted) {
  const Expr *maximum = graph.resolve(subtracted);
  const Expr *reducedLogits = logits;
  // The extension of a maximum is the maximum of the extensions.
  if (maximum->is(ScalarFn::Extend)) {
    const Expr *extended = graph.resolve(logits);
    if (extended->is(ScalarFn::Extend)) {
      maximum = graph.resolve(maximum->operands[0]);
      reducedLogits = extended->operands[0];
    }
  }
  if (!maximum->isReduce(ScalarFn::Max))
    return fail("what is subtracted from the logits is not a maximum");
  const Expr *init = graph.resolve(maximum->operands[1]);
  bool startsLow = isConstant(init, [&](const llvm::APFloat &value) {
    if (value.isNaN())
      return maximum->dropsInitialNan;
    return value.isNegative() && (value.isInfinity() || value.isLargest());
  });
  if (!startsLow)
    return fail("the maximum starts neither at -inf, nor at the lowest finite "
                "value, nor at a "
                "NaN that it ignores");
  CoordMap map;
  llvm::SmallDenseSet<Coord, 4> bound(maximum->bound.begin(),
                                      maximum->bound.end());
  if (!graph.isSame(maximum->operands[0], reducedLogits, map, bound))
    return fail("the maximum is not that of the logits");
  SmallVector<int64_t> dimensions;
  if (failed(reducedDimensions(maximum, map, dimensions)) ||
      dimensions != match.dimensions)
    return fail("the maximum and the sum run over different dimensions");
  match.maximum = maximum->op;
  return success();
}

/// The logits are a tensor, read as the result is written.
LogicalResult CanonicalMatcher::matchLogits() {
  const Expr *leaf = logits;
  // An extension to f32 belongs to the softmax op, which computes in f32.
  if (leaf->is(ScalarFn::Extend) && leaf->op->getResult(0).getType().isF32())
    leaf = leaf->operands[0];
  if (leaf->kind != Expr::Kind::Element)
    return fail(
        "the logits are no tensor: they are computed in the bodies of the ops");
  auto type = cast<RankedTensorType>(leaf->value.getType());
  if (!isSoftmaxElementType(type.getElementType()))
    return fail(
        "the logits' elements are neither f16, bf16, f32 nor f64 (C-TYPE-1)");
  if (leaf->coords.size() != element->coords.size())
    return fail("the logits and the result differ in rank");
  for (auto [i, pair] :
       llvm::enumerate(llvm::zip_equal(leaf->coords, element->coords)))
    if (std::get<0>(pair) != std::get<1>(pair) && type.getDimSize(i) != 1)
      return fail("the logits are read transposed or broadcast");
  auto resultType = cast<RankedTensorType>(root.getType());
  if (failed(verifyCompatibleShape(type, resultType)))
    return fail("the logits and the result differ in shape");
  match.logits = leaf->value;
  return success();
}

StringRef CanonicalMatcher::describe(Operation *op) const {
  if (op == match.maximum)
    return "the maximum";
  if (op == match.sum)
    return "the sum";
  if (op == match.exponential)
    return "the exponentials";
  return "an intermediate value";
}

/// Collects what becomes dead, and sees that nobody else wants it.
LogicalResult CanonicalMatcher::checkUsers() {
  replaced.insert(root.getOwner());
  for (unsigned next = 0; next < replaced.size(); ++next) {
    for (Value operand : replaced[next]->getOperands()) {
      Operation *producer = operand.getDefiningOp();
      if (!producer || !graph.wasExpanded(producer) ||
          producer == match.logits.getDefiningOp())
        continue;
      // Constants and fills may be shared by everybody.
      bool readsTensors =
          llvm::any_of(producer->getOperands(), [&](Value value) {
            auto destination = dyn_cast<DestinationStyleOpInterface>(producer);
            return isa<RankedTensorType>(value.getType()) &&
                   !(destination &&
                     llvm::is_contained(destination.getDpsInits(), value));
          });
      if (readsTensors)
        replaced.insert(producer);
    }
  }
  for (Operation *op : replaced) {
    if (op->getBlock() != root.getOwner()->getBlock())
      return fail("another block computes " + describe(op));
    for (OpResult result : op->getResults()) {
      if (result == root)
        continue;
      for (Operation *user : result.getUsers())
        if (!replaced.contains(user) && !isa<tensor::DimOp>(user))
          return fail("something else uses " +
                      (op == root.getOwner()
                           ? StringRef("another result of the op")
                           : describe(op)));
    }
  }
  return success();
}

/// The destination of the division, which may be the dead exponentials': then
/// theirs.
Value CanonicalMatcher::findDestination() {
  auto rootOp = cast<DestinationStyleOpInterface>(root.getOwner());
  Value destination = rootOp.getDpsInitOperand(root.getResultNumber())->get();
  while (Operation *producer = destination.getDefiningOp()) {
    if (!replaced.contains(producer))
      return destination;
    auto op = dyn_cast<DestinationStyleOpInterface>(producer);
    if (!op)
      break;
    destination =
        op.getDpsInitOperand(cast<OpResult>(destination).getResultNumber())
            ->get();
  }
  if (!destination.getDefiningOp())
    return destination;
  // A reshape of something dead: no tensor to reuse.
  return tensor::EmptyOp::create(
      rewriter, root.getLoc(),
      tensor::getMixedSizes(rewriter, root.getLoc(), match.logits),
      cast<RankedTensorType>(root.getType()).getElementType());
}

void CanonicalMatcher::rewrite() {
  rewriter.setInsertionPoint(root.getOwner());
  Value destination = findDestination();
  auto op = SoftmaxOp::create(rewriter, root.getLoc(), match.logits,
                              ValueRange{destination}, match.dimensions);
  Value result = op->getResult(0);
  if (result.getType() != root.getType())
    result =
        tensor::CastOp::create(rewriter, root.getLoc(), root.getType(), result);
  rewriter.replaceAllUsesWith(root, result);

  // Sizes asked of a dead value are those of its destination.
  for (Operation *dead : replaced) {
    auto destinationStyle = dyn_cast<DestinationStyleOpInterface>(dead);
    if (!destinationStyle)
      continue;
    for (OpResult value : dead->getResults())
      rewriter.replaceUsesWithIf(
          value,
          destinationStyle.getDpsInitOperand(value.getResultNumber())->get(),
          [](OpOperand &use) { return isa<tensor::DimOp>(use.getOwner()); });
  }
  // Users before what they use; a size of a dead reshape keeps it alive.
  for (bool changed = true; changed;) {
    changed = false;
    for (Operation *dead : llvm::to_vector(replaced)) {
      if (!dead->use_empty())
        continue;
      replaced.remove(dead);
      rewriter.eraseOp(dead);
      changed = true;
    }
  }
}

LogicalResult CanonicalMatcher::run() {
  element = graph.getElement(root);
  const Expr *expr = graph.expand(element);
  if (!expr)
    return failure();
  // A truncation of an f32 quotient belongs to the softmax op.
  if (expr->is(ScalarFn::Truncate) && expr->op->getOperand(0).getType().isF32())
    expr = expr->operands[0];
  // Neither a quotient of exponentials and a sum nor anything like it: most
  // ops end here, without a word.
  if (!splitQuotient(expr, exponential, sum) ||
      !exponential->is(ScalarFn::Exp) || !sum->isReduce(ScalarFn::Add))
    return failure();
  match.exponential = exponential->op->getParentOp();

  if (!isSoftmaxElementType(
          cast<RankedTensorType>(root.getType()).getElementType()))
    return fail(
        "the result's elements are neither f16, bf16, f32 nor f64 (C-TYPE-1)");
  const Expr *shifted = graph.resolve(exponential->operands[0]);
  if (!shifted->is(ScalarFn::Sub))
    return fail("no maximum is subtracted from the logits");
  logits = shifted->operands[0];
  if (failed(matchSum()) || failed(matchMaximum(shifted->operands[1])) ||
      failed(matchLogits()) || failed(checkUsers()))
    return failure();
  rewrite();
  return success();
}

namespace {
struct RaiseCanonical : OpInterfaceRewritePattern<linalg::LinalgOp> {
  using OpInterfaceRewritePattern::OpInterfaceRewritePattern;

  LogicalResult matchAndRewrite(linalg::LinalgOp op,
                                PatternRewriter &rewriter) const override {
    if (!op.hasPureTensorSemantics())
      return failure();
    for (OpResult result : op->getResults())
      if (!result.use_empty() &&
          succeeded(CanonicalMatcher(result, rewriter).run()))
        return success();
    return failure();
  }
};
} // namespace

void raise::populateCanonicalPattern(RewritePatternSet &patterns) {
  patterns.add<RaiseCanonical>(patterns.getContext());
}
