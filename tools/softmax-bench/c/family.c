/* Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
 *
 * What the kernels of the family are compared with beside softmax itself: two
 * buffers read and one written, rows filled up with zeros, and quantization in
 * loops of its own.
 */
#include <stdint.h>
#include <string.h>
#ifdef __x86_64__
#include <immintrin.h>
#endif

struct triad {
  const float *a, *b;
  float *to;
};

/* to = a + b, bytes from `begin` to `end`, both multiples of 4. */
void limit_triad(const struct triad *t, int64_t begin, int64_t end,
                 int64_t thread) {
  (void)thread;
  const float *restrict a = t->a, *restrict b = t->b;
  float *restrict to = t->to;
  for (int64_t i = begin / 4; i < end / 4; ++i)
    to[i] = a[i] + b[i];
}

#ifdef __x86_64__
#ifdef __AVX512F__
#define WIDTH 16
#define LOAD(p) _mm512_loadu_ps(p)
#define ADD _mm512_add_ps
#define STREAM _mm512_stream_ps
#elif defined(__AVX__)
#define WIDTH 8
#define LOAD(p) _mm256_loadu_ps(p)
#define ADD _mm256_add_ps
#define STREAM _mm256_stream_ps
#else
#define WIDTH 4
#define LOAD(p) _mm_loadu_ps(p)
#define ADD _mm_add_ps
#define STREAM _mm_stream_ps
#endif

/* With non-temporal stores in blocks of BLOCK elements, AHEAD elements
 * prefetched where that is not 0.  The destination is aligned to a page. */
#define TRIAD(name, BLOCK, AHEAD)                                              \
  void limit_triad_##name(const struct triad *t, int64_t begin, int64_t end,   \
                          int64_t thread) {                                    \
    (void)thread;                                                              \
    int64_t i = begin / 4;                                                     \
    for (; i + BLOCK <= end / 4; i += BLOCK) {                                 \
      if (AHEAD)                                                               \
        for (int64_t j = 0; j < BLOCK; j += 16) {                              \
          _mm_prefetch((const char *)(t->a + i + j + AHEAD), _MM_HINT_T0);     \
          _mm_prefetch((const char *)(t->b + i + j + AHEAD), _MM_HINT_T0);     \
        }                                                                      \
      _Pragma("GCC unroll 16") for (int64_t j = 0; j < BLOCK; j += WIDTH)      \
          STREAM(t->to + i + j, ADD(LOAD(t->a + i + j), LOAD(t->b + i + j)));  \
    }                                                                          \
    _mm_sfence();                                                              \
    for (; i < end / 4; ++i)                                                   \
      t->to[i] = t->a[i] + t->b[i];                                            \
  }
TRIAD(stream, 64, 0)
TRIAD(stream_ahead, 64, 512)
TRIAD(stream_far, 256, 2048)
#endif

struct rest {
  float *y;
  const int64_t *lengths;
  int64_t columns;
};

/* Zeros from the length of a row to its end; a unit is a row. */
void family_fill_rest(const struct rest *r, int64_t begin, int64_t end,
                      int64_t thread) {
  (void)thread;
  for (int64_t i = begin; i < end; ++i)
    memset(r->y + i * r->columns + r->lengths[i], 0,
           (r->columns - r->lengths[i]) * sizeof(float));
}

struct quantization {
  int8_t *q;
  float *x, *p;
  uint8_t *u;
  float step;
  int32_t zero;
};

/* x = (q - zero) * step; a unit is an element. */
void family_dequantize(const struct quantization *s, int64_t begin, int64_t end,
                       int64_t thread) {
  (void)thread;
  const int8_t *restrict q = s->q;
  float *restrict x = s->x;
  float step = s->step;
  int32_t zero = s->zero;
  for (int64_t i = begin; i < end; ++i)
    x[i] = (float)(q[i] - zero) * step;
}

/* u = round(255 p), to nearest even: 2^23 has no room for a fraction. */
void family_quantize(const struct quantization *s, int64_t begin, int64_t end,
                     int64_t thread) {
  (void)thread;
  const float *restrict p = s->p;
  uint8_t *restrict u = s->u;
  for (int64_t i = begin; i < end; ++i) {
    float shifted = p[i] * 255.0f + 8388608.0f;
    uint32_t bits;
    memcpy(&bits, &shifted, sizeof bits);
    u[i] = (uint8_t)bits;
  }
}
