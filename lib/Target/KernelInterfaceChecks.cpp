// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// The checks that all entry points of a kernel share, as a function
//
//   i32 __softmax_check_NAME(DLTensor *..., frame *)
//
// which writes nothing but the frame: per tensor where its elements start, its
// sizes and its strides.  Ranks are known, so everything is unrolled.

#include "KernelInterface.h"

#include "llvm/ADT/StringMap.h"

using namespace mlir;
using namespace mlir::softmax;
using LLVM::ICmpPredicate;

/// Elements that an operand may have, and steps of one element that it may
/// span.  More than any address space holds, and small enough that products
/// with element sizes, vector lengths and a few buffers stay below 2^63.
static constexpr int64_t maxElements = int64_t(1) << 55;
static constexpr int64_t maxSpan = int64_t(1) << 58;

namespace {
/// One tensor operand, as far as it has been looked at.
struct Tensor {
  unsigned operand = 0;
  const KernelOperand *info = nullptr;
  Value pointer;
  /// Sizes as given, and with 0 replaced by 1.
  SmallVector<Value> sizes, extents;
  /// With the strides of dimensions of size 1, and of empty tensors, replaced.
  SmallVector<Value> strides;
  Value nonEmpty;
  /// Where the elements start, and the addresses [start, end).
  Value data, start, end;
};

class CheckWriter {
public:
  CheckWriter(const InterfaceTypes &types, LLVM::LLVMFuncOp function,
              bool onDevice,
              llvm::function_ref<int32_t(KernelStatus, const Twine &)> failure,
              llvm::function_ref<std::string(unsigned)> describe)
      : w(types, function), onDevice(onDevice), failure(failure),
        describe(describe) {}

  void checkPointer(Tensor &tensor);
  void checkDevice(const Tensor &tensor, const Tensor &first);
  void checkType(const Tensor &tensor);
  void checkRank(const Tensor &tensor);
  void checkSizes(Tensor &tensor);
  void checkData(Tensor &tensor);
  void checkStrides(Tensor &tensor);
  void checkCompact(const Tensor &tensor);
  void checkAddresses(Tensor &tensor);
  void checkOverlap(const Tensor &output, const Tensor &other, bool mayShare);
  void finish(ArrayRef<Tensor> tensors, Type frameType, Value frame);

  Value argument(unsigned i) { return w.argument(i); }

private:
  void failIf(Value condition, KernelStatus status, const Twine &message) {
    w.returnIf(condition, w.i32(failure(status, message)));
  }
  void failIf(Value condition, KernelStatus status, const Tensor &tensor,
              const Twine &reason) {
    failIf(condition, status, describe(tensor.operand) + " " + reason);
  }
  Value loadField(const Tensor &tensor, Type type, ArrayRef<int32_t> path) {
    return w.load(type, w.field(w.types.dlTensor, tensor.pointer, path));
  }
  Value whetherOverlapsItself(const Tensor &tensor, ArrayRef<Value> steps);

  /// The first dimension that has a symbol.
  struct Reference {
    Value size;
    std::string where;
  };

  InterfaceWriter w;
  /// Whether tensors are to be on a GPU.
  bool onDevice;
  llvm::function_ref<int32_t(KernelStatus, const Twine &)> failure;
  llvm::function_ref<std::string(unsigned)> describe;
  llvm::StringMap<Reference> symbols;
};
} // namespace

void CheckWriter::checkPointer(Tensor &tensor) {
  failIf(w.isNull(tensor.pointer), KernelStatus::NullArgument, tensor,
         "is a null pointer");
  Value rank = loadField(tensor, w.types.i32, {DLRank});
  Value shape = loadField(tensor, w.types.ptr, {DLShape});
  Value missing = w.logicalAnd(w.compare(ICmpPredicate::sgt, rank, int64_t(0)),
                               w.isNull(shape));
  failIf(missing, KernelStatus::NullArgument, tensor, "has a null shape");
}

void CheckWriter::checkDevice(const Tensor &tensor, const Tensor &first) {
  // kDLCPU, kDLCUDA.
  Value device = loadField(tensor, w.types.i32, {DLDevice, 0});
  failIf(w.compare(ICmpPredicate::ne, device, onDevice ? 2 : 1),
         KernelStatus::WrongDevice, tensor,
         onDevice ? "must be on a CUDA device" : "must be on the CPU");
  if (onDevice && &tensor != &first)
    failIf(w.compare(ICmpPredicate::ne,
                     loadField(tensor, w.types.i32, {DLDevice, 1}),
                     loadField(first, w.types.i32, {DLDevice, 1})),
           KernelStatus::WrongDevice, tensor,
           "must be on the same device as " + describe(first.operand));
}

