// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Every fault: a kernel with it is reported, at its instruction, and where it
// matters the same kernel without it is not.
#include "TestKernels.h"

#include "llvm/ADT/Twine.h"

using namespace mlir::softmax::emulator;

namespace {

/// A launch of one block with the buffer as only argument.
Launch makeLaunch(Buffer &buffer, uint32_t threads) {
  Launch launch;
  launch.block = {threads};
  launch.arguments = {Argument::pointer(buffer)};
  return launch;
}

/// Runs a kernel on a buffer of 1 KiB of zeros; its reports, one a line.
std::string runBody(const std::string &body, uint32_t threads,
                    Dim3 cluster = {1}) {
  auto x = makeBuffer("x", 1024);
  x->copyFrom(std::vector<char>(1024));
  Launch launch = makeLaunch(*x, threads);
  launch.grid = launch.cluster = cluster;
  launch.mostSteps = 1000;
  LaunchResult result = run(body, launch);
  std::string text;
  for (const Report &report : result.reports)
    text += report.str() + "\n";
  return text;
}

void expectReport(const std::string &reports, llvm::StringRef part) {
  EXPECT_NE(reports.find(part.str()), std::string::npos)
      << "expected: " << part.str() << "\nreports: " << reports;
}

//===----------------------------------------------------------------------===//
// Addresses
//===----------------------------------------------------------------------===//

TEST(Faults, OutOfBounds) {
  auto x = makeBuffer("x", 64 * 4 - 4);
  LaunchResult result = run(R"(
define ptx_kernel void @k(ptr %x) {
  %t = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %p = getelementptr i32, ptr %x, i32 %t
  store i32 %t, ptr %p, align 4
  ret void
}
)",
                            makeLaunch(*x, 64));
  ASSERT_EQ(result.reports.size(), 1u);
  EXPECT_EQ(result.reports[0].str(),
            "@k: kernel 'k', block (0, 0, 0), thread (63, 0, 0): out of "
            "bounds: writes bytes 252 to 255 of buffer 'x' of 252 bytes; at: "
            "store i32 %t, ptr %p, align 4");
  EXPECT_EQ(result.reports[0].fault, Fault::OutOfBounds);
}

TEST(Faults, OutOfBoundsBeforeTheBeginningAndFarAway) {
  const char *body = R"(
define ptx_kernel void @k(ptr %x) {
  %p = getelementptr i8, ptr %x, i64 OFFSET
  %v = load i32, ptr %p, align 1
  ret void
}
)";
  auto withOffset = [&](const char *offset) {
    std::string text = body;
    text.replace(text.find("OFFSET"), 6, offset);
    return runBody(text, 1);
  };
  expectReport(withOffset("-4"), "reads bytes -4 to -1 of buffer 'x'");
  expectReport(withOffset("1021"), "reads bytes 1021 to 1024 of buffer 'x' of");
  expectReport(withOffset("4294967296"), "reads 4 bytes at no known address");
  EXPECT_EQ(withOffset("1020"), "");
}

TEST(Faults, MemoryOfAnotherSpace) {
  expectReport(runBody(R"(
@s = internal addrspace(3) global [4 x i32] undef
define ptx_kernel void @k(ptr %x) {
  %p = addrspacecast ptr %x to ptr addrspace(3)
  store i32 1, ptr addrspace(3) %p
  ret void
}
)",
                       1),
               "out of bounds: writes bytes 0 to 3 of buffer 'x' of 1024 bytes "
               "as shared memory");
}

TEST(Faults, FromOneSharedVariableIntoTheNext) {
  expectReport(runBody(R"(
@s = internal addrspace(3) global [4 x i32] undef
@t = internal addrspace(3) global [4 x i32] undef
define ptx_kernel void @k(ptr %x) {
  store i32 1, ptr addrspace(3) @t
  %p = getelementptr i32, ptr addrspace(3) @s, i32 4
  store i32 1, ptr addrspace(3) %p
  ret void
}
)",
                       1),
               "writes bytes 16 to 19 of shared variable 's' of 16 bytes");
}

TEST(Faults, DynamicSharedMemoryEndsWhereTheLaunchSays) {
  const char *body = R"(
@s = external addrspace(3) global [0 x i32], align 16
define ptx_kernel void @k(ptr %x) {
  %t = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %p = getelementptr i32, ptr addrspace(3) @s, i32 %t
  store i32 1, ptr addrspace(3) %p
  ret void
}
)";
  auto x = makeBuffer("x", 64);
  Launch launch = makeLaunch(*x, 32);
  launch.dynamicSharedBytes = 128;
  EXPECT_TRUE(run(body, launch).reports.empty());
  launch.dynamicSharedBytes = 124;
  LaunchResult result = run(body, launch);
  ASSERT_EQ(result.reports.size(), 1u);
  expectReport(result.reports[0].message,
               "writes bytes 124 to 127 of shared variable 's' of 124 bytes");
}

