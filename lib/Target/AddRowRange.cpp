// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// softmax-add-row-range: kernels of one op run on any part of their rows.

#include "softmax/Target/Passes.h"

#include "SizeSlice.h"
#include "softmax/Dialect/IR/Softmax.h"
#include "softmax/Target/KernelInfo.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

namespace mlir::softmax {
#define GEN_PASS_DEF_ADDROWRANGEPASS
#include "softmax/Target/Passes.h.inc"
} // namespace mlir::softmax

using namespace mlir;
using namespace mlir::softmax;

/// The only op of `function` with effects, if that is a softmax.generic on
/// memrefs that runs on all its rows.
static GenericOp getOnlyOp(func::FuncOp function) {
  if (!function.getBody().hasOneBlock())
    return {};
  GenericOp only;
  for (Operation &op : function.getBody().front().without_terminator()) {
    if (auto generic = dyn_cast<GenericOp>(op)) {
      if (only || !generic.getRows().empty() || generic.getNumResults() != 0)
        return {};
      only = generic;
      continue;
    }
    if (op.getNumRegions() != 0 || !isMemoryEffectFree(&op))
      return {};
  }
  return only;
}

/// An operand of `op` and the position in it that iteration dimension `dim`
/// runs along.  Outputs come first: they are never broadcast.
static std::pair<Value, int64_t> findDimension(GenericOp op, int64_t dim) {
  unsigned numInputs = op.getInputs().size();
  SmallVector<AffineMap> maps = op.getMapList();
  auto find = [&](Value value, AffineMap map) -> std::pair<Value, int64_t> {
    for (auto [position, expr] : llvm::enumerate(map.getResults()))
      if (auto dimExpr = dyn_cast<AffineDimExpr>(expr);
          dimExpr && static_cast<int64_t>(dimExpr.getPosition()) == dim)
        return {value, position};
    return {};
  };
  for (auto [i, init] : llvm::enumerate(op.getInits()))
    if (std::pair<Value, int64_t> found = find(init, maps[numInputs + i]);
        found.first)
      return found;
  for (auto [i, input] : llvm::enumerate(op.getInputs()))
    if (std::pair<Value, int64_t> found = find(input, maps[i]); found.first)
      return found;
  return {};
}

/// Builds `@NAME__units`: the product of the sizes of the parallel dimensions.
static LogicalResult buildUnits(func::FuncOp kernel, GenericOp op) {
  FailureOr<func::FuncOp> units =
      createSizeFunction(kernel, unitsSuffix, kernel.getNumArguments());
  if (failed(units))
    return failure();
  Location loc = op.getLoc();
  OpBuilder builder = OpBuilder::atBlockBegin(&units->getBody().front());
  IRMapping map;
  map.map(kernel.getArguments(), units->getArguments());
  SizeSlice slice(builder, map);
  Value product;
  for (int64_t dim : op.getParallelDims()) {
    auto [operand, position] = findDimension(op, dim);
    if (!operand)
      return op.emitOpError("no operand runs along dimension ")
             << dim << ", so the number of rows is unknown";
    FailureOr<Value> source = slice.clone(operand);
    if (failed(source))
      return op.emitOpError("the number of rows does not follow from the "
                            "kernel's arguments: ")
             << slice.getReason();
    Value size = builder.createOrFold<memref::DimOp>(loc, *source, position);
    product = product ? builder.createOrFold<arith::MulIOp>(loc, product, size)
                      : size;
  }
  if (!product)
    product = arith::ConstantIndexOp::create(builder, loc, 1);
  func::ReturnOp::create(builder, loc, product);
  return success();
}

/// The argument of the kernel that `value` is a view of, or nothing.
static std::optional<unsigned> getArgumentNumber(Value value) {
  while (auto view = value.getDefiningOp<ViewLikeOpInterface>())
    value = view.getViewSource();
  if (auto argument = dyn_cast<BlockArgument>(value))
    return argument.getArgNumber();
  return std::nullopt;
}

/// Records the pairs of operands whose elements are visited in a different
/// order, so that running in place would overwrite what is still to be read,
/// and those of an element per row: an input is read again for every element of
/// the row, when the destination may have been written.
static void recordNeverInPlace(func::FuncOp kernel, GenericOp op) {
  SmallVector<Attribute> pairs;
  Builder builder(kernel.getContext());
  for (auto [i, input] : llvm::enumerate(op.getInputs()))
    for (auto [j, init] : llvm::enumerate(op.getInits())) {
      if (op.getInputMap(i) == op.getInitMap(j) &&
          !op.isRowInvariant(op.getInitMap(j)))
        continue;
      std::optional<unsigned> in = getArgumentNumber(input);
      std::optional<unsigned> out = getArgumentNumber(init);
      auto inType = dyn_cast<MemRefType>(input.getType());
      if (in && out && inType &&
          inType.getRank() == cast<MemRefType>(init.getType()).getRank())
        pairs.push_back(builder.getDenseI64ArrayAttr(
            {static_cast<int64_t>(*in), static_cast<int64_t>(*out)}));
    }
  if (!pairs.empty())
    setKernelEntry(kernel, "never_in_place", builder.getArrayAttr(pairs));
}

/// Keeps what the manifest says about the ops after they are lowered.
static void recordOps(func::FuncOp kernel) {
  Builder builder(kernel.getContext());
  SmallVector<Attribute> ops;
  kernel.walk([&](GenericOp op) {
    NamedAttrList entry;
    entry.set("dimensions", op.getDimensionsAttr());
    entry.set("statistics", op.getStatistics());
    if (ScheduleAttr schedule = op.getScheduleAttr())
      entry.set("schedule", schedule);
    ops.push_back(entry.getDictionary(kernel.getContext()));
  });
  if (!ops.empty())
    setKernelEntry(kernel, "ops", builder.getArrayAttr(ops));
}

namespace {
struct AddRowRange : softmax::impl::AddRowRangePassBase<AddRowRange> {
  void runOnOperation() override {
    SmallVector<func::FuncOp> kernels;
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (function->hasAttr(kernelAttrName) && !function.isExternal())
        kernels.push_back(function);
    for (func::FuncOp kernel : kernels) {
      recordOps(kernel);
      GenericOp op = getOnlyOp(kernel);
      if (!op)
        continue;
      if (failed(verifyNotCalled(kernel, getOperation())) ||
          failed(buildUnits(kernel, op)))
        return signalPassFailure();
      recordNeverInPlace(kernel, op);
      Type index = IndexType::get(&getContext());
      unsigned position = kernel.getNumArguments();
      SmallVector<DictionaryAttr> noAttrs(2);
      SmallVector<Location> locs(2, kernel.getLoc());
      if (failed(kernel.insertArguments({position, position}, {index, index},
                                        noAttrs, locs)))
        return signalPassFailure();
      op.getRowsMutable().assign(kernel.getArguments().slice(position, 2));
      ++numRowRanges;
    }
  }
};
} // namespace
