// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// A stand-in for NVIDIA's driver, for tests on machines without a GPU.  It
// plays libcuda.so.1: devices, contexts, memory, streams, events, modules,
// launches.  What PTX says of a kernel (parameters, threads, cluster) is held
// against how it is launched; then the kernel runs on lib/Emulator, from the
// LLVM IR of the same kernels.  "Device memory" is the host's, as buffers of
// the emulator, so that an access out of bounds is an error of the launch.
//
// Environment:
//   SOFTMAX_CUDA_MODULES      LLVM IR of the kernels that are loaded, one file
//   per
//                             chip, joined by colons
//   SOFTMAX_CUDA_CAPABILITY   of all devices; 90 if it is not set
//   SOFTMAX_CUDA_DEVICES      how many there are; 2 if it is not set
//   SOFTMAX_CUDA_LOG          a file to which each launch adds a line
//   SOFTMAX_CUDA_FAIL         FUNCTION=STATUS: what a function returns instead
//   of
//                             doing anything
//
// Launches run before cuLaunchKernel returns, whatever their stream.
#ifndef SOFTMAX_TEST_CUDADRIVER_DRIVER_H
#define SOFTMAX_TEST_CUDADRIVER_DRIVER_H

#include "softmax/Emulator/Emulator.h"

#include <map>
#include <mutex>
#include <optional>

namespace softmax_test {
namespace emulator = mlir::softmax::emulator;

/// CUresult, as far as it is used.
enum Status : int {
  Success = 0,
  InvalidValue = 1,
  OutOfMemory = 2,
  NotInitialized = 3,
  NoDevice = 100,
  InvalidDevice = 101,
  InvalidImage = 200,
  InvalidContext = 201,
  NoBinaryForGpu = 209,
  InvalidPtx = 218,
  InvalidHandle = 400,
  NotFound = 500,
  IllegalAddress = 700,
  LaunchOutOfResources = 701,
  LaunchFailed = 719,
  InvalidClusterSize = 912,
};

struct Context {
  int device = 0;
  unsigned long long id = 0;
  /// How often a primary context is held; of others 1 until they are destroyed.
  int held = 0;
  /// The error of a kernel, after which nothing works any more.
  int failed = Success;
};

struct Stream {
  Context *context;
};

struct Event {
  Context *context;
  /// In milliseconds; negative until it is recorded.
  double time = -1;
};

struct Memory {
  std::unique_ptr<emulator::Buffer> buffer;
  int device;
};

/// What PTX says of a kernel.
struct PtxKernel {
  std::vector<unsigned> parameterBytes;
  /// 0 where it does not say.
  unsigned mostThreads = 0, exactThreads = 0, cluster = 0;
};

struct Module {
  Context *context;
  /// "sm_90", as the PTX says.
  std::string chip;
  std::map<std::string, PtxKernel> kernels;
  /// Of the LLVM function: bytes of each parameter, and whether it is a
  /// pointer.
  std::map<std::string, std::vector<std::pair<unsigned, bool>>> parameters;
  std::unique_ptr<emulator::Program> program;
};

struct Function {
  Module *module;
  std::string name;
  const PtxKernel *kernel;
  unsigned mostSharedBytes = 49152;
  bool largeClusters = false;
};

/// All state; one call of the driver at a time.
struct Driver {
  static Driver &get();

  int capability, deviceCount;
  bool initialized = false;
  std::map<int, std::unique_ptr<Context>> primary;
  std::vector<std::unique_ptr<Context>> contexts;
  std::vector<std::unique_ptr<Stream>> streams;
  std::vector<std::unique_ptr<Event>> events;
  std::vector<std::unique_ptr<Module>> modules;
  std::vector<std::unique_ptr<Function>> functions;
  /// By address.
  std::map<uint64_t, Memory> memory;
  unsigned long long nextId = 1;
  std::mutex mutex;

  /// The memory that `address` is in, or null.
  Memory *find(uint64_t address);

private:
  Driver();
};

/// The calling thread's contexts, the current one last.
std::vector<Context *> &contextStack();
Context *currentContext();

/// What SOFTMAX_CUDA_FAIL says `function` returns.
std::optional<int> forcedStatus(const char *function);

/// Adds a line to SOFTMAX_CUDA_LOG.
void log(const std::string &line);

/// Loads an image; `message` is what a JIT compiler would say.
int loadModule(Driver &driver, const char *image, Module **module,
               std::string &message);

struct LaunchShape {
  unsigned grid[3], block[3], sharedBytes;
};
int launchKernel(Driver &driver, Function &function, const LaunchShape &shape,
                 void **parameters);

} // namespace softmax_test

#endif // SOFTMAX_TEST_CUDADRIVER_DRIVER_H
