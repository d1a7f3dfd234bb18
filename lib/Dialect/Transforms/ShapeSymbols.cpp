// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "ShapeSymbols.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"
#include "mlir/Interfaces/DestinationStyleOpInterface.h"
#include "softmax/Dialect/IR/Softmax.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::softmax;

ShapeSymbols::ShapeSymbols(FunctionOpInterface function)
    : context(function->getContext()) {
  function->walk([&](Operation *op) { visit(op); });
}

Attribute ShapeSymbols::get(Value value, int64_t dim) {
  unsigned root = find(node(value, dim));
  if (!ShapedType::isDynamic(sizes[root]))
    return IntegerAttr::get(IntegerType::get(context, 64), sizes[root]);
  unsigned number = symbols.try_emplace(root, symbols.size()).first->second;
  return StringAttr::get(context, "s" + Twine(number));
}

unsigned ShapeSymbols::addNode() {
  parents.push_back(parents.size());
  sizes.push_back(ShapedType::kDynamic);
  return parents.back();
}

unsigned ShapeSymbols::find(unsigned node) {
  while (parents[node] != node) {
    parents[node] = parents[parents[node]];
    node = parents[node];
  }
  return node;
}

void ShapeSymbols::setSize(unsigned node, int64_t size) {
  if (!ShapedType::isDynamic(size))
    sizes[find(node)] = size;
}

void ShapeSymbols::unite(unsigned a, unsigned b) {
  a = find(a);
  b = find(b);
  if (a == b)
    return;
  parents[b] = a;
  setSize(a, sizes[b]);
}

unsigned ShapeSymbols::node(Value value, int64_t dim) {
  auto known = nodes.find({value, dim});
  if (known != nodes.end())
    return known->second;
  unsigned created = addNode();
  nodes[{value, dim}] = created;
  if (dim >= 0)
    setSize(created, cast<ShapedType>(value.getType()).getDimSize(dim));
  return created;
}

void ShapeSymbols::unite(unsigned node, OpFoldResult size) {
  if (std::optional<int64_t> known = getConstantIntValue(size))
    setSize(node, *known);
  else
    unite(node, this->node(cast<Value>(size), -1));
}

void ShapeSymbols::uniteShapes(Value a, Value b) {
  auto type = dyn_cast<ShapedType>(a.getType());
  auto other = dyn_cast<ShapedType>(b.getType());
  if (!type || !other || !type.hasRank() || !other.hasRank() ||
      type.getRank() != other.getRank())
    return;
  for (int64_t dim = 0; dim < type.getRank(); ++dim)
    unite(node(a, dim), node(b, dim));
}

void ShapeSymbols::uniteMixed(Value value, ArrayRef<OpFoldResult> mixed) {
  for (auto [dim, size] : llvm::enumerate(mixed))
    unite(node(value, dim), size);
}

/// Operands whose maps name the same iteration dimension.
void ShapeSymbols::uniteMaps(ValueRange operands, ArrayRef<AffineMap> maps) {
  DenseMap<unsigned, unsigned> loops;
  for (auto [operand, map] : llvm::zip(operands, maps)) {
    auto type = dyn_cast<ShapedType>(operand.getType());
    if (!type)
      continue;
    for (auto [dim, expr] : llvm::enumerate(map.getResults())) {
      auto loop = dyn_cast<AffineDimExpr>(expr);
      // A per-row destination may have one dimension more than its map.
      if (!loop || static_cast<int64_t>(dim) >= type.getRank())
        continue;
      unsigned size = node(operand, dim);
      auto [known, inserted] = loops.try_emplace(loop.getPosition(), size);
      if (!inserted)
        unite(known->second, size);
    }
  }
}

/// Dimensions that an expand_shape or collapse_shape leaves as they are: alone
/// in their group, or beside dimensions of size 1 only.
static SmallVector<std::pair<int64_t, int64_t>>
getKeptDims(ArrayRef<ReassociationIndices> groups, ShapedType expanded) {
  SmallVector<std::pair<int64_t, int64_t>> kept;
  for (auto [collapsed, group] : llvm::enumerate(groups)) {
    SmallVector<int64_t> others = llvm::filter_to_vector(
        group, [&](int64_t dim) { return expanded.getDimSize(dim) != 1; });
    if (others.size() == 1)
      kept.emplace_back(collapsed, others.front());
  }
  return kept;
}

