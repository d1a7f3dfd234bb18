// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "softmax/Reference/Npy.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"

#include <cstring>
#include <utility>

using namespace llvm;
using namespace mlir::softmax::reference;

static_assert(endianness::native == endianness::little,
              "arrays are read and written as they lie in memory");

namespace {
struct TypeEntry {
  NpyType type;
  StringLiteral code;
  StringLiteral name;
  unsigned bytes;
};
} // namespace

static constexpr TypeEntry typeTable[] = {
    {NpyType::Bool, "b1", "bool", 1},   {NpyType::Int8, "i1", "int8", 1},
    {NpyType::UInt8, "u1", "uint8", 1}, {NpyType::UInt16, "u2", "uint16", 2},
    {NpyType::Int32, "i4", "int32", 4}, {NpyType::Int64, "i8", "int64", 8},
    {NpyType::F16, "f2", "float16", 2}, {NpyType::F32, "f4", "float32", 4},
    {NpyType::F64, "f8", "float64", 8},
};

static constexpr StringLiteral magic("\x93NUMPY");

static const TypeEntry &getEntry(NpyType type) {
  return *llvm::find_if(
      typeTable, [&](const TypeEntry &entry) { return entry.type == type; });
}

StringRef mlir::softmax::reference::getNpyCode(NpyType type) {
  return getEntry(type).code;
}
StringRef mlir::softmax::reference::getNpyName(NpyType type) {
  return getEntry(type).name;
}
unsigned mlir::softmax::reference::getNpyByteSize(NpyType type) {
  return getEntry(type).bytes;
}

//===----------------------------------------------------------------------===//
// NpyArray
//===----------------------------------------------------------------------===//

int64_t NpyArray::getNumElements() const {
  int64_t count = 1;
  for (int64_t size : shape)
    count *= size;
  return count;
}

static std::string formatShape(ArrayRef<int64_t> shape) {
  std::string text;
  raw_string_ostream os(text);
  os << '(';
  llvm::interleaveComma(shape, os);
  os << (shape.size() == 1 ? ",)" : ")");
  return text;
}

std::string NpyArray::describe() const {
  return (getNpyName(type) + " of shape " + formatShape(shape)).str();
}

void NpyArray::makeRowMajor() {
  bool wasFortran = std::exchange(fortranOrder, false);
  int64_t count = getNumElements();
  if (!wasFortran || shape.size() < 2 || count == 0)
    return;
  unsigned bytes = getNpyByteSize(type);
  std::vector<char> result(data.size());
  // Walks the target in order and the source by its strides.
  SmallVector<int64_t> index(shape.size(), 0), stride(shape.size(), 1);
  for (size_t i = 1; i < shape.size(); ++i)
    stride[i] = stride[i - 1] * shape[i - 1];
  int64_t source = 0;
  for (int64_t target = 0; target < count; ++target) {
    std::memcpy(&result[target * bytes], &data[source * bytes], bytes);
    for (size_t i = shape.size(); i-- != 0;) {
      source += stride[i];
      if (++index[i] < shape[i])
        break;
      source -= stride[i] * shape[i];
      index[i] = 0;
    }
  }
  data = std::move(result);
}

//===----------------------------------------------------------------------===//
// Reading
//===----------------------------------------------------------------------===//

namespace {
/// The header: a Python literal of a dict with the keys descr, fortran_order
/// and shape.  Only what numpy.save writes for plain arrays is understood.
class HeaderParser {
public:
  HeaderParser(StringRef text, StringRef name) : rest(text), name(name) {}

  Error parse(NpyArray &array) {
    if (!consume("{"))
      return malformed("'{' is missing");
    bool seenDescr = false, seenOrder = false, seenShape = false;
    while (!consume("}")) {
      StringRef key;
      if (!parseString(key) || !consume(":"))
        return malformed("a key and ':' are expected");
      bool &seen = key == "descr"   ? seenDescr
                   : key == "shape" ? seenShape
                                    : seenOrder;
      if (key != "descr" && key != "shape" && key != "fortran_order")
        return malformed("unknown key '" + printable(key) + "'");
      if (seen)
        return malformed("the key '" + key + "' stands twice");
      seen = true;
      Error error = key == "descr"   ? parseType(array.type)
                    : key == "shape" ? parseShape(array.shape)
                                     : parseOrder(array.fortranOrder);
      if (error)
        return error;
      if (!consume(",")) {
        if (!consume("}"))
          return malformed("',' or '}' is missing");
        break;
      }
    }
    if (!rest.trim().empty())
      return malformed("text follows the '}'");
    if (!seenDescr || !seenOrder || !seenShape)
      return malformed(
          "one of the keys descr, fortran_order, shape is missing");
    return Error::success();
  }

private:
  Error malformed(const Twine &what) {
    return createStringError(inconvertibleErrorCode(),
                             name + ": malformed .npy header: " + what +
                                 "; write the array anew with numpy.save");
  }

