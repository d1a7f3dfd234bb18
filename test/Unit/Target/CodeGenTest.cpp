// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "softmax/Target/CodeGen.h"
#include "softmax/Schedule/TargetDescription.h"
#include "softmax/Target/Link.h"
#include "softmax/Target/OutputFiles.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/Parser/Parser.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/Object/Archive.h"
#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"
#include "llvm/Target/TargetMachine.h"

#include "gtest/gtest.h"

#include <dlfcn.h>

using namespace mlir;
using namespace mlir::softmax;

namespace {

/// Adds 16 floats in place through a private helper.
constexpr llvm::StringLiteral kAdd = R"mlir(
module {
  llvm.func private @helper(%v: vector<16xf32>) -> vector<16xf32> attributes {passthrough = ["noinline"]} {
    %r = llvm.fadd %v, %v : vector<16xf32>
    llvm.return %r : vector<16xf32>
  }
  llvm.func @twice(%p: !llvm.ptr) -> i32 {
    %v = llvm.load %p {alignment = 4 : i64} : !llvm.ptr -> vector<16xf32>
    %w = llvm.fadd %v, %v : vector<16xf32>
    llvm.store %w, %p {alignment = 4 : i64} : vector<16xf32>, !llvm.ptr
    %x = llvm.call @helper(%w) : (vector<16xf32>) -> vector<16xf32>
    %zero = llvm.mlir.constant(0 : i32) : i32
    %lane = llvm.extractelement %x[%zero : i32] : vector<16xf32>
    %i = llvm.fptosi %lane : f32 to i32
    llvm.return %i : i32
  }
}
)mlir";

class CodeGenTest : public testing::Test {
protected:
  CodeGenTest() {
    DialectRegistry registry;
    registry.insert<LLVM::LLVMDialect>();
    registerCodeGenTranslations(registry);
    mlirContext.appendDialectRegistry(registry);
    mlirContext.loadAllAvailableDialects();
  }

  /// Compiles `text` for `targetName`; the machine stays in `machine`.
  std::unique_ptr<llvm::Module> compile(llvm::StringRef text,
                                        llvm::StringRef targetName) {
    OwningOpRef<ModuleOp> module =
        parseSourceString<ModuleOp>(text, ParserConfig(&mlirContext));
    TargetDescription target = llvm::cantFail(parseTarget(targetName));
    machine = llvm::cantFail(createTargetMachine(target));
    return llvm::cantFail(
        translateAndOptimize(*module, llvmContext, target, *machine));
  }

  llvm::SmallVector<char, 0> compileObject(llvm::StringRef text,
                                           llvm::StringRef targetName) {
    std::unique_ptr<llvm::Module> module = compile(text, targetName);
    return llvm::cantFail(emitObject(*module, *machine));
  }

  static llvm::MemoryBufferRef ref(const llvm::SmallVector<char, 0> &bytes) {
    return {llvm::StringRef(bytes.data(), bytes.size()), "kernels.o"};
  }

  MLIRContext mlirContext;
  llvm::LLVMContext llvmContext;
  std::unique_ptr<llvm::TargetMachine> machine;
};

TEST_F(CodeGenTest, WidestRegistersAreUsed) {
  auto assemblyFor = [&](llvm::StringRef target) {
    std::unique_ptr<llvm::Module> module = compile(kAdd, target);
    return llvm::cantFail(emitAssembly(*module, *machine));
  };
  std::string v4 = assemblyFor("x86-64-v4");
  EXPECT_NE(v4.find("%zmm"), std::string::npos) << v4;
  std::string v3 = assemblyFor("x86-64-v3");
  EXPECT_NE(v3.find("%ymm"), std::string::npos) << v3;
  EXPECT_EQ(v3.find("%zmm"), std::string::npos) << v3;
  std::string v1 = assemblyFor("x86-64");
  EXPECT_EQ(v1.find("%ymm"), std::string::npos) << v1;
}

