// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "softmax/Reference/ReferenceTensor.h"

#include "llvm/Support/MathExtras.h"
#include "llvm/Support/raw_ostream.h"

#include <cstring>

using namespace mlir;
using namespace mlir::softmax::reference;

int64_t ReferenceTensor::getNumElements() const {
  int64_t count = 1;
  for (int64_t size : shape)
    count *= size;
  return count;
}

std::optional<unsigned>
mlir::softmax::reference::getElementBytes(Type elementType) {
  if (std::optional<FloatKind> kind = getFloatKind(elementType))
    return byteSize(*kind);
  if (elementType.isIndex())
    return 8;
  auto integer = dyn_cast<IntegerType>(elementType);
  if (!integer)
    return std::nullopt;
  switch (integer.getWidth()) {
  case 1:
  case 8:
    return 1;
  case 16:
    return 2;
  case 32:
    return 4;
  case 64:
    return 8;
  default:
    return std::nullopt;
  }
}

static int64_t readInteger(const char *bytes, unsigned size) {
  uint64_t value = 0;
  std::memcpy(&value, bytes, size);
  return llvm::SignExtend64(value, size * 8);
}

ReferenceTensor mlir::softmax::reference::decodeTensor(Type elementType,
                                                       ArrayRef<int64_t> shape,
                                                       const void *bytes) {
  ReferenceTensor tensor{elementType, llvm::to_vector(shape)};
  tensor.elements.resize(tensor.getNumElements());
  const char *data = static_cast<const char *>(bytes);
  unsigned size = *getElementBytes(elementType);
  std::optional<FloatKind> kind = getFloatKind(elementType);
  for (Scalar &element : tensor.elements) {
    if (kind)
      element.real = decode(*kind, data);
    else
      element.integer = readInteger(data, size);
    if (elementType.isInteger(1))
      element.integer = element.integer ? -1 : 0;
    data += size;
  }
  return tensor;
}

void mlir::softmax::reference::encodeTensor(const ReferenceTensor &tensor,
                                            void *bytes) {
  char *data = static_cast<char *>(bytes);
  unsigned size = *getElementBytes(tensor.elementType);
  std::optional<FloatKind> kind = getFloatKind(tensor.elementType);
  for (const Scalar &element : tensor.elements) {
    int64_t integer = tensor.elementType.isInteger(1) ? element.integer != 0
                                                      : element.integer;
    if (kind)
      encode(*kind, element.real, data);
    else
      std::memcpy(data, &integer, size);
    data += size;
  }
}

std::string mlir::softmax::reference::describeTensor(Type elementType,
                                                     ArrayRef<int64_t> shape) {
  std::string text;
  llvm::raw_string_ostream os(text);
  for (int64_t size : shape)
    if (ShapedType::isDynamic(size))
      os << "?x";
    else
      os << size << 'x';
  os << elementType;
  return text;
}
