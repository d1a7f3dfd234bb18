// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "KernelDescription.h"
#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace mlir::softmax;

DictionaryAttr KernelDescription::toAttr(MLIRContext *context) const {
  Builder b(context);
  SmallVector<Attribute> entries;
  for (const OperandDescription &operand : operands)
    entries.push_back(b.getDictionaryAttr(
        {b.getNamedAttr("name", b.getStringAttr(operand.name)),
         b.getNamedAttr("kind", b.getStringAttr(operand.kind)),
         b.getNamedAttr("type", TypeAttr::get(operand.type)),
         b.getNamedAttr("shape", b.getArrayAttr(operand.shape))}));
  return b.getDictionaryAttr(
      {b.getNamedAttr("single_op", b.getBoolAttr(singleOp)),
       b.getNamedAttr("op", b.getStringAttr(op)),
       b.getNamedAttr("operands", b.getArrayAttr(entries))});
}
