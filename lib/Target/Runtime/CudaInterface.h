/* Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

   Launches the kernels of one file of softmaxc on NVIDIA GPUs, through the
   driver alone, which is found when the program runs.  C99 and C++17; needs
   POSIX threads and dlopen.  softmaxc writes this text into what
   --emit=launcher makes, and its object code into libraries. */
#ifndef SOFTMAX_CUDA_H
#define SOFTMAX_CUDA_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The kernels of one file.  They are loaded into a context when they are
   launched in it first.  May be used by several threads at once. */
typedef struct softmax_cuda softmax_cuda;

/* What went wrong and how to mend it, in one line; empty where nothing did. */
typedef struct softmax_cuda_error {
  char text[512];
} softmax_cuda_error;

/* Statuses of launches, those of kernels for CPUs where they mean the same. */
enum {
  SOFTMAX_CUDA_OK = 0,
  SOFTMAX_CUDA_NULL_ARGUMENT = 1,
  SOFTMAX_CUDA_WRONG_DEVICE = 2, /* no such device */
  SOFTMAX_CUDA_WRONG_SHAPE = 5,  /* a negative size, or too many rows */
  SOFTMAX_CUDA_MISALIGNED = 6,   /* an address that elements cannot have */
  SOFTMAX_CUDA_OUT_OF_MEMORY = 7,
  SOFTMAX_CUDA_NO_VERSION = 9, /* no kernel for this GPU, or this driver */
  SOFTMAX_CUDA_FAILED = 10     /* the driver is missing or refuses */
};

#ifdef __cplusplus
}
#endif
#endif /* SOFTMAX_CUDA_H */