void CheckWriter::checkType(const Tensor &tensor) {
  DLPackType type = *tensor.info->dlpackType();
  Value code = loadField(tensor, w.types.i8, {DLType, 0});
  Value bits = loadField(tensor, w.types.i8, {DLType, 1});
  Value lanes = loadField(tensor, w.types.i16, {DLType, 2});
  Value wrong = w.logicalOr(w.compare(ICmpPredicate::ne, code, type.code),
                            w.compare(ICmpPredicate::ne, bits, type.bits));
  wrong = w.logicalOr(wrong, w.compare(ICmpPredicate::ne, lanes, 1));
  failIf(wrong, KernelStatus::WrongType, tensor,
         "must have elements of type " + tensor.info->typeName());
}

void CheckWriter::checkRank(const Tensor &tensor) {
  Value rank = loadField(tensor, w.types.i32, {DLRank});
  failIf(w.compare(ICmpPredicate::ne, rank, tensor.info->rank()),
         KernelStatus::WrongRank, tensor,
         "must have " + Twine(tensor.info->rank()) + " dimensions");
}

void CheckWriter::checkSizes(Tensor &tensor) {
  if (tensor.info->rank() == 0) {
    tensor.nonEmpty = w.constant(w.types.i1, 1);
    return;
  }
  Value shape = loadField(tensor, w.types.ptr, {DLShape});
  Value negative = w.constant(w.types.i1, 0);
  for (auto [i, dim] : llvm::enumerate(tensor.info->shape)) {
    Value size = w.load(w.types.i64, w.element(w.types.i64, shape, i));
    tensor.sizes.push_back(size);
    negative =
        w.logicalOr(negative, w.compare(ICmpPredicate::slt, size, int64_t(0)));
  }
  failIf(negative, KernelStatus::WrongShape, tensor, "has a negative size");
  Value count = w.i64(1), tooMany;
  tensor.nonEmpty = w.constant(w.types.i1, 1);
  for (auto [i, dim] : llvm::enumerate(tensor.info->shape)) {
    Value size = tensor.sizes[i];
    std::string where =
        (describe(tensor.operand) + " along dimension " + Twine(i)).str();
    if (dim.isStatic()) {
      failIf(w.compare(ICmpPredicate::ne, size, dim.size),
             KernelStatus::WrongShape, tensor,
             "must have the size " + Twine(dim.size) + " along dimension " +
                 Twine(i));
    } else {
      auto [entry, isFirst] =
          symbols.try_emplace(dim.symbol, Reference{size, where});
      if (!isFirst)
        failIf(w.compare(ICmpPredicate::ne, size, entry->second.size),
               KernelStatus::WrongShape, tensor,
               "must be as large along dimension " + Twine(i) + " as " +
                   entry->second.where);
    }
    Value isZero = w.compare(ICmpPredicate::eq, size, int64_t(0));
    Value extent = w.select(isZero, w.i64(1), size);
    tensor.extents.push_back(extent);
    tensor.nonEmpty =
        w.select(isZero, w.constant(w.types.i1, 0), tensor.nonEmpty);
    count = w.multiply(count, extent, tooMany);
  }
  tooMany =
      w.logicalOr(tooMany, w.compare(ICmpPredicate::ugt, count, maxElements));
  failIf(tooMany, KernelStatus::WrongShape, tensor,
         "has more elements than fit into memory");
}

void CheckWriter::checkData(Tensor &tensor) {
  Value data = loadField(tensor, w.types.ptr, {DLData});
  failIf(w.logicalAnd(w.isNull(data), tensor.nonEmpty),
         KernelStatus::NullArgument, tensor, "has a null data pointer");
  tensor.data = w.offset(data, loadField(tensor, w.types.i64, {DLByteOffset}));
}

