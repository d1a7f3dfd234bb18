// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "ScalarProgram.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/TypeUtilities.h"
#include "softmax/Dialect/IR/Softmax.h"

using namespace mlir;
using namespace mlir::softmax::reference;

std::optional<std::vector<Scalar>>
mlir::softmax::reference::evaluateConstant(Attribute value) {
  std::vector<Scalar> scalars(1);
  if (auto real = dyn_cast<FloatAttr>(value)) {
    if (!getFloatKind(real.getType()))
      return std::nullopt;
    scalars[0].real = real.getValueAsDouble();
    return scalars;
  }
  if (auto integer = dyn_cast<IntegerAttr>(value)) {
    if (!getElementFormat(integer.getType()))
      return std::nullopt;
    scalars[0].integer = integer.getValue().getSExtValue();
    return scalars;
  }
  auto dense = dyn_cast<DenseElementsAttr>(value);
  if (!dense || !getElementFormat(dense.getElementType()))
    return std::nullopt;
  if (dense.isSplat())
    return evaluateConstant(dense.getSplatValue<Attribute>());
  scalars.clear();
  for (Attribute element : dense.getValues<Attribute>())
    scalars.push_back((*evaluateConstant(element))[0]);
  return scalars;
}

FailureOr<ScalarProgram::Register>
ScalarProgram::allocate(Operation *user, Type type, bool exact) {
  Register result;
  result.exact = exact;
  if (auto vector = dyn_cast<VectorType>(type)) {
    if (vector.getRank() != 1 || vector.isScalable())
      return user->emitError(
                 "the reference takes vectors of rank 1 and fixed length, not ")
             << type;
    result.count = vector.getNumElements();
  }
  if (!getElementFormat(getElementTypeOrSelf(type)))
    return user->emitError("the reference computes with f16, bf16, f32, f64 "
                           "and integers of at "
                           "most 64 bits, not with ")
           << type;
  result.first = registers.size();
  registers.resize(registers.size() + result.count);
  return result;
}

FailureOr<ScalarProgram> ScalarProgram::prepare(
    Block &block, ArrayRef<bool> exactArguments,
    llvm::function_ref<const ReferenceTensor *(Value)> capture) {
  ScalarProgram program;
  DenseMap<Value, Register> known;
  Operation *parent = block.getParentOp();
  for (auto [argument, exact] :
       llvm::zip_equal(block.getArguments(), exactArguments)) {
    FailureOr<Register> space =
        program.allocate(parent, argument.getType(), exact);
    if (failed(space))
      return failure();
    program.arguments.push_back(*space);
    known[argument] = *space;
  }

  // A value of the block, or one from outside, copied in once.
  auto lookUp = [&](Operation *user, Value value) -> FailureOr<Register> {
    if (auto found = known.find(value); found != known.end())
      return found->second;
    const ReferenceTensor *outside = capture(value);
    if (!outside || !outside->shape.empty() || !outside->hasElements())
      return user->emitError(
          "the reference has no value for an operand from outside the region");
    FailureOr<Register> space =
        program.allocate(user, value.getType(), outside->exact);
    if (failed(space))
      return failure();
    program.registers[space->first] = outside->elements[0];
    known[value] = *space;
    return *space;
  };

  for (Operation &op : block.without_terminator()) {
    SmallVector<Register, 3> operands;
    SmallVector<bool, 3> exact;
    for (Value operand : op.getOperands()) {
      FailureOr<Register> found = lookUp(&op, operand);
      if (failed(found))
        return failure();
      operands.push_back(*found);
      exact.push_back(found->exact);
    }

    if (auto constant = dyn_cast<arith::ConstantOp>(op)) {
      std::optional<std::vector<Scalar>> value =
          evaluateConstant(constant.getValue());
      if (!value)
        return op.emitError("the reference does not know constants of type ")
               << constant.getType();
      FailureOr<Register> space =
          program.allocate(&op, constant.getType(), /*exact=*/false);
      if (failed(space))
        return failure();
      for (auto [i, lane] : llvm::enumerate(program.lanes(*space)))
        lane = (*value)[value->size() == 1 ? 0 : i];
      known[constant.getResult()] = *space;
      continue;
    }

    Instruction instruction;
    instruction.operands = operands;
    bool exactResult = llvm::is_contained(exact, true);
    if (auto index = dyn_cast<IndexOp>(op)) {
      instruction.kind = Instruction::Index;
      instruction.position = index.getDim();
    } else if (auto index = dyn_cast<linalg::IndexOp>(op)) {
      instruction.kind = Instruction::Index;
      instruction.position = index.getDim();
    } else if (auto extract = dyn_cast<vector::ExtractOp>(op);
               extract && extract.getStaticPosition().size() == 1 &&
               !extract.hasDynamicPosition()) {
      instruction.kind = Instruction::Extract;
      instruction.position = extract.getStaticPosition()[0];
    } else if (isa<vector::BroadcastOp>(op)) {
      instruction.kind = Instruction::Broadcast;
    } else {
      FailureOr<ScalarOperation> scalar = ScalarOperation::prepare(&op, exact);
      if (failed(scalar))
        return failure();
      instruction.kind = Instruction::Compute;
      instruction.operation = *scalar;
      exactResult = scalar->isExact();
    }
    FailureOr<Register> space =
        program.allocate(&op, op.getResult(0).getType(), exactResult);
    if (failed(space))
      return failure();
    instruction.result = *space;
    known[op.getResult(0)] = *space;
    program.instructions.push_back(std::move(instruction));
  }

  for (Value value : block.getTerminator()->getOperands()) {
    FailureOr<Register> found = lookUp(block.getTerminator(), value);
    if (failed(found))
      return failure();
    program.yields.push_back(*found);
  }
  return program;
}

void ScalarProgram::run(ArrayRef<int64_t> coordinates) {
  for (const Instruction &instruction : instructions) {
    MutableArrayRef<Scalar> result = lanes(instruction.result);
    switch (instruction.kind) {
    case Instruction::Index:
      result[0] = Scalar();
      result[0].integer = coordinates[instruction.position];
      continue;
    case Instruction::Extract:
      result[0] = lanes(instruction.operands[0])[instruction.position];
      continue;
    case Instruction::Broadcast:
      for (auto [i, lane] : llvm::enumerate(result))
        lane = registers[instruction.operands[0].first +
                         (instruction.operands[0].count == 1 ? 0 : i)];
      continue;
    case Instruction::Compute:
      break;
    }
    // A scalar beside vectors (the condition of a selection) serves all lanes.
    for (unsigned i = 0; i < result.size(); ++i) {
      SmallVector<Scalar, 3> operands;
      for (const Register &operand : instruction.operands)
        operands.push_back(
            registers[operand.first + (operand.count == 1 ? 0 : i)]);
      result[i] = (*instruction.operation)(operands);
    }
  }
}
