// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "Data.h"

#include "llvm/ADT/STLExtras.h"

#include <cmath>
#include <limits>
#include <random>

using namespace mlir;
using namespace mlir::softmax::reference;
using namespace softmax_test;

llvm::StringRef softmax_test::toString(Data data) {
  switch (data) {
  case Data::Normal:
    return "normal";
  case Data::Wide:
    return "wide";
  case Data::Spread:
    return "spread";
  case Data::Tiny:
    return "tiny";
  case Data::Offset:
    return "offset";
  case Data::Outlier:
    return "outlier";
  case Data::Equal:
    return "equal";
  case Data::Huge:
    return "huge";
  case Data::Denormal:
    return "denormal";
  }
  llvm_unreachable("covered switch");
}

ReferenceTensor softmax_test::makeLogits(Type type, ArrayRef<int64_t> shape,
                                         Data data, unsigned seed) {
  FloatKind kind = *getFloatKind(type);
  ReferenceTensor tensor{type, llvm::to_vector(shape)};
  tensor.elements.resize(tensor.getNumElements());
  std::mt19937 random(1 + seed);
  // The distributions of the standard library differ between libraries.
  auto uniform = [&]() { return (random() + 0.5) / 4294967296.0; };
  auto normal = [&]() {
    return std::sqrt(-2 * std::log(uniform())) *
           std::cos(6.283185307 * uniform());
  };
  Real largest = overflowThreshold(kind) -
                 unitInLastPlace(kind, overflowThreshold(kind) / 2);
  size_t outlier = tensor.elements.size() * 2 / 3;
  for (auto [i, element] : llvm::enumerate(tensor.elements)) {
    Real value = 0;
    switch (data) {
    case Data::Normal:
      value = normal();
      break;
    case Data::Wide:
      value = 10 * normal();
      break;
    case Data::Spread:
      value = 80 * uniform();
      break;
    case Data::Tiny:
      value = 1e-3 * normal();
      break;
    case Data::Offset:
      value = kind == FloatKind::F16 ? 1e3 + normal()
                                     : 1e30 * (1 + 1e-6 * normal());
      break;
    case Data::Outlier:
      value = i == outlier ? 90 : -normal();
      break;
    case Data::Equal:
      value = 1.25;
      break;
    case Data::Huge:
      value = random() % 2 ? largest : -largest;
      break;
    case Data::Denormal:
      value = i == outlier ? 0 : -60 - 50 * uniform();
      break;
    }
    element.real = roundTo(kind, value);
  }
  return tensor;
}

ReferenceTensor softmax_test::makeScalar(Type type, double value) {
  ReferenceTensor tensor{type, {}};
  tensor.elements.resize(1);
  tensor.elements[0].real = roundTo(*getFloatKind(type), value);
  return tensor;
}

ReferenceTensor softmax_test::makeSpecialRows(Type type, int64_t columns) {
  constexpr Real inf = std::numeric_limits<Real>::infinity();
  constexpr Real nan = std::numeric_limits<Real>::quiet_NaN();
  SmallVector<int64_t> places;
  for (int64_t place :
       {int64_t(0), int64_t(1), columns / 2, columns - 2, columns - 1})
    if (place >= 0 && place < columns && !llvm::is_contained(places, place))
      places.push_back(place);
  std::vector<std::vector<Real>> rows;
  std::vector<Real> plain(columns);
  for (int64_t i = 0; i < columns; ++i)
    plain[i] = Real(i % 7) - 3;
  for (Real value : {nan, inf, -inf}) {
    for (int64_t place : places) {
      rows.push_back(plain);
      rows.back()[place] = value;
      // Another one beside it, and among -inf only.
      for (Real other : {nan, inf, -inf}) {
        rows.push_back(rows.back());
        rows.back()[(place + columns / 3) % columns] = other;
      }
      rows.emplace_back(columns, -inf);
      rows.back()[place] = value;
    }
    rows.emplace_back(columns, value);
  }
  // One finite logit is certain (C-AXIS-2, C-INF-3).
  rows.emplace_back(columns, -inf);
  rows.back()[columns / 2] = -5;
  rows.push_back(plain);

  ReferenceTensor tensor{type, {static_cast<int64_t>(rows.size()), columns}};
  for (const std::vector<Real> &row : rows)
    for (Real value : row) {
      Scalar scalar;
      scalar.real = value;
      tensor.elements.push_back(scalar);
    }
  return tensor;
}
