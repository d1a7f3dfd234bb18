// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// NumPy's .npy files, format versions 1.0, 2.0 and 3.0 (NEP 1,
// numpy.lib.format).
#ifndef SOFTMAX_REFERENCE_NPY_H
#define SOFTMAX_REFERENCE_NPY_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <cstdint>
#include <string>
#include <vector>

namespace mlir::softmax::reference {

/// The element types that are read and written.  UInt16 carries bf16, which
/// NumPy has no type for.
enum class NpyType : uint8_t {
  Bool,
  Int8,
  UInt8,
  UInt16,
  Int32,
  Int64,
  F16,
  F32,
  F64
};

/// "f4" as in a file's header, "float32" as NumPy's users write it, bytes.
llvm::StringRef getNpyCode(NpyType type);
llvm::StringRef getNpyName(NpyType type);
unsigned getNpyByteSize(NpyType type);

struct NpyArray {
  NpyType type = NpyType::F32;
  /// Empty for a scalar (0-d array).
  llvm::SmallVector<int64_t> shape;
  /// Column-major elements, as numpy.asfortranarray leaves them.
  bool fortranOrder = false;
  /// Little endian, without padding.
  std::vector<char> data;

  int64_t getNumElements() const;
  /// Shape and type for messages: "float32 of shape (3, 4)".
  std::string describe() const;
  /// Row-major elements; does nothing where they already are.
  void makeRowMajor();
};

/// Parses the bytes of a .npy file.  `name` stands in messages.  Fails with one
/// line that says what is wrong and how to mend it on anything that is not
/// exactly one array: wrong magic or version, a malformed header, an unknown
/// or big-endian element type, sizes that overflow, too few or too many bytes.
llvm::Expected<NpyArray> parseNpy(llvm::StringRef bytes, llvm::StringRef name);

/// Reads `path`; fails as parseNpy and where the file cannot be read.  In the
/// latter case the error carries the system's code, in the former none
/// (llvm::inconvertibleErrorCode).
llvm::Expected<NpyArray> readNpy(llvm::StringRef path);

/// The bytes of a .npy file of format 1.0 (2.0 where the header is too long).
std::string serializeNpy(const NpyArray &array);

/// Writes `path` through a temporary file beside it, so that there is either
/// the whole file or what was there before.
llvm::Error writeNpy(llvm::StringRef path, const NpyArray &array);

} // namespace mlir::softmax::reference

#endif // SOFTMAX_REFERENCE_NPY_H
