// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// The driver's functions, by the names that its library exports.
#include "Driver.h"

#include <chrono>
#include <sstream>

using namespace softmax_test;
using Address = unsigned long long;
// NOLINTBEGIN(readability-identifier-naming,performance-no-int-to-ptr)

/// A function of the driver: locked, and failing where the environment says so.
#define DRIVER_FUNCTION(name, parameters)                                      \
  static int name##_body parameters;                                           \
  extern "C" __attribute__((visibility("default"))) int name parameters
#define DRIVER_BODY(name, parameters, arguments)                               \
  DRIVER_FUNCTION(name, parameters) {                                          \
    std::lock_guard<std::mutex> lock(Driver::get().mutex);                     \
    if (std::optional<int> status = forcedStatus(#name))                       \
      return *status;                                                          \
    return name##_body arguments;                                              \
  }                                                                            \
  static int name##_body parameters

static Driver &driver() { return Driver::get(); }

/// What `list` holds at the address `handle`; null if it is none of them.
template <typename T>
static T *check(const std::vector<std::unique_ptr<T>> &list, void *handle) {
  for (const std::unique_ptr<T> &entry : list)
    if (entry.get() == handle)
      return entry.get();
  return nullptr;
}

template <typename T>
static bool erase(std::vector<std::unique_ptr<T>> &list, void *handle) {
  for (size_t i = 0; i < list.size(); ++i)
    if (list[i].get() == handle) {
      list.erase(list.begin() + static_cast<std::ptrdiff_t>(i));
      return true;
    }
  return false;
}

/// Whether work may be put on `stream` now.
static int checkStream(void *stream) {
  Context *context = currentContext();
  if (!context)
    return InvalidContext;
  if (context->failed)
    return context->failed;
  // 0, the legacy and the per-thread default stream.
  if (reinterpret_cast<uintptr_t>(stream) <= 2)
    return Success;
  Stream *known = check(driver().streams, stream);
  return known && known->context == context ? Success : InvalidHandle;
}

//===----------------------------------------------------------------------===//
// Devices and errors
//===----------------------------------------------------------------------===//

DRIVER_BODY(cuInit, (unsigned flags), (flags)) {
  if (flags)
    return InvalidValue;
  driver().initialized = true;
  return driver().deviceCount ? Success : NoDevice;
}

DRIVER_BODY(cuDriverGetVersion, (int *version), (version)) {
  *version = 12080;
  return Success;
}

static const std::pair<int, std::pair<const char *, const char *>> errors[] = {
    {Success, {"CUDA_SUCCESS", "no error"}},
    {InvalidValue, {"CUDA_ERROR_INVALID_VALUE", "invalid argument"}},
    {OutOfMemory, {"CUDA_ERROR_OUT_OF_MEMORY", "out of memory"}},
    {NotInitialized, {"CUDA_ERROR_NOT_INITIALIZED", "initialization error"}},
    {NoDevice, {"CUDA_ERROR_NO_DEVICE", "no CUDA-capable device is detected"}},
    {InvalidContext, {"CUDA_ERROR_INVALID_CONTEXT", "invalid device context"}},
    {InvalidHandle, {"CUDA_ERROR_INVALID_HANDLE", "invalid resource handle"}},
    {NotFound, {"CUDA_ERROR_NOT_FOUND", "named symbol not found"}},
    {IllegalAddress,
     {"CUDA_ERROR_ILLEGAL_ADDRESS",
      "an illegal memory access was encountered"}},
    {LaunchFailed, {"CUDA_ERROR_LAUNCH_FAILED", "unspecified launch failure"}},
};

DRIVER_BODY(cuGetErrorName, (int status, const char **text), (status, text)) {
  for (const auto &[number, texts] : errors)
    if (number == status)
      return *text = texts.first, Success;
  *text = nullptr;
  return InvalidValue;
}

DRIVER_BODY(cuGetErrorString, (int status, const char **text), (status, text)) {
  for (const auto &[number, texts] : errors)
    if (number == status)
      return *text = texts.second, Success;
  *text = nullptr;
  return InvalidValue;
}

DRIVER_BODY(cuDeviceGetCount, (int *count), (count)) {
  *count = driver().deviceCount;
  return driver().initialized ? Success : NotInitialized;
}

DRIVER_BODY(cuDeviceGet, (int *device, int ordinal), (device, ordinal)) {
  *device = ordinal;
  return ordinal >= 0 && ordinal < driver().deviceCount ? Success
                                                        : InvalidDevice;
}

DRIVER_BODY(cuDeviceGetName, (char *name, int size, int), (name, size, 0)) {
  snprintf(name, static_cast<size_t>(size), "Stand-in for a GPU");
  return Success;
}

DRIVER_BODY(cuDeviceTotalMem_v2, (size_t *bytes, int), (bytes, 0)) {
  *bytes = size_t(1) << 33;
  return Success;
}

DRIVER_BODY(cuDeviceGetAttribute, (int *value, int attribute, int device),
            (value, attribute, device)) {
  if (device < 0 || device >= driver().deviceCount)
    return InvalidDevice;
  switch (attribute) {
  case 16: // multiprocessors
    *value = 132;
    return Success;
  case 36: // memory clock, kHz
    *value = 2619000;
    return Success;
  case 37: // bits of its bus
    *value = 5120;
    return Success;
  case 38: // bytes of the second level cache
    *value = 1 << 20;
    return Success;
  case 75:
    *value = driver().capability / 10;
    return Success;
  case 76:
    *value = driver().capability % 10;
    return Success;
  default:
    return InvalidValue;
  }
}

//===----------------------------------------------------------------------===//
// Contexts
//===----------------------------------------------------------------------===//

DRIVER_BODY(cuDevicePrimaryCtxRetain, (void **context, int device),
            (context, device)) {
  if (device < 0 || device >= driver().deviceCount)
    return InvalidDevice;
  std::unique_ptr<Context> &primary = driver().primary[device];
  if (!primary) {
    primary = std::make_unique<Context>();
    primary->device = device;
    primary->id = driver().nextId++;
  }
  ++primary->held;
  *context = primary.get();
  return Success;
}

DRIVER_BODY(cuDevicePrimaryCtxRelease_v2, (int device), (device)) {
  std::unique_ptr<Context> &primary = driver().primary[device];
  if (!primary || primary->held == 0)
    return InvalidContext;
  --primary->held;
  return Success;
}

DRIVER_BODY(cuCtxCreate_v2, (void **context, unsigned, int device),
            (context, 0, device)) {
  if (device < 0 || device >= driver().deviceCount)
    return InvalidDevice;
  auto created = std::make_unique<Context>();
  created->device = device;
  created->id = driver().nextId++;
  *context = created.get();
  contextStack().push_back(created.get());
  driver().contexts.push_back(std::move(created));
  return Success;
}

DRIVER_BODY(cuCtxDestroy_v2, (void *context), (context)) {
  if (currentContext() == context)
    contextStack().pop_back();
  return erase(driver().contexts, context) ? Success : InvalidContext;
}

DRIVER_BODY(cuCtxGetCurrent, (void **context), (context)) {
  *context = currentContext();
  return Success;
}

DRIVER_BODY(cuCtxSetCurrent, (void *context), (context)) {
  if (!contextStack().empty())
    contextStack().pop_back();
  if (context)
    contextStack().push_back(static_cast<Context *>(context));
  return Success;
}

DRIVER_BODY(cuCtxGetDevice, (int *device), (device)) {
  if (!currentContext())
    return InvalidContext;
  *device = currentContext()->device;
  return Success;
}

DRIVER_BODY(cuCtxGetId, (void *context, unsigned long long *id),
            (context, id)) {
  *id = static_cast<Context *>(context)->id;
  return Success;
}

DRIVER_BODY(cuCtxPushCurrent_v2, (void *context), (context)) {
  bool known = check(driver().contexts, context) != nullptr;
  for (const auto &[device, primary] : driver().primary)
    known |= primary.get() == context && primary->held > 0;
  if (!known)
    return InvalidContext;
  contextStack().push_back(static_cast<Context *>(context));
  return Success;
}

DRIVER_BODY(cuCtxPopCurrent_v2, (void **context), (context)) {
  if (!currentContext())
    return InvalidContext;
  *context = currentContext();
  contextStack().pop_back();
  return Success;
}

DRIVER_BODY(cuCtxSynchronize, (void), ()) {
  return currentContext() ? currentContext()->failed : InvalidContext;
}

//===----------------------------------------------------------------------===//
// Memory
//===----------------------------------------------------------------------===//

DRIVER_BODY(cuMemAlloc_v2, (Address * address, size_t bytes),
            (address, bytes)) {
  if (!currentContext())
    return InvalidContext;
  if (bytes == 0)
    return InvalidValue;
  auto buffer = emulator::Buffer::create(
      "device memory #" + std::to_string(driver().nextId++), bytes);
  if (!buffer) {
    llvm::consumeError(buffer.takeError());
    return OutOfMemory;
  }
  *address = reinterpret_cast<Address>((*buffer)->getData());
  driver().memory[*address] = {std::move(*buffer), currentContext()->device};
  return Success;
}

DRIVER_BODY(cuMemFree_v2, (Address address), (address)) {
  return driver().memory.erase(address) == 1 ? Success : InvalidValue;
}

DRIVER_BODY(cuMemAllocAsync, (Address * address, size_t bytes, void *stream),
            (address, bytes, stream)) {
  if (int status = checkStream(stream))
    return status;
  return cuMemAlloc_v2_body(address, bytes);
}

DRIVER_BODY(cuMemFreeAsync, (Address address, void *stream),
            (address, stream)) {
  if (int status = checkStream(stream))
    return status;
  return cuMemFree_v2_body(address);
}

/// `bytes` of device memory at `address`, or null where they are not all there.
static Memory *reach(Address address, size_t bytes) {
  Memory *memory = driver().find(address);
  if (!memory)
    return nullptr;
  auto start = reinterpret_cast<Address>(memory->buffer->getData());
  return bytes <= memory->buffer->getSize() - (address - start) ? memory
                                                                : nullptr;
}

DRIVER_BODY(cuMemcpyHtoD_v2, (Address to, const void *from, size_t bytes),
            (to, from, bytes)) {
  Memory *memory = bytes ? reach(to, bytes) : nullptr;
  if (!memory)
    return bytes ? InvalidValue : Success;
  memcpy(reinterpret_cast<void *>(to), from, bytes);
  memory->buffer->setDefined();
  return Success;
}

DRIVER_BODY(cuMemcpyDtoH_v2, (void *to, Address from, size_t bytes),
            (to, from, bytes)) {
  if (bytes && !reach(from, bytes))
    return InvalidValue;
  memcpy(to, reinterpret_cast<const void *>(from), bytes);
  return currentContext() ? currentContext()->failed : InvalidContext;
}

DRIVER_BODY(cuMemcpyDtoDAsync_v2,
            (Address to, Address from, size_t bytes, void *stream),
            (to, from, bytes, stream)) {
  if (int status = checkStream(stream))
    return status;
  Memory *memory = bytes && reach(from, bytes) ? reach(to, bytes) : nullptr;
  if (!memory)
    return bytes ? InvalidValue : Success;
  memcpy(reinterpret_cast<void *>(to), reinterpret_cast<const void *>(from),
         bytes);
  memory->buffer->setDefined();
  return Success;
}

DRIVER_BODY(cuMemsetD8_v2, (Address to, unsigned char value, size_t bytes),
            (to, value, bytes)) {
  Memory *memory = reach(to, bytes);
  if (!memory)
    return InvalidValue;
  memset(reinterpret_cast<void *>(to), value, bytes);
  memory->buffer->setDefined();
  return Success;
}

DRIVER_BODY(cuMemsetD8Async,
            (Address to, unsigned char value, size_t bytes, void *stream),
            (to, value, bytes, stream)) {
  if (int status = checkStream(stream))
    return status;
  return cuMemsetD8_v2_body(to, value, bytes);
}

//===----------------------------------------------------------------------===//
// Streams and events
//===----------------------------------------------------------------------===//

DRIVER_BODY(cuStreamCreate, (void **stream, unsigned), (stream, 0)) {
  if (!currentContext())
    return InvalidContext;
  driver().streams.push_back(
      std::make_unique<Stream>(Stream{currentContext()}));
  *stream = driver().streams.back().get();
  return Success;
}

DRIVER_BODY(cuStreamDestroy_v2, (void *stream), (stream)) {
  return erase(driver().streams, stream) ? Success : InvalidHandle;
}

DRIVER_BODY(cuStreamSynchronize, (void *stream), (stream)) {
  return checkStream(stream);
}

DRIVER_BODY(cuEventCreate, (void **event, unsigned), (event, 0)) {
  if (!currentContext())
    return InvalidContext;
  driver().events.push_back(std::make_unique<Event>(Event{currentContext()}));
  *event = driver().events.back().get();
  return Success;
}

DRIVER_BODY(cuEventDestroy_v2, (void *event), (event)) {
  return erase(driver().events, event) ? Success : InvalidHandle;
}

DRIVER_BODY(cuEventRecord, (void *event, void *stream), (event, stream)) {
  Event *known = check(driver().events, event);
  if (!known)
    return InvalidHandle;
  if (int status = checkStream(stream))
    return status;
  known->time = std::chrono::duration<double, std::milli>(
                    std::chrono::steady_clock::now().time_since_epoch())
                    .count();
  return Success;
}

DRIVER_BODY(cuEventSynchronize, (void *event), (event)) {
  return check(driver().events, event) ? Success : InvalidHandle;
}

DRIVER_BODY(cuEventElapsedTime, (float *milliseconds, void *begin, void *end),
            (milliseconds, begin, end)) {
  Event *first = check(driver().events, begin);
  Event *last = check(driver().events, end);
  if (!first || !last || first->time < 0 || last->time < 0)
    return InvalidHandle;
  *milliseconds = static_cast<float>(last->time - first->time);
  return Success;
}

//===----------------------------------------------------------------------===//
// Modules and launches
//===----------------------------------------------------------------------===//

DRIVER_BODY(cuModuleLoadDataEx,
            (void **module, const void *image, unsigned count, int *options,
             void **values),
            (module, image, count, options, values)) {
  if (!currentContext())
    return InvalidContext;
  std::string message;
  Module *loaded = nullptr;
  int status =
      loadModule(driver(), static_cast<const char *>(image), &loaded, message);
  *module = loaded;
  // The error log, and its size.
  char *buffer = nullptr;
  size_t size = 0;
  for (unsigned i = 0; i < count; ++i)
    if (options[i] == 5)
      buffer = static_cast<char *>(values[i]);
    else if (options[i] == 6)
      size = reinterpret_cast<uintptr_t>(values[i]);
  if (buffer && size)
    snprintf(buffer, size, "%s", message.c_str());
  return status;
}

DRIVER_BODY(cuModuleUnload, (void *module), (module)) {
  std::vector<std::unique_ptr<Function>> &functions = driver().functions;
  for (size_t i = functions.size(); i-- > 0;)
    if (functions[i]->module == module)
      functions.erase(functions.begin() + static_cast<std::ptrdiff_t>(i));
  return erase(driver().modules, module) ? Success : InvalidHandle;
}

DRIVER_BODY(cuModuleGetFunction,
            (void **function, void *module, const char *name),
            (function, module, name)) {
  Module *known = check(driver().modules, module);
  if (!known)
    return InvalidHandle;
  auto kernel = known->kernels.find(name);
  if (kernel == known->kernels.end())
    return NotFound;
  auto found = std::make_unique<Function>();
  found->module = known;
  found->name = name;
  found->kernel = &kernel->second;
  *function = found.get();
  driver().functions.push_back(std::move(found));
  return Success;
}

DRIVER_BODY(cuFuncSetAttribute, (void *function, int attribute, int value),
            (function, attribute, value)) {
  Function *known = check(driver().functions, function);
  if (!known)
    return InvalidHandle;
  if (attribute == 8 && value >= 0 && value <= 227 * 1024)
    known->mostSharedBytes = static_cast<unsigned>(value);
  else if (attribute == 14)
    known->largeClusters = value != 0;
  else
    return InvalidValue;
  return Success;
}

DRIVER_BODY(cuLaunchKernel,
            (void *function, unsigned gridX, unsigned gridY, unsigned gridZ,
             unsigned blockX, unsigned blockY, unsigned blockZ,
             unsigned sharedBytes, void *stream, void **parameters,
             void **extra),
            (function, gridX, gridY, gridZ, blockX, blockY, blockZ, sharedBytes,
             stream, parameters, extra)) {
  Function *known = check(driver().functions, function);
  if (!known || extra)
    return known ? InvalidValue : InvalidHandle;
  if (int status = checkStream(stream))
    return status;
  std::ostringstream line;
  line << "launch " << known->module->chip << " " << known->name << " grid "
       << gridX << " block " << blockX << " shared " << sharedBytes
       << " stream "
       << (reinterpret_cast<uintptr_t>(stream) > 2 ? "own" : "default")
       << " device " << currentContext()->device;
  log(line.str());
  LaunchShape shape = {
      {gridX, gridY, gridZ}, {blockX, blockY, blockZ}, sharedBytes};
  return launchKernel(driver(), *known, shape, parameters);
}
// NOLINTEND(readability-identifier-naming,performance-no-int-to-ptr)
