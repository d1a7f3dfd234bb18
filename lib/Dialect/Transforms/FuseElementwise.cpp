// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// softmax-fuse-elementwise: the order of the steps, and the pass.

#include "FusionSteps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Transforms/GreedyPatternRewriteDriver.h"
#include "softmax/Dialect/Transforms/Generalize.h"
#include "softmax/Dialect/Transforms/Passes.h"
#include "llvm/ADT/DenseSet.h"

namespace mlir::softmax {
#define GEN_PASS_DEF_SOFTMAXFUSEELEMENTWISEPASS
#include "softmax/Dialect/Transforms/Passes.h.inc"
} // namespace mlir::softmax

using namespace mlir;
using namespace mlir::softmax;

static bool isSoftmaxOp(Operation *op) {
  return isa<GenericOp>(op) || isNamedSoftmaxOp(op);
}

/// Whether a named op has a neighbour that a step may fuse.
static bool hasNeighbour(Operation *op) {
  for (OpOperand &operand : op->getOpOperands()) {
    if (!isa<RankedTensorType>(operand.get().getType()) ||
        cast<DestinationStyleOpInterface>(op).isDpsInit(&operand))
      continue;
    if (operand.get().getDefiningOp<linalg::LinalgOp>())
      return true;
    for (Operation *user : operand.get().getUsers())
      if (user != op && isSoftmaxOp(user))
        return true;
  }
  return llvm::any_of(op->getUsers(), [](Operation *user) {
    return isa<linalg::LinalgOp>(user);
  });
}

/// Sizes are asked of destinations: otherwise an op would have to stay for the
/// size of its result.
static void forwardSizes(Operation *root) {
  root->walk([](tensor::DimOp dim) {
    while (true) {
      auto result = dyn_cast<OpResult>(dim.getSource());
      if (!result || !(isa<linalg::LinalgOp>(result.getOwner()) ||
                       isSoftmaxOp(result.getOwner())))
        return;
      auto writer = cast<DestinationStyleOpInterface>(result.getOwner());
      dim.getSourceMutable().assign(writer.getTiedOpOperand(result)->get());
    }
  });
}

/// The op's name, or that of the named op that it was.
static std::string quoteSoftmaxName(GenericOp op) {
  if (auto named = op->getAttrOfType<StringAttr>(kNamedAttrName))
    return "'softmax." + named.str() + "'";
  return quoteName(op);
}

namespace {
/// Runs the steps on the ops of one root until nothing changes.
class Fuser {
public:
  Fuser(Operation *root, const FusionOptions &options)
      : root(root), options(options), rewriter(root->getContext()) {}
  FusionSummary run();

private:
  void generalize();
  bool runRound();
  bool mergeInto(GenericOp &op);
  bool fuseProducers(GenericOp op);
  bool fuseConsumers(GenericOp &op);
  bool note(const FusionAttempt &attempt, const Twine &name, Location loc,
            Location softmaxLoc);
  void finish(GenericOp op);

  Operation *root;
  const FusionOptions &options;
  IRRewriter rewriter;
  FusionSummary summary;
  /// The ops of a round; null for those that became a part of others.
  SmallVector<GenericOp> ops;
  /// What a round refused.
  SmallVector<FusionNote> refused;
};
} // namespace

void Fuser::generalize() {
  SmallVector<Operation *> named;
  root->walk([&](Operation *op) {
    if (isNamedSoftmaxOp(op) && op->getNumResults() != 0 && hasNeighbour(op))
      named.push_back(op);
  });
  for (Operation *op : named)
    (void)generalizeNamedOp(rewriter, op);
}

/// Notes what a step did; returns whether that was something.
bool Fuser::note(const FusionAttempt &attempt, const Twine &name, Location loc,
                 Location softmaxLoc) {
  if (attempt.kind == FusionAttempt::Nothing)
    return false;
  bool fused = attempt.kind == FusionAttempt::Fused;
  std::string text =
      (name + (fused ? " is " : " is not fused: ") + attempt.text).str();
  (fused ? summary.notes : refused).push_back({loc, softmaxLoc, fused, text});
  return fused;
}

bool Fuser::mergeInto(GenericOp &op) {
  SmallVector<GenericOp> others;
  for (Value input : op.getInputs())
    for (Operation *user : input.getUsers())
      if (auto other = dyn_cast<GenericOp>(user))
        if (other != op && other->getBlock() == op->getBlock() &&
            op->isBeforeInBlock(other) && isFusible(other) &&
            !llvm::is_contained(others, other))
          others.push_back(other);
  llvm::sort(others,
             [](GenericOp a, GenericOp b) { return a->isBeforeInBlock(b); });
  bool changed = false;
  for (GenericOp other : others) {
    std::string name = quoteSoftmaxName(other);
    Location loc = other.getLoc(), softmaxLoc = op.getLoc();
    auto entry = llvm::find(ops, other);
    if (!note(mergeReductions(rewriter, op, other), name, loc, softmaxLoc))
      continue;
    ++summary.merged;
    *entry = nullptr;
    changed = true;
  }
  return changed;
}