TEST(Faults, ObjectsOnTheStack) {
  const char *body = R"(
define ptx_kernel void @k(ptr %x) {
  %a = alloca [4 x i32], align 4
  %n = load i32, ptr %x
  %i = add i32 %n, INDEX
  %p = getelementptr i32, ptr %a, i32 %i
  store i32 1, ptr %p
  ret void
}
)";
  std::string text = body;
  text.replace(text.find("INDEX"), 5, "3");
  EXPECT_EQ(runBody(text, 2), "");
  text = body;
  text.replace(text.find("INDEX"), 5, "4");
  expectReport(runBody(text, 2), "out of bounds: writes 4 bytes at no known");
}

TEST(Faults, ConstantsAreNotWritten) {
  expectReport(runBody(R"(
@c = internal addrspace(4) constant [2 x i32] [i32 1, i32 2]
define ptx_kernel void @k(ptr %x) {
  %v = load i32, ptr addrspace(4) @c
  %g = addrspacecast ptr addrspace(4) @c to ptr
  store i32 1, ptr %g
  ret void
}
)",
                       1),
               "writes bytes 0 to 3 of buffer 'c' of 8 bytes, which is "
               "constant");
}

TEST(Faults, Misaligned) {
  expectReport(runBody(R"(
define ptx_kernel void @k(ptr %x) {
  %p = getelementptr i8, ptr %x, i64 8
  %v = load <4 x float>, ptr %p, align 16
  ret void
}
)",
                       1),
               "misaligned: an access that must be aligned to 16 bytes, to "
               "bytes 8 to 23 of buffer 'x'");
}

TEST(Faults, Uninitialized) {
  const char *body = R"(
@s = internal addrspace(3) global [32 x i32] undef
define ptx_kernel void @k(ptr %x) {
  %t = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %p = getelementptr i32, ptr addrspace(3) @s, i32 %t
  store i32 1, ptr addrspace(3) %p
  call void @llvm.nvvm.barrier.cta.sync.aligned.all(i32 0)
  %q = getelementptr i32, ptr addrspace(3) %p, i32 1
  %v = load i32, ptr addrspace(3) %q
  ret void
}
)";
  expectReport(runBody(body, 16),
               "thread (15, 0, 0): uninitialized: reads byte 64 of shared "
               "memory 's', which nobody has written");
}

TEST(Faults, UndefinedBufferIsReadOnlyWhereItWasWritten) {
  const char *body = R"(
define ptx_kernel void @k(ptr %x) {
  store i32 1, ptr %x
  %v = load i32, ptr %x
  %p = getelementptr i32, ptr %x, i32 1
  %w = load i32, ptr %p
  ret void
}
)";
  auto x = makeBuffer("x", 64);
  LaunchResult result = run(body, makeLaunch(*x, 1));
  ASSERT_EQ(result.reports.size(), 1u);
  EXPECT_EQ(result.reports[0].fault, Fault::Uninitialized);
  expectReport(result.reports[0].message, "reads byte 4 of global memory 'x'");
  x->copyFrom(std::vector<char>(64));
  EXPECT_TRUE(run(body, makeLaunch(*x, 1)).reports.empty());
}

//===----------------------------------------------------------------------===//
// Conflicts
//===----------------------------------------------------------------------===//

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

//===----------------------------------------------------------------------===//
// Barriers
//===----------------------------------------------------------------------===//

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

//===----------------------------------------------------------------------===//
// Warps
//===----------------------------------------------------------------------===//

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

//===----------------------------------------------------------------------===//
// Clusters
//===----------------------------------------------------------------------===//

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

//===----------------------------------------------------------------------===//
// Others
//===----------------------------------------------------------------------===//

TEST(Faults, EndlessLoop) {
  expectReport(runBody(R"(
define ptx_kernel void @k(ptr %x) {
  br label %a
a:
  br label %a
}
)",
                       1),
               "endless loop: the thread has entered loop bodies more than "
               "1000 times");
}

TEST(Faults, Division) {
  const char *body = R"(
define ptx_kernel void @k(ptr %x) {
  %v = load i32, ptr %x
  %q = OPERATION
  ret void
}
)";
  auto runOperation = [&](const char *operation) {
    std::string text = body;
    text.replace(text.find("OPERATION"), 9, operation);
    return runBody(text, 1);
  };
  expectReport(runOperation("udiv i32 5, %v"), "division by zero");
  expectReport(runOperation("srem i32 5, %v"), "division by zero");
  expectReport(runOperation("sdiv i32 -2147483648, -1"), "division by zero");
  EXPECT_EQ(runOperation("udiv i32 %v, 5"), "");
}

TEST(Faults, Trap) {
  expectReport(runBody(R"(
declare void @llvm.trap()
define ptx_kernel void @k(ptr %x) {
  call void @llvm.trap()
  unreachable
}
)",
                       1),
               "trap: reaches a trap");
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
