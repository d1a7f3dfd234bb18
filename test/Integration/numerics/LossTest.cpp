// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// cross_entropy and its gradient against their definition in higher precision
// (the bounds of docs/Numerics.md, "Losses"), their identities, and labels that
// are none.
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

struct LossCase {
  const char *type;
  /// "i32", "i64", or a float type for probabilities.
  const char *labels;
  const char *attributes = "";
  const char *accuracy = "default";
};

void PrintTo(const LossCase &value, std::ostream *os) {
  *os << value.type << ' ' << value.labels << ' ' << value.attributes << ' '
      << value.accuracy;
}

bool hasClasses(const LossCase &value) { return *value.labels == 'i'; }

StringRef computeName(const LossCase &value) {
  return StringRef(value.type) == "f64" || StringRef(value.labels) == "f64"
             ? "f64"
             : "f32";
}

/// Forward: loss and lse. Backward: the gradient with respect to x.
std::string makeText(const LossCase &value, bool backward) {
  std::string text = R"mlir(
    func.func @loss(%x: tensor<?x?x$X>, %t: $T$MORE) -> ($RESULTS) {
      %c0 = arith.constant 0 : index
      %c1 = arith.constant 1 : index
      %n = tensor.dim %x, %c0 : tensor<?x?x$X>
      %k = tensor.dim %x, %c1 : tensor<?x?x$X>
      %a = tensor.empty(%n) : tensor<?x$C>
      %b = tensor.empty(%n) : tensor<?x$C>
      %d = tensor.empty(%n, %k) : tensor<?x?x$X>
      $OP
    })mlir";
  auto replace = [&](StringRef from, StringRef to) {
    for (size_t at; (at = text.find(from.str())) != std::string::npos;)
      text.replace(at, from.size(), to.str());
  };
  std::string attributes =
      *value.attributes ? "{" + std::string(value.attributes) + "}" : "";
  replace("$OP",
          backward
              ? "%r = softmax.cross_entropy_backward dimensions = [1] " +
                    attributes +
                    " ins(%x, %t, %l, %g : tensor<?x?x$X>, $T, tensor<?x$C>, "
                    "tensor<?x$C>) outs(%d : tensor<?x?x$X>) -> "
                    "tensor<?x?x$X>\nreturn %r : tensor<?x?x$X>"
              : "%r, %s = softmax.cross_entropy dimensions = [1] " +
                    attributes +
                    " ins(%x, %t : tensor<?x?x$X>, $T) outs(%a, %b : "
                    "tensor<?x$C>, tensor<?x$C>) -> tensor<?x$C>, "
                    "tensor<?x$C>\nreturn %r, %s : tensor<?x$C>, tensor<?x$C>");
  replace("$MORE", backward ? ", %l: tensor<?x$C>, %g: tensor<?x$C>" : "");
  replace("$RESULTS",
          backward ? "tensor<?x?x$X>" : "tensor<?x$C>, tensor<?x$C>");
  replace("$T", (hasClasses(value) ? "tensor<?x" : "tensor<?x?x") +
                    std::string(value.labels) + ">");
  replace("$X", value.type);
  replace("$C", computeName(value));
  return text;
}

Kernel makeKernel(const LossCase &value, bool backward,
                  StringRef strategy = "") {
  KernelOptions options;
  options.forceStrategy = strategy;
  options.accuracy = value.accuracy;
  return Kernel(StringRef(makeText(value, backward)), options);
}

/// Classes in range, or rows of probabilities that sum to 1 with zeros among
/// them.
ReferenceTensor makeLabels(const LossCase &value, int64_t rows, int64_t columns,
                           unsigned seed) {
  Type type = getType(value.labels);
  if (hasClasses(value)) {
    ReferenceTensor labels{type, {rows}};
    for (int64_t i = 0; i < rows; ++i)
      labels.elements.push_back(
          {0, 0, columns ? (i * 7919 + seed) % columns : 0});
    return labels;
  }
  ReferenceTensor labels =
      makeLogits(type, {rows, columns}, Data::Normal, seed);
  for (int64_t i = 0; i < rows; ++i) {
    Real sum = 0;
    for (int64_t j = 0; j < columns; ++j) {
      Real &t = labels.elements[i * columns + j].real;
      t = (i + j) % 3 == 0 && columns > 3 ? 0 : std::fabs(t);
      sum += t;
    }
    for (int64_t j = 0; j < columns; ++j) {
      Real &t = labels.elements[i * columns + j].real;
      t = roundTo(*getFloatKind(type), t / sum);
    }
  }
  return labels;
}

