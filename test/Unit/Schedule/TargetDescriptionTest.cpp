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
    EXPECT_NE(errorOf("native").find("on x86-64 only"), std::string::npos);
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

TEST(TargetDescription, AArch64) {
  TargetDescription neon = parseOrFail("aarch64");
  EXPECT_EQ(neon.architecture, Architecture::AArch64);
  EXPECT_EQ(llvm::Triple(neon.triple).getArch(), llvm::Triple::aarch64);
  EXPECT_EQ(neon.vectorBits, 128u);
  EXPECT_EQ(neon.vectorRegisters, 32u);
  EXPECT_TRUE(neon.fma);
  EXPECT_TRUE(neon.f16c);
  EXPECT_FALSE(neon.bf16Native);
  EXPECT_FALSE(neon.maskedMemory32);
  EXPECT_TRUE(neon.required.empty());
  TargetDescription bf16 = parseOrFail("aarch64,bf16");
  EXPECT_EQ(bf16.name, "aarch64,bf16");
  EXPECT_TRUE(bf16.bf16Native);
  EXPECT_EQ(bf16.required.front(), "bf16");
  EXPECT_GT(bf16.rank, neon.rank);
  TargetDescription sve = parseOrFail("aarch64,bf16,sve");
  // One target has one name.
  EXPECT_EQ(sve.name, "aarch64,sve,bf16");
  EXPECT_TRUE(sve.scalable);
  EXPECT_EQ(sve.vectorBits, 128u);
  EXPECT_EQ(sve.mostScale, 16u);
  EXPECT_GT(parseOrFail("aarch64,sve").rank, bf16.rank);
  EXPECT_FALSE(neon.scalable);
}

TEST(TargetDescription, RISCV64) {
  TargetDescription scalar = parseOrFail("riscv64");
  EXPECT_EQ(llvm::Triple(scalar.triple).getArch(), llvm::Triple::riscv64);
  EXPECT_EQ(scalar.abi, "lp64d");
  EXPECT_FALSE(scalar.vectors);
  EXPECT_EQ(scalar.lanes(64), 1u);
  EXPECT_TRUE(scalar.fma);
  TargetDescription vector = parseOrFail("riscv64,v");
  EXPECT_EQ(vector.name, "riscv64,v");
  EXPECT_TRUE(vector.vectors);
  EXPECT_EQ(vector.lanes(32), 4u);
  EXPECT_TRUE(vector.maskedMemory8);
  EXPECT_TRUE(vector.scalable);
  EXPECT_EQ(vector.leastScale, 2u);
  EXPECT_FALSE(vector.f16c);
  EXPECT_NE(vector.features.find("+v"), std::string::npos);
}

std::string namesOf(llvm::StringRef list) {
  llvm::Expected<llvm::SmallVector<TargetDescription, 1>> targets =
      parseTargets(list);
  if (!targets)
    return llvm::toString(targets.takeError());
  std::string names;
  for (const TargetDescription &target : *targets)
    names += (names.empty() ? "" : " ") + target.name;
  return names;
}

TEST(TargetDescription, Lists) {
  EXPECT_EQ(namesOf("x86-64-v3"), "x86-64-v3");
  // The best first, whatever the order.
  EXPECT_EQ(namesOf("x86-64-v4,x86-64-v3,x86-64"),
            "x86-64-v4 x86-64-v3 x86-64");
  EXPECT_EQ(namesOf("x86-64,x86-64-v4,x86-64-v2"),
            "x86-64-v4 x86-64-v2 x86-64");
  // A word that is no target is a feature of the one before.
  EXPECT_EQ(namesOf("aarch64,bf16,aarch64"), "aarch64,bf16 aarch64");
  EXPECT_EQ(namesOf("aarch64,aarch64,bf16"), "aarch64,bf16 aarch64");
  EXPECT_EQ(namesOf("riscv64,v"), "riscv64,v");
  EXPECT_EQ(namesOf("aarch64,bf16,aarch64,aarch64,sve"),
            "aarch64,sve aarch64,bf16 aarch64");
}

TEST(TargetDescription, ListsThatNoLibraryHolds) {
  auto expect = [](llvm::StringRef list, llvm::StringRef reason) {
    std::string message = namesOf(list);
    EXPECT_NE(message.find(reason), std::string::npos) << message;
    EXPECT_NE(message.find("; choose one of native, x86-64,"),
              std::string::npos)
        << message;
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
  };
  expect("x86-64,aarch64", "names several architectures, x86-64 and aarch64");
  expect("x86-64-v3,x86-64,x86-64-v3", "names x86-64-v3 twice");
  expect("aarch64,bf16,bf16", "names the feature 'bf16' twice");
  expect("native,x86-64", "cannot find out whether a CPU runs native");
  expect("riscv64,v,riscv64", "cannot find out whether a CPU runs riscv64,v");
  expect("x86-64,", "has an empty entry");
  expect(",x86-64", "unknown target ''");
  expect("x86-64-v3,x86-64-v5",
         "'x86-64-v5' is neither a target nor a feature of x86-64-v3");
  expect("x86-64,avx2", "'avx2' is neither a target nor a feature of x86-64");
  expect("aarch64,v", "'v' is neither a target nor a feature of aarch64");
  expect("x86-64,nvptx:sm_80", "target 'nvptx:sm_80' is not supported");
}

TEST(TargetDescription, Baselines) {
  for (llvm::StringRef name : {"x86-64", "aarch64", "riscv64"}) {
    TargetDescription baseline =
        describeBaseline(parseOrFail(name).architecture);
    EXPECT_EQ(baseline.name, name);
    EXPECT_TRUE(baseline.required.empty());
  }
}

TEST(TargetDescription, Refusals) {
  // Every refusal is one line that names what can be asked for instead.
  for (llvm::StringRef name :
       {"", "x86-64-v5", "X86-64", "aarch64,sve2", "vulkan", "nvptx:sm_80",
        "amdgcn:gfx942", "x86-64-v3,x86-64-v4", "native "}) {
    std::string message = errorOf(name);
    EXPECT_NE(message.find("'" + name.str() + "'"), std::string::npos)
        << message;
    EXPECT_NE(message.find("native, x86-64, x86-64-v2, x86-64-v3, x86-64-v4"),
              std::string::npos)
        << message;
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
  }
  EXPECT_NE(errorOf("nvptx:sm_80").find("not supported in this version"),
            std::string::npos);
  EXPECT_NE(errorOf("aarch65").find("unknown target"), std::string::npos);
  EXPECT_NE(errorOf("x86-64-v3,x86-64-v4").find("is a list"),
            std::string::npos);
}

TEST(TargetDescription, EverySupportedNameParses) {
  for (llvm::StringRef name : supportedTargets()) {
    if (name == "native")
      continue;
    EXPECT_EQ(errorOf(name), "");
  }
}

} // namespace