TEST_F(CodeGenTest, TripleAndLayoutAreSet) {
  std::unique_ptr<llvm::Module> module = compile(kAdd, "x86-64-v3");
  std::string text = printModule(*module);
  EXPECT_NE(text.find("target triple = \"x86_64-unknown-linux-gnu\""),
            std::string::npos);
  EXPECT_NE(text.find("target datalayout"), std::string::npos);
  EXPECT_NE(text.find("\"target-cpu\"=\"x86-64-v3\""), std::string::npos);
}

TEST_F(CodeGenTest, OnlyPublicFunctionsAreExported) {
  llvm::SmallVector<char, 0> object = compileObject(kAdd, "x86-64");
  llvm::SmallVector<char, 0> library =
      llvm::cantFail(linkSharedLibrary(ref(object), "libtwice.so"));
  std::unique_ptr<llvm::object::ObjectFile> file =
      llvm::cantFail(llvm::object::ObjectFile::createObjectFile(ref(library)));
  std::vector<std::string> names;
  for (llvm::object::ELFSymbolRef symbol :
       llvm::cast<llvm::object::ELFObjectFileBase>(file.get())
           ->getDynamicSymbolIterators()) {
    llvm::StringRef name = llvm::cantFail(symbol.getName());
    if (!name.empty())
      names.push_back(name.str());
  }
  EXPECT_EQ(names, std::vector<std::string>{"twice"});
}

TEST_F(CodeGenTest, OtherArchitectures) {
  std::tuple<const char *, llvm::Triple::ArchType, const char *> targets[] = {
      {"aarch64", llvm::Triple::aarch64, "fadd\tv"},
      {"riscv64", llvm::Triple::riscv64, "fadd.s"},
      {"riscv64,v", llvm::Triple::riscv64, "vfadd.vv"}};
  for (auto [target, architecture, instruction] : targets) {
    std::unique_ptr<llvm::Module> module = compile(kAdd, target);
    std::string assembly = llvm::cantFail(emitAssembly(*module, *machine));
    EXPECT_NE(assembly.find(instruction), std::string::npos) << assembly;
    llvm::SmallVector<char, 0> object =
        llvm::cantFail(emitObject(*module, *machine));
    llvm::SmallVector<char, 0> library =
        llvm::cantFail(linkSharedLibrary(ref(object), "libtwice.so"));
    std::unique_ptr<llvm::object::ObjectFile> file = llvm::cantFail(
        llvm::object::ObjectFile::createObjectFile(ref(library)));
    EXPECT_EQ(file->getArch(), architecture);
    // EF_RISCV_FLOAT_ABI_DOUBLE: what distributions for riscv64 link with.
    if (architecture == llvm::Triple::riscv64)
      EXPECT_EQ(llvm::cast<llvm::object::ELFObjectFileBase>(file.get())
                        ->getPlatformFlags() &
                    6,
                4u);
  }
}

TEST_F(CodeGenTest, LibraryLoadsAndRunsRepeatedly) {
  // Several links in one process: lld must be able to run again.
  for (int round = 0; round < 3; ++round) {
    llvm::SmallVector<char, 0> object = compileObject(kAdd, "x86-64");
    llvm::Expected<llvm::SmallVector<char, 0>> library =
        linkSharedLibrary(ref(object), "libtwice.so");
    ASSERT_TRUE(static_cast<bool>(library))
        << llvm::toString(library.takeError());
    llvm::SmallString<64> folder;
    ASSERT_FALSE(llvm::sys::fs::createUniqueDirectory("codegen-test", folder));
    std::string path = (folder + "/libtwice.so").str();
    llvm::Error error = writeOutputFiles({{path, *library, true}});
    ASSERT_FALSE(static_cast<bool>(error));

    void *handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    ASSERT_NE(handle, nullptr) << dlerror();
    auto *twice = reinterpret_cast<int (*)(float *)>(dlsym(handle, "twice"));
    ASSERT_NE(twice, nullptr);
    float values[16];
    for (int i = 0; i < 16; ++i)
      values[i] = static_cast<float>(i + 1);
    EXPECT_EQ(twice(values), 4);
    EXPECT_EQ(values[15], 32.0f);
    dlclose(handle);
    llvm::sys::fs::remove_directories(folder);
  }
}

