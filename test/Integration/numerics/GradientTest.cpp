// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// The gradients of softmax and log_softmax against their definition in higher
// precision (the bounds of docs/Numerics.md, "Gradients"), against finite
// differences, and on rows of special values.
#include "Data.h"
#include "Kernel.h"

#include <cmath>

using namespace mlir;
using namespace mlir::softmax;
using namespace mlir::softmax::reference;
using namespace softmax_test;

namespace {

constexpr Real inf = std::numeric_limits<Real>::infinity();
constexpr Real nan = std::numeric_limits<Real>::quiet_NaN();

/// What softmax or log_softmax gives for rows of `data` along the last
/// dimension, rounded to `type`.
ReferenceTensor makeOutput(Type type, ArrayRef<int64_t> shape, Data data,
                           bool isLog, unsigned seed) {
  FloatKind kind = *getFloatKind(type);
  ReferenceTensor tensor = makeLogits(type, shape, data, seed);
  int64_t columns = shape.back();
  for (size_t row = 0; columns && row < tensor.elements.size() / columns;
       ++row) {
    MutableArrayRef<Scalar> elements =
        MutableArrayRef<Scalar>(tensor.elements).slice(row * columns, columns);
    Real max = -inf, sum = 0;
    for (const Scalar &element : elements)
      max = std::max(max, element.real);
    for (const Scalar &element : elements)
      sum += std::exp(element.real - max);
    for (Scalar &element : elements) {
      Real difference = element.real - max;
      element.real = roundTo(kind, isLog ? difference - std::log(sum)
                                         : std::exp(difference) / sum);
    }
  }
  return tensor;
}

struct GradientCase {
  const char *op;
  const char *type;
  const char *with = "";
  const char *accuracy = "default";
};

void PrintTo(const GradientCase &value, std::ostream *os) {
  *os << value.op << ' ' << value.type << ' ' << value.with << ' '
      << value.accuracy;
}

class Gradient : public testing::TestWithParam<GradientCase> {
protected:
  bool isLog() { return StringRef(GetParam().op).starts_with("log"); }
};

// C-TYPE-1, C-TYPE-2, C-SUM-1, C-AXIS-2: sizes around vectors and blocks, and
// gradients that cancel, swamp or overflow their sum.
TEST_P(Gradient, SizesOfContiguousRows) {
  OpSpec spec = makeSpec(GetParam().op, GetParam().type, 2, "-1");
  spec.with = GetParam().with;
  KernelOptions options;
  options.accuracy = GetParam().accuracy;
  Kernel kernel(spec, options);
  bool hasScale = !spec.with.empty();
  Type type = getType(GetParam().type);
  Type compute = kernel.getResultType(0).isF64() || type.isF64()
                     ? getType("f64")
                     : getType("f32");
  unsigned turn = 0;
  for (int64_t size : {0, 1, 2, 7, 16, 17, 63, 64, 65, 1000, 4097, 100003})
    for (unsigned i = 0, e = size <= 100    ? numDataKinds
                             : size <= 5000 ? 3
                                            : 1;
         i < e; ++i, ++turn) {
      SmallVector<int64_t> shape = {size > 5000 ? 1 : size > 100 ? 2 : 3, size};
      Data gradData = static_cast<Data>(turn % numDataKinds);
      Data data = static_cast<Data>((turn / 2 + 1) % numDataKinds);
      SmallVector<ReferenceTensor> inputs = {
          makeLogits(type, shape, gradData, turn),
          makeOutput(type, shape, data, isLog(), turn + 1)};
      if (hasScale)
        inputs.push_back(makeScalar(compute, turn % 3 ? 0.37 : -2));
      std::string what = std::to_string(size) + " columns, dy " +
                         toString(gradData).str() + ", y of " +
                         toString(data).str();
      kernel.check(inputs, Layout::Compact, Layout::Compact, what);
      if (size <= 100 && i == 0)
        for (Layout layout : {Layout::Reversed, Layout::Gapped, Layout::Padded})
          kernel.check(inputs, layout, layout, what, /*misalignment=*/1);
    }
}

INSTANTIATE_TEST_SUITE_P(
    All, Gradient,
    testing::Values(GradientCase{"softmax_backward", "f32"},
                    GradientCase{"softmax_backward", "f64"},
                    GradientCase{"softmax_backward", "f16"},
                    GradientCase{"softmax_backward", "bf16", "scale"},
                    GradientCase{"softmax_backward", "f32", "scale"},
                    GradientCase{"softmax_backward", "f16:f32"},
                    GradientCase{"softmax_backward", "f32:f64", "scale"},
                    GradientCase{"softmax_backward", "f32", "", "strict"},
                    GradientCase{"softmax_backward", "f32", "", "fast"},
                    GradientCase{"log_softmax_backward", "f32"},
                    GradientCase{"log_softmax_backward", "f64", "scale"},
                    GradientCase{"log_softmax_backward", "bf16"},
                    GradientCase{"log_softmax_backward", "f16", "scale"},
                    GradientCase{"log_softmax_backward", "f32", "", "fast"}));

// C-AXIS-1: joint dimensions, and rows that lie in lanes.
TEST(Gradient, Dimensions) {
  for (const char *op : {"softmax_backward", "log_softmax_backward"})
    for (StringRef axes : {"0", "1", "0,2", "0,1,2"}) {
      Kernel kernel(makeSpec(op, "f32", 3, axes));
      Type type = getType("f32");
      for (int64_t size : {1, 5, 17, 70}) {
        SmallVector<int64_t> shape = {size, 3, 19};
        // The bounds hold for any y, not just for one that sums to 1.
        ReferenceTensor y = makeLogits(type, shape, Data::Normal, size);
        if (StringRef(op).starts_with("log"))
          for (Scalar &element : y.elements)
            element.real = -std::fabs(element.real);
        kernel.check({makeLogits(type, shape, Data::Wide, size + 1), y},
                     Layout::Compact, Layout::Compact,
                     axes.str() + ", size " + std::to_string(size));
      }
    }
}

/// `op` on tensors of `type`, with masked rows of 0 if `zero`.
std::string makeText(StringRef op, StringRef type, bool zero) {
  std::string tensor = "tensor<?x?x" + type.str() + ">";
  return "func.func @gradient(%dy: " + tensor + ", %y: " + tensor + ") -> " +
         tensor + " {\n" +
         "%c0 = arith.constant 0 : index\n%c1 = arith.constant 1 : index\n" +
         "%n = tensor.dim %y, %c0 : " + tensor + "\n" +
         "%k = tensor.dim %y, %c1 : " + tensor + "\n" +
         "%e = tensor.empty(%n, %k) : " + tensor + "\n" + "%r = softmax." +
         op.str() + " dimensions = [1] " +
         (zero ? "{masked_row = #softmax.masked_row<zero>} " : "") +
         "ins(%dy, %y : " + tensor + ", " + tensor + ") outs(%e : " + tensor +
         ") -> " + tensor + "\nreturn %r : " + tensor + "\n}";
}

// C-NAN-1, C-INF-2: a NaN makes its whole row NaN; a fully masked row gives 0
// when asked, whatever its dy.
TEST(Gradient, SpecialValues) {
  for (const char *op : {"softmax_backward", "log_softmax_backward"})
    for (const char *name : {"f32", "bf16"})
      for (bool zero : {false, true}) {
        Kernel kernel(StringRef(makeText(op, name, zero)));
        bool isLog = StringRef(op).starts_with("log");
        Real masked = isLog ? -inf : 0;
        Type type = getType(name);
        for (int64_t columns : {1, 2, 7, 17, 65, 1000}) {
          SmallVector<int64_t> shape = {35, columns};
          ReferenceTensor dy = makeLogits(type, shape, Data::Normal, 1);
          ReferenceTensor y =
              makeOutput(type, shape, Data::Normal, isLog, columns);
          auto at = [&](ReferenceTensor &tensor, int64_t row,
                        int64_t column) -> Real & {
            return tensor.elements[row * columns + column].real;
          };
          int64_t place = columns * 2 / 3;
          at(dy, 0, place) = nan;
          at(y, 1, place) = nan;
          at(dy, 2, place) = inf;
          at(y, 3, place) = masked;
          for (int64_t row : {4, 5, 6})
            for (int64_t j = 0; j < columns; ++j)
              at(y, row, j) = masked;
          at(dy, 5, place) = nan;
          at(y, 6, columns - 1) = nan;
          for (Layout layout :
               {Layout::Compact, Layout::Reversed, Layout::Gapped})
            kernel.check({dy, y}, layout, layout,
                         std::to_string(columns) + " columns");

          Buffer first(dy, Layout::Compact), second(y, Layout::Compact),
              result(type, shape, Layout::Compact);
          ASSERT_EQ(kernel.call({&first, &second, &result}), 0);
          ReferenceTensor dx = result.read();
          for (int64_t j = 0; j < columns; ++j) {
            // Of log_softmax a NaN in y is an element's own.
            for (int64_t row : {0, 1, 6})
              if (row == 0 || !isLog)
                EXPECT_TRUE(std::isnan(at(dx, row, j)))
                    << op << ' ' << name << " row " << row << ", column " << j;
            if (zero)
              for (int64_t row : {4, 5})
                EXPECT_EQ(at(dx, row, j), 0) << op << ' ' << name;
          }
        }
      }
}

/// The forward op's results in f64 for one row.
std::vector<Real> runForward(Kernel &kernel, const ReferenceTensor &logits,
                             double scale) {
  Type type = getType("f64");
  Buffer input(logits, Layout::Compact);
  Buffer result(type, logits.shape, Layout::Compact);
  EXPECT_EQ(kernel.call({&input, scale, &result}), 0);
  std::vector<Real> values;
  for (const Scalar &element : result.read().elements)
    values.push_back(element.real);
  return values;
}

// d(sum w * f(x)) / dx by central differences of the forward kernel.
TEST(Gradient, FiniteDifferences) {
  Type type = getType("f64");
  for (StringRef op : {"softmax", "log_softmax"}) {
    OpSpec spec = makeSpec(op, "f64", 2, "1");
    spec.with = "scale";
    Kernel forward(spec);
    spec.op = op.str() + "_backward";
    Kernel backward(spec);
    for (double scale : {1.0, 0.37, -2.0})
      for (int64_t columns : {2, 5, 17, 70}) {
        ReferenceTensor logits =
            makeLogits(type, {1, columns}, Data::Normal, columns);
        ReferenceTensor weights =
            makeLogits(type, {1, columns}, Data::Normal, columns + 1);
        ReferenceTensor y = logits;
        for (auto [element, value] :
             llvm::zip_equal(y.elements, runForward(forward, logits, scale)))
          element.real = value;
        Buffer dy(weights, Layout::Compact), output(y, Layout::Compact),
            result(type, logits.shape, Layout::Compact);
        ASSERT_EQ(backward.call({&dy, &output, scale, &result}), 0);
        ReferenceTensor dx = result.read();
        constexpr double step = 1e-5;
        for (int64_t i = 0; i < columns; ++i) {
          Real loss[2] = {0, 0};
          for (int side : {0, 1}) {
            ReferenceTensor moved = logits;
            moved.elements[i].real += side ? step : -step;
            for (auto [weight, value] : llvm::zip_equal(
                     weights.elements, runForward(forward, moved, scale)))
              loss[side] += weight.real * value;
          }
          // The third derivative times step^2, and rounding over step.
          EXPECT_NEAR(double((loss[1] - loss[0]) / (2 * step)),
                      double(dx.elements[i].real), 2e-8)
              << op.str() << ", scale " << scale << ", element " << i << " of "
              << columns;
        }
      }
  }
}

} // namespace
