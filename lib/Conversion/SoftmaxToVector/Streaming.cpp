// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "Streaming.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

using namespace mlir;
using namespace mlir::softmax;

PrefetchBody::PrefetchBody(KernelBuilder &k, const RowPosition &row,
                           Value distance)
    : k(k), row(row), distance(distance) {
  RowPosition last = positionOf(k, k.sub(k.rowEnd, k.index(1)));
  for (auto [j, view] : llvm::enumerate(k.inputs))
    limits.push_back(
        view.alongRow
            ? k.max(k.sub(k.add(last.inputOffsets[j], k.columns), k.index(1)),
                    k.index(0))
            : Value());
}

void PrefetchBody::prefetch(Value i, int64_t count) {
  constexpr int64_t lineBytes = 64;
  for (auto [j, view] : llvm::enumerate(k.inputs)) {
    if (!view.alongRow)
      continue;
    Value at = k.add(k.add(row.inputOffsets[j], i), distance);
    int64_t perLine = std::max<int64_t>(lineBytes / view.elementBytes(), 1);
    for (int64_t e = 0; e < count; e += perLine)
      memref::PrefetchOp::create(
          k.b, k.loc, view.flat,
          ValueRange{k.min(k.add(at, k.index(e)), limits[j])},
          /*isWrite=*/false, /*localityHint=*/3, /*isDataCache=*/true);
  }
}

bool mlir::softmax::canStorePastCaches(KernelBuilder &k,
                                       AlternativeAttr alternative) {
  return alternative.getStores() == StoreMode::Nontemporal &&
         k.op.getNumElementwiseInits() == 1;
}

Value mlir::softmax::headOf(KernelBuilder &k, const RowPosition &row) {
  return k.misalignment(k.inits[0], row.initOffsets[0]);
}

void mlir::softmax::emitFence(KernelBuilder &k) {
  LLVM::FenceOp::create(k.b, k.loc, LLVM::AtomicOrdering::seq_cst);
}
