// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// linalg on tensors: every operation by its maps and its region, element after
// element in the order of the loops that it is compiled to.
#include "Evaluator.h"
#include "ScalarProgram.h"

using namespace mlir;
using namespace mlir::softmax;
using namespace mlir::softmax::reference;

LogicalResult Evaluator::evaluateLinalg(linalg::LinalgOp op) {
  if (!op.hasPureTensorSemantics())
    return op->emitError("the reference evaluates linalg on tensors only");
  if (!op.getBlock() || !op->getRegion(0).hasOneBlock())
    return op->emitOpError(
        "has no scalar region, so the reference does not evaluate it");

  // Loop sizes from the operands' sizes, then every operand against the loops.
  SmallVector<AffineMap> maps = op.getIndexingMapsArray();
  SmallVector<int64_t> allSizes;
  for (Value operand : op->getOperands())
    llvm::append_range(allSizes, get(operand).shape);
  AffineMap shapesToLoops = op.getShapesToLoopsMap();
  if (!shapesToLoops)
    return op->emitOpError(
        "its sizes cannot be found from those of its operands");
  SmallVector<int64_t> sizes = shapesToLoops.compose(allSizes);
  for (auto [i, operand] : llvm::enumerate(op->getOperands())) {
    const ReferenceTensor &tensor = get(operand);
    if (maps[i].getNumResults() != tensor.shape.size() ||
        llvm::is_contained(sizes, 0))
      continue;
    // The last element that is touched must lie inside.
    SmallVector<int64_t> last =
        llvm::map_to_vector(sizes, [](int64_t size) { return size - 1; });
    for (auto [d, position] : llvm::enumerate(maps[i].compose(last))) {
      bool isSize = isa<AffineDimExpr>(maps[i].getResult(d));
      if (position >= tensor.shape[d] ||
          (isSize && position + 1 != tensor.shape[d]))
        return op->emitOpError("operand #")
               << i << " has size " << tensor.shape[d] << " in dimension " << d
               << " where the loops need " << position + 1 << " (C-SHAPE-1)";
    }
  }

  if (mode == Mode::Shapes) {
    for (auto [result, init] :
         llvm::zip_equal(op->getResults(), op.getDpsInits()))
      set(result, get(init));
    return success();
  }

  // Inputs and outputs by block argument.
  SmallVector<const ReferenceTensor *> operands;
  SmallVector<OffsetMap> offsets;
  SmallVector<bool> exact;
  for (auto [operand, map] : llvm::zip_equal(op->getOperands(), maps)) {
    operands.push_back(&get(operand));
    offsets.emplace_back(map, operands.back()->shape);
    exact.push_back(operands.back()->exact);
  }
  // Whether a reduction's accumulator is exact is only known once the region
  // has been seen with its inputs.
  unsigned numInputs = op.getNumDpsInputs();
  Block &block = *op.getBlock();
  auto capture = [&](Value value) -> const ReferenceTensor * {
    auto found = values.find(value);
    return found == values.end() ? nullptr : found->second.get();
  };
  FailureOr<ScalarProgram> program =
      ScalarProgram::prepare(block, exact, capture);
  if (failed(program))
    return failure();
  bool changed = false;
  for (unsigned i = 0; i < op.getNumDpsInits(); ++i) {
    changed |= program->isYieldExact(i) && !exact[numInputs + i];
    exact[numInputs + i] = exact[numInputs + i] || program->isYieldExact(i);
  }
  if (changed)
    program = ScalarProgram::prepare(block, exact, capture);

  SmallVector<ReferenceTensor> results;
  for (unsigned i = 0; i < op.getNumDpsInits(); ++i) {
    results.push_back(*operands[numInputs + i]);
    results.back().exact = program->isYieldExact(i);
  }
  forEachIndex(sizes, [&](ArrayRef<int64_t> index) {
    for (unsigned i = 0; i < operands.size(); ++i) {
      const ReferenceTensor &source =
          i < numInputs ? *operands[i] : results[i - numInputs];
      program->argument(i)[0] = source.elements[offsets[i](index)];
    }
    program->run(index);
    for (unsigned i = 0; i < results.size(); ++i)
      results[i].elements[offsets[numInputs + i](index)] =
          program->yielded(i)[0];
  });
  for (auto [result, tensor] : llvm::zip_equal(op->getResults(), results))
    set(result, std::move(tensor));
  return success();
}
