// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Two softmax.generic over the same rows as one.

#include "FusionSteps.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/OperationSupport.h"
#include "mlir/Transforms/RegionUtils.h"
#include "softmax/Dialect/IR/GenericRegions.h"
#include "softmax/Dialect/IR/RowNeeds.h"

using namespace mlir;
using namespace mlir::softmax;

namespace {
/// Two ops, the first before the second in their block.
class Merger {
public:
  Merger(RewriterBase &rewriter, GenericOp &op, GenericOp other)
      : rewriter(rewriter), op(op), other(other) {}
  FusionAttempt run();

private:
  bool shareRows();
  bool isSame(Value lhs, Value rhs);
  bool isSameInput(BlockArgument lhs, BlockArgument rhs);
  std::string matchStatistics();
  bool shareLabels();
  std::string checkOperands();
  void cloneBody(Region &from, Region &to, IRMapping &mapping);
  void merge();

  RewriterBase &rewriter;
  GenericOp &op, other;
  /// Per statistic of `other` that of `op` with the same values, if any.
  SmallVector<std::optional<unsigned>> same;
};
} // namespace

/// Whether both read a tensor with an element per element of the rows.
bool Merger::shareRows() {
  for (auto [i, input] : llvm::enumerate(op.getInputs()))
    for (auto [j, candidate] : llvm::enumerate(other.getInputs()))
      if (input == candidate && op.getInputMap(i) == other.getInputMap(j) &&
          op.getInputMap(i).isPermutation())
        return true;
  return false;
}

bool Merger::isSameInput(BlockArgument lhs, BlockArgument rhs) {
  unsigned i = lhs.getArgNumber(), j = rhs.getArgNumber();
  return op.getInputs()[i] == other.getInputs()[j] &&
         op.getInputMap(i) == other.getInputMap(j);
}

/// Whether the logit regions compute `lhs` of `op` and `rhs` of `other` by the
/// same operations.
bool Merger::isSame(Value lhs, Value rhs) {
  // Pairs to compare; each operation at most once.
  SmallVector<std::pair<Value, Value>> work = {{lhs, rhs}};
  DenseMap<Operation *, Operation *> paired;
  while (!work.empty()) {
    auto [left, right] = work.pop_back_val();
    auto leftArgument = dyn_cast<BlockArgument>(left);
    auto rightArgument = dyn_cast<BlockArgument>(right);
    if (leftArgument || rightArgument) {
      if (!leftArgument || !rightArgument ||
          !isSameInput(leftArgument, rightArgument))
        return false;
      continue;
    }
    Operation *a = left.getDefiningOp(), *b = right.getDefiningOp();
    if (cast<OpResult>(left).getResultNumber() !=
        cast<OpResult>(right).getResultNumber())
      return false;
    auto [known, inserted] = paired.try_emplace(a, b);
    if (!inserted) {
      if (known->second != b)
        return false;
      continue;
    }
    if (a->getNumRegions() != 0 ||
        !OperationEquivalence::isEquivalentTo(
            a, b, OperationEquivalence::ignoreValueEquivalence,
            /*markEquivalent=*/nullptr, OperationEquivalence::IgnoreLocations))
      return false;
    for (auto pair : llvm::zip_equal(a->getOperands(), b->getOperands()))
      work.push_back({std::get<0>(pair), std::get<1>(pair)});
  }
  return true;
}

static bool usesResultArguments(GenericOp op, unsigned s) {
  return op.hasResult() &&
         llvm::any_of(getStatisticArguments(op, s, /*row=*/false),
                      [](Value value) { return !value.use_empty(); });
}