  static std::string printable(StringRef text) {
    std::string result;
    raw_string_ostream os(result);
    os.write_escaped(text.take_front(40));
    return result;
  }

  bool consume(StringRef token) {
    rest = rest.ltrim();
    return rest.consume_front(token);
  }

  bool parseString(StringRef &value) {
    rest = rest.ltrim();
    if (rest.empty() || (rest.front() != '\'' && rest.front() != '"'))
      return false;
    size_t end = rest.find(rest.front(), 1);
    if (end == StringRef::npos)
      return false;
    value = rest.slice(1, end);
    rest = rest.drop_front(end + 1);
    return true;
  }

  Error parseType(NpyType &type) {
    StringRef descr;
    if (!parseString(descr))
      return createStringError(inconvertibleErrorCode(),
                               name +
                                   ": structured element types are not "
                                   "supported; save one plain array per file");
    StringRef code = descr;
    if (code.consume_front(">"))
      return createStringError(
          inconvertibleErrorCode(),
          name + ": big-endian elements ('" + printable(descr) +
              "'); convert with array.astype(array.dtype.newbyteorder('<'))");
    bool marked = code.consume_front("<") || code.consume_front("|");
    for (const TypeEntry &entry : typeTable)
      if (marked && code == entry.code &&
          (entry.bytes == 1 || descr.front() == '<')) {
        type = entry.type;
        return Error::success();
      }
    return createStringError(
        inconvertibleErrorCode(),
        name + ": element type '" + printable(descr) +
            "' is not supported; convert with array.astype to float16, "
            "float32, float64, bool, int8, uint8, int32 or int64 (bf16: the "
            "bits as uint16)");
  }

  Error parseOrder(bool &fortranOrder) {
    if (consume("True")) {
      fortranOrder = true;
      return Error::success();
    }
    if (!consume("False"))
      return malformed("fortran_order must be True or False");
    fortranOrder = false;
    return Error::success();
  }

  Error parseShape(SmallVectorImpl<int64_t> &shape) {
    if (!consume("("))
      return malformed("shape must be a tuple");
    while (!consume(")")) {
      rest = rest.ltrim();
      uint64_t size;
      // consumeInteger accepts no sign, and fails on overflow.
      if (rest.consumeInteger(10, size))
        return malformed("shape must hold non-negative integers below 2^63");
      if (size > static_cast<uint64_t>(INT64_MAX))
        return malformed("shape must hold non-negative integers below 2^63");
      shape.push_back(static_cast<int64_t>(size));
      if (shape.size() > 64)
        return malformed("more than 64 dimensions");
      if (consume(","))
        continue;
      if (!consume(")"))
        return malformed("')' is missing in shape");
      // (3) is an integer to Python, not a tuple.
      if (shape.size() == 1)
        return malformed("shape must be a tuple: (3,) rather than (3)");
      break;
    }
    return Error::success();
  }

  StringRef rest;
  StringRef name;
};
} // namespace

static Error fileError(StringRef name, const Twine &what) {
  return createStringError(inconvertibleErrorCode(), name + ": " + what);
}

/// With the system's code, by which callers tell it from a bad file.
static Error ioError(StringRef name, const Twine &what, std::error_code code) {
  return createStringError(code, name + ": " + what + code.message());
}

Expected<NpyArray> mlir::softmax::reference::parseNpy(StringRef bytes,
                                                      StringRef name) {
  StringRef rest = bytes;
  if (!rest.consume_front(magic))
    return fileError(
        name,
        "is not a .npy file (it does not start with \\x93NUMPY); write it with "
        "numpy.save");
  if (rest.size() < 2)
    return fileError(
        name,
        "is truncated within the .npy header; write it anew with numpy.save");
  unsigned major = static_cast<uint8_t>(rest[0]),
           minor = static_cast<uint8_t>(rest[1]);
  rest = rest.drop_front(2);
  if (major < 1 || major > 3 || minor != 0)
    return fileError(name, "has .npy format version " + Twine(major) + "." +
                               Twine(minor) +
                               "; versions 1.0, 2.0 and 3.0 are understood");
  size_t lengthBytes = major == 1 ? 2 : 4;
  if (rest.size() < lengthBytes)
    return fileError(
        name,
        "is truncated within the .npy header; write it anew with numpy.save");
  size_t length = major == 1 ? support::endian::read16le(rest.data())
                             : support::endian::read32le(rest.data());
  rest = rest.drop_front(lengthBytes);
  if (rest.size() < length)
    return fileError(name, "is truncated: its header should have " +
                               Twine(length) + " bytes, but only " +
                               Twine(rest.size()) +
                               " follow; write it anew with numpy.save");
  NpyArray array;
  if (Error error = HeaderParser(rest.take_front(length), name).parse(array))
    return std::move(error);
  rest = rest.drop_front(length);

  // An empty array may have huge other sizes: those must not overflow either.
  uint64_t expected = getNpyByteSize(array.type);
  bool overflow = false, empty = false;
  for (int64_t size : array.shape) {
    empty |= size == 0;
    if (size != 0)
      expected = SaturatingMultiply<uint64_t>(expected, size, &overflow);
    if (overflow || expected > static_cast<uint64_t>(INT64_MAX))
      return fileError(
          name, "shape " + formatShape(array.shape) +
                    " does not fit into memory; write it anew with numpy.save");
  }
  if (empty)
    expected = 0;
  if (rest.size() != expected)
    return fileError(name, "holds " + Twine(rest.size()) +
                               " bytes of data where " + array.describe() +
                               " needs " + Twine(expected) +
                               "; write it anew with numpy.save");
  array.data.assign(rest.begin(), rest.end());
  return array;
}

