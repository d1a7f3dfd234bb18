/* The launcher in several contexts and threads, and with arguments that are
 * wrong. */
#include "softmax.cuda.h"

#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

int cuInit(unsigned flags);
int cuDevicePrimaryCtxRetain(void **context, int device);
int cuCtxSetCurrent(void *context);
int cuCtxGetCurrent(void **context);
int cuCtxCreate_v2(void **context, unsigned flags, int device);
int cuCtxDestroy_v2(void *context);
int cuMemAlloc_v2(uintptr_t *address, size_t bytes);
int cuMemFree_v2(uintptr_t address);
int cuMemcpyHtoD_v2(uintptr_t to, const void *from, size_t bytes);
int cuMemcpyDtoH_v2(void *to, uintptr_t from, size_t bytes);
int cuStreamCreate(void **stream, unsigned flags);

enum { ROWS = 5, COLUMNS = 100 };
static softmax_cuda *kernels;

/* Runs in `context` (0: in none, with memory of the first device); returns the
   status, or 100 where a result is wrong, or 101 where another context is
   current afterwards. */
static int check(void *context, void *memory) {
  float x[ROWS][COLUMNS], y[ROWS][COLUMNS], lse[ROWS], scale = 0.5f;
  uintptr_t in = 0, out = 0, out_lse = 0;
  softmax_cuda_error error;
  void *after = NULL;
  int status, i, j;
  cuCtxSetCurrent(memory);
  for (i = 0; i < ROWS; ++i)
    for (j = 0; j < COLUMNS; ++j)
      x[i][j] = (float)((i * 37 + j * 11) % 23);
  x[2][7] = 1e30f;
  if (cuMemAlloc_v2(&in, sizeof x) || cuMemAlloc_v2(&out, sizeof y) ||
      cuMemAlloc_v2(&out_lse, sizeof lse) || cuMemcpyHtoD_v2(in, x, sizeof x))
    return 99;
  cuCtxSetCurrent(context);
  status = softmax_cuda_run(kernels, (void *)in, scale, (void *)out,
                            (void *)out_lse, ROWS, NULL, &error);
  if (status)
    puts(error.text);
  cuCtxGetCurrent(&after);
  if (after != context)
    status = 101;
  cuCtxSetCurrent(memory);
  cuMemcpyDtoH_v2(y, out, sizeof y);
  cuMemcpyDtoH_v2(lse, out_lse, sizeof lse);
  for (i = 0; i < ROWS && !status; ++i) {
    double sum = 0, max = 0;
    for (j = 0; j < COLUMNS; ++j)
      max = x[i][j] * 0.5 > max ? x[i][j] * 0.5 : max;
    for (j = 0; j < COLUMNS; ++j)
      sum += exp(x[i][j] * 0.5 - max);
    for (j = 0; j < COLUMNS; ++j)
      if (!(fabs(y[i][j] - exp(x[i][j] * 0.5 - max) / sum) <= 1e-6))
        status = 100;
    if (!(fabs(lse[i] - (max + log(sum))) <= 1e-6 * fabs(lse[i])))
      status = 100;
  }
  cuMemFree_v2(in);
  cuMemFree_v2(out);
  cuMemFree_v2(out_lse);
  return status;
}

static void *inThread(void *context) {
  intptr_t status = 0;
  int i;
  for (i = 0; i < 5 && !status; ++i)
    status = check(context, context);
  return (void *)status;
}

int main(void) {
  void *first = NULL, *second = NULL, *other = NULL, *stream = NULL, *result;
  uintptr_t x = 0, y = 0, lse = 0;
  softmax_cuda_error error;
  pthread_t threads[4];
  int i, status;
  kernels = softmax_cuda_load(&error);
  if (!kernels) {
    puts(error.text);
    return 1;
  }
  cuInit(0);
  cuDevicePrimaryCtxRetain(&first, 0);
  cuDevicePrimaryCtxRetain(&second, 1);
  printf("no context: %d\n", check(NULL, first));
  printf("device 1: %d\n", check(second, second));
  cuCtxCreate_v2(&other, 0, 0);
  printf("another context: %d\n", check(other, other));
  cuCtxDestroy_v2(other);
  cuCtxCreate_v2(&other, 0, 0);
  printf("a new context in place of one that is gone: %d\n",
         check(other, other));
  for (i = 0, status = 0; i < 4; ++i)
    pthread_create(&threads[i], NULL, inThread, i % 2 ? first : second);
  for (i = 0; i < 4; ++i) {
    pthread_join(threads[i], &result);
    status |= (int)(intptr_t)result;
  }
  printf("four threads: %d\n", status);

#define RUN(what, kernels, x, y, lse, rows, stream)                            \
  status = softmax_cuda_run(kernels, (void *)(x), 1.0f, (void *)(y),           \
                            (void *)(lse), rows, stream, &error);              \
  printf("%s: %d %s\n", what, status, error.text)
  cuCtxSetCurrent(other);
  cuStreamCreate(&stream, 0);
  cuCtxSetCurrent(first);
  cuMemAlloc_v2(&x, 4 * ROWS * COLUMNS);
  cuMemAlloc_v2(&y, 4 * ROWS * COLUMNS);
  cuMemAlloc_v2(&lse, 4 * ROWS);
  RUN("no rows", kernels, 0, 0, 0, 0, NULL);
  RUN("no kernels", NULL, x, y, lse, ROWS, NULL);
  RUN("null", kernels, 0, y, lse, ROWS, NULL);
  RUN("misaligned", kernels, x + 2, y, lse, ROWS, NULL);
  RUN("negative", kernels, x, y, lse, -1, NULL);
  RUN("too many", kernels, x, y, lse, (int64_t)1 << 40, NULL);
  RUN("another stream's context", kernels, x, y, lse, ROWS, stream);
  RUN("memory that ends too early", kernels, x, y, lse, 3 * ROWS, NULL);
  softmax_cuda_free(kernels);
  softmax_cuda_free(NULL);
  return 0;
}
