/* Calls every entry point of a kernel of a library with several versions and
 * prints what they say. */
#ifndef KERNELS_H
#define KERNELS_H "kernels.h"
#endif
#include KERNELS_H

#include <stdio.h>
#include <string.h>

enum { Columns = 20, Rows = 3 };

static const char *errorKind, *errorMessage;
void TVMFFIErrorSetRaisedFromCStr(const char *kind, const char *message);
void TVMFFIErrorSetRaisedFromCStr(const char *kind, const char *message) {
  errorKind = kind;
  errorMessage = message;
}

typedef struct {
  int32_t type, padding;
  const void *value;
} TvmAny;
int32_t __tvm_ffi_i_f32(void *, const TvmAny *, int32_t, TvmAny *);

typedef struct {
  float *allocated, *aligned;
  int64_t offset, sizes[2], strides[2];
} Matrix;
typedef struct {
  float *allocated, *aligned;
  int64_t offset, size, stride;
} Vector;
int32_t _mlir_ciface_i_f32(Matrix *, Matrix *, Vector *);

static float in[Columns * Rows], out[Columns * Rows], lse[Rows];

static DLTensor tensorOf(float *data, int rank, int64_t *shape) {
  DLTensor tensor;
  memset(&tensor, 0, sizeof tensor);
  tensor.data = data;
  tensor.device.device_type = kDLCPU;
  tensor.ndim = rank;
  tensor.dtype.code = kDLFloat;
  tensor.dtype.bits = 32;
  tensor.dtype.lanes = 1;
  tensor.shape = shape;
  return tensor;
}

int main(void) {
  int64_t shape[2] = {Columns, Rows};
  DLTensor x = tensorOf(in, 2, shape), y = tensorOf(out, 2, shape),
           l = tensorOf(lse, 1, shape + 1);
  int32_t status = i_f32(&x, &y, &l);
  if (status == SOFTMAX_OK) {
    printf("kernel 0\n");
    printf("units %d, workspace %d\n", (int)i_f32_units(&x, &y, &l),
           (int)i_f32_workspace_size(&x, &y, &l));
    return 0;
  }
  printf("kernel %d: %s\n", (int)status, softmax_status_string(status));
  printf("range %d\n", (int)i_f32_range(&x, &y, &l, 0, 1, NULL));
  Matrix xs = {in, in, 0, {Columns, Rows}, {Rows, 1}},
         ys = {out, out, 0, {Columns, Rows}, {Rows, 1}};
  Vector ls = {lse, lse, 0, Rows, 1};
  printf("descriptors %d\n", (int)_mlir_ciface_i_f32(&xs, &ys, &ls));
  printf("units %d, workspace %d\n", (int)i_f32_units(&x, &y, &l),
         (int)i_f32_workspace_size(&x, &y, &l));
  TvmAny arguments[3] = {{7, 0, &x}, {7, 0, &y}, {7, 0, &l}}, result;
  status = __tvm_ffi_i_f32(NULL, arguments, 3, &result);
  printf("TVM-FFI %d: %s: %s\n", (int)status, errorKind, errorMessage);
  printf("null %d\n", (int)i_f32(NULL, &y, &l));
  for (int i = 0; i < Columns * Rows; ++i)
    if (out[i] != 0)
      return 1;
  printf("nothing written\n");
  return 0;
}
