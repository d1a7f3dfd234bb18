// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Softmax as a course on CUDA writes it, for comparison: a block of threads per
// row, neighbouring threads on neighbouring elements, one sweep each for the
// maximum, the sum and the results, and a tree in shared memory.  Elements are
// float.
#include <math.h>

constexpr int kThreads = 256;

__device__ float reduce(float value, bool maximum, float *partial) {
  int thread = threadIdx.x;
  partial[thread] = value;
  __syncthreads();
  for (int distance = kThreads / 2; distance > 0; distance /= 2) {
    if (thread < distance) {
      float other = partial[thread + distance];
      partial[thread] = maximum ? fmaxf(partial[thread], other)
                                : partial[thread] + other;
    }
    __syncthreads();
  }
  float result = partial[0];
  __syncthreads();
  return result;
}

extern "C" __global__ void textbook_softmax(const float *logits,
                                            float *probabilities, int columns) {
  __shared__ float partial[kThreads];
  const float *row = logits + (long long)blockIdx.x * columns;
  float *out = probabilities + (long long)blockIdx.x * columns;
  float largest = -INFINITY;
  for (int i = threadIdx.x; i < columns; i += kThreads)
    largest = fmaxf(largest, row[i]);
  largest = reduce(largest, true, partial);
  float sum = 0;
  for (int i = threadIdx.x; i < columns; i += kThreads)
    sum += expf(row[i] - largest);
  sum = reduce(sum, false, partial);
  for (int i = threadIdx.x; i < columns; i += kThreads)
    out[i] = expf(row[i] - largest) / sum;
}