/// lse of the rows in the compute type, -inf for rows without elements.
ReferenceTensor makeLse(const LossCase &value, const ReferenceTensor &logits) {
  Type type = getType(computeName(value));
  int64_t rows = logits.shape[0], columns = logits.shape[1];
  ReferenceTensor result{type, {rows}};
  for (int64_t i = 0; i < rows; ++i) {
    Real max = -inf, sum = 0;
    bool hasNaN = false;
    for (int64_t j = 0; j < columns; ++j) {
      Real x = logits.elements[i * columns + j].real;
      hasNaN |= std::isnan(x);
      max = std::max(max, x);
    }
    for (int64_t j = 0; j < columns; ++j)
      sum += std::exp(logits.elements[i * columns + j].real - max);
    Real lse = hasNaN ? nan : std::isinf(max) ? max : max + std::log(sum);
    result.elements.push_back({roundTo(*getFloatKind(type), lse)});
  }
  return result;
}

// C-TYPE-1, C-TYPE-2, C-SUM-1, C-AXIS-2, C-BIG-1
void checkSizes(const LossCase &value, Kernel &forward, Kernel &backward) {
  Type type = getType(value.type), compute = getType(computeName(value));
  unsigned turn = 0;
  for (int64_t columns : {0, 1, 2, 7, 17, 63, 64, 65, 300, 4097, 40003})
    for (unsigned i = 0, e = columns <= 100 ? numDataKinds : 2; i < e;
         ++i, ++turn) {
      Data data = static_cast<Data>(turn % numDataKinds);
      int64_t rows = columns > 1000 ? 2 : columns == 17 ? 37 : 5;
      ReferenceTensor x = makeLogits(type, {rows, columns}, data, turn);
      ReferenceTensor t = makeLabels(value, rows, columns, turn);
      // Without columns every class is out of range.
      if (columns == 0 && hasClasses(value))
        continue;
      ReferenceTensor lse = makeLse(value, x);
      ReferenceTensor g = makeLogits(compute, {rows}, Data::Normal, turn);
      std::string what =
          std::to_string(columns) + " columns of " + toString(data).str();
      SmallVector<Layout> layouts = {Layout::Compact};
      if (i == 0 && columns <= 100)
        layouts.append({Layout::Reversed, Layout::Gapped, Layout::Padded});
      for (Layout layout : layouts) {
        forward.check({x, t}, layout, layout, what);
        backward.check({x, t, lse, g}, layout, layout, what);
      }
    }
}

// C-NAN-1, C-INF-1, C-INF-2, C-INF-3: loss and gradient, the lse as the forward
// op gives it.
void checkSpecialValues(const LossCase &value, Kernel &forward,
                        Kernel &backward) {
  Type type = getType(value.type), compute = getType(computeName(value));
  for (int64_t columns : {1, 2, 7, 17, 65}) {
    ReferenceTensor x = makeLogits(type, {40, columns}, Data::Normal, columns);
    auto set = [&](int64_t row, int64_t column, Real number) {
      x.elements[row * columns + column].real = number;
    };
    int64_t place = columns * 2 / 3;
    for (auto [row, number] :
         {std::pair<int64_t, Real>(0, nan), {7, inf}, {13, -inf}})
      set(row, place, number);
    for (int64_t j = 0; j < columns; ++j)
      for (auto [row, number] : {std::pair<int64_t, Real>(17, nan),
                                 {18, inf},
                                 {19, -inf},
                                 {20, -inf}})
        set(row, j, number);
    set(20, place, nan);
    set(21, place, inf);
    set(21, 0, nan);
    ReferenceTensor t = makeLabels(value, 40, columns, 3);
    ReferenceTensor lse = makeLse(value, x);
    ReferenceTensor g = makeLogits(compute, {40}, Data::Normal, 1);
    for (Layout layout : {Layout::Compact, Layout::Reversed, Layout::Gapped}) {
      forward.check({x, t}, layout, layout, std::to_string(columns));
      backward.check({x, t, lse, g}, layout, layout, std::to_string(columns));
    }
  }
}

class Loss : public testing::TestWithParam<LossCase> {};

TEST_P(Loss, SizesAndSpecialValues) {
  // The cost model's choice, all strategies, where nothing is special.
  StringRef strategy = *GetParam().attributes ? "three_pass" : "";
  Kernel forward = makeKernel(GetParam(), false, strategy);
  Kernel backward = makeKernel(GetParam(), true, strategy);
  checkSizes(GetParam(), forward, backward);
  checkSpecialValues(GetParam(), forward, backward);
}

