// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// log_softmax from which a linalg.generic gathers one element per row, by class
// index, as cross_entropy: -((x - m) - log(s)) is (m - x) + log(s) bit by bit,
// and nothing of the logits' size is written.

#include "Identities.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/Matchers.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/Interfaces/ValueBoundsOpInterface.h"

using namespace mlir;
using namespace mlir::softmax;

namespace {

/// A read of log_softmax's result at the row's class.
struct Gather {
  tensor::ExtractOp extract;
  linalg::GenericOp user;
  /// The operand of `user` that holds the classes.
  OpOperand *labels = nullptr;
  /// From the loops of `user` to a row.
  AffineMap rows;
  /// The class whose rows do not take the element.
  std::optional<int64_t> ignored;

  /// What is in the way; empty if the gather was found.
  StringRef match(LogSoftmaxOp op);

private:
  bool coversRows(LogSoftmaxOp op);
  void findIgnored(BlockArgument label);
};

} // namespace

/// The block argument whose value `index` is, sign-extended or not.
static BlockArgument stripCasts(Value index) {
  auto toIndex = index.getDefiningOp<arith::IndexCastOp>();
  if (!toIndex)
    return BlockArgument();
  Value integer = toIndex.getIn();
  while (auto extended = integer.getDefiningOp<arith::ExtSIOp>())
    integer = extended.getIn();
  return dyn_cast<BlockArgument>(integer);
}

/// Whether the loops of `user` run over all rows: labels of fewer rows would
/// read the first of them alone.
bool Gather::coversRows(LogSoftmaxOp op) {
  unsigned row = 0;
  for (int64_t dim = 0, rank = op.getIterationRank(); dim < rank; ++dim) {
    if (dim == op.getDimensions().front())
      continue;
    AffineExpr loop = rows.getResult(row++);
    bool found = false;
    for (OpOperand &operand : user->getOpOperands()) {
      AffineMap map = user.getMatchingIndexingMap(&operand);
      for (auto [place, expr] : llvm::enumerate(map.getResults())) {
        if (expr != loop)
          continue;
        for (Value logits : {op.getInput(), op.getInits().front()}) {
          FailureOr<bool> equal = ValueBoundsConstraintSet::areEqual(
              {operand.get(), static_cast<int64_t>(place)}, {logits, dim});
          found |= succeeded(equal) && *equal;
        }
      }
    }
    if (!found)
      return false;
  }
  return true;
}

/// select(label == c, other, f(element)): rows of class c do not count.
void Gather::findIgnored(BlockArgument label) {
  Value element = extract.getResult();
  while (element.hasOneUse() && isa<arith::NegFOp>(*element.getUsers().begin()))
    element = element.getUsers().begin()->getResult(0);
  if (!element.hasOneUse())
    return;
  auto select = dyn_cast<arith::SelectOp>(*element.getUsers().begin());
  if (!select)
    return;
  auto compare = select.getCondition().getDefiningOp<arith::CmpIOp>();
  APInt constant;
  if (!compare || compare.getLhs() != label ||
      !matchPattern(compare.getRhs(), m_ConstantInt(&constant)))
    return;
  bool equal = compare.getPredicate() == arith::CmpIPredicate::eq &&
               select.getFalseValue() == element;
  bool unequal = compare.getPredicate() == arith::CmpIPredicate::ne &&
                 select.getTrueValue() == element;
  if (equal || unequal)
    ignored = constant.getSExtValue();
}

