// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "RowPosition.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::softmax;

RowPosition mlir::softmax::positionOf(GenericBuilder &k, Value number) {
  RowPosition row;
  row.number = number;
  row.coordinates.resize(k.op.getIterationRank());
  for (auto [dim, value] :
       llvm::zip(k.parallel, k.delinearize(number, k.parallel)))
    row.coordinates[dim] = value;
  for (const OperandView &view : k.inputs)
    row.inputOffsets.push_back(k.offset(view, row.coordinates));
  for (const OperandView &view : k.inits)
    row.initOffsets.push_back(k.offset(view, row.coordinates));
  return row;
}

void mlir::softmax::loadInvariants(GenericBuilder &k, RowPosition &row) {
  row.invariants.clear();
  for (auto [view, offset] : llvm::zip(k.inputs, row.inputOffsets))
    row.invariants.push_back(view.alongRow ? Value()
                                           : k.loadScalar(view, offset));
}

Value mlir::softmax::coordinateInRow(GenericBuilder &k, int64_t dim,
                                     Value position) {
  // Joint dimensions: the coordinate of a position in their box.
  for (int64_t d : llvm::reverse(k.reduced)) {
    Value size = k.sizes[d];
    if (isa<VectorType>(position.getType()))
      size = vector::BroadcastOp::create(k.b, k.loc, position.getType(), size);
    if (d == dim)
      return d == k.reduced.front()
                 ? position
                 : arith::RemUIOp::create(k.b, k.loc, position, size)
                       .getResult();
    position = arith::DivUIOp::create(k.b, k.loc, position, size);
  }
  llvm_unreachable("a dimension is parallel or reduced");
}
