// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// From the named ops to softmax.generic.

#ifndef SOFTMAX_DIALECT_TRANSFORMS_GENERALIZE_H
#define SOFTMAX_DIALECT_TRANSFORMS_GENERALIZE_H

#include "mlir/IR/PatternMatch.h"
#include "softmax/Dialect/IR/Softmax.h"

namespace mlir::softmax {

/// Name of the discardable string attribute of a softmax.generic that holds
/// the mnemonic of the named op it was made from ("softmax", ...).
constexpr llvm::StringLiteral kNamedAttrName = "softmax.named";

/// Whether `op` is a named op that has a generic form.
bool isNamedSoftmaxOp(Operation *op);

/// Replaces the named op `op`, on tensors or memrefs, by the softmax.generic
/// that says the same (of merge: by two, one after the other) and returns it.
/// Its inputs stand in the order of the named op's operands: logits, [scale],
/// [bias], [mask], or gradient, output, [scale]; discardable attributes are
/// kept. Fails, with IR untouched, if `op` is not a named op. `accuracy`
/// chooses between forms: in strict the loss of a class is formed without
/// cancellation.
FailureOr<SmallVector<GenericOp>>
generalizeNamedOp(RewriterBase &rewriter, Operation *op,
                  Accuracy accuracy = Accuracy::Default);

/// Patterns that apply `generalizeNamedOp` to every named op.
void populateSoftmaxGeneralizePatterns(RewritePatternSet &patterns,
                                       Accuracy accuracy = Accuracy::Default);

} // namespace mlir::softmax

#endif // SOFTMAX_DIALECT_TRANSFORMS_GENERALIZE_H
