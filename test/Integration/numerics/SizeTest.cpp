// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Every operation, type, rank and set of dimensions, on sizes around those of
// vectors, blocks and caches.
#include "Data.h"
#include "Kernel.h"

using namespace mlir;
using namespace mlir::softmax;
using namespace mlir::softmax::reference;
using namespace softmax_test;

namespace {

constexpr int64_t sizes[] = {0,  1,  2,  7,    10,   16,    17,
                             63, 64, 65, 1000, 4097, 100003};

/// Some kinds of logits for a size: all for the small ones, two for the large.
SmallVector<Data> chooseData(int64_t size, unsigned turn) {
  unsigned count = size <= 100 ? numDataKinds : size <= 5000 ? 3 : 1;
  SmallVector<Data> result;
  for (unsigned i = 0; i < count; ++i)
    result.push_back(static_cast<Data>((turn + i) % numDataKinds));
  return result;
}

std::string describe(ArrayRef<int64_t> shape, Data data) {
  std::string text = describeTensor(getType("f32"), shape);
  text.resize(text.rfind('x'));
  return text + " " + toString(data).str() + " logits";
}

struct OpAndType {
  const char *op;
  const char *type;
  const char *with = "";
  const char *accuracy = "default";
};

void PrintTo(const OpAndType &value, std::ostream *os) {
  *os << value.op << ' ' << value.type << ' ' << value.with << ' '
      << value.accuracy;
}

class Types : public testing::TestWithParam<OpAndType> {};

// C-TYPE-1, C-TYPE-2, C-AXIS-2, C-SUM-1
TEST_P(Types, SizesOfContiguousRows) {
  OpSpec spec = makeSpec(GetParam().op, GetParam().type, 2, "-1");
  spec.with = GetParam().with;
  KernelOptions options;
  options.accuracy = GetParam().accuracy;
  Kernel kernel(spec, options);
  Type type = getType(GetParam().type);
  unsigned turn = 0;
  for (int64_t size : sizes)
    for (Data data : chooseData(size, turn++)) {
      SmallVector<int64_t> shape = {size > 5000 ? 1 : size > 100 ? 2 : 3, size};
      kernel.check({makeLogits(type, shape, data, turn)}, Layout::Compact,
                   Layout::Compact, describe(shape, data));
    }
}

INSTANTIATE_TEST_SUITE_P(
    All, Types,
    testing::Values(
        OpAndType{"softmax", "f32"}, OpAndType{"softmax", "f64"},
        OpAndType{"softmax", "f16"}, OpAndType{"softmax", "bf16"},
        OpAndType{"softmax", "f16:f32"}, OpAndType{"softmax", "f32:bf16"},
        OpAndType{"softmax", "bf16:f16"}, OpAndType{"softmax", "f64:f32"},
        OpAndType{"softmax", "f16:f64"}, OpAndType{"softmax", "f32", "lse"},
        OpAndType{"log_softmax", "f32", "lse"}, OpAndType{"log_softmax", "f64"},
        OpAndType{"log_softmax", "f16"}, OpAndType{"log_softmax", "bf16:f32"},
        OpAndType{"logsumexp", "f32"}, OpAndType{"logsumexp", "f64"},
        OpAndType{"logsumexp", "bf16"},
        OpAndType{"softmax", "f32", "lse", "strict"},
        OpAndType{"softmax", "f16", "", "strict"},
        OpAndType{"softmax", "f64", "", "strict"},
        OpAndType{"log_softmax", "f32", "lse", "strict"},
        OpAndType{"logsumexp", "f32", "", "strict"},
        OpAndType{"softmax", "f32", "lse", "fast"},
        OpAndType{"softmax", "f16", "", "fast"},
        OpAndType{"softmax", "bf16", "", "fast"},
        OpAndType{"softmax", "f64", "", "fast"},
        OpAndType{"log_softmax", "f32", "lse", "fast"},
        OpAndType{"log_softmax", "f16", "", "fast"},
        OpAndType{"logsumexp", "f32", "", "fast"}));

struct RankAndAxes {
  unsigned rank;
  const char *axes;
  const char *type = "f32";
};

void PrintTo(const RankAndAxes &value, std::ostream *os) {
  *os << "rank " << value.rank << " axes " << value.axes << ' ' << value.type;
}

class Dimensions : public testing::TestWithParam<RankAndAxes> {};

// C-AXIS-1
TEST_P(Dimensions, SizesOfRows) {
  unsigned rank = GetParam().rank;
  Kernel kernel(makeSpec("softmax", GetParam().type, rank, GetParam().axes));
  Type type = getType(GetParam().type);
  SmallVector<StringRef> axes;
  StringRef(GetParam().axes).split(axes, ',');
  unsigned turn = 3;
  for (int64_t size : sizes)
    for (Data data : chooseData(size, turn++)) {
      // The last of the softmax dimensions has the size, the others are small,
      // but for the inner dimension along which lanes may lie.
      SmallVector<int64_t> shape(rank, size > 1000 ? 1 : 2);
      shape.back() = size > 5000 ? 3 : size > 100 ? 9 : 35;
      for (StringRef axis : axes) {
        unsigned dim;
        axis.getAsInteger(10, dim);
        shape[dim] = size > 1000 ? 1 : 2;
      }
      unsigned last;
      axes.back().getAsInteger(10, last);
      shape[last] = size;
      kernel.check({makeLogits(type, shape, data, turn)}, Layout::Compact,
                   Layout::Compact, describe(shape, data));
    }
}

INSTANTIATE_TEST_SUITE_P(
    All, Dimensions,
    testing::Values(RankAndAxes{1, "0"}, RankAndAxes{2, "0"},
                    RankAndAxes{2, "0,1"}, RankAndAxes{3, "0"},
                    RankAndAxes{3, "1"}, RankAndAxes{3, "2"},
                    RankAndAxes{3, "0,2"}, RankAndAxes{3, "1,2"},
                    RankAndAxes{4, "1"}, RankAndAxes{4, "3"},
                    RankAndAxes{4, "0,2"}, RankAndAxes{4, "1,3"},
                    RankAndAxes{5, "2"}, RankAndAxes{5, "4"},
                    RankAndAxes{5, "0,3,4"}, RankAndAxes{2, "0", "f64"},
                    RankAndAxes{2, "0", "f16"}, RankAndAxes{3, "1", "bf16"}));

// C-AXIS-2: a dimension outside the row is empty.
TEST(Sizes, NoRows) {
  Kernel kernel(makeSpec("softmax", "f32", 3, "1"));
  for (SmallVector<int64_t> shape :
       {SmallVector<int64_t>{0, 4, 5}, {3, 4, 0}, {0, 0, 0}})
    kernel.check({makeLogits(getType("f32"), shape, Data::Normal)},
                 Layout::Compact, Layout::Compact, "no rows");
}

// C-AXIS-2: rows are empty, however many there are.
TEST(Sizes, NoColumns) {
  for (const char *type : {"f32", "f64", "bf16"})
    for (const char *axis : {"0", "1"})
      for (const char *strategy :
           {"", "registers", "lanes_rows", "pipe3", "pipe2", "online",
            "three_pass", "lanes_inner", "panels", "packed"}) {
        bool inner = StringRef(strategy) == "lanes_inner" ||
                     StringRef(strategy) == "panels";
        if (inner && StringRef(axis) == "1")
          continue;
        // The others choose by themselves.
        if (StringRef(type) != "f32" && *strategy)
          continue;
        SCOPED_TRACE(std::string(type) + " axis " + axis + ' ' + strategy);
        OpSpec spec = makeSpec("softmax", type, 2, axis);
        spec.with = "lse";
        Kernel kernel(spec, strategy);
        for (int64_t rows : {1, 5, 16, 64, 1000}) {
          SmallVector<int64_t> shape = {rows, 0};
          if (StringRef(axis) == "0")
            std::swap(shape[0], shape[1]);
          kernel.check({makeLogits(getType(type), shape, Data::Normal)},
                       Layout::Compact, Layout::Compact,
                       std::to_string(rows) + " empty rows");
        }
      }
}

// C-TEMP-1, C-MASK-1
TEST(Sizes, ScaleBiasAndMask) {
  for (const char *type : {"f32", "f64", "bf16"}) {
    OpSpec spec = makeSpec("softmax", type, 2, "1");
    spec.with = "scale,bias,mask,lse";
    Kernel kernel(spec);
    Type element = getType(type);
    Type compute = element.isF64() ? element : getType("f32");
    for (int64_t size : {0, 1, 7, 16, 65, 1000})
      for (double scale : {1.0, 0.37, -2.0, 0.0}) {
        SmallVector<int64_t> shape = {3, size};
        ReferenceTensor mask{getType("i1"), shape};
        mask.elements.resize(mask.getNumElements());
        for (auto [i, keep] : llvm::enumerate(mask.elements))
          keep.integer = (i * 7 + 3) % 5 < 3 ? -1 : 0;
        ReferenceTensor logits = makeLogits(element, shape, Data::Wide, size);
        // A NaN under a false mask does not poison the row.
        for (auto [i, logit] : llvm::enumerate(logits.elements))
          if (!mask.elements[i].integer && i % 2)
            logit.real = std::numeric_limits<Real>::quiet_NaN();
        kernel.check({logits, makeScalar(compute, scale),
                      makeLogits(element, shape, Data::Normal, 5), mask},
                     Layout::Compact, Layout::Compact,
                     "scale " + std::to_string(scale) + ", size " +
                         std::to_string(size));
      }
  }
}

} // namespace
