// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Arrays as a caller of kernels has them: any strides, any alignment, and
// memory around and between the elements that a kernel has to leave alone.
#ifndef SOFTMAX_TEST_INTEGRATION_NUMERICS_BUFFER_H
#define SOFTMAX_TEST_INTEGRATION_NUMERICS_BUFFER_H

#include "softmax/Reference/ReferenceTensor.h"

#include <memory>

namespace softmax_test {

using mlir::softmax::reference::ReferenceTensor;

/// DLPack's DLTensor (dlpack 1.x), as kernels take it.
struct DLTensor {
  void *data;
  int32_t deviceType = 1; // kDLCPU
  int32_t deviceId = 0;
  int32_t rank;
  uint8_t typeCode;
  uint8_t typeBits;
  uint16_t typeLanes = 1;
  int64_t *shape;
  int64_t *strides;
  uint64_t byteOffset = 0;
};

/// How the elements of an array lie in memory.
enum class Layout {
  /// Row-major, one after the other.
  Compact,
  /// The same, but strides == NULL says so.
  NullStrides,
  /// Row-major with a gap after each run of the last dimension.
  Padded,
  /// Column-major.
  Reversed,
  /// Row-major, every third element.
  Gapped,
  /// Row-major but for the first two dimensions, which change places.
  Swapped,
  /// The first dimension repeats one slice (stride 0); inputs only.
  Broadcast
};

llvm::StringRef toString(Layout layout);

class Buffer {
public:
  /// Memory for `shape` with every byte set to a pattern (NaN as floats).  The
  /// first element lies `misalignment` elements behind a multiple of 64 bytes.
  Buffer(mlir::Type elementType, llvm::ArrayRef<int64_t> shape, Layout layout,
         int64_t misalignment = 0);
  /// The same, holding `tensor`.
  Buffer(const ReferenceTensor &tensor, Layout layout,
         int64_t misalignment = 0);

  /// What a kernel takes; lives as long as the buffer.
  DLTensor *get() { return &tensor; }

  /// The elements as the kernel sees them, row-major.
  ReferenceTensor read() const;
  /// Their bytes, row-major.
  std::vector<char> readBytes() const;

  /// Whether all bytes are the pattern, and whether all outside elements are.
  bool isUntouched() const;
  bool isUntouchedAround() const;

private:
  /// Calls `body` with the address of every element in row-major order.
  template <typename Body>
  void forEach(Body body) const;

  mlir::Type elementType;
  unsigned elementBytes;
  llvm::SmallVector<int64_t> shape, strides;
  std::unique_ptr<char, void (*)(void *)> storage;
  size_t bytes;
  DLTensor tensor;
};

} // namespace softmax_test

#endif // SOFTMAX_TEST_INTEGRATION_NUMERICS_BUFFER_H