/// Whether two elements of `tensor` share an address, or could: a dimension's
/// stride must exceed the span of all dimensions with smaller strides (and of
/// those before it with the same stride).  That holds for row-major layouts,
/// permuted, padded or sliced, in whatever order the dimensions are.  `steps`
/// is (size - 1) * stride per dimension.
Value CheckWriter::whetherOverlapsItself(const Tensor &tensor,
                                         ArrayRef<Value> steps) {
  Value overlaps = w.constant(w.types.i1, 0);
  for (auto [i, stride] : llvm::enumerate(tensor.strides)) {
    Value below = w.i64(0);
    for (auto [j, other] : llvm::enumerate(tensor.strides)) {
      if (i == j)
        continue;
      Value inside = w.compare(j < i ? ICmpPredicate::sle : ICmpPredicate::slt,
                               other, stride);
      below = w.add(below, w.select(inside, steps[j], w.i64(0)));
    }
    Value meets =
        w.logicalAnd(w.compare(ICmpPredicate::sgt, tensor.extents[i], 1),
                     w.compare(ICmpPredicate::sle, stride, below));
    overlaps = w.logicalOr(overlaps, meets);
  }
  return w.logicalAnd(overlaps, tensor.nonEmpty);
}

void CheckWriter::checkStrides(Tensor &tensor) {
  int64_t rank = tensor.info->rank();
  tensor.strides.resize(rank);
  Value negative = w.constant(w.types.i1, 0);
  Value tooFar = w.constant(w.types.i1, 0);
  Value span = w.i64(0);
  SmallVector<Value> steps(rank);
  if (rank != 0) {
    Value given = loadField(tensor, w.types.ptr, {DLStrides});
    Value isCompact = w.isNull(given);
    // Loads need some address; their values are not used then.
    Value source =
        w.select(isCompact, loadField(tensor, w.types.ptr, {DLShape}), given);
    Value ignore =
        w.select(tensor.nonEmpty, isCompact, w.constant(w.types.i1, 1));
    // From the innermost dimension outwards.  A dimension without extent gets
    // the stride that lets it be merged with its neighbours.
    Value compact = w.i64(1);
    for (int64_t i = rank - 1; i >= 0; --i) {
      Value extent = tensor.extents[i];
      Value stride = w.load(w.types.i64, w.element(w.types.i64, source, i));
      Value ignored =
          w.logicalOr(ignore, w.compare(ICmpPredicate::eq, extent, 1));
      stride = w.select(ignored, compact, stride);
      tensor.strides[i] = stride;
      negative = w.logicalOr(negative,
                             w.compare(ICmpPredicate::slt, stride, int64_t(0)));
      steps[i] = w.multiply(w.sub(extent, w.i64(1)), stride, tooFar);
      span = w.addUnsigned(span, steps[i], tooFar);
      // Cannot wrap where the strides are accepted: the span is bounded.
      compact = w.mul(stride, extent);
    }
    failIf(negative, KernelStatus::UnsupportedStrides, tensor,
           "has a negative stride");
    tooFar = w.logicalOr(tooFar, w.compare(ICmpPredicate::ugt, span, maxSpan));
    failIf(tooFar, KernelStatus::UnsupportedStrides, tensor,
           "has strides that lead out of memory");
    if (tensor.info->kind == KernelOperand::Kind::Output)
      failIf(whetherOverlapsItself(tensor, steps),
             KernelStatus::UnsupportedStrides, tensor,
             "is written to and must not broadcast or overlap itself");
  }
  tensor.end = span;
}

/// Kernels for GPUs take row-major tensors without gaps.
void CheckWriter::checkCompact(const Tensor &tensor) {
  Value differs = w.constant(w.types.i1, 0);
  Value compact = w.i64(1);
  for (int64_t i = tensor.info->rank() - 1; i >= 0; --i) {
    differs = w.logicalOr(
        differs, w.compare(ICmpPredicate::ne, tensor.strides[i], compact));
    compact = w.mul(compact, tensor.extents[i]);
  }
  failIf(differs, KernelStatus::UnsupportedStrides, tensor,
         "must be in row-major order without gaps; make it contiguous");
}

void CheckWriter::checkAddresses(Tensor &tensor) {
  int64_t bytes = tensor.info->elementBytes();
  auto toInteger = [&](Value pointer) {
    return LLVM::PtrToIntOp::create(w.builder, w.loc, w.types.i64, pointer);
  };
  tensor.start = toInteger(tensor.data);
  if (bytes > 1) {
    Value rest = w.logicalAnd(tensor.start, w.i64(bytes - 1));
    failIf(w.logicalAnd(w.compare(ICmpPredicate::ne, rest, int64_t(0)),
                        tensor.nonEmpty),
           KernelStatus::UnsupportedStrides, tensor,
           "must be aligned to its elements of " + Twine(bytes) + " bytes");
  }
  Value size = w.mul(w.add(tensor.end, w.i64(1)), w.i64(bytes));
  Value wraps;
  tensor.end = w.addUnsigned(tensor.start, size, wraps);
  Value data = loadField(tensor, w.types.ptr, {DLData});
  wraps = w.logicalOr(
      wraps, w.compare(ICmpPredicate::ult, tensor.start, toInteger(data)));
  failIf(w.logicalAnd(wraps, tensor.nonEmpty), KernelStatus::UnsupportedStrides,
         tensor, "reaches beyond the end of memory");
}

