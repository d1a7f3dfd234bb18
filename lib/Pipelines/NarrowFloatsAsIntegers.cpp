// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "softmax/Pipelines/Pipelines.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"

namespace mlir::softmax {
#define GEN_PASS_DEF_SOFTMAXNARROWFLOATSASINTEGERSPASS
#include "softmax/Pipelines/Passes.h.inc"
} // namespace mlir::softmax

using namespace mlir;

/// Whether `op` only moves bits: it may have integers of the same width.
static bool isMove(Operation *op) {
  return isa<LLVM::LoadOp, LLVM::StoreOp, LLVM::MaskedLoadOp,
             LLVM::MaskedStoreOp, LLVM::SelectOp, LLVM::BitcastOp,
             LLVM::ConstantOp, LLVM::PoisonOp, LLVM::UndefOp, LLVM::ZeroOp,
             LLVM::FreezeOp, LLVM::InsertElementOp, LLVM::ExtractElementOp,
             LLVM::ShuffleVectorOp, LLVM::vector_insert, LLVM::vector_extract,
             LLVM::BrOp, LLVM::CondBrOp, LLVM::SwitchOp>(op);
}

namespace {

class SoftmaxNarrowFloatsAsIntegersPass
    : public softmax::impl::SoftmaxNarrowFloatsAsIntegersPassBase<
          SoftmaxNarrowFloatsAsIntegersPass> {
public:
  using SoftmaxNarrowFloatsAsIntegersPassBase::
      SoftmaxNarrowFloatsAsIntegersPassBase;

private:
  void runOnOperation() override {
    for (LLVM::LLVMFuncOp function : getOperation().getOps<LLVM::LLVMFuncOp>())
      if (!function.isExternal())
        convert(function);
  }

  /// The integers that stand for `type`; null for other types.
  Type integersFor(Type type) {
    VectorType vector = dyn_cast<VectorType>(type);
    Type element = vector ? vector.getElementType() : type;
    if (!(element.isF16() && f16) && !(element.isBF16() && bf16))
      return Type();
    Type integer = IntegerType::get(type.getContext(), 16);
    return vector ? Type(vector.clone(integer)) : integer;
  }

  /// Gives what uses `value`, which stays a float, the integer instead.
  void castForUsers(OpBuilder &builder, Value value) {
    LLVM::BitcastOp cast = LLVM::BitcastOp::create(
        builder, value.getLoc(), integersFor(value.getType()), value);
    value.replaceAllUsesExcept(cast, cast);
  }

  void convert(LLVM::LLVMFuncOp function);

  /// Bits of a constant.
  static Attribute toIntegers(Attribute value, Type type) {
    if (auto number = dyn_cast<FloatAttr>(value))
      return IntegerAttr::get(type, number.getValue().bitcastToAPInt());
    if (auto numbers = dyn_cast<DenseElementsAttr>(value))
      return numbers.bitcast(IntegerType::get(type.getContext(), 16));
    return value;
  }
};

} // namespace

void SoftmaxNarrowFloatsAsIntegersPass::convert(LLVM::LLVMFuncOp function) {
  SmallVector<Operation *> moves;
  // What keeps its floats: calls, returns, arithmetic.
  SmallVector<OpOperand *> kept;
  SmallVector<Value> keptResults;
  function.walk([&](Operation *op) {
    if (op == function)
      return;
    bool move = isMove(op);
    if (move && llvm::any_of(op->getResultTypes(), [&](Type type) {
          return static_cast<bool>(integersFor(type));
        }))
      moves.push_back(op);
    if (move)
      return;
    for (OpOperand &operand : op->getOpOperands())
      if (integersFor(operand.get().getType()))
        kept.push_back(&operand);
    for (Value result : op->getResults())
      if (integersFor(result.getType()))
        keptResults.push_back(result);
  });
  SmallVector<Type> keptTypes = llvm::map_to_vector(
      kept, [](OpOperand *operand) { return operand->get().getType(); });

  OpBuilder builder(function.getContext());
  for (Block &block : function.getBody()) {
    builder.setInsertionPointToStart(&block);
    for (BlockArgument argument : block.getArguments()) {
      Type integers = integersFor(argument.getType());
      if (!integers)
        continue;
      if (block.isEntryBlock())
        castForUsers(builder, argument);
      else
        argument.setType(integers);
    }
  }
  for (Value result : keptResults) {
    builder.setInsertionPointAfterValue(result);
    castForUsers(builder, result);
  }
  for (Operation *op : moves) {
    for (Value result : op->getResults())
      if (Type integers = integersFor(result.getType()))
        result.setType(integers);
    if (auto constant = dyn_cast<LLVM::ConstantOp>(op))
      constant.setValueAttr(
          toIntegers(constant.getValue(), constant.getType()));
    ++numMoves;
  }
  for (auto [operand, type] : llvm::zip_equal(kept, keptTypes)) {
    if (operand->get().getType() == type)
      continue;
    builder.setInsertionPoint(operand->getOwner());
    operand->set(LLVM::BitcastOp::create(builder, operand->getOwner()->getLoc(),
                                         type, operand->get()));
  }
  function.walk([](LLVM::BitcastOp cast) {
    if (cast.getArg().getType() != cast.getType())
      return;
    cast.replaceAllUsesWith(cast.getArg());
    cast.erase();
  });
}
