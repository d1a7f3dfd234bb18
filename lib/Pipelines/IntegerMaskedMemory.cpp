// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "softmax/Pipelines/Pipelines.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"

namespace mlir::softmax {
#define GEN_PASS_DEF_SOFTMAXINTEGERMASKEDMEMORYPASS
#include "softmax/Pipelines/Passes.h.inc"
} // namespace mlir::softmax

using namespace mlir;

namespace {

class SoftmaxIntegerMaskedMemoryPass
    : public softmax::impl::SoftmaxIntegerMaskedMemoryPassBase<
          SoftmaxIntegerMaskedMemoryPass> {
  void runOnOperation() override {
    SmallVector<Operation *> accesses;
    getOperation()->walk([&](Operation *op) {
      if (isa<LLVM::MaskedLoadOp, LLVM::MaskedStoreOp>(op))
        accesses.push_back(op);
    });
    for (Operation *op : accesses) {
      if (LLVM::MaskedLoadOp load = dyn_cast<LLVM::MaskedLoadOp>(op))
        rewriteLoad(load);
      else
        rewriteStore(cast<LLVM::MaskedStoreOp>(op));
    }
  }

  /// The integer vector to move instead of `type`; null for other types.
  static VectorType integerType(Type type) {
    VectorType vector = dyn_cast<VectorType>(type);
    if (!vector ||
        !(vector.getElementType().isBF16() || vector.getElementType().isF16()))
      return VectorType();
    return vector.clone(IntegerType::get(type.getContext(), 16));
  }

  void rewriteLoad(LLVM::MaskedLoadOp load) {
    VectorType integers = integerType(load.getRes().getType());
    if (!integers)
      return;
    OpBuilder builder(load);
    Location loc = load.getLoc();
    Value passThrough = load.getPassThru();
    if (passThrough)
      passThrough =
          LLVM::BitcastOp::create(builder, loc, integers, passThrough);
    Value loaded = LLVM::MaskedLoadOp::create(
        builder, loc, integers, load.getData(), load.getMask(), passThrough,
        load.getAlignmentAttr(), load.getNontemporalAttr());
    load.getRes().replaceAllUsesWith(
        LLVM::BitcastOp::create(builder, loc, load.getRes().getType(), loaded));
    load.erase();
    ++numAccesses;
  }

  void rewriteStore(LLVM::MaskedStoreOp store) {
    VectorType integers = integerType(store.getValue().getType());
    if (!integers)
      return;
    OpBuilder builder(store);
    Location loc = store.getLoc();
    Value value =
        LLVM::BitcastOp::create(builder, loc, integers, store.getValue());
    LLVM::MaskedStoreOp::create(builder, loc, value, store.getData(),
                                store.getMask(), store.getAlignmentAttr());
    store.erase();
    ++numAccesses;
  }
};

} // namespace
