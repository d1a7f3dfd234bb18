// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "TestKernels.h"

#include <cmath>
#include <numeric>

using namespace mlir::softmax::emulator;

namespace {

/// y[i] = ctaid * 1000 + tid, for 64 threads a block.
const char *const indexKernel = R"(
define ptx_kernel void @k(ptr addrspace(1) %y) {
  %t = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %b = call i32 @llvm.nvvm.read.ptx.sreg.ctaid.x()
  %n = call i32 @llvm.nvvm.read.ptx.sreg.ntid.x()
  %o = mul i32 %b, %n
  %i = add i32 %o, %t
  %s = mul i32 %b, 1000
  %v = add i32 %s, %t
  %p = getelementptr i32, ptr addrspace(1) %y, i32 %i
  store i32 %v, ptr addrspace(1) %p, align 4
  ret void
}
)";

TEST(Launch, IndicesOfThreadsAndBlocks) {
  auto y = makeBuffer("y", 4 * 3 * 64);
  Launch launch;
  launch.grid = {3};
  launch.block = {64};
  launch.arguments = {Argument::pointer(*y)};
  LaunchResult result = run(indexKernel, launch);
  EXPECT_FALSE(static_cast<bool>(result.takeError()));
  for (int i = 0; i < 3 * 64; ++i)
    EXPECT_EQ(y->as<int32_t>()[i], i / 64 * 1000 + i % 64);
  EXPECT_EQ(result.counters.blocks, 3u);
  EXPECT_EQ(result.counters.threads, 192u);
  EXPECT_EQ(result.counters.global.stores, 192u);
  EXPECT_EQ(result.counters.global.bytesStored, 768u);
  EXPECT_EQ(result.counters.globalStores.requests, 6u);
  EXPECT_EQ(result.counters.globalStores.sectors, 24u);
  EXPECT_EQ(result.counters.globalStores.idealSectors, 24u);
  EXPECT_EQ(result.counters.instructions.memory, 192u);
}

TEST(Launch, MisalignedWarpsMoveMoreSectors) {
  auto y = makeBuffer("y", 4 * 64 + 16);
  Launch launch;
  launch.block = {64};
  launch.arguments = {Argument::pointer(*y, 4)};
  LaunchResult result = run(indexKernel, launch);
  EXPECT_FALSE(static_cast<bool>(result.takeError()));
  EXPECT_EQ(result.counters.globalStores.sectors, 10u);
  EXPECT_EQ(result.counters.globalStores.idealSectors, 8u);
}

TEST(Launch, NeighboursAreAccessedAsVectors) {
  // As NVIDIA's code generator does where the alignment allows it.
  auto y = makeBuffer("y", 16 * 32);
  Launch launch;
  launch.block = {32};
  launch.arguments = {Argument::pointer(*y)};
  const char *body = R"(
define ptx_kernel void @k(ptr addrspace(1) %y) {
  %t = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %p = getelementptr [2 x i32], ptr addrspace(1) %y, i32 %t
  %q = getelementptr i32, ptr addrspace(1) %p, i32 1
  store i32 0, ptr addrspace(1) %p, align 8
  store i32 0, ptr addrspace(1) %q, align 4
  ret void
}
)";
  LaunchResult result = run(body, launch);
  EXPECT_FALSE(static_cast<bool>(result.takeError()));
  EXPECT_EQ(result.counters.global.stores, 32u);
  EXPECT_EQ(result.counters.global.bytesStored, 256u);
  EXPECT_EQ(result.counters.globalStores.requests, 1u);
  EXPECT_EQ(result.counters.globalStores.sectors, 8u);
}

/// The sum over a block of 256 threads: shuffles, then shared memory.
const char *const sumKernel = R"(
@parts = internal addrspace(3) global [8 x float] undef, align 4
define ptx_kernel void @k(ptr addrspace(1) %x, ptr addrspace(1) %y) {
entry:
  %t = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %b = call i32 @llvm.nvvm.read.ptx.sreg.ctaid.x()
  %o = mul i32 %b, 256
  %i = add i32 %o, %t
  %p = getelementptr float, ptr addrspace(1) %x, i32 %i
  %v = load float, ptr addrspace(1) %p, align 4
  %s0 = call float @llvm.nvvm.shfl.sync.bfly.f32(i32 -1, float %v, i32 16, i32 31)
  %v0 = fadd float %v, %s0
  %s1 = call float @llvm.nvvm.shfl.sync.bfly.f32(i32 -1, float %v0, i32 8, i32 31)
  %v1 = fadd float %v0, %s1
  %s2 = call float @llvm.nvvm.shfl.sync.bfly.f32(i32 -1, float %v1, i32 4, i32 31)
  %v2 = fadd float %v1, %s2
  %s3 = call float @llvm.nvvm.shfl.sync.bfly.f32(i32 -1, float %v2, i32 2, i32 31)
  %v3 = fadd float %v2, %s3
  %s4 = call float @llvm.nvvm.shfl.sync.bfly.f32(i32 -1, float %v3, i32 1, i32 31)
  %v4 = fadd float %v3, %s4
  %w = lshr i32 %t, 5
  %l = and i32 %t, 31
  %first = icmp eq i32 %l, 0
  br i1 %first, label %store, label %meet
store:
  %q = getelementptr float, ptr addrspace(3) @parts, i32 %w
  store float %v4, ptr addrspace(3) %q, align 4
  br label %meet
meet:
  call void @llvm.nvvm.barrier.cta.sync.aligned.all(i32 0)
  br label %loop
loop:
  %k = phi i32 [ 0, %meet ], [ %k1, %loop ]
  %a = phi float [ 0.0, %meet ], [ %a1, %loop ]
  %r = getelementptr float, ptr addrspace(3) @parts, i32 %k
  %c = load float, ptr addrspace(3) %r, align 4
  %a1 = fadd float %a, %c
  %k1 = add i32 %k, 1
  %more = icmp ult i32 %k1, 8
  br i1 %more, label %loop, label %done
done:
  %z = getelementptr float, ptr addrspace(1) %y, i32 %i
  store float %a1, ptr addrspace(1) %z, align 4
  ret void
}
)";

