// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#ifndef SOFTMAX_DIALECT_IR_SOFTMAXBASE
#define SOFTMAX_DIALECT_IR_SOFTMAXBASE

include "mlir/IR/OpBase.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"

def Softmax_Dialect : Dialect {
  let name = "softmax";
  let cppNamespace = "::mlir::softmax";
  let summary = "Softmax and its family as structured operations";
  let description = [{
    Operations that reduce each *row* of a tensor by one or more statistics
    and then map every element of the row with what was reduced.  A row is the
    set of elements that share all coordinates outside `dimensions`.

    The named operations (`softmax.softmax`, `softmax.log_softmax`,
    `softmax.logsumexp`, the gradients `softmax.softmax_backward` and
    `softmax.log_softmax_backward`, the losses `softmax.cross_entropy` and
    `softmax.cross_entropy_backward`) say what a program means.  `softmax.generic` is the
    one form that has a lowering; every named operation generalizes to it.
    The numbered constraints (C-AXIS-1, ...) are those of docs/Spec.md.
  }];
  let useDefaultAttributePrinterParser = 1;
  let dependentDialects = ["arith::ArithDialect", "math::MathDialect"];
}

#endif // SOFTMAX_DIALECT_IR_SOFTMAXBASE
