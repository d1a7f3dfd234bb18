/* The element types, a hash, a random generator, and the reference: softmax in
 * double for results of f32 and narrower, in long double for f64. */
#ifndef FORMATS_H
#define FORMATS_H

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef enum { F16, BF16, F32, F64 } Format;

static const int formatBytes[] = {2, 2, 4, 8};
/* Explicit mantissa bits, and the exponent of the smallest normal number. */
static const int formatMantissa[] = {10, 7, 23, 52};
static const int formatMinimum[] = {-14, -126, -126, -1022};

static inline double decode(Format format, const void *bytes) {
  if (format == F64) {
    double value;
    memcpy(&value, bytes, 8);
    return value;
  }
  uint32_t bits;
  if (format == F32) {
    memcpy(&bits, bytes, 4);
  } else {
    uint16_t narrow;
    memcpy(&narrow, bytes, 2);
    bits = (uint32_t)narrow << 16;
    if (format == F16) {
      int exponent = narrow >> 10 & 31, mantissa = narrow & 1023;
      double value = exponent == 31  ? mantissa ? NAN : INFINITY
                     : exponent == 0 ? ldexp(mantissa, -24)
                                     : ldexp(mantissa + 1024, exponent - 25);
      return narrow >> 15 ? -value : value;
    }
  }
  float value;
  memcpy(&value, &bits, 4);
  return value;
}

/* Cuts digits off: which neighbour an input becomes does not matter. */
static inline void encode(Format format, double value, void *bytes) {
  if (format == F64) {
    memcpy(bytes, &value, 8);
    return;
  }
  float single = (float)value;
  uint32_t bits;
  memcpy(&bits, &single, 4);
  if (format == F32) {
    memcpy(bytes, &bits, 4);
    return;
  }
  uint16_t narrow = (uint16_t)(bits >> 16);
  if (format == F16) {
    int exponent = (int)(bits >> 23 & 255) - 112;
    uint32_t mantissa = bits >> 13 & 1023;
    narrow = (uint16_t)(bits >> 16 & 0x8000);
    if (exponent == 143)
      narrow |= (uint16_t)(0x7c00 | (bits & 0x7fffff ? 512 : 0));
    else if (exponent > 30)
      narrow |= 0x7bff;
    else if (exponent > 0)
      narrow |= (uint16_t)((uint32_t)exponent << 10 | mantissa);
  }
  memcpy(bytes, &narrow, 2);
}

/* The distance between neighbours of `format` at `value`. */
static inline double ulpAt(Format format, double value) {
  int exponent = formatMinimum[format];
  if (value != 0 && isfinite(value) && ilogb(value) > exponent)
    exponent = ilogb(value);
  return ldexp(1, exponent - formatMantissa[format]);
}

static inline double largest(Format format) {
  return format == F16    ? 65504
         : format == F64  ? 1.7976931348623157e308
         : format == BF16 ? 3.3895313892515355e38
                          : 3.4028234663852886e38;
}

/* FNV-1a over 64 bits. */
static inline uint64_t hash(uint64_t state, const void *bytes, size_t count) {
  for (size_t i = 0; i < count; ++i)
    state = (state ^ ((const unsigned char *)bytes)[i]) * 0x100000001b3u;
  return state;
}

/* Which of the NaNs a result is, the architecture decides. */
static inline uint64_t hashElement(uint64_t state, Format format,
                                   const void *bytes) {
  return isnan(decode(format, bytes))
             ? hash(state, "NaN", 3)
             : hash(state, bytes, (size_t)formatBytes[format]);
}

/* splitmix64: the same numbers everywhere. */
static uint64_t randomState;
static inline uint64_t randomBits(void) {
  uint64_t z = randomState += 0x9e3779b97f4a7c15u;
  z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
  z = (z ^ z >> 27) * 0x94d049bb133111ebu;
  return z ^ z >> 31;
}
/* In (-1, 1), with 30 bits. */
static inline double uniform(void) {
  return ((double)(randomBits() >> 33) - 1073741824.0) / 1073741824.0;
}

/* What the reference makes of a row. */
typedef struct {
  int hasNaN, hasInfinity;
  double maximum;
  /* The sum of exp(x - maximum). */
  long double sum;
} RowReference;

static inline long double exponential(double x, double maximum, int wide) {
  return wide ? expl((long double)x - maximum) : exp(x - maximum);
}
static inline long double logarithm(long double x, int wide) {
  return wide ? logl(x) : log((double)x);
}

static inline RowReference reduceRow(const double *row, int columns, int wide) {
  RowReference r = {0, 0, -INFINITY, 0};
  for (int j = 0; j < columns; ++j) {
    r.hasNaN |= isnan(row[j]);
    r.hasInfinity |= row[j] == INFINITY;
    if (row[j] > r.maximum)
      r.maximum = row[j];
  }
  double sum = 0;
  if (r.hasNaN || r.hasInfinity || r.maximum == -INFINITY)
    return r;
  for (int j = 0; j < columns; ++j) {
    long double e = exponential(row[j], r.maximum, wide);
    if (wide)
      r.sum += e;
    else
      sum += (double)e;
  }
  if (!wide)
    r.sum = sum;
  return r;
}

#endif
