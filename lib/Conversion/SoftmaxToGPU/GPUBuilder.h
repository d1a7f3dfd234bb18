// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// What all schedules of the GPU lowering share beyond GenericBuilder: the
// threads of the kernel being built, shuffles and shared memory.

#ifndef SOFTMAX_LIB_CONVERSION_SOFTMAXTOGPU_GPUBUILDER_H
#define SOFTMAX_LIB_CONVERSION_SOFTMAXTOGPU_GPUBUILDER_H

#include "../Common/GenericBuilder.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/IR/TypeUtilities.h"
#include "softmax/Conversion/SoftmaxToGPU/Passes.h"

namespace mlir::softmax {

/// What a target has beyond the operations of the gpu dialect.
struct GPUCapabilities {
  /// One operation, gpu.subgroup_reduce, adds an i32 over the threads of a warp
  /// (NVIDIA's redux.sync).  Such chips have a maximum that keeps NaN as well
  /// (max.NaN): both came with sm_80.
  bool redux = false;
  /// Instructions for powers of two and reciprocals.
  NativeInstructions native = NativeInstructions::None;
  /// Multiplications and additions may be rounded together.
  bool fma = true;
  /// One dimension of the grid holds any number of blocks.  Otherwise a kernel
  /// numbers them over the first two, and those behind the last do nothing.
  bool longGrid = true;
};

/// How a kernel is launched; DeviceLaunch of lib/Target says it to hosts.
struct LaunchForm {
  int64_t threads = 0;
  /// The grid has ceil(rows / rowsPerBlock) * blocksPerRow blocks; with
  /// columnsPerBlock, blocksPerRow is ceil(columns / columnsPerBlock).
  int64_t rowsPerBlock = 1, blocksPerRow = 1, columnsPerBlock = 0;
  /// Blocks of a cluster; bytes of dynamic shared memory.
  int64_t cluster = 1, sharedBytes = 0;
  /// Registers that a thread may take; 0 for as many as the compiler likes.
  int64_t registers = 0;
};

class GPUBuilder : public GenericBuilder {
public:
  /// Builds the views of `op`'s operands before `op`, on the host; kernels
  /// capture what they use of them.
  GPUBuilder(GenericOp op, OpBuilder &builder, GPUNumericAttr numeric,
             GPUCapabilities capabilities);

  GPUNumericAttr numeric;
  /// Taken from the alternative being emitted: elements of a vector access,
  /// vectors that a thread holds, threads that share a row.
  int64_t lanes = 0, vectors = 0, rowThreads = 0;
  /// Whether the elements of a vector are of as many rows, each of which a
  /// thread has to itself (RowLanes.h), and not of one: what is computed per
  /// row is then a vector as well.
  bool lanesAreRows = false;
  /// Threads that run in step and shuffle values among them: a warp of
  /// NVIDIA's, a wavefront of AMD's, a subgroup of Vulkan's.
  int64_t warpSize = 0;
  /// Least length of its rows, as far as its guard and types tell.
  int64_t leastColumns = 0;
  GPUCapabilities capabilities;
  /// Whether the elements of a row are one run.
  bool contiguous = true;

  /// The kernel being built.  `thread` numbers the threads of a row.
  gpu::LaunchOp launch;
  Value block, threadInBlock, thread;
  /// Groups of rowThreads threads in a thread block, each with a block of a
  /// row; this thread's group, an index.
  int64_t groups = 1;
  Value group;
  /// Whether the thread's row is one of the op's; null if it always is.  Where
  /// it is not, nothing of the row is read or written.
  Value rowValid;
  /// Where the elements of the row end that count, an index: those behind are
  /// not read.  Null if all count.
  Value rowEnd;
  /// Whether this block writes what is per row, where several have parts of
  /// one; null if it always does.
  Value rowWriter;

  /// Elements of a row in a vector.
  int64_t lanesAlongRow() const { return lanesAreRows ? 1 : lanes; }
  /// Elements that the threads of a row hold together.
  int64_t capacity() const { return rowThreads * vectors * lanesAlongRow(); }

  /// The launches of the alternative being emitted, in order.
  struct Launch {
    gpu::LaunchOp op;
    std::string name;
    LaunchForm form;
  };
  SmallVector<Launch, 2> launches;
  /// Bytes of a workspace per block of the numeric part, of the same; 0 for no
  /// workspace.
  int64_t workspaceBytes = 0;

  /// Begins a kernel called `name` and continues inside of it.
  void beginKernel(StringRef name, const LaunchForm &form);
  /// `count` elements of shared memory.
  Value shared(Type element, int64_t count);
  void barrier() { gpu::BarrierOp::create(b, loc); }
  /// What the thread at distance `distance` (a power of two below the warp
  /// size) has: a scalar of 32 or 64 bits.
  Value shuffle(Value value, int64_t distance);
  /// `combine` over the values of all threads of the warp.
  Value overWarp(Value value, function_ref<Value(Value, Value)> combine);
  /// What lane `lane` (an i32, the same in all threads of the warp) has.
  Value broadcastFrom(Value value, Value lane);

  /// Whether sums arrive as pairs of f32 (StatisticBuilder::sumsPairs).
  void setPairSums(bool pairs) {
    form.sumsPairs = pairs && computeType.isF32() && capabilities.fma;
  }

  /// Whether one instruction takes a maximum that keeps NaN.
  bool maxKeepsNaN() const { return device.maxKeepsNaN; }

  Value i1(bool value);
  /// Whether an index is 0: of a thread's number, whether it is the first.
  Value isZero(Value x) {
    return b.createOrFold<arith::CmpIOp>(loc, arith::CmpIPredicate::eq, x,
                                         index(0));
  }
  /// False, without the optimizer's knowing: no operand has the last address.
  Value buildNever();
  /// 0 of `type`, a scalar or a vector.
  Value zeros(Type type) {
    return arith::ConstantOp::create(b, loc, b.getZeroAttr(type));
  }
  Value both(Value x, Value y) {
    return b.createOrFold<arith::AndIOp>(loc, x, y);
  }
  Value select(Value condition, Value x, Value y) {
    return b.createOrFold<arith::SelectOp>(loc, condition, x, y);
  }
  /// The largest of both; one of them where one is NaN.  Chips have no maximum
  /// of f64: a comparison and a selection are less than what keeps the other
  /// one.
  Value maxNum(Value x, Value y) {
    if (getElementTypeOrSelf(x).isF64()) {
      Value larger =
          arith::CmpFOp::create(b, loc, arith::CmpFPredicate::OGT, x, y);
      return arith::SelectOp::create(b, loc, larger, x, y);
    }
    return arith::MaxNumFOp::create(b, loc, x, y);
  }
  /// NaN where one is NaN.
  Value maxKeepingNaN(Value x, Value y) {
    return arith::MaximumFOp::create(b, loc, x, y);
  }

private:
  /// `value` through shuffles of 32 bits.
  Value shuffleBy(Value value, Value offset, gpu::ShuffleMode mode);
  /// An instruction of the chip for f32, element by element.
  Value native(StringRef intrinsic, Value x);

  DeviceForm device;
};

} // namespace mlir::softmax

#endif // SOFTMAX_LIB_CONVERSION_SOFTMAXTOGPU_GPUBUILDER_H
