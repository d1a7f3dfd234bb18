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
  /// The bytes of every result of row `row` of `logits`, run in `layout`.  The
  /// kernel's axis is 1, or 0 for the transposed array.
  std::vector<char> run(Kernel &kernel, const ReferenceTensor &logits,
                        Layout layout, int64_t misalignment, int64_t row,
                        bool transposed = false) {
    int64_t rows = logits.shape[0], columns = logits.shape[1];
    ReferenceTensor argument = logits;
    if (transposed) {
      argument.shape = {columns, rows};
      for (int64_t i = 0; i < rows; ++i)
        for (int64_t j = 0; j < columns; ++j)
          argument.elements[j * rows + i] = logits.elements[i * columns + j];
    }
    Buffer input(argument, layout, misalignment);
    Buffer result(kernel.getResultType(0), argument.shape, layout,
                  misalignment);
    Buffer perRow(getType("f32"), rows, layout, misalignment);
    SmallVector<Kernel::Argument> arguments = {&input, &result};
    bool hasPerRow = *GetParam().with;
    if (hasPerRow)
      arguments.push_back(&perRow);
    EXPECT_EQ(kernel.call(arguments), 0);
    std::vector<char> all = result.readBytes(), bytes;
    size_t size = all.size() / (rows * columns);
    for (int64_t j = 0; j < columns; ++j) {
      const char *element =
          all.data() + size * (transposed ? j * rows + row : row * columns + j);
      bytes.insert(bytes.end(), element, element + size);
    }
    if (!hasPerRow)
      return bytes;
    std::vector<char> lse = perRow.readBytes();
    bytes.insert(bytes.end(), lse.begin() + 4 * row, lse.begin() + 4 * row + 4);
    return bytes;
  }

  /// The results of others need logits.
  bool packsPanels() { return StringRef(GetParam().op) == "softmax"; }

  OpSpec makeCase(StringRef axis = "1") {
    OpSpec spec = makeSpec(GetParam().op, GetParam().type, 2, axis);
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
  struct Way {
    StringRef strategy;
    bool transposed;
    std::unique_ptr<Kernel> kernel;
  };
  std::vector<Way> ways;
  for (bool transposed : {false, true})
    for (StringRef strategy :
         {"", "registers", "lanes_rows", "pipe3", "pipe2", "online",
          "three_pass", "lanes_inner", "panels", "packed"}) {
      // Lanes lie along an inner dimension outside the row.
      if ((strategy == "lanes_inner" || strategy == "panels") &&
          (!transposed || (strategy == "panels" && !packsPanels())))
        continue;
      ways.push_back({strategy, transposed,
                      std::make_unique<Kernel>(makeCase(transposed ? "0" : "1"),
                                               strategy)});
      ASSERT_TRUE(ways.back().kernel->isCompiled()) << strategy.str();
    }
  Type type = getType(GetParam().type);
  for (int64_t columns : columnCounts) {
    ReferenceTensor row = makeLogits(type, {1, columns}, Data::Wide, columns);
    std::vector<char> expected = run(*ways.front().kernel, row, Layout::Compact,
                                     /*misalignment=*/0, 0);
    // The layout class of lanes along an inner dimension has an order of its
    // own for a row's sum.
    std::vector<char> inner;
    // One row last, when the inner class is known.
    for (int64_t rows : {2, 7, 35, 300, 1}) {
      if (rows * columns > 90000)
        continue;
      int64_t position = rows * 2 / 3;
      ReferenceTensor logits = surround(row, rows, position);
      for (const Way &way : ways)
        for (Layout layout : {Layout::Compact, Layout::Padded, Layout::Reversed,
                              Layout::Gapped}) {
          std::vector<char> bytes =
              run(*way.kernel, logits, layout, /*misalignment=*/rows % 4,
                  position, way.transposed);
          bool mayBeInner = way.transposed && (way.strategy.empty() ||
                                               way.strategy == "lanes_inner" ||
                                               way.strategy == "panels");
          // One row alone is of either class, as its strides happen to be.
          bool isInner =
              mayBeInner && rows > 1 &&
              (layout == Layout::Compact || layout == Layout::Padded);
          if (isInner && inner.empty())
            inner = bytes;
          bool same = isInner ? bytes == inner : bytes == expected;
          if (mayBeInner && rows == 1)
            same = same || inner.empty() || bytes == inner;
          EXPECT_TRUE(same)
              << "strategy '" << way.strategy.str() << "', axis "
              << !way.transposed << ", " << columns << " columns, row "
              << position << " of " << rows << ", " << toString(layout).str();
        }
    }
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
