// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// C-DET-1 again, schedule by schedule: whatever a strategy may be told about
// movement (lanes, stores past the caches, prefetch, staging), wherever rows
// begin and end, in place or not, changes no bit of a result, and nothing
// around the results is written.  Every candidate of the cost model is forced,
// for the vectors of this machine and for narrower ones.
#include "Data.h"
#include "Kernel.h"

#include "softmax/Dialect/IR/Softmax.h"
#include "softmax/Dialect/Transforms/Schedule.h"
#include "softmax/Schedule/ChooseAlternatives.h"

using namespace mlir;
using namespace mlir::softmax;
using namespace mlir::softmax::reference;
using namespace softmax_test;

namespace {

// Of two names the tests' own.
using softmax_test::Layout;

struct Case {
  const char *op;
  const char *type;
  const char *with;
  const char *accuracy;
};

void PrintTo(const Case &value, std::ostream *os) {
  *os << value.op << ' ' << value.type << ' ' << value.with << ' '
      << value.accuracy;
}

/// Elements per side beyond which a shape is not tried.
constexpr int64_t mostElements = 30000;

class Movement : public testing::TestWithParam<Case> {
protected:
  struct Way {
    Candidate candidate;
    std::unique_ptr<Kernel> kernel;
    std::string name;
  };

  OpSpec makeCase(bool inner) {
    OpSpec spec =
        makeSpec(GetParam().op, GetParam().type, 2, inner ? "0" : "1");
    spec.with = GetParam().with;
    return spec;
  }

  KernelOptions force(StringRef strategy) {
    KernelOptions options;
    options.accuracy = GetParam().accuracy;
    options.forceStrategy = strategy;
    return options;
  }

  /// The candidates of a layout class, for the vectors of `target`.
  SmallVector<Candidate> listFor(bool inner, StringRef target) {
    llvm::Expected<TargetDescription> description = parseTarget(target);
    EXPECT_TRUE(static_cast<bool>(description));
    SmallVector<Candidate> result;
    KernelOptions options = force("");
    options.schedule = [&](GenericOp op) {
      NumericAttr numeric = op.getScheduleAttr().getNumeric();
      for (Candidate c :
           listCandidates(describeShape(op, numeric), *description)) {
        if (c.layout != (inner ? LayoutKind::Inner : LayoutKind::Row))
          continue;
        // Guards of what is large would keep it from what a test can try.
        c.minBytes = 0;
        c.minRows = std::min<int64_t>(c.minRows, 1);
        result.push_back(c);
      }
      return ScheduleAttr();
    };
    Kernel kernel(makeCase(inner), options);
    return result;
  }

  std::vector<Way> makeWays(bool inner) {
    std::vector<Way> ways;
    for (StringRef target : {"native", "x86-64-v3", "x86-64"})
      for (const Candidate &candidate : listFor(inner, target)) {
        bool known = llvm::any_of(
            ways, [&](const Way &way) { return way.candidate == candidate; });
        if (known)
          continue;
        Way way;
        way.candidate = candidate;
        KernelOptions options = force(inner ? "lanes_inner" : "packed");
        options.schedule = [&](GenericOp op) {
          ScheduleAttr given = op.getScheduleAttr();
          SmallVector<Candidate> list = {candidate};
          for (AlternativeAttr alternative : given.getAlternatives())
            list.push_back(toCandidate(alternative));
          ScheduleAttr schedule = toSchedule(given.getNumeric(), list);
          llvm::raw_string_ostream(way.name)
              << schedule.getAlternatives().front();
          return schedule;
        };
        way.kernel = std::make_unique<Kernel>(makeCase(inner), options);
        EXPECT_TRUE(way.kernel->isCompiled()) << way.name;
        ways.push_back(std::move(way));
      }
    return ways;
  }

  /// The bytes of all results; in place if `inPlace`.
  std::vector<char> run(Kernel &kernel, const ReferenceTensor &logits,
                        int64_t rows, Layout layout, int64_t misalignment,
                        bool inPlace) {
    Buffer input(logits, layout, misalignment);
    Buffer result(kernel.getResultType(0), logits.shape, layout, misalignment);
    Buffer perRow(getType("f32"), rows, Layout::Compact);
    SmallVector<Kernel::Argument> arguments = {&input,
                                               inPlace ? &input : &result};
    if (*GetParam().with)
      arguments.push_back(&perRow);
    EXPECT_EQ(kernel.call(arguments), 0);
    Buffer &written = inPlace ? input : result;
    EXPECT_TRUE(written.isUntouchedAround());
    std::vector<char> bytes = written.readBytes();
    if (*GetParam().with)
      llvm::append_range(bytes, perRow.readBytes());
    return bytes;
  }

  void sweep(bool inner, ArrayRef<int64_t> rowCounts,
             ArrayRef<int64_t> columnCounts) {
    Kernel expected(makeCase(inner), force(inner ? "lanes_inner" : "packed"));
    ASSERT_TRUE(expected.isCompiled());
    std::vector<Way> ways = makeWays(inner);
    ASSERT_GE(ways.size(), inner ? 2u : 8u);
    Type type = getType(GetParam().type);
    unsigned turn = 0;
    for (int64_t columns : columnCounts)
      for (int64_t rows : rowCounts) {
        // Of long rows some numbers of them, in turn.
        if (rows * columns > mostElements || ++turn % (columns > 64 ? 3 : 1))
          continue;
        SmallVector<int64_t> shape = {rows, columns};
        if (inner)
          std::swap(shape[0], shape[1]);
        ReferenceTensor logits =
            makeLogits(type, shape, turn % 3 ? Data::Wide : Data::Spread, turn);
        for (Layout layout : {Layout::Compact, Layout::Padded}) {
          int64_t misalignment = (turn * 5 + (layout == Layout::Padded)) % 17;
          std::vector<char> want = run(expected, logits, rows, layout,
                                       misalignment, /*inPlace=*/false);
          for (const Way &way : ways)
            for (bool inPlace : {false, true}) {
              SCOPED_TRACE(way.name + " " + std::to_string(rows) + " rows of " +
                           std::to_string(columns));
              std::vector<char> have =
                  run(*way.kernel, logits, rows, layout, misalignment, inPlace);
              ASSERT_EQ(want, have)
                  << way.name << ": " << rows << " rows of " << columns << ", "
                  << toString(layout).str() << ", misaligned by "
                  << misalignment << (inPlace ? ", in place" : "");
            }
        }
      }
  }
};

TEST_P(Movement, ContiguousRows) {
  sweep(/*inner=*/false, {1, 2, 3, 5, 16, 17, 35, 70},
        {1,  2,   5,   7,   10,  16,  17,  23,   31,   32,   33,   63,   64,
         65, 100, 127, 128, 129, 200, 300, 1000, 4095, 4096, 4097, 8192, 8200});
}

TEST_P(Movement, InnerDimension) {
  sweep(/*inner=*/true, {1, 5, 16, 33, 64, 257, 300, 321},
        {1, 2, 3, 4, 5, 10, 17, 64, 100, 1001, 5000});
}

INSTANTIATE_TEST_SUITE_P(
    All, Movement,
    testing::Values(Case{"softmax", "f32", "lse", "default"},
                    Case{"softmax", "f32", "lse", "strict"},
                    Case{"softmax", "f32", "", "fast"},
                    Case{"softmax", "bf16", "", "default"},
                    Case{"softmax", "f64", "", "default"},
                    Case{"log_softmax", "f16", "", "default"}));

} // namespace
