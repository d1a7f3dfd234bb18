// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
// Trains the digits classifier by gradient descent with momentum, and tries it.
#include "train.h"
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <numeric>
#include <random>

template <typename T>
struct Tensor : std::vector<T> { // of rank 1 if it has one column
  int64_t shape[2];
  DLDataType type = {T(0.5) ? kDLFloat : kDLInt, 8 * sizeof(T), 1};
  DLTensor dl[1] = {{this->data(), {kDLCPU, 0}, 2, type, shape, nullptr, 0}};
  Tensor(int64_t rows, int64_t columns = 1)
      : std::vector<T>(rows * columns), shape{rows, columns} {
    dl->ndim = columns > 1 ? 2 : 1;
  }
};

struct Digits { // images, and what the classifier makes of them
  Tensor<float> images, logits, loss, lse;
  Tensor<int64_t> labels;
  Digits(const std::string &files, int n)
      : images(n, 65), logits(n, 10), loss(n), lse(n), labels(n) {
    std::ifstream pixels(files + "images.npy"), digits(files + "labels.npy");
    pixels.seekg(-64 * n, std::ios::end);
    digits.seekg(-n, std::ios::end);
    for (int i = 0; i < 65 * n; ++i)
      images[i] = i % 65 < 64 ? pixels.get() / 16.0f : 1;
    for (int64_t &label : labels)
      label = digits.get();
  }
};

int main(int, char **argv) {
  Digits seen(argv[1], 1197), unseen(argv[2], 600);
  Tensor<float> weights(65, 10), speed(65, 10), gradient(65, 10);
  int status = 0, right = 0;
  auto classify = [&](Digits &d) {
    status |= forward(d.images.dl, weights.dl, d.labels.dl, d.logits.dl,
                      d.loss.dl, d.lse.dl);
  };
  std::mt19937 random(0);
  for (float &weight : weights)
    weight = random() * 0x1p-32f - 0.5f;
  for (int step = 0; step <= 1000; ++step) {
    classify(seen);
    status |= backward(seen.images.dl, seen.logits.dl, seen.labels.dl,
                       seen.lse.dl, gradient.dl);
    if (step % 200 == 0)
      printf("step %4d: mean loss %.4f\n", step,
             std::accumulate(seen.loss.begin(), seen.loss.end(), 0.0) / 1197);
    for (int i = 0; i < 650; ++i) {
      float penalty = i < 640 ? weights[i] / 11970 : 0; // none on the bias
      weights[i] += speed[i] = 0.97f * speed[i] - 2 * (gradient[i] + penalty);
    }
  }
  classify(unseen);
  const float *row = unseen.logits.data();
  for (int i = 0; i < 600; ++i, row += 10)
    right += std::max_element(row, row + 10) - row == unseen.labels[i];
  printf("accuracy on 600 images not seen: %.3f\n", right / 600.0);
  return status;
}