std::string Merger::matchStatistics() {
  SmallVector<StatisticAttrInterface> ours = op.getStatisticList();
  bool exponential = llvm::any_of(
      ours, [](StatisticAttrInterface s) { return isa<MaxSumExpAttr>(s); });
  for (auto [s, statistic] : llvm::enumerate(other.getStatisticList())) {
    Value logit = getYield(other.getLogit()).getValues()[s];
    std::optional<unsigned> found;
    for (auto [t, candidate] : llvm::enumerate(ours)) {
      // What a fully masked row gives is the result region's affair alone.
      bool alike =
          candidate == statistic ||
          (isa<MaxSumExpAttr>(candidate) && isa<MaxSumExpAttr>(statistic) &&
           cast<MaxSumExpAttr>(candidate).getWideSum() ==
               cast<MaxSumExpAttr>(statistic).getWideSum() &&
           (!usesResultArguments(op, t) || !usesResultArguments(other, s)));
      if (!found && alike &&
          isSame(getYield(op.getLogit()).getValues()[t], logit))
        found = t;
    }
    if (!found && exponential && isa<MaxSumExpAttr>(statistic))
      return "both form exponentials, of different logits or with another "
             "masked_row, and one pass keeps those of one of them";
    same.push_back(found);
  }
  SmallVector<StatisticAttrInterface> theirs = other.getStatisticList();
  unsigned selections = 0;
  for (auto [s, statistic] : llvm::enumerate(theirs))
    if (!same[s])
      ours.push_back(statistic);
  for (StatisticAttrInterface statistic : ours) {
    if (statistic.getSelectionSize() > 0)
      ++selections;
    else if (statistic.getNumPasses() == 0)
      return "one of their statistics has no lowering beside others";
  }
  if (selections > 1)
    return "both select the largest logits, and one pass selects once";
  return {};
}

/// Whether both ops take the same class indices, and ignore the same class.
bool Merger::shareLabels() {
  unsigned ours = *getLabelsInput(op), theirs = *getLabelsInput(other);
  auto ignored = [](GenericOp loss) {
    return loss->getAttrOfType<DictionaryAttr>(kLabelsAttrName).get("ignore");
  };
  return op.getInputs()[ours] == other.getInputs()[theirs] &&
         op.getInputMap(ours) == other.getInputMap(theirs) &&
         ignored(op) == ignored(other);
}

std::string Merger::checkOperands() {
  if (op.getComputeType() != other.getComputeType())
    return "they have different compute types (C-TYPE-2)";
  SmallVector<AffineMap> maps = op.getMapList();
  llvm::append_range(maps, other.getMapList());
  for (AffineMap map : maps)
    if (!keepsOrder(map))
      return "an operand is transposed, so that the rows of both together "
             "would be laid out unlike those of one";
  if (getLabelsInput(op) && getLabelsInput(other) && !shareLabels())
    return "both have labels of their own, and a kernel checks one per row";
  MappedOperands all(op), theirs(other);
  llvm::append_range(all.values, theirs.values);
  llvm::append_range(all.maps, theirs.maps);
  if (std::string why = whyNotOperands(op, all); !why.empty())
    return why;
  return whyNotOperands(other, all);
}

/// Clones the operations of `from`; what `to` has already is used again.
void Merger::cloneBody(Region &from, Region &to, IRMapping &mapping) {
  OpBuilder::InsertionGuard guard(rewriter);
  YieldOp end = getYield(to);
  rewriter.setInsertionPoint(end);
  for (Operation &inner : from.front().without_terminator()) {
    Operation *cloned = rewriter.clone(inner, mapping);
    if (cloned->getNumRegions() != 0)
      continue;
    for (Operation &earlier : to.front()) {
      if (&earlier == cloned)
        break;
      if (!OperationEquivalence::isEquivalentTo(
              cloned, &earlier, OperationEquivalence::IgnoreLocations))
        continue;
      mapping.map(inner.getResults(), earlier.getResults());
      cloned->erase();
      break;
    }
  }
}

