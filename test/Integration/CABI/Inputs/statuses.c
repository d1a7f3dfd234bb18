/* Every status that a kernel without labels can give, and that nothing was
 * written where it is not 0. */
#include "handwritten.h"

#include "tensors.h"

enum { Rows = 3, Columns = 5, Sentinel = 0xA5 };

/* y comes last, so that one of absurd size overlaps nothing. */
static struct {
  float x[64];
  uint8_t keep[64];
  float total[64];
  float y[256];
} memory;

typedef struct {
  Tensor x, keep, y, total;
} Call;

static Call valid(void) {
  Call call;
  for (int i = 0; i < 64; ++i) {
    memory.x[i] = (float)(i + 1);
    memory.keep[i] = 1;
  }
  memset(memory.total, Sentinel, sizeof memory.total);
  memset(memory.y, Sentinel, sizeof memory.y);
  setTensor(&call.x, memory.x, Float, 32, 2, Rows, Columns);
  setTensor(&call.keep, memory.keep, Bool, 8, 2, Rows, Columns);
  setTensor(&call.y, memory.y + 64, Float, 32, 2, Rows, Columns);
  setTensor(&call.total, memory.total + 16, Float, 32, 1, Rows, 0);
  return call;
}

static int run(Call *call) {
  return shares(use(&call->x), 1.0, use(&call->keep), use(&call->y),
                use(&call->total));
}

/* Runs all entry points on a call that is to be refused. */
static void refuse(int line, Call call, int status) {
  static unsigned char before[sizeof memory];
  memcpy(before, &memory, sizeof memory);
  DLTensor *x = use(&call.x), *keep = use(&call.keep), *y = use(&call.y),
           *total = use(&call.total);
  static char workspace[4096];
  int got[2] = {shares(x, 1.0, keep, y, total)};
  /* Out of memory is the allocating entry's alone. */
  if (status != 7)
    got[1] = shares_range(x, 1.0, keep, y, total, 0, 1, workspace);
  for (int i = 0; i < (status == 7 ? 1 : 2); ++i)
    if (got[i] != status) {
      printf("line %d, entry %d: status %d, not %d\n", line, i, got[i], status);
      ++failures;
    }
  if (status != 7 && (shares_units(x, 1.0, keep, y, total) != 0 ||
                      shares_workspace_size(x, 1.0, keep, y, total) != 0)) {
    printf("line %d: units or workspace of refused operands\n", line);
    ++failures;
  }
  if (memcmp(before, &memory, sizeof memory) != 0) {
    printf("line %d: memory was written\n", line);
    ++failures;
  }
}
/* REFUSE(status, statements on `c`) */
#define REFUSE(status, ...)                                                    \
  do {                                                                         \
    Call c = valid();                                                          \
    __VA_ARGS__;                                                               \
    refuse(__LINE__, c, status);                                               \
  } while (0)

/* y[i][j] = x[i][j] / total[i], total[i] = sum of kept x[i][j], for any
 * strides. */
static void accept(int line, Call call) {
  int64_t rows = call.x.shape[0], columns = call.x.shape[1];
  float x[256], expected[256], totals[16];
  uint8_t keep[256];
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t j = 0; j < columns; ++j) {
      x[i * columns + j] =
          ((float *)((char *)call.x.t.data +
                     call.x.t.byte_offset))[i * call.x.strides[0] +
                                            j * call.x.strides[1]];
      keep[i * columns + j] =
          ((uint8_t *)call.keep.t.data +
           call.keep.t.byte_offset)[i * call.keep.strides[0] +
                                    j * call.keep.strides[1]];
    }
  for (int64_t i = 0; i < rows; ++i) {
    totals[i] = 0;
    for (int64_t j = 0; j < columns; ++j)
      totals[i] += keep[i * columns + j] ? x[i * columns + j] : 0;
    for (int64_t j = 0; j < columns; ++j)
      expected[i * columns + j] =
          (keep[i * columns + j] ? x[i * columns + j] : 0) / totals[i];
  }
  int status = run(&call);
  if (status != 0) {
    printf("line %d: status %d\n", line, status);
    ++failures;
    return;
  }
  float *y = (float *)((char *)call.y.t.data + call.y.t.byte_offset);
  float *total =
      (float *)((char *)call.total.t.data + call.total.t.byte_offset);
  for (int64_t i = 0; i < rows; ++i) {
    if (total[i * call.total.strides[0]] != totals[i]) {
      printf("line %d: total %d\n", line, (int)i);
      ++failures;
    }
    for (int64_t j = 0; j < columns; ++j)
      if (y[i * call.y.strides[0] + j * call.y.strides[1]] !=
          expected[i * columns + j]) {
        printf("line %d: element %d, %d\n", line, (int)i, (int)j);
        ++failures;
      }
  }
}
#define ACCEPT(...)                                                            \
  do {                                                                         \
    Call c = valid();                                                          \
    __VA_ARGS__;                                                               \
    accept(__LINE__, c);                                                       \
  } while (0)

