// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "mlir/IR/DialectImplementation.h"
#include "mlir/Transforms/InliningUtils.h"
#include "softmax/Dialect/IR/Softmax.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::softmax;

#include "softmax/Dialect/IR/SoftmaxDialect.cpp.inc"
#include "softmax/Dialect/IR/SoftmaxEnums.cpp.inc"
#include "softmax/Dialect/IR/StatisticInterface.cpp.inc"
#define GET_ATTRDEF_CLASSES
#include "softmax/Dialect/IR/SoftmaxAttrs.cpp.inc"

namespace {
/// Every op may be inlined anywhere: none depends on where it stands.
struct SoftmaxInlinerInterface : public DialectInlinerInterface {
  using DialectInlinerInterface::DialectInlinerInterface;
  bool isLegalToInline(Operation *, Operation *, bool) const final {
    return true;
  }
  bool isLegalToInline(Region *, Region *, bool, IRMapping &) const final {
    return true;
  }
  bool isLegalToInline(Operation *, Region *, bool, IRMapping &) const final {
    return true;
  }
};
} // namespace

void SoftmaxDialect::initialize() {
  addAttributes<
#define GET_ATTRDEF_LIST
#include "softmax/Dialect/IR/SoftmaxAttrs.cpp.inc"
      >();
  addOperations<
#define GET_OP_LIST
#include "softmax/Dialect/IR/SoftmaxOps.cpp.inc"
      >();
  addInterfaces<SoftmaxInlinerInterface>();
}
