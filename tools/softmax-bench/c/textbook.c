/* Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
 *
 * Softmax as a textbook writes it, for the compiler that we compare
 * with.  Built when the benchmark runs, with
 *   -DELEMENT=32|64|16|116   f32, f64, f16, bf16
 *   -DNEST=0|1|2             which loop nest
 * Each function is alone in its library, so that the library's imports say
 * whether this very loop calls a vectorized exponential.
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if ELEMENT == 64
typedef double element;
typedef double compute;
#define EXP exp
#else
typedef float compute;
#define EXP expf
#endif

#if ELEMENT == 32
typedef float element;
#elif ELEMENT == 16
typedef _Float16 element;
#endif

#if ELEMENT == 116
typedef uint16_t element;
static inline compute load(element bits) {
  uint32_t wide = (uint32_t)bits << 16;
  float value;
  memcpy(&value, &wide, sizeof value);
  return value;
}
/* Round to nearest even; results of softmax are no NaN here. */
static inline element narrow(compute value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return (element)((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}
#else
static inline compute load(element value) { return (compute)value; }
static inline element narrow(compute value) { return (element)value; }
#endif

/* The tensor has outer x length x inner elements; softmax runs over the middle.
 */
struct textbook {
  const element *x;
  element *y;
  int64_t outer, length, inner;
};

#if NEST == 0
/* The inner size is 1; a unit is a row. */
void softmax_textbook(const struct textbook *t, int64_t begin, int64_t end,
                      int64_t thread) {
  (void)thread;
  int64_t columns = t->length;
  for (int64_t r = begin; r < end; ++r) {
    const element *restrict in = t->x + r * columns;
    element *restrict out = t->y + r * columns;
    compute max = load(in[0]);
    for (int64_t c = 1; c < columns; ++c) {
      compute value = load(in[c]);
      max = value > max ? value : max;
    }
#if ELEMENT == 32 || ELEMENT == 64
    compute sum = 0;
    for (int64_t c = 0; c < columns; ++c) {
      compute e = EXP(in[c] - max);
      out[c] = e;
      sum += e;
    }
    for (int64_t c = 0; c < columns; ++c)
      out[c] /= sum;
#else
    /* A narrow output cannot hold the exponentials on their way. */
    compute sum = 0;
    for (int64_t c = 0; c < columns; ++c)
      sum += EXP(load(in[c]) - max);
    for (int64_t c = 0; c < columns; ++c)
      out[c] = narrow(EXP(load(in[c]) - max) / sum);
#endif
  }
}
#elif NEST == 1
/* One column after the other; a unit is a column. */
void softmax_textbook(const struct textbook *t, int64_t begin, int64_t end,
                      int64_t thread) {
  (void)thread;
  int64_t rows = t->length, stride = t->inner;
  for (int64_t column = begin; column < end; ++column) {
    int64_t first = column / stride * rows * stride + column % stride;
    const element *restrict x = t->x + first;
    element *restrict y = t->y + first;
    compute max = load(x[0]);
    for (int64_t r = 1; r < rows; ++r) {
      compute value = load(x[r * stride]);
      max = value > max ? value : max;
    }
    compute sum = 0;
    for (int64_t r = 0; r < rows; ++r)
      sum += EXP(load(x[r * stride]) - max);
    for (int64_t r = 0; r < rows; ++r)
      y[r * stride] = narrow(EXP(load(x[r * stride]) - max) / sum);
  }
}
#else
/* `columns` neighbouring columns with the loops interchanged by hand: what a
 * reader of cache lines writes, at the price of two buffers. */
static void interchanged(const element *restrict x, element *restrict y,
                         int64_t rows, int64_t stride, int64_t columns,
                         compute *restrict max, compute *restrict sum) {
  for (int64_t c = 0; c < columns; ++c) {
    max[c] = load(x[c]);
    sum[c] = 0;
  }
  for (int64_t r = 1; r < rows; ++r)
    for (int64_t c = 0; c < columns; ++c) {
      compute value = load(x[r * stride + c]);
      max[c] = value > max[c] ? value : max[c];
    }
#if ELEMENT == 32 || ELEMENT == 64
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t c = 0; c < columns; ++c) {
      compute e = EXP(x[r * stride + c] - max[c]);
      y[r * stride + c] = e;
      sum[c] += e;
    }
  for (int64_t c = 0; c < columns; ++c)
    sum[c] = 1 / sum[c];
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t c = 0; c < columns; ++c)
      y[r * stride + c] *= sum[c];
#else
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t c = 0; c < columns; ++c)
      sum[c] += EXP(load(x[r * stride + c]) - max[c]);
  for (int64_t c = 0; c < columns; ++c)
    sum[c] = 1 / sum[c];
  for (int64_t r = 0; r < rows; ++r)
    for (int64_t c = 0; c < columns; ++c)
      y[r * stride + c] =
          narrow(EXP(load(x[r * stride + c]) - max[c]) * sum[c]);
#endif
}

/* A unit is a column. */
void softmax_textbook(const struct textbook *t, int64_t begin, int64_t end,
                      int64_t thread) {
  (void)thread;
  int64_t stride = t->inner, slice = t->length * stride;
  compute *max = malloc(2 * stride * sizeof(compute));
  if (!max)
    abort();
  while (begin < end) {
    int64_t outer = begin / stride, column = begin % stride;
    int64_t columns =
        end - begin < stride - column ? end - begin : stride - column;
    int64_t first = outer * slice + column;
    interchanged(t->x + first, t->y + first, t->length, stride, columns, max,
                 max + stride);
    begin += columns;
  }
  free(max);
}
#endif
