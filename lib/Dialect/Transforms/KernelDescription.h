// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// What is known of a public function's operands while they are still tensors,
// kept on the function for the C interface and the manifest.  Private to
// lib/Dialect/Transforms; softmax/Target/KernelInfo.h reads the attribute.

#ifndef SOFTMAX_LIB_DIALECT_TRANSFORMS_KERNELDESCRIPTION_H
#define SOFTMAX_LIB_DIALECT_TRANSFORMS_KERNELDESCRIPTION_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"

namespace mlir::softmax {

/// Function attribute that holds a kernel's metadata, a dictionary:
///   single_op  bool: the function is exactly one softmax op, so an output may
///              share its memory with an input (C-SHAPE-1)
///   op         string: mnemonic of that op, "function" where there is none
///   operands   array of dictionaries, in argument order, destinations that
///              were results last:
///     name     string, a C identifier
///     kind     "input", "output" or "scalar"
///     type     tensor type as declared (i1 for booleans, which the function
///              takes as bytes), or the scalar's type
///     shape    array with an i64 or a string per dimension; equal strings are
///              sizes that must be equal at run time
///     labels   of class indices that the kernel checks, a dictionary:
///              `classes`, an entry like those of `shape`, and where there is
///              one `ignore`, the class that is none
constexpr llvm::StringLiteral kKernelAttrName = "softmax.kernel";

/// Argument and result attribute (string): the operand's name.
constexpr llvm::StringLiteral kOperandNameAttrName = "softmax.name";

/// One operand of a kernel.
struct OperandDescription {
  std::string name;
  /// "input", "output" or "scalar".
  StringRef kind;
  Type type;
  /// An IntegerAttr or StringAttr per dimension; empty for scalars.
  SmallVector<Attribute> shape;
  /// Null where there is nothing to check.
  DictionaryAttr labels;
};

struct KernelDescription {
  bool singleOp = false;
  std::string op;
  SmallVector<OperandDescription> operands;

  DictionaryAttr toAttr(MLIRContext *context) const;
};

} // namespace mlir::softmax

#endif // SOFTMAX_LIB_DIALECT_TRANSFORMS_KERNELDESCRIPTION_H