StringRef Gather::match(LogSoftmaxOp op) {
  if (op.getNumResults() != 1 || !op.getResult(0).hasOneUse())
    return "is on memrefs, gives lse, or has other readers";
  if (op.getScale() || op.getBias() || op.getMask())
    return "has scale, bias or mask, which cross_entropy has not";
  if (op.getMaskedRow() != MaskedRow::Nan)
    return "gives -inf in masked rows, whose loss would be +inf";
  if (op.getDimensions().size() != 1 ||
      getElementTypeOrSelf(op.getResult(0)) != op.getComputeType())
    return "class indices pick along one dimension, and a loss has the compute "
           "type";
  extract = dyn_cast<tensor::ExtractOp>(*op.getResult(0).getUsers().begin());
  user = extract ? dyn_cast<linalg::GenericOp>(extract->getParentOp())
                 : linalg::GenericOp();
  if (!user || !user.hasPureTensorSemantics() || !user.isAllParallelLoops())
    return "is not read by a tensor.extract in an element-wise linalg.generic";
  if (user->getBlock() != op->getBlock())
    return "would be computed again in a loop";

  SmallVector<AffineExpr> loops;
  BlockArgument label;
  for (auto [dim, index] : llvm::enumerate(extract.getIndices())) {
    if (static_cast<int64_t>(dim) == op.getDimensions().front()) {
      label = stripCasts(index);
      continue;
    }
    auto loop = index.getDefiningOp<linalg::IndexOp>();
    if (!loop)
      return "a row is not that of a loop";
    loops.push_back(getAffineDimExpr(loop.getDim(), op.getContext()));
  }
  if (!label || label.getOwner() != user.getBlock())
    return "the class is no element of an operand";
  labels = user.getMatchingOpOperand(label);
  auto type = dyn_cast<RankedTensorType>(labels->get().getType());
  if (!type || user.isDpsInit(labels) ||
      !(label.getType().isInteger(32) || label.getType().isInteger(64)))
    return "classes are no tensor of i32 or i64";
  rows = AffineMap::get(user.getNumLoops(), 0, loops, op.getContext());
  if (user.getMatchingIndexingMap(labels) != rows ||
      !rows.isProjectedPermutation())
    return "the class is not that of the row";
  if (!coversRows(op))
    return "classes might be of fewer rows";
  findIgnored(label);
  return {};
}

namespace {
struct NegativeLogLikelihood : public OpRewritePattern<LogSoftmaxOp> {
  using OpRewritePattern::OpRewritePattern;

  LogicalResult matchAndRewrite(LogSoftmaxOp op,
                                PatternRewriter &rewriter) const override {
    Gather gather;
    if (StringRef why = gather.match(op); !why.empty())
      return rewriter.notifyMatchFailure(op, why);
    linalg::GenericOp user = gather.user;
    Location loc = op.getLoc();
    rewriter.setInsertionPoint(user);
    SmallVector<OpFoldResult> sizes =
        tensor::getMixedSizes(rewriter, loc, op.getInput());
    sizes.erase(sizes.begin() + op.getDimensions().front());
    Value empty =
        tensor::EmptyOp::create(rewriter, loc, sizes, op.getComputeType());
    Value loss = CrossEntropyOp::create(rewriter, loc, op.getInput(),
                                        gather.labels->get(), ValueRange{empty},
                                        op.getDimensions(), gather.ignored)
                     ->getResult(0);

    // The loss is one more input of the reader.
    SmallVector<Value> inputs(user.getInputs());
    SmallVector<AffineMap> maps = user.getIndexingMapsArray();
    maps.insert(maps.begin() + inputs.size(), gather.rows);
    inputs.push_back(loss);
    auto replacement = linalg::GenericOp::create(
        rewriter, user.getLoc(), user->getResultTypes(), inputs,
        user.getOutputs(), maps, user.getIteratorTypesArray());
    replacement->setDiscardableAttrs(user->getDiscardableAttrDictionary());
    rewriter.inlineRegionBefore(user.getRegion(), replacement.getRegion(),
                                replacement.getRegion().begin());
    Value element = replacement.getBlock()->insertArgument(
        inputs.size() - 1, op.getComputeType(), loc);
    rewriter.setInsertionPoint(gather.extract);
    rewriter.replaceOpWithNewOp<arith::NegFOp>(gather.extract, element);
    rewriter.replaceOp(user, replacement);
    rewriter.eraseOp(op);
    return success();
  }
};
} // namespace

void common::addNegativeLogLikelihood(RewritePatternSet &patterns) {
  patterns.add<NegativeLogLikelihood>(patterns.getContext());
}
