/* A plan of everything that plans may have, launched by the runtime that
   softmaxc emits: two launches with a workspace between them, shared memory
   beyond 48 KiB, clusters of 16 blocks, a bound on rows, static and dynamic
   sizes. */
#define SOFTMAX_CUDA_IMPLEMENTATION
#include "CudaInterface.h"

#include "CudaDriver.h"

#include "CudaLauncher.h"

int cuInit(unsigned flags);
int cuDevicePrimaryCtxRetain(void **context, int device);
int cuCtxSetCurrent(void *context);
int cuMemAlloc_v2(uintptr_t *address, size_t bytes);
int cuMemcpyHtoD_v2(uintptr_t to, const void *from, size_t bytes);
int cuMemcpyDtoH_v2(void *to, uintptr_t from, size_t bytes);

/* Of code the stand-in reads this much. */
static const char ptx[] = ".version 8.0\n.target sm_90\n.address_size 64\n"
                          ".visible .entry first(\n.param .u64 .ptr .global "
                          ".align 1 a,\n.param .u64 b\n)\n.reqntid 1\n{\n}\n"
                          ".visible .entry second(.param .u64 a, .param .u64 "
                          "b, .param .f32 c)\n.maxntid 32, 1, 1\n{\n}\n"
                          ".visible .entry cluster(.param .u64 a, .param .b64 "
                          "b, .param .b64 c)\n.reqnctapercluster 16\n{\n}\n";
static const char names[] = "first\0second\0cluster";
static const int64_t plan[] = {
    1, 2,       /* one function, there */
    2,          /* sizes */
    1, 1, 0,    /* rows: size 0 */
    1, 1, 1,    /* columns: size 1 */
    3, 4, 4, 0, /* x, y, a */
    2,          /* alternatives */
    /* up to 99 columns and 3 rows: two launches, 4 bytes per 4 columns */
    33, 1, 99, 3, 4, 4, 2, 0, 1, 1, 1, 4, 1, 0, 2, /**/ 3, 0, 2, 0, 1, 1, 1, 1,
    0, 1, 65536, 3, /**/ 3, 0, 2, 1, 2, 2,
    /* from 100 columns on: a cluster of 16 blocks per row */
    21, 100, 0, 0, 0, 1, 1, 2, 1, 1, 16, 0, 16, 0, 3, /**/ 2, 1, 1, 1, 0, 16};

int main(void) {
  softmax_cuda_image image = {"sm_90", 90, 0, ptx, names, 3, plan};
  softmax_cuda_file file = {1, &image};
  softmax_cuda_error error;
  int status = 0, i;
  softmax_cuda *kernels = softmax_cuda_create(&file, &status, &error);
  float x[6] = {1, 2, 3, 4, 5, 6}, y[3], a = 0.5f;
  int64_t shapes[][2] = {{3, 8}, {3, 100}, {4, 8}, {0, 8}};
  void *context = NULL;
  uintptr_t in = 0, out = 0;
  cuInit(0);
  cuDevicePrimaryCtxRetain(&context, 0);
  cuCtxSetCurrent(context);
  cuMemAlloc_v2(&in, sizeof x);
  cuMemAlloc_v2(&out, sizeof y);
  cuMemcpyHtoD_v2(in, x, sizeof x);
  for (i = 0; i < 4; ++i) {
    const void *operands[] = {&in, &out, &a};
    status =
        softmax_cuda_launch(kernels, 0, -1, operands, shapes[i], NULL, &error);
    memset(y, 0, sizeof y);
    cuMemcpyDtoH_v2(y, out, sizeof y);
    printf("%d x %d: %d %s %g %g %g\n", (int)shapes[i][0], (int)shapes[i][1],
           status, error.text, y[0], y[1], y[2]);
  }
  softmax_cuda_release(kernels);
  return 0;
}
