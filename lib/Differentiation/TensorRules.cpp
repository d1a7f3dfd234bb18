// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Operations that only move elements of tensors.

#include "Adjoints.h"
#include "TensorBuilder.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/IR/TypeUtilities.h"

using namespace mlir;
using namespace mlir::softmax;

static RankedTensorType getTensorType(Value value) {
  return cast<RankedTensorType>(Adjoints::getType(value.getType()));
}

static LogicalResult differentiateExtract(tensor::ExtractOp op,
                                          Adjoints &adjoints) {
  Value gradient = adjoints.get(op.getResult());
  Value tensor = op.getTensor();
  if (op.getIndices().empty()) {
    adjoints.add(tensor, tensor::FromElementsOp::create(
                             adjoints.builder, adjoints.loc,
                             getTensorType(tensor), gradient));
    return success();
  }
  // Into what is known already: many extractions share one tensor.
  Value sum = adjoints.getAccumulator(tensor);
  Value element = tensor::ExtractOp::create(adjoints.builder, adjoints.loc, sum,
                                            op.getIndices());
  element =
      arith::AddFOp::create(adjoints.builder, adjoints.loc, element, gradient);
  adjoints.set(tensor, tensor::InsertOp::create(adjoints.builder, adjoints.loc,
                                                element, sum, op.getIndices()));
  return success();
}

static LogicalResult differentiateInsert(tensor::InsertOp op,
                                         Adjoints &adjoints) {
  OpBuilder &b = adjoints.builder;
  Location loc = adjoints.loc;
  Value gradient = adjoints.get(op.getResult());
  if (adjoints.isActive(op.getScalar()))
    adjoints.add(op.getScalar(),
                 tensor::ExtractOp::create(b, loc, gradient, op.getIndices()));
  if (!adjoints.isActive(op.getDest()))
    return success();
  Value zero = arith::ConstantOp::create(
      b, loc, b.getFloatAttr(getElementTypeOrSelf(gradient), 0));
  adjoints.add(op.getDest(), tensor::InsertOp::create(b, loc, zero, gradient,
                                                      op.getIndices()));
  return success();
}

static LogicalResult differentiateSplat(tensor::SplatOp op,
                                        Adjoints &adjoints) {
  OpBuilder &b = adjoints.builder;
  Value gradient = adjoints.get(op.getResult());
  unsigned rank = op.getType().getRank();
  if (rank != 0)
    gradient =
        createSum(b, adjoints.loc, gradient, b.getMultiDimIdentityMap(rank),
                  AffineMap::get(rank, 0, b.getContext()), {},
                  getElementTypeOrSelf(gradient));
  adjoints.add(op.getInput(), extractScalar(b, adjoints.loc, gradient));
  return success();
}

static LogicalResult differentiateFromElements(tensor::FromElementsOp op,
                                               Adjoints &adjoints) {
  Value gradient = adjoints.get(op.getResult());
  ArrayRef<int64_t> shape = op.getType().getShape();
  SmallVector<int64_t> strides = computeStrides(shape);
  for (auto [i, element] : llvm::enumerate(op.getElements())) {
    SmallVector<Value> indices;
    if (adjoints.isActive(element))
      for (int64_t index : delinearize(i, strides))
        indices.push_back(arith::ConstantIndexOp::create(adjoints.builder,
                                                         adjoints.loc, index));
    adjoints.add(element,
                 tensor::ExtractOp::create(adjoints.builder, adjoints.loc,
                                           gradient, indices));
  }
  return success();
}

static LogicalResult differentiateCast(tensor::CastOp op, Adjoints &adjoints) {
  if (!isa<RankedTensorType>(op.getSource().getType()))
    return refuse(op, "it casts from a tensor without a rank");
  adjoints.add(op.getSource(), adjoints.get(op.getResult()));
  return success();
}

static LogicalResult differentiateCollapse(tensor::CollapseShapeOp op,
                                           Adjoints &adjoints) {
  Value source = op.getSrc();
  adjoints.add(
      source,
      tensor::ExpandShapeOp::create(
          adjoints.builder, adjoints.loc, getTensorType(source),
          adjoints.get(op.getResult()), op.getReassociationIndices(),
          tensor::getMixedSizes(adjoints.builder, adjoints.loc, source)));
  return success();
}

static LogicalResult differentiateExpand(tensor::ExpandShapeOp op,
                                         Adjoints &adjoints) {
  Value source = op.getSrc();
  adjoints.add(source,
               tensor::CollapseShapeOp::create(
                   adjoints.builder, adjoints.loc, getTensorType(source),
                   adjoints.get(op.getResult()), op.getReassociationIndices()));
  return success();
}

static LogicalResult differentiateExtractSlice(tensor::ExtractSliceOp op,
                                               Adjoints &adjoints) {
  OpBuilder &b = adjoints.builder;
  Location loc = adjoints.loc;
  Value source = op.getSource(), gradient = adjoints.get(op.getResult());
  SmallVector<OpFoldResult> offsets = op.getMixedOffsets(),
                            sizes = op.getMixedSizes(),
                            strides = op.getMixedStrides();
  // Slices may overlap, so this one is added to what is known.
  Value sum = adjoints.getAccumulator(source);
  auto type = cast<RankedTensorType>(gradient.getType());
  Value old = tensor::ExtractSliceOp::create(b, loc, type, sum, offsets, sizes,
                                             strides);
  Value init = createEmpty(b, loc, tensor::getMixedSizes(b, loc, gradient),
                           type.getElementType());
  Value added =
      linalg::AddOp::create(b, loc, ValueRange{old, gradient}, ValueRange{init})
          .getResult(0);
  adjoints.set(source, tensor::InsertSliceOp::create(b, loc, added, sum,
                                                     offsets, sizes, strides));
  return success();
}

static LogicalResult differentiateInsertSlice(tensor::InsertSliceOp op,
                                              Adjoints &adjoints) {
  OpBuilder &b = adjoints.builder;
  Location loc = adjoints.loc;
  Value source = op.getSource(), gradient = adjoints.get(op.getResult());
  SmallVector<OpFoldResult> offsets = op.getMixedOffsets(),
                            sizes = op.getMixedSizes(),
                            strides = op.getMixedStrides();
  RankedTensorType type = getTensorType(source);
  if (adjoints.isActive(source))
    adjoints.add(source, tensor::ExtractSliceOp::create(
                             b, loc, type, gradient, offsets, sizes, strides));
  if (!adjoints.isActive(op.getDest()))
    return success();
  Value zeros = createZeros(b, loc, tensor::getMixedSizes(b, loc, source),
                            type.getElementType());
  adjoints.add(op.getDest(),
               tensor::InsertSliceOp::create(b, loc, zeros, gradient, offsets,
                                             sizes, strides));
  return success();
}

void mlir::softmax::addTensorRules(AdjointRules &rules) {
  rules.add<tensor::ExtractOp>(differentiateExtract);
  rules.add<tensor::InsertOp>(differentiateInsert);
  rules.add<tensor::SplatOp>(differentiateSplat);
  rules.add<tensor::FromElementsOp>(differentiateFromElements);
  rules.add<tensor::CastOp>(differentiateCast);
  rules.add<tensor::CollapseShapeOp>(differentiateCollapse);
  rules.add<tensor::ExpandShapeOp>(differentiateExpand);
  rules.add<tensor::ExtractSliceOp>(differentiateExtractSlice);
  rules.add<tensor::InsertSliceOp>(differentiateInsertSlice);
}