TEST_F(CodeGenTest, ArchiveHoldsTheObject) {
  llvm::SmallVector<char, 0> object = compileObject(kAdd, "x86-64");
  llvm::SmallVector<char, 0> bytes =
      llvm::cantFail(makeStaticArchive(ref(object), "twice.o"));
  std::unique_ptr<llvm::object::Archive> archive =
      llvm::cantFail(llvm::object::Archive::create(ref(bytes)));
  EXPECT_TRUE(archive->hasSymbolTable());
  llvm::Expected<std::optional<llvm::object::Archive::Child>> child =
      archive->findSym("twice");
  ASSERT_TRUE(child && *child);
  EXPECT_EQ(llvm::cantFail((*child)->getName()), "twice.o");
  EXPECT_EQ(llvm::cantFail((*child)->getBuffer()).size(), object.size());
}

TEST_F(CodeGenTest, CallsOutsideTheListAreRefused) {
  llvm::SmallVector<char, 0> object = compileObject(R"mlir(
    module {
      llvm.func @expf(f32) -> f32
      llvm.func @malloc(i64) -> !llvm.ptr
      llvm.func extern_weak @optional() -> i32
      llvm.func @kernel(%x: f32) -> f32 {
        %size = llvm.mlir.constant(8 : i64) : i64
        %p = llvm.call @malloc(%size) : (i64) -> !llvm.ptr
        llvm.store volatile %x, %p : f32, !llvm.ptr
        %i = llvm.call @optional() : () -> i32
        %y = llvm.call @expf(%x) : (f32) -> f32
        llvm.return %y : f32
      }
    })mlir",
                                                    "x86-64");
  std::string message = llvm::toString(checkUndefinedSymbols(ref(object)));
  EXPECT_NE(message.find("calls expf, but"), std::string::npos) << message;

  object = compileObject(kAdd, "x86-64");
  EXPECT_EQ(llvm::toString(checkUndefinedSymbols(ref(object))), "");
}

TEST_F(CodeGenTest, WhatIsNotLLVMDialectIsAnError) {
  OwningOpRef<ModuleOp> module = parseSourceString<ModuleOp>(
      "module { llvm.func @f() { %0 = builtin.unrealized_conversion_cast to "
      "i32\n llvm.return } }",
      ParserConfig(&mlirContext));
  ASSERT_TRUE(module);
  TargetDescription target = llvm::cantFail(parseTarget("x86-64"));
  machine = llvm::cantFail(createTargetMachine(target));
  std::string diagnostic;
  ScopedDiagnosticHandler handler(
      &mlirContext, [&](Diagnostic &message) { diagnostic += message.str(); });
  llvm::Expected<std::unique_ptr<llvm::Module>> result =
      translateAndOptimize(*module, llvmContext, target, *machine);
  ASSERT_FALSE(static_cast<bool>(result));
  llvm::consumeError(result.takeError());
  EXPECT_NE(diagnostic.find("unrealized_conversion_cast"), std::string::npos);
}

TEST_F(CodeGenTest, GarbageIsNoObject) {
  llvm::SmallVector<char, 0> garbage;
  garbage.assign(100, 'x');
  EXPECT_NE(llvm::toString(checkUndefinedSymbols(ref(garbage))), "");
  llvm::Expected<llvm::SmallVector<char, 0>> library =
      linkSharedLibrary(ref(garbage), "libgarbage.so");
  ASSERT_FALSE(static_cast<bool>(library));
  std::string message = llvm::toString(library.takeError());
  EXPECT_NE(message.find("the linker failed"), std::string::npos) << message;
}

} // namespace
