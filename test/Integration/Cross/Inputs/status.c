/* Calls one kernel and prints its status. */
#include KERNELS_H

#include <stdio.h>

int main(void) {
  static uint16_t in[12], out[12];
  static float lse[3];
  int64_t shape[2] = {3, 4};
  DLTensor x = {in, {kDLCPU, 0}, 2, {kDLBfloat, 16, 1}, shape, NULL, 0}, y = x;
  DLTensor l = {lse, {kDLCPU, 0}, 1, {kDLFloat, 32, 1}, shape, NULL, 0};
  y.data = out;
  int32_t status = s_bf16(&x, &y, &l);
  printf("status %d: %s\n", (int)status, softmax_status_string(status));
  return 0;
}
