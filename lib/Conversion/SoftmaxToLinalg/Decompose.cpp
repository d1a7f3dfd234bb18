// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// softmax.generic as linalg.generic: one reduction per pass of the statistics,
// the row region over the parallel dimensions, the result region over all.
//
// What a pass reduces is kept as it is (one element per row), and every body
// builds the statistics' row values from it anew: they are pure functions of a
// few scalars.

#include "softmax/Conversion/SoftmaxToLinalg/Decompose.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/IRMapping.h"
#include "softmax/Dialect/IR/RowNeeds.h"
#include "softmax/Statistics/StatisticBuilder.h"

using namespace mlir;
using namespace mlir::softmax;

namespace {
/// What the passes of one statistic have reduced.
struct Reduced {
  StatisticAttrInterface statistic;
  bool rowArgumentsUsed = false;
  bool resultArgumentsUsed = false;
  /// Per pass a tensor or memref with an element per row; null where the pass
  /// is not needed or yet to run.
  SmallVector<Value> passes;

  /// The passes that have run, and whose reductions the row region (or the
  /// lifts of later passes) or the result region builds its row values from.
  SmallVector<unsigned> getPasses(bool forResult) const {
    SmallVector<unsigned> list;
    for (unsigned pass = 0; pass < passes.size(); ++pass)
      if (passes[pass] && !(forResult && statistic.isRowArgumentPass(pass)))
        list.push_back(pass);
    return list;
  }
};

/// Operands of a linalg.generic under construction, with their maps.
struct Inputs {
  SmallVector<Value> values;
  SmallVector<AffineMap> maps;

  void add(Value value, AffineMap map) {
    values.push_back(value);
    maps.push_back(map);
  }
};

class Decomposer {
public:
  Decomposer(RewriterBase &rewriter, GenericOp op)
      : b(rewriter), op(op), loc(op.getLoc()), compute(op.getComputeType()),
        rank(op.getIterationRank()), parallel(op.getParallelDims()), needs(op),
        onTensors(op.hasPureTensorSemantics()) {
    SmallVector<AffineExpr> exprs;
    for (int64_t dim : parallel)
      exprs.push_back(b.getAffineDimExpr(dim));
    rowMap = AffineMap::get(rank, 0, exprs, b.getContext());
    findUses();
  }

  /// Builds everything; the op's new results, none on memrefs.
  SmallVector<Value> run();

private:
  void findUses();
  SmallVector<OpFoldResult> getRowSizes();
  Value createRowBuffer(Type element);
  Value createFilled(Type element, double value);
  AffineMap toRowSpace(AffineMap map);

  SmallVector<Value>
  createLinalg(const Inputs &ins, ValueRange outs, ArrayRef<AffineMap> outMaps,
               bool overRows, bool reduces,
               function_ref<SmallVector<Value>(OpBuilder &, ValueRange)> body);

  SmallVector<Value> cloneRegion(OpBuilder &builder, Region &region,
                                 ValueRange arguments, bool overRows);
  RowValues rebuildRowValues(StatisticBuilder &builder, const Reduced &reduced,
                             ArrayRef<unsigned> passes, ValueRange &scalars,
                             bool finish);
  StatisticBuilder getStatisticBuilder(OpBuilder &builder) {
    return StatisticBuilder{builder,        loc,           compute,
                            ExpForm::Plain, /*fma=*/false, Accuracy::Default};
  }

  /// Whether `pass` of statistic `s` has to run.
  bool needsPass(unsigned s, unsigned pass) const {
    return pass < needs.passes[s].size() && needs.passes[s][pass];
  }
  void runPass(unsigned pass);
  SmallVector<Value> runRow(unsigned first, unsigned count, ValueRange outs,
                            ArrayRef<AffineMap> outMaps);
  SmallVector<Value> runResult(ValueRange handedOn);