INSTANTIATE_TEST_SUITE_P(
    All, Loss,
    testing::Values(
        LossCase{"f32", "i64"},
        LossCase{"f32", "i32", "masked_row = #softmax.masked_row<zero>"},
        LossCase{"f64", "i64", "label_smoothing = 0.1 : f64"},
        LossCase{"bf16", "i32",
                 "ignore_index = 2 : i64, label_smoothing = 0.25 : f64, "
                 "masked_row = #softmax.masked_row<zero>"},
        LossCase{"f32", "f32"},
        LossCase{"f16", "bf16",
                 "label_smoothing = 0.1 : f64, masked_row = "
                 "#softmax.masked_row<zero>"},
        LossCase{"f32", "i64", "label_smoothing = 1.0 : f64", "fast"},
        LossCase{"f32", "i64", "", "strict"},
        LossCase{
            "f64", "i32",
            "ignore_index = 0 : i64, masked_row = #softmax.masked_row<zero>",
            "strict"}));

// C-BIG-1: a mean of logits whose sum is beyond the compute type.
TEST(Loss, SmoothedHugeLogits) {
  LossCase value{"f32", "i64", "label_smoothing = 0.1 : f64"};
  Kernel kernel = makeKernel(value, /*backward=*/false, "three_pass");
  ReferenceTensor x = makeLogits(getType("f32"), {3, 10}, Data::Normal);
  for (int64_t j = 0; j < 10; ++j) {
    x.elements[j].real = 3e38f;
    x.elements[20 + j].real = j == 4 ? 0.99e38f : 1e38f;
  }
  for (int64_t j : {17, 18})
    x.elements[j].real = -std::numeric_limits<float>::max();
  ReferenceTensor labels{getType("i64"), {3}};
  for (int64_t i = 0; i < 3; ++i)
    labels.elements.push_back({0, 0, 4});
  kernel.check({x, labels}, Layout::Compact, Layout::Compact, "huge");
  Buffer in(x, Layout::Compact), t(labels, Layout::Compact),
      loss(getType("f32"), {3}, Layout::Compact),
      lse(getType("f32"), {3}, Layout::Compact);
  ASSERT_EQ(kernel.call({&in, &t, &loss, &lse}), 0);
  ReferenceTensor losses = loss.read();
  EXPECT_NEAR(double(losses.elements[0].real), std::log(10.0), 1e-5);
  for (int64_t i : {1, 2})
    EXPECT_TRUE(std::isfinite(losses.elements[i].real)) << i;
}

// In strict the loss of a class is within 4 ULP (f64: 8) also as its
// probability goes to 1: logits further and further below the label's.
TEST(Loss, StrictNearOne) {
  const int64_t rows = 400, columns = 37;
  for (const char *type : {"f32", "f64", "f16"}) {
    LossCase value{type, "i64", "", "strict"};
    KernelOptions options;
    options.accuracy = value.accuracy;
    options.forceStrategy = "three_pass";
    Kernel kernel(StringRef(makeText(value, /*backward=*/false)), options);
    ReferenceTensor x =
        makeLogits(getType(type), {rows, columns}, Data::Normal, 5);
    ReferenceTensor labels = makeLabels(value, rows, columns, 1);
    bool narrow = StringRef(type) == "f16";
    for (int64_t i = 0; i < rows; ++i) {
      Real &own = x.elements[i * columns + labels.elements[i].integer].real;
      Real ahead = (i - 40) * Real(narrow ? 0.05L : 0.28L);
      own = roundTo(*getFloatKind(x.elementType), own + ahead);
    }
    kernel.check({x, labels}, Layout::Compact, Layout::Compact, type);
    // Half of the losses are far below what 1 - p can tell.
    SmallVector<ReferenceTensor> expected = kernel.evaluate({x, labels});
    EXPECT_LT(expected[0].elements[rows - 1].real, narrow ? 1e-6 : 1e-30);
  }
}