Expected<NpyArray> mlir::softmax::reference::readNpy(StringRef path) {
  sys::fs::file_status status;
  if (std::error_code code = sys::fs::status(path, status))
    return ioError(path, "cannot be read: ", code);
  // A device may never end.
  if (status.type() != sys::fs::file_type::regular_file &&
      status.type() != sys::fs::file_type::fifo_file)
    return createStringError(make_error_code(std::errc::invalid_argument),
                             path + ": is no regular file; name a .npy file");
  ErrorOr<std::unique_ptr<MemoryBuffer>> buffer = MemoryBuffer::getFile(
      path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!buffer)
    return ioError(path, "cannot be read: ", buffer.getError());
  return parseNpy((*buffer)->getBuffer(), path);
}

//===----------------------------------------------------------------------===//
// Writing
//===----------------------------------------------------------------------===//

std::string mlir::softmax::reference::serializeNpy(const NpyArray &array) {
  std::string header;
  raw_string_ostream os(header);
  os << "{'descr': '" << (getNpyByteSize(array.type) == 1 ? '|' : '<')
     << getNpyCode(array.type)
     << "', 'fortran_order': " << (array.fortranOrder ? "True" : "False")
     << ", 'shape': " << formatShape(array.shape) << ", }";
  // The data start at a multiple of 64 bytes; a newline ends the header.
  size_t lengthBytes = header.size() + 64 > UINT16_MAX ? 4 : 2;
  size_t prefix = magic.size() + 2 + lengthBytes;
  header.append(offsetToAlignment(prefix + header.size() + 1, Align(64)), ' ');
  header += '\n';

  std::string bytes = magic.str();
  bytes += static_cast<char>(lengthBytes == 2 ? 1 : 2);
  bytes += '\0';
  for (size_t i = 0; i < lengthBytes; ++i)
    bytes += static_cast<char>(header.size() >> (8 * i));
  bytes += header;
  bytes.append(array.data.begin(), array.data.end());
  return bytes;
}

/// Writes all of `bytes`; a full disk is an error, not an abort.
static Error writeAll(int descriptor, bool shouldClose, StringRef bytes,
                      StringRef path) {
  raw_fd_ostream os(descriptor, shouldClose, /*unbuffered=*/true);
  os << bytes;
  if (!os.has_error())
    return Error::success();
  std::error_code code = os.error();
  os.clear_error();
  return ioError(path, "cannot be written: ", code);
}

Error mlir::softmax::reference::writeNpy(StringRef path,
                                         const NpyArray &array) {
  std::string bytes = serializeNpy(array);
  sys::fs::file_status status;
  std::error_code code = sys::fs::status(path, status);
  if (!code && status.type() == sys::fs::file_type::directory_file)
    return ioError(path, "cannot be written: ",
                   make_error_code(std::errc::is_a_directory));
  // A pipe or a device is written to, never replaced.
  if (!code && status.type() != sys::fs::file_type::regular_file) {
    int descriptor;
    if (std::error_code failure = sys::fs::openFileForWrite(
            path, descriptor, sys::fs::CD_OpenExisting, sys::fs::OF_None))
      return ioError(path, "cannot be written: ", failure);
    return writeAll(descriptor, /*shouldClose=*/true, bytes, path);
  }
  Expected<sys::fs::TempFile> file = sys::fs::TempFile::create(
      path + ".temp-%%%%%%", sys::fs::all_read | sys::fs::all_write);
  if (!file)
    return ioError(path,
                   "cannot be written: ", errorToErrorCode(file.takeError()));
  if (Error error = writeAll(file->FD, /*shouldClose=*/false, bytes, path))
    return joinErrors(std::move(error), file->discard());
  if (Error error = file->keep(path))
    return ioError(path,
                   "cannot be written: ", errorToErrorCode(std::move(error)));
  return Error::success();
}
