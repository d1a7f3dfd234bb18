// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "TestKernels.h"

using namespace mlir::softmax::emulator;

namespace {

TEST(Faults, OutOfBounds) {
  auto x = makeBuffer("x", 64 * 4 - 4);
  Launch launch;
  launch.block = {64};
  launch.arguments = {Argument::pointer(*x)};
  LaunchResult result = run(R"(
define ptx_kernel void @k(ptr %x) {
  %t = call i32 @llvm.nvvm.read.ptx.sreg.tid.x()
  %p = getelementptr i32, ptr %x, i32 %t
  store i32 %t, ptr %p, align 4
  ret void
}
)",
                            launch);
  ASSERT_EQ(result.reports.size(), 1u);
  EXPECT_EQ(result.reports[0].str(),
            "@k: kernel 'k', block (0, 0, 0), thread (63, 0, 0): out of "
            "bounds: writes bytes 252 to 255 of buffer 'x' of 252 bytes; at: "
            "store i32 %t, ptr %p, align 4");
}

} // namespace
