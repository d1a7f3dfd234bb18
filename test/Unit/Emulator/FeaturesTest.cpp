// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// What device code may consist of.
#include "TestKernels.h"

#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/bit.h"

#include <cmath>
#include <limits>

using namespace mlir::softmax::emulator;

namespace {

TEST(Features, RegistersOfThreeDimensions) {
  // y[position in the whole grid] = a number of all coordinates.
  std::string body = "define ptx_kernel void @k(ptr %y) {\n";
  std::string declarations;
  for (const char *name : {"tid", "ntid", "ctaid", "nctaid"})
    for (const char *d : {"x", "y", "z"}) {
      std::string full =
          std::string("@llvm.nvvm.read.ptx.sreg.") + name + "." + d;
      if (d[0] != 'x' || name == std::string("nctaid"))
        declarations += "declare i32 " + full + "()\n";
      body += std::string("  %") + name + d + " = call i32 " + full + "()\n";
    }
  body += R"(
  %b0 = mul i32 %ctaidz, %nctaidy
  %b1 = add i32 %b0, %ctaidy
  %b2 = mul i32 %b1, %nctaidx
  %b = add i32 %b2, %ctaidx
  %t0 = mul i32 %tidz, %ntidy
  %t1 = add i32 %t0, %tidy
  %t2 = mul i32 %t1, %ntidx
  %t = add i32 %t2, %tidx
  %i0 = mul i32 %b, 24
  %i = add i32 %i0, %t
  %p = getelementptr i32, ptr %y, i32 %i
  store i32 %i, ptr %p
  ret void
}
)";
  auto y = makeBuffer("y", 4 * 30 * 24);
  Launch launch;
  launch.grid = {5, 3, 2};
  launch.block = {4, 3, 2};
  launch.arguments = {Argument::pointer(*y)};
  LaunchResult result = run(declarations + body, launch);
  EXPECT_FALSE(static_cast<bool>(result.takeError()));
  for (int i = 0; i < 30 * 24; ++i)
    EXPECT_EQ(y->as<int32_t>()[i], i);
}

TEST(Features, DistributedSharedMemory) {
  // Each block writes its number; each reads the next block's.
  auto y = makeBuffer("y", 4 * 8);
  Launch launch;
  launch.grid = {8};
  launch.block = {1};
  launch.arguments = {Argument::pointer(*y)};
  LaunchResult result = run(R"(
@s = internal addrspace(3) global i32 undef
declare i32 @llvm.nvvm.read.ptx.sreg.cluster.nctarank()
define ptx_kernel void @k(ptr %y) #0 {
  %b = call i32 @llvm.nvvm.read.ptx.sreg.ctaid.x()
  %r = call i32 @llvm.nvvm.read.ptx.sreg.cluster.ctarank()
  %n = call i32 @llvm.nvvm.read.ptx.sreg.cluster.nctarank()
  %v = mul i32 %b, 10
  store i32 %v, ptr addrspace(3) @s
  call void @llvm.nvvm.barrier.cluster.arrive.aligned()
  call void @llvm.nvvm.barrier.cluster.wait.aligned()
  %r1 = add i32 %r, 1
  %o = urem i32 %r1, %n
  %p = call ptr addrspace(7) @llvm.nvvm.mapa.shared.cluster(ptr addrspace(3) @s, i32 %o)
  %w = load i32, ptr addrspace(7) %p
  call void @llvm.nvvm.barrier.cluster.arrive.aligned()
  call void @llvm.nvvm.barrier.cluster.wait.aligned()
  %q = getelementptr i32, ptr %y, i32 %b
  store i32 %w, ptr %q
  ret void
}
attributes #0 = { "nvvm.cluster_dim"="4" }
)",
                            launch);
  EXPECT_FALSE(static_cast<bool>(result.takeError()));
  int32_t expected[] = {10, 20, 30, 0, 50, 60, 70, 40};
  for (int i = 0; i < 8; ++i)
    EXPECT_EQ(y->as<int32_t>()[i], expected[i]);
  EXPECT_EQ(result.counters.clusterBarriers, 4u);
}

