// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// What header and manifest both say.

#include "softmax/Target/LibraryText.h"
#include "softmax/Target/Versions.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace mlir::softmax;

StringRef softmax::getProjectVersion() { return SOFTMAX_VERSION_STRING; }

std::string softmax::describeRequirement(const TargetDescription &target) {
  StringRef extensions = llvm::StringSwitch<StringRef>(target.name)
                             .Case("x86-64", "SSE2")
                             .Case("x86-64-v2", "SSE4.2 and POPCNT")
                             .Case("x86-64-v3", "AVX2, FMA, F16C and BMI2")
                             .Case("x86-64-v4", "AVX-512 F, BW, CD, DQ and VL")
                             .Case("aarch64", "NEON")
                             .Case("aarch64,bf16", "NEON and BF16")
                             .Case("aarch64,sve", "NEON and SVE")
                             .Case("aarch64,sve,bf16", "NEON, SVE and BF16")
                             .Case("riscv64", "RV64GC")
                             .Case("riscv64,v", "RV64GC and V 1.0")
                             .Default("");
  if (extensions.empty())
    return "requires the CPU it was compiled on (" + target.cpu +
           ") or one with the same extensions";
  return ("requires " + target.name + " (" + extensions + ")").str();
}

std::string softmax::describeTargetNames(const LibraryInfo &library) {
  return llvm::join(llvm::map_range(library.targets,
                                    [](const TargetDescription &target) {
                                      return target.name;
                                    }),
                    ",");
}

std::string softmax::describeRequirement(const LibraryInfo &library) {
  // The last one asks for the least.
  std::string text = describeRequirement(library.targets.back());
  if (dependsOnCpu(library.targets) && !library.targets.back().required.empty())
    text += "; on other CPUs kernels return status 9";
  return text;
}

std::string softmax::describeWorkspace(const KernelInfo &kernel,
                                       const LibraryInfo &library) {
  if (llvm::all_of(kernel.versions, [&](const KernelVersionInfo &version) {
        return version.workspace == kernel.workspace;
      }))
    return kernel.workspace;
  std::string text;
  for (auto [version, target] :
       llvm::zip_equal(kernel.versions, library.targets))
    text += (text.empty() ? "" : "; ") + target.name + ": " + version.workspace;
  return text;
}

/// Whether any floating operand is f64, and so all computation (C-TYPE-2).
static bool computesInF64(const KernelInfo &kernel) {
  return llvm::any_of(kernel.operands, [](const KernelOperand &operand) {
    return operand.elementType.isF64();
  });
}

std::string softmax::describeAccuracy(const KernelInfo &kernel, unsigned output,
                                      StringRef accuracy) {
  const KernelOperand &operand = kernel.operands[output];
  // Bounds of docs/Numerics.md.
  if (StringRef(kernel.op).ends_with("softmax_backward"))
    return std::string("absolute error at most ") +
           (kernel.op == "softmax_backward"
                ? "10 eps |scale y| sum |dy y|"
                : "12 eps |scale| exp(y) sum |dy|") +
           " plus 2 ULP, eps = " + (computesInF64(kernel) ? "2^-53" : "2^-24");
  if (kernel.op == "cross_entropy" && operand.name == "loss")
    return std::string("absolute error at most 10 eps max(1, |x - m|, log N), "
                       "x the logit of the class, eps = ") +
           (computesInF64(kernel) ? "2^-53" : "2^-24") +
           (accuracy == "fast" && !computesInF64(kernel) ? ", plus 2^-13"
                                                         : "") +
           (accuracy != "strict"    ? ""
            : computesInF64(kernel) ? ", and at most 8 ULP"
                                    : ", and at most 4 ULP") +
           "; smoothed or for probabilities that of docs/Numerics.md";
  if (kernel.op == "cross_entropy_backward")
    return std::string("absolute error at most eps |grad_loss| (p (2 + |x - "
                       "lse|) + 4 target) plus 2 ULP, p = exp(x - lse), eps "
                       "= ") +
           (computesInF64(kernel) ? "2^-53" : "2^-24");
  if (kernel.op != "cross_entropy" && kernel.op != "softmax" &&
      kernel.op != "log_softmax" && kernel.op != "logsumexp")
    return "that of every softmax operation in it; other operations add "
           "their own rounding";
  // Bounds of docs/Spec.md.  f64 has the default alone.
  bool isNarrow = operand.elementType.isF16() || operand.elementType.isBF16();
  bool isWide = computesInF64(kernel);
  bool isFast = accuracy == "fast" && !isWide;
  bool isStrict = accuracy == "strict" && !isWide;
  std::string epsilon = isWide ? "2^-53" : "2^-24";
  std::string more = isFast ? " plus 2^-13" : "";
  unsigned first = 0;
  while (kernel.operands[first].kind != KernelOperand::Kind::Output)
    ++first;
  bool isLse = kernel.op == "logsumexp" || kernel.op == "cross_entropy" ||
               output != first;
  if (isLse)
    return "half an ULP plus 4 eps max(1, log N)" + more + ", eps = " + epsilon;
  if (kernel.op == "log_softmax")
    return "absolute error at most 4 eps max(1, |x - m|, log N)" + more +
           ", eps = " + epsilon + (isNarrow ? ", or 1 ULP" : "");
  if (isNarrow)
    return "1 ULP";
  return isStrict ? "2 ULP"
         : isFast ? "2^-13 relative, or 1 ULP"
                  : "(4 + 1.25 |x - m|) ULP";
}
