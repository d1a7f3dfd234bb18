// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "TuneKernel.h"

#include "softmax/Dialect/Transforms/Schedule.h"
#include "softmax/Jit/Jit.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/TypeUtilities.h"

#include "llvm/ADT/APFloat.h"

#include <cstdlib>
#include <cstring>

#ifdef __linux__
#include <sys/mman.h>
#endif

using namespace mlir;
using namespace mlir::softmax;

//===----------------------------------------------------------------------===//
// Data
//===----------------------------------------------------------------------===//

void TuneData::Free::operator()(void *memory) const { std::free(memory); }

SmallVector<int64_t> TuneData::getSizes(GenericOp op, const Work &work) {
  SmallVector<int64_t> sizes(op.getIterationRank());
  for (size_t dim = 0; dim < sizes.size(); ++dim)
    sizes[dim] = op.getStaticSize(dim);
  auto fill = [&](ArrayRef<int64_t> dims, int64_t total) {
    int64_t known = 1;
    std::optional<int64_t> last;
    for (int64_t dim : dims) {
      if (!ShapedType::isDynamic(sizes[dim]))
        known *= sizes[dim];
      else
        last = dim;
    }
    for (int64_t dim : dims)
      if (ShapedType::isDynamic(sizes[dim]))
        sizes[dim] = 1;
    if (last) {
      if (known == 0 || total % known != 0)
        return false;
      sizes[*last] = total / known;
    }
    return last.has_value() || known == total;
  };
  if (!fill(op.getDimensions(), work.columns))
    return {};
  // Static sizes outside of the row divide few numbers of rows.
  int64_t rows = work.rows, known = 1;
  SmallVector<int64_t> parallel = op.getParallelDims();
  for (int64_t dim : parallel)
    if (!ShapedType::isDynamic(sizes[dim]))
      known *= sizes[dim];
  if (known > 0)
    rows = std::max<int64_t>(rows / known, 1) * known;
  if (!fill(parallel, rows))
    return {};
  return sizes;
}

/// Fills `count` elements of `type` with values of about -4 to 4, and 1 where
/// they are integers.
static void fillRandom(Type type, char *data, int64_t count) {
  uint64_t state = 0x9e3779b97f4a7c15u;
  auto next = [&] {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return static_cast<double>(state >> 11) * 0x1p-50 - 4;
  };
  unsigned bytes =
      llvm::divideCeil(type.isIndex() ? 64u : type.getIntOrFloatBitWidth(), 8u);
  auto format = dyn_cast<FloatType>(type);
  for (int64_t i = 0; i < count; ++i) {
    uint64_t bits = 1;
    if (format && format.isF32()) {
      bits = llvm::bit_cast<uint32_t>(static_cast<float>(next()));
    } else if (format) {
      llvm::APFloat value(next());
      bool inexact;
      value.convert(format.getFloatSemantics(),
                    llvm::APFloat::rmNearestTiesToEven, &inexact);
      bits = value.bitcastToAPInt().getZExtValue();
    }
    std::memcpy(data + i * bytes, &bits, bytes);
  }
}

void TuneData::addTensor(GenericOp op, unsigned number, ArrayRef<int64_t> sizes,
                         LayoutKind layout) {
  Value value = op.getOperand(number);
  AffineMap map = op.getMapList()[number];
  Type type = getElementTypeOrSelf(value.getType());
  Operand &operand = *operands.emplace_back(std::make_unique<Operand>());
  for (AffineExpr expr : map.getResults()) {
    auto dim = dyn_cast<AffineDimExpr>(expr);
    operand.shape.push_back(dim ? sizes[dim.getPosition()] : 1);
  }
  // The order of dimensions in memory, the innermost last.
  SmallVector<unsigned> order, innermost;
  for (auto [i, expr] : llvm::enumerate(map.getResults())) {
    auto dim = dyn_cast<AffineDimExpr>(expr);
    bool reduced = dim && op.isReduced(dim.getPosition());
    (reduced && layout == LayoutKind::Row ? innermost : order).push_back(i);
  }
  llvm::append_range(order, innermost);
  operand.strides.resize(order.size());
  int64_t count = 1;
  for (unsigned dim : llvm::reverse(order)) {
    operand.strides[dim] = count;
    if (llvm::MulOverflow(count, std::max<int64_t>(operand.shape[dim], 1),
                          count))
      allocated = false;
  }
  unsigned bits = type.isIndex() ? 64 : type.getIntOrFloatBitWidth();
  int64_t bytes = 0;
  if (llvm::MulOverflow<int64_t>(count, llvm::divideCeil(bits, 8u), bytes) ||
      bytes > int64_t(1) << 48)
    allocated = false;
  if (!allocated)
    return;
  // Whole huge pages where they are worth it: page faults and translations
  // would be measured otherwise.
  constexpr int64_t page = int64_t(2) << 20;
  size_t rounded = llvm::alignTo(bytes + 1, bytes < page ? 64 : page);
  operand.memory.reset(static_cast<char *>(
      std::aligned_alloc(bytes < page ? 64 : page, rounded)));
  if (!operand.memory) {
    allocated = false;
    return;
  }
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  if (bytes >= page)
    (void)madvise(operand.memory.get(), rounded, MADV_HUGEPAGE);
#endif
  fillRandom(type, operand.memory.get(), count);

  TuneTensor &tensor = operand.tensor;
  tensor.data = operand.memory.get();
  tensor.rank = static_cast<int32_t>(operand.shape.size());
  tensor.shape = operand.shape.data();
  tensor.strides = operand.strides.data();
  // DLPack's codes: 0 int, 2 float, 4 bfloat, 6 bool.
  tensor.typeCode = type.isBF16()          ? 4
                    : isa<FloatType>(type) ? 2
                    : type.isInteger(1)    ? 6
                                           : 0;
  tensor.typeBits = static_cast<uint8_t>(llvm::alignTo(bits, 8));
  operand.pointer = &tensor;
  arguments.push_back(static_cast<void *>(&operand.pointer));
}

