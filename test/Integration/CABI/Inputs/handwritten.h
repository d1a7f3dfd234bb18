/* The entry points of handwritten.mlir, by hand. */
#ifndef HANDWRITTEN_H
#define HANDWRITTEN_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
  int32_t device_type, device_id;
} DLDevice;
typedef struct {
  uint8_t code, bits;
  uint16_t lanes;
} DLDataType;
typedef struct {
  void *data;
  DLDevice device;
  int32_t ndim;
  DLDataType dtype;
  int64_t *shape;
  int64_t *strides;
  uint64_t byte_offset;
} DLTensor;

#define SHARES                                                                 \
  const DLTensor *x, double scale, const DLTensor *keep, DLTensor *y,          \
      DLTensor *total
int32_t shares(SHARES);
int64_t shares_units(SHARES);
size_t shares_workspace_size(SHARES);
int32_t shares_range(SHARES, int64_t begin, int64_t end, void *workspace);

#define INCREMENT const DLTensor *arg0, DLTensor *result0
int32_t increment(INCREMENT);
int64_t increment_units(INCREMENT);
size_t increment_workspace_size(INCREMENT);
int32_t increment_range(INCREMENT, int64_t begin, int64_t end, void *workspace);

/* TVMFFIAny and TVMFFISafeCallType of tvm/ffi/c_api.h. */
typedef struct {
  int32_t type_index;
  uint32_t padding;
  union {
    int64_t v_int64;
    double v_float64;
    void *v_ptr;
  } value;
} Any;
int32_t __tvm_ffi_shares(void *self, const Any *args, int32_t num_args,
                         Any *result);

typedef struct {
  void *allocated, *aligned;
  int64_t offset, sizes[2], strides[2];
} Descriptor2;
typedef struct {
  void *allocated, *aligned;
  int64_t offset, sizes[1], strides[1];
} Descriptor1;
int32_t _mlir_ciface_shares(Descriptor2 *x, float scale, Descriptor2 *keep,
                            Descriptor2 *y, Descriptor1 *total);

#endif
