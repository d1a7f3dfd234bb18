// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Launches: checked as a driver checks them, then run on the emulator.
#include "Driver.h"

#include "llvm/Support/raw_ostream.h"

using namespace softmax_test;

/// What a driver refuses before a kernel runs.
static int checkShape(const Function &function, const LaunchShape &shape) {
  const PtxKernel &kernel = *function.kernel;
  unsigned threads = shape.block[0] * shape.block[1] * shape.block[2];
  for (unsigned i = 0; i < 3; ++i)
    if (shape.grid[i] == 0 || shape.block[i] == 0 ||
        shape.grid[i] > (i == 0 ? 2147483647u : 65535u))
      return InvalidValue;
  if (threads > 1024 || (kernel.mostThreads && threads > kernel.mostThreads) ||
      (kernel.exactThreads && threads != kernel.exactThreads))
    return InvalidValue;
  if (shape.sharedBytes > function.mostSharedBytes)
    return InvalidValue;
  if (kernel.cluster > 1 && (shape.grid[0] % kernel.cluster != 0 ||
                             (kernel.cluster > 8 && !function.largeClusters)))
    return InvalidClusterSize;
  return Success;
}

int softmax_test::launchKernel(Driver &driver, Function &function,
                               const LaunchShape &shape, void **parameters) {
  Context *context = currentContext();
  if (function.module->context != context)
    return InvalidHandle;
  if (context->failed)
    return context->failed;
  if (int status = checkShape(function, shape))
    return status;
  emulator::Launch launch;
  launch.kernel = function.name;
  launch.grid = {shape.grid[0], shape.grid[1], shape.grid[2]};
  launch.block = {shape.block[0], shape.block[1], shape.block[2]};
  launch.dynamicSharedBytes = shape.sharedBytes;
  std::vector<emulator::Buffer *> used;
  const auto &types = function.module->parameters[function.name];
  for (size_t i = 0; i < types.size(); ++i) {
    auto [bytes, isPointer] = types[i];
    const auto *value = static_cast<const char *>(parameters[i]);
    if (isPointer) {
      uint64_t address;
      memcpy(&address, value, sizeof address);
      Memory *memory = driver.find(address);
      if (memory && memory->device != context->device) {
        llvm::errs() << "cuda stand-in: " << function.name << ": argument #"
                     << i << " is memory of device " << memory->device << '\n';
        return context->failed = IllegalAddress;
      }
      if (memory) {
        used.push_back(memory->buffer.get());
        launch.arguments.push_back(emulator::Argument::pointer(
            *memory->buffer,
            static_cast<int64_t>(address - reinterpret_cast<uint64_t>(
                                               memory->buffer->getData()))));
        continue;
      }
      // Any other address is one that the kernel must not touch.
    }
    launch.arguments.push_back(
        emulator::Argument::raw(llvm::ArrayRef(value, bytes)));
  }
  llvm::Expected<emulator::LaunchResult> result =
      function.module->program->launch(launch);
  llvm::Error error = result ? result->takeError() : result.takeError();
  if (error) {
    llvm::errs() << "cuda stand-in: " << llvm::toString(std::move(error))
                 << '\n';
    return context->failed = result ? IllegalAddress : LaunchFailed;
  }
  for (emulator::Buffer *buffer : used)
    buffer->setDefined();
  return Success;
}
