// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// The check of class indices,
//
//   i32 __softmax_labels_NAME(frame *, i64 begin, i64 end)
//
// over the labels of rows [begin, end), before any of those rows is computed.
// The kernel itself never uses a label but to compare it, so this is a check
// for callers' sake: a row of a class that is none would be NaN.

#include "KernelInterface.h"

using namespace mlir;
using namespace mlir::softmax;
using LLVM::ICmpPredicate;

bool KernelInterface::hasLabels() const {
  return llvm::any_of(info.operands, [](const KernelOperand &operand) {
    return operand.classes.has_value();
  });
}

namespace {
/// Reads the frame that the checks leave: a tensor is called by its number
/// among the tensors.
class LabelWriter {
public:
  LabelWriter(const InterfaceTypes &types, LLVM::LLVMFuncOp function,
              const KernelInfo &info, Type frameType)
      : w(types, function), info(info), frameType(frameType) {
    int32_t number = 0;
    for (const KernelOperand &operand : info.operands)
      numbers.push_back(operand.isTensor() ? number++ : -1);
  }

  /// Whether a label of rows [begin, end) of operand `position` is none.
  Value findWrong(unsigned position, Value begin, Value end);
  /// The number of labels of the operand.
  Value countLabels(unsigned position);

  InterfaceWriter w;

private:
  enum Part : int32_t { Sizes = 1, Strides = 2 };
  Value loadPart(unsigned position, Part part, int32_t dim) {
    return w.load(w.types.i64, w.field(frameType, w.argument(0),
                                       {numbers[position], part, dim}));
  }
  Value getClasses(const KernelDim &classes);
  /// How many elements behind the first the label of `row` lies, rows numbered
  /// row-major.
  Value getOffset(unsigned position, Value row);

  const KernelInfo &info;
  Type frameType;
  SmallVector<int32_t> numbers;
};
} // namespace

Value LabelWriter::countLabels(unsigned position) {
  Value count = w.i64(1);
  for (int32_t dim = 0, rank = info.operands[position].rank(); dim < rank;
       ++dim)
    count = w.mul(count, loadPart(position, Sizes, dim));
  return count;
}

Value LabelWriter::getClasses(const KernelDim &classes) {
  if (classes.isStatic())
    return w.i64(classes.size);
  for (auto [position, operand] : llvm::enumerate(info.operands))
    for (auto [dim, size] : llvm::enumerate(operand.shape))
      if (size == classes)
        return loadPart(position, Sizes, dim);
  llvm_unreachable("described from the sizes of operands");
}

Value LabelWriter::getOffset(unsigned position, Value row) {
  int32_t rank = info.operands[position].rank();
  Value offset = w.i64(0);
  for (int32_t dim = rank - 1; dim >= 0; --dim) {
    Value coordinate = row;
    // What is left of the row is the first coordinate.
    if (dim > 0) {
      Value size = loadPart(position, Sizes, dim);
      Value outer = LLVM::UDivOp::create(w.builder, w.loc, row, size);
      coordinate = w.sub(row, w.mul(outer, size));
      row = outer;
    }
    offset = w.add(offset, w.mul(coordinate, loadPart(position, Strides, dim)));
  }
  return offset;
}

Value LabelWriter::findWrong(unsigned position, Value begin, Value end) {
  const KernelOperand &operand = info.operands[position];
  Value classes = getClasses(*operand.classes);
  Value data = w.load(
      w.types.ptr, w.field(frameType, w.argument(0), {numbers[position], 0}));
  // Without leaving early: rows are many, and almost always right.
  Block *header = w.newBlock();
  Value row = header->addArgument(w.types.i64, w.loc);
  Value wrong = header->addArgument(w.types.i1, w.loc);
  w.jump(header, {begin, w.constant(w.types.i1, 0)});
  w.continueIn(header);
  Block *done = w.branch(w.compare(ICmpPredicate::ult, row, end));

  Value bytes = w.mul(getOffset(position, row), w.i64(operand.elementBytes()));
  Value label = w.load(operand.elementType, w.offset(data, bytes));
  if (operand.elementType != w.types.i64)
    label = LLVM::SExtOp::create(w.builder, w.loc, w.types.i64, label);
  Value isNone = w.compare(ICmpPredicate::uge, label, classes);
  if (operand.ignoredClass)
    isNone = w.logicalAnd(
        isNone, w.compare(ICmpPredicate::ne, label, *operand.ignoredClass));
  w.jump(header, {w.add(row, w.i64(1)), w.logicalOr(wrong, isNone)});
  w.continueIn(done);
  return wrong;
}

void KernelInterface::emitLabelChecks() {
  if (!hasLabels())
    return;
  labelChecks = createFunction("__softmax_labels_" + info.name, types.i32,
                               {types.ptr, types.i64, types.i64},
                               /*isPublic=*/false);
  LabelWriter writer(types, labelChecks, info, frameType);
  InterfaceWriter &w = writer.w;
  for (auto [position, operand] : llvm::enumerate(info.operands)) {
    if (!operand.classes)
      continue;
    Value begin = w.argument(1), end = w.argument(2);
    // Units of other kernels are no rows.
    if (!versions[0].unitsFunction) {
      begin = w.i64(0);
      end = writer.countLabels(position);
    }
    std::string message = describe(position) + " holds a class that is not in "
                                               "[0, number of classes)";
    if (operand.ignoredClass)
      message += " nor " + std::to_string(*operand.ignoredClass);
    Value wrong = writer.findWrong(position, begin, end);
    w.returnIf(wrong, w.i32(failure(KernelStatus::LabelOutOfRange, message)));
  }
  w.ret(w.i32(0));
}

Value KernelInterface::checkLabels(InterfaceWriter &writer, Value frame,
                                   Value begin, Value end) {
  return writer.call(labelChecks, {frame, begin, end});
}
