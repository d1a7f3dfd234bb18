// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "Plan.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"

#include <algorithm>
#include <optional>

using namespace softmax_bench;

llvm::StringRef softmax_bench::getName(ElementType type) {
  switch (type) {
  case ElementType::F16:
    return "f16";
  case ElementType::BF16:
    return "bf16";
  case ElementType::F32:
    return "f32";
  case ElementType::F64:
    return "f64";
  }
  llvm_unreachable("unknown element type");
}

unsigned softmax_bench::getBytes(ElementType type) {
  switch (type) {
  case ElementType::F16:
  case ElementType::BF16:
    return 2;
  case ElementType::F32:
    return 4;
  case ElementType::F64:
    return 8;
  }
  llvm_unreachable("unknown element type");
}

llvm::Expected<ElementType>
softmax_bench::parseElementType(llvm::StringRef text) {
  std::optional<ElementType> type =
      llvm::StringSwitch<std::optional<ElementType>>(text)
          .Case("f16", ElementType::F16)
          .Case("bf16", ElementType::BF16)
          .Case("f32", ElementType::F32)
          .Case("f64", ElementType::F64)
          .Default(std::nullopt);
  if (type)
    return *type;
  return llvm::createStringError("unknown type '" + text +
                                 "': f16, bf16, f32 and f64 are known");
}

std::string Point::getShape() const {
  return std::to_string(rows) + "x" + std::to_string(columns);
}

llvm::Expected<Point> softmax_bench::parseShape(llvm::StringRef text,
                                                ElementType type) {
  Point point{0, 0, 1, type};
  auto [shape, axis] = text.split('@');
  auto [rows, columns] = shape.split('x');
  bool bad = rows.getAsInteger(10, point.rows) ||
             columns.getAsInteger(10, point.columns) || point.rows < 1 ||
             point.columns < 1 ||
             (text.contains('@') && axis != "0" && axis != "1");
  // 16 GiB of f64: more is a slip of the keyboard.
  if (bad || point.rows > (int64_t(1) << 31) / point.columns)
    return llvm::createStringError(
        "cannot use shape '" + text +
        "': write ROWSxCOLUMNS, as in 1024x4096, with @0 to normalize over the "
        "rows, and at most 2^31 elements");
  if (axis == "0")
    point.axis = 0;
  return point;
}

static constexpr int64_t kColumns[] = {32,   64,    100,   128,   256,
                                       512,  1000,  1024,  2048,  4096,
                                       8192, 16384, 32768, 65536, 131072};
/// In elements: 64 KiB of f32, within L2; 1 MiB; 8 MiB, within L3; 64 MiB.
static constexpr int64_t kSizes[] = {1 << 14, 1 << 18, 1 << 21, 1 << 24};

std::vector<Point> softmax_bench::getDefaultPlan(ElementType type) {
  std::vector<Point> plan;
  for (int64_t columns : kColumns)
    for (int64_t size : kSizes)
      plan.push_back({std::max<int64_t>(1, size / columns), columns, 1, type});
  plan.push_back({1024, 4096, 1, type});
  plan.push_back({1000, 4096, 0, type});
  return plan;
}

bool softmax_bench::isListed(const Point &point) {
  return point.axis == 1 && llvm::is_contained(kColumns, point.columns) &&
         llvm::any_of(kSizes, [&](int64_t size) {
           return point.rows == std::max<int64_t>(1, size / point.columns);
         });
}
