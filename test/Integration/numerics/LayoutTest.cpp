// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Strides, offsets, broadcast inputs, and results in place of the logits
// (C-SHAPE-1).
#include "Data.h"
#include "Kernel.h"

using namespace mlir;
using namespace mlir::softmax;
using namespace mlir::softmax::reference;
using namespace softmax_test;

namespace {

constexpr Layout outputLayouts[] = {Layout::Compact, Layout::NullStrides,
                                    Layout::Padded,  Layout::Reversed,
                                    Layout::Gapped,  Layout::Swapped};

/// Shapes whose rows and inner dimensions are shorter and longer than vectors.
SmallVector<SmallVector<int64_t>> makeShapes(unsigned rank) {
  if (rank == 2)
    return {{3, 5}, {17, 16}, {5, 67}, {70, 33}, {1, 300}, {300, 1}};
  return {{2, 3, 5}, {3, 16, 17}, {5, 33, 4}, {2, 70, 35}, {4, 1, 65}};
}

struct Case {
  const char *op;
  const char *type;
  unsigned rank;
  const char *axes;
};

void PrintTo(const Case &value, std::ostream *os) {
  *os << value.op << ' ' << value.type << " rank " << value.rank << " axes "
      << value.axes;
}

class Layouts : public testing::TestWithParam<Case> {};

TEST_P(Layouts, EveryPair) {
  const Case &parameter = GetParam();
  OpSpec spec =
      makeSpec(parameter.op, parameter.type, parameter.rank, parameter.axes);
  Kernel kernel(spec);
  Type type = getType(parameter.type);
  unsigned seed = 0;
  for (ArrayRef<int64_t> shape : makeShapes(parameter.rank))
    for (Layout output : outputLayouts) {
      SmallVector<Layout> inputs = llvm::to_vector(outputLayouts);
      inputs.push_back(Layout::Broadcast);
      for (Layout input : inputs) {
        ++seed;
        kernel.check({makeLogits(type, shape, Data::Normal, seed)}, input,
                     output, describeTensor(type, shape),
                     /*misalignment=*/seed % 5);
      }
    }
}

INSTANTIATE_TEST_SUITE_P(All, Layouts,
                         testing::Values(Case{"softmax", "f32", 2, "1"},
                                         Case{"softmax", "f32", 2, "0"},
                                         Case{"softmax", "f32", 3, "1"},
                                         Case{"softmax", "f32", 3, "0,2"},
                                         Case{"softmax", "f16", 2, "1"},
                                         Case{"softmax", "f64:f32", 2, "0"},
                                         Case{"log_softmax", "bf16", 2, "1"},
                                         Case{"logsumexp", "f32", 3, "1,2"}));

class InPlace : public testing::TestWithParam<Case> {};

TEST_P(InPlace, EveryLayout) {
  const Case &parameter = GetParam();
  Kernel kernel(
      makeSpec(parameter.op, parameter.type, parameter.rank, parameter.axes));
  Type type = getType(parameter.type);
  unsigned seed = 0;
  for (ArrayRef<int64_t> shape : makeShapes(parameter.rank))
    for (Layout layout : outputLayouts) {
      ReferenceTensor logits =
          makeLogits(type, shape, static_cast<Data>(seed % numDataKinds), seed);
      // The same call with a buffer for the result gives the bits.
      Buffer input(logits, layout, seed % 3);
      Buffer apart(type, shape, layout, seed % 3);
      ASSERT_EQ(kernel.call({&input, &apart}), 0);
      Buffer both(logits, layout, seed % 3);
      ASSERT_EQ(kernel.call({&both, &both}), 0);
      EXPECT_EQ(both.readBytes(), apart.readBytes())
          << describeTensor(type, shape) << " " << toString(layout).str();
      EXPECT_TRUE(both.isUntouchedAround());
      ++seed;
    }
}

INSTANTIATE_TEST_SUITE_P(All, InPlace,
                         testing::Values(Case{"softmax", "f32", 2, "1"},
                                         Case{"softmax", "f32", 2, "0"},
                                         Case{"softmax", "f32", 3, "0,2"},
                                         Case{"softmax", "f16", 2, "1"},
                                         Case{"log_softmax", "f64", 3, "1"}));

} // namespace
