/* DLPack tensors over static memory, for the programs of this folder. */
#ifndef TENSORS_H
#define TENSORS_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { Int = 0, UInt = 1, Float = 2, Bool = 6 };

/* A tensor with room for its own shape and strides. */
typedef struct {
  DLTensor t;
  int64_t shape[4];
  int64_t strides[4];
} Tensor;

/* Row-major, with explicit strides. */
static inline void setTensor(Tensor *tensor, void *data, int code, int bits,
                             int rank, int64_t d0, int64_t d1) {
  memset(tensor, 0, sizeof *tensor);
  tensor->t.data = data;
  tensor->t.device.device_type = 1;
  tensor->t.ndim = rank;
  tensor->t.dtype.code = (uint8_t)code;
  tensor->t.dtype.bits = (uint8_t)bits;
  tensor->t.dtype.lanes = 1;
  tensor->shape[0] = d0;
  tensor->shape[1] = d1;
  tensor->strides[0] = rank == 2 ? d1 : 1;
  tensor->strides[1] = 1;
}

/* To be called after a tensor was copied or assigned. */
static inline DLTensor *use(Tensor *tensor) {
  if (tensor->t.shape != (int64_t *)-1)
    tensor->t.shape = tensor->shape;
  else
    tensor->t.shape = NULL;
  if (tensor->t.strides != (int64_t *)-1)
    tensor->t.strides = tensor->strides;
  else
    tensor->t.strides = NULL;
  return &tensor->t;
}
#define ABSENT ((int64_t *)-1)

static int failures;
#define CHECK(condition)                                                       \
  do {                                                                         \
    if (!(condition)) {                                                        \
      printf("%s:%d: not true: %s\n", __FILE__, __LINE__, #condition);         \
      ++failures;                                                              \
    }                                                                          \
  } while (0)
#define CHECK_EQ(actual, expected)                                             \
  do {                                                                         \
    long long actual_ = (long long)(actual),                                   \
              expected_ = (long long)(expected);                               \
    if (actual_ != expected_) {                                                \
      printf("%s:%d: %s is %lld, not %lld\n", __FILE__, __LINE__, #actual,     \
             actual_, expected_);                                              \
      ++failures;                                                              \
    }                                                                          \
  } while (0)

static inline int finish(void) {
  if (failures == 0)
    puts("passed");
  return failures != 0;
}

#endif
