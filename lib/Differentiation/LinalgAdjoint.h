// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// The body of a linalg op, differentiated: what one iteration adds to the
// adjoint of each element that it reads.  Private to lib/Differentiation.

#ifndef SOFTMAX_LIB_DIFFERENTIATION_LINALGADJOINT_H
#define SOFTMAX_LIB_DIFFERENTIATION_LINALGADJOINT_H

#include "Adjoints.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace mlir::softmax {

class LinalgAdjoint {
public:
  /// For the results whose adjoints `outer` knows. A destination that the op
  /// adds to is not a source here.
  LinalgAdjoint(linalg::LinalgOp op, const Adjoints &outer);

  /// Builds the body; to be called once. Fails with a diagnostic.
  LogicalResult build(const Adjoints &outer);

  /// A tensor or scalar that iterations read elements of.
  struct Operand {
    Value value;
    AffineMap map;
    /// In the body: an argument, or for a scalar of the function itself.
    Value element;
  };
  /// Active operands that the results depend on, each with what an iteration
  /// adds to its element's adjoint.
  struct Source : Operand {
    Value gradient;
  };
  ArrayRef<Source> getSources() const { return sources; }

  /// The adjoint that `gradient` simply repeats, if it does.
  const Operand *findRepeated(Value gradient) const;
  /// An operand or adjoint of a result that has an element for every iteration.
  const Operand *findCovering() const;
  /// Sizes of the loops.
  SmallVector<OpFoldResult> getLoopSizes(OpBuilder &builder,
                                         Location loc) const;

  /// Builds a linalg.generic over the same loops that writes `gradient` to
  /// `init` through `map`, or adds it where `map` does not name every loop.
  Value emit(OpBuilder &builder, Location loc, Value gradient, AffineMap map,
             Value init) const;

private:
  void addOperands(const Adjoints &outer);

  linalg::LinalgOp op;
  unsigned numLoops;
  bool isReduction;
  /// Arguments: the op's operands, then adjoints of results.
  Block body;
  SmallVector<Operand> operands;
  unsigned numPrimal = 0;
  SmallVector<Source> sources;
};

} // namespace mlir::softmax

#endif // SOFTMAX_LIB_DIFFERENTIATION_LINALGADJOINT_H
