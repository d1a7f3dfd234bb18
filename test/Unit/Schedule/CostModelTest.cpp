// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "softmax/Schedule/CostModel.h"
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

TEST(CostModel, ShortRowsStayInRegisters) {
  KernelShape shape;
  shape.columns = 64;
  EXPECT_EQ(choose(shape, "x86-64-v3")[0].strategy, StrategyKind::Registers);
  shape.columns = 4096;
  EXPECT_EQ(choose(shape, "x86-64-v3")[0].strategy, StrategyKind::ThreePass);
}

TEST(CostModel, UnknownLengthTakesBothBehindAGuard) {
  llvm::SmallVector<Candidate> list = choose(KernelShape(), "x86-64-v3");
  ASSERT_EQ(list.size(), 4u);
  EXPECT_EQ(list[0].strategy, StrategyKind::Registers);
  // The sum's fixed tree takes 64 elements together (C-SUM-1): of 16 vectors
  // of 8 it would depend on the length whether the last group is whole.
  EXPECT_EQ(list[0].maxColumns, 120);
  EXPECT_GT(list[1].minBytes, 0);
  EXPECT_EQ(list[2].strategy, StrategyKind::ThreePass);
  EXPECT_EQ(list[2].minBytes, 0);
}

TEST(CostModel, LargeTensorsAreStreamed) {
  KernelShape shape;
  shape.columns = 4096;
  Candidate streamed = choose(shape, "x86-64-v3")[0];
  EXPECT_TRUE(streamed.nontemporal);
  EXPECT_EQ(streamed.prefetch, 1);
  // What cannot be large is not.
  shape.rows = 16;
  EXPECT_EQ(choose(shape, "x86-64-v3")[0].minBytes, 0);
  // Two rows and scratch would not fit the second level.
  shape.rows.reset();
  shape.columns = 1000000;
  EXPECT_EQ(choose(shape, "x86-64-v3")[0].minBytes, 0);
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
    if (c.strategy != StrategyKind::ThreePass)
      continue;
    if (c.staging == StagingKind::Scratch)
      EXPECT_LE(static_cast<uint64_t>(c.maxColumns) * 4, target.l2Bytes);
    else
      recomputes = true;
  }
  EXPECT_TRUE(recomputes);
}

TEST(CostModel, InnerDimensionTakesLanes) {
  KernelShape shape;
  shape.rowPossible = shape.rowCertain = false;
  shape.innerPossible = shape.innerCertain = true;
  shape.columns = 1000;
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
  KernelShape shape;
  shape.columns = 4096;
  auto list = chooseAlternatives(shape, getTarget("x86-64-v3"),
                                 StrategyKind::Registers);
  ASSERT_FALSE(static_cast<bool>(list));
  EXPECT_NE(llvm::toString(list.takeError()).find("use three_pass"),
            std::string::npos);
  auto inner = chooseAlternatives(shape, getTarget("x86-64-v3"),
                                  StrategyKind::LanesInner);
  ASSERT_FALSE(static_cast<bool>(inner));
  EXPECT_NE(llvm::toString(inner.takeError()).find("lanes_inner"),
            std::string::npos);
}

TEST(CostModel, Names) {
  for (StrategyKind kind :
       {StrategyKind::Registers, StrategyKind::ThreePass,
        StrategyKind::LanesInner, StrategyKind::Packed, StrategyKind::Scalable})
    EXPECT_EQ(parseStrategy(toString(kind)), kind);
  EXPECT_FALSE(parseStrategy("pipe9").has_value());
}
