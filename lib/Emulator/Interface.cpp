// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Buffers, arguments, reports.
#include "Runtime.h"

#include "softmax/Emulator/Emulator.h"

#include "llvm/ADT/Twine.h"
#include "llvm/Support/MathExtras.h"

#include <sys/mman.h>

using namespace mlir::softmax::emulator;

/// Memory on both sides that nothing else occupies, so that an address that is
/// off by some rows does not happen to lie in another buffer.
static constexpr uint64_t guardBytes = 1 << 20;

llvm::Expected<std::unique_ptr<Buffer>> Buffer::create(llvm::StringRef name,
                                                       uint64_t bytes) {
  std::unique_ptr<Buffer> buffer(new Buffer);
  buffer->name = name.str();
  buffer->size = bytes;
  constexpr uint64_t most = uint64_t(1) << 46;
  if (bytes < most) {
    buffer->mappedBytes = llvm::alignTo(bytes, 256) + 2 * guardBytes;
    buffer->mapping = mmap(nullptr, buffer->mappedBytes, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  }
  if (bytes >= most || buffer->mapping == MAP_FAILED) {
    buffer->mapping = nullptr;
    return llvm::createStringError("there is no memory for buffer '" + name +
                                   "' of " + llvm::Twine(bytes) + " bytes");
  }
  buffer->bytes = static_cast<char *>(buffer->mapping) + guardBytes;
  // A number that nobody computes, and NaN as f32, f16 and bf16.
  std::memset(buffer->bytes, 0xff, bytes);
  return buffer;
}

Buffer::~Buffer() {
  if (mapping)
    munmap(mapping, mappedBytes);
}

template <typename T>
static std::vector<char> toBytes(T value) {
  std::vector<char> bytes(sizeof(T));
  std::memcpy(bytes.data(), static_cast<const void *>(&value), sizeof(T));
  return bytes;
}

Argument Argument::pointer(Buffer &buffer, int64_t byteOffset) {
  Argument argument;
  argument.bytes = toBytes(buffer.getData() + byteOffset);
  argument.buffer = &buffer;
  return argument;
}
Argument Argument::i32(int32_t value) {
  Argument argument;
  argument.bytes = toBytes(value);
  return argument;
}
Argument Argument::i64(int64_t value) {
  Argument argument;
  argument.bytes = toBytes(value);
  return argument;
}
Argument Argument::f32(float value) {
  Argument argument;
  argument.bytes = toBytes(value);
  return argument;
}
Argument Argument::f64(double value) {
  Argument argument;
  argument.bytes = toBytes(value);
  return argument;
}
Argument Argument::raw(llvm::ArrayRef<char> bytes) {
  Argument argument;
  argument.bytes = bytes.vec();
  return argument;
}

void mlir::softmax::emulator::appendMemRef(std::vector<Argument> &arguments,
                                           Buffer &buffer,
                                           llvm::ArrayRef<int64_t> shape,
                                           int64_t offset) {
  arguments.push_back(Argument::pointer(buffer));
  arguments.push_back(Argument::pointer(buffer));
  arguments.push_back(Argument::i64(offset));
  for (int64_t size : shape)
    arguments.push_back(Argument::i64(size));
  for (size_t i = 0; i < shape.size(); ++i) {
    int64_t stride = 1;
    for (int64_t size : shape.drop_front(i + 1))
      stride *= size;
    arguments.push_back(Argument::i64(stride));
  }
}

llvm::StringRef mlir::softmax::emulator::getFaultName(Fault fault) {
  switch (fault) {
  case Fault::OutOfBounds:
    return "out of bounds";
  case Fault::Misaligned:
    return "misaligned";
  case Fault::Uninitialized:
    return "uninitialized";
  case Fault::Race:
    return "race";
  case Fault::DivergentBarrier:
    return "divergent barrier";
  case Fault::Deadlock:
    return "deadlock";
  case Fault::BadShuffle:
    return "bad shuffle";
  case Fault::EndlessLoop:
    return "endless loop";
  case Fault::DivisionByZero:
    return "division by zero";
  case Fault::Trap:
    return "trap";
  case Fault::Unsupported:
    return "unsupported";
  }
  return "fault";
}

std::string Report::str() const {
  return (location + ": kernel '" + kernel + "', block " + toString(block) +
          ", thread " + toString(thread) + ": " + getFaultName(fault) + ": " +
          message)
      .str();
}

llvm::Error LaunchResult::takeError() const {
  if (reports.empty())
    return llvm::Error::success();
  std::string text;
  for (const Report &report : reports)
    text += (text.empty() ? "" : "\n") + report.str();
  return llvm::createStringError(text);
}
