// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// NAME on the threads of the OpenMP runtime, through the OpenMP dialect.
//
//   void __softmax_rows_NAME(operands..., version, units, chunks, size,
//                            workspace, chunk)
//     runs one of `chunks` parts of the rows in a workspace of its own
//   void __softmax_statistics_NAME, __softmax_results_NAME(operands...,
//        version, blocks, parts, memory, number)
//     where rows are fewer than threads: one of `parts` parts of a row in one
//     of the two phases of softmax-split-rows
//
// How rows and blocks are divided decides no bit (C-DET-1).  Work below a grain
// runs on the calling thread, which then asks the runtime nothing.

#include "KernelInterface.h"
#include "softmax/Conversion/SoftmaxToVector/Passes.h"

#include "mlir/Dialect/OpenMP/OpenMPDialect.h"

using namespace mlir;
using namespace mlir::softmax;
using LLVM::ICmpPredicate;

// A parallel region of libomp costs 1 to 2 microseconds, as much as a thread
// takes for this many elements; twice that is where two threads begin to win.
static constexpr int64_t kGrain = 32768;
// Elements that are worth a thread.
static constexpr int64_t kLeastPerThread = 8192;
// Rows that strategies take side by side: chunks begin at multiples of it where
// there are enough rows.
static constexpr int64_t kRowsTogether = 64;

/// The sizes of the first operand of the highest rank, among the descriptors
/// that the body takes.
static SmallVector<Value> getLargestShape(const KernelInfo &info,
                                          ValueRange arguments) {
  SmallVector<Value> shape;
  for (const KernelOperand &operand : info.operands) {
    if (!operand.isTensor()) {
      arguments = arguments.drop_front();
      continue;
    }
    int64_t rank = operand.rank();
    if (rank > static_cast<int64_t>(shape.size()))
      shape = llvm::to_vector_of<Value>(arguments.slice(3, rank));
    arguments = arguments.drop_front(3 + 2 * rank);
  }
  return shape;
}

static Value divide(InterfaceWriter &writer, Value lhs, Value rhs) {
  return LLVM::UDivOp::create(writer.builder, writer.loc, lhs, rhs);
}

static Value smaller(InterfaceWriter &writer, Value lhs, Value rhs) {
  return writer.select(writer.compare(ICmpPredicate::ult, lhs, rhs), lhs, rhs);
}

/// total * number / count, without a loss where total is below 2^40.
static Value share(InterfaceWriter &writer, Value total, Value number,
                   Value count) {
  return divide(writer, writer.mul(total, number), count);
}

bool KernelInterface::hasSharedRows() const {
  return llvm::all_of(versions, [](const Version &version) {
    return version.blocksFunction && version.statisticsFunction &&
           version.resultsFunction;
  });
}

LLVM::LLVMFuncOp KernelInterface::createHelper(StringRef prefix,
                                               ValueRange arguments,
                                               ArrayRef<Type> further) {
  SmallVector<Type> argumentTypes(arguments.getTypes());
  llvm::append_range(argumentTypes, further);
  return createFunction((prefix + info.name).str(), types.none, argumentTypes,
                        /*isPublic=*/false);
}

LLVM::LLVMFuncOp KernelInterface::emitRowsHelper(ValueRange arguments) {
  size_t count = arguments.size();
  LLVM::LLVMFuncOp function = createHelper(
      "__softmax_rows_", arguments,
      {types.i32, types.i64, types.i64, types.i64, types.ptr, types.i64});
  InterfaceWriter writer(types, function);
  auto further = [&](unsigned i) { return writer.argument(count + i); };
  Value version = further(0), units = further(1), chunks = further(2),
        size = further(3), workspace = further(4), chunk = further(5);
  Value enough =
      writer.compare(ICmpPredicate::ult,
                     writer.mul(chunks, writer.i64(2 * kRowsTogether)), units);
  Value mask =
      writer.select(enough, writer.i64(-kRowsTogether), writer.i64(-1));
  Value next = writer.add(chunk, writer.i64(1));
  Value begin = writer.logicalAnd(share(writer, units, chunk, chunks), mask);
  Value end = writer.logicalAnd(share(writer, units, next, chunks), mask);
  end = writer.select(writer.compare(ICmpPredicate::eq, next, chunks), units,
                      end);
  callBody(writer, version,
           llvm::to_vector_of<Value>(function.getArguments().take_front(count)),
           begin, end, writer.offset(workspace, writer.mul(size, chunk)));
  LLVM::ReturnOp::create(writer.builder, writer.loc, ValueRange());
  return function;
}

