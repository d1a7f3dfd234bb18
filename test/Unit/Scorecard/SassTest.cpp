// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "softmax/Scorecard/Sass.h"
#include "softmax/Scorecard/SassWalk.h"

#include <gtest/gtest.h>

using namespace mlir::softmax::scorecard;

// Threads below 16 load the same element four times; all threads store.
static constexpr const char *kLoop = R"(
	.target	sm_90

//--------------------- .text.kernel              --------------------------
	.section	.text.kernel,"ax",@progbits
        .global         kernel
kernel:
.text.kernel:
        /*0000*/                   S2R R0, SR_TID.X ;
        /*0010*/                   LDC.64 R2, c[0x0][0x210] ;
        /*0020*/                   IMAD.WIDE.U32 R2, R0, 0x4, R2 ;
        /*0030*/                   HFMA2.MMA R8, -RZ, RZ, 0, 0 ;
        /*0040*/                   ISETP.GE.AND P0, PT, R0.reuse, 0x10, PT ;
.L_x_0:
        /*0050*/              @!P0 LDG.E R4, desc[UR4][R2.64] ;
        /*0060*/                   IADD3 R8, R8, 0x1, RZ ;
        /*0070*/                   ISETP.NE.AND P1, PT, R8, 0x4, PT ;
        /*0080*/               @P1 BRA `(.L_x_0) ;
        /*0090*/                   FADD R5, R4, 1 ;
        /*00a0*/                   STG.E desc[UR4][R2.64], R5 ;
        /*00b0*/                   EXIT ;
.L_x_1:
        /*00c0*/                   BRA `(.L_x_1);
)";

static SassFunction parse(const char *text) {
  std::vector<SassFunction> functions = llvm::cantFail(parseSass(text));
  EXPECT_EQ(functions.size(), 1u);
  return functions.front();
}

static WalkLaunch makeLaunch() {
  WalkLaunch launch;
  launch.block = {64, 1, 1};
  launch.constants = {{0x210, 0}, {0x214, 1}};
  return launch;
}

TEST(Sass, Parses) {
  SassFunction function = parse(kLoop);
  EXPECT_EQ(function.name, "kernel");
  ASSERT_EQ(function.instructions.size(), 13u);
  const SassInstruction &load = function.instructions[5];
  EXPECT_EQ(load.address, 0x50u);
  EXPECT_EQ(load.base(), "LDG");
  EXPECT_EQ(load.guard, 0u);
  EXPECT_TRUE(load.guardInverted);
  ASSERT_EQ(load.operands.size(), 2u);
  EXPECT_EQ(load.operands[1].kind, SassOperand::Kind::Address);
  ASSERT_EQ(load.operands[1].terms.size(), 1u);
  EXPECT_TRUE(load.operands[1].terms[0].wide);
  EXPECT_EQ(function.instructions[8].operands[0].value, 0x50u);
  llvm::SmallVector<unsigned> written, read;
  collectWrites(function.instructions[2], written);
  collectReads(function.instructions[2], read);
  EXPECT_EQ(written, (llvm::SmallVector<unsigned>{2, 3}));
  EXPECT_EQ(read, (llvm::SmallVector<unsigned>{0, 2, 3}));
}

TEST(Sass, RefusesOtherText) {
  for (const char *text : {"", "hello", "/*0000*/ EXIT ;",
                           ".section .text.k,\"ax\"\n/*0000*/ 12 ;"}) {
    auto functions = parseSass(text);
    EXPECT_FALSE(static_cast<bool>(functions)) << text;
    llvm::consumeError(functions.takeError());
  }
}

TEST(SassWalk, WeightsLoopsByTrips) {
  WalkCounts counts =
      llvm::cantFail(walkBlock(parse(kLoop), makeLaunch(), {0, 0, 0}));
  EXPECT_EQ(counts.warps, 2u);
  EXPECT_EQ(counts.instructions, 2u * (5 + 4 * 4 + 3));
  // The second warp has no lane that loads.
  EXPECT_EQ(counts.loads.requests, 4u);
  EXPECT_EQ(counts.loads.bytes, 4u * 16 * 4);
  EXPECT_EQ(counts.loads.sectors, 8u);
  EXPECT_EQ(counts.loads.distinctSectors, 2u);
  EXPECT_EQ(counts.stores.bytes, 256u);
  EXPECT_EQ(counts.stores.sectors, 8u);
  EXPECT_EQ(counts.memoryWaits, 4);
  EXPECT_EQ(counts.unknownBranches, 0u);
  EXPECT_EQ(counts.unknownGuards, 0u);
}