// C-AXIS-1: classes along any dimension, probabilities over several.
TEST(Loss, Dimensions) {
  Type f32 = getType("f32"), i64 = getType("i64");
  SmallVector<int64_t> shape = {19, 5, 23};
  ReferenceTensor x = makeLogits(f32, shape, Data::Normal);
  for (int64_t axis : {0, 1}) {
    Kernel kernel(makeSpec("cross_entropy", "f32", 3, std::to_string(axis)));
    SmallVector<int64_t> rows = shape;
    rows.erase(rows.begin() + axis);
    ReferenceTensor t{i64, rows};
    for (int64_t i = 0, e = rows[0] * rows[1]; i < e; ++i)
      t.elements.push_back({0, 0, i % shape[axis]});
    for (Layout layout : {Layout::Compact, Layout::Reversed, Layout::Gapped})
      kernel.check({x, t}, layout, layout, "axis " + std::to_string(axis));
  }
  OpSpec spec = makeSpec("cross_entropy", "f32", 3, "0,2");
  spec.labels = "prob";
  ReferenceTensor t = makeLogits(f32, shape, Data::Normal, 1);
  for (Scalar &element : t.elements)
    element.real = roundTo(FloatKind::F32, std::fabs(element.real) / 437);
  Kernel(spec).check({x, t}, Layout::Compact, Layout::Compact, "joint");
}

// C-LABEL-1. Every class beyond the range: status 8, and nothing is written;
// checked for the rows that are asked for, in any layout of the labels.
TEST(Loss, LabelsOutOfRange) {
  Type f32 = getType("f32");
  for (const char *labels : {"i64", "i32"}) {
    OpSpec spec = makeSpec("cross_entropy", "f32", 3, "1");
    spec.labels = labels;
    Kernel kernel(spec);
    SmallVector<int64_t> shape = {4, 6, 5}, rows = {4, 5};
    Buffer x(makeLogits(f32, shape, Data::Normal), Layout::Compact);
    for (Layout layout : {Layout::Compact, Layout::Reversed, Layout::Gapped})
      for (int64_t wrong :
           {int64_t(-1), int64_t(6), int64_t(-100), int64_t(1) << 31,
            int64_t(1) << 40, std::numeric_limits<int64_t>::min()})
        for (int64_t place : {0, 7, 19}) {
          if (StringRef(labels) == "i32" && !llvm::isInt<32>(wrong))
            continue;
          ReferenceTensor t{getType(labels), rows};
          for (int64_t i = 0; i < 20; ++i)
            t.elements.push_back({0, 0, i == place ? wrong : i % 6});
          Buffer label(t, layout);
          Buffer loss(f32, rows, Layout::Compact),
              lse(f32, rows, Layout::Compact);
          EXPECT_EQ(kernel.call({&x, &label, &loss, &lse}), 8);
          EXPECT_TRUE(loss.isUntouched() && lse.isUntouched());
          ASSERT_EQ(kernel.getUnits({&x, &label, &loss, &lse}), 20);
          SmallVector<Kernel::Argument> arguments = {&x, &label, &loss, &lse};
          EXPECT_EQ(kernel.callRange(arguments, 0, place), 0);
          EXPECT_EQ(kernel.callRange(arguments, place + 1, 20), 0);
          EXPECT_EQ(kernel.callRange(arguments, place, place + 1), 8);
          EXPECT_EQ(kernel.callRange(arguments, 0, 20), 8);
        }
  }
}

// C-LABEL-1: ignore_index is no class out of range, and its rows are 0.
TEST(Loss, IgnoredRows) {
  LossCase value{"f32", "i64", "ignore_index = -100 : i64"};
  Kernel forward = makeKernel(value, false), backward = makeKernel(value, true);
  Type f32 = getType("f32");
  for (int64_t columns : {1, 9, 70}) {
    ReferenceTensor x = makeLogits(f32, {33, columns}, Data::Normal);
    for (int64_t j = 0; j < columns; ++j)
      x.elements[5 * columns + j].real = nan;
    ReferenceTensor t{getType("i64"), {33}};
    for (int64_t i = 0; i < 33; ++i)
      t.elements.push_back({0, 0, i % 5 == 0 ? -100 : i % columns});
    ReferenceTensor g = makeLogits(f32, {33}, Data::Normal, 2);
    ReferenceTensor lse = makeLse(value, x);
    forward.check({x, t}, Layout::Compact, Layout::Compact, "ignored");
    backward.check({x, t, lse, g}, Layout::Compact, Layout::Compact, "ignored");
    Buffer bx(x, Layout::Compact), bl(lse, Layout::Compact),
        bg(g, Layout::Compact), out(f32, {33}, Layout::Compact),
        dx(f32, {33, columns}, Layout::Compact);
    for (int64_t wrong : {-1, -99, -101}) {
      t.elements[3].integer = wrong;
      Buffer bt(t, Layout::Compact);
      EXPECT_EQ(forward.call({&bx, &bt, &out, &bl}), 8);
      EXPECT_EQ(backward.call({&bx, &bt, &bl, &bg, &dx}), 8);
    }
  }
}

