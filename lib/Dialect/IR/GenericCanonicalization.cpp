// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Canonicalization of softmax.generic: what nothing uses is removed, and what
// is given twice is given once.  No pattern changes a bit of a result: the
// compute type, the sizes that are known and the formulas of what remains stay
// as they are.

#include "Identities.h"
#include "StructuredOpCommon.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StructuredOpsUtils.h"
#include "mlir/IR/PatternMatch.h"
#include "softmax/Dialect/IR/GenericRegions.h"
#include "softmax/Dialect/IR/RowNeeds.h"
#include "softmax/Dialect/IR/Softmax.h"

using namespace mlir;
using namespace mlir::softmax;

//===----------------------------------------------------------------------===//
// What may be taken away
//===----------------------------------------------------------------------===//

/// Whether the other operands still name every dimension that `operand` names,
/// with its static size if it has one, and imply the same compute type
/// (C-TYPE-2).
static bool isDispensable(GenericOp op, OpOperand &operand) {
  SmallVector<Value> others;
  SmallVector<int64_t> sizes(op.getIterationRank(), ShapedType::kDynamic);
  llvm::SmallBitVector named(op.getIterationRank());
  auto note = [&](OpOperand &other, auto &&visit) {
    AffineMap map = op.getOperandMap(other);
    auto shaped = dyn_cast<ShapedType>(other.get().getType());
    if (!map || !shaped)
      return;
    for (auto [i, expr] : llvm::enumerate(map.getResults()))
      if (auto dim = dyn_cast<AffineDimExpr>(expr))
        visit(dim.getPosition(), shaped.getDimSize(i));
  };
  for (OpOperand &other : op->getOpOperands()) {
    if (&other == &operand)
      continue;
    others.push_back(other.get());
    note(other, [&](unsigned dim, int64_t size) {
      named.set(dim);
      common::mergeSize(sizes[dim], size);
    });
  }
  bool dispensable =
      common::inferComputeType(others, op.getContext()) == op.getComputeType();
  note(operand, [&](unsigned dim, int64_t size) {
    dispensable &=
        named.test(dim) && (ShapedType::isDynamic(size) || sizes[dim] == size);
  });
  return dispensable;
}

static void eraseArguments(ArrayRef<BlockArgument> arguments) {
  for (BlockArgument argument : arguments)
    argument.getOwner()->eraseArgument(argument.getArgNumber());
}

namespace {

//===----------------------------------------------------------------------===//
// Inputs
//===----------------------------------------------------------------------===//

/// Removes an input that no region uses.
struct DropUnusedInput : public OpRewritePattern<GenericOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(GenericOp op,
                                PatternRewriter &rewriter) const override {
    if (op.getInputs().size() == 1)
      return rewriter.notifyMatchFailure(op, "needs its only input");
    for (unsigned i = 0; i < op.getInputs().size(); ++i) {
      if (!llvm::all_of(getInputArguments(op, i),
                        [](Value v) { return v.use_empty(); }) ||
          !isDispensable(op, op.getInputsMutable()[i]))
        continue;
      rewriter.modifyOpInPlace(op, [&] { eraseInput(op, i); });
      return success();
    }
    return rewriter.notifyMatchFailure(op, "every input is used");
  }
};

/// One input for a value that is read twice through the same map.
struct MergeDuplicateInputs : public OpRewritePattern<GenericOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(GenericOp op,
                                PatternRewriter &rewriter) const override {
    for (unsigned i = 0; i < op.getInputs().size(); ++i) {
      for (unsigned j = i + 1; j < op.getInputs().size(); ++j) {
        if (op.getInputs()[i] != op.getInputs()[j] ||
            op.getInputMap(i) != op.getInputMap(j))
          continue;
        rewriter.modifyOpInPlace(op, [&] {
          for (auto [kept, other] : llvm::zip_equal(getInputArguments(op, i),
                                                    getInputArguments(op, j)))
            other.replaceAllUsesWith(kept);
          eraseInput(op, j, /*twin=*/i);
        });
        return success();
      }
    }
    return rewriter.notifyMatchFailure(op, "no input is given twice");
  }
};

//===----------------------------------------------------------------------===//
// Statistics
//===----------------------------------------------------------------------===//

/// The arguments of statistic `s` in the regions that have them.
SmallVector<BlockArgument> getArgumentsOfStatistic(GenericOp op, unsigned s) {
  SmallVector<BlockArgument> arguments;
  for (bool row : {true, false})
    if (row ? op.hasRow() : op.hasResult())
      for (Value value : getStatisticArguments(op, s, row))
        arguments.push_back(cast<BlockArgument>(value));
  return arguments;
}

