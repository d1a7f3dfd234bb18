// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "Transpose.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::softmax;

/// Lanes `count` at a time: in every piece of `piece` lanes the low (or high)
/// half of `x` and of `y`, `count` lanes of one by `count` of the other.
static Value interleave(KernelBuilder &k, Value x, Value y, int64_t count,
                        int64_t piece, bool high) {
  int64_t lanes = cast<VectorType>(x.getType()).getNumElements();
  SmallVector<int64_t> mask;
  for (int64_t base = 0; base < lanes; base += piece)
    for (int64_t i = 0; i < piece; ++i) {
      int64_t pair = i / (2 * count), inside = i % (2 * count);
      int64_t source =
          base + (high ? piece / 2 : 0) + pair * count + inside % count;
      mask.push_back(inside < count ? source : lanes + source);
    }
  return vector::ShuffleOp::create(k.b, k.loc, x, y, mask);
}

/// The 128-bit parts of `x` with even (or odd) numbers, then those of `y`.
static Value selectParts(KernelBuilder &k, Value x, Value y, int64_t part,
                         bool odd) {
  int64_t lanes = cast<VectorType>(x.getType()).getNumElements();
  SmallVector<int64_t> mask;
  for (int64_t from : {int64_t(0), lanes})
    for (int64_t p = odd ? 1 : 0; p < lanes / part; p += 2)
      for (int64_t i = 0; i < part; ++i)
        mask.push_back(from + p * part + i);
  return vector::ShuffleOp::create(k.b, k.loc, x, y, mask);
}

SmallVector<Value> mlir::softmax::transposeSquare(KernelBuilder &k,
                                                  ArrayRef<Value> rows) {
  auto type = cast<VectorType>(rows[0].getType());
  int64_t lanes = type.getNumElements();
  int64_t part = std::min<int64_t>(
      128 / type.getElementType().getIntOrFloatBitWidth(), lanes);
  SmallVector<Value> in(rows), out(lanes);
  // Squares of `part` x `part` inside of every 128 bits, for `part` rows each.
  for (int64_t width = 1; width < part; width *= 2) {
    for (int64_t base = 0; base < lanes; base += 2 * width)
      for (int64_t i = 0; i < width; ++i) {
        Value x = in[base + i], y = in[base + width + i];
        out[base + 2 * i] = interleave(k, x, y, width, part, /*high=*/false);
        out[base + 2 * i + 1] = interleave(k, x, y, width, part, /*high=*/true);
      }
    in = out;
  }
  // Vector b * part + c holds, in its 128-bit part p, column p * part + c of
  // rows b * part ...: the parts are transposed, over b and p.
  int64_t parts = lanes / part;
  for (int64_t width = 1; width < parts; width *= 2) {
    for (int64_t c = 0; c < part; ++c)
      for (int64_t b = 0; b < parts / 2; ++b) {
        Value x = in[2 * b * part + c], y = in[(2 * b + 1) * part + c];
        out[b * part + c] = selectParts(k, x, y, part, /*odd=*/false);
        out[(b + parts / 2) * part + c] =
            selectParts(k, x, y, part, /*odd=*/true);
      }
    in = out;
  }
  return in;
}
