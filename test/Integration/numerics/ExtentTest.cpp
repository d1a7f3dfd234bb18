// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Rows of which the first elements count: valid lengths, causal masks with an
// offset, sliding windows.  Strategies that stop where a row ends, and those
// that do not, give the same bits (C-DET-1), and what stands behind does not
// matter (C-MASK-1).
#include "Data.h"
#include "Kernel.h"

#include "softmax/Dialect/IR/RowNeeds.h"
#include "softmax/Dialect/Transforms/Schedule.h"
#include "softmax/Schedule/ChooseAlternatives.h"

#include <cmath>

using namespace mlir;
using namespace mlir::softmax;
using namespace mlir::softmax::reference;
using namespace softmax_test;

namespace {

// Of two names the tests' own.
using softmax_test::Layout;

constexpr Real inf = std::numeric_limits<Real>::infinity();
constexpr Real nan = std::numeric_limits<Real>::quiet_NaN();

/// A mask: what computes %valid from the coordinates %i and %j, %n of the row
/// and the scalar %o.
struct Mask {
  const char *name;
  const char *text;
};

constexpr Mask lengths = {"lengths", R"mlir(
      %n1 = arith.index_cast %n : i32 to index
      %valid = arith.cmpi slt, %j, %n1 : index)mlir"};
constexpr Mask lengths32 = {"lengths in 32 bits, inclusive", R"mlir(
      %j1 = arith.index_cast %j : index to i32
      %valid = arith.cmpi uge, %n, %j1 : i32)mlir"};
constexpr Mask causal = {"causal", R"mlir(
      %o1 = arith.index_cast %o : i64 to index
      %last = arith.addi %i, %o1 : index
      %valid = arith.cmpi sle, %j, %last : index)mlir"};
constexpr Mask window = {"window", R"mlir(
      %o1 = arith.index_cast %o : i64 to index
      %last = arith.addi %i, %o1 : index
      %c20 = arith.constant 20 : index
      %first = arith.subi %last, %c20 : index
      %in = arith.cmpi sge, %j, %first : index
      %before = arith.cmpi sge, %last, %j : index
      %valid = arith.andi %in, %before : i1)mlir"};

struct Case {
  Mask mask;
  const char *type;
  const char *maskedRow = "";
  /// Whether the result is p times the element, rather than p.
  bool usesElements = false;
  const char *accuracy = "default";
};

void PrintTo(const Case &value, std::ostream *os) {
  *os << value.mask.name << ' ' << value.type << ' ' << value.maskedRow
      << (value.usesElements ? " times element" : "") << ' ' << value.accuracy;
}

std::string makeText(const Case &value) {
  std::string text = R"mlir(
#id = affine_map<(i, j) -> (i, j)>
#row = affine_map<(i, j) -> (i)>
#scalar = affine_map<(i, j) -> ()>
func.func @main(%x: tensor<?x?x$T>, %lengths: tensor<?xi32>, %offset: tensor<i64>) -> (tensor<?x?x$T>, tensor<?x$C>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %m = tensor.dim %x, %c0 : tensor<?x?x$T>
  %k = tensor.dim %x, %c1 : tensor<?x?x$T>
  %y = tensor.empty(%m, %k) : tensor<?x?x$T>
  %l = tensor.empty(%m) : tensor<?x$C>
  %both:2 = softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp$M] maps = [#id, #row, #scalar, #id, #row]
    ins(%x, %lengths, %offset : tensor<?x?x$T>, tensor<?xi32>, tensor<i64>) outs(%y, %l : tensor<?x?x$T>, tensor<?x$C>)
    logit {
    ^bb0(%e: $T, %n: i32, %o: i64):
      %i = softmax.index 0
      %j = softmax.index 1
      $VALID
      $WIDEN
      %ninf = arith.constant $NINF : $C
      %1 = arith.select %valid, %w, %ninf : $C
      softmax.yield %1 : $C
    } row {
    ^bb0(%n: i32, %o: i64, %max: $C, %sum: $C):
      %2 = math.log %sum : $C
      %3 = arith.addf %max, %2 : $C
      softmax.yield %3 : $C
    } result {
    ^bb0(%e: $T, %n: i32, %o: i64, %p: $C, %logp: $C):
      $WIDEN
      %f = $F : $C
      $NARROW
      softmax.yield %r : $T
    } -> tensor<?x?x$T>, tensor<?x$C>
  return %both#0, %both#1 : tensor<?x?x$T>, tensor<?x$C>
})mlir";
  auto replace = [&](StringRef from, StringRef to) {
    for (size_t at; (at = text.find(from.str())) != std::string::npos;)
      text.replace(at, from.size(), to.str());
  };
  StringRef type = value.type;
  bool narrow = type == "bf16" || type == "f16";
  StringRef compute = narrow ? "f32" : type;
  replace("$VALID", value.mask.text);
  replace("$WIDEN", narrow ? "%w = arith.extf %e : $T to f32"
                           : "%z = arith.constant -0.0 : $C\n"
                             "%w = arith.addf %e, %z : $C");
  replace("$NARROW", narrow ? "%r = arith.truncf %f : f32 to $T"
                            : "%z1 = arith.constant -0.0 : $C\n"
                              "%r = arith.addf %f, %z1 : $C");
  replace("$F", value.usesElements ? "arith.mulf %p, %w" : "arith.addf %p, %p");
  replace("$M", value.maskedRow);
  replace("$NINF", compute == "f64" ? "0xFFF0000000000000" : "0xFF800000");
  replace("$T", type);
  replace("$C", compute);
  return text;
}

