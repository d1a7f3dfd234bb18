// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// softmax-link-code-objects.
#include "softmax/Target/CodeObject.h"
#include "softmax/Target/Passes.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/ROCDLDialect.h"

namespace mlir::softmax {
#define GEN_PASS_DEF_LINKCODEOBJECTSPASS
#include "softmax/Target/Passes.h.inc"
} // namespace mlir::softmax

using namespace mlir;
using namespace mlir::softmax;

namespace {
class LinkCodeObjectsPass
    : public mlir::softmax::impl::LinkCodeObjectsPassBase<LinkCodeObjectsPass> {
  void runOnOperation() override {
    for (auto binary : getOperation().getOps<gpu::BinaryOp>()) {
      SmallVector<Attribute> objects;
      for (Attribute attribute : binary.getObjects()) {
        FailureOr<Attribute> linked = link(attribute, binary.getLoc());
        if (failed(linked))
          return signalPassFailure();
        objects.push_back(*linked);
      }
      binary.setObjectsAttr(ArrayAttr::get(&getContext(), objects));
    }
  }

  /// What is not AMD's assembly stays.
  FailureOr<Attribute> link(Attribute attribute, Location loc) {
    auto object = dyn_cast<gpu::ObjectAttr>(attribute);
    auto target = object ? dyn_cast<ROCDL::ROCDLTargetAttr>(object.getTarget())
                         : ROCDL::ROCDLTargetAttr();
    if (!target || object.getFormat() != gpu::CompilationTarget::Assembly)
      return attribute;
    llvm::Expected<GPUDescription> chip =
        parseGPU(target.getChip(), GPUKind::AMD);
    if (!chip)
      return emitError(loc, llvm::toString(chip.takeError()));
    FailureOr<SmallVector<char, 0>> code =
        makeCodeObject(object.getObject().getValue().rtrim('\0'), *chip, loc);
    if (failed(code))
      return failure();
    ++numLinked;
    return Attribute(gpu::ObjectAttr::get(
        &getContext(), object.getTarget(), gpu::CompilationTarget::Binary,
        StringAttr::get(&getContext(), StringRef(code->data(), code->size())),
        object.getProperties(), object.getKernels()));
  }
};
} // namespace
