// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "Buffer.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <numeric>

using namespace mlir;
using namespace mlir::softmax::reference;
using namespace softmax_test;

// All ones are NaN in every floating format.
static constexpr char pattern = static_cast<char>(0xff);
static constexpr size_t guardBytes = 256;

llvm::StringRef softmax_test::toString(Layout layout) {
  switch (layout) {
  case Layout::Compact:
    return "compact";
  case Layout::NullStrides:
    return "null strides";
  case Layout::Padded:
    return "padded";
  case Layout::Reversed:
    return "reversed";
  case Layout::Gapped:
    return "gapped";
  case Layout::Swapped:
    return "swapped";
  case Layout::Broadcast:
    return "broadcast";
  }
  llvm_unreachable("covered switch");
}

/// Strides for dimensions from the outermost in memory to the innermost.
static SmallVector<int64_t> makeStrides(ArrayRef<int64_t> shape,
                                        ArrayRef<size_t> order, int64_t step,
                                        int64_t padding) {
  SmallVector<int64_t> strides(shape.size(), 0);
  int64_t next = step;
  for (size_t i = order.size(); i-- != 0;) {
    strides[order[i]] = next;
    next *= std::max<int64_t>(shape[order[i]], 1);
    if (i + 1 == order.size())
      next += padding;
  }
  return strides;
}

static SmallVector<int64_t> makeStrides(ArrayRef<int64_t> shape,
                                        Layout layout) {
  SmallVector<size_t> order(shape.size());
  std::iota(order.begin(), order.end(), 0);
  if (layout == Layout::Reversed)
    std::reverse(order.begin(), order.end());
  if (layout == Layout::Swapped && order.size() > 1)
    std::swap(order[0], order[1]);
  SmallVector<int64_t> strides =
      makeStrides(shape, order, layout == Layout::Gapped ? 3 : 1,
                  layout == Layout::Padded ? 5 : 0);
  if (layout == Layout::Broadcast && !strides.empty())
    strides[0] = 0;
  return strides;
}

Buffer::Buffer(Type elementType, ArrayRef<int64_t> shape, Layout layout,
               int64_t misalignment)
    : elementType(elementType), elementBytes(*getElementBytes(elementType)),
      shape(shape), strides(makeStrides(shape, layout)),
      storage(nullptr, std::free) {
  int64_t span = 1;
  for (auto [size, stride] : llvm::zip_equal(shape, strides))
    span += std::max<int64_t>(size - 1, 0) * stride;
  bytes = (span + misalignment) * elementBytes + 2 * guardBytes;
  bytes = (bytes + 63) / 64 * 64;
  storage.reset(static_cast<char *>(std::aligned_alloc(64, bytes)));
  std::memset(storage.get(), pattern, bytes);

  tensor.data = storage.get();
  tensor.byteOffset = guardBytes + misalignment * elementBytes;
  tensor.rank = shape.size();
  tensor.shape = this->shape.data();
  tensor.strides =
      layout == Layout::NullStrides ? nullptr : this->strides.data();
  // DLPack's codes: 0 int, 2 float, 4 bfloat, 6 bool, 10 and 12 floats of 8
  // bits.
  tensor.typeCode = elementType.isBF16()                 ? 4
                    : isa<Float8E4M3FNType>(elementType) ? 10
                    : isa<Float8E5M2Type>(elementType)   ? 12
                    : isa<FloatType>(elementType)        ? 2
                    : elementType.isInteger(1)           ? 6
                                                         : 0;
  tensor.typeBits = 8 * elementBytes;
}

Buffer::Buffer(const ReferenceTensor &values, Layout layout,
               int64_t misalignment)
    : Buffer(values.elementType, values.shape, layout, misalignment) {
  std::vector<char> compact(values.getNumElements() * elementBytes);
  encodeTensor(values, compact.data());
  const char *source = compact.data();
  forEach([&](char *element) {
    std::memcpy(element, source, elementBytes);
    source += elementBytes;
  });
}

template <typename Body>
void Buffer::forEach(Body body) const {
  char *data = storage.get() + tensor.byteOffset;
  if (llvm::is_contained(shape, 0))
    return;
  SmallVector<int64_t> index(shape.size(), 0);
  int64_t offset = 0;
  while (true) {
    body(data + offset * elementBytes);
    size_t i = shape.size();
    for (; i != 0; --i) {
      offset += strides[i - 1];
      if (++index[i - 1] < shape[i - 1])
        break;
      offset -= strides[i - 1] * shape[i - 1];
      index[i - 1] = 0;
    }
    if (i == 0)
      return;
  }
}

std::vector<char> Buffer::readBytes() const {
  std::vector<char> result;
  forEach([&](const char *element) {
    result.insert(result.end(), element, element + elementBytes);
  });
  return result;
}

ReferenceTensor Buffer::read() const {
  return decodeTensor(elementType, shape, readBytes().data());
}

bool Buffer::isUntouched() const {
  return std::all_of(storage.get(), storage.get() + bytes,
                     [](char byte) { return byte == pattern; });
}

bool Buffer::isUntouchedAround() const {
  std::vector<bool> belongs(bytes, false);
  forEach([&](const char *element) {
    for (unsigned i = 0; i < elementBytes; ++i)
      belongs[element - storage.get() + i] = true;
  });
  for (size_t i = 0; i < bytes; ++i)
    if (!belongs[i] && storage.get()[i] != pattern)
      return false;
  return true;
}
