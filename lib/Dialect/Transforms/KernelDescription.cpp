// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "KernelDescription.h"
#include "mlir/IR/Builders.h"

using namespace mlir;
using namespace mlir::softmax;

DictionaryAttr KernelDescription::toAttr(MLIRContext *context) const {
  Builder b(context);
  SmallVector<Attribute> entries;
  for (const OperandDescription &operand : operands) {
    NamedAttrList entry;
    entry.set("name", b.getStringAttr(operand.name));
    entry.set("kind", b.getStringAttr(operand.kind));
    entry.set("type", TypeAttr::get(operand.type));
    entry.set("shape", b.getArrayAttr(operand.shape));
    if (operand.labels)
      entry.set("labels", operand.labels);
    entries.push_back(entry.getDictionary(context));
  }
  return b.getDictionaryAttr(
      {b.getNamedAttr("single_op", b.getBoolAttr(singleOp)),
       b.getNamedAttr("op", b.getStringAttr(op)),
       b.getNamedAttr("operands", b.getArrayAttr(entries))});
}
