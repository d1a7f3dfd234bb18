/* What softmax_plan fills in for some sizes. */
#include "softmax.h"
#include <stdio.h>

static void show(int64_t rows, int64_t columns) {
  static int memory[4];
  softmax_device_plan plan;
  int status = softmax_plan(memory, 0.5f, memory + 1, memory + 2, memory + 3,
                            rows, columns, &plan);
  printf("%lld x %lld: ", (long long)rows, (long long)columns);
  if (status != 0) {
    printf("status %d\n", status);
    return;
  }
  printf("%u launches, workspace %lld\n", plan.count,
         (long long)plan.workspace_bytes);
  for (unsigned i = 0; i < plan.count; ++i) {
    softmax_device_launch *launch = &plan.launches[i];
    printf("  %s, grid %u, block %u, cluster %u, shared %u", launch->kernel,
           launch->grid, launch->block, launch->cluster, launch->shared_bytes);
    if (plan.count == 1)
      printf(", first %lld", (long long)*(int64_t *)launch->arguments[0]);
    printf("\n");
  }
}

int main(void) {
  show(5, 100);
  show(5, 1000);
  show(5, 1025);
  show(5, 10000);
  show(5, 100000);
  show(5, 1000000);
  show(5000, 1000000);
  show(0, 100);
  show(-1, 100);
  show(9000000000, 2000);
  show(4294967296, 4294967296);
  show(4294967296, INT64_MAX);
  return 0;
}
