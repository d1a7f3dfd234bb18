// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "softmax/Pipelines/Pipelines.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/SetVector.h"

namespace mlir::softmax {
#define GEN_PASS_DEF_SOFTMAXCHECKINLINEDPASS
#include "softmax/Pipelines/Passes.h.inc"
} // namespace mlir::softmax

using namespace mlir;

namespace {

class SoftmaxCheckInlinedPass
    : public softmax::impl::SoftmaxCheckInlinedPassBase<
          SoftmaxCheckInlinedPass> {
  void runOnOperation() override {
    SymbolTable symbols(getOperation());
    getOperation().walk([&](func::CallOp call) {
      auto callee = symbols.lookup<func::FuncOp>(call.getCallee());
      // What is defined elsewhere is refused with the other library calls.
      if (!callee || callee.isExternal())
        return;
      auto caller = call->getParentOfType<func::FuncOp>();
      llvm::SetVector<Operation *> called = collectCalled(symbols, callee);
      if (callee == caller || called.contains(caller)) {
        call.emitError("calls '@")
            << callee.getSymName() << "', by which '@" << caller.getSymName()
            << "' comes to call itself; a kernel cannot recurse: write a loop";
        signalPassFailure();
        return;
      }
      if (called.contains(callee))
        return; // Reported inside.
      // Private functions of static sizes are bufferized as they are.
      if (llvm::none_of(callee.getResultTypes(), [&](Type type) {
            auto tensor = dyn_cast<TensorType>(type);
            return tensor && (callee.isPublic() || !tensor.hasStaticShape());
          }))
        return;
      call.emitError("calls '@")
          << callee.getSymName()
          << "', which returns tensors and could not be inlined here, so that "
             "their sizes or destinations are unknown: drop 'no_inline', give "
             "the function one block, or let it write to memrefs";
      signalPassFailure();
    });
  }

  /// The functions that calls lead to from `function`.
  static llvm::SetVector<Operation *> collectCalled(const SymbolTable &symbols,
                                                    func::FuncOp function) {
    llvm::SetVector<Operation *> called;
    auto collect = [&](Operation *from) {
      from->walk([&](func::CallOp call) {
        if (Operation *next = symbols.lookup(call.getCallee()))
          called.insert(next);
      });
    };
    collect(function);
    for (size_t i = 0; i < called.size(); ++i)
      collect(called[i]);
    return called;
  }
};

} // namespace