static void testStatuses(void) {
  /* 1: null argument */
  Call c = valid();
  DLTensor *x = use(&c.x), *keep = use(&c.keep), *y = use(&c.y),
           *total = use(&c.total);
  CHECK_EQ(shares(NULL, 1.0, keep, y, total), 1);
  CHECK_EQ(shares(x, 1.0, NULL, y, total), 1);
  CHECK_EQ(shares(x, 1.0, keep, NULL, total), 1);
  CHECK_EQ(shares(x, 1.0, keep, y, NULL), 1);
  CHECK_EQ(memory.y[64] == memory.y[63], 1);
  REFUSE(1, c.x.t.shape = ABSENT);
  REFUSE(1, c.total.t.shape = ABSENT);
  REFUSE(1, c.x.t.data = NULL);
  REFUSE(1, c.y.t.data = NULL);

  /* 2: device */
  REFUSE(2, c.x.t.device.device_type = 2);
  REFUSE(2, c.keep.t.device.device_type = 0);
  REFUSE(2, c.total.t.device.device_type = 3);

  /* 3: element type */
  REFUSE(3, c.x.t.dtype.code = Int);
  REFUSE(3, c.x.t.dtype.bits = 64);
  REFUSE(3, c.y.t.dtype.lanes = 4);
  REFUSE(3, c.keep.t.dtype.code = UInt);
  REFUSE(3, c.keep.t.dtype.bits = 1);

  /* 4: rank */
  REFUSE(4, c.x.t.ndim = 1);
  REFUSE(4, c.x.t.ndim = 3);
  REFUSE(4, c.y.t.ndim = 0; c.y.t.shape = ABSENT);
  REFUSE(4, c.x.t.ndim = -1);
  REFUSE(4, c.total.t.ndim = 2);

  /* 5: shape */
  REFUSE(5, c.x.shape[0] = -1);
  REFUSE(5, c.total.shape[0] = INT64_MIN);
  REFUSE(5, c.keep.shape[0] = Rows + 1);
  REFUSE(5, c.keep.shape[1] = 1);
  REFUSE(5, c.y.shape[1] = Columns - 1);
  REFUSE(5, c.total.shape[0] = Rows - 1);
  REFUSE(5, c.x.shape[0] = c.keep.shape[0] = c.y.shape[0] = c.total.shape[0] =
                INT64_MAX);
  REFUSE(5, c.x.shape[0] = c.keep.shape[0] = c.y.shape[0] = c.total.shape[0] =
                INT64_C(1) << 32;
         c.x.shape[1] = c.keep.shape[1] = c.y.shape[1] = INT64_C(1) << 32);
  REFUSE(5, c.x.shape[1] = c.keep.shape[1] = c.y.shape[1] = INT64_C(1) << 56);

  /* 6: strides */
  REFUSE(6, c.x.strides[0] = -Columns);
  REFUSE(6, c.keep.strides[1] = -1);
  REFUSE(6, c.y.strides[0] = -Columns);
  REFUSE(6, c.x.strides[0] = INT64_MIN);
  REFUSE(6, c.x.strides[0] = INT64_MAX);
  REFUSE(6, c.x.strides[0] = INT64_C(1) << 60);
  REFUSE(6, c.y.strides[0] = INT64_C(1) << 60);
  REFUSE(6, c.y.strides[0] = 0);
  REFUSE(6, c.y.strides[1] = 0);
  REFUSE(6, c.total.strides[0] = 0);
  REFUSE(6, c.y.strides[0] = Columns - 1);
  REFUSE(6, c.y.strides[0] = 1);
  REFUSE(6, c.y.strides[0] = 2; c.y.strides[1] = 2);
  /* No two elements meet, but the strides do not nest: 4 <= (3 - 1) * 3. */
  REFUSE(6, c.y.strides[0] = 3; c.y.strides[1] = 4);
  /* 6: alignment and the end of memory */
  REFUSE(6, c.x.t.byte_offset = 2);
  REFUSE(6, c.y.t.byte_offset = 1);
  REFUSE(6, c.x.t.byte_offset = UINT64_MAX - 3);
  REFUSE(6, c.y.t.data = (void *)(UINTPTR_MAX - 15));
  /* 6: overlap */
  REFUSE(6, c.y.t.data = memory.x + 1);
  REFUSE(6, c.y.t.data = memory.x; c.y.strides[0] = Columns + 1);
  REFUSE(6, c.y.t.data = memory.x + Rows * Columns - 1);
  REFUSE(6, c.y.t.data = memory.keep);
  REFUSE(6, c.y.t.data = memory.total + 16);
  REFUSE(6, c.total.t.data = memory.x + 2);
  REFUSE(6, c.total.t.data = memory.y + 64 + 14);
  /* The ranges interleave without a common byte. */
  REFUSE(6, c.y.t.data = memory.x + 1; c.y.strides[0] = c.x.strides[0] = 10;
         c.y.strides[1] = c.x.strides[1] = 2);

  /* 7: memory; y's size is absurd but legal. */
  REFUSE(7,
         c.x.shape[0] = c.keep.shape[0] = c.y.shape[0] = c.total.shape[0] = 1;
         c.x.shape[1] = c.keep.shape[1] = c.y.shape[1] = INT64_C(1) << 54;
         c.x.strides[1] = c.keep.strides[1] = 0);
}

