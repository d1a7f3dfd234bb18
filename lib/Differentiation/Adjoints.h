// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// What reverse mode knows of a straight line of operations, and the rules by
// which it goes through them.  The same class serves a function, whose values
// are tensors, and a body of linalg, whose values are their elements.  Private
// to lib/Differentiation.

#ifndef SOFTMAX_LIB_DIFFERENTIATION_ADJOINTS_H
#define SOFTMAX_LIB_DIFFERENTIATION_ADJOINTS_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/Operation.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"

namespace mlir::softmax {

class Adjoints;

/// Adds to the adjoints of an operation's operands what follows from those of
/// its results, of which there is at least one.  Fails with a diagnostic.
using AdjointRule =
    std::function<LogicalResult(Operation *op, Adjoints &adjoints)>;

/// The rules, by operation.
class AdjointRules {
public:
  /// Those of every group below.
  AdjointRules();

  template <typename OpTy>
  void add(LogicalResult (*rule)(OpTy, Adjoints &)) {
    rules[TypeID::get<OpTy>()] = [rule](Operation *op, Adjoints &adjoints) {
      return rule(cast<OpTy>(op), adjoints);
    };
  }
  void add(TypeID op, AdjointRule rule) { rules[op] = std::move(rule); }

  /// Goes through `ops` from the last to the first.
  LogicalResult sweep(ArrayRef<Operation *> ops, Adjoints &adjoints) const;

private:
  DenseMap<TypeID, AdjointRule> rules;
};

// The groups, a file each.
void addScalarRules(AdjointRules &rules);
void addTensorRules(AdjointRules &rules);
void addForwardRules(AdjointRules &rules);
void addLossRules(AdjointRules &rules);
/// Any operation of the interface LinalgOp.
LogicalResult differentiateLinalg(Operation *op, Adjoints &adjoints);

/// Says that `op` cannot be differentiated: why, and what to do.
LogicalResult refuse(Operation *op, const Twine &why);

/// Which values depend on what is differentiated with respect to (the active
/// ones), and the gradient with respect to each of them, as far as it is known.
class Adjoints {
public:
  Adjoints(OpBuilder &builder, const AdjointRules &rules)
      : builder(builder), rules(rules), loc(builder.getUnknownLoc()) {}

  /// Of the gradient with respect to a value of type `type`, a float or a
  /// tensor: the same, but f32 in place of f16 and bf16.
  static Type getType(Type type);

  void activate(Value value) { active.insert(value); }
  bool isActive(Value value) const { return active.contains(value); }
  /// Activates what `op` computes from active values; integers never are.
  /// Fails with a diagnostic where they go to memory.
  LogicalResult activateResults(Operation *op);

  /// Null stands for zero.
  Value get(Value value) const { return gradients.lookup(value); }
  /// The same, or a tensor of zeros, for an operation that adds to it.
  Value getAccumulator(Value value);
  void set(Value value, Value gradient) { gradients[value] = gradient; }
  /// Adds `gradient` to that of `value`, if that is active. Casts to its type
  /// where only static sizes differ.
  void add(Value value, Value gradient);

  OpBuilder &builder;
  const AdjointRules &rules;
  /// Of what is built.
  Location loc;

private:
  DenseSet<Value> active;
  DenseMap<Value, Value> gradients;
};

} // namespace mlir::softmax

#endif // SOFTMAX_LIB_DIFFERENTIATION_ADJOINTS_H
