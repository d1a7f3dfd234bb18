/* Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
 *
 * What the machine can do at best: copy a buffer and form exponentials.  Built
 * when softmax-bench runs, like the loops that it compares with.
 */
#include <math.h>
#include <stdint.h>
#include <string.h>
#ifdef __x86_64__
#include <immintrin.h>
#endif

void limit_copy_memcpy(const void *from, void *to, int64_t bytes) {
  memcpy(to, from, bytes);
}

#ifdef __x86_64__
void limit_copy_movsb(const void *from, void *to, int64_t bytes) {
  __asm__ volatile("rep movsb"
                   : "+S"(from), "+D"(to), "+c"(bytes)
                   :
                   : "memory");
}

/* `to` is aligned to 64 bytes. */
void limit_copy_stream(const void *from, void *to, int64_t bytes) {
  const char *in = from;
  char *out = to;
  int64_t i = 0;
#ifdef __AVX__
  for (; i + 128 <= bytes; i += 128)
    for (int64_t j = 0; j < 128; j += 32)
      _mm256_stream_si256((__m256i *)(out + i + j),
                          _mm256_loadu_si256((const __m256i *)(in + i + j)));
#else
  for (; i + 64 <= bytes; i += 64)
    for (int64_t j = 0; j < 64; j += 16)
      _mm_stream_si128((__m128i *)(out + i + j),
                       _mm_loadu_si128((const __m128i *)(in + i + j)));
#endif
  _mm_sfence();
  memcpy(out + i, in + i, bytes - i);
}
#endif

/* exp by 2^n * 2^f with |f| <= 1/2 and a polynomial of degree 5: the Taylor
 * series of 2^f, good to 3.3e-6 relative, which is enough for a limit.  For
 * arguments whose exponential is normal. */
void limit_exp_core(const float *restrict x, float *restrict y, int64_t n) {
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

void limit_exp_libm_f32(const float *restrict x, float *restrict y, int64_t n) {
  for (int64_t i = 0; i < n; ++i)
    y[i] = expf(x[i]);
}

void limit_exp_libm_f64(const double *restrict x, double *restrict y,
                        int64_t n) {
  for (int64_t i = 0; i < n; ++i)
    y[i] = exp(x[i]);
}
