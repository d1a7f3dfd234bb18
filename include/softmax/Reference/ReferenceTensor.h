// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// The values that the reference computes with.
#ifndef SOFTMAX_REFERENCE_REFERENCETENSOR_H
#define SOFTMAX_REFERENCE_REFERENCETENSOR_H

#include "softmax/Reference/FloatFormat.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/Support/Error.h"

#include <vector>

namespace mlir::softmax::reference {

/// One element: a float or an integer, as its type says.
struct Scalar {
  /// The value of a float: rounded to its type, or, where it descends from a
  /// statistic, not rounded at all.
  Real real = 0;
  /// How far a kernel that keeps its promises may be from `real`.  0: a kernel
  /// must give exactly these bits.  +inf: nothing is promised (and for an
  /// integer: a kernel may have another one).
  double error = 0;
  /// The value of an integer or index, extended with its sign; i1 is 0 or -1.
  int64_t integer = 0;
};

/// A tensor, or with rank 0 also a scalar value of a function.
struct ReferenceTensor {
  /// f16, bf16, f32, f64, an integer of at most 64 bits, or index.
  Type elementType;
  SmallVector<int64_t> shape;
  /// Whether the floats descend from a statistic and so are not rounded.
  bool exact = false;
  /// Row-major.  Without elements where only shapes are known; see hasElements.
  std::vector<Scalar> elements = {};

  int64_t getNumElements() const;
  bool hasElements() const {
    return static_cast<int64_t>(elements.size()) == getNumElements();
  }
};

/// The bytes of one element in a buffer that the compiled code sees: one for
/// i1, eight for index.  None for types that the reference does not know.
std::optional<unsigned> getElementBytes(Type elementType);

/// Reads row-major elements.  `bytes` must hold all of them; i1 has a byte per
/// element, true where it is not 0.
ReferenceTensor decodeTensor(Type elementType, ArrayRef<int64_t> shape,
                             const void *bytes);

/// Writes row-major elements, rounded to the element type.
void encodeTensor(const ReferenceTensor &tensor, void *bytes);

/// Shape for messages: "3x4xf32".
std::string describeTensor(Type elementType, ArrayRef<int64_t> shape);

} // namespace mlir::softmax::reference

#endif // SOFTMAX_REFERENCE_REFERENCETENSOR_H
