// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Between .npy files, types of MLIR, and what compiled code takes.
#ifndef SOFTMAX_TOOLS_SOFTMAX_RUN_VALUES_H
#define SOFTMAX_TOOLS_SOFTMAX_RUN_VALUES_H

#include "softmax/Reference/Npy.h"
#include "softmax/Reference/ReferenceTensor.h"

#include "llvm/Support/Error.h"

#include <cstdlib>
#include <memory>

namespace mlir::softmax {

struct Free {
  void operator()(void *pointer) const { std::free(pointer); }
};

/// An argument or a destination of the compiled function: elements in row-major
/// order, aligned to 64 bytes.
struct RuntimeValue {
  Type elementType;
  /// Whether it is a tensor; otherwise a scalar that is passed by value.
  bool isTensor = true;
  SmallVector<int64_t> shape;
  size_t bytes = 0;
  std::unique_ptr<char, Free> data;

  /// The descriptor of a ranked memref: allocated pointer, aligned pointer,
  /// offset, sizes, strides.
  std::vector<int64_t> makeDescriptor() const;
};

/// Memory for a tensor of this shape; fails where there is none.
llvm::Expected<RuntimeValue> allocateValue(Type elementType, bool isTensor,
                                           ArrayRef<int64_t> shape);

/// The value that argument `index` of type `type` takes from `array`, read from
/// `path`.  Fails with one line that names both types where they do not match.
llvm::Expected<RuntimeValue> toValue(reference::NpyArray array,
                                     llvm::StringRef path, unsigned index,
                                     Type type, bool uint16IsBF16);

/// What numpy.save would write for `value`.
reference::NpyArray toArray(const RuntimeValue &value);

} // namespace mlir::softmax

#endif // SOFTMAX_TOOLS_SOFTMAX_RUN_VALUES_H
