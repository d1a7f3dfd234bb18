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
                                         GPUStrategy strategy, int64_t threads,
                                         int64_t lanes, int64_t vectors,
                                         int64_t rows, int64_t warpSize) {
  auto error = [&]() {
    return emitError() << "gpu alternative: strategy '"
                       << stringifyGPUStrategy(strategy) << "' ";
  };
  if (minColumns < 0 || maxColumns < 0 ||
      (maxColumns && minColumns > maxColumns))
    return emitError() << "gpu alternative: no row has from " << minColumns
                       << " to " << maxColumns << " columns";
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
  if (vectors < 1 || vectors * lanes > mostPerThread)
    return emitError() << "gpu alternative: a thread holds 1 to "
                       << mostPerThread
                       << " elements, not vectors x lanes = " << vectors
                       << " x " << lanes;
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
  bool block = strategy == GPUStrategy::BlockPerRow ||
               strategy == GPUStrategy::BlockOnline;
  if (block && rows != 0)
    return error() << "computes one row per block: leave rows out";
  int64_t capacity = rowThreads * vectors * lanes;
  bool inner = strategy == GPUStrategy::LanesInner;
  if (inner && (rows != threads || lanes != 1))
    return error() << "has a row per thread: rows must be threads = " << threads
                   << ", not " << rows << ", and lanes 1, not " << lanes;
  bool anyLength =
      strategy == GPUStrategy::BlockOnline || (inner && maxColumns == 0);
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
    bool inner = alternative.getStrategy() == GPUStrategy::LanesInner;
    bool online = alternative.getStrategy() == GPUStrategy::BlockOnline ||
                  (inner && alternative.getMaxColumns() == 0);
    int64_t capacity = (inner ? 1 : alternative.getThreads()) *
                       alternative.getVectors() * alternative.getLanes();
    if (online ? capacity < numeric.getBlock()
               : alternative.getMaxColumns() > numeric.getBlock())
      return emitError() << "gpu schedule: strategy '"
                         << stringifyGPUStrategy(alternative.getStrategy())
                         << "' must hold a block of " << numeric.getBlock()
                         << " elements, and only online may have longer rows";
  }
  return success();
}