void Merger::merge() {
  // The parts of `other` in terms of `op`: inputs, statistics, regions.
  SmallVector<unsigned> inputs;
  for (auto [i, input] : llvm::enumerate(other.getInputs()))
    inputs.push_back(addInput(op, input, other.getInputMap(i)));
  auto mapInputs = [&](Region &from, Region &to, IRMapping &mapping) {
    for (unsigned i = 0; i < inputs.size(); ++i)
      if (BlockArgument argument = getInputArgument(other, i, from))
        mapping.map(argument, getInputArgument(op, inputs[i], to));
  };

  if (std::optional<unsigned> labels = getLabelsInput(other)) {
    op->setDiscardableAttr(kLabelsAttrName, other->getAttr(kLabelsAttrName));
    setLabelsInput(op, inputs[*labels]);
  }

  if (other.hasLogit()) {
    ensureLogitRegion(op);
    IRMapping mapping;
    mapInputs(other.getLogit(), op.getLogit(), mapping);
    cloneBody(other.getLogit(), op.getLogit(), mapping);
    SmallVector<Attribute> statistics(op.getStatistics().getValue());
    for (unsigned s = 0; s < same.size(); ++s)
      if (same[s] && !usesResultArguments(op, *same[s]))
        statistics[*same[s]] = other.getStatistics()[s];
    op.setStatisticsAttr(rewriter.getArrayAttr(statistics));
    for (auto [s, statistic] : llvm::enumerate(other.getStatisticList()))
      if (!same[s])
        same[s] = addStatistic(
            op, statistic,
            mapping.lookup(getYield(other.getLogit()).getValues()[s]));
  }
  auto mapStatistics = [&](bool row, IRMapping &mapping) {
    for (unsigned s = 0; s < same.size(); ++s)
      mapping.map(getStatisticArguments(other, s, row),
                  getStatisticArguments(op, *same[s], row));
  };

  unsigned elementwise = other.getNumElementwiseInits();
  SmallVector<NewDestination> destinations;
  SmallVector<Value> handedOn;
  if (other.hasRow()) {
    ensureRowRegion(op);
    IRMapping mapping;
    mapInputs(other.getRow(), op.getRow(), mapping);
    mapStatistics(/*row=*/true, mapping);
    cloneBody(other.getRow(), op.getRow(), mapping);
    for (auto [i, value] :
         llvm::enumerate(getYield(other.getRow()).getValues())) {
      Value mapped = mapping.lookup(value);
      if (elementwise + i < other.getInits().size())
        destinations.push_back({other.getInits()[elementwise + i],
                                other.getInitMap(elementwise + i), mapped});
      else
        handedOn.push_back(mapped);
    }
  }
  if (other.hasResult()) {
    ensureResultRegion(op);
    IRMapping mapping;
    mapInputs(other.getResult(), op.getResult(), mapping);
    mapStatistics(/*row=*/false, mapping);
    ArrayRef<BlockArgument> last =
        other.getResult().getArguments().take_back(handedOn.size());
    for (auto [argument, value] : llvm::zip_equal(last, handedOn))
      mapping.map(argument, handOn(op, value));
    cloneBody(other.getResult(), op.getResult(), mapping);
    for (auto [i, value] :
         llvm::enumerate(getYield(other.getResult()).getValues()))
      destinations.insert(
          destinations.begin() + i,
          {other.getInits()[i], other.getInitMap(i), mapping.lookup(value)});
  }
  SmallVector<Value> results;
  op = addDestinations(rewriter, op, destinations, results);
  rewriter.replaceOp(other, results);
}

FusionAttempt Merger::run() {
  if (op->getBlock() != other->getBlock() || !shareRows())
    return {};
  if (op.getIterationRank() != other.getIterationRank() ||
      op.getDimensions() != other.getDimensions())
    return FusionAttempt::refuse(
        "both read one tensor, but over different dimensions");
  std::string why = checkOperands();
  if (why.empty())
    why = matchStatistics();
  if (why.empty() &&
      failed(moveValueDefinitions(rewriter, other->getOperands(), op)))
    why = "one depends on the other's results, or on operations with effects "
          "between them";
  if (!why.empty())
    return FusionAttempt::refuse(why);
  merge();
  return {FusionAttempt::Fused, "merged with the op before it over the same "
                                "rows, which are read once"};
}

FusionAttempt mlir::softmax::mergeReductions(RewriterBase &rewriter,
                                             GenericOp &op, GenericOp other) {
  return Merger(rewriter, op, other).run();
}
