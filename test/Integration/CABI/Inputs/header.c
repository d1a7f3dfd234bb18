/* The header in C99 and C++17: alone, twice, beside another library's, and
 * after dlpack.h. */
#ifdef WITH_DLPACK
/* What dlpack.h declares, under its own guard. */
#include <stdint.h>
#define DLPACK_DLPACK_H_
#ifdef __cplusplus
typedef enum : int32_t { kDLCPU = 1, kDLCUDA = 2 } DLDeviceType;
#else
typedef enum { kDLCPU = 1, kDLCUDA = 2 } DLDeviceType;
#endif
typedef struct {
  DLDeviceType device_type;
  int32_t device_id;
} DLDevice;
typedef struct {
  uint8_t code;
  uint8_t bits;
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
#endif
#include <kernels.h>
#include <other.h>

int main(void) {
  DLTensor tensor = {0};
  int32_t (*entry)(const DLTensor *, double, const DLTensor *, DLTensor *,
                   DLTensor *) = softmax;
  int32_t (*range)(const DLTensor *, DLTensor *, int64_t, int64_t, void *) =
      other_range;
  size_t (*size)(const DLTensor *, DLTensor *) = other_workspace_size;
  int64_t (*units)(const DLTensor *, DLTensor *) = other_units;
  return entry(&tensor, 1.0, 0, &tensor, &tensor) == SOFTMAX_NULL_ARGUMENT &&
                 range(&tensor, &tensor, 0, 0, 0) == SOFTMAX_WRONG_DEVICE &&
                 size(&tensor, &tensor) == 0 && units(&tensor, &tensor) == 0
             ? 0
             : 1;
}
