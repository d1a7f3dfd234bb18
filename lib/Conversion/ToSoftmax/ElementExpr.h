// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// What one element of a tensor is, as an expression over elements of other
// tensors: the view in which the matchers look for softmax.
//
// Linalg spells one computation in many ways: generic and named ops, bodies
// fused or apart, broadcasts as maps or as ops, unit dimensions kept by
// reshapes.  The view has none of that.  An element is addressed by
// *coordinates*; looking up what it is (`ExprGraph::expand`) replaces it by the
// expression of the op that computes it, with the coordinates put in.  A
// reduction binds fresh coordinates.  So softmax over d1 is
//
//   e(d0, d1) / sum[r](e(d0, r))  where
//   e(d0, d1) = exp(x(d0, d1) - max[q](x(d0, q)))
//
// whatever ops it came from, and a matcher compares expressions up to the
// names of bound coordinates.  Expansion is lazy: a tensor stays a leaf until
// a matcher asks for more.

#ifndef SOFTMAX_LIB_CONVERSION_TOSOFTMAX_ELEMENTEXPR_H
#define SOFTMAX_LIB_CONVERSION_TOSOFTMAX_ELEMENTEXPR_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/IR/Value.h"
#include "llvm/ADT/APFloat.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/DenseSet.h"
#include "llvm/ADT/SmallVector.h"

#include <memory>
#include <optional>
#include <vector>

namespace mlir::softmax::raise {

/// A coordinate: an id >= 0, or the constant 0.
using Coord = int64_t;
constexpr Coord kZeroCoord = -1;

/// The scalar functions that matchers ask for; the rest is `Other`.
enum class ScalarFn {
  Exp,
  Log,
  Add,
  Sub,
  Mul,
  Div,
  Neg,
  Max,
  Extend,
  Truncate,
  Other
};

/// What a maximum does with a NaN operand.
enum class NanRule {
  /// Gives NaN (arith.maximumf).
  Propagate,
  /// Gives the other operand (arith.maxnumf).
  Ignore,
  /// Compare and select: gives operand 0, or 1, as soon as either is NaN.
  TakeFirst,
  TakeSecond
};

struct Expr {
  enum class Kind {
    /// Element `coords` of tensor `value`.
    Element,
    /// The scalar SSA value `value`.
    Scalar,
    /// A floating constant.
    Constant,
    /// `fn` of `operands`; `op` is an op that computes it.
    Apply,
    /// `combiner` (Add or Max) over the coordinates `bound` of `operands[0]`,
    /// starting from `operands[1]`.
    Reduce,
    /// The running value inside a reduction's body.
    Accumulator,
    /// Not expressible (an index, a region op).
    Opaque
  };
  Kind kind;
  Value value;
  SmallVector<Coord, 4> coords;
  std::optional<llvm::APFloat> constant;
  ScalarFn fn = ScalarFn::Other;
  NanRule nan = NanRule::Propagate;
  Operation *op = nullptr;
  SmallVector<const Expr *, 2> operands;
  SmallVector<Coord, 2> bound;
  /// Of a Reduce by Max: whether an initial NaN disappears at the first
  /// element.
  bool dropsInitialNan = false;

  bool is(ScalarFn wanted) const { return kind == Kind::Apply && fn == wanted; }
  bool isReduce(ScalarFn combiner) const {
    return kind == Kind::Reduce && fn == combiner;
  }
};

/// A renaming of coordinates: bound ones of the left expression to any of the
/// right one.
using CoordMap = llvm::SmallDenseMap<Coord, Coord, 8>;

/// Owns expressions, and expands elements.  One per match attempt; the IR must
/// not change meanwhile.
class ExprGraph {
public:
  /// The element of `tensor` at fresh coordinates, one per dimension.
  const Expr *getElement(Value tensor);

  /// What an Element is: the expression of the op that computes it, null if
  /// `expr` is another kind or its tensor is opaque (a block argument, an op
  /// that the view does not know, a map that is not a projected permutation).
  const Expr *expand(const Expr *expr);

  /// Expands until the kind is something else or there is nothing more to see.
  const Expr *resolve(const Expr *expr);

  /// Whether `lhs` with its coordinates renamed by `map` is `rhs`.  Coordinates
  /// in `bindable` that have no image yet get one.  Expands either side where
  /// they are spelled differently.
  bool isSame(const Expr *lhs, const Expr *rhs, CoordMap &map,
              const llvm::SmallDenseSet<Coord, 4> &bindable);

  /// Whether an op was looked into.
  bool wasExpanded(Operation *op) const { return expandedOps.contains(op); }

private:
  friend class ScalarReader;
  Expr *create(Expr::Kind kind);
  Expr *createElement(Value tensor, ArrayRef<Coord> coords);
  Coord freshCoord() { return nextCoord++; }
  bool isExhausted() const;

  const Expr *expandLinalg(linalg::LinalgOp op, const Expr *element);
  const Expr *expandReshape(Operation *op, const Expr *element);
  const Expr *expandUncached(const Expr *element);
  bool sameOperands(const Expr *lhs, const Expr *rhs, CoordMap &map,
                    const llvm::SmallDenseSet<Coord, 4> &bindable);
  bool sameNodes(const Expr *lhs, const Expr *rhs, CoordMap &map,
                 const llvm::SmallDenseSet<Coord, 4> &bindable);

  std::vector<std::unique_ptr<Expr>> nodes;
  llvm::DenseMap<const Expr *, const Expr *> expansions;
  llvm::DenseSet<Operation *> expandedOps;
  Coord nextCoord = 0;
  unsigned numComparisons = 0;
};

/// Reads the body of a linalg op into expressions.
class ScalarReader {
public:
  ScalarReader(ExprGraph &graph, Block &body) : graph(graph), body(body) {}

  /// Says what block argument `index` stands for.
  void bind(unsigned index, const Expr *expr) {
    known[body.getArgument(index)] = expr;
  }

  /// The expression of `value`, defined in the body or outside of it.
  const Expr *read(Value value);

private:
  const Expr *readUncached(Value value);
  const Expr *readCompareSelect(Operation *op);

  ExprGraph &graph;
  Block &body;
  llvm::DenseMap<Value, const Expr *> known;
};

/// Whether `expr` or an operand of it, without expansion, is of `kind`.
bool contains(const Expr *expr, Expr::Kind kind);

} // namespace mlir::softmax::raise

#endif // SOFTMAX_LIB_CONVERSION_TOSOFTMAX_ELEMENTEXPR_H
