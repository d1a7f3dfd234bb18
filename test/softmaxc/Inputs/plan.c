/* What softmax_plan fills in for some sizes. */
#include "softmax.h"
#include <stdio.h>

static void show(int64_t rows, int64_t columns) {
  static int memory[4];
  softmax_device_launch launch;
  int status = softmax_plan(memory, 0.5f, memory + 1, memory + 2, memory + 3,
                            rows, columns, &launch);
  if (status != 0) {
    printf("%lld x %lld: status %d\n", (long long)rows, (long long)columns,
           status);
    return;
  }
  printf("%lld x %lld: %s, grid %u, block %u, shared %u, first %lld\n",
         (long long)rows, (long long)columns, launch.kernel, launch.grid,
         launch.block, launch.shared_bytes,
         (long long)*(int64_t *)launch.arguments[0]);
}

int main(void) {
  show(5, 100);
  show(5, 1000);
  show(5, 1025);
  show(5, 100000);
  show(0, 100);
  show(-1, 100);
  show(9000000000, 2000);
  return 0;
}
