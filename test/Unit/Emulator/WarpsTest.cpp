// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Collectives of a warp, against the definitions of the PTX ISA.
#include "TestKernels.h"

#include <cmath>

using namespace mlir::softmax::emulator;

namespace {

/// Runs a kernel of `threads` threads whose body computes %v (i32) and %w (i32)
/// from %t; the pairs.
std::vector<std::pair<int32_t, int32_t>>
compute(const std::string &declarations, const std::string &body,
        uint32_t threads = 32) {
  auto y = makeBuffer("y", 8 * threads);
  Launch launch;
  launch.block = {threads};
  launch.arguments = {Argument::pointer(*y)};
  LaunchResult result = run(declarations + R"(
define ptx_kernel void @k(ptr %y) {
  %t = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
)" + body + R"(
  %p = getelementptr [2 x i32], ptr %y, i32 %t
  %q = getelementptr i32, ptr %p, i32 1
  store i32 %v, ptr %p, align 4
  store i32 %w, ptr %q, align 4
  ret void
}
)",
                            launch);
  EXPECT_FALSE(static_cast<bool>(result.takeError()));
  std::vector<std::pair<int32_t, int32_t>> pairs;
  for (uint32_t i = 0; i < threads; ++i)
    pairs.push_back({y->as<int32_t>()[2 * i], y->as<int32_t>()[2 * i + 1]});
  return pairs;
}

std::string shuffle(const char *mode, int lane, int control) {
  return "  %r = call {i32, i1} @llvm.nvvm.shfl.sync." + std::string(mode) +
         ".i32p(i32 -1, i32 %t, i32 " + std::to_string(lane) + ", i32 " +
         std::to_string(control) + R"()
  %v = extractvalue {i32, i1} %r, 0
  %b = extractvalue {i32, i1} %r, 1
  %w = zext i1 %b to i32
)";
}

/// Segments of 8 lanes: the mask of segments in bits 8 to 12, the clamp below.
constexpr int segment8 = (32 - 8) << 8;

TEST(Warps, ShuffleDown) {
  auto pairs = compute("", shuffle("down", 3, segment8 | 31));
  for (int i = 0; i < 32; ++i) {
    bool in = i % 8 + 3 < 8;
    EXPECT_EQ(pairs[i], std::make_pair(in ? i + 3 : i, int(in)));
  }
}

TEST(Warps, ShuffleUp) {
  auto pairs = compute("", shuffle("up", 3, segment8));
  for (int i = 0; i < 32; ++i) {
    bool in = i % 8 >= 3;
    EXPECT_EQ(pairs[i], std::make_pair(in ? i - 3 : i, int(in)));
  }
}

TEST(Warps, ShuffleIdx) {
  auto pairs = compute("", shuffle("idx", 5, segment8 | 31));
  for (int i = 0; i < 32; ++i)
    EXPECT_EQ(pairs[i], std::make_pair(i / 8 * 8 + 5, 1));
}

TEST(Warps, ShuffleBfly) {
  auto pairs =
      compute("declare {i32, i1} @llvm.nvvm.shfl.sync.bfly.i32p(i32, i32, i32, "
              "i32)",
              shuffle("bfly", 9, 31));
  for (int i = 0; i < 32; ++i)
    EXPECT_EQ(pairs[i], std::make_pair(i ^ 9, 1));
}

TEST(Warps, HalvesShuffleByThemselves) {
  // Each half has its own mask.
  auto pairs = compute("", R"(
  %h = and i32 %t, 16
  %m = shl i32 65535, %h
  %v = call i32 @llvm.nvvm.shfl.sync.bfly.i32(i32 %m, i32 %t, i32 4, i32 31)
  %w = add i32 0, 0
)");
  for (int i = 0; i < 32; ++i)
    EXPECT_EQ(pairs[i].first, i ^ 4);
}

TEST(Warps, Votes) {
  auto pairs = compute(R"(
declare i32 @llvm.nvvm.vote.ballot.sync(i32, i1)
declare i1 @llvm.nvvm.vote.any.sync(i32, i1)
declare i1 @llvm.nvvm.vote.all.sync(i32, i1)
declare i1 @llvm.nvvm.vote.uni.sync(i32, i1)
)",
                       R"(
  %c = icmp ult i32 %t, 5
  %v = call i32 @llvm.nvvm.vote.ballot.sync(i32 -1, i1 %c)
  %any = call i1 @llvm.nvvm.vote.any.sync(i32 -1, i1 %c)
  %all = call i1 @llvm.nvvm.vote.all.sync(i32 -1, i1 %c)
  %uni = call i1 @llvm.nvvm.vote.uni.sync(i32 -1, i1 %all)
  %a = zext i1 %any to i32
  %b = zext i1 %all to i32
  %u = zext i1 %uni to i32
  %b2 = shl i32 %b, 1
  %u2 = shl i32 %u, 2
  %ab = or i32 %a, %b2
  %w = or i32 %ab, %u2
)");
  for (auto &[ballot, flags] : pairs) {
    EXPECT_EQ(ballot, 31);
    EXPECT_EQ(flags, 1 | 4);
  }
}