// A row's elements before the first aligned one: (-address / 4) mod 4 of them,
// here 3, so that lanes 0, 1 and 2 load.  ptxas takes the lowest bits with
// SGXT.
TEST(SassWalk, ExtendsBits) {
  WalkLaunch launch = makeLaunch();
  launch.block = {32, 1, 1};
  launch.constants[0x218] = 4;
  WalkCounts counts = llvm::cantFail(walkBlock(parse(R"(
	.section	.text.kernel,"ax",@progbits
        /*0000*/                   S2R R10, SR_LANEID ;
        /*0010*/                   LDC.64 R2, c[0x0][0x210] ;
        /*0020*/                   LDC R42, c[0x0][0x218] ;
        /*0030*/                   IMAD.WIDE.U32 R2, R10, 0x4, R2 ;
        /*0040*/                   IADD3 R0, -R42, RZ, RZ ;
        /*0050*/                   SHF.R.U32.HI R0, RZ, 0x2, R0 ;
        /*0060*/                   SGXT.U32 R9, R0, 0x2 ;
        /*0070*/                   ISETP.LT.AND P0, PT, R10, R9, PT ;
        /*0080*/               @P0 LDG.E R4, desc[UR4][R2.64] ;
        /*0090*/                   SGXT R9, R0, 0x2 ;
        /*00a0*/                   ISETP.EQ.AND P1, PT, R9, -0x1, PT ;
        /*00b0*/               @P1 EXIT ;
        /*00c0*/                   LDG.E R4, desc[UR4][R2.64] ;
        /*00d0*/                   EXIT ;
)"),
                                               launch, {0, 0, 0}));
  EXPECT_EQ(counts.unknownGuards, 0u);
  EXPECT_EQ(counts.loads.requests, 1u);
  EXPECT_EQ(counts.loads.bytes, 3u * 4);
  EXPECT_EQ(counts.instructions, 12u);
}

// From sm_100 on minima write two predicates beside the register.
TEST(SassWalk, KnowsMinimaThatWritePredicates) {
  WalkLaunch launch = makeLaunch();
  launch.block = {32, 1, 1};
  WalkCounts counts = llvm::cantFail(walkBlock(parse(R"(
	.section	.text.kernel,"ax",@progbits
        /*0000*/                   S2R R0, SR_LANEID ;
        /*0010*/                   VIMNMX R1, PT, PT, R0, 0x3, PT ;
        /*0020*/                   VIMNMX.U32 R2, PT, PT, R0, 0x3, !PT ;
        /*0030*/                   ISETP.EQ.AND P0, PT, R1, R2, PT ;
        /*0040*/               @P0 EXIT ;
        /*0050*/                   EXIT ;
)"),
                                               launch, {0, 0, 0}));
  EXPECT_EQ(counts.unknownBranches, 0u);
  EXPECT_EQ(counts.instructions, 6u);
}

