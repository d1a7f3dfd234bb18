// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// C-DET-1: a row's bits depend on the row alone, not on how many rows stand
// beside it, where it lies, which strategy runs it, or who runs which rows.
#include "Data.h"
#include "Kernel.h"

#include <random>

using namespace mlir;
using namespace mlir::softmax;
using namespace mlir::softmax::reference;
using namespace softmax_test;

namespace {

struct Case {
  const char *op;
  const char *type;
  const char *with;
};

void PrintTo(const Case &value, std::ostream *os) {
  *os << value.op << ' ' << value.type << ' ' << value.with;
}

class Determinism : public testing::TestWithParam<Case> {
protected:
  /// The bytes of every result of row `row` of `logits`, run in `layout`.
  std::vector<char> run(Kernel &kernel, const ReferenceTensor &logits,
                        Layout layout, int64_t misalignment, int64_t row) {
    Buffer input(logits, layout, misalignment);
    std::vector<Buffer> results;
    SmallVector<Kernel::Argument> arguments = {&input};
    results.reserve(2);
    int64_t rows = logits.shape[0];
    for (unsigned i = 0; i < (*GetParam().with ? 2u : 1u); ++i) {
      ArrayRef<int64_t> shape(logits.shape);
      bool perRow = i == 1;
      results.emplace_back(kernel.getResultType(i),
                           perRow ? shape.drop_back() : shape, layout,
                           misalignment);
      arguments.push_back(&results.back());
    }
    EXPECT_EQ(kernel.call(arguments), 0);
    std::vector<char> bytes;
    for (const Buffer &result : results) {
      std::vector<char> all = result.readBytes();
      size_t size = all.size() / rows;
      bytes.insert(bytes.end(), all.begin() + row * size,
                   all.begin() + (row + 1) * size);
    }
    return bytes;
  }

  OpSpec makeCase() {
    OpSpec spec = makeSpec(GetParam().op, GetParam().type, 2, "1");
    spec.with = GetParam().with;
    return spec;
  }

