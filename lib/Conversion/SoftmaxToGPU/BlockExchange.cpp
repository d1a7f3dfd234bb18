// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "BlockExchange.h"
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

//===----------------------------------------------------------------------===//
// Merging
//===----------------------------------------------------------------------===//

/// Whether `condition` holds in all threads of the warp: an i32.
static Value inAllLanes(GPUBuilder &k, Value condition) {
  return k.overWarp(
      arith::ExtUIOp::create(k.b, k.loc, k.b.getI32Type(), condition),
      [&](Value x, Value y) {
        return arith::AndIOp::create(k.b, k.loc, x, y);
      });
}

namespace {
/// Merges parts in the first warp: a lane loads a part, and hands it to the
/// others when its turn comes.
class PartMerger {
public:
  PartMerger(GPUBuilder &k, const RowNeeds &needs, Value count,
             function_ref<SmallVector<Value>(Value)> load)
      : k(k), partials(k, needs), count(count), load(load) {}

  SmallVector<Value> buildEmpty() { return partials.buildEmpty(); }
  /// Whether the parts of the last `merge` were simple: an i32.
  Value wasSimple;
  /// `total` with the parts from `begin` on, as many as there are lanes.
  /// `kept` are values that nobody needs unless all of them are simple.
  SmallVector<Value> merge(Value begin, ValueRange total,
                           MutableArrayRef<Value> kept) {
    SmallVector<Value> empty = buildEmpty();
    Value mine = k.add(begin, k.threadInBlock);
    auto loaded = scf::IfOp::create(
        k.b, k.loc, k.lessThan(mine, count),
        [&](OpBuilder &, Location) {
          scf::YieldOp::create(k.b, k.loc, load(mine));
        },
        [&](OpBuilder &, Location) {
          scf::YieldOp::create(k.b, k.loc, empty);
        });
    ValueRange part = loaded.getResults();
    Value simple = k.both(partials.isSimple(partials.unflatten(part)),
                          partials.isSimple(partials.unflatten(total)));
    SmallVector<Value> others;
    for (Value value : kept)
      others.push_back(k.zeros(value.getType()));
    auto inOrder = [&](bool simply, ValueRange values) {
      SmallVector<Value> results = mergeInOrder(begin, total, part, simply);
      llvm::append_range(results, values);
      scf::YieldOp::create(k.b, k.loc, results);
    };
    wasSimple = inAllLanes(k, simple);
    auto merged = scf::IfOp::create(
        k.b, k.loc,
        arith::TruncIOp::create(k.b, k.loc, k.b.getI1Type(), wasSimple),
        [&](OpBuilder &, Location) { inOrder(true, kept); },
        [&](OpBuilder &, Location) { inOrder(false, others); });
    ValueRange results = merged.getResults();
    llvm::copy(results.take_back(kept.size()), kept.begin());
    return llvm::to_vector(results.drop_back(kept.size()));
  }

private:
  SmallVector<Value> mergeInOrder(Value begin, ValueRange total,
                                  ValueRange part, bool simply) {
    Type i32 = k.b.getI32Type();
    auto narrow = [&](Value index) {
      return k.b.createOrFold<arith::IndexCastOp>(k.loc, i32, index);
    };
    // A loop that stays one: unrolled, merging would be most of the kernel.
    Value most = narrow(k.min(k.sub(count, begin), k.index(k.warpSize)));
    most = k.sub(most, arith::ExtUIOp::create(k.b, k.loc, i32, k.buildNever()));
    auto loop = scf::ForOp::create(
        k.b, k.loc, narrow(k.index(0)), most, narrow(k.index(1)), total,
        [&](OpBuilder &, Location, Value i, ValueRange args) {
          SmallVector<Value> values;
          for (Value value : part)
            values.push_back(k.broadcastFrom(value, i));
          SmallVector<RowValues> next = partials.unflatten(values);
          SmallVector<RowValues> sum = partials.unflatten(args);
          scf::YieldOp::create(
              k.b, k.loc, partials.flatten(partials.merge(sum, next, simply)));
        });
    return llvm::to_vector(ValueRange(loop.getResults()));
  }

  GPUBuilder &k;
  Partials partials;
  Value count;
  function_ref<SmallVector<Value>(Value)> load;
};
} // namespace

