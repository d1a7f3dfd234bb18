// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "softmax/Target/CodeObject.h"

#include "softmax/Target/Link.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/ROCDLDialect.h"
#include "mlir/IR/Builders.h"
#include "mlir/Target/LLVM/ROCDL/Utils.h"

#include "llvm/Support/TargetSelect.h"

#include <mutex>

using namespace mlir;
using namespace mlir::softmax;

static void initializeAMDGPU() {
  static std::once_flag once;
  std::call_once(once, [] {
    LLVMInitializeAMDGPUTargetInfo();
    LLVMInitializeAMDGPUTarget();
    LLVMInitializeAMDGPUTargetMC();
    LLVMInitializeAMDGPUAsmParser();
    LLVMInitializeAMDGPUAsmPrinter();
  });
}

FailureOr<SmallVector<char, 0>>
mlir::softmax::makeCodeObject(StringRef isa, const GPUDescription &chip,
                              Location loc) {
  initializeAMDGPU();
  FailureOr<SmallVector<char, 0>> object =
      ROCDL::assembleIsa(isa, amdTriple, chip.name, chip.features,
                         [&]() { return emitError(loc); });
  if (failed(object))
    return failure();
  // The assembler has said why.
  if (StringRef(object->data(), object->size()).take_front(4) != "\177ELF")
    return emitError(loc, "gpu.binary holds no assembly that LLVM takes for ")
           << chip.name;
  llvm::Expected<SmallVector<char, 0>> linked = linkCodeObject(
      llvm::MemoryBufferRef(StringRef(object->data(), object->size()),
                            "device code for " + chip.name));
  if (!linked)
    return emitError(loc, llvm::toString(linked.takeError()));
  return std::move(*linked);
}

FailureOr<SmallVector<KernelResources, 0>>
mlir::softmax::readKernelResources(ArrayRef<char> codeObject, Location loc) {
  Builder builder(loc.getContext());
  std::optional<DenseMap<StringAttr, NamedAttrList>> metadata =
      ROCDL::getAMDHSAKernelsELFMetadata(builder, codeObject);
  if (!metadata)
    return emitError(loc, "the code object has no metadata of its kernels");
  SmallVector<KernelResources, 0> kernels;
  for (auto &[name, attributes] : *metadata) {
    auto number = [&, &list = attributes](StringRef key) -> unsigned {
      auto value = dyn_cast_or_null<IntegerAttr>(list.get(key));
      return value ? static_cast<unsigned>(value.getInt()) : 0;
    };
    KernelResources kernel;
    kernel.name = name.str();
    kernel.waveSize = number("wavefront_size");
    kernel.vgprs = number("vgpr_count");
    kernel.agprs = number("agpr_count");
    kernel.sgprs = number("sgpr_count");
    kernel.vgprSpills = number("vgpr_spill_count");
    kernel.sgprSpills = number("sgpr_spill_count");
    kernel.scratchBytes = number("private_segment_fixed_size");
    kernel.ldsBytes = number("group_segment_fixed_size");
    kernel.threads = number("max_flat_workgroup_size");
    kernels.push_back(std::move(kernel));
  }
  llvm::sort(kernels, [](const KernelResources &x, const KernelResources &y) {
    return x.name < y.name;
  });
  return kernels;
}