  /// `count` rows of other numbers with `row` among them at `position`.
  ReferenceTensor surround(const ReferenceTensor &row, int64_t count,
                           int64_t position) {
    int64_t columns = row.shape[1];
    ReferenceTensor result = makeLogits(row.elementType, {count, columns},
                                        Data::Wide, count + position);
    llvm::copy(row.elements, result.elements.begin() + position * columns);
    return result;
  }
};

constexpr int64_t columnCounts[] = {1,  7,   16,   17,   64,
                                    65, 257, 1000, 4097, 40003};

TEST_P(Determinism, StrategiesRowsLayoutsAndAlignment) {
  Kernel chosen(makeCase());
  std::vector<std::pair<std::string, std::unique_ptr<Kernel>>> forced;
  for (const char *strategy : {"registers", "three_pass", "packed"})
    forced.emplace_back(strategy,
                        std::make_unique<Kernel>(makeCase(), strategy));
  Type type = getType(GetParam().type);
  for (int64_t columns : columnCounts) {
    ReferenceTensor row = makeLogits(type, {1, columns}, Data::Wide, columns);
    std::vector<char> expected =
        run(chosen, row, Layout::Compact, /*misalignment=*/0, 0);
    auto compare = [&](Kernel &kernel, StringRef name) {
      for (int64_t rows : {1, 2, 7, 35}) {
        if (rows * columns > 50000)
          continue;
        int64_t position = rows * 2 / 3;
        ReferenceTensor logits = surround(row, rows, position);
        for (Layout layout : {Layout::Compact, Layout::Padded, Layout::Reversed,
                              Layout::Gapped})
          EXPECT_EQ(
              run(kernel, logits, layout, /*misalignment=*/rows % 4, position),
              expected)
              << name.str() << ", " << columns << " columns, row " << position
              << " of " << rows << ", " << toString(layout).str();
      }
    };
    compare(chosen, "chosen");
    for (auto &[name, kernel] : forced)
      compare(*kernel, name);
  }
}

TEST_P(Determinism, AnyDivisionOfTheRows) {
  Kernel kernel(makeCase());
  Type type = getType(GetParam().type);
  std::mt19937 random(3);
  for (int64_t columns : {1, 17, 65, 1000})
    for (Layout layout : {Layout::Compact, Layout::Reversed, Layout::Gapped}) {
      ReferenceTensor logits = makeLogits(type, {37, columns}, Data::Normal, 9);
      Buffer input(logits, layout);
      auto makeResults = [&]() {
        std::vector<std::unique_ptr<Buffer>> results;
        results.push_back(std::make_unique<Buffer>(kernel.getResultType(0),
                                                   logits.shape, layout));
        if (*GetParam().with)
          results.push_back(std::make_unique<Buffer>(
              kernel.getResultType(1), ArrayRef<int64_t>(37), layout));
        return results;
      };
      auto arguments = [&](std::vector<std::unique_ptr<Buffer>> &results) {
        SmallVector<Kernel::Argument> list = {&input};
        for (std::unique_ptr<Buffer> &result : results)
          list.push_back(result.get());
        return list;
      };
      std::vector<std::unique_ptr<Buffer>> whole = makeResults();
      ASSERT_EQ(kernel.call(arguments(whole)), 0);
      int64_t units = kernel.getUnits(arguments(whole));
      ASSERT_GE(units, 1);
      for (unsigned round = 0; round < 8; ++round) {
        // Cuts in random places, the pieces in random order.
        SmallVector<int64_t> cuts = {0, units};
        for (unsigned i = 0; i < round; ++i)
          cuts.push_back(random() % (units + 1));
        llvm::sort(cuts);
        SmallVector<size_t> order;
        for (size_t i = 0; i + 1 < cuts.size(); ++i)
          order.push_back(i);
        std::shuffle(order.begin(), order.end(), random);
        std::vector<std::unique_ptr<Buffer>> pieces = makeResults();
        for (size_t i : order)
          ASSERT_EQ(kernel.callRange(arguments(pieces), cuts[i], cuts[i + 1]),
                    0);
        for (size_t i = 0; i < whole.size(); ++i) {
          EXPECT_EQ(pieces[i]->readBytes(), whole[i]->readBytes())
              << columns << " columns, " << toString(layout).str();
          EXPECT_TRUE(pieces[i]->isUntouchedAround());
        }
      }
    }
}

/// A piece of the rows leaves the results of the others alone.
TEST_P(Determinism, ARangeWritesItsRowsOnly) {
  Kernel kernel(makeCase());
  if (*GetParam().with)
    return;
  ReferenceTensor logits =
      makeLogits(getType(GetParam().type), {20, 33}, Data::Normal);
  Buffer input(logits, Layout::Compact);
  Buffer result(kernel.getResultType(0), logits.shape, Layout::Compact);
  Buffer empty(kernel.getResultType(0), logits.shape, Layout::Compact);
  ASSERT_EQ(kernel.getUnits({&input, &result}), 20);
  ASSERT_EQ(kernel.callRange({&input, &result}, 5, 5), 0);
  EXPECT_TRUE(result.isUntouched());
  ASSERT_EQ(kernel.callRange({&input, &result}, 5, 9), 0);
  std::vector<char> bytes = result.readBytes(), before = empty.readBytes();
  size_t size = bytes.size() / 20;
  EXPECT_TRUE(
      std::equal(bytes.begin(), bytes.begin() + 5 * size, before.begin()));
  EXPECT_TRUE(std::equal(bytes.begin() + 9 * size, bytes.end(),
                         before.begin() + 9 * size));
  EXPECT_FALSE(std::equal(bytes.begin() + 5 * size, bytes.begin() + 6 * size,
                          before.begin()));
}

INSTANTIATE_TEST_SUITE_P(All, Determinism,
                         testing::Values(Case{"softmax", "f32", "lse"},
                                         Case{"softmax", "f64", ""},
                                         Case{"softmax", "bf16", ""},
                                         Case{"log_softmax", "f16", ""}));

} // namespace
