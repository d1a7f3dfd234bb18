/* Runs kernels over many shapes, layouts and kinds of logits, and compares them
 * with a reference in higher precision within the bounds of docs/Spec.md
 * (C-NAN-1, C-INF-1, C-INF-2, C-INF-3, C-BIG-1, C-DEN-1, C-MASK-1, C-TEMP-1).
 * KERNELS is the file that lists the kernels.
 *
 * Prints a digest of all result bits of each kernel to standard output, by
 * which targets can be compared, and the largest errors to standard error.
 * A second argument is a file for the result bits themselves, every NaN as the
 * same one.
 */
#ifndef KERNELS_H
#define KERNELS_H "kernels.h"
#endif
#include KERNELS_H

#include "formats.h"

typedef enum { Softmax, LogSoftmax, LogSumExp } Operation;
typedef enum { ToLse, LseOnly, Full } Signature;

typedef struct {
  const char *name;
  void (*kernel)(void), (*range)(void), (*units)(void), (*size)(void);
  Operation operation;
  Signature signature;
  Format in, out;
  /* 0: the softmax dimension is the first one of two. */
  int axis;
  /* The static size of that dimension, or 0. */
  int columns;
} Kernel;

typedef int32_t ToLseFn(const DLTensor *, DLTensor *, DLTensor *);
typedef int32_t LseOnlyFn(const DLTensor *, DLTensor *);
typedef int32_t FullFn(const DLTensor *, double, const DLTensor *,
                       const DLTensor *, DLTensor *, DLTensor *);
typedef int32_t ToLseRange(const DLTensor *, DLTensor *, DLTensor *, int64_t,
                           int64_t, void *);
typedef size_t ToLseSize(const DLTensor *, DLTensor *, DLTensor *);
typedef int64_t ToLseUnits(const DLTensor *, DLTensor *, DLTensor *);

#define KERNEL(name, operation, signature, in, out, axis, columns)             \
  {#name,                                                                      \
   (void (*)(void))name,                                                       \
   (void (*)(void))name##_range,                                               \
   (void (*)(void))name##_units,                                               \
   (void (*)(void))name##_workspace_size,                                      \
   operation,                                                                  \
   signature,                                                                  \
   in,                                                                         \
   out,                                                                        \
   axis,                                                                       \
   columns},
static const Kernel kernels[] = {
#include KERNELS
};

enum { MostColumns = 20000, MostElements = 60000, Guard = 0x5a };
static double logits[MostElements], effective[MostElements];
static unsigned char storage[2][MostElements * 8 * 3], first[MostElements * 8];
static double firstLse[MostElements];
static float lseStorage[MostElements];
static double lseWide[MostElements];
static int failures;
static double worst;

static void fail(const Kernel *kernel, const char *what, int columns, int row,
                 int column) {
  if (++failures <= 20)
    fprintf(stderr, "%s: %s: %d columns, row %d, column %d\n", kernel->name,
            what, columns, row, column);
}

/*===--- Logits ---===*/

enum { Plain, Wide, Denormal, Outlier, Offset, Equal, Huge, Special, NumKinds };

static void makeLogits(Format format, int kind, int rows, int columns) {
  static const double specials[] = {NAN, INFINITY, -INFINITY};
  int count = rows * columns;
  for (int i = 0; i < count; ++i) {
    double x = 0, u = uniform();
    int row = i / columns, column = i % columns;
    switch (kind) {
    case Plain:
    case Special:
      x = 4 * u;
      break;
    case Wide:
      x = 60 * u;
      break;
    case Denormal:
      x = column == columns / 2 ? 0 : -85 + 25 * u;
      break;
    case Outlier:
      x = column == columns * 2 / 3 ? 90 : u;
      break;
    case Offset:
      x = format == F16 ? 1000 + 8 * u : 1e30 * (1 + 1e-6 * u);
      break;
    case Equal:
      x = 1.25;
      break;
    case Huge:
      x = u > 0 ? largest(format) : -largest(format);
      break;
    }
    /* Everywhere in a row, all of it, and two of them. */
    if (kind == Special) {
      int place = (int)((unsigned)row * 7 % (unsigned)columns);
      if (column == place || row % 4 == 3)
        x = specials[row % 3];
      else if (row % 4 == 2 && column == (place + columns / 3) % columns)
        x = specials[row / 4 % 3];
    }
    unsigned char bytes[8];
    encode(format, x, bytes);
    logits[i] = decode(format, bytes);
  }
}

