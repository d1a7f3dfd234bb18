// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "softmax/Schedule/TargetDescription.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/TargetParser/Host.h"
#include "llvm/TargetParser/Triple.h"

#include "gtest/gtest.h"

using namespace mlir::softmax;

namespace {

TargetDescription parseOrFail(llvm::StringRef name) {
  llvm::Expected<TargetDescription> target = parseTarget(name);
  if (!target) {
    ADD_FAILURE() << llvm::toString(target.takeError());
    return {};
  }
  return *target;
}

std::string errorOf(llvm::StringRef name) {
  llvm::Expected<TargetDescription> target = parseTarget(name);
  if (target)
    return "";
  return llvm::toString(target.takeError());
}

TEST(TargetDescription, LevelsWiden) {
  TargetDescription v1 = parseOrFail("x86-64");
  TargetDescription v2 = parseOrFail("x86-64-v2");
  TargetDescription v3 = parseOrFail("x86-64-v3");
  TargetDescription v4 = parseOrFail("x86-64-v4");

  EXPECT_EQ(v1.vectorBits, 128u);
  EXPECT_EQ(v2.vectorBits, 128u);
  EXPECT_EQ(v3.vectorBits, 256u);
  EXPECT_EQ(v4.vectorBits, 512u);
  EXPECT_EQ(v3.vectorRegisters, 16u);
  EXPECT_EQ(v4.vectorRegisters, 32u);
  EXPECT_EQ(v4.lanes(32), 16u);
  EXPECT_EQ(v3.lanes(64), 4u);

  EXPECT_FALSE(v1.fma);
  EXPECT_FALSE(v2.fma);
  EXPECT_FALSE(v2.f16c);
  EXPECT_TRUE(v3.fma);
  EXPECT_TRUE(v3.f16c);
  EXPECT_TRUE(v4.fma);
  EXPECT_TRUE(v4.f16c);

  // AVX512-BF16 is in no level of the psABI.
  for (const TargetDescription &target : {v1, v2, v3, v4})
    EXPECT_FALSE(target.bf16Native) << target.name;
}

TEST(TargetDescription, MaskedMemory) {
  EXPECT_FALSE(parseOrFail("x86-64-v2").maskedMemory32);
  EXPECT_TRUE(parseOrFail("x86-64-v3").maskedMemory32);
  EXPECT_FALSE(parseOrFail("x86-64-v3").maskedMemory16);
  EXPECT_TRUE(parseOrFail("x86-64-v4").maskedMemory16);
  EXPECT_TRUE(parseOrFail("x86-64-v4").maskedMemory8);
}

TEST(TargetDescription, FullVectorWidthIsPreferredOnV4) {
  EXPECT_NE(parseOrFail("x86-64-v4").features.find("-prefer-256-bit"),
            std::string::npos);
  EXPECT_EQ(parseOrFail("x86-64-v3").features, "");
}

TEST(TargetDescription, NamesAreKept) {
  for (llvm::StringRef name :
       {"x86-64", "x86-64-v2", "x86-64-v3", "x86-64-v4"}) {
    TargetDescription target = parseOrFail(name);
    EXPECT_EQ(target.name, name);
    EXPECT_EQ(target.cpu, name);
    EXPECT_EQ(llvm::Triple(target.triple).getArch(), llvm::Triple::x86_64);
  }
}

TEST(TargetDescription, Native) {
  if (llvm::Triple(llvm::sys::getProcessTriple()).getArch() !=
      llvm::Triple::x86_64) {
    EXPECT_NE(errorOf("native").find("does not support"), std::string::npos);
    return;
  }
  TargetDescription native = parseOrFail("native");
  EXPECT_EQ(native.name, "native");
  EXPECT_FALSE(native.cpu.empty());
  EXPECT_TRUE(native.vectorBits == 128 || native.vectorBits == 256 ||
              native.vectorBits == 512);
  // A plausible hierarchy, whatever the machine says about itself.
  EXPECT_GE(native.l1Bytes, 8u * 1024);
  EXPECT_GE(native.l2Bytes, native.l1Bytes);
  EXPECT_GE(native.cacheLineBytes, 16u);
  // The compiler and LLVM must see the same CPU.
#ifdef __AVX2__
  EXPECT_GE(native.vectorBits, 256u);
#endif
  bool avx2 = llvm::sys::getHostCPUFeatures().lookup("avx2");
  EXPECT_EQ(native.vectorBits >= 256, avx2);
  EXPECT_EQ(parseOrFail("native").features, native.features);
}

TEST(TargetDescription, Refusals) {
  // Every refusal is one line that names what can be asked for instead.
  for (llvm::StringRef name :
       {"", "x86-64-v5", "X86-64", "aarch64", "aarch64,sve", "riscv64",
        "vulkan", "nvptx:sm_80", "amdgcn:gfx942", "x86-64-v3,x86-64-v4",
        "native "}) {
    std::string message = errorOf(name);
    EXPECT_NE(message.find("'" + name.str() + "'"), std::string::npos)
        << message;
    EXPECT_NE(message.find("native, x86-64, x86-64-v2, x86-64-v3, x86-64-v4"),
              std::string::npos)
        << message;
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
  }
  EXPECT_NE(errorOf("aarch64,sve").find("not supported in this version"),
            std::string::npos);
  EXPECT_NE(errorOf("nvptx:sm_80").find("not supported in this version"),
            std::string::npos);
  EXPECT_NE(errorOf("aarch65").find("unknown target"), std::string::npos);
}

TEST(TargetDescription, EverySupportedNameParses) {
  for (llvm::StringRef name : supportedTargets()) {
    if (name == "native")
      continue;
    EXPECT_EQ(errorOf(name), "");
  }
}

} // namespace
