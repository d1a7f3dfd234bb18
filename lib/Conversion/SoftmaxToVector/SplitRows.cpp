// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// softmax-split-rows: functions by which several threads share one row.
//
// Beside a function f of one op on a range of rows, (operands, begin, end),
// come
//
//   f__blocks(operands, begin, end) -> index
//     the number of blocks of a row, or 0 where rows are not contiguous
//   f__statistics(operands, row, row + 1, first, last, parts)
//     the statistics of the blocks [first, last) of a row, each relative to its
//     own maximum, into `parts` (memref<?xi8>)
//   f__results(operands, row, row + 1, first, last, parts)
//     merges those of all blocks, in index order, and writes the results of
//     [first, last); the per-row results with the first block
//
// The blocks are those of the numeric part, so the bits are those of a row that
// one thread runs (C-DET-1).

#include "Guards.h"
#include "OnlineRunner.h"
#include "Parts.h"
#include "Streaming.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "softmax/Conversion/SoftmaxToVector/Passes.h"

namespace mlir::softmax {
#define GEN_PASS_DEF_SOFTMAXSPLITROWSPASS
#include "softmax/Conversion/SoftmaxToVector/Passes.h.inc"
} // namespace mlir::softmax

using namespace mlir;
using namespace mlir::softmax;

namespace {
/// Per-row results are written by the owner of the first block.
class PartRunner : public OnlineRunner {
public:
  PartRunner(KernelBuilder &k, const RowNeeds &needs, const RowPosition &row,
             AlternativeAttr alternative, Value isFirst)
      : OnlineRunner(k, needs, row, alternative), isFirst(isFirst) {}

  void storeRow(unsigned i, Value value) override {
    scf::IfOp::create(k.b, k.loc, isFirst, [&](OpBuilder &, Location) {
      OnlineRunner::storeRow(i, value);
      scf::YieldOp::create(k.b, k.loc);
    });
  }

private:
  Value isFirst;
};

/// What the functions of one kernel have in common.
class Splitter {
public:
  Splitter(func::FuncOp function, GenericOp op) : function(function), op(op) {}

  /// Whether rows are worth it, or may be.
  bool applies();
  LogicalResult run();

private:
  enum class Part { Statistics, Results };

  func::FuncOp clone(StringRef suffix, GenericOp &copy);
  void addBlocks();
  LogicalResult addPart(Part part, StringRef suffix);
  /// `emit` with the alternative that the guard of bytes decides for.
  void forEachAlternative(KernelBuilder &k,
                          function_ref<void(AlternativeAttr)> emit);
  void emitStatistics(KernelBuilder &k, const RowNeeds &needs,
                      ValueRange blocks, Value memory,
                      AlternativeAttr alternative);
  void emitResults(KernelBuilder &k, const RowNeeds &needs, ValueRange blocks,
                   Value memory, AlternativeAttr alternative);

  func::FuncOp function;
  GenericOp op;
};
} // namespace

bool Splitter::applies() {
  RowNeeds needs(op);
  ScheduleAttr schedule = op.getScheduleAttr();
  if (!schedule || needs.numPasses == 0 || needs.selects)
    return false;
  int64_t columns = 1;
  for (int64_t dim : op.getDimensions()) {
    int64_t size = op.getStaticSize(dim);
    if (ShapedType::isDynamic(size))
      return true;
    columns *= size;
  }
  return columns > schedule.getNumeric().getBlock();
}

func::FuncOp Splitter::clone(StringRef suffix, GenericOp &copy) {
  auto result = cast<func::FuncOp>(function->clone());
  result.setSymName((function.getSymName() + suffix).str());
  result.setPrivate();
  // What else is said about the function is not said about this one.
  for (NamedAttribute attr : llvm::to_vector(result->getDiscardableAttrs()))
    result->removeDiscardableAttr(attr.getName());
  function->getBlock()->getOperations().insert(
      std::next(Block::iterator(function)), result);
  result.walk([&](GenericOp generic) { copy = generic; });
  return result;
}

void Splitter::addBlocks() {
  GenericOp copy;
  func::FuncOp blocks = clone(rowBlocksSuffix, copy);
  OpBuilder builder(copy);
  KernelBuilder k(copy, builder);
  Guard guard;
  requireRowLayout(k, guard);
  Value zero = k.index(0), count = zero;
  if (!guard.known || *guard.known) {
    int64_t block = k.numeric.getBlock();
    count = k.div(k.add(k.columns, k.index(block - 1)), k.index(block));
    if (!guard.known)
      count = arith::SelectOp::create(builder, k.loc, guard.value, count, zero);
  }
  copy.erase();
  Operation *terminator = blocks.getBody().front().getTerminator();
  builder.setInsertionPoint(terminator);
  func::ReturnOp::create(builder, k.loc, count);
  terminator->erase();
  blocks.setType(builder.getFunctionType(blocks.getArgumentTypes(),
                                         builder.getIndexType()));
}

