// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// What an MLIR file calls the arguments and results of its functions, so that
// whoever calls a kernel can match its operands to the source.
#ifndef SOFTMAX_TOOLS_SOFTMAXC_SOURCEOPERANDS_H
#define SOFTMAX_TOOLS_SOFTMAXC_SOURCEOPERANDS_H

#include "mlir/IR/BuiltinOps.h"

#include "llvm/ADT/BitVector.h"
#include "llvm/ADT/StringMap.h"

#include <string>

namespace mlir {
class AsmParserState;
} // namespace mlir

namespace mlir::softmax {

class SourceOperands {
public:
  /// Notes what `module` says, before any pass has run.  `parsed` is null where
  /// the source has no names (bytecode).
  void record(ModuleOp module, const AsmParserState *parsed);

  /// Numbers the arguments with an attribute, for apply() to know them by.
  void number(ModuleOp module) const;

  /// Once the operands of the kernels are described (`softmax.kernel`): adds to
  /// each which argument or result of the source it is, as `source`, and
  /// `also_read` to outputs that the source reads, too; names those after the
  /// source that are called arg<i> or result<i>; and lists the arguments that
  /// were nothing but destinations as `dropped`.  Removes the numbers.
  void apply(ModuleOp module) const;

private:
  struct Function {
    /// "%x", or "argument 0"; "%p", or "result 0".
    SmallVector<std::string> arguments, results;
    /// The memrefs among the arguments that are read before or while they are
    /// written.
    llvm::BitVector readArguments;
  };
  llvm::StringMap<Function> functions;
};

} // namespace mlir::softmax

#endif // SOFTMAX_TOOLS_SOFTMAXC_SOURCEOPERANDS_H