/*===--- Tensors ---===*/

typedef struct {
  DLTensor t;
  int64_t shape[2], strides[2];
} Tensor;

static void setTensor(Tensor *tensor, void *data, int code, int bytes,
                      int rank) {
  memset(tensor, 0, sizeof *tensor);
  tensor->t.data = data;
  tensor->t.device.device_type = kDLCPU;
  tensor->t.ndim = rank;
  tensor->t.dtype.code = (uint8_t)code;
  tensor->t.dtype.bits = (uint8_t)(8 * bytes);
  tensor->t.dtype.lanes = 1;
  tensor->t.shape = tensor->shape;
  tensor->t.strides = tensor->strides;
}

/* Where the elements of a matrix of rows and columns stand. */
typedef struct {
  const char *name;
  int64_t row, column, start;
} Layout;

enum { Compact, Padded, Misaligned, Gapped, Transposed, InPlace, NumLayouts };

static Layout makeLayout(int which, int rows, int columns) {
  Layout layouts[NumLayouts] = {
      {"compact", columns, 1, 0},     {"padded", columns + 3, 1, 0},
      {"misaligned", columns, 1, 1},  {"gapped", 2 * columns + 1, 2, 0},
      {"transposed", 1, rows + 1, 0}, {"in place", columns, 1, 0}};
  return layouts[which];
}

static void setMatrix(Tensor *tensor, const Kernel *kernel, void *data,
                      Format format, const Layout *layout, int rows,
                      int columns) {
  setTensor(tensor, data, format == BF16 ? kDLBfloat : kDLFloat,
            formatBytes[format], 2);
  int r = kernel->axis == 0, c = !r;
  tensor->shape[r] = rows;
  tensor->shape[c] = columns;
  tensor->strides[r] = layout->row;
  tensor->strides[c] = layout->column;
  tensor->t.byte_offset = (uint64_t)(layout->start * formatBytes[format]);
}

static void *at(unsigned char *data, Format format, const Layout *layout, int i,
                int j) {
  return data + (layout->start + i * layout->row + j * layout->column) *
                    formatBytes[format];
}

/*===--- One call ---===*/

static const double scale = 0.37;
static Tensor x, y, l, bias, mask;

static int32_t call(const Kernel *kernel) {
  switch (kernel->signature) {
  case ToLse:
    return ((ToLseFn *)kernel->kernel)(&x.t, &y.t, &l.t);
  case LseOnly:
    return ((LseOnlyFn *)kernel->kernel)(&x.t, &l.t);
  case Full:
    return ((FullFn *)kernel->kernel)(&x.t, scale, &bias.t, &mask.t, &y.t,
                                      &l.t);
  }
  return -1;
}

/* Bias and mask repeat over the rows; the reference's logits go to `effective`,
 * each operation rounded as the compute type has it. */
static void setFull(const Kernel *kernel, int rows, int columns) {
  static float biases[MostColumns];
  static unsigned char keep[MostColumns];
  Layout repeat = {"", 0, 1, 0};
  for (int j = 0; j < columns; ++j) {
    biases[j] = (float)(j % 13) / 8;
    keep[j] = j % 7 != 3;
  }
  setMatrix(&bias, kernel, biases, F32, &repeat, rows, columns);
  setMatrix(&mask, kernel, keep, F32, &repeat, rows, columns);
  mask.t.dtype.code = kDLBool;
  mask.t.dtype.bits = 8;
  for (int i = 0; i < rows * columns; ++i) {
    volatile float product = (float)logits[i] * (float)scale;
    volatile float sum = product + biases[i % columns];
    effective[i] = keep[i % columns] ? sum : -INFINITY;
  }
}