static void testLayouts(void) {
  ACCEPT((void)0);
  /* Strides absent. */
  ACCEPT(c.x.t.strides = c.y.t.strides = c.keep.t.strides = c.total.t.strides =
             ABSENT);
  /* Permuted and padded. */
  ACCEPT(c.y.strides[0] = 1; c.y.strides[1] = Rows);
  ACCEPT(c.x.strides[0] = 1; c.x.strides[1] = Rows);
  ACCEPT(c.y.strides[0] = 7);
  ACCEPT(c.y.strides[0] = 3; c.y.strides[1] = 7);
  ACCEPT(c.y.strides[0] = 17; c.y.strides[1] = 3);
  ACCEPT(c.y.strides[0] = 2; c.y.strides[1] = 8; c.total.strides[0] = 5);
  /* Inputs broadcast and overlap as they like. */
  ACCEPT(c.x.strides[0] = 0);
  ACCEPT(c.x.strides[1] = 0);
  ACCEPT(c.x.strides[0] = 1);
  ACCEPT(c.keep.strides[0] = c.keep.strides[1] = 0);
  /* A false mask. */
  ACCEPT(memory.keep[1] = memory.keep[7] = 0);
  ACCEPT(memory.keep[0] = 0; memory.keep[4] = 255);
  /* Offsets. */
  ACCEPT(c.x.t.byte_offset = 12; c.y.t.byte_offset = 8;
         c.keep.t.byte_offset = 3);
  /* In place, plain and strided. */
  ACCEPT(c.y.t.data = memory.x);
  ACCEPT(c.y.t.data = memory.x; c.x.strides[0] = c.y.strides[0] = 9);
  ACCEPT(c.y.t.data = memory.x; c.x.strides[0] = c.y.strides[0] = 1;
         c.x.strides[1] = c.y.strides[1] = 4);
  ACCEPT(c.y.t.data = (char *)memory.x + 8; c.x.t.byte_offset = 8);
  ACCEPT(c.y.t.data = memory.x; c.x.t.strides = ABSENT);
  /* The strides of dimensions of size 1 mean nothing. */
  ACCEPT(c.x.shape[0] = c.keep.shape[0] = c.y.shape[0] = c.total.shape[0] = 1;
         c.x.strides[0] = -7; c.y.strides[0] = 0; c.total.strides[0] = -1;
         c.keep.strides[0] = INT64_MIN);
  ACCEPT(c.x.shape[1] = c.keep.shape[1] = c.y.shape[1] = 1;
         c.x.strides[1] = INT64_MAX; c.y.strides[1] = 0;
         c.x.strides[0] = c.y.strides[0] = c.keep.strides[0] = 1);
  ACCEPT(c.y.t.data = memory.x;
         c.x.shape[0] = c.keep.shape[0] = c.y.shape[0] = c.total.shape[0] = 1;
         c.x.strides[0] = 3; c.y.strides[0] = 4);

  /* Nothing to do; data may be null, strides anything. */
  Call c = valid();
  c.x.shape[0] = c.keep.shape[0] = c.y.shape[0] = c.total.shape[0] = 0;
  c.x.t.data = c.keep.t.data = c.y.t.data = c.total.t.data = NULL;
  c.x.strides[0] = -1;
  CHECK_EQ(run(&c), 0);
  CHECK_EQ(shares_units(use(&c.x), 1.0, use(&c.keep), use(&c.y), use(&c.total)),
           0);
  /* C-AXIS-2: rows without elements still have their results. */
  c = valid();
  c.x.shape[1] = c.keep.shape[1] = c.y.shape[1] = 0;
  c.x.t.data = c.keep.t.data = c.y.t.data = NULL;
  CHECK_EQ(run(&c), 0);
  CHECK(memory.total[16] == 0 && memory.total[18] == 0);
  float untouched;
  memset(&untouched, Sentinel, sizeof untouched);
  CHECK(memcmp(&memory.total[19], &untouched, 4) == 0);
  CHECK(memcmp(&memory.y[64], &untouched, 4) == 0);

  /* A scalar by value. */
  c = valid();
  CHECK_EQ(shares(use(&c.x), 2.0, use(&c.keep), use(&c.y), use(&c.total)), 0);
  CHECK(memory.y[64] == 1.0f / 30.0f);
}