  RewriterBase &b;
  GenericOp op;
  Location loc;
  FloatType compute;
  int64_t rank;
  SmallVector<int64_t> parallel;
  RowNeeds needs;
  bool onTensors;
  /// From the iteration space to the parallel dimensions.
  AffineMap rowMap;
  SmallVector<Reduced> statistics;
  SmallVector<Value> temporaries;
};
} // namespace

/// Which of the statistics' arguments the row and result regions use.
void Decomposer::findUses() {
  auto anyUsed = [&](unsigned s, bool row) {
    return (row ? op.hasRow() : op.hasResult()) &&
           llvm::any_of(getStatisticArguments(op, s, row),
                        [](Value value) { return !value.use_empty(); });
  };
  for (auto [s, statistic] : llvm::enumerate(op.getStatisticList())) {
    Reduced reduced;
    reduced.statistic = statistic;
    reduced.rowArgumentsUsed = anyUsed(s, /*row=*/true);
    reduced.resultArgumentsUsed = anyUsed(s, /*row=*/false);
    reduced.passes.assign(statistic.getNumPasses(), Value());
    statistics.push_back(reduced);
  }
}

/// Sizes of the parallel dimensions: static where any operand knows.
SmallVector<OpFoldResult> Decomposer::getRowSizes() {
  SmallVector<OpFoldResult> sizes;
  for (int64_t dim : parallel) {
    OpFoldResult size;
    SmallVector<Value> operands(op.getInputs());
    llvm::append_range(operands, op.getInits());
    for (auto [operand, map] : llvm::zip(operands, op.getMapList())) {
      std::optional<unsigned> position =
          map.getResultPosition(b.getAffineDimExpr(dim));
      if (!position)
        continue;
      int64_t known = cast<ShapedType>(operand.getType()).getDimSize(*position);
      if (!ShapedType::isDynamic(known)) {
        size = b.getIndexAttr(known);
        break;
      }
      if (size)
        continue;
      size = onTensors ? tensor::getMixedSize(b, loc, operand, *position)
                       : memref::getMixedSize(b, loc, operand, *position);
    }
    sizes.push_back(size);
  }
  return sizes;
}

/// A tensor or memref of one `element` per row, not initialized.
Value Decomposer::createRowBuffer(Type element) {
  SmallVector<OpFoldResult> sizes = getRowSizes();
  if (onTensors)
    return tensor::EmptyOp::create(b, loc, sizes, element);
  SmallVector<int64_t> shape;
  SmallVector<Value> dynamic;
  dispatchIndexOpFoldResults(sizes, dynamic, shape);
  temporaries.push_back(memref::AllocOp::create(
      b, loc, MemRefType::get(shape, element), dynamic));
  return temporaries.back();
}

Value Decomposer::createFilled(Type element, double value) {
  Value buffer = createRowBuffer(element);
  Value scalar =
      arith::ConstantOp::create(b, loc, b.getFloatAttr(element, value));
  auto fill = linalg::FillOp::create(b, loc, scalar, buffer);
  return onTensors ? fill.getResult(0) : buffer;
}

/// A row-invariant operand's map, from the parallel dimensions.
AffineMap Decomposer::toRowSpace(AffineMap map) {
  SmallVector<AffineExpr> dims(rank, b.getAffineConstantExpr(0));
  for (auto [i, dim] : llvm::enumerate(parallel))
    dims[dim] = b.getAffineDimExpr(i);
  return map.replaceDimsAndSymbols(dims, {}, parallel.size(), 0);
}

/// A linalg.generic over the whole iteration space or over the rows. `body`
/// gets the elements of `ins` and then those of `outs`. Returns its results;
/// on memrefs, `outs`.
SmallVector<Value> Decomposer::createLinalg(
    const Inputs &ins, ValueRange outs, ArrayRef<AffineMap> outMaps,
    bool overRows, bool reduces,
    function_ref<SmallVector<Value>(OpBuilder &, ValueRange)> body) {
  SmallVector<AffineMap> maps = ins.maps;
  llvm::append_range(maps, outMaps);
  SmallVector<utils::IteratorType> iterators(overRows ? parallel.size() : rank,
                                             utils::IteratorType::parallel);
  if (reduces)
    for (int64_t dim : op.getDimensions())
      iterators[dim] = utils::IteratorType::reduction;
  SmallVector<Type> types;
  if (onTensors)
    types = llvm::to_vector(outs.getTypes());
  auto generic = linalg::GenericOp::create(
      b, loc, types, ins.values, outs, maps, iterators,
      [&](OpBuilder &builder, Location, ValueRange arguments) {
        linalg::YieldOp::create(builder, loc, body(builder, arguments));
      });
  if (onTensors)
    return llvm::to_vector_of<Value>(generic.getResults());
  return llvm::to_vector(outs);
}

