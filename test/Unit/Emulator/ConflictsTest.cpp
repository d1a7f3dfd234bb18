// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Conflicting accesses: a kernel with it is reported, at its instruction, and
// where it matters the same kernel without it is not.
#include "TestKernels.h"

#include "llvm/ADT/Twine.h"

using namespace mlir::softmax::emulator;

namespace {

/// Every thread writes its word, then reads that of its neighbour; between is
/// `barrier`.
std::string exchange(llvm::StringRef barrier) {
  return (R"(
@s = internal addrspace(3) global [64 x i32] undef
define ptx_kernel void @k(ptr %x) {
  %t = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %p = getelementptr i32, ptr addrspace(3) @s, i32 %t
  store i32 %t, ptr addrspace(3) %p
  )" + barrier +
          R"(
  %n = xor i32 %t, 1
  %q = getelementptr i32, ptr addrspace(3) @s, i32 %n
  %v = load i32, ptr addrspace(3) %q
  %r = getelementptr i32, ptr %x, i32 %t
  store i32 %v, ptr %r
  ret void
}
)")
      .str();
}

TEST(Faults, SharedMemoryNeedsABarrier) {
  EXPECT_EQ(runBody(exchange("call void "
                             "@llvm.nvvm.barrier.cta.sync.aligned.all(i32 0)"),
                    64),
            "");
  // A barrier of the warp is enough for its own lanes.
  EXPECT_EQ(runBody(exchange("call void @llvm.nvvm.bar.warp.sync(i32 -1)"), 64),
            "");
  std::string reports = runBody(exchange(""), 64);
  // In this order of execution the first lane reads what is not there yet, and
  // the others what is there without a reason.
  expectReport(reports, "race: ");
  expectReport(reports, "with no barrier between");
}

TEST(Faults, ShufflesOrderNoMemory) {
  std::string reports =
      runBody(exchange("%u = call i32 @llvm.nvvm.shfl.sync.bfly.i32(i32 -1, "
                       "i32 %t, i32 1, i32 31)"),
              32);
  expectReport(reports,
               "thread (0, 0, 0): race: reads byte 4 of shared memory 's', "
               "which thread (1, 0, 0) has written (@k: store i32 %t, ptr "
               "addrspace(3) %p, align 4) with no barrier between; at: %v = "
               "load i32, ptr addrspace(3) %q, align 4");
}

TEST(Faults, BarrierOfTheWarpDoesNotOrderOtherWarps) {
  std::string text = exchange("call void @llvm.nvvm.bar.warp.sync(i32 -1)");
  text.replace(text.find("xor i32 %t, 1"), 13, "xor i32 %t, 32");
  expectReport(runBody(text, 64), "race: reads byte");
}

TEST(Faults, BarrierOfSomeLanesOrdersThemAlone) {
  // Lanes 0 and 1 meet, lanes 2 and 3 meet; then all read a neighbour.
  const char *body = R"(
@s = internal addrspace(3) global [4 x i32] undef
define ptx_kernel void @k(ptr %x) {
  %t = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %p = getelementptr i32, ptr addrspace(3) @s, i32 %t
  store i32 %t, ptr addrspace(3) %p
  %h = lshr i32 %t, 1
  %g = shl i32 %h, 1
  %m = shl i32 3, %g
  call void @llvm.nvvm.bar.warp.sync(i32 %m)
  %n = xor i32 %t, DISTANCE
  %q = getelementptr i32, ptr addrspace(3) @s, i32 %n
  %v = load i32, ptr addrspace(3) %q
  ret void
}
)";
  std::string text = body;
  text.replace(text.find("DISTANCE"), 8, "1");
  EXPECT_EQ(runBody(text, 4), "");
  text = body;
  text.replace(text.find("DISTANCE"), 8, "2");
  expectReport(runBody(text, 4), "race: reads byte");
}

TEST(Faults, WriteAfterReadNeedsABarrierToo) {
  const char *body = R"(
@s = internal addrspace(3) global i32 undef
define ptx_kernel void @k(ptr %x) {
  %t = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %first = icmp eq i32 %t, 0
  br i1 %first, label %a, label %b
a:
  store i32 7, ptr addrspace(3) @s
  br label %b
b:
  call void @llvm.nvvm.barrier.cta.sync.aligned.all(i32 0)
  %v = load i32, ptr addrspace(3) @s
  BARRIER
  %last = icmp eq i32 %t, 63
  br i1 %last, label %c, label %d
c:
  store i32 8, ptr addrspace(3) @s
  br label %d
d:
  ret void
}
)";
  std::string text = body;
  text.replace(text.find("BARRIER"), 7, "");
  expectReport(runBody(text, 64),
               "thread (63, 0, 0): race: writes byte 0 of shared memory 's', "
               "which thread");
  expectReport(runBody(text, 64), "has read (@k: %v = load");
  text = body;
  text.replace(text.find("BARRIER"), 7,
               "call void @llvm.nvvm.barrier.cta.sync.aligned.all(i32 1)");
  EXPECT_EQ(runBody(text, 64), "");
}

TEST(Faults, ThreadsThatWriteTheSameGlobalElement) {
  const char *body = R"(
define ptx_kernel void @k(ptr %x) {
  %t = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %i = lshr i32 %t, 1
  %p = getelementptr i32, ptr %x, i32 %i
  store i32 5, ptr %p
  ret void
}
)";
  expectReport(runBody(body, 2),
               "thread (1, 0, 0): race: writes byte 0 of global memory 'x', "
               "which thread (0, 0, 0) has written");
  auto x = makeBuffer("x", 64);
  Launch launch = makeLaunch(*x, 2);
  launch.checkRaces = false;
  EXPECT_TRUE(run(body, launch).reports.empty());
}

TEST(Faults, BlocksThatTouchTheSameGlobalElement) {
  const char *body = R"(
define ptx_kernel void @k(ptr %x) {
  %b = call i32 @llvm.nvvm.read.ptx.sreg.ctaid.x()
  ACCESS
  ret void
}
)";
  auto x = makeBuffer("x", 64);
  x->copyFrom(std::vector<char>(64));
  auto runAccess = [&](const char *access) {
    std::string text = body;
    text.replace(text.find("ACCESS"), 6, access);
    Launch launch = makeLaunch(*x, 1);
    launch.grid = {2};
    return run(text, launch);
  };
  EXPECT_TRUE(runAccess("%v = load i32, ptr %x").reports.empty());
  EXPECT_TRUE(
      runAccess("%v = atomicrmw add ptr %x, i32 1 monotonic").reports.empty());
  LaunchResult result = runAccess("store i32 %b, ptr %x");
  ASSERT_EQ(result.reports.size(), 1u);
  expectReport(result.reports[0].message,
               "which thread (0, 0, 0) of another block has written");
}

TEST(Faults, InvariantLoadsOfWhatIsWritten) {
  // In place: each thread reads and writes its own element.
  std::string body = R"(
define ptx_kernel void @k(ptr %x) {
  %t = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %p = getelementptr i32, ptr %x, i32 %t
  %v = load i32, ptr %p, align 4 INVARIANT
  %w = add i32 %v, 1
  store i32 %w, ptr %p
  ret void
}
!0 = !{}
)";
  std::string plain = body;
  plain.replace(plain.find("INVARIANT"), 9, "");
  EXPECT_EQ(runBody(plain, 32), "");
  body.replace(body.find("INVARIANT"), 9, ", !invariant.load !0");
  expectReport(runBody(body, 32),
               "race: byte 0 of global memory 'x' is written in this launch "
               "and read by a load that says that it is not");
}

} // namespace
