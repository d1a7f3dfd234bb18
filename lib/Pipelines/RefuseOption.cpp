// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "PipelineParts.h"

#include "mlir/Pass/PassManager.h"

using namespace mlir;

namespace {
class RefuseOptionPass : public PassWrapper<RefuseOptionPass, OperationPass<>> {
public:
  MLIR_DEFINE_EXPLICIT_INTERNAL_INLINE_TYPE_ID(RefuseOptionPass)
  RefuseOptionPass(StringRef pipeline, std::string message)
      : pipeline(pipeline), message(std::move(message)) {}
  StringRef getArgument() const override { return "softmax-refuse-option"; }
  StringRef getDescription() const override {
    return "reports a wrong option of a pipeline";
  }

private:
  void runOnOperation() override {
    emitError(getOperation()->getLoc(), "--") << pipeline << ": " << message;
    signalPassFailure();
  }
  std::string pipeline;
  std::string message;
};
} // namespace

void mlir::softmax::addRefusal(OpPassManager &manager, StringRef name,
                               std::string message) {
  manager.addPass(std::make_unique<RefuseOptionPass>(name, std::move(message)));
}