/// Clones `region` with its arguments replaced; returns what it yields.
SmallVector<Value> Decomposer::cloneRegion(OpBuilder &builder, Region &region,
                                           ValueRange arguments,
                                           bool overRows) {
  IRMapping mapping;
  mapping.map(region.getArguments(), arguments);
  // linalg.index stands directly in the body, softmax.index anywhere.
  DenseMap<int64_t, Value> coordinates;
  region.walk([&](IndexOp index) {
    int64_t dim = index.getDim();
    Value &coordinate = coordinates[dim];
    if (!coordinate) {
      int64_t loop =
          overRows ? llvm::find(parallel, dim) - parallel.begin() : dim;
      coordinate = linalg::IndexOp::create(builder, loc, loop);
    }
    mapping.map(index.getResult(), coordinate);
  });
  for (Operation &inner : region.front().without_terminator()) {
    if (isa<IndexOp>(inner))
      continue;
    Operation *clone = builder.clone(inner, mapping);
    clone->walk([&](IndexOp index) {
      b.replaceOp(index, coordinates[index.getDim()]);
    });
  }
  return llvm::map_to_vector(
      region.front().getTerminator()->getOperands(),
      [&](Value value) { return mapping.lookupOrDefault(value); });
}

/// The row values after `passes`, whose reductions come first in `scalars` and
/// are taken from it; complete for arguments where asked to `finish`.
RowValues Decomposer::rebuildRowValues(StatisticBuilder &builder,
                                       const Reduced &reduced,
                                       ArrayRef<unsigned> passes,
                                       ValueRange &scalars, bool finish) {
  RowValues row;
  for (unsigned pass : passes) {
    reduced.statistic.buildPrepare(builder, pass,
                                   WideValue{scalars.front(), nullptr}, row);
    scalars = scalars.drop_front();
  }
  if (finish)
    reduced.statistic.buildFinish(builder, row);
  return row;
}

