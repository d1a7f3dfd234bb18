// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Scalar operations of arith and math, and blocks of them prepared once and
// run for every element.
#ifndef SOFTMAX_LIB_REFERENCE_SCALARPROGRAM_H
#define SOFTMAX_LIB_REFERENCE_SCALARPROGRAM_H

#include "mlir/IR/Operation.h"
#include "softmax/Reference/ReferenceTensor.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/STLFunctionalExtras.h"

namespace mlir::softmax::reference {

enum class Opcode : uint8_t;

/// The type of an element in the form that the evaluation needs.
struct ElementFormat {
  std::optional<FloatKind> floating;
  /// Bits of an integer; 64 for index.
  unsigned width = 64;
};

/// None for types that the reference does not know.
std::optional<ElementFormat> getElementFormat(Type elementType);

/// A scalar operation of arith or math, ready to run.
class ScalarOperation {
public:
  /// Fails with a diagnostic at `op` if it is not one that the reference takes.
  /// `exactOperands`: for each operand whether it descends from a statistic.
  static FailureOr<ScalarOperation> prepare(Operation *op,
                                            ArrayRef<bool> exactOperands);

  /// The operation called `name` ("arith.mulf") on floats of one kind.
  static ScalarOperation make(StringRef name, FloatKind kind, bool exact);

  Scalar operator()(ArrayRef<Scalar> operands) const;

  /// Whether the result is a float that is not rounded.
  bool isExact() const { return exact; }

private:
  Real apply(const Real *x) const;
  Scalar evaluateFloat(ArrayRef<Scalar> operands) const;
  Scalar evaluateInteger(ArrayRef<Scalar> operands) const;
  Scalar evaluateCast(ArrayRef<Scalar> operands) const;
  Scalar evaluateSelect(ArrayRef<Scalar> operands) const;
  Scalar compareFloats(ArrayRef<Scalar> operands) const;
  Scalar compareIntegers(ArrayRef<Scalar> operands) const;

  Opcode code;
  ElementFormat format, operandFormat;
  unsigned predicate = 0;
  bool exact = false;
};

/// The value of a constant, one Scalar per element in row-major order; a splat
/// gives one Scalar.  None for attributes that hold other types.
std::optional<std::vector<Scalar>> evaluateConstant(Attribute value);

/// A block without side effects: arith and math on scalars and on vectors of
/// fixed length, and coordinates (softmax.index, linalg.index).
class ScalarProgram {
public:
  /// `exactArguments`: for each block argument whether it descends from a
  /// statistic.  `capture` gives the values defined outside the block; null
  /// where there is none.  Fails with a diagnostic at the first operation that
  /// the reference does not take.
  static FailureOr<ScalarProgram>
  prepare(Block &block, ArrayRef<bool> exactArguments,
          llvm::function_ref<const ReferenceTensor *(Value)> capture);

  /// The lanes of block argument `i`, to be filled before `run`.
  MutableArrayRef<Scalar> argument(unsigned i) { return lanes(arguments[i]); }
  /// `coordinates`: the iteration vector.
  void run(ArrayRef<int64_t> coordinates);
  /// The lanes of the terminator's operand `i` after `run`.
  MutableArrayRef<Scalar> yielded(unsigned i) { return lanes(yields[i]); }
  bool isYieldExact(unsigned i) const { return yields[i].exact; }

private:
  struct Register {
    unsigned first = 0;
    unsigned count = 1;
    bool exact = false;
  };
  struct Instruction {
    enum Kind { Compute, Index, Extract, Broadcast } kind;
    std::optional<ScalarOperation> operation;
    SmallVector<Register, 3> operands;
    Register result;
    /// The coordinate of Index, the lane of Extract.
    int64_t position = 0;
  };

  MutableArrayRef<Scalar> lanes(Register r) {
    return MutableArrayRef<Scalar>(registers).slice(r.first, r.count);
  }
  FailureOr<Register> allocate(Operation *user, Type type, bool exact);

  SmallVector<Register> arguments, yields;
  std::vector<Instruction> instructions;
  std::vector<Scalar> registers;
};

} // namespace mlir::softmax::reference

#endif // SOFTMAX_LIB_REFERENCE_SCALARPROGRAM_H
