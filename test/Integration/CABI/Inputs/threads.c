/* Kernels on the threads of libomp, and driven by those of another runtime: the
 * bits are those of one thread (C-DET-1). */
#include <dlfcn.h>

#include "single.h"

#include "tensors.h"

#ifdef _OPENMP
#include <omp.h>
#endif

typedef int32_t Kernel(const DLTensor *, const DLTensor *, const DLTensor *);
typedef int32_t Range(const DLTensor *, const DLTensor *, const DLTensor *,
                      int64_t, int64_t, void *);
typedef size_t Size(const DLTensor *, const DLTensor *, const DLTensor *);

enum { Most = 1 << 20 };
static float input[Most], expected[Most], actual[Most], lse[2][Most];

static void *find(void *library, const char *name, const char *suffix) {
  char symbol[64];
  snprintf(symbol, sizeof symbol, "%s%s", name, suffix);
  void *address = dlsym(library, symbol);
  if (!address) {
    printf("%s is missing\n", symbol);
    exit(1);
  }
  return address;
}

static void compare(const char *name, int rows, int columns, int perRow) {
  if (memcmp(expected, actual, sizeof(float) * (size_t)(rows * columns)) ||
      memcmp(lse[0], lse[1], sizeof(float) * (size_t)perRow)) {
    printf("%s: %d x %d has other bits\n", name, rows, columns);
    ++failures;
  }
}

int main(int argc, char **argv) {
  static const int shapes[][2] = {
      {1, Most},  {1, 40000},  {2, 100003}, {3, 100003}, {5, 65536},
      {7, 5000},  {100, 1000}, {333, 1000}, {60000, 10}, {4001, 129},
      {1, 100},   {1000, 1},   {0, 5},      {300, 1024}, {33, 12345},
      {64, 4096}, {1, 4097},   {2, 16384}};
  void *library = argc > 1 ? dlopen(argv[1], RTLD_NOW) : NULL;
  if (!library) {
    printf("cannot load the library: %s\n", dlerror());
    return 2;
  }
  int ranges = argc > 2 && strcmp(argv[2], "ranges") == 0;
  uint32_t state = 1;
  for (int i = 0; i < Most; ++i) {
    state = state * 1664525u + 1013904223u;
    input[i] = (float)(state >> 8) / (float)(1 << 24) * 30;
  }
  for (size_t s = 0; s < sizeof shapes / sizeof shapes[0]; ++s)
    for (int axis = 0; axis < 2; ++axis) {
      int rows = shapes[s][0], columns = shapes[s][1];
      int perRow = axis ? rows : columns;
      Tensor x, y, l;
      setTensor(&x, input, Float, 32, 2, rows, columns);
      setTensor(&y, expected, Float, 32, 2, rows, columns);
      setTensor(&l, lse[0], Float, 32, 1, perRow, 0);
      memset(actual, -1, sizeof actual);
      memset(lse, -1, sizeof lse);
      use(&x), use(&y), use(&l);
      CHECK_EQ((axis ? single1 : single0)(&x.t, &y.t, &l.t), 0);
      y.t.data = actual;
      l.t.data = lse[1];
      const char *name = axis ? "threads1" : "threads0";
      if (!ranges) {
        Kernel *kernel = (Kernel *)find(library, name, "");
        CHECK_EQ(kernel(&x.t, &y.t, &l.t), 0);
        compare(name, rows, columns, perRow);
        continue;
      }
      Range *range = (Range *)find(library, name, "_range");
      Size *size = (Size *)find(library, name, "_workspace_size");
      int64_t units =
          (int64_t)((Size *)find(library, name, "_units"))(&x.t, &y.t, &l.t);
      size_t bytes = size(&x.t, &y.t, &l.t);
      int pieces = 7, wrong = 0;
#ifdef _OPENMP
#pragma omp parallel for schedule(dynamic) reduction(+ : wrong)
#endif
      for (int p = 0; p < pieces; ++p) {
        void *workspace = malloc(bytes + 1);
        wrong += range(&x.t, &y.t, &l.t, units * p / pieces,
                       units * (p + 1) / pieces, workspace) != 0;
        free(workspace);
      }
      CHECK_EQ(wrong, 0);
      compare(name, rows, columns, perRow);
    }
#ifdef _OPENMP
  printf("driven by %d threads of this program's runtime\n",
         omp_get_max_threads());
#endif
  return finish();
}