TEST(Features, StructuresByValueBelongToTheThread) {
  auto y = makeBuffer("y", 4 * 4);
  Launch launch;
  launch.block = {4};
  int32_t pair[] = {5, 7};
  launch.arguments = {Argument::pointer(*y),
                      Argument::raw({reinterpret_cast<char *>(pair), 8})};
  LaunchResult result = run(R"(
%pair = type { i32, i32 }
define ptx_kernel void @k(ptr %y, ptr byval(%pair) align 4 %s) {
  %t = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %a = load i32, ptr %s
  %q = getelementptr %pair, ptr %s, i32 0, i32 1
  %b = load i32, ptr %q
  %c = add i32 %a, %b
  store i32 0, ptr %s
  %p = getelementptr i32, ptr %y, i32 %t
  store i32 %c, ptr %p
  ret void
}
)",
                            launch);
  EXPECT_FALSE(static_cast<bool>(result.takeError()));
  for (int i = 0; i < 4; ++i)
    EXPECT_EQ(y->as<int32_t>()[i], 12);
}

TEST(Features, FunctionsAndTables) {
  auto y = makeBuffer("y", 4 * 4);
  Launch launch;
  launch.block = {4};
  launch.arguments = {Argument::pointer(*y)};
  LaunchResult result = run(R"(
@table = internal addrspace(4) constant [4 x i32] [i32 3, i32 1, i32 4, i32 1]
define internal i32 @pick(i32 %i) {
  %copy = alloca [4 x i32]
  br label %loop
loop:
  %k = phi i32 [ 0, %0 ], [ %k1, %loop ]
  %p = getelementptr i32, ptr addrspace(4) @table, i32 %k
  %v = load i32, ptr addrspace(4) %p
  %q = getelementptr i32, ptr %copy, i32 %k
  store i32 %v, ptr %q
  %k1 = add i32 %k, 1
  %more = icmp ult i32 %k1, 4
  br i1 %more, label %loop, label %done
done:
  %r = getelementptr i32, ptr %copy, i32 %i
  %w = load i32, ptr %r
  ret i32 %w
}
define ptx_kernel void @k(ptr %y) {
  %t = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %v = call i32 @pick(i32 %t)
  %p = getelementptr i32, ptr %y, i32 %t
  store i32 %v, ptr %p
  ret void
}
)",
                            launch);
  EXPECT_FALSE(static_cast<bool>(result.takeError()));
  int32_t expected[] = {3, 1, 4, 1};
  for (int i = 0; i < 4; ++i)
    EXPECT_EQ(y->as<int32_t>()[i], expected[i]);
  EXPECT_EQ(result.counters.constant.loads, 16u);
  EXPECT_EQ(result.counters.local.stores, 16u);
  EXPECT_EQ(result.counters.local.loads, 4u);
}

TEST(Features, AtomicsOfAllBlocks) {
  auto y = makeBuffer("y", 4);
  y->copyFrom(std::vector<int32_t>{0});
  Launch launch;
  launch.grid = {3};
  launch.block = {64};
  launch.arguments = {Argument::pointer(*y)};
  LaunchResult result = run(R"(
define ptx_kernel void @k(ptr addrspace(1) %y) {
  %v = atomicrmw add ptr addrspace(1) %y, i32 2 monotonic
  ret void
}
)",
                            launch);
  EXPECT_FALSE(static_cast<bool>(result.takeError()));
  EXPECT_EQ(y->as<int32_t>()[0], 384);
  EXPECT_EQ(result.counters.global.atomics, 192u);
}

