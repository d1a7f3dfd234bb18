// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "ClusterExchange.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace mlir::softmax;

static void arrive(GPUBuilder &k) {
  NVVM::ClusterArriveOp::create(k.b, k.loc, /*aligned=*/k.b.getUnitAttr());
}

static void wait(GPUBuilder &k) {
  NVVM::ClusterWaitOp::create(k.b, k.loc, /*aligned=*/k.b.getUnitAttr());
}

/// Element `number` of the shared `buffer` that the thread block with rank
/// `rank` has (both an index).  The gpu dialect has no such access.
static Value loadOf(GPUBuilder &k, Value buffer, Value rank, Value number) {
  MLIRContext *context = k.b.getContext();
  auto pointerIn = [&](NVVM::NVVMMemorySpace space) {
    return LLVM::LLVMPointerType::get(context, static_cast<unsigned>(space));
  };
  auto cast = [&](Type type, Value value) -> Value {
    return arith::IndexCastOp::create(k.b, k.loc, type, value);
  };
  Type element = mlir::cast<MemRefType>(buffer.getType()).getElementType();
  Value base =
      memref::ExtractAlignedPointerAsIndexOp::create(k.b, k.loc, buffer);
  Value own = LLVM::IntToPtrOp::create(k.b, k.loc,
                                       pointerIn(NVVM::NVVMMemorySpace::Shared),
                                       cast(k.b.getI64Type(), base));
  Type shared = pointerIn(NVVM::NVVMMemorySpace::SharedCluster);
  Value other = NVVM::MapaOp::create(k.b, k.loc, shared, own,
                                     cast(k.b.getI32Type(), rank));
  Value place = LLVM::GEPOp::create(
      k.b, k.loc, shared, element, other,
      ArrayRef<LLVM::GEPArg>{cast(k.b.getI64Type(), number)});
  return LLVM::LoadOp::create(k.b, k.loc, element, place);
}

ClusterExchange::ClusterExchange(GPUBuilder &k, Partials &partials,
                                 int64_t most)
    : k(k), partials(partials) {
  for (Value value : partials.buildEmpty())
    own.push_back(k.shared(value.getType(), most));
}

void ClusterExchange::publish(Value number, ArrayRef<RowValues> block) {
  Value first = k.b.createOrFold<arith::CmpIOp>(k.loc, arith::CmpIPredicate::eq,
                                                k.thread, k.index(0));
  SmallVector<Value> values = partials.flatten(block);
  scf::IfOp::create(k.b, k.loc, first, [&](OpBuilder &, Location) {
    for (auto [value, buffer] : llvm::zip(values, own))
      memref::StoreOp::create(k.b, k.loc, value, buffer, number);
    scf::YieldOp::create(k.b, k.loc);
  });
}

SmallVector<RowValues> ClusterExchange::gather(Value count, Value perRank) {
  arrive(k);
  wait(k);
  // A thread fetches the statistics of one block: there are fewer blocks than
  // threads.
  SmallVector<Value> all;
  for (Value buffer : own)
    all.push_back(k.shared(cast<MemRefType>(buffer.getType()).getElementType(),
                           mostClusterRowBlocks));
  scf::IfOp::create(
      k.b, k.loc, k.lessThan(k.thread, count), [&](OpBuilder &, Location) {
        Value rank = k.div(k.thread, perRank),
              number = k.rem(k.thread, perRank);
        SmallVector<Value> values;
        for (Value buffer : own)
          values.push_back(loadOf(k, buffer, rank, number));
        for (auto [value, buffer] : llvm::zip(values, all))
          memref::StoreOp::create(k.b, k.loc, value, buffer, k.thread);
        scf::YieldOp::create(k.b, k.loc);
      });
  arrive(k);
  k.barrier();
  auto loop = scf::ForOp::create(
      k.b, k.loc, k.index(0), count, k.index(1), partials.buildEmpty(),
      [&](OpBuilder &, Location, Value i, ValueRange total) {
        SmallVector<Value> block;
        for (Value buffer : all)
          block.push_back(memref::LoadOp::create(k.b, k.loc, buffer, i));
        scf::YieldOp::create(
            k.b, k.loc,
            partials.flatten(partials.merge(partials.unflatten(total),
                                            partials.unflatten(block))));
      });
  return partials.unflatten(loop.getResults());
}

void ClusterExchange::finish() { wait(k); }