// What is left of 2^17 + 5 after none and after sixteen parts of 2^13: the
// upper word takes the carry, which a part of zero makes too.
TEST(SassWalk, CarriesOfNegatedShifts) {
  for (uint32_t parts : {0u, 16u}) {
    WalkLaunch launch = makeLaunch();
    launch.block = {32, 1, 1};
    launch.constants = {{0x218, parts}, {0x220, 131077}, {0x224, 0}};
    WalkCounts counts = llvm::cantFail(walkBlock(parse(R"(
	.section	.text.kernel,"ax",@progbits
        /*0000*/                   LDCU UR18, c[0x0][0x218] ;
        /*0010*/                   LDCU.64 UR22, c[0x0][0x220] ;
        /*0020*/                   ULEA UR11, UP1, -UR18, UR22, 0xd ;
        /*0030*/                   UIADD3.X UR12, UPT, UPT, ~URZ, UR23, URZ, UP1, !UPT ;
        /*0040*/                   UISETP.NE.U32.AND UP0, UPT, UR12, URZ, UPT ;
        /*0050*/                   BRA.U UP0, `(.L_x_0) ;
        /*0060*/                   EXIT ;
.L_x_0:
        /*0070*/                   NOP ;
        /*0080*/                   MOV R0, 0x1 ;
        /*0090*/                   EXIT ;
)"),
                                                 launch, {0, 0, 0}));
    EXPECT_EQ(counts.unknownBranches, 0u);
    EXPECT_EQ(counts.instructions, 7u) << parts;
  }
}

// Predicates that are spilled, whole words and halves of one, come back: lanes
// below 5 and below 9 load, and those below 5 whose -3 keeps its sign.
TEST(SassWalk, KnowsSpilledPredicates) {
  WalkLaunch launch = makeLaunch();
  launch.block = {32, 1, 1};
  launch.constants[0x28] = 0x1000;
  WalkCounts counts = llvm::cantFail(walkBlock(parse(R"(
	.section	.text.kernel,"ax",@progbits
        /*0000*/                   LDC R1, c[0x0][0x28] ;
        /*0010*/                   S2R R0, SR_LANEID ;
        /*0020*/                   LDC.64 R2, c[0x0][0x210] ;
        /*0030*/                   ISETP.LT.AND P0, PT, R0, 0x5, PT ;
        /*0040*/                   P2R R4, PR, RZ, 0x1 ;
        /*0050*/                   STL [R1+0x8], R4                    (*"SpillRefill"*);
        /*0060*/                   ISETP.LT.AND P0, PT, R0, 0x9, PT ;
        /*0070*/                   SEL R5, RZ, 0xffff, !P0 ;
        /*0080*/                   STL.S16 [R1+0xc], R5                (*"SpillRefill"*);
        /*0090*/                   SEL R5, RZ, 0xfffd, !P0 ;
        /*00a0*/                   STL.S16 [R1+0xe], R5                (*"SpillRefill"*);
        /*00b0*/                   MOV R4, RZ ;
        /*00c0*/                   LDL.LU R4, [R1+0x8]                 (*"SpillRefill"*);
        /*00d0*/                   LDL.LU.S16 R5, [R1+0xc]             (*"SpillRefill"*);
        /*00e0*/                   LDL.S16 R6, [R1+0xe]                (*"SpillRefill"*);
        /*00f0*/                   ISETP.NE.AND P1, PT, R4, RZ, PT ;
        /*0100*/                   ISETP.NE.AND P2, PT, R5, RZ, PT ;
        /*0110*/                   ISETP.EQ.AND P3, PT, R6, -0x3, P1 ;
        /*0120*/               @P1 LDG.E R8, desc[UR4][R2.64] ;
        /*0130*/               @P2 LDG.E.128 R8, desc[UR4][R2.64] ;
        /*0140*/               @P3 LDG.E R8, desc[UR4][R2.64] ;
        /*0150*/                   EXIT ;
)"),
                                               launch, {0, 0, 0}));
  EXPECT_EQ(counts.unknownGuards, 0u);
  EXPECT_EQ(counts.loads.requests, 3u);
  // Lanes share what they load.
  EXPECT_EQ(counts.loads.bytes, 20u + 32 + 20);
  EXPECT_EQ(counts.localBytes, 32u * (4 + 2 + 2) * 2);
}

// Halves are not one integer: nothing is known of the result.
TEST(SassWalk, KnowsNothingOfMinimaOfHalves) {
  WalkLaunch launch = makeLaunch();
  launch.block = {32, 1, 1};
  WalkCounts counts = llvm::cantFail(walkBlock(parse(R"(
	.section	.text.kernel,"ax",@progbits
        /*0000*/                   MOV R0, 0x10002 ;
        /*0010*/                   VIMNMX.U16x2 R1, R0, 0x20001, PT ;
        /*0020*/                   ISETP.EQ.AND P0, PT, R1, 0x10001, PT ;
        /*0030*/               @P0 BRA `(.L_x_0) ;
.L_x_0:
        /*0040*/                   EXIT ;
)"),
                                               launch, {0, 0, 0}));
  EXPECT_EQ(counts.unknownBranches, 1u);
}

// What blocks of a cluster read from each other is not global memory.
TEST(SassWalk, TellsSharedMemoryOfClusters) {
  WalkLaunch launch = makeLaunch();
  launch.block = {32, 1, 1};
  launch.constants[0x214] = 0x100;
  WalkCounts counts = llvm::cantFail(walkBlock(parse(R"(
	.section	.text.kernel,"ax",@progbits
        /*0000*/                   S2R R5, SR_SWINHI ;
        /*0010*/                   MOV R4, 0x400 ;
        /*0020*/                   LDC.64 R2, c[0x0][0x210] ;
        /*0030*/                   LD.E.64 R6, [R4] ;
        /*0040*/                   LD.E R8, [R2] ;
        /*0050*/                   ST.E [R4], R8 ;
        /*0060*/                   EXIT ;
)"),
                                               launch, {0, 0, 0}));
  EXPECT_EQ(counts.loads.requests, 1u);
  EXPECT_EQ(counts.loads.sectors, 1u);
  EXPECT_EQ(counts.stores.requests, 0u);
  EXPECT_EQ(counts.unknownAddresses, 0u);
}

// A branch on what was loaded: the way with the call is the longer one.
TEST(SassWalk, TakesTheShorterWayWhereDataDecides) {
  WalkCounts counts = llvm::cantFail(walkBlock(parse(R"(
	.section	.text.kernel,"ax",@progbits
        /*0000*/                   LDC.64 R2, c[0x0][0x210] ;
        /*0010*/                   LDG.E R4, desc[UR4][R2.64] ;
        /*0020*/                   FSETP.GT.AND P0, PT, |R4|, 1, PT ;
        /*0030*/               @P0 BRA `(.L_x_0) ;
        /*0040*/                   MOV R6, 0x60 ;
        /*0050*/                   CALL.REL.NOINC `(.L_x_1) ;
.L_x_0:
        /*0060*/                   EXIT ;
.L_x_1:
        /*0070*/                   RET.REL.NODEC R6 `(kernel) ;
)"),
                                               makeLaunch(), {0, 0, 0}));
  EXPECT_EQ(counts.instructions, 2u * 5);
  EXPECT_EQ(counts.unknownBranches, 2u);
}

// Lanes part and meet again: both sides count once, what follows once.
TEST(SassWalk, LanesMeetAgain) {
  WalkCounts counts = llvm::cantFail(walkBlock(parse(R"(
	.section	.text.kernel,"ax",@progbits
        /*0000*/                   S2R R0, SR_LANEID ;
        /*0010*/                   ISETP.LT.AND P0, PT, R0, 0x7, PT ;
        /*0020*/                   BSSY B0, `(.L_x_1) ;
        /*0030*/               @P0 BRA `(.L_x_0) ;
        /*0040*/                   MOV R1, 0x1 ;
        /*0050*/                   BRA `(.L_x_2) ;
.L_x_0:
        /*0060*/                   MOV R1, 0x2 ;
.L_x_2:
        /*0070*/                   BSYNC B0 ;
.L_x_1:
        /*0080*/                   MOV R2, R1 ;
        /*0090*/                   EXIT ;
)"),
                                               makeLaunch(), {0, 0, 0}));
  EXPECT_EQ(counts.instructions, 2u * 10);
}

TEST(SassWalk, StopsAtEndlessLoops) {
  WalkLaunch launch = makeLaunch();
  launch.mostInstructions = 100;
  auto counts = walkBlock(parse(R"(
	.section	.text.kernel,"ax",@progbits
.L_x_0:
        /*0000*/                   BRA `(.L_x_0) ;
)"),
                          launch, {0, 0, 0});
  ASSERT_FALSE(static_cast<bool>(counts));
  EXPECT_EQ(llvm::toString(counts.takeError()),
            "kernel: BRA at 0x0: a warp takes more than 100 instructions");
}
