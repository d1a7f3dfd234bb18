// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Kernels asked for by name instead of by MLIR: softmaxc's --op.
#ifndef SOFTMAX_TARGET_OPSPEC_H
#define SOFTMAX_TARGET_OPSPEC_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <optional>
#include <string>

namespace mlir::softmax {

/// The texts of one --op and the options that belong to it.
struct OpSpec {
  /// softmax, log_softmax, logsumexp, softmax_backward, log_softmax_backward,
  /// cross_entropy or cross_entropy_backward.
  std::string op;
  /// The function's name, a C identifier; the op's name where empty.
  std::string name;
  /// "f32", or "f16:f32" where the result's type differs.
  std::string type = "f32";
  /// "?x10", "4x?x16"; "" is rank 0, which is treated as one element
  /// (C-RANK-0).
  std::string shape = "?x?";
  /// One axis or several joined by commas; negative ones count from the end.
  std::string axis = "-1";
  /// Further operands: a list of scale, bias, mask, lse; of gradients scale.
  std::string with;
  /// Labels of a loss: i64 (the default) or i32 for class indices, prob for
  /// probabilities in the type of the logits.
  std::optional<std::string> labels;
  /// Of a loss of class indices: the index of rows that do not count.
  std::optional<std::string> ignoreIndex;
  /// Of a loss: a number in [0, 1].
  std::optional<std::string> labelSmoothing;
  /// What a fully masked row gives (C-INF-2): nan (the default) or zero.
  std::optional<std::string> maskedRow;
};

/// Adds to a new module one public function per spec, on tensors, with the
/// operands in the order of the C ABI: logits, [scale], [bias], [mask]; results
/// probabilities, [lse]; of gradients grad_output, output, [scale]; grad_input;
/// of losses logits, labels; loss, lse; and logits, labels, lse, grad_loss;
/// grad_logits.
/// bias (in the type of the logits) and mask (i1) have
/// the shape of the logits; a caller broadcasts by a stride of 0.  Arguments
/// and results are named by the attribute `softmax.name`.  Fails with one line
/// that names the option at fault and what it takes.
llvm::Expected<OwningOpRef<ModuleOp>> buildModule(MLIRContext *context,
                                                  llvm::ArrayRef<OpSpec> specs);

/// Fails with one line unless `name` can be declared as a function in C99 and
/// C++17 and does not hide one that kernels call.
llvm::Error checkKernelName(llvm::StringRef name);

} // namespace mlir::softmax

#endif // SOFTMAX_TARGET_OPSPEC_H
