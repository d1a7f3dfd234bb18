// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Verification of GPU schedules.

#include "softmax/Dialect/IR/Softmax.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace mlir::softmax;

using EmitError = function_ref<InFlightDiagnostic()>;

/// An exact sum of this many elements cannot overflow.
static constexpr int64_t mostSummed = 8192;
/// Elements in the registers of a thread: the sum of 32 threads', at most 33
/// per thread, fits 32 bits.
static constexpr int64_t mostPerThread = 32;

LogicalResult GPUNumericAttr::verify(EmitError emitError, int64_t block,
                                     Accuracy accuracy, ExpForm exp) {
  if (exp != ExpForm::Scaled && exp != ExpForm::Native)
    return emitError() << "gpu numeric part: exp must be scaled or native, not "
                       << stringifyExpForm(exp);
  if (exp == ExpForm::Native && accuracy == Accuracy::Strict)
    return emitError() << "gpu numeric part: exp = native has not the accuracy "
                          "of strict; use exp = scaled";
  if (block < 16 || block > mostSummed || !llvm::isPowerOf2_64(block))
    return emitError() << "gpu numeric part: block must be a power of two from "
                          "16 to "
                       << mostSummed << ", not " << block;
  return success();
}

LogicalResult GPUAlternativeAttr::verify(EmitError emitError,
                                         int64_t minColumns, int64_t maxColumns,
                                         int64_t maxRows, GPUStrategy strategy,
                                         int64_t threads, int64_t lanes,
                                         int64_t vectors, int64_t rows,
                                         int64_t cluster, int64_t warpSize) {
  auto error = [&]() {
    return emitError() << "gpu alternative: strategy '"
                       << stringifyGPUStrategy(strategy) << "' ";
  };
  if (minColumns < 0 || maxColumns < 0 ||
      (maxColumns && minColumns > maxColumns))
    return emitError() << "gpu alternative: no row has from " << minColumns
                       << " to " << maxColumns << " columns";
  if (maxRows < 0)
    return emitError() << "gpu alternative: max_rows must not be negative";
  if (threads < 32 || threads > 512 || !llvm::isPowerOf2_64(threads))
    return emitError() << "gpu alternative: threads must be a power of two "
                          "from 32 to 512, not "
                       << threads;
  if (warpSize < 4 || warpSize > 128 || !llvm::isPowerOf2_64(warpSize))
    return emitError() << "gpu alternative: warp_size must be a power of two "
                          "from 4 to 128, not "
                       << warpSize;
  if (lanes < 1 || lanes > 16 || !llvm::isPowerOf2_64(lanes))
    return emitError() << "gpu alternative: lanes must be a power of two from "
                          "1 to 16, not "
                       << lanes;
  bool inner = strategy == GPUStrategy::LanesInner;
  int64_t lanesAlongRow = inner ? 1 : lanes;
  if (vectors < 1 || vectors * lanesAlongRow > mostPerThread)
    return emitError() << "gpu alternative: a thread holds 1 to "
                       << mostPerThread << " elements of a row, not "
                       << (inner ? "vectors = " : "vectors x lanes = ")
                       << vectors << (inner ? "" : " x " + Twine(lanes));
  int64_t rowThreads = rows ? threads / rows : threads;
  if (strategy == GPUStrategy::WarpPerRow && rowThreads != warpSize)
    return error() << "computes a row per warp: rows must be threads / "
                   << warpSize << " = " << threads / warpSize << ", not "
                   << rows;
  if (strategy == GPUStrategy::RowsPerWarp &&
      (rows < 1 || rowThreads < std::min<int64_t>(4, warpSize / 2) ||
       rowThreads > warpSize / 2 || !llvm::isPowerOf2_64(rows)))
    return error() << "has " << std::min<int64_t>(4, warpSize / 2) << " to "
                   << warpSize / 2
                   << " threads per row, a power of two: rows must be threads "
                      "divided by that, not "
                   << rows;
  bool block = strategy != GPUStrategy::RowsPerWarp &&
               strategy != GPUStrategy::WarpPerRow &&
               strategy != GPUStrategy::LanesInner;
  if (block && rows != 0)
    return error() << "computes no more than one row per block: leave rows out";
  bool clusters = strategy == GPUStrategy::ClusterPerRow;
  if (clusters ? cluster < 2 || cluster > 16 || !llvm::isPowerOf2_64(cluster)
               : cluster != 0)
    return error() << (clusters ? "has clusters of 2, 4, 8 or 16 blocks, not "
                                : "has no clusters: leave cluster out, not ")
                   << cluster;
  if (inner && rows != threads * lanes)
    return error() << "has as many rows per thread as lanes: rows must be "
                      "threads x lanes = "
                   << threads * lanes << ", not " << rows;
  int64_t capacity = (inner ? 1 : rowThreads) * vectors * lanesAlongRow;
  bool shared = strategy == GPUStrategy::BlockShared || clusters;
  if (shared && maxColumns == 0)
    return error() << "needs memory for a row: give max_columns";
  bool anyLength = strategy == GPUStrategy::BlockOnline ||
                   strategy == GPUStrategy::SplitRow || shared ||
                   (inner && maxColumns == 0);
  if (!anyLength && (maxColumns == 0 || maxColumns > capacity))
    return error() << "holds rows of up to " << capacity
                   << " elements: max_columns must be between 1 and that";
  return success();
}

LogicalResult
GPUScheduleAttr::verify(EmitError emitError, GPUNumericAttr numeric,
                        ArrayRef<GPUAlternativeAttr> alternatives) {
  if (alternatives.empty())
    return emitError() << "gpu schedule: at least one alternative is needed";
  for (GPUAlternativeAttr alternative : alternatives) {
    GPUStrategy strategy = alternative.getStrategy();
    bool inner = strategy == GPUStrategy::LanesInner;
    // Rows of several blocks, one after another or in different places.
    bool inBlocks = strategy == GPUStrategy::BlockOnline ||
                    strategy == GPUStrategy::SplitRow ||
                    strategy == GPUStrategy::BlockShared ||
                    strategy == GPUStrategy::ClusterPerRow ||
                    (inner && alternative.getMaxColumns() == 0);
    int64_t capacity =
        alternative.getVectors() *
        (inner ? 1 : alternative.getThreads() * alternative.getLanes());
    // Of several blocks each is held by a group of threads.
    if (strategy == GPUStrategy::BlockPerRow &&
        alternative.getMaxColumns() > numeric.getBlock()) {
      if (capacity % numeric.getBlock() != 0)
        return emitError()
               << "gpu schedule: strategy 'block_per_row' with rows "
                  "of more than "
               << numeric.getBlock()
               << " columns holds whole blocks of them: threads x "
                  "vectors x lanes must be a multiple of "
               << numeric.getBlock() << ", not " << capacity;
      continue;
    }
    if (inBlocks ? capacity < numeric.getBlock()
                 : alternative.getMaxColumns() > numeric.getBlock())
      return emitError() << "gpu schedule: strategy '"
                         << stringifyGPUStrategy(strategy)
                         << "' must hold a block of " << numeric.getBlock()
                         << " elements, and only online may have longer rows";
  }
  return success();
}
