/* Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

   NVIDIA's driver, as far as it is used.  Follows CudaInterface.h. */
#ifndef SOFTMAX_CUDA_DRIVER_H
#define SOFTMAX_CUDA_DRIVER_H

#include <dlfcn.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The functions of the driver that are used: what they are called, and their
   parameters.  The last ones need not be there. */
#define SOFTMAX_CUDA_FUNCTIONS(DO)                                             \
  DO(init, "cuInit", (unsigned))                                               \
  DO(error_name, "cuGetErrorName", (int, const char **))                       \
  DO(error_string, "cuGetErrorString", (int, const char **))                   \
  DO(device_count, "cuDeviceGetCount", (int *))                                \
  DO(device_get, "cuDeviceGet", (int *, int))                                  \
  DO(device_name, "cuDeviceGetName", (char *, int, int))                       \
  DO(device_attribute, "cuDeviceGetAttribute", (int *, int, int))              \
  DO(primary_retain, "cuDevicePrimaryCtxRetain", (void **, int))               \
  DO(primary_release, "cuDevicePrimaryCtxRelease_v2", (int))                   \
  DO(current, "cuCtxGetCurrent", (void **))                                    \
  DO(current_device, "cuCtxGetDevice", (int *))                                \
  DO(push, "cuCtxPushCurrent_v2", (void *))                                    \
  DO(pop, "cuCtxPopCurrent_v2", (void **))                                     \
  DO(load, "cuModuleLoadDataEx",                                               \
     (void **, const void *, unsigned, int *, void **))                        \
  DO(unload, "cuModuleUnload", (void *))                                       \
  DO(find, "cuModuleGetFunction", (void **, void *, const char *))             \
  DO(set_attribute, "cuFuncSetAttribute", (void *, int, int))                  \
  DO(launch, "cuLaunchKernel",                                                 \
     (void *, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned,      \
      unsigned, void *, void **, void **))                                     \
  DO(allocate, "cuMemAllocAsync", (unsigned long long *, size_t, void *))      \
  DO(release, "cuMemFreeAsync", (unsigned long long, void *))                  \
  DO(context_id, "cuCtxGetId", (void *, unsigned long long *))

typedef struct softmax_cuda_driver {
  void *library;
#define SOFTMAX_CUDA_DECLARE(name, symbol, parameters) int(*name) parameters;
  SOFTMAX_CUDA_FUNCTIONS(SOFTMAX_CUDA_DECLARE)
#undef SOFTMAX_CUDA_DECLARE
} softmax_cuda_driver;

#if defined(__GNUC__)
__attribute__((format(printf, 3, 4)))
#endif
static int softmax_cuda_fail(softmax_cuda_error *error, int status,
                             const char *format, ...) {
  if (error) {
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->text, sizeof error->text, format, arguments);
    va_end(arguments);
  }
  return status;
}

/* Fails because the driver returned `code`: "<what>: CUDA_ERROR_...". */
static int softmax_cuda_driver_fail(const softmax_cuda_driver *driver,
                                    softmax_cuda_error *error, const char *what,
                                    int code, const char *remedy) {
  const char *name = NULL, *text = NULL;
  if (driver->error_name(code, &name) || !name)
    name = "an unknown error";
  if (driver->error_string(code, &text) || !text)
    text = "the driver does not say more";
  return softmax_cuda_fail(
      error, code == 2 ? SOFTMAX_CUDA_OUT_OF_MEMORY : SOFTMAX_CUDA_FAILED,
      "%s: %s (%d, %s)%s%s", what, name, code, text, *remedy ? "; " : "",
      remedy);
}

static int softmax_cuda_open(softmax_cuda_driver *driver,
                             softmax_cuda_error *error) {
  const char *path = getenv("SOFTMAX_CUDA_DRIVER");
  int code, count = 0;
  if (!path || !*path)
    path = "libcuda.so.1";
  driver->library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!driver->library) {
    const char *why = dlerror();
    return softmax_cuda_fail(
        error, SOFTMAX_CUDA_FAILED,
        "NVIDIA's driver is missing (%s); install it, or set "
        "SOFTMAX_CUDA_DRIVER to the path of its libcuda.so.1",
        why ? why : path);
  }
#define SOFTMAX_CUDA_FIND(name, symbol, parameters)                            \
  {                                                                            \
    void *address = dlsym(driver->library, symbol);                            \
    memcpy(&driver->name, &address, sizeof address);                           \
    if (!address && strncmp(symbol, "cuMem", 5) != 0 &&                        \
        strcmp(symbol, "cuCtxGetId") != 0)                                     \
      return softmax_cuda_fail(error, SOFTMAX_CUDA_FAILED,                     \
                               "NVIDIA's driver %s has no " symbol             \
                               "; update it to one for CUDA 11 or later",      \
                               path);                                          \
  }
  SOFTMAX_CUDA_FUNCTIONS(SOFTMAX_CUDA_FIND)
#undef SOFTMAX_CUDA_FIND
  code = driver->init(0);
  if (!code)
    code = driver->device_count(&count);
  if (code == 100 || (!code && count == 0))
    return softmax_cuda_fail(
        error, SOFTMAX_CUDA_WRONG_DEVICE,
        "NVIDIA's driver finds no GPU; see nvidia-smi, and whether "
        "CUDA_VISIBLE_DEVICES hides it");
  if (code)
    return softmax_cuda_driver_fail(driver, error,
                                    "NVIDIA's driver does not start", code,
                                    "see nvidia-smi");
  return SOFTMAX_CUDA_OK;
}

#endif /* SOFTMAX_CUDA_DRIVER_H */