/// Conversions round to nearest, whatever the host's processor has.
TEST(Features, NarrowFloats) {
  const char *body = R"(
define ptx_kernel void @k(ptr %x, ptr %y) {
  %t = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %p = getelementptr float, ptr %x, i32 %t
  %v = load float, ptr %p
  %h = fptrunc float %v to TYPE
  %q = getelementptr TYPE, ptr %y, i32 %t
  store TYPE %h, ptr %q
  %w = fpext TYPE %h to float
  store float %w, ptr %p
  ret void
}
)";
  std::vector<float> values = {0.0f,
                               -0.0f,
                               1.0f,
                               1.0009765f,
                               65504.0f,
                               65520.f,
                               -1e-7f,
                               6e-8f,
                               3.0e38f,
                               1e-40f,
                               1.00390625f,
                               1.01171875f,
                               -std::numeric_limits<float>::infinity(),
                               0.1f,
                               1.0e-5f,
                               3.3895e38f};
  for (auto [name, type] :
       {std::make_pair("half", &llvm::APFloat::IEEEhalf()),
        std::make_pair("bfloat", &llvm::APFloat::BFloat())}) {
    std::string text = body;
    for (size_t at; (at = text.find("TYPE")) != std::string::npos;)
      text.replace(at, 4, name);
    auto x = makeBuffer("x", 64), y = makeBuffer("y", 32);
    x->copyFrom(values);
    Launch launch;
    launch.block = {16};
    launch.arguments = {Argument::pointer(*x), Argument::pointer(*y)};
    LaunchResult result = run(text, launch);
    EXPECT_FALSE(static_cast<bool>(result.takeError()));
    for (int i = 0; i < 16; ++i) {
      llvm::APFloat expected(values[i]);
      bool losesInfo;
      expected.convert(*type, llvm::APFloat::rmNearestTiesToEven, &losesInfo);
      EXPECT_EQ(y->as<uint16_t>()[i], expected.bitcastToAPInt().getZExtValue())
          << name << " " << values[i];
      expected.convert(llvm::APFloat::IEEEsingle(),
                       llvm::APFloat::rmNearestTiesToEven, &losesInfo);
      EXPECT_EQ(x->as<float>()[i], expected.convertToFloat());
    }
  }
}

/// Directed roundings, which the reduction of exponents uses.
TEST(Features, ArithmeticOfNVVM) {
  auto y = makeBuffer("y", 4 * 10);
  Launch launch;
  launch.arguments = {Argument::pointer(*y)};
  std::string body = R"(
declare float @llvm.nvvm.fma.rm.f(float, float, float)
declare float @llvm.nvvm.fma.rp.f(float, float, float)
declare float @llvm.nvvm.fma.rz.f(float, float, float)
declare float @llvm.nvvm.fmax.f(float, float)
declare float @llvm.nvvm.fmax.nan.f(float, float)
declare float @llvm.nvvm.fmin.f(float, float)
declare float @llvm.nvvm.saturate.f(float)
declare float @llvm.nvvm.add.rn.ftz.f(float, float)
declare <2 x bfloat> @llvm.nvvm.ff2bf16x2.rn(float, float)
declare float @llvm.nvvm.rcp.rn.f(float)
define ptx_kernel void @k(ptr %y) {
  %v0 = call float @llvm.nvvm.fma.rm.f(float 1.0, float 1.0, float 0x3E00000000000000)
  %v1 = call float @llvm.nvvm.fma.rp.f(float 1.0, float 1.0, float 0x3E00000000000000)
  %v2 = call float @llvm.nvvm.fma.rz.f(float -1.0, float 1.0, float 0x3E00000000000000)
  %v3 = call float @llvm.nvvm.fmax.f(float 0x7FF8000000000000, float 2.0)
  %v4 = call float @llvm.nvvm.fmax.nan.f(float 0x7FF8000000000000, float 2.0)
  %v5 = call float @llvm.nvvm.fmin.f(float 0.0, float -0.0)
  %v6 = call float @llvm.nvvm.saturate.f(float 0x7FF8000000000000)
  %v7 = call float @llvm.nvvm.add.rn.ftz.f(float 0x3780000000000000, float 0.0)
  %b = call <2 x bfloat> @llvm.nvvm.ff2bf16x2.rn(float 1.0, float 2.0)
  %v8 = bitcast <2 x bfloat> %b to float
  %v9 = call float @llvm.nvvm.rcp.rn.f(float 3.0)
)";
  for (int i = 0; i < 10; ++i) {
    std::string n = std::to_string(i);
    body += "  %p" + n + " = getelementptr float, ptr %y, i32 " + n +
            "\n  store float %v" + n + ", ptr %p" + n + ", align 4\n";
  }
  LaunchResult result = run(body + "  ret void\n}\n", launch);
  EXPECT_FALSE(static_cast<bool>(result.takeError()));
  llvm::ArrayRef<float> values = y->as<float>();
  EXPECT_EQ(values[0], 1.0f);
  EXPECT_EQ(values[1], std::nextafter(1.0f, 2.0f));
  EXPECT_EQ(values[2], std::nextafter(-1.0f, 0.0f));
  EXPECT_EQ(values[3], 2.0f);
  EXPECT_TRUE(std::isnan(values[4]));
  EXPECT_TRUE(values[5] == 0 && std::signbit(values[5]));
  EXPECT_TRUE(values[6] == 0 && !std::signbit(values[6]));
  EXPECT_EQ(values[7], 0.0f);
  // The first operand is the upper half.
  EXPECT_EQ(llvm::bit_cast<uint32_t>(values[8]), 0x3f804000u);
  EXPECT_EQ(values[9], 1.0f / 3.0f);
}

