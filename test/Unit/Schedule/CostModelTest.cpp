// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "softmax/Schedule/ChooseAlternatives.h"
#include "llvm/ADT/STLExtras.h"
#include "gtest/gtest.h"

using namespace mlir::softmax;

static TargetDescription getTarget(llvm::StringRef name) {
  llvm::Expected<TargetDescription> target = parseTarget(name);
  EXPECT_TRUE(static_cast<bool>(target));
  return *target;
}

static llvm::SmallVector<Candidate> choose(const KernelShape &shape,
                                           llvm::StringRef target) {
  auto list = chooseAlternatives(shape, getTarget(target), std::nullopt);
  EXPECT_TRUE(static_cast<bool>(list));
  return *list;
}

TEST(CostModel, LastAlternativeIsUnconditional) {
  for (int64_t columns : {-1, 0, 1, 10, 64, 128, 129, 4096, 10000000}) {
    KernelShape shape;
    if (columns >= 0)
      shape.columns = columns;
    Candidate last = choose(shape, "x86-64-v3").back();
    EXPECT_EQ(last.layout, LayoutKind::Any);
    EXPECT_EQ(last.maxColumns, 0);
  }
}

static bool contains(llvm::ArrayRef<Candidate> list, StrategyKind kind) {
  return llvm::any_of(list,
                      [&](const Candidate &c) { return c.strategy == kind; });
}

/// The strategy of rows of `columns` elements, `rows` of them.
static StrategyKind strategyFor(int64_t rows, int64_t columns,
                                llvm::StringRef target = "x86-64-v4") {
  KernelShape shape;
  shape.columns = columns;
  shape.rows = rows;
  shape.tableEntries = getTarget(target).tableEntries;
  return choose(shape, target)[0].strategy;
}

TEST(CostModel, KnownSizesTakeTheCheapest) {
  EXPECT_EQ(strategyFor(65536, 10), StrategyKind::LanesRows);
  EXPECT_EQ(strategyFor(1, 10), StrategyKind::Registers);
  EXPECT_EQ(strategyFor(1, 100), StrategyKind::Registers);
  EXPECT_EQ(strategyFor(1000, 100), StrategyKind::Pipe3);
  EXPECT_EQ(strategyFor(1, 1000), StrategyKind::ThreePass);
  EXPECT_EQ(strategyFor(512, 1024), StrategyKind::Pipe3);
  EXPECT_EQ(strategyFor(16384, 4096), StrategyKind::Pipe2);
  EXPECT_EQ(strategyFor(512, 131072), StrategyKind::Pipe2);
  EXPECT_EQ(strategyFor(64, 1 << 20), StrategyKind::Online);
}

// A caller of NAME_range may ask for one row of many.
TEST(CostModel, BehindAGuardOfRowsStandsOneWithoutIt) {
  KernelShape shape;
  shape.columns = 512;
  shape.rows = 1000;
  llvm::SmallVector<Candidate> list = choose(shape, "x86-64-v4");
  ASSERT_GE(list.size(), 3u);
  EXPECT_GT(list[0].minRows, 0);
  EXPECT_EQ(list[1].minRows, 0);
  EXPECT_EQ(list[1].layout, LayoutKind::Row);
}

TEST(CostModel, UnknownLengthsTakeGuards) {
  for (llvm::StringRef target : {"x86-64", "x86-64-v3", "x86-64-v4"}) {
    llvm::SmallVector<Candidate> list = choose(KernelShape(), target);
    for (StrategyKind kind :
         {StrategyKind::LanesRows, StrategyKind::Registers, StrategyKind::Pipe3,
          StrategyKind::ThreePass, StrategyKind::Packed})
      EXPECT_TRUE(contains(list, kind)) << target.str();
    for (const Candidate &c : list) {
      // The sum's fixed tree takes 64 elements together (C-SUM-1): of two
      // groups' vectors it would depend on the length whether the last group
      // is whole.
      if (c.strategy == StrategyKind::Registers)
        EXPECT_LE(c.maxColumns, 2 * kSumGroup - c.lanes);
      if (c.strategy == StrategyKind::Pipe3)
        EXPECT_LE(c.maxColumns, kSumBlock);
      if (c.nontemporal)
        EXPECT_GT(c.minBytes, 0);
    }
  }
}

