// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// What is not modelled is refused before anything runs.
#include "TestKernels.h"

using namespace mlir::softmax::emulator;

namespace {

std::string refuse(const std::string &text) {
  llvm::Expected<std::unique_ptr<Program>> program = loadProgram(text);
  if (program) {
    ADD_FAILURE() << "was loaded";
    return "";
  }
  return llvm::toString(program.takeError());
}

TEST(Refusals, UnknownIntrinsic) {
  EXPECT_EQ(
      refuse(R"(
declare void @llvm.nvvm.cp.async.wait.all()
define ptx_kernel void @k() {
  call void @llvm.nvvm.cp.async.wait.all()
  ret void
}
)"),
      "function 'k': the intrinsic 'llvm.nvvm.cp.async.wait.all' is not "
      "emulated "
      "(here: of type void ()); lib/Emulator/IntrinsicRules.cpp lists those "
      "that are");
}

TEST(Refusals, ExponentialsThatHaveNoInstruction) {
  // Without afn, NVIDIA's code generator has nothing for it.
  std::string text = R"(
declare float @llvm.exp2.f32(float)
define ptx_kernel void @k(ptr %x) {
  %v = call FLAGS float @llvm.exp2.f32(float 1.0)
  store float %v, ptr %x
  ret void
}
)";
  std::string plain = text, approximate = text;
  plain.replace(plain.find("FLAGS"), 5, "");
  approximate.replace(approximate.find("FLAGS"), 5, "afn");
  EXPECT_NE(refuse(plain).find("'llvm.exp2.f32' is not emulated"),
            std::string::npos);
  EXPECT_TRUE(mustLoad(approximate));
}

TEST(Refusals, InlineAssembly) {
  EXPECT_EQ(refuse(R"(
define ptx_kernel void @k() {
  call void asm sideeffect "bar.sync 0;", ""()
  ret void
}
)"),
            "function 'k': inline assembly \"bar.sync 0;\" is not emulated; "
            "use an intrinsic of LLVM for it");
}

TEST(Refusals, ExternalFunction) {
  EXPECT_EQ(refuse(R"(
declare float @__nv_expf(float)
define ptx_kernel void @k(ptr %x) {
  %v = call float @__nv_expf(float 1.0)
  store float %v, ptr %x
  ret void
}
)"),
            "function 'k': calls '__nv_expf', which the module does not "
            "define; link the library that does, or expand the call before");
}

TEST(Refusals, Recursion) {
  EXPECT_EQ(refuse(R"(
define void @f() {
  call void @f()
  ret void
}
define ptx_kernel void @k() {
  call void @f()
  ret void
}
)"),
            "function 'f' calls itself, directly or not; recursion is not "
            "emulated");
}

TEST(Refusals, IndirectCall) {
  EXPECT_EQ(refuse(R"(
define ptx_kernel void @k(ptr %f) {
  call void %f()
  ret void
}
)"),
            "function 'k': indirect calls are not emulated");
}

TEST(Refusals, FlushingArithmetic) {
  EXPECT_NE(refuse(R"(
define ptx_kernel void @k() "denormal-fp-math-f32"="preserve-sign" {
  ret void
}
)")
                .find("flush subnormal numbers, which is not emulated"),
            std::string::npos);
}

TEST(Refusals, VariablesFromElsewhere) {
  EXPECT_EQ(refuse(R"(
@v = external addrspace(1) global i32
define ptx_kernel void @k() {
  ret void
}
)"),
            "the variable 'v' is not defined in the module; define it, or link "
            "what does");
}

TEST(Refusals, LocalMemoryBeyondAThreadsStack) {
  EXPECT_EQ(refuse(R"(
define ptx_kernel void @k() {
  %a = alloca [8193 x i32]
  store i32 0, ptr %a
  ret void
}
)"),
            "function 'k' has 32772 bytes of local memory per thread; at most "
            "32768 are emulated");
}

TEST(Refusals, StructuresByValueOfFunctions) {
  EXPECT_NE(refuse(R"(
define void @f(ptr byval(i64) %p) {
  ret void
}
)")
                .find("structures by value are emulated as parameters of "
                      "kernels only"),
            std::string::npos);
}

TEST(Refusals, OtherMachines) {
  llvm::LLVMContext context;
  auto own = std::make_unique<llvm::LLVMContext>();
  auto module = std::make_unique<llvm::Module>("m", *own);
  module->setTargetTriple(llvm::Triple("x86_64-linux-gnu"));
  llvm::Expected<std::unique_ptr<Program>> program =
      Program::load(std::move(module), std::move(own));
  ASSERT_FALSE(static_cast<bool>(program));
  EXPECT_EQ(llvm::toString(program.takeError()),
            "the module is for 'x86_64-linux-gnu', not for nvptx64 or "
            "amdgcn; no other device code is emulated");
}

} // namespace