TEST(Features, MaskedAccessesTouchOnlyTheirElements) {
  auto x = makeBuffer("x", 12), y = makeBuffer("y", 12);
  x->copyFrom(std::vector<float>{1, 2, 3});
  Launch launch;
  launch.arguments = {Argument::pointer(*x), Argument::pointer(*y)};
  const char *body = R"(
declare <4 x float> @llvm.masked.load.v4f32.p0(ptr, <4 x i1>, <4 x float>)
declare void @llvm.masked.store.v4f32.p0(<4 x float>, ptr, <4 x i1>)
define ptx_kernel void @k(ptr %x, ptr %y) {
  %v = call <4 x float> @llvm.masked.load.v4f32.p0(ptr align 4 %x, <4 x i1> <i1 1, i1 1, i1 1, i1 LAST>, <4 x float> zeroinitializer)
  call void @llvm.masked.store.v4f32.p0(<4 x float> %v, ptr align 4 %y, <4 x i1> <i1 1, i1 1, i1 1, i1 LAST>)
  ret void
}
)";
  auto runWith = [&](const char *last) {
    std::string text = body;
    for (size_t at; (at = text.find("LAST")) != std::string::npos;)
      text.replace(at, 4, last);
    return run(text, launch);
  };
  EXPECT_TRUE(runWith("0").reports.empty());
  EXPECT_EQ(y->as<float>()[2], 3);
  LaunchResult result = runWith("1");
  ASSERT_EQ(result.reports.size(), 1u);
  EXPECT_EQ(result.reports[0].fault, Fault::OutOfBounds);
}

TEST(Features, ReportsNameThePlaceInTheSource) {
  auto x = makeBuffer("x", 4);
  Launch launch;
  launch.arguments = {Argument::pointer(*x)};
  LaunchResult result = run(R"(
define ptx_kernel void @k(ptr %x) !dbg !5 {
  %p = getelementptr i32, ptr %x, i32 1
  store i32 1, ptr %p, !dbg !8
  ret void, !dbg !8
}
!llvm.dbg.cu = !{!0}
!llvm.module.flags = !{!3}
!0 = distinct !DICompileUnit(language: DW_LANG_C, file: !1)
!1 = !DIFile(filename: "softmax.mlir", directory: "/")
!3 = !{i32 2, !"Debug Info Version", i32 3}
!5 = distinct !DISubprogram(name: "k", file: !1, type: !6, unit: !0, spFlags: DISPFlagDefinition)
!6 = !DISubroutineType(types: !7)
!7 = !{}
!8 = !DILocation(line: 12, column: 5, scope: !5)
)",
                            launch);
  ASSERT_EQ(result.reports.size(), 1u);
  EXPECT_EQ(result.reports[0].str(),
            "softmax.mlir:12:5: kernel 'k', block (0, 0, 0), thread (0, 0, 0): "
            "out of bounds: writes bytes 4 to 7 of buffer 'x' of 4 bytes; at: "
            "store i32 1, ptr %p, align 4");
}

