/* C-DET-1: any division of the rows over threads gives the same bits. */
#include "handwritten.h"

#include "tensors.h"

#include <pthread.h>

enum { Rows = 103, Columns = 37, Threads = 4 };

static float input[Rows * Columns], whole[Rows * Columns],
    parts[Rows * Columns], wholeTotal[Rows], partsTotal[Rows];
static uint8_t keep[Rows * Columns];
static Tensor x, k, y, total;

typedef struct {
  int64_t begin, end;
  char *workspace;
  int status;
} Part;

static void *work(void *argument) {
  Part *part = argument;
  part->status = shares_range(&x.t, 1.5, &k.t, &y.t, &total.t, part->begin,
                              part->end, part->workspace);
  return NULL;
}

static int range(int64_t begin, int64_t end, void *workspace) {
  return shares_range(&x.t, 1.5, &k.t, &y.t, &total.t, begin, end, workspace);
}

int main(void) {
  for (int i = 0; i < Rows * Columns; ++i) {
    input[i] = (float)(i * 7919 % 1000) / 999.0f;
    keep[i] = i % 5 != 0;
  }
  setTensor(&x, input, Float, 32, 2, Rows, Columns);
  setTensor(&k, keep, Bool, 8, 2, Rows, Columns);
  setTensor(&y, whole, Float, 32, 2, Rows, Columns);
  setTensor(&total, wholeTotal, Float, 32, 1, Rows, 0);
  use(&x), use(&k), use(&y), use(&total);
  CHECK_EQ(shares(&x.t, 1.5, &k.t, &y.t, &total.t), 0);

  y.t.data = parts;
  total.t.data = partsTotal;
  CHECK_EQ(shares_units(&x.t, 1.5, &k.t, &y.t, &total.t), Rows);
  size_t size = shares_workspace_size(&x.t, 1.5, &k.t, &y.t, &total.t);
  CHECK(size >= Columns * sizeof(float) &&
        size <= Columns * sizeof(float) + 128);

  int64_t cuts[Threads + 1] = {0, 1, 50, 50, Rows};
  Part part[Threads];
  pthread_t thread[Threads];
  for (int i = 0; i < Threads; ++i) {
    part[i].begin = cuts[i];
    part[i].end = cuts[i + 1];
    /* Any alignment, and guards on both sides. */
    part[i].workspace = (char *)malloc(size + 32) + 16 + i;
    memset(part[i].workspace - 8, 0x5A, 8);
    memset(part[i].workspace + size, 0x5A, 8);
    pthread_create(&thread[i], NULL, work, &part[i]);
  }
  for (int i = 0; i < Threads; ++i) {
    pthread_join(thread[i], NULL);
    CHECK_EQ(part[i].status, 0);
    for (int j = 0; j < 8; ++j) {
      CHECK_EQ(part[i].workspace[j - 8], 0x5A);
      CHECK_EQ(part[i].workspace[size + j], 0x5A);
    }
  }
  CHECK(memcmp(whole, parts, sizeof whole) == 0);
  CHECK(memcmp(wholeTotal, partsTotal, sizeof wholeTotal) == 0);

  /* Only its own rows. */
  memset(parts, 0, sizeof parts);
  CHECK_EQ(range(2, 3, part[0].workspace), 0);
  for (int i = 0; i < Rows * Columns; ++i)
    CHECK(i / Columns == 2 ? parts[i] == whole[i] : parts[i] == 0);

  /* Ranges and workspaces that are refused. */
  memset(parts, 0, sizeof parts);
  CHECK_EQ(range(-1, 3, part[0].workspace), 5);
  CHECK_EQ(range(0, Rows + 1, part[0].workspace), 5);
  CHECK_EQ(range(3, 2, part[0].workspace), 5);
  CHECK_EQ(range(INT64_MIN, INT64_MAX, part[0].workspace), 5);
  CHECK_EQ(range(0, Rows, NULL), 1);
  CHECK_EQ(range(Rows, Rows, part[0].workspace), 0);
  for (int i = 0; i < Rows * Columns; ++i)
    CHECK(parts[i] == 0);
  return finish();
}
