// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "softmax/Target/LibraryText.h"
#include "softmax/Target/Versions.h"

#include "softmax/Dialect/IR/Softmax.h"
#include "softmax/Target/CNames.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "llvm/Support/JSON.h"

#include "gtest/gtest.h"

using namespace mlir;
using namespace mlir::softmax;

namespace {

constexpr llvm::StringLiteral source = R"mlir(
func.func @attention(%x: memref<?x?xf16>, %s: f32, %m: memref<?x?xi8>,
                     %p: memref<?x?xf16>, %l: memref<?xf32>) attributes {
  softmax.kernel = {
    single_op = true, op = "softmax", workspace = "4 * s1 + at most 128",
    ops = [{dimensions = array<i64: 1>,
            statistics = [#softmax.max_sumexp<masked_row = zero>],
            schedule = #softmax.schedule<
              numeric = <exp = scaled, fma = true, group = 64, block = 4096>,
              alternatives = [<layout = row, max_columns = 32, strategy = registers, lanes = 8, vectors = 4, staging = recompute, tail = masked>,
                              <layout = any, strategy = packed, lanes = 8, vectors = 4, staging = scratch, tail = pieces>]>}],
    operands = [
      {name = "logits", kind = "input", type = tensor<?x?xf16>, shape = ["s0", "s1"]},
      {name = "double", kind = "scalar", type = f32},
      {name = "a*/b", kind = "input", type = tensor<?x?xi1>, shape = ["s0", "s1"]},
      {name = "probabilities", kind = "output", type = tensor<?x?xf16>, shape = ["s0", "s1"]},
      {name = "lse", kind = "output", type = tensor<?xf32>, shape = ["s0"]}]}} {
  return
}
func.func @model(%x: memref<2x10xf64>, %begin: i64, %y: memref<2x10xf64>) attributes {
  softmax.kernel = {
    single_op = false, op = "function", operands = [
      {name = "arg0", kind = "input", type = tensor<2x10xf64>, shape = [2, 10]},
      {name = "begin", kind = "scalar", type = i64},
      {name = "result0", kind = "output", type = tensor<2x10xf64>, shape = [2, 10]}]}} {
  return
}
)mlir";

class LibraryText : public ::testing::Test {
protected:
  void SetUp() override {
    context.loadDialect<func::FuncDialect, SoftmaxDialect>();
    module = parseSourceString<ModuleOp>(source, &context);
    ASSERT_TRUE(module);
    FailureOr<SmallVector<KernelInfo, 0>> found = collectKernelInfo(*module);
    ASSERT_TRUE(succeeded(found));
    kernels = std::move(*found);
    library.targets = llvm::cantFail(parseTargets("x86-64-v3"));
  }

