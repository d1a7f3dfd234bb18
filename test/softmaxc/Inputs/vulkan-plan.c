/* What softmax_plan fills in for some sizes. */
#include "softmax.h"
#include <stdio.h>

static void show(int64_t rows, int64_t columns) {
  static const char operands[] = "xmpl";
  softmax_vulkan_launch launch;
  int status =
      softmax_plan(operands, 0.5f, operands + 1, (void *)(operands + 2),
                   (void *)(operands + 3), rows, columns, &launch);
  unsigned i;
  if (status != 0) {
    printf("%lld x %lld: status %d\n", (long long)rows, (long long)columns,
           status);
    return;
  }
  printf("%lld x %lld: %s, groups %u %u %u of %u, subgroups of %u, buffers ",
         (long long)rows, (long long)columns, launch.entry_point,
         (unsigned)launch.groups[0], (unsigned)launch.groups[1],
         (unsigned)launch.groups[2], (unsigned)launch.workgroup_size,
         (unsigned)launch.subgroup_size);
  for (i = 0; i < launch.buffer_count; ++i)
    putchar(*(const char *)launch.buffers[i]);
  printf(", %u bytes:", (unsigned)launch.push_constant_bytes);
  for (i = 0; i < launch.push_constant_bytes; i += 4) {
    int32_t word;
    memcpy(&word, launch.push_constants + i, 4);
    printf(" %ld", (long)word);
  }
  putchar('\n');
}

int main(void) {
  show(5, 100);
  show(5, 100000);
  show(1000000, 2000);
  show(0, 100);
  show(-1, 100);
  show(70000, 40000);
  show(INT64_MAX, INT64_MAX);
  show(0, INT64_MAX);
  return 0;
}