TEST(Features, WorstCaseApproximationsDifferFromExactOnes) {
  const char *body = R"(
declare float @llvm.nvvm.ex2.approx.ftz.f32(float)
define ptx_kernel void @k(ptr %x) {
  %t = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %p = getelementptr float, ptr %x, i32 %t
  %v = load float, ptr %p
  %w = call float @llvm.nvvm.ex2.approx.ftz.f32(float %v)
  store float %w, ptr %p
  ret void
}
)";
  auto runWith = [&](Approximation mode) {
    auto x = makeBuffer("x", 4 * 64);
    std::vector<float> values;
    for (int i = 0; i < 64; ++i)
      values.push_back(-0.1f * i);
    x->copyFrom(values);
    Launch launch;
    launch.block = {64};
    launch.arguments = {Argument::pointer(*x)};
    launch.approximation = mode;
    run(body, launch);
    llvm::ArrayRef<float> results = x->as<float>();
    return std::vector<float>(results.begin(), results.end());
  };
  std::vector<float> exact = runWith(Approximation::Exact);
  std::vector<float> worst = runWith(Approximation::Worst);
  int different = 0;
  for (int i = 0; i < 64; ++i) {
    EXPECT_EQ(exact[i],
              static_cast<float>(std::exp2(static_cast<double>(-0.1f * i))));
    different += exact[i] != worst[i];
  }
  EXPECT_GT(different, 40);
}

/// With afn, NVIDIA's code generator takes the approximate instructions.
TEST(Features, ApproximateOperationsOfLLVM) {
  auto y = makeBuffer("y", 4 * 8);
  Launch launch;
  launch.arguments = {Argument::pointer(*y)};
  LaunchResult result = run(R"(
declare <2 x float> @llvm.exp2.v2f32(<2 x float>)
declare float @llvm.log2.f32(float)
declare float @llvm.sqrt.f32(float)
define ptx_kernel void @k(ptr %y) {
  %big = fadd float 0x47E0000000000000, 0.0
  %v0 = fdiv afn float %big, %big
  %v1 = fdiv float %big, %big
  %e = call afn <2 x float> @llvm.exp2.v2f32(<2 x float> <float 3.0, float -1.0>)
  %v2 = extractelement <2 x float> %e, i32 0
  %v3 = extractelement <2 x float> %e, i32 1
  %v4 = call afn float @llvm.log2.f32(float 8.0)
  %v5 = call float @llvm.sqrt.f32(float 2.0)
  %v6 = call afn float @llvm.sqrt.f32(float 9.0)
  store float %v0, ptr %y
  %p1 = getelementptr float, ptr %y, i32 1
  store float %v1, ptr %p1
  %p2 = getelementptr float, ptr %y, i32 2
  store float %v2, ptr %p2
  %p3 = getelementptr float, ptr %y, i32 3
  store float %v3, ptr %p3
  %p4 = getelementptr float, ptr %y, i32 4
  store float %v4, ptr %p4
  %p5 = getelementptr float, ptr %y, i32 5
  store float %v5, ptr %p5
  %p6 = getelementptr float, ptr %y, i32 6
  store float %v6, ptr %p6
  ret void
}
)",
                            launch);
  EXPECT_FALSE(static_cast<bool>(result.takeError()));
  llvm::ArrayRef<float> values = y->as<float>();
  // div.approx has no quotient for divisors beyond 2^126.
  EXPECT_EQ(values[0], 0.0f);
  EXPECT_EQ(values[1], 1.0f);
  EXPECT_EQ(values[2], 8.0f);
  EXPECT_EQ(values[3], 0.5f);
  EXPECT_EQ(values[4], 3.0f);
  EXPECT_EQ(values[5], std::sqrt(2.0f));
  EXPECT_EQ(values[6], 3.0f);
  EXPECT_EQ(result.counters.instructions.special, 5u);
  EXPECT_EQ(result.counters.instructions.floatDiv, 2u);
}

} // namespace
