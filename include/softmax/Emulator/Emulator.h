// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Runs NVIDIA device code on the CPU: an LLVM module for nvptx64 is rewritten
// for the host, every GPU thread becomes a fibre that meets the others at
// barriers and shuffles, and every memory access is checked.
//
//   auto program = Program::load(std::move(module), std::move(context));
//   auto x = Buffer::create("x", 4096), y = Buffer::create("y", 4096);
//   x->copyFrom(values);
//   Launch launch;
//   launch.kernel = "softmax";
//   launch.grid = {16};
//   launch.block = {256};
//   launch.arguments = {Argument::pointer(*x), Argument::pointer(*y),
//                       Argument::i64(64)};
//   auto result = (*program)->launch(launch);
//   ... result->reports is empty: y->as<float>() holds the results
#ifndef SOFTMAX_EMULATOR_EMULATOR_H
#define SOFTMAX_EMULATOR_EMULATOR_H

#include "softmax/Emulator/Counters.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

namespace llvm {
class LLVMContext;
class Module;
} // namespace llvm

namespace mlir::softmax::emulator {

/// Global memory of the device.  It starts at a multiple of 256 bytes, as
/// cudaMalloc gives it, and is surrounded by memory that no kernel may touch.
class Buffer {
public:
  /// `bytes` of memory whose contents are undefined: a kernel that reads a byte
  /// that neither the host nor the kernel has written is reported.  `name`
  /// stands in reports.  Fails where there is no memory.
  static llvm::Expected<std::unique_ptr<Buffer>> create(llvm::StringRef name,
                                                        uint64_t bytes);
  ~Buffer();
  Buffer(const Buffer &) = delete;
  Buffer &operator=(const Buffer &) = delete;

  /// Copies host data to the beginning; all of the buffer is defined then.
  /// `values` must not be longer than the buffer.
  template <typename T>
  void copyFrom(llvm::ArrayRef<T> values) {
    std::memcpy(bytes, values.data(), values.size() * sizeof(T));
    defined = true;
  }
  template <typename T>
  void copyFrom(const std::vector<T> &values) {
    copyFrom(llvm::ArrayRef<T>(values));
  }
  /// The contents as elements of type T.
  template <typename T>
  llvm::MutableArrayRef<T> as() {
    return {reinterpret_cast<T *>(bytes),
            static_cast<size_t>(size / sizeof(T))};
  }

  llvm::StringRef getName() const { return name; }
  char *getData() const { return bytes; }
  uint64_t getSize() const { return size; }
  bool isDefined() const { return defined; }
  void setDefined() { defined = true; }

private:
  Buffer() = default;
  std::string name;
  char *bytes = nullptr;
  uint64_t size = 0;
  void *mapping = nullptr;
  uint64_t mappedBytes = 0;
  bool defined = false;
};

/// An argument of a kernel: its bytes as the kernel's parameter has them.
class Argument {
public:
  /// The address `byteOffset` bytes into `buffer`, which must outlive the
  /// launch.
  static Argument pointer(Buffer &buffer, int64_t byteOffset = 0);
  static Argument i32(int32_t value);
  static Argument i64(int64_t value);
  static Argument f32(float value);
  static Argument f64(double value);
  /// Any other scalar, or the contents of a `byval` parameter.
  static Argument raw(llvm::ArrayRef<char> bytes);

  llvm::ArrayRef<char> getBytes() const { return bytes; }
  Buffer *getBuffer() const { return buffer; }

private:
  std::vector<char> bytes;
  Buffer *buffer = nullptr;
};

/// Appends what a kernel takes for a memref that was lowered to the unpacked
/// descriptor: allocated pointer, aligned pointer, offset, sizes, strides
/// (row-major).  `offset` is in elements.
void appendMemRef(std::vector<Argument> &arguments, Buffer &buffer,
                  llvm::ArrayRef<int64_t> shape, int64_t offset = 0);

struct Dim3 {
  uint32_t x = 1, y = 1, z = 1;
};

/// What stands for the hardware's approximate instructions (ex2.approx and
/// others).
enum class Approximation : uint8_t {
  /// The correctly rounded result.
  Exact,
  /// A result off by as much as the PTX ISA allows the instruction, upwards or
  /// downwards as the bits of the argument decide: the same each time.
  Worst
};

struct Launch {
  std::string kernel;
  Dim3 grid, block;
  /// Blocks of a cluster.  {0, 0, 0}: as the kernel says, else one.
  Dim3 cluster = {0, 0, 0};
  /// Bytes of the kernel's `external` array in shared memory.
  uint64_t dynamicSharedBytes = 0;
  std::vector<Argument> arguments;
  /// Buffers that the kernel may reach and that no argument names.
  std::vector<Buffer *> otherBuffers;
  Approximation approximation = Approximation::Exact;
  /// A thread that takes more steps (entered loop iterations and calls) is
  /// reported as a loop without an end.
  uint64_t mostSteps = 1u << 24;
  /// Also report conflicting accesses of threads.
  bool checkRaces = true;
};

enum class Fault : uint8_t {
  OutOfBounds,
  Misaligned,
  Uninitialized,
  Race,
  DivergentBarrier,
  Deadlock,
  BadShuffle,
  EndlessLoop,
  DivisionByZero,
  Trap,
  Unsupported
};
/// "out of bounds", "race", ...
llvm::StringRef getFaultName(Fault fault);

/// Something that the device code does wrong.
struct Report {
  Fault fault = Fault::Trap;
  std::string kernel;
  /// "file.mlir:3:7" where the module has locations, and the instruction.
  std::string location;
  /// What is wrong, in one line.
  std::string message;
  Dim3 block, thread;

  /// "file.mlir:3:7: kernel 'k', block (0, 0, 0), thread (1, 0, 0): ..."
  std::string str() const;
};

struct LaunchResult {
  /// In the order in which they were found; at most one per instruction and
  /// fault.  Races and undefined values do not stop the kernel, the others do.
  std::vector<Report> reports;
  Counters counters;

  /// Success, or all reports, one a line.
  llvm::Error takeError() const;
};

/// A device module.  A kernel is compiled for the host when it is launched
/// first, and has its own copy of the module's variables.  One launch at a
/// time; several programs may run on several threads of the host.
class Program {
public:
  /// Fails with a message that names what the emulator does not model:
  /// intrinsics, inline assembly, external functions, recursion, ...; nothing
  /// has run then.
  static llvm::Expected<std::unique_ptr<Program>>
  load(std::unique_ptr<llvm::Module> module,
       std::unique_ptr<llvm::LLVMContext> context);
  ~Program();

  /// Names of the kernels, in the module's order.
  std::vector<std::string> getKernels() const;

  /// Runs a kernel to its end or to its first fault.  Fails where `launch` does
  /// not fit the kernel: name, arguments, limits.
  llvm::Expected<LaunchResult> launch(const Launch &launch);

private:
  struct Impl;
  explicit Program(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl;
};

} // namespace mlir::softmax::emulator

#endif // SOFTMAX_EMULATOR_EMULATOR_H
