// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Every fault: a kernel with it is reported, at its instruction, and where it
// matters the same kernel without it is not.
#include "TestKernels.h"

using namespace mlir::softmax::emulator;

namespace {

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

} // namespace