void eraseStatistic(GenericOp op, unsigned s, PatternRewriter &rewriter) {
  eraseArguments(getArgumentsOfStatistic(op, s));
  SmallVector<Attribute> statistics(op.getStatistics().getValue());
  statistics.erase(statistics.begin() + s);
  op.setStatisticsAttr(ArrayAttr::get(op.getContext(), statistics));
  if (statistics.empty())
    rewriter.eraseBlock(&op.getLogit().front());
  else
    getYield(op.getLogit())->eraseOperand(s);
}

/// Removes a statistic that neither the row nor the result region uses.
struct DropUnusedStatistic : public OpRewritePattern<GenericOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(GenericOp op,
                                PatternRewriter &rewriter) const override {
    for (unsigned s = 0; s < op.getStatistics().size(); ++s) {
      if (!llvm::all_of(getArgumentsOfStatistic(op, s),
                        [](Value v) { return v.use_empty(); }))
        continue;
      rewriter.modifyOpInPlace(op, [&] { eraseStatistic(op, s, rewriter); });
      return success();
    }
    return rewriter.notifyMatchFailure(op, "every statistic is used");
  }
};

/// One statistic for two alike of the same logits.
struct MergeDuplicateStatistics : public OpRewritePattern<GenericOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(GenericOp op,
                                PatternRewriter &rewriter) const override {
    if (!op.hasLogit())
      return rewriter.notifyMatchFailure(op, "has no statistics");
    YieldOp yield = getYield(op.getLogit());
    ArrayAttr statistics = op.getStatistics();
    for (unsigned i = 0; i < statistics.size(); ++i) {
      for (unsigned j = i + 1; j < statistics.size(); ++j) {
        if (statistics[i] != statistics[j] ||
            yield.getValues()[i] != yield.getValues()[j])
          continue;
        rewriter.modifyOpInPlace(op, [&] {
          for (auto [kept, other] :
               llvm::zip_equal(getArgumentsOfStatistic(op, i),
                               getArgumentsOfStatistic(op, j)))
            other.replaceAllUsesWith(kept);
          eraseStatistic(op, j, rewriter);
        });
        return success();
      }
    }
    return rewriter.notifyMatchFailure(op, "no statistic is given twice");
  }
};

//===----------------------------------------------------------------------===//
// The row region
//===----------------------------------------------------------------------===//

/// Stops handing on a row value that the result region does not use.  One that
/// is an input of the row region first becomes the result region's own.
struct DropHandedOnValue : public OpRewritePattern<GenericOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(GenericOp op,
                                PatternRewriter &rewriter) const override {
    if (!op.hasRow())
      return rewriter.notifyMatchFailure(op, "has no row region");
    YieldOp yield = getYield(op.getRow());
    unsigned perRow = op.getInits().size() - op.getNumElementwiseInits();
    unsigned handedOn = yield.getValues().size() - perRow;
    for (unsigned i = 0; i < handedOn; ++i) {
      if (!op.hasResult()) {
        rewriter.modifyOpInPlace(op, [&] { yield->eraseOperand(perRow + i); });
        return success();
      }
      Block &result = op.getResult().front();
      BlockArgument argument =
          result.getArgument(result.getNumArguments() - handedOn + i);
      BlockArgument input = getResultTwin(op, yield.getValues()[perRow + i]);
      if (!argument.use_empty() && !input)
        continue;
      rewriter.modifyOpInPlace(op, [&] {
        if (input)
          argument.replaceAllUsesWith(input);
        result.eraseArgument(argument.getArgNumber());
        yield->eraseOperand(perRow + i);
      });
      return success();
    }
    return rewriter.notifyMatchFailure(op, "every handed-on value is used");
  }

  /// The result region's argument for the input that `value` is in the row
  /// region; null if it is none.
  static BlockArgument getResultTwin(GenericOp op, Value value) {
    for (unsigned i = 0; i < op.getInputs().size(); ++i)
      if (op.isRowInvariant(op.getInputMap(i)) &&
          llvm::is_contained(getInputArguments(op, i), value))
        return op.getResult().getArgument(i);
    return BlockArgument();
  }
};

/// Removes a row region that yields nothing.
struct DropEmptyRowRegion : public OpRewritePattern<GenericOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(GenericOp op,
                                PatternRewriter &rewriter) const override {
    if (!op.hasRow() || !getYield(op.getRow()).getValues().empty())
      return rewriter.notifyMatchFailure(op, "the row region is needed");
    rewriter.modifyOpInPlace(
        op, [&] { rewriter.eraseBlock(&op.getRow().front()); });
    return success();
  }
};

//===----------------------------------------------------------------------===//
// Destinations
//===----------------------------------------------------------------------===//

