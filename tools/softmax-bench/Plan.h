// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// What softmax-bench measures: points (shape, type, axis).

#ifndef SOFTMAX_TOOLS_SOFTMAX_BENCH_PLAN_H
#define SOFTMAX_TOOLS_SOFTMAX_BENCH_PLAN_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <cstdint>
#include <string>
#include <vector>

namespace softmax_bench {

enum class ElementType { F16, BF16, F32, F64 };

llvm::StringRef getName(ElementType type);
unsigned getBytes(ElementType type);
llvm::Expected<ElementType> parseElementType(llvm::StringRef text);

/// Softmax of a compact row-major `rows` x `columns` array, over the columns
/// (axis 1) or, one result per column, over the rows (axis 0).
struct Point {
  int64_t rows;
  int64_t columns;
  int axis;
  ElementType type;

  int64_t getNumElements() const { return rows * columns; }
  int64_t getNumBytes() const { return getNumElements() * getBytes(type); }
  std::string getShape() const;
};

/// `1024x4096` or, with an axis, `1000x4096@0`.
llvm::Expected<Point> parseShape(llvm::StringRef text, ElementType type);

/// The sixty points (15 row lengths from 32 to 131072 at four sizes from cache
/// to memory), 1024 x 4096 and, over the outer dimension, 1000 x 4096.
std::vector<Point> getDefaultPlan(ElementType type);

/// Whether `point` is one of the sixty.
bool isListed(const Point &point);

} // namespace softmax_bench

#endif // SOFTMAX_TOOLS_SOFTMAX_BENCH_PLAN_H