LLVM::LLVMFuncOp
KernelInterface::emitPartHelper(StringRef prefix, ValueRange arguments,
                                LLVM::LLVMFuncOp Version::*phase) {
  size_t count = arguments.size();
  LLVM::LLVMFuncOp function =
      createHelper(prefix, arguments,
                   {types.i32, types.i64, types.i64, types.ptr, types.i64});
  InterfaceWriter writer(types, function);
  auto further = [&](unsigned i) { return writer.argument(count + i); };
  Value version = further(0), blocks = further(1), parts = further(2),
        memory = further(3), number = further(4);
  Value row = divide(writer, number, parts);
  Value part = writer.sub(number, writer.mul(row, parts));
  Value bytes = writer.mul(blocks, writer.i64(versions[0].blockBytes));
  Value own = writer.offset(memory, writer.mul(row, bytes));
  SmallVector<Value> all =
      llvm::to_vector_of<Value>(function.getArguments().take_front(count));
  all.append({row, writer.add(row, writer.i64(1)),
              share(writer, blocks, part, parts),
              share(writer, blocks, writer.add(part, writer.i64(1)), parts),
              own, own, writer.i64(0), bytes, writer.i64(1)});
  callVersion(writer, version, phase, all);
  LLVM::ReturnOp::create(writer.builder, writer.loc, ValueRange());
  return function;
}

/// A parallel region of `threads` (i32) in which each of `helpers` is called
/// with every number below `count` behind `arguments`; one begins when the one
/// before it has ended for all numbers.
static void emitParallelLoops(InterfaceWriter &writer, Value threads,
                              Value count, ArrayRef<LLVM::LLVMFuncOp> helpers,
                              ValueRange arguments) {
  OpBuilder &builder = writer.builder;
  Value zero = writer.i64(0), one = writer.i64(1);
  OpBuilder::InsertionGuard guard(builder);
  omp::ParallelOperands parallelClauses;
  parallelClauses.numThreads = threads;
  auto parallel = omp::ParallelOp::create(builder, writer.loc, parallelClauses);
  builder.createBlock(&parallel.getRegion());
  for (LLVM::LLVMFuncOp helper : helpers) {
    omp::WsloopOperands loopClauses;
    loopClauses.scheduleKind = omp::ClauseScheduleKindAttr::get(
        builder.getContext(), omp::ClauseScheduleKind::Static);
    auto loop = omp::WsloopOp::create(builder, writer.loc, loopClauses);
    OpBuilder::InsertionGuard loopGuard(builder);
    builder.createBlock(&loop.getRegion());
    omp::LoopNestOperands nestClauses;
    nestClauses.loopLowerBounds = {zero};
    nestClauses.loopUpperBounds = {count};
    nestClauses.loopSteps = {one};
    auto nest = omp::LoopNestOp::create(builder, writer.loc, nestClauses);
    Block *body = builder.createBlock(&nest.getRegion(), {}, {count.getType()},
                                      {writer.loc});
    SmallVector<Value> all(arguments);
    all.push_back(body->getArgument(0));
    writer.call(helper, all);
    omp::YieldOp::create(builder, writer.loc, ValueRange());
  }
  omp::TerminatorOp::create(builder, writer.loc);
}