TEST(Warps, Matches) {
  auto pairs = compute(R"(
declare i32 @llvm.nvvm.match.any.sync.i32(i32, i32)
declare {i32, i1} @llvm.nvvm.match.all.sync.i32p(i32, i32)
)",
                       R"(
  %c = and i32 %t, 3
  %v = call i32 @llvm.nvvm.match.any.sync.i32(i32 -1, i32 %c)
  %r = call {i32, i1} @llvm.nvvm.match.all.sync.i32p(i32 -1, i32 %c)
  %w = extractvalue {i32, i1} %r, 0
)");
  for (int i = 0; i < 32; ++i)
    EXPECT_EQ(pairs[i], std::make_pair(0x11111111 << (i & 3), 0));
}

TEST(Warps, Reductions) {
  auto pairs = compute(R"(
declare i32 @llvm.nvvm.redux.sync.add(i32, i32)
declare i32 @llvm.nvvm.redux.sync.min(i32, i32)
declare i32 @llvm.nvvm.redux.sync.umax(i32, i32)
)",
                       R"(
  %s = sub i32 %t, 3
  %v = call i32 @llvm.nvvm.redux.sync.add(i32 %s, i32 -1)
  %a = call i32 @llvm.nvvm.redux.sync.min(i32 %s, i32 -1)
  %b = call i32 @llvm.nvvm.redux.sync.umax(i32 %s, i32 -1)
  %w = sub i32 %b, %a
)");
  for (auto &[sum, difference] : pairs) {
    EXPECT_EQ(sum, 31 * 32 / 2 - 3 * 32);
    EXPECT_EQ(difference, -1 - -3);
  }
}

TEST(Warps, FloatReductions) {
  auto pairs = compute(R"(
declare float @llvm.nvvm.redux.sync.fmax(float, i32)
declare float @llvm.nvvm.redux.sync.fmax.NaN(float, i32)
)",
                       R"(
  %f = sitofp i32 %t to float
  %c = icmp eq i32 %t, 7
  %n = select i1 %c, float 0x7FF8000000000000, float %f
  %x = call float @llvm.nvvm.redux.sync.fmax(float %n, i32 -1)
  %y2 = call float @llvm.nvvm.redux.sync.fmax.NaN(float %n, i32 -1)
  %v = bitcast float %x to i32
  %w = bitcast float %y2 to i32
)");
  for (auto &[plain, strict] : pairs) {
    EXPECT_EQ(plain, 0x41f80000); // 31
    EXPECT_EQ(strict, 0x7fffffff);
  }
}

TEST(Warps, Elect) {
  auto pairs = compute("declare {i32, i1} @llvm.nvvm.elect.sync(i32)", R"(
  %r = call {i32, i1} @llvm.nvvm.elect.sync(i32 -1)
  %v = extractvalue {i32, i1} %r, 0
  %b = extractvalue {i32, i1} %r, 1
  %w = zext i1 %b to i32
)");
  for (int i = 0; i < 32; ++i)
    EXPECT_EQ(pairs[i], std::make_pair(0, int(i == 0)));
}

TEST(Warps, LaneRegisters) {
  auto pairs = compute(R"(
declare i32 @llvm.nvvm.read.ptx.sreg.lanemask.lt()
declare i32 @llvm.nvvm.read.ptx.sreg.lanemask.ge()
declare i32 @llvm.nvvm.read.ptx.sreg.warpid()
)",
                       R"(
  %lt = call i32 @llvm.nvvm.read.ptx.sreg.lanemask.lt()
  %ge = call i32 @llvm.nvvm.read.ptx.sreg.lanemask.ge()
  %v = xor i32 %lt, %ge
  %id = call i32 @llvm.nvvm.read.ptx.sreg.warpid()
  %l = call i32 @llvm.nvvm.read.ptx.sreg.laneid()
  %s = shl i32 %id, 5
  %w = or i32 %s, %l
)",
                       96);
  for (int i = 0; i < 96; ++i)
    EXPECT_EQ(pairs[i], std::make_pair(-1, i));
}

TEST(Warps, BarriersThatReduce) {
  auto pairs = compute(R"(
declare i32 @llvm.nvvm.barrier.cta.red.popc.aligned.all(i32, i1)
declare i1 @llvm.nvvm.barrier.cta.red.and.aligned.all(i32, i1)
declare i1 @llvm.nvvm.barrier.cta.red.or.aligned.all(i32, i1)
)",
                       R"(
  %c = icmp ult i32 %t, 50
  %v = call i32 @llvm.nvvm.barrier.cta.red.popc.aligned.all(i32 0, i1 %c)
  %a = call i1 @llvm.nvvm.barrier.cta.red.and.aligned.all(i32 0, i1 %c)
  %o = call i1 @llvm.nvvm.barrier.cta.red.or.aligned.all(i32 0, i1 %c)
  %ai = zext i1 %a to i32
  %oi = zext i1 %o to i32
  %o2 = shl i32 %oi, 1
  %w = or i32 %ai, %o2
)",
                       64);
  for (auto &[count, flags] : pairs) {
    EXPECT_EQ(count, 50);
    EXPECT_EQ(flags, 2);
  }
}

} // namespace