class Extent : public testing::TestWithParam<Case> {
protected:
  std::vector<char> run(Kernel &kernel, ArrayRef<ReferenceTensor> inputs,
                        Layout layout, int64_t misalignment) {
    Buffer x(inputs[0], layout, misalignment), n(inputs[1], Layout::Compact),
        o(inputs[2], Layout::Compact);
    Buffer y(kernel.getResultType(0), inputs[0].shape, layout, misalignment);
    Buffer l(kernel.getResultType(1), inputs[1].shape, Layout::Compact);
    EXPECT_EQ(kernel.call({&x, &n, &o, &y, &l}), 0);
    EXPECT_TRUE(y.isUntouchedAround());
    std::vector<char> bytes = y.readBytes();
    llvm::append_range(bytes, l.readBytes());
    return bytes;
  }
};

TEST_P(Extent, EveryStrategy) {
  std::string text = makeText(GetParam());
  KernelOptions options;
  options.accuracy = GetParam().accuracy;
  bool found = false;
  options.schedule = [&](GenericOp op) {
    found = RowNeeds(op).extent.has_value();
    return ScheduleAttr();
  };
  options.forceStrategy = "packed";
  Kernel packed(StringRef(text), options);
  ASSERT_TRUE(packed.isCompiled());
  EXPECT_TRUE(found);

  std::vector<std::pair<std::string, std::unique_ptr<Kernel>>> kernels;
  auto add = [&](StringRef strategy, bool nontemporal) {
    options.forceStrategy = strategy;
    options.schedule = [&](GenericOp op) {
      if (!nontemporal)
        return ScheduleAttr();
      SmallVector<Candidate> list;
      for (AlternativeAttr a : op.getScheduleAttr().getAlternatives()) {
        list.push_back(toCandidate(a));
        list.back().nontemporal = list.back().strategy == StrategyKind::Pipe2 ||
                                  list.back().strategy == StrategyKind::Online;
      }
      return toSchedule(op.getScheduleAttr().getNumeric(), list);
    };
    kernels.emplace_back(strategy.str() +
                             (nontemporal ? " past the caches" : ""),
                         std::make_unique<Kernel>(StringRef(text), options));
  };
  // The choice of the cost model, once: it compiles all of them.
  if (GetParam().mask.name == lengths.name)
    add("", false);
  for (const char *strategy : {"three_pass", "pipe2"})
    add(strategy, false);
  for (const char *strategy : {"online", "pipe2"})
    add(strategy, true);

  Type type = getType(GetParam().type);
  unsigned turn = 0;
  for (int64_t columns : {1, 7, 64, 65, 130, 300, 4096, 4097, 9000}) {
    ++turn;
    const int64_t rows = columns > 1000 ? 5 : 23;
    ReferenceTensor x = makeLogits(
        type, {rows, columns}, turn % 2 ? Data::Normal : Data::Outlier, turn);
    ReferenceTensor n{getType("i32"), {rows}}, o{getType("i64"), {}};
    o.elements.push_back({0, 0, columns > 70 ? columns / 2 - 8 : -3});
    for (int64_t i = 0; i < rows; ++i) {
      int64_t length = (i * 7919 + 3) % (columns + 1);
      if (i % 5 == 4)
        length = i % 10 == 4 ? -2 : columns + 100;
      n.elements.push_back({0, 0, length});
      // What does not count may hold anything.
      for (int64_t j = std::max<int64_t>(length + 1, 0); j < columns; ++j)
        if (i % 2 && GetParam().mask.name == lengths.name &&
            !GetParam().usesElements)
          x.elements[i * columns + j].real = j % 3 ? nan : inf;
    }
    // A row that is NaN all along, and one with an infinity.
    x.elements[2 * columns].real = nan;
    x.elements[3 * columns].real = inf;
    std::vector<char> expected = run(packed, {x, n, o}, Layout::Compact, 0);
    for (auto &[name, kernel] : kernels) {
      SCOPED_TRACE(name + ", " + std::to_string(columns) + " columns");
      ASSERT_TRUE(kernel->isCompiled());
      if (name == kernels.front().first)
        kernel->check({x, n, o}, Layout::Compact, Layout::Compact, name);
      for (int64_t misalignment : {0, 1, 5})
        for (Layout layout : {Layout::Compact, Layout::Padded})
          ASSERT_EQ(run(*kernel, {x, n, o}, layout, misalignment), expected)
              << misalignment;
    }
  }
}

constexpr const char *zero = "<masked_row = zero>";

INSTANTIATE_TEST_SUITE_P(
    All, Extent,
    testing::Values(Case{lengths, "f32"}, Case{lengths32, "bf16", zero, true},
                    Case{causal, "f64"}, Case{causal, "f32", zero},
                    Case{window, "f32", "", true, "strict"}));

} // namespace