/* Runs a kernel on `logits` and leaves its results, row by row, in `results`
 * and `lse`. */
static void runOnce(const Kernel *kernel, int which, int rows, int columns,
                    unsigned char *results, double *lse) {
  Layout layout = makeLayout(which, rows, columns);
  Format lseFormat = kernel->in == F64 || kernel->out == F64 ? F64 : F32;
  int inPlace = which == InPlace && kernel->in == kernel->out;
  unsigned char *in = storage[0], *out = inPlace ? in : storage[1];
  /* All that a layout spans, and some more. */
  size_t span = (size_t)(8 * (rows * (2 * columns + 4) + 64));
  memset(in, Guard, span);
  memset(out, Guard, span);
  for (int i = 0; i < rows; ++i)
    for (int j = 0; j < columns; ++j)
      encode(kernel->in, logits[i * columns + j],
             at(in, kernel->in, &layout, i, j));
  setMatrix(&x, kernel, in, kernel->in, &layout, rows, columns);
  setMatrix(&y, kernel, out, kernel->out, &layout, rows, columns);
  setTensor(&l, lseFormat == F64 ? (void *)lseWide : (void *)lseStorage,
            kDLFloat, formatBytes[lseFormat], 1);
  l.shape[0] = rows;
  l.strides[0] = 1;
  int32_t status = call(kernel);
  if (status != SOFTMAX_OK) {
    fail(kernel, softmax_status_string(status), columns, 0, 0);
    return;
  }
  for (int i = 0; i < rows; ++i)
    lse[i] = lseFormat == F64 ? lseWide[i] : lseStorage[i];
  if (kernel->signature == LseOnly)
    return;
  int bytes = formatBytes[kernel->out];
  for (int i = 0; i < rows; ++i)
    for (int j = 0; j < columns; ++j) {
      unsigned char *element = at(out, kernel->out, &layout, i, j);
      memcpy(results + (i * columns + j) * bytes, element, (size_t)bytes);
      if (!inPlace)
        memset(element, Guard, (size_t)bytes);
    }
  /* Nothing beside the elements has been written. */
  if (!inPlace)
    for (size_t i = 0; i < span; ++i)
      if (out[i] != Guard) {
        fail(kernel, "wrote outside of its result", columns, 0, 0);
        return;
      }
}

/*===--- Comparison ---===*/

static void compareElement(const Kernel *kernel, const RowReference *reference,
                           double logit, const void *bytes, int columns, int i,
                           int j) {
  double actual = decode(kernel->out, bytes);
  int wide = kernel->in == F64 || kernel->out == F64;
  int isLog = kernel->operation == LogSoftmax;
  if (reference->hasNaN || reference->hasInfinity ||
      reference->maximum == -INFINITY) {
    if (!isnan(actual))
      fail(kernel, "is no NaN (C-NAN-1, C-INF-1, C-INF-2)", columns, i, j);
    return;
  }
  if (logit == -INFINITY) {
    if (actual != (isLog ? -INFINITY : 0))
      fail(kernel, "is not exact (C-INF-3)", columns, i, j);
    return;
  }
  double distance = reference->maximum - logit;
  long double exact =
      isLog ? (long double)logit - reference->maximum -
                  logarithm(reference->sum, wide)
            : exponential(logit, reference->maximum, wide) / reference->sum;
  double ulp = ulpAt(kernel->out, (double)exact);
  int narrow = kernel->out == F16 || kernel->out == BF16;
  double bound = (narrow ? 1 : 4 + 1.25 * distance) * ulp;
  if (isLog) {
    double size = fmax(fmax(1, distance), log(columns));
    bound = 4 * ldexp(size, wide ? -53 : -24) + (narrow ? ulp : 0);
    /* C-BIG-1: the difference of two logits may be beyond the type. */
    if ((double)exact < -largest(kernel->out) && actual == -INFINITY)
      return;
  }
  double error = fabs((double)(actual - exact));
  if (!(error <= bound))
    fail(kernel, "is out of bounds", columns, i, j);
  if (error / ulp > worst && !isLog)
    worst = error / ulp;
}

