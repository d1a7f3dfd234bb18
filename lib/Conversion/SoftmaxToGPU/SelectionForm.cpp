// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "SelectionForm.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace mlir::softmax;

SelectionForm::SelectionForm(GPUBuilder &k, unsigned s, int64_t count)
    : k(k), math(k.b, k.loc, k.capabilities.fma), s(s), count(count),
      keys(IntegerType::get(k.op.getContext(), k.computeType.getWidth())),
      i32(IntegerType::get(k.op.getContext(), 32)),
      i64(IntegerType::get(k.op.getContext(), 64)),
      spread(canSpreadRowRegion(k.op, count) ? k.rowThreads : 1),
      own(llvm::divideCeil(count, spread)) {}

Value SelectionForm::fold(Value bits) {
  Type type = bits.getType();
  int64_t width = keys.getWidth();
  Value sign =
      arith::ShRSIOp::create(k.b, k.loc, bits, math.integer(type, width - 1));
  Value magnitude = math.andInt(sign, math.integer(type, llvm::maxIntN(width)));
  return arith::XOrIOp::create(k.b, k.loc, bits, magnitude);
}

Value SelectionForm::keyOf(Value logit) {
  // + 0 makes one zero of two.
  Value sum = math.add(logit, math.constant(logit.getType(), 0.0));
  Value key = fold(math.bits(sum));
  return math.select(
      math.compare(arith::CmpFPredicate::UNO, logit, logit),
      math.integer(key.getType(), llvm::maxIntN(keys.getWidth())), key);
}

Value SelectionForm::absent() {
  return math.integer(keys, llvm::minIntN(keys.getWidth()));
}

Value SelectionForm::isBefore(const Ranked &x, const Ranked &y) {
  Value earlier =
      math.compareInt(arith::CmpIPredicate::slt, x.column, y.column);
  return math.orInt(isAbove(x.key, y.key),
                    math.andInt(isSame(x.key, y.key), earlier));
}

Ranked SelectionForm::inRow(const Ranked &element, Value begin) {
  Value column = arith::ExtSIOp::create(k.b, k.loc, i64, element.column);
  Value from = k.b.createOrFold<arith::IndexCastOp>(k.loc, i64, begin);
  return {element.key, k.add(column, from)};
}

Value SelectionForm::numberOf(int64_t place) {
  Value number = math.integer(i32, place * spread);
  return spread == 1 ? number : k.add(narrow(k.thread), number);
}

SmallVector<Value> SelectionForm::finish(ArrayRef<Ranked> elements) {
  SmallVector<Value> values, columns;
  for (const Ranked &element : elements) {
    Value missing = isSame(element.key, absent());
    values.push_back(k.select(missing, k.negativeInfinity(k.computeType),
                              math.fromBits(fold(element.key))));
    columns.push_back(k.select(missing, math.integer(i64, -1), element.column));
  }
  auto vectorOf = [&](ArrayRef<Value> scalars) -> Value {
    auto type = VectorType::get(static_cast<int64_t>(scalars.size()),
                                scalars.front().getType());
    return vector::FromElementsOp::create(k.b, k.loc, type, scalars);
  };
  return {vectorOf(values), vectorOf(columns)};
}

bool mlir::softmax::canSpreadRowRegion(GenericOp op, int64_t count) {
  auto isSelected = [&](Type type) {
    auto vector = dyn_cast<VectorType>(type);
    return !vector || (vector.getRank() == 1 && vector.getDimSize(0) == count);
  };
  auto isVector = [](Type type) { return isa<VectorType>(type); };
  Block &block = op.getRow().front();
  if (!llvm::all_of(block.getArgumentTypes(), isSelected))
    return false;
  return llvm::all_of(block, [&](Operation &inner) {
    if (!llvm::all_of(inner.getOperandTypes(), isSelected) ||
        !llvm::all_of(inner.getResultTypes(), isSelected))
      return false;
    if (llvm::none_of(inner.getOperandTypes(), isVector) &&
        llvm::none_of(inner.getResultTypes(), isVector))
      return true;
    if (isa<YieldOp>(inner))
      return true;
    if (auto constant = dyn_cast<arith::ConstantOp>(inner))
      return isa<SplatElementsAttr>(constant.getValue());
    if (auto broadcast = dyn_cast<vector::BroadcastOp>(inner))
      return !isVector(broadcast.getSourceType());
    return OpTrait::hasElementwiseMappableTraits(&inner);
  });
}
