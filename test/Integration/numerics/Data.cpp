// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "Data.h"

#include <cmath>
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