TEST(CostModel, NoAlternativeIsOutOfReach) {
  for (int64_t columns : {-1, 0, 10, 100, 4096, 4097, 1000000}) {
    KernelShape shape;
    shape.innerPossible = true;
    if (columns >= 0)
      shape.columns = columns;
    llvm::SmallVector<Candidate> list = choose(shape, "x86-64-v3");
    for (size_t i = 0; i < list.size(); ++i)
      for (size_t j = 0; j < i; ++j)
        EXPECT_FALSE(list[j].layout == list[i].layout && !list[j].minColumns &&
                     !list[j].maxColumns && !list[j].minRows &&
                     !list[j].minBytes)
            << columns;
  }
}

TEST(CostModel, OnlyLargeTensorsAreStreamed) {
  KernelShape shape;
  shape.columns = 4096;
  Candidate streamed = choose(shape, "x86-64-v3")[0];
  EXPECT_TRUE(streamed.nontemporal);
  EXPECT_GE(streamed.minBytes, int64_t(getTarget("x86-64-v3").l3Bytes / 2));
  // What cannot be large is not.
  shape.rows = 16;
  for (const Candidate &c : choose(shape, "x86-64-v3"))
    EXPECT_FALSE(c.nontemporal);
  // Two results are not.
  shape.rows = 100000;
  shape.streamable = false;
  for (const Candidate &c : choose(shape, "x86-64-v3"))
    EXPECT_FALSE(c.nontemporal);
}

TEST(CostModel, CostsGrowWithDistance) {
  TargetDescription target = getTarget("x86-64-v4");
  KernelShape shape;
  for (const Candidate &c : listCandidates(shape, target)) {
    if (c.maxColumns && c.maxColumns < 512)
      continue;
    double near = modelCycles(c, shape, target, {512, 64});
    double far = modelCycles(c, shape, target, {512, 1 << 20});
    EXPECT_LE(near, far * 1.5) << toString(c.strategy).str();
    EXPECT_GT(near, 0.1) << toString(c.strategy).str();
    // Pairs cost something.
    KernelShape strict = shape;
    strict.strict = true;
    EXPECT_GT(modelCycles(c, strict, target, {512, 64}), near);
  }
}

TEST(CostModel, LanesFollowTheTarget) {
  KernelShape shape;
  EXPECT_EQ(choose(shape, "x86-64")[0].lanes, 4);
  EXPECT_EQ(choose(shape, "x86-64-v3")[0].lanes, 8);
  EXPECT_EQ(choose(shape, "x86-64-v4")[0].lanes, 16);
  shape.computeBits = 64;
  EXPECT_EQ(choose(shape, "x86-64-v4")[0].lanes, 8);
}

TEST(CostModel, MaskedTailsOnlyWhereTheyAreCheap) {
  KernelShape shape;
  EXPECT_EQ(choose(shape, "x86-64")[0].tail, TailKind::Pieces);
  EXPECT_EQ(choose(shape, "x86-64-v3")[0].tail, TailKind::MaskedLoads);
  EXPECT_EQ(choose(shape, "x86-64-v4")[0].tail, TailKind::Masked);
  shape.narrowestBits = 16;
  EXPECT_EQ(choose(shape, "x86-64-v3")[0].tail, TailKind::Pieces);
  EXPECT_EQ(choose(shape, "x86-64-v4")[0].tail, TailKind::Masked);
}

TEST(CostModel, ScratchStaysInTheSecondLevel) {
  KernelShape shape;
  shape.stagesInOutput = false;
  TargetDescription target = getTarget("x86-64-v3");
  bool recomputes = false;
  for (const Candidate &c : choose(shape, "x86-64-v3")) {
    if (c.strategy == StrategyKind::ThreePass &&
        c.staging == StagingKind::Scratch)
      EXPECT_LE(static_cast<uint64_t>(c.maxColumns) * 4, target.l2Bytes);
    recomputes |= c.strategy == StrategyKind::Online &&
                  c.staging == StagingKind::Recompute;
  }
  EXPECT_TRUE(recomputes);
}

TEST(CostModel, InnerDimensionTakesLanes) {
  KernelShape shape;
  shape.rowPossible = shape.rowCertain = false;
  shape.innerPossible = shape.innerCertain = true;
  shape.columns = 1000;
  llvm::SmallVector<Candidate> list = choose(shape, "x86-64-v3");
  EXPECT_EQ(list[0].strategy, StrategyKind::Panels);
  EXPECT_TRUE(list[0].nontemporal);
  // Two lines side by side.
  EXPECT_EQ(list[0].lanes * list[0].vectors, 32);
  shape.rows = 16;
  EXPECT_EQ(choose(shape, "x86-64-v3")[0].strategy, StrategyKind::LanesInner);
  // What cannot be packed.
  shape.rows = 4096;
  shape.packsPanels = false;
  EXPECT_EQ(choose(shape, "x86-64-v3")[0].strategy, StrategyKind::LanesInner);
}

