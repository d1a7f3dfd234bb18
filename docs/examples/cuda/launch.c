/* Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

   Softmax of random rows on the first GPU, compared with double precision.

     softmaxc --op=softmax --target=nvptx:sm_80 --emit=launcher -o ./
     cc launch.c -o launch -l:libcuda.so.1 -lm
     ./launch 1000 5000

   Nothing of the CUDA toolkit is needed. */
#define SOFTMAX_CUDA_IMPLEMENTATION
#include "softmax.cuda.h"

#include <math.h>

/* Of cuda.h, which is not needed. */
#ifdef __cplusplus
extern "C" {
#endif
int cuInit(unsigned flags);
int cuDevicePrimaryCtxRetain(void **context, int device);
int cuCtxSetCurrent(void *context);
int cuCtxSynchronize(void);
int cuMemAlloc_v2(uintptr_t *address, size_t bytes);
int cuMemFree_v2(uintptr_t address);
int cuMemcpyHtoD_v2(uintptr_t to, const void *from, size_t bytes);
int cuMemcpyDtoH_v2(void *to, uintptr_t from, size_t bytes);
#ifdef __cplusplus
}
#endif

static int run(const float *logits, float *probabilities, int64_t rows,
               int64_t columns) {
  size_t bytes = (size_t)(rows * columns) * sizeof(float);
  uintptr_t in = 0, out = 0;
  void *context = NULL;
  int status = 1;
  if (cuInit(0) || cuDevicePrimaryCtxRetain(&context, 0) ||
      cuCtxSetCurrent(context) || cuMemAlloc_v2(&in, bytes) ||
      cuMemAlloc_v2(&out, bytes) || cuMemcpyHtoD_v2(in, logits, bytes))
    return 1;
  /* The five lines. */
  softmax_cuda_error error;
  softmax_cuda *kernels = softmax_cuda_load(&error);
  if (!kernels || softmax_cuda_run(kernels, (void *)in, (void *)out, rows,
                                   columns, /*stream=*/NULL, &error))
    fprintf(stderr, "%s\n", error.text);
  else
    status = cuCtxSynchronize() || cuMemcpyDtoH_v2(probabilities, out, bytes);
  softmax_cuda_free(kernels);
  cuMemFree_v2(in);
  cuMemFree_v2(out);
  return status;
}

int main(int argc, char **argv) {
  int64_t rows = argc > 2 ? atoll(argv[1]) : 7;
  int64_t columns = argc > 2 ? atoll(argv[2]) : 1000, i, j;
  size_t count = (size_t)(rows * columns);
  float *logits = (float *)malloc(count * sizeof(float) + 1);
  float *probabilities = (float *)malloc(count * sizeof(float) + 1);
  double worst = 0;
  if (!logits || !probabilities)
    return 1;
  for (i = 0; i < rows * columns; ++i)
    logits[i] = (float)(20.0 * rand() / RAND_MAX - 10);
  if (run(logits, probabilities, rows, columns))
    return 1;
  for (i = 0; i < rows; ++i) {
    const float *row = logits + i * columns;
    double sum = 0;
    for (j = 0; j < columns; ++j)
      sum += exp((double)row[j]);
    for (j = 0; j < columns; ++j) {
      double exact = exp((double)row[j]) / sum;
      double off = fabs(probabilities[i * columns + j] - exact) / exact;
      worst = off > worst ? off : worst;
    }
  }
  printf("%lld x %lld: %s\n", (long long)rows, (long long)columns,
         worst < 5e-7 ? "correct" : "wrong");
  free(logits);
  free(probabilities);
  return worst < 5e-7 ? 0 : 1;
}
