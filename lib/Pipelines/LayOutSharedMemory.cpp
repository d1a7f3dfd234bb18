// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "softmax/Pipelines/Pipelines.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"

namespace mlir::softmax {
#define GEN_PASS_DEF_SOFTMAXLAYOUTSHAREDMEMORYPASS
#include "softmax/Pipelines/Passes.h.inc"
} // namespace mlir::softmax

using namespace mlir;

/// Of shared memory, for NVIDIA and AMD.
static constexpr unsigned sharedAddressSpace = 3;
/// Of a vector access, at most.
static constexpr uint64_t accessBytes = 16;

namespace {
class SoftmaxLayOutSharedMemoryPass
    : public softmax::impl::SoftmaxLayOutSharedMemoryPassBase<
          SoftmaxLayOutSharedMemoryPass> {
  void runOnOperation() override {
    DataLayout layout(getOperation());
    for (auto variable : getOperation().getBody()->getOps<LLVM::GlobalOp>()) {
      if (variable.getAddrSpace() != sharedAddressSpace)
        continue;
      // Dynamic shared memory has no size.  As a variable of the kernel's own
      // it would be one of a byte, and lie among the others.
      auto array = dyn_cast<LLVM::LLVMArrayType>(variable.getGlobalType());
      if (array && array.getNumElements() == 0) {
        variable.setLinkage(LLVM::Linkage::External);
        continue;
      }
      // The optimizer takes variables of 16 bytes and more to be aligned to 16
      // (llvm::DataLayout::getPreferredAlign) and makes vector accesses of
      // them; the printer of PTX aligns them to their elements if nothing says
      // otherwise, and an access that is not aligned is a fault.
      if (!variable.getAlignment() &&
          layout.getTypeSize(variable.getGlobalType()) >= accessBytes) {
        variable.setAlignment(accessBytes);
        ++numAligned;
      }
    }
  }
};
} // namespace
