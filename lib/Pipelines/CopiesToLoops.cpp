// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "softmax/Pipelines/Pipelines.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/Builders.h"

namespace mlir::softmax {
#define GEN_PASS_DEF_SOFTMAXCOPIESTOLOOPSPASS
#include "softmax/Pipelines/Passes.h.inc"
} // namespace mlir::softmax

using namespace mlir;

namespace {

/// Whether the conversion to LLVM makes a memcpy of a copy from or to `type`.
bool isContiguous(MemRefType type) {
  return type.getLayout().isIdentity() ||
         (type.hasStaticShape() && type.getNumElements() > 0 &&
          type.areTrailingDimsContiguous(type.getRank()));
}

class SoftmaxCopiesToLoopsPass
    : public softmax::impl::SoftmaxCopiesToLoopsPassBase<
          SoftmaxCopiesToLoopsPass> {
  void runOnOperation() override {
    SmallVector<memref::CopyOp> copies;
    getOperation().walk([&](memref::CopyOp copy) { copies.push_back(copy); });
    for (memref::CopyOp copy : copies)
      lower(copy);
  }

  void lower(memref::CopyOp copy) {
    MemRefType source = dyn_cast<MemRefType>(copy.getSource().getType());
    MemRefType target = dyn_cast<MemRefType>(copy.getTarget().getType());
    // Unranked memrefs have no loops; later passes refuse them.
    if (!source || !target || (isContiguous(source) && isContiguous(target)))
      return;

    OpBuilder builder(copy);
    Location loc = copy.getLoc();
    Value zero = arith::ConstantIndexOp::create(builder, loc, 0);
    Value one = arith::ConstantIndexOp::create(builder, loc, 1);
    SmallVector<Value> begins(source.getRank(), zero);
    SmallVector<Value> steps(source.getRank(), one);
    SmallVector<Value> ends;
    for (int64_t dim = 0; dim < source.getRank(); ++dim)
      ends.push_back(
          memref::DimOp::create(builder, loc, copy.getSource(), dim));
    scf::buildLoopNest(
        builder, loc, begins, ends, steps,
        [&](OpBuilder &body, Location bodyLoc, ValueRange indices) {
          Value element =
              memref::LoadOp::create(body, bodyLoc, copy.getSource(), indices);
          memref::StoreOp::create(body, bodyLoc, element, copy.getTarget(),
                                  indices);
        });
    copy.erase();
    ++numCopies;
  }
};

} // namespace
