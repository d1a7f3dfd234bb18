/* Runs the kernels of forms.mlir on sizes around those of vectors and groups
 * and prints a digest of the results of each, by which targets can be compared.
 */
#include <forms.h>

#include "formats.h"

enum { Rows = 3, Most = 300 };

typedef struct {
  DLTensor t;
  int64_t shape[3];
  unsigned char data[Rows * Most * 8];
} Tensor;

static Tensor a, b, c, r, s;

/* Random elements in (-size, size); masks are 0 and 1. */
static void make(Tensor *tensor, int code, int bits, double size, int rank,
                 int64_t d0, int64_t d1, int64_t d2) {
  memset(&tensor->t, 0, sizeof tensor->t);
  tensor->shape[0] = d0;
  tensor->shape[1] = d1;
  tensor->shape[2] = d2;
  tensor->t.data = tensor->data;
  tensor->t.device.device_type = kDLCPU;
  tensor->t.ndim = rank;
  tensor->t.dtype.code = (uint8_t)code;
  tensor->t.dtype.bits = (uint8_t)bits;
  tensor->t.dtype.lanes = 1;
  tensor->t.shape = tensor->shape;
  Format format = bits == 64          ? F64
                  : bits == 32        ? F32
                  : code == kDLBfloat ? BF16
                                      : F16;
  for (int64_t i = 0; i < d0 * d1 * d2; ++i) {
    double value = size * uniform();
    if (bits == 8)
      tensor->data[i] = value > 0;
    else
      encode(format, value, tensor->data + i * (bits / 8));
  }
}

static uint64_t hashTensor(uint64_t state, const Tensor *tensor) {
  int bytes = tensor->t.dtype.bits / 8;
  int64_t count = 1;
  for (int i = 0; i < tensor->t.ndim; ++i)
    count *= tensor->shape[i];
  return hash(state, tensor->data, (size_t)(count * bytes));
}

static uint64_t run(int kernel, int n, uint64_t state) {
  int32_t status = -1;
  make(&r, kDLFloat, 32, 0, 2, Rows, n, 1);
  switch (kernel) {
  case 0:
    make(&a, kDLFloat, 32, 5, 2, Rows, n, 1);
    status = causal(&a.t, 0.75, &r.t);
    break;
  case 1:
    make(&a, kDLFloat, 32, 20, 2, Rows, n, 1);
    make(&r, kDLFloat, 32, 0, 1, Rows, 1, 1);
    make(&s, kDLFloat, 32, 0, 1, Rows, 1, 1);
    status = statistics(&a.t, &r.t, &s.t);
    state = hashTensor(state, &s);
    break;
  case 2:
    make(&a, kDLFloat, 64, 1, 2, Rows, n, 1);
    make(&b, kDLFloat, 64, 1, 2, Rows, n, 1);
    make(&r, kDLFloat, 64, 0, 2, Rows, n, 1);
    status = backward(&a.t, &b.t, &r.t);
    break;
  case 3:
    make(&a, kDLFloat, 16, 5, 2, Rows, n, 1);
    make(&b, kDLBfloat, 16, 5, 1, Rows, 1, 1);
    make(&c, kDLInt, 8, 1, 1, n, 1, 1);
    make(&r, kDLBfloat, 16, 0, 2, Rows, n, 1);
    status = narrow(&a.t, &b.t, &c.t, &r.t);
    break;
  case 4:
    make(&a, kDLBfloat, 16, 5, 3, 3, Rows, n / 3 + 1);
    make(&r, kDLFloat, 32, 0, 3, 3, Rows, n / 3 + 1);
    status = joint(&a.t, &r.t);
    break;
  }
  if (status != SOFTMAX_OK)
    fprintf(stderr, "status %d\n", (int)status);
  return hashTensor(state, &r);
}

int main(void) {
  static const char *const names[] = {"causal", "statistics", "backward",
                                      "narrow", "joint"};
  static const int sizes[] = {1,  3,  4,  8,   15,  16,  33,
                              63, 64, 65, 100, 128, 130, Most - 3};
  for (int kernel = 0; kernel < 5; ++kernel) {
    uint64_t state = 0xcbf29ce484222325u;
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; ++i)
      state = run(kernel, sizes[i], state);
    printf("%-10s %016llx\n", names[kernel], (unsigned long long)state);
  }
  return 0;
}
