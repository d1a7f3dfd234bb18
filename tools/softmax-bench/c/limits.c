/* Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
 *
 * What the machine can do at best: copy a buffer, read it, form exponentials.
 * Built when the benchmark starts, with several sets of flags; the fastest
 * counts.
 *
 * Each function does a part of the work, the bytes from `begin` to `end`
 * (multiples of 4096 but for the last), or `end - begin` rounds over a block
 * that is the thread's own: pool.c runs the parts side by side.
 */
#include <math.h>
#include <stdint.h>
#include <string.h>
#ifdef __x86_64__
#include <immintrin.h>
#endif

struct copy {
  const char *from;
  char *to;
};

void limit_copy_memcpy(const struct copy *c, int64_t begin, int64_t end,
                       int64_t thread) {
  (void)thread;
  memcpy(c->to + begin, c->from + begin, end - begin);
}

#ifdef __x86_64__
void limit_copy_movsb(const struct copy *c, int64_t begin, int64_t end,
                      int64_t thread) {
  (void)thread;
  const char *from = c->from + begin;
  char *to = c->to + begin;
  int64_t bytes = end - begin;
  __asm__ volatile("rep movsb"
                   : "+S"(from), "+D"(to), "+c"(bytes)
                   :
                   : "memory");
}

#ifdef __AVX512F__
#define WIDTH 64
#define LOAD(p) __m512i v = _mm512_loadu_si512(p)
#define STREAM(p) _mm512_stream_si512((void *)(p), v)
#elif defined(__AVX__)
#define WIDTH 32
#define LOAD(p) __m256i v = _mm256_loadu_si256((const __m256i *)(p))
#define STREAM(p) _mm256_stream_si256((__m256i *)(p), v)
#else
#define WIDTH 16
#define LOAD(p) __m128i v = _mm_loadu_si128((const __m128i *)(p))
#define STREAM(p) _mm_stream_si128((__m128i *)(p), v)
#endif

/* Non-temporal stores in blocks of BLOCK bytes, with AHEAD bytes prefetched
 * where that is not 0.  The destination is aligned to a page. */
#define STREAMED(name, BLOCK, AHEAD)                                           \
  void limit_copy_##name(const struct copy *c, int64_t begin, int64_t end,     \
                         int64_t thread) {                                     \
    (void)thread;                                                              \
    const char *from = c->from;                                                \
    char *to = c->to;                                                          \
    int64_t i = begin;                                                         \
    for (; i + BLOCK <= end; i += BLOCK) {                                     \
      if (AHEAD)                                                               \
        for (int64_t j = 0; j < BLOCK; j += 64)                                \
          _mm_prefetch(from + i + j + AHEAD, _MM_HINT_T0);                     \
      _Pragma("GCC unroll 16") for (int64_t j = 0; j < BLOCK; j += WIDTH) {    \
        LOAD(from + i + j);                                                    \
        STREAM(to + i + j);                                                    \
      }                                                                        \
    }                                                                          \
    _mm_sfence();                                                              \
    memcpy(to + i, from + i, end - i);                                         \
  }
STREAMED(stream, 256, 0)
STREAMED(stream_ahead, 256, 2048)
STREAMED(stream_far, 1024, 8192)
#endif

/* Reads everything and keeps the largest bits, like the first pass of a
 * softmax; with AHEAD bytes prefetched where that is not 0. */
#define READ(name, AHEAD)                                                      \
  void limit_##name(const struct copy *c, int64_t begin, int64_t end,          \
                    int64_t thread) {                                          \
    (void)thread;                                                              \
    const char *from = c->from;                                                \
    int32_t max[128] = {0};                                                    \
    int64_t i = begin;                                                         \
    for (; i + 512 <= end; i += 512) {                                         \
      const int32_t *block = (const int32_t *)(from + i);                      \
      if (AHEAD)                                                               \
        for (int64_t j = 0; j < 512; j += 64)                                  \
          __builtin_prefetch(from + i + j + AHEAD);                            \
      for (int64_t j = 0; j < 128; ++j)                                        \
        max[j] = block[j] > max[j] ? block[j] : max[j];                        \
    }                                                                          \
    for (; i < end; ++i)                                                       \
      max[0] = from[i] > max[0] ? from[i] : max[0];                            \
    __asm__ volatile("" : : "r"(max) : "memory");                              \
  }
READ(read, 0)
READ(read_ahead, 2048)
READ(read_far, 8192)

/* `elements` of x and y for each thread, one block after the other. */
struct exponentials {
  const void *x;
  void *y;
  int64_t elements;
};

