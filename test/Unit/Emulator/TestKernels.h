// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#ifndef SOFTMAX_TEST_UNIT_EMULATOR_TESTKERNELS_H
#define SOFTMAX_TEST_UNIT_EMULATOR_TESTKERNELS_H

#include "softmax/Emulator/DeviceModule.h"
#include "softmax/Emulator/Emulator.h"

#include "llvm/ADT/StringRef.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "gtest/gtest.h"

namespace mlir::softmax::emulator {

/// Loads LLVM IR; `text` needs no triple and no declarations of intrinsics that
/// `common` below has.
inline llvm::Expected<std::unique_ptr<Program>>
loadProgram(const std::string &text) {
  static const std::string common = R"(
target triple = "nvptx64-nvidia-cuda"
declare i32 @llvm.nvvm.read.ptx.sreg.tid.x()
declare i32 @llvm.nvvm.read.ptx.sreg.ntid.x()
declare i32 @llvm.nvvm.read.ptx.sreg.ctaid.x()
declare i32 @llvm.nvvm.read.ptx.sreg.laneid()
declare i32 @llvm.nvvm.read.ptx.sreg.cluster.ctarank()
declare void @llvm.nvvm.barrier.cta.sync.aligned.all(i32)
declare void @llvm.nvvm.bar.warp.sync(i32)
declare void @llvm.nvvm.barrier.cluster.arrive.aligned()
declare void @llvm.nvvm.barrier.cluster.arrive.relaxed.aligned()
declare void @llvm.nvvm.barrier.cluster.wait.aligned()
declare ptr addrspace(7) @llvm.nvvm.mapa.shared.cluster(ptr addrspace(3), i32)
declare float @llvm.nvvm.shfl.sync.bfly.f32(i32, float, i32, i32)
declare i32 @llvm.nvvm.shfl.sync.bfly.i32(i32, i32, i32, i32)
declare {i32, i1} @llvm.nvvm.shfl.sync.down.i32p(i32, i32, i32, i32)
declare {i32, i1} @llvm.nvvm.shfl.sync.up.i32p(i32, i32, i32, i32)
declare {i32, i1} @llvm.nvvm.shfl.sync.idx.i32p(i32, i32, i32, i32)
)";
  auto context = std::make_unique<llvm::LLVMContext>();
  llvm::Expected<std::unique_ptr<llvm::Module>> module =
      parseDeviceModule(common + text, "test.ll", "", *context);
  if (!module)
    return module.takeError();
  return Program::load(std::move(*module), std::move(context));
}

/// The program, or a failed test and none.
inline std::unique_ptr<Program> mustLoad(const std::string &text) {
  llvm::Expected<std::unique_ptr<Program>> program = loadProgram(text);
  if (program)
    return std::move(*program);
  ADD_FAILURE() << llvm::toString(program.takeError());
  return nullptr;
}

inline std::unique_ptr<Buffer> makeBuffer(const char *name, uint64_t bytes) {
  llvm::Expected<std::unique_ptr<Buffer>> buffer = Buffer::create(name, bytes);
  if (buffer)
    return std::move(*buffer);
  ADD_FAILURE() << llvm::toString(buffer.takeError());
  return nullptr;
}

/// Runs the kernel "k" of `text`.
inline LaunchResult run(const std::string &text, Launch launch) {
  std::unique_ptr<Program> program = mustLoad(text);
  if (!program)
    return {};
  launch.kernel = "k";
  llvm::Expected<LaunchResult> result = program->launch(launch);
  if (result)
    return std::move(*result);
  ADD_FAILURE() << llvm::toString(result.takeError());
  return {};
}

/// A launch of one block with the buffer as only argument.
inline Launch makeLaunch(Buffer &buffer, uint32_t threads) {
  Launch launch;
  launch.block = {threads};
  launch.arguments = {Argument::pointer(buffer)};
  return launch;
}

/// Runs a kernel on a buffer of 1 KiB of zeros; its reports, one a line.
inline std::string runBody(const std::string &body, uint32_t threads,
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

inline void expectReport(const std::string &reports, llvm::StringRef part) {
  EXPECT_NE(reports.find(part.str()), std::string::npos)
      << "expected: " << part.str() << "\nreports: " << reports;
}

} // namespace mlir::softmax::emulator

#endif // SOFTMAX_TEST_UNIT_EMULATOR_TESTKERNELS_H
