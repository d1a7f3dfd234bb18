// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Barriers, warps, clusters that do not meet: a kernel with it is reported, at
// its instruction, and where it matters the same kernel without it is not.
#include "TestKernels.h"

#include "llvm/ADT/Twine.h"

using namespace mlir::softmax::emulator;

namespace {

/// Threads from `from` on return early, or take the other branch.
std::string diverge(llvm::StringRef from, llvm::StringRef other) {
  return (R"(
define ptx_kernel void @k(ptr %x) {
  %t = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %early = icmp uge i32 %t, )" +
          from + R"(
  br i1 %early, label %b, label %a
a:
  call void @llvm.nvvm.barrier.cta.sync.aligned.all(i32 0)
  ret void
b:
  )" + other +
          R"(
  ret void
}
)")
      .str();
}

TEST(Faults, ThreadsThatReturnWithoutTheBarrier) {
  expectReport(runBody(diverge("60", ""), 64),
               "divergent barrier: 1 of 64 threads of the block have returned "
               "from the kernel without it, thread (60, 0, 0) among them");
  EXPECT_EQ(runBody(diverge("64", ""), 64), "");
}

TEST(Faults, ABarrierOnEitherBranch) {
  std::string other =
      "call void @llvm.nvvm.barrier.cta.sync.aligned.all(i32 0)";
  // Within a warp that is not allowed, between warps it is.
  expectReport(runBody(diverge("16", other), 64),
               "divergent barrier: thread (0, 0, 0) of the same warp waits at "
               "another barrier");
  EXPECT_EQ(runBody(diverge("32", other), 64), "");
}

TEST(Faults, DifferentBarriersWaitForEver) {
  expectReport(
      runBody(diverge("32", "call void "
                            "@llvm.nvvm.barrier.cta.sync.aligned.all(i32 1)"),
              64),
      "deadlock: 32 threads wait here for ever; 32 threads, (32, 0, 0) of "
      "block (0, 0, 0) first, wait at @k (call void "
      "@llvm.nvvm.barrier.cta.sync.aligned.all(i32 1))");
}

TEST(Faults, NumberOfTheBarrier) {
  expectReport(runBody(R"(
define ptx_kernel void @k(ptr %x) {
  call void @llvm.nvvm.barrier.cta.sync.aligned.all(i32 16)
  ret void
}
)",
                       1),
               "barrier 16 of 16");
}

TEST(Faults, PartsOfABlockAreNotModelled) {
  expectReport(runBody(R"(
declare void @llvm.nvvm.barrier.cta.sync.aligned.count(i32, i32)
define ptx_kernel void @k(ptr %x) {
  call void @llvm.nvvm.barrier.cta.sync.aligned.count(i32 0, i32 32)
  ret void
}
)",
                       64),
               "unsupported: a barrier of 32 threads in a block of 64");
}

std::string shuffle(const char *mask, const char *lane) {
  return std::string(R"(
define ptx_kernel void @k(ptr %x) {
  %t = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %v = call i32 @llvm.nvvm.shfl.sync.bfly.i32(i32 )") +
         mask + ", i32 %t, i32 " + lane + R"(, i32 31)
  %p = getelementptr i32, ptr %x, i32 %t
  store i32 %v, ptr %p
  ret void
}
)";
}

TEST(Faults, LanesOutsideTheMask) {
  EXPECT_EQ(runBody(shuffle("-1", "16"), 32), "");
  expectReport(runBody(shuffle("65535", "1"), 32),
               "thread (16, 0, 0): bad shuffle: the mask of lanes does not "
               "include the lane that executes it");
  expectReport(runBody(shuffle("65535", "16"), 16),
               "bad shuffle: reads lane 16, which is not in the mask");
  // Half a warp, and a mask that says it is whole.
  EXPECT_EQ(runBody(shuffle("-1", "8"), 16), "");
  expectReport(runBody(shuffle("-1", "16"), 16),
               "bad shuffle: reads lane 16, which has returned or does not "
               "exist");
}

TEST(Faults, LanesThatNeverCome) {
  expectReport(
      runBody(diverge("8", "%v = call i32 @llvm.nvvm.shfl.sync.bfly.i32(i32 "
                           "-1, i32 %t, i32 1, i32 31)"),
              32),
      "deadlock: 8 threads wait here for ever; 24 threads, (8, 0, 0) of block "
      "(0, 0, 0) first, wait at @k (%v = call i32 "
      "@llvm.nvvm.shfl.sync.bfly.i32");
}

