// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "Explain.h"

#include "softmax/Dialect/IR/Softmax.h"
#include "softmax/Dialect/Transforms/Schedule.h"
#include "softmax/Target/CodeObject.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Interfaces/LoopLikeInterface.h"

#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace mlir::softmax;

namespace {

void explainTarget(const TargetDescription &target, llvm::raw_ostream &os) {
  os << "target " << target.name;
  if (target.cpu != target.name)
    os << " (" << target.cpu << ")";
  os << ": ";
  if (target.vectors)
    os << target.vectorRegisters << " vector registers of " << target.vectorBits
       << (target.scalable ? " bits or more, " : " bits, ");
  else
    os << "no vector registers: scalar code, ";
  os << (target.fma ? "fused" : "no fused") << " multiply-add, caches of "
     << target.l1Bytes / 1024 << " KiB, " << target.l2Bytes / 1024
     << " KiB and " << target.l3Bytes / 1024 << " KiB\n";
}

/// The loops that linalg ops and copies have become, counted at the outermost.
unsigned countLoopNests(func::FuncOp function) {
  unsigned count = 0;
  function.walk<WalkOrder::PreOrder>([&](LoopLikeOpInterface) {
    ++count;
    return WalkResult::skip();
  });
  return count;
}

/// The public functions of `module`; `explainOp` tells of one of their ops.
void explainKernels(ModuleOp module, llvm::raw_ostream &os,
                    function_ref<void(GenericOp)> explainOp) {
  for (func::FuncOp function : module.getOps<func::FuncOp>()) {
    if (!function.isPublic() || function.isExternal())
      continue;
    os << "kernel " << function.getSymName() << ":\n";
    bool scalar = true;
    function.walk([&](GenericOp op) {
      scalar = false;
      os << " softmax.generic over dimensions [";
      llvm::interleaveComma(op.getDimensions(), os);
      os << "]\n";
      explainOp(op);
    });
    if (scalar)
      os << "  no softmax op; scalar\n";
    else if (unsigned loops = countLoopNests(function))
      os << " " << loops << (loops == 1 ? " loop nest" : " loop nests")
         << " of other operations: scalar, left to LLVM\n";
  }
}

} // namespace

std::string mlir::softmax::explain(ModuleOp module,
                                   const TargetDescription &target) {
  std::string text;
  llvm::raw_string_ostream os(text);
  explainTarget(target, os);
  explainKernels(module, os,
                 [&](GenericOp op) { explainSchedule(op, target, os); });
  return text;
}

std::string mlir::softmax::explain(ModuleOp module,
                                   const GPUDescription &chip) {
  std::string text;
  llvm::raw_string_ostream os(text);
  os << "target " << chip.targetName() << ": " << chip.multiprocessors
     << (chip.kind == GPUKind::AMD ? " compute units of "
                                   : " multiprocessors of ")
     << chip.registers << " registers, ";
  if (chip.warpSize != 32)
    os << (chip.kind == GPUKind::AMD ? "wavefronts of " : "subgroups of ")
       << chip.warpSize << " threads, ";
  os << "accesses of " << chip.accessBytes << " bytes, "
     << llvm::format("%.0f", chip.bandwidth / 1e9)
     << " GB/s (of the largest such chip)\n";
  explainKernels(module, os,
                 [&](GenericOp op) { explainGPUSchedule(op, chip, os); });
  return text;
}

std::string mlir::softmax::explainResources(ArrayRef<KernelResources> kernels,
                                            const GPUDescription &chip) {
  std::string text;
  llvm::raw_string_ostream os(text);
  os << "machine code (of " << getMostWavesPerSIMD(chip)
     << " wavefronts per SIMD at most):\n";
  for (const KernelResources &kernel : kernels)
    os << "  " << kernel.name << ": " << kernel.vgprs << " VGPRs, "
       << kernel.sgprs << " SGPRs, " << kernel.scratchBytes
       << " bytes of scratch, " << kernel.ldsBytes << " bytes of LDS, "
       << getWavesPerSIMD(kernel, chip) << " wavefronts per SIMD\n";
  return text;
}
