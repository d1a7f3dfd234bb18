/* A tuned kernel and the model's: the same bits on rows of every kind. */
#include "tuned.h"
#include "model.h"

#include "tensors.h"

enum { Most = 1 << 18 };
static float input[Most], one[Most], two[Most], lse[2][Most];

int main(void) {
  static const int shapes[][2] = {{64, 100},  {40, 3000}, {4000, 10}, {1, 10},
                                  {3, 100},   {1, 3000},  {50, 5000}, {7, 64},
                                  {2, 40000}, {100, 17},  {0, 10},    {5, 1}};
  uint32_t state = 1;
  for (int i = 0; i < Most; ++i) {
    state = state * 1664525u + 1013904223u;
    input[i] = (float)(state >> 8) / (float)(1 << 24) * 20;
  }
  for (size_t s = 0; s < sizeof shapes / sizeof shapes[0]; ++s) {
    int rows = shapes[s][0], columns = shapes[s][1];
    Tensor x, y, l;
    setTensor(&x, input, Float, 32, 2, rows, columns);
    setTensor(&y, one, Float, 32, 2, rows, columns);
    setTensor(&l, lse[0], Float, 32, 1, rows, 0);
    use(&x), use(&y), use(&l);
    CHECK_EQ(model(&x.t, &y.t, &l.t), 0);
    y.t.data = two;
    l.t.data = lse[1];
    CHECK_EQ(tuned(&x.t, &y.t, &l.t), 0);
    CHECK_EQ(memcmp(one, two, sizeof(float) * (size_t)(rows * columns)), 0);
    CHECK_EQ(memcmp(lse[0], lse[1], sizeof(float) * (size_t)rows), 0);
  }
  return finish();
}