/* 2^n * 2^f with |f| <= 1/2 and a polynomial of degree 5 for 2^f: Taylor's,
 * good to 3.3e-6 relative, which is enough for a limit.  For arguments whose
 * exponential is normal. */
void limit_exp_core(const struct exponentials *e, int64_t begin, int64_t end,
                    int64_t thread) {
  const float *restrict x = (const float *)e->x + thread * e->elements;
  float *restrict y = (float *)e->y + thread * e->elements;
  int64_t n = e->elements;
  for (int64_t round = begin; round < end; ++round)
    for (int64_t i = 0; i < n; ++i) {
      float t = x[i] * 1.44269504f;
      float whole = rintf(t);
      float f = t - whole;
      float p = 1.33335581e-3f;
      p = p * f + 9.61812911e-3f;
      p = p * f + 5.55041087e-2f;
      p = p * f + 2.40226507e-1f;
      p = p * f + 6.93147181e-1f;
      p = p * f + 1.0f;
      int32_t bits;
      memcpy(&bits, &p, sizeof bits);
      bits += (int32_t)whole * (1 << 23);
      memcpy(&p, &bits, sizeof p);
      y[i] = p;
    }
}

#ifdef __AVX512F__
/* The same with the exponent put in by AVX-512's own instruction. */
void limit_exp_scalef(const struct exponentials *e, int64_t begin, int64_t end,
                      int64_t thread) {
  const float *restrict x = (const float *)e->x + thread * e->elements;
  float *restrict y = (float *)e->y + thread * e->elements;
  int64_t n = e->elements; /* a multiple of 64 */
  for (int64_t round = begin; round < end; ++round)
    for (int64_t i = 0; i < n; i += 64)
#pragma GCC unroll 4
      for (int64_t j = 0; j < 64; j += 16) {
        __m512 t = _mm512_mul_ps(_mm512_loadu_ps(x + i + j),
                                 _mm512_set1_ps(1.44269504f));
        __m512 whole = _mm512_roundscale_ps(t, 8);
        __m512 f = _mm512_sub_ps(t, whole);
        __m512 p = _mm512_set1_ps(1.33335581e-3f);
        p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(9.61812911e-3f));
        p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(5.55041087e-2f));
        p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(2.40226507e-1f));
        p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(6.93147181e-1f));
        p = _mm512_fmadd_ps(p, f, _mm512_set1_ps(1.0f));
        _mm512_storeu_ps(y + i + j, _mm512_scalef_ps(p, whole));
      }
}
#endif

/* f64 in the same way: degree 11, good to 6e-15. */
void limit_exp_core_f64(const struct exponentials *e, int64_t begin,
                        int64_t end, int64_t thread) {
  const double *restrict x = (const double *)e->x + thread * e->elements;
  double *restrict y = (double *)e->y + thread * e->elements;
  static const double c[] = {
      4.44553827187081e-10, 7.05491162080112e-09, 1.01780860092397e-07,
      1.32154867901443e-06, 1.52527338040598e-05, 1.54035303933816e-04,
      1.33335581464284e-03, 9.61812910762848e-03, 5.55041086648216e-02,
      2.40226506959101e-01, 6.93147180559945e-01, 1.0};
  int64_t n = e->elements;
  for (int64_t round = begin; round < end; ++round)
    for (int64_t i = 0; i < n; ++i) {
      double t = x[i] * 1.4426950408889634;
      double whole = rint(t);
      double f = t - whole;
      double p = c[0];
#pragma GCC unroll 11
      for (int k = 1; k < 12; ++k)
        p = p * f + c[k];
      int64_t bits;
      memcpy(&bits, &p, sizeof bits);
      bits += (int64_t)whole * ((int64_t)1 << 52);
      memcpy(&p, &bits, sizeof p);
      y[i] = p;
    }
}

void limit_exp_libm_f32(const struct exponentials *e, int64_t begin,
                        int64_t end, int64_t thread) {
  const float *restrict x = (const float *)e->x + thread * e->elements;
  float *restrict y = (float *)e->y + thread * e->elements;
  int64_t n = e->elements;
  for (int64_t round = begin; round < end; ++round)
    for (int64_t i = 0; i < n; ++i)
      y[i] = expf(x[i]);
}

void limit_exp_libm_f64(const struct exponentials *e, int64_t begin,
                        int64_t end, int64_t thread) {
  const double *restrict x = (const double *)e->x + thread * e->elements;
  double *restrict y = (double *)e->y + thread * e->elements;
  int64_t n = e->elements;
  for (int64_t round = begin; round < end; ++round)
    for (int64_t i = 0; i < n; ++i)
      y[i] = exp(x[i]);
}
