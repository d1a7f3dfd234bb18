/* Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

   The launcher as object code, which softmaxc links into shared libraries. */
#define SOFTMAX_CUDA_LOCAL __attribute__((visibility("hidden")))
#include "CudaInterface.h"

#include "CudaDriver.h"

#include "CudaLauncher.h"

/* The kernels of `file`, loaded when they are launched first and never
   released: a host may still launch while it exits.  For callers that hold no
   handle; `slot` holds it for them. */
__attribute__((visibility("hidden"))) int
softmax_cuda_launch_shared(softmax_cuda **slot, const softmax_cuda_file *file,
                           int function, int device,
                           const void *const *operands, const int64_t *sizes,
                           void *stream, softmax_cuda_error *error) {
  static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  softmax_cuda *kernels;
  int status = SOFTMAX_CUDA_OK;
  pthread_mutex_lock(&mutex);
  if (!*slot)
    *slot = softmax_cuda_create(file, &status, error);
  kernels = *slot;
  pthread_mutex_unlock(&mutex);
  if (!kernels)
    return status;
  return softmax_cuda_launch(kernels, function, device, operands, sizes, stream,
                             error);
}

/* Leaves `message` in `error`, which may be null. */
__attribute__((visibility("hidden"))) void
softmax_cuda_report(softmax_cuda_error *error, const char *message) {
  softmax_cuda_fail(error, 0, "%s", message);
}