bool Fuser::fuseProducers(GenericOp op) {
  bool changed = false;
  for (unsigned i = 0; i < op.getInputs().size();) {
    Operation *producer = op.getInputs()[i].getDefiningOp();
    if (!producer) {
      ++i;
      continue;
    }
    std::string name = quoteName(producer);
    Location loc = producer->getLoc();
    if (note(fuseProducer(rewriter, op, i, options), name, loc, op.getLoc())) {
      // Input i is the next one now; the new ones are the last.
      ++summary.producers;
      changed = true;
    } else {
      ++i;
    }
  }
  return changed;
}

bool Fuser::fuseConsumers(GenericOp &op) {
  // Those of the same block in their order: a fused one may make results that
  // the next one reads.
  SmallVector<Operation *> users, far;
  for (Operation *user : op->getUsers()) {
    auto &list = user->getBlock() == op->getBlock() ? users : far;
    if (!llvm::is_contained(list, user))
      list.push_back(user);
  }
  llvm::sort(users,
             [](Operation *a, Operation *b) { return a->isBeforeInBlock(b); });
  llvm::append_range(users, far);
  bool changed = false;
  for (Operation *user : users) {
    std::string name = quoteName(user);
    Location loc = user->getLoc(), softmaxLoc = op.getLoc();
    if (!note(fuseConsumer(rewriter, op, user), name, loc, softmaxLoc))
      continue;
    ++summary.consumers;
    changed = true;
  }
  return changed;
}

/// What was fused leaves an op with results, statistics and inputs that nothing
/// uses, and it is not the op any more whose name it has.
void Fuser::finish(GenericOp op) {
  op->removeDiscardableAttr(kNamedAttrName);
  eraseDeadRegionOps(op);
  RewritePatternSet patterns(op.getContext());
  GenericOp::getCanonicalizationPatterns(patterns, op.getContext());
  GreedyRewriteConfig config;
  config.setStrictness(GreedyRewriteStrictness::ExistingAndNewOps)
      .setRegionSimplificationLevel(GreedySimplifyRegionLevel::Disabled)
      .enableFolding(false)
      .enableConstantCSE(false);
  (void)applyOpPatternsGreedily({op.getOperation()}, std::move(patterns),
                                config);
}

bool Fuser::runRound() {
  refused.clear();
  ops.clear();
  root->walk([&](GenericOp op) {
    if (isFusible(op))
      ops.push_back(op);
  });
  SmallVector<bool> changed(ops.size(), false);
  // Merging first: a producer that two of them read then has one user.
  for (unsigned i = 0; i < ops.size(); ++i)
    if (ops[i])
      changed[i] = mergeInto(ops[i]);
  for (unsigned i = 0; i < ops.size(); ++i)
    if (ops[i]) {
      changed[i] |= fuseProducers(ops[i]);
      changed[i] |= fuseConsumers(ops[i]);
    }
  for (unsigned i = 0; i < ops.size(); ++i)
    if (changed[i])
      finish(ops[i]);
  return llvm::is_contained(changed, true);
}

FusionSummary Fuser::run() {
  forwardSizes(root);
  generalize();
  while (runRound())
    ;
  llvm::append_range(summary.notes, refused);
  return std::move(summary);
}

FusionSummary mlir::softmax::fuseElementwise(Operation *root,
                                             const FusionOptions &options) {
  return Fuser(root, options).run();
}

void FusionSummary::emitRemarks() const {
  llvm::DenseSet<std::pair<Location, StringRef>> seen;
  for (const FusionNote &entry : notes)
    if (seen.insert({entry.loc, entry.text}).second) {
      InFlightDiagnostic remark = emitRemark(entry.loc) << entry.text;
      if (entry.softmaxLoc != entry.loc)
        remark.attachNote(entry.softmaxLoc) << "with this operation";
    }
}

namespace {
struct SoftmaxFuseElementwisePass
    : public softmax::impl::SoftmaxFuseElementwisePassBase<
          SoftmaxFuseElementwisePass> {
  using SoftmaxFuseElementwisePassBase::SoftmaxFuseElementwisePassBase;
  void runOnOperation() override {
    FusionSummary summary = fuseElementwise(getOperation(), {maxRecompute});
    numProducers += summary.producers;
    numConsumers += summary.consumers;
    numMerged += summary.merged;
    if (report)
      summary.emitRemarks();
  }
};
} // namespace
