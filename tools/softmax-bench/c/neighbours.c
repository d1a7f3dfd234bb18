/* Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
 *
 * Who works on the data right before and right after a softmax: a producer that
 * has just written the logits, a consumer that reads the probabilities at once.
 * Ordinary loops with ordinary loads and stores; a unit is an element.
 */
#include <stdint.h>

struct produced {
  float *x;
  float scale,
      bias; /* 1 and 0: the numbers stay, but the compiler cannot know */
};

void neighbour_produce_f32(const struct produced *p, int64_t begin, int64_t end,
                           int64_t thread) {
  (void)thread;
  float *restrict x = p->x;
  float scale = p->scale, bias = p->bias;
  for (int64_t i = begin; i < end; ++i)
    x[i] = x[i] * scale + bias;
}

/* Adds up what is left and right of a threshold, like a sampler or a loss. */
void neighbour_consume_f32(const float *y, int64_t begin, int64_t end,
                           int64_t thread) {
  (void)thread;
  float sum = 0, most = 0;
  for (int64_t i = begin; i < end; ++i) {
    sum += y[i];
    most = y[i] > most ? y[i] : most;
  }
  __asm__ volatile("" : : "x"(sum), "x"(most));
}