static void testWholeFunction(void) {
  double in[6] = {1, 2, 3, 4, 5, 6}, out[6] = {0};
  Tensor x, y;
  setTensor(&x, in, Float, 64, 2, 2, 3);
  setTensor(&y, out, Float, 64, 2, 2, 3);
  CHECK_EQ(increment(use(&x), use(&y)), 0);
  CHECK(out[0] == 2 && out[5] == 7);
  CHECK_EQ(increment_units(use(&x), use(&y)), 1);
  CHECK_EQ(increment_workspace_size(use(&x), use(&y)), 0);
  memset(out, 0, sizeof out);
  CHECK_EQ(increment_range(use(&x), use(&y), 1, 1, NULL), 0);
  CHECK_EQ(increment_range(use(&x), use(&y), 0, 2, NULL), 5);
  CHECK(out[0] == 0 && out[5] == 0);
  CHECK_EQ(increment_range(use(&x), use(&y), 0, 1, NULL), 0);
  CHECK(out[0] == 2 && out[5] == 7);
  /* Static sizes. */
  x.shape[1] = 4;
  CHECK_EQ(increment(use(&x), use(&y)), 5);
  x.shape[1] = 3;
  /* Not a single op: not even exactly in place. */
  y.t.data = in;
  CHECK_EQ(increment(use(&x), use(&y)), 6);
  CHECK(in[0] == 1 && in[5] == 6);
}

int main(void) {
  testStatuses();
  testLayouts();
  testWholeFunction();
  return finish();
}