/// Allocates `size` bytes; where that fails the function returns.
Value KernelInterface::allocateOrReturn(InterfaceWriter &writer, Value size) {
  LLVM::LLVMFuncOp malloc =
      getOrDeclare(module, "malloc", types.ptr, {types.i64});
  Value memory = writer.call(malloc, size);
  writer.returnIf(writer.isNull(memory),
                  writer.i32(failure(KernelStatus::OutOfMemory,
                                     "cannot allocate its workspace")));
  return memory;
}

void KernelInterface::emitThreads(InterfaceWriter &writer, Value version,
                                  ArrayRef<Value> arguments, Value units,
                                  Value size) {
  // Goes on in a new block if `condition` holds; what is written after `end`
  // runs in both cases.
  auto begin = [&](Value condition) { return writer.branch(condition); };
  auto end = [&](Block *after) {
    writer.jump(after);
    writer.continueIn(after);
  };
  if (!version)
    version = writer.i32(0);
  Value elements = writer.i64(1);
  for (Value size : getLargestShape(info, arguments))
    elements = writer.mul(elements, size);

  Block *serial = begin(writer.compare(ICmpPredicate::uge, elements, kGrain));
  LLVM::LLVMFuncOp getThreads =
      getOrDeclare(module, "omp_get_max_threads", types.i32, {});
  LLVM::LLVMFuncOp free = getOrDeclare(module, "free", types.none, {types.ptr});
  Value threads = LLVM::SExtOp::create(writer.builder, writer.loc, types.i64,
                                       writer.call(getThreads, {}));
  threads = smaller(writer, threads,
                    divide(writer, elements, writer.i64(kLeastPerThread)));
  auto narrow = [&](Value count) {
    return LLVM::TruncOp::create(writer.builder, writer.loc, types.i32, count);
  };

  if (hasSharedRows()) {
    Block *enough = begin(writer.compare(ICmpPredicate::ult, units, threads));
    Value blocks = callVersion(writer, version, &Version::blocksFunction, [&] {
      SmallVector<Value> all(arguments);
      all.append({writer.i64(0), units});
      return all;
    }());
    Value parts = smaller(
        writer,
        divide(writer, writer.add(threads, writer.sub(units, writer.i64(1))),
               units),
        blocks);
    Block *whole = begin(writer.compare(ICmpPredicate::ugt, parts, int64_t(1)));
    Value bytes = writer.mul(
        writer.mul(blocks, writer.i64(versions[0].blockBytes)), units);
    Value memory = allocateOrReturn(writer, bytes);
    SmallVector<Value> all(arguments);
    all.append({version, blocks, parts, memory});
    emitParallelLoops(writer, narrow(threads), writer.mul(units, parts),
                      {statisticsHelper, resultsHelper}, all);
    writer.call(free, memory);
    writer.ret(writer.i32(0));
    writer.continueIn(whole);
    end(enough);
  }

  Value chunks = smaller(writer, threads, units);
  Block *one = begin(writer.compare(ICmpPredicate::ugt, chunks, int64_t(1)));
  // One byte where none is needed: malloc may return null for nothing.
  Value memory = allocateOrReturn(
      writer, writer.add(writer.mul(size, chunks), writer.i64(1)));
  SmallVector<Value> all(arguments);
  all.append({version, units, chunks, size, memory});
  emitParallelLoops(writer, narrow(chunks), chunks, {rowsHelper}, all);
  writer.call(free, memory);
  writer.ret(writer.i32(0));
  writer.continueIn(one);
  end(serial);
}

void KernelInterface::emitThreadHelpers() {
  // The body's arguments, by the types that its first version has.
  Block block;
  SmallVector<Value> arguments;
  for (Type type : versions[0].sizeFunction.getArgumentTypes())
    arguments.push_back(block.addArgument(type, versions[0].body.getLoc()));
  rowsHelper = emitRowsHelper(arguments);
  if (!hasSharedRows())
    return;
  statisticsHelper = emitPartHelper("__softmax_statistics_", arguments,
                                    &Version::statisticsFunction);
  resultsHelper = emitPartHelper("__softmax_results_", arguments,
                                 &Version::resultsFunction);
}