// A kernel of several ops checks the labels that it is given as well.
TEST(Loss, LabelsOfLargerKernels) {
  Kernel kernel(StringRef(R"mlir(
    func.func @step(%x: tensor<?x10xf32>, %t: tensor<?xi32>, %g: tensor<?xf32>) -> tensor<?x10xf32> {
      %c0 = arith.constant 0 : index
      %n = tensor.dim %x, %c0 : tensor<?x10xf32>
      %a = tensor.empty(%n) : tensor<?xf32>
      %b = tensor.empty(%n) : tensor<?xf32>
      %d = tensor.empty(%n) : tensor<?x10xf32>
      %l:2 = softmax.cross_entropy dimensions = [1] ins(%x, %t : tensor<?x10xf32>, tensor<?xi32>) outs(%a, %b : tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>, tensor<?xf32>
      %dx = softmax.cross_entropy_backward dimensions = [1] ins(%x, %t, %l#1, %g : tensor<?x10xf32>, tensor<?xi32>, tensor<?xf32>, tensor<?xf32>) outs(%d : tensor<?x10xf32>) -> tensor<?x10xf32>
      return %dx : tensor<?x10xf32>
    })mlir"));
  Type f32 = getType("f32");
  ReferenceTensor t{getType("i32"), {20}};
  for (int64_t i = 0; i < 20; ++i)
    t.elements.push_back({0, 0, i % 10});
  ReferenceTensor x = makeLogits(f32, {20, 10}, Data::Wide);
  ReferenceTensor g = makeLogits(f32, {20}, Data::Normal);
  kernel.check({x, t, g}, Layout::Compact, Layout::Compact, "step");
  t.elements[19].integer = 10;
  Buffer bx(x, Layout::Compact), bt(t, Layout::Compact), bg(g, Layout::Compact),
      dx(f32, {20, 10}, Layout::Compact);
  EXPECT_EQ(kernel.call({&bx, &bt, &bg, &dx}), 8);
}

// In f64: the gradient is that of the loss, and each of its rows sums to 0.
TEST(Loss, FiniteDifferencesAndSums) {
  Type f64 = getType("f64");
  for (const LossCase &value :
       {LossCase{"f64", "i64"},
        LossCase{"f64", "i64", "label_smoothing = 0.1 : f64"},
        LossCase{"f64", "f64"},
        LossCase{"f64", "f64", "label_smoothing = 0.3 : f64"}}) {
    Kernel forward = makeKernel(value, false, "three_pass"),
           backward = makeKernel(value, true, "three_pass");
    for (int64_t columns : {2, 5, 17, 70}) {
      ReferenceTensor x = makeLogits(f64, {1, columns}, Data::Normal, columns);
      ReferenceTensor t = makeLabels(value, 1, columns, 5);
      Buffer label(t, Layout::Compact), loss(f64, {1}, Layout::Compact),
          lse(f64, {1}, Layout::Compact),
          dx(f64, {1, columns}, Layout::Compact);
      auto getLoss = [&](const ReferenceTensor &logits) {
        Buffer input(logits, Layout::Compact);
        EXPECT_EQ(forward.call({&input, &label, &loss, &lse}), 0);
        return double(loss.read().elements[0].real);
      };
      double whole = getLoss(x);
      EXPECT_GT(whole, 0);
      ReferenceTensor one{f64, {1}};
      one.elements.push_back({1.5});
      Buffer grad(one, Layout::Compact), input(x, Layout::Compact);
      ASSERT_EQ(backward.call({&input, &label, &lse, &grad, &dx}), 0);
      ReferenceTensor result = dx.read();
      constexpr double step = 1e-5;
      Real sum = 0;
      for (int64_t i = 0; i < columns; ++i) {
        ReferenceTensor up = x, down = x;
        up.elements[i].real += step;
        down.elements[i].real -= step;
        EXPECT_NEAR(1.5 * (getLoss(up) - getLoss(down)) / (2 * step),
                    double(result.elements[i].real), 1e-9)
            << value.labels << ' ' << value.attributes << ", element " << i;
        sum += result.elements[i].real;
      }
      EXPECT_NEAR(double(sum), 0, 1e-14) << value.labels << ' ' << columns;
    }
  }
}

} // namespace
