// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "Values.h"

#include "mlir/IR/BuiltinTypes.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/raw_ostream.h"

#include <cstring>

using namespace mlir;
using namespace mlir::softmax;
using namespace mlir::softmax::reference;

namespace {

constexpr size_t alignment = 64;

llvm::Error makeError(const llvm::Twine &message) {
  return llvm::createStringError(llvm::inconvertibleErrorCode(), message);
}

/// The element types of files that hold elements of `type`, the one that
/// results are written in first.
SmallVector<NpyType> getFileTypes(Type type) {
  if (type.isF16())
    return {NpyType::F16};
  if (type.isBF16())
    return {NpyType::UInt16};
  if (type.isF32())
    return {NpyType::F32};
  if (type.isF64())
    return {NpyType::F64};
  if (type.isIndex())
    return {NpyType::Int64};
  auto integer = dyn_cast<IntegerType>(type);
  switch (integer ? integer.getWidth() : 0) {
  case 1:
    return {NpyType::Bool, NpyType::UInt8};
  case 8:
    return {NpyType::Int8, NpyType::UInt8, NpyType::Bool};
  case 16:
    return {NpyType::UInt16};
  case 32:
    return {NpyType::Int32};
  case 64:
    return {NpyType::Int64};
  default:
    return {};
  }
}

} // namespace

std::vector<int64_t> RuntimeValue::makeDescriptor() const {
  int64_t address = reinterpret_cast<int64_t>(data.get());
  std::vector<int64_t> words = {address, address, 0};
  words.insert(words.end(), shape.begin(), shape.end());
  words.resize(3 + 2 * shape.size(), 1);
  for (size_t i = shape.size(); i-- > 1;)
    words[3 + shape.size() + i - 1] =
        words[3 + shape.size() + i] * std::max<int64_t>(shape[i], 1);
  return words;
}

llvm::Expected<RuntimeValue>
mlir::softmax::allocateValue(Type elementType, bool isTensor,
                             ArrayRef<int64_t> shape) {
  RuntimeValue value;
  value.elementType = elementType;
  value.isTensor = isTensor;
  value.shape.assign(shape.begin(), shape.end());
  std::optional<unsigned> elementBytes = getElementBytes(elementType);
  std::string text = describeTensor(elementType, shape);
  if (!elementBytes)
    return makeError("elements of a tensor of " + text +
                     " cannot be kept in a .npy file; use f16, bf16, f32, "
                     "f64, i1, i8, i32 or i64");
  int64_t bytes = *elementBytes;
  for (int64_t size : shape)
    if (size != 0 && llvm::MulOverflow(bytes, size, bytes))
      return makeError("a tensor of " + text + " does not fit into memory");
  if (llvm::is_contained(shape, 0))
    bytes = 0;
  value.bytes = bytes;
  // aligned_alloc takes multiples of the alignment; empty tensors have an
  // address as well.
  size_t space = llvm::alignTo(value.bytes + 1, alignment);
  value.data.reset(static_cast<char *>(std::aligned_alloc(alignment, space)));
  if (!value.data)
    return makeError("there is no memory for a tensor of " + text);
  return value;
}

llvm::Expected<RuntimeValue> mlir::softmax::toValue(NpyArray array,
                                                    llvm::StringRef path,
                                                    unsigned index, Type type,
                                                    bool uint16IsBF16) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  Type elementType = tensor ? tensor.getElementType() : type;
  auto mismatch = [&](const llvm::Twine &remedy) {
    std::string text;
    llvm::raw_string_ostream(text) << type;
    return makeError(path + " holds " + array.describe() + ", but argument " +
                     llvm::Twine(index) + " has type " + text + "; " + remedy);
  };

  SmallVector<NpyType> fileTypes = getFileTypes(elementType);
  if (fileTypes.empty())
    return mismatch("no .npy file holds this type; use f16, bf16, f32, f64, "
                    "i1, i8, i32 or i64");
  if (!llvm::is_contained(fileTypes, array.type))
    return mismatch(
        elementType.isBF16()
            ? llvm::Twine("give the bits of bf16 numbers as uint16, with "
                          "--input-type=bf16")
            : "convert with array.astype('" + getNpyName(fileTypes[0]) + "')");
  if (elementType.isBF16() && !uint16IsBF16)
    return mismatch("if these are the bits of bf16 numbers, add "
                    "--input-type=bf16");
  if (elementType.isInteger(16) && uint16IsBF16)
    return mismatch("leave out --input-type=bf16");

  ArrayRef<int64_t> declared = tensor ? tensor.getShape() : ArrayRef<int64_t>();
  bool fits = declared.size() == array.shape.size();
  for (size_t i = 0; fits && i < declared.size(); ++i)
    fits = ShapedType::isDynamic(declared[i]) || declared[i] == array.shape[i];
  if (!fits)
    return mismatch(tensor ? "reshape the array, or change the function"
                           : "a scalar is a 0-d array: numpy.array(value)");

  array.makeRowMajor();
  llvm::Expected<RuntimeValue> value =
      allocateValue(elementType, static_cast<bool>(tensor), array.shape);
  if (!value)
    return makeError(path + ": " + llvm::toString(value.takeError()));
  std::memcpy(value->data.get(), array.data.data(), value->bytes);
  // Any other byte than 0 is true to NumPy, and only 1 to compiled code.
  if (elementType.isInteger(1))
    for (size_t i = 0; i < value->bytes; ++i)
      value->data.get()[i] = value->data.get()[i] != 0;
  return value;
}

NpyArray mlir::softmax::toArray(const RuntimeValue &value) {
  NpyArray array;
  array.type = getFileTypes(value.elementType).front();
  array.shape = value.shape;
  array.data.assign(value.data.get(), value.data.get() + value.bytes);
  return array;
}