TEST(CostModel, VectorsOfAnyLength) {
  KernelShape shape;
  shape.innerPossible = true;
  for (const char *target : {"aarch64,sve", "riscv64,v"}) {
    llvm::SmallVector<Candidate> list = choose(shape, target);
    EXPECT_EQ(list[0].strategy, StrategyKind::Scalable);
    EXPECT_EQ(list[0].lanes, 4);
    EXPECT_EQ(list.back().strategy, StrategyKind::Packed);
    for (const Candidate &c : list) {
      EXPECT_EQ(c.scalable, c.strategy != StrategyKind::Packed);
      if (c.scalable)
        EXPECT_EQ(c.tail, TailKind::Masked);
    }
  }
  auto list =
      chooseAlternatives(shape, getTarget("x86-64-v4"), StrategyKind::Scalable);
  ASSERT_FALSE(static_cast<bool>(list));
  EXPECT_NE(llvm::toString(list.takeError())
                .find("target x86-64-v4 has no vectors of any length"),
            std::string::npos);
  // Those of a fixed length stay a choice.
  EXPECT_EQ(llvm::cantFail(chooseAlternatives(shape, getTarget("aarch64,sve"),
                                              StrategyKind::ThreePass))[0]
                .scalable,
            false);
}

TEST(CostModel, ForcedStrategyThatCannotRunSaysWhy) {
  auto reason = [&](const KernelShape &shape, StrategyKind kind) {
    auto list = chooseAlternatives(shape, getTarget("x86-64-v3"), kind);
    EXPECT_FALSE(static_cast<bool>(list)) << toString(kind).str();
    return list ? std::string() : llvm::toString(list.takeError());
  };
  auto says = [&](const KernelShape &shape, StrategyKind kind,
                  llvm::StringRef text) {
    std::string message = reason(shape, kind);
    EXPECT_NE(message.find(text.str()), std::string::npos) << message;
    EXPECT_NE(message.find(toString(kind).str()), std::string::npos);
  };
  KernelShape shape;
  shape.columns = 8192;
  says(shape, StrategyKind::Registers, "use three_pass");
  says(shape, StrategyKind::LanesRows, "use pipe3");
  says(shape, StrategyKind::Pipe3, "use pipe2");
  says(shape, StrategyKind::LanesInner, "not contiguous");
  says(shape, StrategyKind::Panels, "not contiguous");
  shape.columns = 1 << 20;
  says(shape, StrategyKind::Pipe2, "use online");
  shape.columns = 8;
  shape.rows = 1;
  says(shape, StrategyKind::LanesRows, "8 rows or more");
  says(shape, StrategyKind::Pipe3, "2 rows or more");
  shape.reduces = false;
  shape.rows = 1000;
  says(shape, StrategyKind::Pipe3, "reduces nothing");
  KernelShape inner;
  inner.innerPossible = true;
  inner.rowPossible = false;
  inner.packsPanels = false;
  says(inner, StrategyKind::Panels, "use lanes_inner");
  says(inner, StrategyKind::Online, "contiguous run");
  inner.packsPanels = true;
  inner.columns = 1 << 20;
  says(inner, StrategyKind::Panels, "use lanes_inner");
}

TEST(CostModel, ForcedStrategiesTakeAllTheyCan) {
  KernelShape shape;
  shape.innerPossible = true;
  for (StrategyKind kind : allStrategies()) {
    bool scalable = kind == StrategyKind::Scalable;
    auto list = chooseAlternatives(
        shape, getTarget(scalable ? "aarch64,sve" : "x86-64-v4"), kind);
    ASSERT_TRUE(static_cast<bool>(list)) << toString(kind).str();
    EXPECT_TRUE(contains(*list, kind));
    for (const Candidate &c : *list)
      EXPECT_TRUE(c.strategy == kind || c.strategy == StrategyKind::Packed ||
                  // What panels leave keeps the bits of its layout class.
                  (kind == StrategyKind::Panels &&
                   c.strategy == StrategyKind::LanesInner));
  }
}

TEST(CostModel, Names) {
  for (StrategyKind kind : allStrategies()) {
    EXPECT_EQ(parseStrategy(toString(kind)), kind);
    EXPECT_NE(listStrategies().find(toString(kind).str()), std::string::npos);
  }
  EXPECT_EQ(allStrategies().size(), 10u);
  EXPECT_FALSE(parseStrategy("pipe9").has_value());
}