void Splitter::forEachAlternative(KernelBuilder &k,
                                  function_ref<void(AlternativeAttr)> emit) {
  // Lanes and tails are the schedule's, and from how many bytes on it streams.
  ArrayRef<AlternativeAttr> given = op.getScheduleAttr().getAlternatives();
  const AlternativeAttr *first =
      llvm::find_if(given, [](AlternativeAttr a) { return !a.getScalable(); });
  const AlternativeAttr *streams = llvm::find_if(given, [](AlternativeAttr a) {
    return a.getStores() == StoreMode::Nontemporal;
  });
  auto make = [&](int64_t minBytes, int64_t prefetch, StoreMode stores) {
    return AlternativeAttr::get(op.getContext(), Layout::Row, 0, 0, 0, minBytes,
                                Strategy::Online, first->getLanes(), 4, 0,
                                Staging::Recompute, first->getTail(), prefetch,
                                stores, /*scalable=*/false);
  };
  AlternativeAttr ordinary = make(0, 0, StoreMode::Ordinary);
  if (streams == given.end() || op.getNumElementwiseInits() != 1)
    return emit(ordinary);
  AlternativeAttr streaming =
      make(streams->getMinBytes(), 1, StoreMode::Nontemporal);
  Guard guard = buildGuard(k, streaming);
  if (guard.known)
    return emit(*guard.known ? streaming : ordinary);
  scf::IfOp::create(
      k.b, k.loc, guard.value,
      [&](OpBuilder &, Location) {
        emit(streaming);
        scf::YieldOp::create(k.b, k.loc);
      },
      [&](OpBuilder &, Location) {
        emit(ordinary);
        scf::YieldOp::create(k.b, k.loc);
      });
}

/// The elements of the blocks [first, last).
static ElementRange elementsOf(KernelBuilder &k, ValueRange blocks) {
  Value block = k.index(k.numeric.getBlock());
  return {k.mul(blocks[0], block), k.min(k.mul(blocks[1], block), k.columns)};
}

void Splitter::emitStatistics(KernelBuilder &k, const RowNeeds &needs,
                              ValueRange blocks, Value memory,
                              AlternativeAttr alternative) {
  k.beginAlternative(alternative);
  RowPosition row = positionOf(k, k.rowBegin);
  loadInvariants(k, row);
  OnlineRunner runner(k, needs, row, alternative);
  Parts parts(k, needs);
  parts.allocateIn(memory);
  ElementRange range = elementsOf(k, blocks);
  scf::ForOp::create(
      k.b, k.loc, range.begin, range.end, k.index(k.numeric.getBlock()),
      ValueRange{}, [&](OpBuilder &, Location, Value i, ValueRange) {
        parts.store(i, emitPasses(k, needs, runner, parts.rangeAt(i)));
        scf::YieldOp::create(k.b, k.loc);
      });
}

void Splitter::emitResults(KernelBuilder &k, const RowNeeds &needs,
                           ValueRange blocks, Value memory,
                           AlternativeAttr alternative) {
  k.beginAlternative(alternative);
  RowPosition row = positionOf(k, k.rowBegin);
  loadInvariants(k, row);
  Value isFirst = k.b.createOrFold<arith::CmpIOp>(
      k.loc, arith::CmpIPredicate::eq, blocks[0], k.index(0));
  PartRunner runner(k, needs, row, alternative, isFirst);
  Parts parts(k, needs);
  parts.allocateIn(memory);
  SmallVector<RowValues> rows =
      emitMerge(k, parts, k.columns, [&](Value i) { return parts.load(i); });
  finishRows(k, rows);
  SmallVector<Value> handedOn = emitRowRegion(k, runner, rows);
  if (!k.op.hasResult())
    return;
  emitBlockResults(k, runner, parts, rows, handedOn, elementsOf(k, blocks));
  if (canStorePastCaches(k, alternative))
    emitFence(k);
}

LogicalResult Splitter::addPart(Part part, StringRef suffix) {
  GenericOp copy;
  func::FuncOp result = clone(suffix, copy);
  MLIRContext *context = op.getContext();
  Type index = IndexType::get(context);
  Type bytes =
      MemRefType::get({ShapedType::kDynamic}, IntegerType::get(context, 8));
  unsigned position = result.getNumArguments();
  SmallVector<DictionaryAttr> noAttrs(3);
  SmallVector<Location> locations(3, function.getLoc());
  if (failed(result.insertArguments({position, position, position},
                                    {index, index, bytes}, noAttrs, locations)))
    return failure();
  ValueRange blocks = result.getArguments().slice(position, 2);
  Value memory = result.getArgument(position + 2);
  OpBuilder builder(copy);
  KernelBuilder k(copy, builder);
  RowNeeds needs(copy);
  forEachAlternative(k, [&](AlternativeAttr alternative) {
    if (part == Part::Statistics)
      emitStatistics(k, needs, blocks, memory, alternative);
    else
      emitResults(k, needs, blocks, memory, alternative);
  });
  result->setAttr(rowBlockBytesAttrName,
                  builder.getI64IntegerAttr(Parts(k, needs).bytesPerBlock()));
  k.freeScratch();
  copy.erase();
  return success();
}

LogicalResult Splitter::run() {
  if (failed(checkRegionsVectorizable(op, "convert-softmax-to-vector")))
    return failure();
  addBlocks();
  return success(succeeded(addPart(Part::Statistics, rowStatisticsSuffix)) &&
                 succeeded(addPart(Part::Results, rowResultsSuffix)));
}

namespace {
struct SoftmaxSplitRows
    : public mlir::softmax::impl::SoftmaxSplitRowsPassBase<SoftmaxSplitRows> {
  void runOnOperation() override {
    for (func::FuncOp function :
         llvm::to_vector(getOperation().getOps<func::FuncOp>())) {
      if (!function.isPublic() || function.isExternal() ||
          function.getNumArguments() < 2)
        continue;
      // One op on the range of rows that the last two arguments are.
      SmallVector<GenericOp> ops;
      function.walk([&](GenericOp op) { ops.push_back(op); });
      ValueRange range = function.getArguments().take_back(2);
      if (ops.size() != 1 || ops[0].getRows() != range ||
          !ops[0].hasPureBufferSemantics())
        continue;
      Splitter splitter(function, ops[0]);
      if (!splitter.applies())
        continue;
      if (failed(splitter.run()))
        return signalPassFailure();
      ++numSplit;
    }
  }
};
} // namespace