/// Pass number `pass` of every statistic that needs it, in one linalg.generic.
void Decomposer::runPass(unsigned pass) {
  Inputs ins;
  for (auto [i, input] : llvm::enumerate(op.getInputs()))
    ins.add(input, op.getInputMap(i));
  SmallVector<Value> outs;
  SmallVector<AffineMap> outMaps;
  for (auto [s, reduced] : llvm::enumerate(statistics)) {
    if (!needsPass(s, pass))
      continue;
    for (unsigned earlier : reduced.getPasses(/*forResult=*/false))
      ins.add(reduced.passes[earlier], rowMap);
    if (reduced.statistic.getCombiner(pass) == Combiner::Max)
      outs.push_back(
          createFilled(compute, -std::numeric_limits<double>::infinity()));
    else
      outs.push_back(createFilled(b.getF64Type(), -0.0));
    outMaps.push_back(rowMap);
  }
  if (outs.empty())
    return;
  // A destination that is only looked at for its size, where no input knows.
  for (int64_t dim : op.getDimensions()) {
    auto names = [&](AffineMap map) { return map.isFunctionOfDim(dim); };
    if (llvm::any_of(ins.maps, names))
      continue;
    for (auto [i, init] : llvm::enumerate(op.getInits()))
      if (names(op.getInitMap(i))) {
        ins.add(init, op.getInitMap(i));
        break;
      }
  }

  SmallVector<Value> results = createLinalg(
      ins, outs, outMaps, /*overRows=*/false, /*reduces=*/true,
      [&](OpBuilder &builder, ValueRange arguments) {
        StatisticBuilder sb = getStatisticBuilder(builder);
        ValueRange elements = arguments.take_front(op.getInputs().size());
        ValueRange earlier = arguments.drop_front(elements.size());
        ValueRange accumulators = arguments.take_back(outs.size());
        SmallVector<Value> logits =
            cloneRegion(builder, op.getLogit(), elements, /*overRows=*/false);
        SmallVector<Value> yields;
        for (auto [i, reduced] : llvm::enumerate(statistics)) {
          if (!needsPass(i, pass))
            continue;
          RowValues row = rebuildRowValues(
              sb, reduced, reduced.getPasses(/*forResult=*/false), earlier,
              /*finish=*/false);
          Value lifted =
              reduced.statistic.buildLift(sb, pass, logits[i], row).value;
          Value accumulator = accumulators[yields.size()];
          if (reduced.statistic.getCombiner(pass) == Combiner::Max) {
            // False for NaN, which so never enters the maximum.
            Value greater = arith::CmpFOp::create(
                builder, loc, arith::CmpFPredicate::OGT, lifted, accumulator);
            yields.push_back(arith::SelectOp::create(builder, loc, greater,
                                                     lifted, accumulator));
            continue;
          }
          if (!compute.isF64())
            lifted = arith::ExtFOp::create(builder, loc, builder.getF64Type(),
                                           lifted);
          yields.push_back(
              arith::AddFOp::create(builder, loc, accumulator, lifted));
        }
        return yields;
      });
  unsigned next = 0;
  for (auto [s, reduced] : llvm::enumerate(statistics))
    if (needsPass(s, pass))
      reduced.passes[pass] = results[next++];
}

/// The values [first, first + count) that the row region yields, in `outs`.
SmallVector<Value> Decomposer::runRow(unsigned first, unsigned count,
                                      ValueRange outs,
                                      ArrayRef<AffineMap> outMaps) {
  Inputs ins;
  for (auto [i, input] : llvm::enumerate(op.getInputs()))
    if (op.isRowInvariant(op.getInputMap(i)))
      ins.add(input, toRowSpace(op.getInputMap(i)));
  unsigned numInputs = ins.values.size();
  for (Reduced &reduced : statistics)
    if (reduced.rowArgumentsUsed)
      for (unsigned pass : reduced.getPasses(/*forResult=*/false))
        ins.add(reduced.passes[pass],
                b.getMultiDimIdentityMap(parallel.size()));

  return createLinalg(
      ins, outs, outMaps, /*overRows=*/true, /*reduces=*/false,
      [&](OpBuilder &builder, ValueRange arguments) {
        StatisticBuilder sb = getStatisticBuilder(builder);
        Region &region = op.getRow();
        SmallVector<Value> values(arguments.take_front(numInputs));
        ValueRange scalars = arguments.drop_front(numInputs);
        for (Reduced &reduced : statistics) {
          RowValues row;
          if (reduced.rowArgumentsUsed)
            row = rebuildRowValues(
                sb, reduced, reduced.getPasses(/*forResult=*/false), scalars,
                /*finish=*/true);
          for (unsigned i = 0; i < reduced.statistic.getNumRowArguments(); ++i)
            values.push_back(
                region.getArgument(values.size()).use_empty()
                    ? Value()
                    : reduced.statistic.buildRowArgument(sb, i, row));
        }
        SmallVector<Value> yields =
            cloneRegion(builder, region, values, /*overRows=*/true);
        return SmallVector<Value>(ArrayRef<Value>(yields).slice(first, count));
      });
}