TEST(Faults, LanesWithDifferentMasks) {
  // Who has returned need not come.
  EXPECT_EQ(runBody(R"(
define ptx_kernel void @k(ptr %x) {
  %t = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %c = icmp ult i32 %t, 2
  %m = select i1 %c, i32 3, i32 15
  call void @llvm.nvvm.bar.warp.sync(i32 %m)
  ret void
}
)",
                    4),
            "");
  expectReport(
      runBody(R"(
define ptx_kernel void @k(ptr %x) {
  %t = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %c = icmp ult i32 %t, 2
  %m = select i1 %c, i32 7, i32 15
  call void @llvm.nvvm.bar.warp.sync(i32 %m)
  ret void
}
)",
              4),
      "4 threads wait here for ever, the first for lane 2 of its warp");
}

/// Block 0 reads what the other blocks of the cluster have written to their
/// shared memory.
std::string readRemote(llvm::StringRef before, llvm::StringRef after,
                       llvm::StringRef rank) {
  return (R"(
@s = internal addrspace(3) global i32 undef
define ptx_kernel void @k(ptr %x) {
  %r = call i32 @llvm.nvvm.read.ptx.sreg.cluster.ctarank()
  store i32 %r, ptr addrspace(3) @s
  )" + before +
          R"(
  %p = call ptr addrspace(7) @llvm.nvvm.mapa.shared.cluster(ptr addrspace(3) @s, i32 )" +
          rank + R"()
  %v = load i32, ptr addrspace(7) %p
  %q = getelementptr i32, ptr %x, i32 %r
  store i32 %v, ptr %q
  )" + after +
          R"(
  ret void
}
)")
      .str();
}

const char *const meet = R"(
  call void @llvm.nvvm.barrier.cluster.arrive.aligned()
  call void @llvm.nvvm.barrier.cluster.wait.aligned())";

TEST(Faults, DistributedSharedMemory) {
  EXPECT_EQ(runBody(readRemote(meet, meet, "3"), 1, {4}), "");
  std::string reports = runBody(readRemote("", meet, "0"), 1, {4});
  expectReport(reports, "thread (0, 0, 0): race: reads byte 0 of shared memory "
                        "'s', which thread (0, 0, 0) of another block has "
                        "written");
  // Arriving without having released what was written.
  reports = runBody(
      readRemote("call void @llvm.nvvm.barrier.cluster.arrive.relaxed.aligned()"
                 "\n call void @llvm.nvvm.barrier.cluster.wait.aligned()",
                 meet, "0"),
      1, {4});
  expectReport(reports, "race: reads byte 0 of shared memory 's'");
  expectReport(runBody(readRemote(meet, meet, "4"), 1, {4}),
               "out of bounds: block 4 of a cluster of 4");
}

TEST(Faults, SharedMemoryOfABlockThatHasReturned) {
  // Nobody may still read when a block returns.
  expectReport(runBody(readRemote(meet, "", "3"), 1, {4}),
               "race: reaches the shared memory of block (3, 0, 0), which may "
               "have returned by then");
  // Block 0 has returned already when the others read.
  expectReport(runBody(readRemote(meet, "", "0"), 1, {4}),
               "race: reaches the shared memory of block (0, 0, 0)");
}

TEST(Faults, BarriersOfAClusterComeInPairs) {
  expectReport(runBody(R"(
define ptx_kernel void @k(ptr %x) {
  call void @llvm.nvvm.barrier.cluster.arrive.aligned()
  call void @llvm.nvvm.barrier.cluster.arrive.aligned()
  ret void
}
)",
                       1, {2}),
               "divergent barrier: arrives at the cluster's barrier again");
  expectReport(runBody(R"(
define ptx_kernel void @k(ptr %x) {
  call void @llvm.nvvm.barrier.cluster.wait.aligned()
  ret void
}
)",
                       1, {2}),
               "waits at the cluster's barrier without having arrived there");
  expectReport(runBody(R"(
define ptx_kernel void @k(ptr %x) {
  %r = call i32 @llvm.nvvm.read.ptx.sreg.cluster.ctarank()
  %c = icmp eq i32 %r, 1
  br i1 %c, label %a, label %b
a:
  ret void
b:
  call void @llvm.nvvm.barrier.cluster.arrive.aligned()
  call void @llvm.nvvm.barrier.cluster.wait.aligned()
  ret void
}
)",
                       1, {2}),
               "divergent barrier: thread (0, 0, 0) of block (1, 0, 0) has "
               "returned from the kernel without it");
}

/// A fault of one launch must not disturb the next of the same program.
TEST(Faults, TheNextLaunchIsUnharmed) {
  auto program = mustLoad(shuffle("65535", "1"));
  ASSERT_TRUE(program);
  auto x = makeBuffer("x", 1024);
  for (uint32_t threads : {32u, 16u, 32u, 16u}) {
    Launch launch = makeLaunch(*x, threads);
    launch.kernel = "k";
    llvm::Expected<LaunchResult> result = program->launch(launch);
    ASSERT_TRUE(static_cast<bool>(result));
    EXPECT_EQ(result->reports.size(), threads == 32 ? 1u : 0u);
  }
}

} // namespace