TEST(Launch, SharedMemoryAndShuffles) {
  auto x = makeBuffer("x", 4 * 512), y = makeBuffer("y", 4 * 512);
  std::vector<float> values(512);
  std::iota(values.begin(), values.end(), 0.0f);
  x->copyFrom(values);
  Launch launch;
  launch.grid = {2};
  launch.block = {256};
  launch.arguments = {Argument::pointer(*x), Argument::pointer(*y)};
  LaunchResult result = run(sumKernel, launch);
  EXPECT_FALSE(static_cast<bool>(result.takeError()));
  for (int i = 0; i < 512; ++i)
    EXPECT_EQ(y->as<float>()[i], i < 256 ? 32640 : 98176);
  EXPECT_EQ(result.counters.blockBarriers, 2u);
  EXPECT_EQ(result.counters.shuffles, 2u * 8 * 5);
  EXPECT_EQ(result.counters.sharedBytes, 32u);
  EXPECT_EQ(result.counters.shared.stores, 16u);
  EXPECT_EQ(result.counters.shared.loads, 512u * 8);
  EXPECT_EQ(result.counters.instructions.floatAdd, 512u * (5 + 8));
}

TEST(Launch, KernelsOfOneModule) {
  auto program = mustLoad(R"(
@large = internal addrspace(3) global [4096 x i32] undef
@counter = internal addrspace(1) global i32 0
define internal void @set(ptr %y, i32 %v) {
  store i32 %v, ptr %y
  ret void
}
define ptx_kernel void @a(ptr %y) {
  call void @set(ptr %y, i32 1)
  store i32 1, ptr addrspace(3) @large
  ret void
}
define ptx_kernel void @b(ptr %y) {
  call void @set(ptr %y, i32 2)
  store i32 1, ptr addrspace(1) @counter
  ret void
}
define ptx_kernel void @c(ptr %y) {
  store i32 3, ptr addrspace(1) @counter
  ret void
}
)");
  ASSERT_TRUE(program);
  EXPECT_EQ(program->getKernels(), (std::vector<std::string>{"a", "b", "c"}));
  auto y = makeBuffer("y", 4);
  Launch launch;
  launch.arguments = {Argument::pointer(*y)};
  for (int i : {1, 2, 1}) {
    launch.kernel = i == 1 ? "a" : "b";
    llvm::Expected<LaunchResult> result = program->launch(launch);
    ASSERT_TRUE(static_cast<bool>(result));
    EXPECT_EQ(y->as<int32_t>()[0], i);
    // Of the shared memory, what the kernel itself uses.
    EXPECT_EQ(result->counters.sharedBytes, i == 1 ? 16384u : 0u);
  }
  launch.kernel = "c";
  llvm::Expected<LaunchResult> result = program->launch(launch);
  ASSERT_FALSE(static_cast<bool>(result));
  EXPECT_EQ(llvm::toString(result.takeError()),
            "the variable 'counter' is used by the kernels 'c' and 'b'; "
            "variables that kernels share are not emulated");
}

TEST(Launch, WrongUsageIsRefusedBeforeAnythingRuns) {
  auto program = mustLoad(indexKernel);
  ASSERT_TRUE(program);
  auto y = makeBuffer("y", 256);
  auto refuse = [&](Launch launch) {
    llvm::Expected<LaunchResult> result = program->launch(launch);
    EXPECT_FALSE(static_cast<bool>(result));
    return result ? "" : llvm::toString(result.takeError());
  };
  Launch launch;
  launch.kernel = "other";
  EXPECT_EQ(refuse(launch), "there is no kernel 'other'; there are: k");
  launch.kernel = "k";
  EXPECT_EQ(refuse(launch), "kernel 'k': takes 1 arguments, not 0");
  launch.arguments = {Argument::i32(5)};
  EXPECT_EQ(refuse(launch), "kernel 'k': argument 0 is of type ptr "
                            "addrspace(1), 8 bytes; given are 4 bytes");
  launch.arguments = {Argument::pointer(*y)};
  launch.block = {2048};
  EXPECT_EQ(refuse(launch),
            "kernel 'k': a block of (2048, 1, 1) threads is too large: at most "
            "1024, and 64 along z");
  launch.block = {32};
  launch.grid = {3};
  launch.cluster = {2};
  EXPECT_EQ(refuse(launch), "kernel 'k': a grid of (3, 1, 1) blocks is not a "
                            "multiple of clusters of (2, 1, 1)");
}

} // namespace