void CheckWriter::checkOverlap(const Tensor &output, const Tensor &other,
                               bool mayShare) {
  Value overlaps =
      w.logicalAnd(w.compare(ICmpPredicate::ult, output.start, other.end),
                   w.compare(ICmpPredicate::ult, other.start, output.end));
  overlaps =
      w.logicalAnd(overlaps, w.logicalAnd(output.nonEmpty, other.nonEmpty));
  std::string reason = "overlaps " + describe(other.operand);
  if (mayShare) {
    // In place.  Shapes are equal by the symbols.
    Value differs = w.compare(ICmpPredicate::ne, output.start, other.start);
    for (auto [lhs, rhs] : llvm::zip_equal(output.strides, other.strides))
      differs = w.logicalOr(differs, w.compare(ICmpPredicate::ne, lhs, rhs));
    overlaps = w.logicalAnd(overlaps, differs);
    reason += " without being exactly in place";
  }
  failIf(overlaps, KernelStatus::UnsupportedStrides, output, reason);
}

void CheckWriter::finish(ArrayRef<Tensor> tensors, Type frameType,
                         Value frame) {
  for (auto [i, tensor] : llvm::enumerate(tensors)) {
    int32_t number = static_cast<int32_t>(i);
    w.store(tensor.data, w.field(frameType, frame, {number, 0}));
    for (auto [d, size] : llvm::enumerate(tensor.sizes))
      w.store(size,
              w.field(frameType, frame, {number, 1, static_cast<int32_t>(d)}));
    for (auto [d, stride] : llvm::enumerate(tensor.strides))
      w.store(stride,
              w.field(frameType, frame, {number, 2, static_cast<int32_t>(d)}));
  }
  w.ret(w.i32(0));
}

void KernelInterface::emitChecks() {
  SmallVector<unsigned> positions = getTensors();
  SmallVector<Type> argumentTypes(positions.size() + 1, types.ptr);
  SmallVector<Type> members;
  for (unsigned position : positions) {
    Type array =
        LLVM::LLVMArrayType::get(types.i64, info.operands[position].rank());
    members.push_back(types.structure({types.ptr, array, array}));
  }
  frameType = types.structure(members);
  checks = createFunction("__softmax_check_" + info.name, types.i32,
                          argumentTypes, /*isPublic=*/false);
  auto fail = [&](KernelStatus status, const Twine &message) {
    return failure(status, message);
  };
  auto name = [&](unsigned operand) { return describe(operand); };
  CheckWriter writer(types, checks, device.has_value(), fail, name);
  SmallVector<Tensor, 0> tensors(positions.size());
  for (auto [i, position] : llvm::enumerate(positions)) {
    tensors[i].operand = position;
    tensors[i].info = &info.operands[position];
    tensors[i].pointer = writer.argument(i);
  }
  for (Tensor &tensor : tensors)
    writer.checkPointer(tensor);
  for (const Tensor &tensor : tensors)
    writer.checkDevice(tensor, tensors.front());
  for (const Tensor &tensor : tensors)
    writer.checkType(tensor);
  for (const Tensor &tensor : tensors)
    writer.checkRank(tensor);
  for (Tensor &tensor : tensors)
    writer.checkSizes(tensor);
  for (Tensor &tensor : tensors)
    writer.checkData(tensor);
  for (Tensor &tensor : tensors)
    writer.checkStrides(tensor);
  if (device)
    for (const Tensor &tensor : tensors)
      writer.checkCompact(tensor);
  for (Tensor &tensor : tensors)
    writer.checkAddresses(tensor);
  for (auto [i, tensor] : llvm::enumerate(tensors)) {
    if (tensor.info->kind != KernelOperand::Kind::Output)
      continue;
    for (auto [j, other] : llvm::enumerate(tensors)) {
      bool isOutput = other.info->kind == KernelOperand::Kind::Output;
      if (isOutput && j <= i)
        continue;
      writer.checkOverlap(tensor, other,
                          info.mayRunInPlace(other.operand, tensor.operand));
    }
  }
  writer.finish(tensors, frameType, writer.argument(positions.size()));
}
