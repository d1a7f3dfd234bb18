// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// softmax-differentiate: which functions, and with respect to what.

#include "softmax/Differentiation/Differentiate.h"
#include "softmax/Differentiation/Passes.h"

namespace mlir::softmax {
#define GEN_PASS_DEF_SOFTMAXDIFFERENTIATEPASS
#include "softmax/Differentiation/Passes.h.inc"
} // namespace mlir::softmax

using namespace mlir;
using namespace mlir::softmax;

namespace {
struct SoftmaxDifferentiatePass
    : public softmax::impl::SoftmaxDifferentiatePassBase<
          SoftmaxDifferentiatePass> {
  using SoftmaxDifferentiatePassBase::SoftmaxDifferentiatePassBase;

  void runOnOperation() override {
    for (const std::string &name : functions)
      if (!getOperation().lookupSymbol<func::FuncOp>(name)) {
        getOperation().emitError("softmax-differentiate: there is no function "
                                 "'@")
            << name << "' in this module";
        return signalPassFailure();
      }
    // Those that it adds are not meant.
    SmallVector<func::FuncOp> selected;
    for (auto function : getOperation().getOps<func::FuncOp>())
      if (function->hasAttr(kDifferentiateAttrName) ||
          llvm::is_contained(functions, function.getSymName()))
        selected.push_back(function);
    WalkResult nested = getOperation().walk([&](func::FuncOp function) {
      if (function->getParentOp() == getOperation() ||
          !function->hasAttr(kDifferentiateAttrName))
        return WalkResult::advance();
      function.emitOpError("with '") << kDifferentiateAttrName
                                     << "' stands in a nested module, which "
                                        "softmax-differentiate does not "
                                        "enter; run the pass on that module";
      return WalkResult::interrupt();
    });
    if (nested.wasInterrupted())
      return signalPassFailure();
    for (func::FuncOp function : selected)
      if (failed(differentiate(function)))
        signalPassFailure();
  }

  LogicalResult differentiate(func::FuncOp function) {
    DifferentiateOptions asked;
    asked.name = (function.getSymName() + suffix).str();
    asked.withResults = withResults;
    if (llvm::is_contained(functions, function.getSymName()))
      llvm::append_range(asked.arguments, arguments);
    Attribute attribute = function->getAttr(kDifferentiateAttrName);
    if (auto numbers = dyn_cast_if_present<DenseI64ArrayAttr>(attribute))
      asked.arguments.assign(numbers.asArrayRef().begin(),
                             numbers.asArrayRef().end());
    else if (attribute && !isa<UnitAttr>(attribute))
      return function.emitOpError("attribute '")
             << kDifferentiateAttrName
             << "' is neither a unit attribute nor numbers of arguments such "
                "as array<i64: 0, 2>";
    function->removeAttr(kDifferentiateAttrName);
    if (failed(differentiateFunction(function, asked)))
      return failure();
    ++numDifferentiated;
    return success();
  }
};
} // namespace
