/* A host program with a thread pool of its own, against the header and the
 * library that softmaxc writes for
 *   softmax     f32  ?x?x?  axis 1, with scale, mask and lse
 *   log_softmax f64  ?x?
 *   logsumexp   f32  ?x8
 */
#include <kernels.h>

#include "tensors.h"

#include <math.h>
#include <pthread.h>

enum { A = 5, N = 33, B = 17, Threads = 3 };

static float input[A * N * B], whole[A * N * B], parts[A * N * B], lse[A * B],
    lseParts[A * B];
static uint8_t keep[N * B];
static Tensor x, mask, y, l;

/* Shape and row-major strides of rank 3. */
static void setTensor3(Tensor *tensor, void *data, int64_t d0, int64_t d1,
                       int64_t d2) {
  setTensor(tensor, data, Float, 32, 3, d0, d1);
  tensor->shape[2] = d2;
  tensor->strides[0] = d1 * d2;
  tensor->strides[1] = d2;
  tensor->strides[2] = 1;
  use(tensor);
}

static int near(double actual, double expected) {
  return fabs(actual - expected) <= 1e-6 + 1e-5 * fabs(expected);
}

typedef struct {
  int64_t begin, end;
  size_t size;
  int status;
} Part;

static void *work(void *argument) {
  Part *part = argument;
  void *workspace = part->size ? malloc(part->size) : NULL;
  part->status = softmax_range(&x.t, 0.5, &mask.t, &y.t, &l.t, part->begin,
                               part->end, workspace);
  free(workspace);
  return NULL;
}

/* C-DET-1, over rows whose lanes are neighbours. */
static void testThreads(void) {
  y.t.data = parts;
  l.t.data = lseParts;
  int64_t units = softmax_units(&x.t, 0.5, &mask.t, &y.t, &l.t);
  CHECK_EQ(units, A * B);
  size_t size = softmax_workspace_size(&x.t, 0.5, &mask.t, &y.t, &l.t);
  int64_t cuts[Threads + 1] = {0, 7, 40, A * B};
  pthread_t thread[Threads];
  Part part[Threads];
  for (int i = 0; i < Threads; ++i) {
    Part p = {cuts[i], cuts[i + 1], size, -1};
    part[i] = p;
    pthread_create(&thread[i], NULL, work, &part[i]);
  }
  for (int i = 0; i < Threads; ++i) {
    pthread_join(thread[i], NULL);
    CHECK_EQ(part[i].status, SOFTMAX_OK);
  }
  CHECK(memcmp(whole, parts, sizeof whole) == 0);
  CHECK(memcmp(lse, lseParts, sizeof lse) == 0);
}

static void testSoftmax(void) {
  for (int i = 0; i < A * N * B; ++i)
    input[i] = (float)(i * 7919 % 1013) / 50.0f;
  for (int i = 0; i < N * B; ++i)
    keep[i] = i % 7 != 3;
  setTensor3(&x, input, A, N, B);
  setTensor3(&y, whole, A, N, B);
  /* The mask repeats over the outermost dimension. */
  setTensor(&mask, keep, Bool, 8, 3, A, N);
  mask.shape[2] = B;
  mask.strides[0] = 0;
  mask.strides[1] = B;
  mask.strides[2] = 1;
  use(&mask);
  setTensor(&l, lse, Float, 32, 2, A, B);
  use(&l);
  CHECK_EQ(softmax(&x.t, 0.5, &mask.t, &y.t, &l.t), SOFTMAX_OK);
  for (int a = 0; a < A; ++a)
    for (int b = 0; b < B; ++b) {
      double sum = 0;
      for (int n = 0; n < N; ++n)
        if (keep[n * B + b])
          sum += exp(0.5 * input[(a * N + n) * B + b]);
      CHECK(near(lse[a * B + b], log(sum)));
      for (int n = 0; n < N; ++n) {
        double e = keep[n * B + b] ? exp(0.5 * input[(a * N + n) * B + b]) : 0;
        CHECK(near(whole[(a * N + n) * B + b], e / sum));
      }
    }
  testThreads();

  /* In place gives the same bits. */
  memcpy(parts, input, sizeof parts);
  x.t.data = parts;
  CHECK_EQ(softmax(&x.t, 0.5, &mask.t, &y.t, &l.t), SOFTMAX_OK);
  CHECK(memcmp(whole, parts, sizeof whole) == 0);

  /* Refused operands change nothing. */
  x.t.data = input;
  memset(parts, 0xA5, sizeof parts);
  memcpy(whole, parts, sizeof parts);
  CHECK_EQ(softmax(NULL, 0.5, &mask.t, &y.t, &l.t), SOFTMAX_NULL_ARGUMENT);
  x.t.device.device_type = 2;
  CHECK_EQ(softmax(&x.t, 0.5, &mask.t, &y.t, &l.t), SOFTMAX_WRONG_DEVICE);
  x.t.device.device_type = 1;
  mask.t.dtype.code = Int;
  CHECK_EQ(softmax(&x.t, 0.5, &mask.t, &y.t, &l.t), SOFTMAX_WRONG_TYPE);
  mask.t.dtype.code = Bool;
  l.t.ndim = 1;
  CHECK_EQ(softmax(&x.t, 0.5, &mask.t, &y.t, &l.t), SOFTMAX_WRONG_RANK);
  l.t.ndim = 2;
  l.shape[1] = B - 1;
  CHECK_EQ(softmax(&x.t, 0.5, &mask.t, &y.t, &l.t), SOFTMAX_WRONG_SHAPE);
  l.shape[1] = B;
  y.strides[1] = 0;
  CHECK_EQ(softmax(&x.t, 0.5, &mask.t, &y.t, &l.t),
           SOFTMAX_UNSUPPORTED_STRIDES);
  y.strides[1] = B;
  CHECK(memcmp(whole, parts, sizeof whole) == 0);
  CHECK(strcmp(softmax_status_string(SOFTMAX_WRONG_RANK), "wrong rank") == 0);
  CHECK(strcmp(softmax_status_string(77), "unknown status") == 0);
}

static void testOthers(void) {
  double in[6] = {1, 2, 3, -1, 0, 1000}, out[6];
  Tensor u, v;
  setTensor(&u, in, Float, 64, 2, 2, 3);
  setTensor(&v, out, Float, 64, 2, 2, 3);
  CHECK_EQ(log_softmax(use(&u), use(&v)), SOFTMAX_OK);
  CHECK(near(out[0], -2.4076059644443806) && near(out[5], 0) &&
        near(out[3], -1001));
  CHECK_EQ(log_softmax_units(use(&u), use(&v)), 2);

  float rows[16], sums[2];
  for (int i = 0; i < 16; ++i)
    rows[i] = i < 8 ? 0.0f : -INFINITY;
  setTensor(&u, rows, Float, 32, 2, 2, 8);
  setTensor(&v, sums, Float, 32, 1, 2, 0);
  CHECK_EQ(logsumexp(use(&u), use(&v)), SOFTMAX_OK);
  CHECK(near(sums[0], log(8)) && sums[1] == -INFINITY);
  /* The static size. */
  u.shape[1] = 7;
  CHECK_EQ(logsumexp(use(&u), use(&v)), SOFTMAX_WRONG_SHAPE);
}

int main(void) {
  testSoftmax();
  testOthers();
  return finish();
}