TuneData::TuneData(GenericOp op, ArrayRef<int64_t> sizes, LayoutKind layout) {
  for (unsigned i = 0; i < op.getInputs().size() + op.getInits().size(); ++i) {
    if (isa<MemRefType>(op.getOperand(i).getType())) {
      addTensor(op, i, sizes, layout);
      if (!allocated)
        return;
      continue;
    }
    Operand &operand = *operands.emplace_back(std::make_unique<Operand>());
    operand.scalar = 1;
    int64_t one = 1;
    if (!isa<FloatType>(op.getOperand(i).getType()))
      std::memcpy(&operand.scalar, &one, sizeof one);
    arguments.push_back(&operand.scalar);
  }
}

//===----------------------------------------------------------------------===//
// Code
//===----------------------------------------------------------------------===//

/// A module with one function of the op's operands that runs the op.
static OwningOpRef<ModuleOp> isolate(GenericOp op) {
  OpBuilder builder(op.getContext());
  OwningOpRef<ModuleOp> module = ModuleOp::create(op.getLoc());
  builder.setInsertionPointToStart(module->getBody());
  size_t count = op.getInputs().size() + op.getInits().size();
  SmallVector<Type> types;
  for (Value operand : op->getOperands().take_front(count))
    types.push_back(operand.getType());
  auto function = func::FuncOp::create(builder, op.getLoc(), "tuned",
                                       builder.getFunctionType(types, {}));
  Block *entry = function.addEntryBlock();
  builder.setInsertionPointToStart(entry);
  IRMapping map;
  map.map(op->getOperands().take_front(count), entry->getArguments());
  builder.clone(*op, map);
  func::ReturnOp::create(builder, op.getLoc());
  return module;
}

FailureOr<std::unique_ptr<TuneKernel>>
TuneKernel::compile(GenericOp op, const Candidate &candidate,
                    const PipelineOptions &options) {
  auto kernel = std::make_unique<TuneKernel>();
  kernel->module = isolate(op);
  GenericOp copy;
  kernel->module->walk([&](GenericOp found) { copy = found; });
  // The candidate first, whatever the size; behind it what was there before.
  Candidate first = candidate;
  first.minColumns = first.minBytes = 0;
  SmallVector<Candidate> list = {first};
  if (candidate.layout == LayoutKind::Any)
    list.clear();
  for (AlternativeAttr attr : op.getScheduleAttr().getAlternatives())
    list.push_back(toCandidate(attr));
  if (candidate.layout == LayoutKind::Any)
    list = {list.back()};
  copy.setScheduleAttr(toSchedule(op.getScheduleAttr().getNumeric(), list));
  PipelineOptions pipeline = options;
  pipeline.kernels = true;
  pipeline.interface = true;
  pipeline.threads = "none";
  pipeline.forceStrategy.clear();
  llvm::Expected<std::unique_ptr<ExecutionEngine>> engine =
      compileInProcess(*kernel->module, pipeline);
  if (!engine)
    return op.emitOpError("cannot be measured: ")
           << llvm::toString(engine.takeError());
  kernel->engine = std::move(*engine);
  llvm::Expected<void (*)(void **)> address =
      kernel->engine->lookupPacked("tuned");
  if (!address)
    return op.emitOpError("cannot be measured: ")
           << llvm::toString(address.takeError());
  kernel->function = *address;
  return kernel;
}

int32_t TuneKernel::run(const TuneData &data) {
  SmallVector<void *> packed(data.getArguments());
  int32_t status = -1;
  packed.push_back(&status);
  function(packed.data());
  return status;
}