void ShapeSymbols::visit(Operation *op) {
  // Destinations and results of tensors are tied whatever the op does.
  if (auto dps = dyn_cast<DestinationStyleOpInterface>(op))
    for (OpResult result : op->getResults())
      if (OpOperand *init = dps.getTiedOpOperand(result))
        uniteShapes(init->get(), result);
  if (op->hasTrait<OpTrait::Elementwise>()) {
    Value first;
    for (Value value :
         llvm::concat<Value>(llvm::to_vector(op->getOperands()),
                             llvm::to_vector_of<Value>(op->getResults()))) {
      if (!isa<ShapedType>(value.getType()))
        continue;
      if (first)
        uniteShapes(first, value);
      first = value;
    }
  }

  TypeSwitch<Operation *>(op)
      .Case<GenericOp>([&](GenericOp generic) {
        SmallVector<Value> operands(generic.getInputs());
        llvm::append_range(operands, generic.getInits());
        uniteMaps(operands, generic.getMapList());
      })
      .Case<linalg::LinalgOp>([&](linalg::LinalgOp structured) {
        uniteMaps(op->getOperands(), structured.getIndexingMapsArray());
      })
      .Case<tensor::DimOp, memref::DimOp>([&](auto dim) {
        Value source = dim.getSource();
        std::optional<int64_t> index = dim.getConstantIndex();
        auto type = dyn_cast<ShapedType>(source.getType());
        if (index && type.hasRank() && *index >= 0 && *index < type.getRank())
          unite(node(source, *index), node(dim.getResult(), -1));
      })
      .Case<tensor::EmptyOp>([&](tensor::EmptyOp empty) {
        uniteMixed(empty.getResult(), empty.getMixedSizes());
      })
      .Case<bufferization::AllocTensorOp>(
          [&](bufferization::AllocTensorOp alloc) {
            if (alloc.getCopy())
              return uniteShapes(alloc.getCopy(), alloc.getResult());
            unsigned next = 0;
            for (auto [dim, size] : llvm::enumerate(alloc.getType().getShape()))
              if (ShapedType::isDynamic(size))
                unite(node(alloc.getResult(), dim),
                      OpFoldResult(alloc.getDynamicSizes()[next++]));
          })
      .Case<memref::AllocOp, memref::AllocaOp>([&](auto alloc) {
        uniteMixed(alloc.getResult(), alloc.getMixedSizes());
      })
      .Case<tensor::CastOp, memref::CastOp>(
          [&](auto cast) { uniteShapes(cast.getSource(), cast.getResult()); })
      .Case<bufferization::ToTensorOp, bufferization::ToBufferOp>(
          [&](Operation *boundary) {
            uniteShapes(boundary->getOperand(0), boundary->getResult(0));
          })
      .Case<bufferization::MaterializeInDestinationOp>(
          [&](bufferization::MaterializeInDestinationOp write) {
            uniteShapes(write.getSource(), write.getDest());
          })
      .Case<memref::CopyOp>([&](memref::CopyOp copy) {
        uniteShapes(copy.getSource(), copy.getTarget());
      })
      .Case<tensor::ExpandShapeOp>([&](tensor::ExpandShapeOp expand) {
        for (auto [from, to] : getKeptDims(expand.getReassociationIndices(),
                                           expand.getResultType()))
          unite(node(expand.getSrc(), from), node(expand.getResult(), to));
        uniteMixed(expand.getResult(), expand.getMixedOutputShape());
      })
      .Case<tensor::CollapseShapeOp>([&](tensor::CollapseShapeOp collapse) {
        for (auto [to, from] : getKeptDims(collapse.getReassociationIndices(),
                                           collapse.getSrcType()))
          unite(node(collapse.getSrc(), from), node(collapse.getResult(), to));
      })
      .Case<tensor::ExtractSliceOp>([&](tensor::ExtractSliceOp slice) {
        llvm::SmallBitVector dropped = slice.getDroppedDims();
        int64_t next = 0;
        for (auto [dim, size] : llvm::enumerate(slice.getMixedSizes()))
          if (!dropped.test(dim))
            unite(node(slice.getResult(), next++), size);
      });
}