static void compareLse(const Kernel *kernel, const RowReference *reference,
                       double actual, int columns, int i) {
  int wide = kernel->in == F64 || kernel->out == F64;
  int good;
  if (reference->hasNaN)
    good = isnan(actual);
  else if (reference->hasInfinity)
    good = actual == INFINITY;
  else if (reference->maximum == -INFINITY)
    good = actual == -INFINITY;
  else {
    long double exact = reference->maximum + logarithm(reference->sum, wide);
    double bound = 0.5 * ulpAt(wide ? F64 : F32, (double)exact) +
                   4 * ldexp(fmax(1, log(columns)), wide ? -53 : -24);
    good = fabs((double)(actual - exact)) <= bound;
  }
  if (!good)
    fail(kernel, "lse is wrong", columns, i, -1);
}

static FILE *bits;

static void writeBits(Format format, const void *element, double value) {
  static const unsigned char nan[8] = {0xff, 0xff, 0xff, 0xff,
                                       0xff, 0xff, 0xff, 0xff};
  if (bits)
    fwrite(isnan(value) ? nan : element, 1, (size_t)formatBytes[format], bits);
}

static uint64_t compareAndHash(const Kernel *kernel, int rows, int columns,
                               const unsigned char *results, const double *lse,
                               uint64_t digest) {
  int wide = kernel->in == F64 || kernel->out == F64;
  const double *given = kernel->signature == Full ? effective : logits;
  for (int i = 0; i < rows; ++i) {
    const double *row = given + (size_t)i * (size_t)columns;
    RowReference reference = reduceRow(row, columns, wide);
    compareLse(kernel, &reference, lse[i], columns, i);
    digest = hashElement(digest, F64, &lse[i]);
    writeBits(F64, &lse[i], lse[i]);
    if (kernel->signature == LseOnly)
      continue;
    for (int j = 0; j < columns; ++j) {
      const unsigned char *element =
          results + (i * columns + j) * formatBytes[kernel->out];
      compareElement(kernel, &reference, row[j], element, columns, i, j);
      digest = hashElement(digest, kernel->out, element);
      writeBits(kernel->out, element, decode(kernel->out, element));
    }
  }
  return digest;
}

/* Of results alone; which NaN an element is does not count. */
static uint64_t hashResults(const Kernel *kernel, int rows, int columns,
                            const unsigned char *results, const double *lse) {
  uint64_t digest = 0;
  for (int i = 0; i < rows; ++i)
    digest = hashElement(digest, F64, &lse[i]);
  if (kernel->signature != LseOnly)
    for (int i = 0; i < rows * columns; ++i)
      digest = hashElement(digest, kernel->out,
                           results + i * formatBytes[kernel->out]);
  return digest;
}