/// On tensors: removes a destination whose result nothing uses.
struct DropUnusedResult : public OpRewritePattern<GenericOp> {
  using OpRewritePattern::OpRewritePattern;
  LogicalResult matchAndRewrite(GenericOp op,
                                PatternRewriter &rewriter) const override {
    if (op.getNumResults() < 2)
      return rewriter.notifyMatchFailure(op, "has no second result");
    unsigned elementwise = op.getNumElementwiseInits();
    for (unsigned r = 0; r < op.getNumResults(); ++r) {
      if (!op.getResults()[r].use_empty() ||
          !isDispensable(op, op.getInitsMutable()[r]))
        continue;
      SmallVector<Value> inits(op.getInits());
      inits.erase(inits.begin() + r);
      SmallVector<Attribute> maps(op.getMaps().getValue());
      maps.erase(maps.begin() + op.getInputs().size() + r);
      auto smaller =
          GenericOp::create(rewriter, op.getLoc(), ValueRange(inits).getTypes(),
                            op.getDimensionsAttr(), op.getStatisticsAttr(),
                            rewriter.getArrayAttr(maps), op.getInputs(), inits,
                            op.getRows(), op.getScheduleAttr());
      smaller->setDiscardableAttrs(op->getDiscardableAttrDictionary());
      for (auto [from, to] :
           llvm::zip_equal(op->getRegions(), smaller->getRegions()))
        rewriter.inlineRegionBefore(from, to, to.begin());

      bool perRow = r >= elementwise;
      if (!perRow && elementwise == 1) {
        rewriter.eraseBlock(&smaller.getResult().front());
      } else {
        Region &region = perRow ? smaller.getRow() : smaller.getResult();
        YieldOp yield = getYield(region);
        rewriter.modifyOpInPlace(
            yield, [&] { yield->eraseOperand(perRow ? r - elementwise : r); });
      }
      unsigned next = 0;
      for (unsigned i = 0; i < op.getNumResults(); ++i)
        if (i != r)
          rewriter.replaceAllUsesWith(op->getResult(i),
                                      smaller->getResult(next++));
      rewriter.eraseOp(op);
      return success();
    }
    return rewriter.notifyMatchFailure(op, "every result is used");
  }
};

//===----------------------------------------------------------------------===//
// Casts
//===----------------------------------------------------------------------===//

/// Reads tensors through casts that only lose static information; results are
/// cast to what they were.  The tensor dialect's own pattern for
/// destination-style ops clones regions in a way that an empty region does not
/// survive, so this one goes first.
struct FoldTensorCasts : public OpRewritePattern<GenericOp> {
  explicit FoldTensorCasts(MLIRContext *context)
      : OpRewritePattern(context, /*benefit=*/2) {}
  LogicalResult matchAndRewrite(GenericOp op,
                                PatternRewriter &rewriter) const override {
    SmallVector<Value> operands(op->getOperands());
    bool changed = false;
    for (Value &operand : operands) {
      auto cast = operand.getDefiningOp<tensor::CastOp>();
      if (!cast || !tensor::canFoldIntoConsumerOp(cast))
        continue;
      operand = cast.getSource();
      changed = true;
    }
    if (!changed)
      return rewriter.notifyMatchFailure(op, "no operand is a cast");
    SmallVector<Type> results;
    for (OpOperand &init : op.getInitsMutable())
      results.push_back(operands[init.getOperandNumber()].getType());
    Operation *precise = cloneWithoutRegions(rewriter, op, results, operands);
    for (auto [from, to] :
         llvm::zip_equal(op->getRegions(), precise->getRegions()))
      rewriter.inlineRegionBefore(from, to, to.begin());
    SmallVector<Value> values;
    for (auto [was, is] :
         llvm::zip_equal(op->getResults(), precise->getResults()))
      values.push_back(was.getType() == is.getType()
                           ? Value(is)
                           : tensor::CastOp::create(rewriter, op.getLoc(),
                                                    was.getType(), is));
    rewriter.replaceOp(op, values);
    return success();
  }
};

} // namespace

void GenericOp::getCanonicalizationPatterns(RewritePatternSet &patterns,
                                            MLIRContext *context) {
  patterns.add<FoldTensorCasts, DropUnusedInput, MergeDuplicateInputs,
               DropUnusedStatistic, MergeDuplicateStatistics, DropHandedOnValue,
               DropEmptyRowRegion, DropUnusedResult,
               common::SkipDeadDestination<GenericOp>>(context);
  common::addIdentities(patterns, GenericOp());
}

LogicalResult GenericOp::fold(FoldAdaptor, SmallVectorImpl<OpFoldResult> &) {
  return common::foldMemRefCasts(*this);
}