/// The element-wise results, from `handedOn`, one buffer per value.
SmallVector<Value> Decomposer::runResult(ValueRange handedOn) {
  Inputs ins;
  for (auto [i, input] : llvm::enumerate(op.getInputs()))
    ins.add(input, op.getInputMap(i));
  for (Value buffer : handedOn)
    ins.add(buffer, rowMap);
  unsigned numInputs = op.getInputs().size();
  bool needsLogits = false;
  for (Reduced &reduced : statistics)
    if (reduced.resultArgumentsUsed) {
      needsLogits = true;
      for (unsigned pass : reduced.getPasses(/*forResult=*/true))
        ins.add(reduced.passes[pass], rowMap);
    }
  SmallVector<Value> outs(
      op.getInits().take_front(op.getNumElementwiseInits()));
  SmallVector<AffineMap> outMaps;
  for (unsigned i = 0; i < outs.size(); ++i)
    outMaps.push_back(op.getInitMap(i));

  return createLinalg(
      ins, outs, outMaps, /*overRows=*/false, /*reduces=*/false,
      [&](OpBuilder &builder, ValueRange arguments) {
        StatisticBuilder sb = getStatisticBuilder(builder);
        Region &region = op.getResult();
        ValueRange elements = arguments.take_front(numInputs);
        ValueRange handed = arguments.slice(numInputs, handedOn.size());
        ValueRange scalars = arguments.drop_front(numInputs + handed.size());
        SmallVector<Value> values(elements), logits;
        if (needsLogits)
          logits = cloneRegion(builder, op.getLogit(), elements,
                               /*overRows=*/false);
        for (auto [s, reduced] : llvm::enumerate(statistics)) {
          RowValues row;
          if (reduced.resultArgumentsUsed)
            row = rebuildRowValues(
                sb, reduced, reduced.getPasses(/*forResult=*/true), scalars,
                /*finish=*/true);
          for (unsigned i = 0; i < reduced.statistic.getNumResultArguments();
               ++i)
            values.push_back(region.getArgument(values.size()).use_empty()
                                 ? Value()
                                 : reduced.statistic.buildResultArgument(
                                       sb, i, logits[s], /*lifted=*/{}, row));
        }
        llvm::append_range(values, handed);
        return cloneRegion(builder, region, values, /*overRows=*/false);
      });
}

SmallVector<Value> Decomposer::run() {
  for (unsigned pass = 0; pass < needs.numPasses; ++pass)
    runPass(pass);

  unsigned elementwise = op.getNumElementwiseInits();
  unsigned perRow = op.getInits().size() - elementwise;
  SmallVector<Value> handedOn;
  if (op.hasRow() && op.hasResult()) {
    TypeRange yielded = op.getRow().front().getTerminator()->getOperandTypes();
    TypeRange types = yielded.drop_front(perRow);
    SmallVector<AffineMap> maps(types.size(),
                                b.getMultiDimIdentityMap(parallel.size()));
    for (Type type : types)
      handedOn.push_back(createRowBuffer(type));
    if (!handedOn.empty())
      handedOn = runRow(perRow, types.size(), handedOn, maps);
  }

  // Per-row destinations are written last: on memrefs one of them may share
  // memory with a row-invariant input that the result region reads.
  SmallVector<Value> results;
  if (elementwise != 0)
    llvm::append_range(results, runResult(handedOn));
  if (perRow != 0) {
    SmallVector<AffineMap> maps;
    for (unsigned i = 0; i < perRow; ++i)
      maps.push_back(toRowSpace(op.getInitMap(elementwise + i)));
    llvm::append_range(
        results,
        runRow(0, perRow, op.getInits().drop_front(elementwise), maps));
  }
  for (Value temporary : temporaries)
    memref::DeallocOp::create(b, loc, temporary);
  if (!onTensors)
    results.clear();
  return results;
}

LogicalResult mlir::softmax::decomposeGeneric(RewriterBase &rewriter,
                                              GenericOp op,
                                              SmallVectorImpl<Value> &results) {
  if (!whyNotDecomposable(op).empty())
    return failure();
  OpBuilder::InsertionGuard guard(rewriter);
  rewriter.setInsertionPoint(op);
  results = Decomposer(rewriter, op).run();
  rewriter.replaceOp(op, results);
  return success();
}