/* C-DET-1: ranges of rows, in workspaces of their own, give the same bits. */
static void compareRanges(const Kernel *kernel, int rows, int columns) {
  /* Lanes side by side of the longest vectors take some. */
  static unsigned char workspace[1 << 23];
  if (kernel->signature != ToLse)
    return;
  uint64_t whole = hashResults(kernel, rows, columns, first, firstLse);
  Layout layout = makeLayout(Compact, rows, columns);
  for (int i = 0; i < rows * columns; ++i)
    encode(kernel->in, logits[i],
           at(storage[0], kernel->in, &layout, i / columns, i % columns));
  setMatrix(&x, kernel, storage[0], kernel->in, &layout, rows, columns);
  setMatrix(&y, kernel, first, kernel->out, &layout, rows, columns);
  memset(first, Guard, (size_t)(8 * rows * columns));
  int64_t units = ((ToLseUnits *)kernel->units)(&x.t, &y.t, &l.t);
  size_t size = ((ToLseSize *)kernel->size)(&x.t, &y.t, &l.t);
  if (units != rows || size > sizeof workspace) {
    fail(kernel, "has the wrong number of units, or needs too much scratch",
         columns, 0, 0);
    return;
  }
  for (int64_t begin = 0; begin < rows; begin += 2) {
    int64_t end = begin + 2 < rows ? begin + 2 : rows;
    if (((ToLseRange *)kernel->range)(&x.t, &y.t, &l.t, begin, end, workspace))
      fail(kernel, "refuses a range", columns, (int)begin, 0);
  }
  if (hashResults(kernel, rows, columns, first, firstLse) != whole)
    fail(kernel, "depends on the division into ranges", columns, 0, 0);
}

static uint64_t testSize(const Kernel *kernel, int rows, int columns, int kind,
                         uint64_t digest) {
  static unsigned char other[MostElements * 8];
  static double otherLse[MostElements];
  makeLogits(kernel->in, kind, rows, columns);
  if (kernel->signature == Full)
    setFull(kernel, rows, columns);
  runOnce(kernel, Compact, rows, columns, first, firstLse);
  digest = compareAndHash(kernel, rows, columns, first, firstLse, digest);
  int most = columns > 300 ? Misaligned : NumLayouts - 1;
  for (int layout = Padded; layout <= most; ++layout) {
    runOnce(kernel, layout, rows, columns, other, otherLse);
    /* Rows in lanes add in an order of their own. */
    if (kernel->axis == 0 && layout == Transposed) {
      digest = compareAndHash(kernel, rows, columns, other, otherLse, digest);
      continue;
    }
    if (hashResults(kernel, rows, columns, first, firstLse) !=
        hashResults(kernel, rows, columns, other, otherLse))
      fail(kernel, makeLayout(layout, 1, 1).name, columns, 0, 0);
  }
  compareRanges(kernel, rows, columns);
  return digest;
}

int main(int argc, char **argv) {
  static const int sizes[] = {1,   2,   3,   4,   7,   8,   9,    15,   16,
                              17,  31,  33,  47,  63,  64,  65,   66,   100,
                              121, 127, 128, 129, 200, 257, 1000, 5001, 20000};
  int quick = argc > 1 && strcmp(argv[1], "quick") == 0;
  if (argc > 2 && !(bits = fopen(argv[2], "wb"))) {
    fprintf(stderr, "cannot write '%s'\n", argv[2]);
    return 2;
  }
  for (size_t k = 0; k < sizeof kernels / sizeof kernels[0]; ++k) {
    const Kernel *kernel = &kernels[k];
    uint64_t digest = 0xcbf29ce484222325u;
    randomState = 7;
    worst = 0;
    int turn = 0;
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; ++s) {
      int columns = sizes[s];
      int kinds = columns <= 66 ? 4 : columns <= 300 ? 2 : 1;
      if (quick)
        kinds = (kinds + 1) / 2;
      if (kernel->columns)
        columns = kernel->columns;
      if (columns > 5001 && (quick || kernel->in != F32))
        continue;
      for (int i = 0; i < kinds; ++i) {
        int kind = turn++ % NumKinds;
        int rows = columns > 300       ? 2
                   : kernel->axis == 0 ? 37
                   : kind == Special   ? 12
                                       : 3;
        digest = testSize(kernel, rows, columns, kind, digest);
      }
    }
    printf("%-10s %016llx\n", kernel->name, (unsigned long long)digest);
    fprintf(stderr, "%-10s worst %.3f ULP\n", kernel->name, worst);
  }
  if (failures != 0)
    fprintf(stderr, "%d failures\n", failures);
  if (bits && fclose(bits) != 0) {
    fprintf(stderr, "cannot write '%s'\n", argv[2]);
    return 2;
  }
  return failures != 0;
}
