// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "softmax/Target/Versions.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Parser/Parser.h"

#include "gtest/gtest.h"

using namespace mlir;
using namespace mlir::softmax;

namespace {

constexpr llvm::StringLiteral kKernel = R"mlir(
module {
  llvm.func @malloc(i64) -> !llvm.ptr
  llvm.mlir.global internal constant @table(42 : i32) : i32
  llvm.func @helper() -> i32 {
    %p = llvm.mlir.addressof @table : !llvm.ptr
    %v = llvm.load %p : !llvm.ptr -> i32
    llvm.return %v : i32
  }
  llvm.func @k() -> i32 attributes {softmax.kernel = {}} {
    %v = llvm.call @helper() : () -> i32
    llvm.return %v : i32
  }
}
)mlir";

class VersionsTest : public testing::Test {
protected:
  VersionsTest() { context.loadDialect<LLVM::LLVMDialect>(); }

  OwningOpRef<ModuleOp> parse(llvm::StringRef text) {
    return parseSourceString<ModuleOp>(text, ParserConfig(&context));
  }

  MLIRContext context;
};

TEST_F(VersionsTest, MergesDefinitions) {
  auto targets = llvm::cantFail(parseTargets("x86-64-v4,x86-64"));
  OwningOpRef<ModuleOp> modules[] = {parse(kKernel), parse(kKernel)};
  FailureOr<OwningOpRef<ModuleOp>> merged = mergeVersions(modules, targets);
  ASSERT_TRUE(succeeded(merged));
  EXPECT_TRUE(succeeded((*merged)->verify()));
  EXPECT_EQ((*merged)->getOperation()->getAttr(versionsAttrName),
            Builder(&context).getStrArrayAttr({"x86-64-v4", "x86-64"}));
  for (llvm::StringRef suffix : {".x86_64_v4", ".x86_64"}) {
    auto kernel =
        merged->get().lookupSymbol<LLVM::LLVMFuncOp>(("k" + suffix).str());
    ASSERT_TRUE(kernel);
    EXPECT_TRUE(kernel->hasAttr(kernelAttrName));
    auto call = *kernel.getOps<LLVM::CallOp>().begin();
    EXPECT_EQ(*call.getCallee(), ("helper" + suffix).str());
    EXPECT_TRUE(merged->get().lookupSymbol(("table" + suffix).str()));
  }
  auto v4 = merged->get().lookupSymbol<LLVM::LLVMFuncOp>("helper.x86_64_v4");
  EXPECT_EQ(v4.getTargetCpu(), "x86-64-v4");
  EXPECT_EQ(v4.getPreferVectorWidth(), "512");
  ASSERT_TRUE(v4.getTargetFeatures());
  EXPECT_TRUE(v4.getTargetFeatures()->contains("-prefer-256-bit"));
  auto v1 = merged->get().lookupSymbol<LLVM::LLVMFuncOp>("helper.x86_64");
  EXPECT_EQ(v1.getTargetCpu(), "x86-64");
  // Declarations are shared.
  auto functions = merged->get().getOps<LLVM::LLVMFuncOp>();
  EXPECT_EQ(llvm::count_if(functions,
                           [](LLVM::LLVMFuncOp f) { return f.isExternal(); }),
            1);
}

TEST_F(VersionsTest, NamesThatAreTaken) {
  auto targets = llvm::cantFail(parseTargets("x86-64-v4,x86-64"));
  OwningOpRef<ModuleOp> modules[] = {
      parse("module { llvm.func @malloc(i64) -> !llvm.ptr }"),
      parse("module { llvm.func @malloc(i32) -> !llvm.ptr }")};
  std::string text;
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    text = diagnostic.str();
    return success();
  });
  EXPECT_TRUE(failed(mergeVersions(modules, targets)));
  EXPECT_EQ(text, "the version for x86-64 needs the name '@malloc', which is "
                  "taken: rename the other");
}

TEST_F(VersionsTest, DependsOnCpu) {
  auto depends = [](llvm::StringRef list) {
    return dependsOnCpu(llvm::cantFail(parseTargets(list)));
  };
  EXPECT_FALSE(depends("x86-64"));
  EXPECT_TRUE(depends("x86-64-v2"));
  EXPECT_TRUE(depends("x86-64-v2,x86-64"));
  EXPECT_FALSE(depends("aarch64"));
  EXPECT_TRUE(depends("aarch64,bf16"));
  // What cannot be found out is the caller's to know.
  EXPECT_FALSE(depends("riscv64,v"));
}

} // namespace