SmallVector<RowValues>
mlir::softmax::mergeParts(GPUBuilder &k, const RowNeeds &needs, Value count,
                          std::optional<int64_t> most,
                          function_ref<SmallVector<Value>(Value)> load,
                          MutableArrayRef<Value> kept, Value *isKept) {
  PartMerger merger(k, needs, count, load);
  SmallVector<Value> empty = merger.buildEmpty(), buffers;
  for (Value value : empty)
    buffers.push_back(k.shared(value.getType(), 1));
  Value zero = k.index(0), flag;
  if (isKept)
    flag = k.shared(k.b.getI32Type(), 1);
  bool once = most && *most <= k.warpSize;
  assert((once || kept.empty()) && "kept through one merging only");
  // By one warp for all: what every thread does counts for every thread.
  auto ifOp = scf::IfOp::create(
      k.b, k.loc, k.lessThan(k.threadInBlock, k.index(k.warpSize)),
      [&](OpBuilder &, Location) {
        SmallVector<Value> values(kept), total;
        if (once) {
          total = merger.merge(zero, empty, values);
        } else {
          auto loop = scf::ForOp::create(
              k.b, k.loc, zero, count, k.index(k.warpSize), empty,
              [&](OpBuilder &, Location, Value begin, ValueRange args) {
                scf::YieldOp::create(k.b, k.loc, merger.merge(begin, args, {}));
              });
          llvm::append_range(total, loop.getResults());
        }
        Value first = k.lessThan(k.threadInBlock, k.index(1));
        scf::IfOp::create(k.b, k.loc, first, [&](OpBuilder &, Location) {
          for (auto [value, buffer] : llvm::zip(total, buffers))
            memref::StoreOp::create(k.b, k.loc, value, buffer, zero);
          if (flag)
            memref::StoreOp::create(k.b, k.loc, merger.wasSimple, flag, zero);
          scf::YieldOp::create(k.b, k.loc);
        });
        scf::YieldOp::create(k.b, k.loc, values);
      },
      [&](OpBuilder &, Location) { scf::YieldOp::create(k.b, k.loc, kept); });
  llvm::copy(ifOp.getResults(), kept.begin());
  k.barrier();
  SmallVector<Value> totals;
  for (Value buffer : buffers)
    totals.push_back(memref::LoadOp::create(k.b, k.loc, buffer, zero));
  if (flag)
    *isKept =
        arith::TruncIOp::create(k.b, k.loc, k.b.getI1Type(),
                                memref::LoadOp::create(k.b, k.loc, flag, zero));
  return Partials(k, needs).unflatten(totals);
}

//===----------------------------------------------------------------------===//
// Blocks of thread blocks
//===----------------------------------------------------------------------===//

BlockExchange::BlockExchange(GPUBuilder &k, const RowNeeds &needs, int64_t most,
                             int64_t cluster)
    : k(k), needs(needs), most(most), cluster(cluster) {
  for (Value value : Partials(k, needs).buildEmpty())
    own.push_back(k.shared(value.getType(), most));
}

void BlockExchange::publish(Value number, ArrayRef<RowValues> block) {
  Value first = k.isZero(k.thread);
  SmallVector<Value> values = Partials(k, needs).flatten(block);
  scf::IfOp::create(k.b, k.loc, first, [&](OpBuilder &, Location) {
    for (auto [value, buffer] : llvm::zip(values, own))
      memref::StoreOp::create(k.b, k.loc, value, buffer, number);
    scf::YieldOp::create(k.b, k.loc);
  });
}

SmallVector<RowValues> BlockExchange::gather(Value count, Value perRank,
                                             MutableArrayRef<Value> kept,
                                             Value *isKept) {
  if (cluster == 1) {
    k.barrier();
    return mergeParts(
        k, needs, count, most, [&](Value part) { return loadOwn(part); }, kept,
        isKept);
  }
  arrive(k);
  wait(k);
  SmallVector<RowValues> rows = mergeParts(
      k, needs, count, most * cluster,
      [&](Value part) {
        Value rank = k.div(part, perRank), number = k.rem(part, perRank);
        SmallVector<Value> values;
        for (Value buffer : own)
          values.push_back(loadOf(k, buffer, rank, number));
        return values;
      },
      kept, isKept);
  arrive(k);
  return rows;
}

SmallVector<Value> BlockExchange::loadOwn(Value number) {
  SmallVector<Value> values;
  for (Value buffer : own)
    values.push_back(memref::LoadOp::create(k.b, k.loc, buffer, number));
  return values;
}

SmallVector<RowValues> BlockExchange::published(Value number) {
  return Partials(k, needs).unflatten(loadOwn(number));
}

void BlockExchange::finish() {
  if (cluster > 1)
    wait(k);
}