  MLIRContext context;
  OwningOpRef<ModuleOp> module;
  SmallVector<KernelInfo, 0> kernels;
  LibraryInfo library;
};

TEST_F(LibraryText, ReadsTheMetadata) {
  ASSERT_EQ(kernels.size(), 2u);
  const KernelInfo &kernel = kernels[0];
  EXPECT_EQ(kernel.name, "attention");
  EXPECT_TRUE(kernel.singleOp);
  ASSERT_EQ(kernel.operands.size(), 5u);
  EXPECT_EQ(kernel.operands[2].elementBytes(), 1);
  EXPECT_EQ(kernel.operands[2].dlpackType()->code, 6);
  EXPECT_EQ(kernel.operands[2].dlpackType()->bits, 8);
  EXPECT_TRUE(kernel.mayRunInPlace(0, 3));
  // Another element size, another shape, not an input.
  EXPECT_FALSE(kernel.mayRunInPlace(2, 3));
  EXPECT_FALSE(kernel.mayRunInPlace(0, 4));
  EXPECT_FALSE(kernel.mayRunInPlace(3, 4));
  EXPECT_FALSE(kernels[1].mayRunInPlace(0, 2));
  ASSERT_EQ(kernel.ops.size(), 1u);
  EXPECT_EQ(kernel.ops[0].strategies,
            (SmallVector<std::string>{"registers", "packed"}));
}

TEST_F(LibraryText, HeaderDeclaresEveryEntry) {
  std::string text = emitHeader(kernels, library, "my-kernels.h");
  StringRef header = text;
  EXPECT_TRUE(header.contains("#ifndef SOFTMAX_KERNELS_MY_KERNELS_H_"));
  // Names of parameters are legal and distinct, whatever the operands' are.
  StringRef parameters =
      "(const DLTensor *logits, double double_, const DLTensor *a__b, "
      "DLTensor *probabilities, DLTensor *lse";
  for (StringRef function :
       {"int32_t attention", "int64_t attention_units",
        "size_t attention_workspace_size", "int32_t attention_range"})
    EXPECT_TRUE(header.contains((function + parameters).str()))
        << function.str();
  EXPECT_TRUE(header.contains(
      "DLTensor *lse, int64_t begin, int64_t end, void *workspace);"));
  EXPECT_TRUE(header.contains("int32_t model(const DLTensor *arg0, int64_t "
                              "begin_, DLTensor *result0);"));
  // Status names and numbers are part of the interface.
  EXPECT_TRUE(header.contains("SOFTMAX_UNSUPPORTED_STRIDES = 6,"));
  EXPECT_TRUE(header.contains("SOFTMAX_LABEL_OUT_OF_RANGE = 8,\n"));
  EXPECT_TRUE(header.contains("SOFTMAX_NO_CPU_VERSION = 9\n};"));
  // The rules that a caller of status 6 has to look up.
  EXPECT_TRUE(header.contains("An output's strides must nest: "));
  EXPECT_TRUE(header.contains("from its first\n * element to its last"));
  EXPECT_TRUE(header.contains("requires x86-64-v3 (AVX2, FMA, F16C and BMI2); "
                              "on other CPUs kernels return status 9.\n"));
  EXPECT_TRUE(header.contains("attention: softmax over dimension 1\n"));
  EXPECT_TRUE(header.contains("probabilities may be the buffer of logits."));
  EXPECT_TRUE(header.contains("Accuracy of probabilities: 1 ULP."));
  EXPECT_TRUE(header.contains("Workspace: 4 * s1 + at most 128 bytes."));
}

TEST_F(LibraryText, GuardsDifferByKernels) {
  auto guard = [&](ArrayRef<KernelInfo> which, StringRef name) {
    std::string text = emitHeader(which, library, name);
    return StringRef(text).split("#ifndef ").second.split('\n').first.str();
  };
  // Headers of one name, in two folders, are included together.
  ArrayRef<KernelInfo> all = kernels;
  EXPECT_EQ(guard(all, "kernels.h"), guard(all, "kernels.h"));
  EXPECT_NE(guard(all, "kernels.h"), guard(all.take_front(), "kernels.h"));
  EXPECT_NE(guard(all.take_back(), "kernels.h"),
            guard(all.take_front(), "kernels.h"));
  EXPECT_NE(guard(all, "kernels.h"), guard(all, "others.h"));
}

TEST_F(LibraryText, ManifestIsJson) {
  llvm::Expected<llvm::json::Value> parsed =
      llvm::json::parse(emitManifest(kernels, library));
  ASSERT_TRUE(bool(parsed)) << llvm::toString(parsed.takeError());
  const llvm::json::Array *list = parsed->getAsObject()->getArray("kernels");
  ASSERT_TRUE(list);
  ASSERT_EQ(list->size(), 2u);
  const llvm::json::Object &kernel = *(*list)[0].getAsObject();
  EXPECT_EQ(kernel.getString("name"), "attention");
  EXPECT_EQ(kernel.getString("workspace_bytes"), "4 * s1 + at most 128");
  const llvm::json::Object &mask =
      *(*kernel.getArray("operands"))[2].getAsObject();
  EXPECT_EQ(mask.getString("type"), "bool");
  EXPECT_EQ((*mask.getArray("shape"))[1].getAsString(), "s1");
  EXPECT_EQ(kernel.getObject("special_values")->getString("masked_row"),
            "zero");
  EXPECT_EQ(kernel.getObject("accuracy")->getString("mode"), "default");
  EXPECT_EQ(kernel.getObject("target")->getString("cpu"), "x86-64-v3");
  EXPECT_FALSE(kernel.getObject("versions")->getString("llvm")->empty());
  const llvm::json::Object &schedule =
      *(*kernel.getArray("schedule"))[0].getAsObject();
  EXPECT_EQ((*schedule.getArray("strategies"))[0].getAsString(), "registers");
  EXPECT_TRUE(schedule.getString("schedule")->contains("group = 64"));
  const llvm::json::Object &model = *(*list)[1].getAsObject();
  EXPECT_EQ(
      (*(*model.getArray("operands"))[0].getAsObject()->getArray("shape"))[1]
          .getAsInteger(),
      10);
}

TEST_F(LibraryText, SeveralVersions) {
  library.targets = llvm::cantFail(parseTargets("x86-64-v4,x86-64"));
  SmallVector<KernelInfo, 0> other = kernels;
  other[0].workspace = "64";
  other[0].ops[0].strategies = {"packed"};
  SmallVector<KernelInfo, 0> combined = combineVersions({kernels, other});
  std::string header = emitHeader(combined, library, "kernels.h");
  EXPECT_TRUE(StringRef(header).contains(
      "for x86-64-v4,x86-64: requires x86-64 (SSE2).\n * The best version that "
      "the CPU runs is picked"))
      << header;
  EXPECT_TRUE(StringRef(header).contains(
      "Workspace: x86-64-v4: 4 * s1 + at most 128; x86-64: 64 bytes."));
  llvm::json::Value parsed =
      llvm::cantFail(llvm::json::parse(emitManifest(combined, library)));
  const llvm::json::Object &manifest = *parsed.getAsObject();
  const llvm::json::Object &target = *manifest.getObject("target");
  EXPECT_EQ(target.getString("name"), "x86-64-v4,x86-64");
  EXPECT_EQ((*target.getArray("versions"))[1].getAsObject()->getString("cpu"),
            "x86-64");
  EXPECT_FALSE(target.getString("cpu"));
  const llvm::json::Array &schedules =
      *(*manifest.getArray("kernels"))[0].getAsObject()->getArray("schedule");
  ASSERT_EQ(schedules.size(), 2u);
  for (auto [i, name, strategy] :
       {std::tuple(0, "x86-64-v4", "registers"), {1, "x86-64", "packed"}}) {
    const llvm::json::Object &schedule = *schedules[i].getAsObject();
    EXPECT_EQ(schedule.getString("target"), name);
    EXPECT_EQ((*schedule.getArray("strategies"))[0].getAsString(), strategy);
  }
  // One that no older CPU runs.
  library.targets = llvm::cantFail(parseTargets("x86-64-v4,x86-64-v3"));
  EXPECT_NE(describeRequirement(library).find("status 9"), std::string::npos);
  library.targets = llvm::cantFail(parseTargets("riscv64,v"));
  EXPECT_EQ(describeRequirement(library),
            "requires riscv64,v (RV64GC and V 1.0)");
}

TEST_F(LibraryText, AccuracyFollowsOpAndType) {
  EXPECT_EQ(describeAccuracy(kernels[0], 3, "default"), "1 ULP");
  EXPECT_NE(describeAccuracy(kernels[0], 4, "default").find("half an ULP"),
            std::string::npos);
  kernels[0].operands[3].elementType = Float32Type::get(&context);
  EXPECT_EQ(describeAccuracy(kernels[0], 3, "default"),
            "(4 + 1.25 |x - m|) ULP");
  kernels[0].op = "log_softmax";
  EXPECT_NE(describeAccuracy(kernels[0], 3, "default").find("2^-24"),
            std::string::npos);
  kernels[0].operands[3].elementType = Float64Type::get(&context);
  EXPECT_NE(describeAccuracy(kernels[0], 3, "default").find("2^-53"),
            std::string::npos);
  EXPECT_NE(describeAccuracy(kernels[1], 2, "default").find("every softmax"),
            std::string::npos);
}

// C-INF-1, C-INF-2, C-INF-3.
TEST_F(LibraryText, SpecialValuesFollowTheOp) {
  auto policy = [&](StringRef key) {
    llvm::json::Value parsed =
        llvm::cantFail(llvm::json::parse(emitManifest(kernels, library)));
    const llvm::json::Object &kernel =
        *(*parsed.getAsObject()->getArray("kernels"))[0].getAsObject();
    return kernel.getObject("special_values")
        ->getString(key)
        .value_or("none")
        .str();
  };
  EXPECT_EQ(policy("some_negative_infinity"), "exactly 0 there");
  EXPECT_EQ(policy("all_negative_infinity"),
            "every element of the row is 0; lse is -inf");
  EXPECT_EQ(policy("positive_infinity"),
            "every element of the row is NaN; lse is +inf");
  kernels[0].op = "log_softmax";
  EXPECT_EQ(policy("some_negative_infinity"), "exactly -inf there");
  EXPECT_EQ(policy("all_negative_infinity"),
            "every element of the row is -inf; lse is -inf");
  kernels[0].op = "logsumexp";
  EXPECT_EQ(policy("some_negative_infinity"), "adds nothing to lse");
  EXPECT_EQ(policy("positive_infinity"), "lse of the row is +inf");
  kernels[0].op = "function";
  EXPECT_EQ(policy("some_negative_infinity"), "none");
  EXPECT_EQ(policy("rule"),
            "that of every softmax operation in it (docs/Spec.md)");
}

TEST(CNames, Identifiers) {
  EXPECT_TRUE(isCIdentifier("softmax_1"));
  for (StringRef name : {"", "1x", "a-b", "a.b", "ä"})
    EXPECT_FALSE(isCIdentifier(name)) << name.str();
  for (StringRef name :
       {// Keywords.
        "double", "template", "restrict", "concept", "requires", "co_await",
        "constinit", "char8_t", "typeof", "_Bool",
        // What the headers define.
        "SOFTMAX_OK", "SOFTMAX_ANYTHING", "softmax_status",
        "softmax_status_string", "kDLCPU", "kDLFloat", "DLTensor", "DLDevice",
        "DLPACK_VERSION", "TVMFFIErrorSetRaisedFromCStr", "uint8_t",
        "ptrdiff_t", "max_align_t", "INT64_MAX", "UINT_LEAST8_MAX", "UINT16_C",
        "SIZE_MAX", "WINT_MIN", "offsetof", "unreachable", "NULL", "std",
        "linux", "unix", "main",
        // The C library, by the compilers' knowledge of it.
        "malloc", "memmove", "printf", "exp", "expf", "expl", "sqrtf128",
        "lgammaf_r", "cexp", "csqrtf", "creall", "fputc_unlocked", "strlen",
        "abort", "isnanf", "j0", "index", "signbitd32"})
    EXPECT_TRUE(isReservedCName(name)) << name.str();
  for (StringRef name :
       {"softmax", "log_softmax", "logsumexp", "rows",          "logits",
        "scale",   "bias",        "mask",      "probabilities", "lse",
        "f",       "attention",   "INT8_ROWS", "DLrows",        "kd",
        "topk",    "stride",      "total",     "print_t_",      "workspace"})
    EXPECT_FALSE(isReservedCName(name)) << name.str();
  EXPECT_EQ(toCIdentifier("1.x-y"), "_1_x_y");
}

} // namespace
