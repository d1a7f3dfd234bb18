// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "ElementExpr.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/ReshapeOpsUtils.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace mlir::softmax::raise;

/// More nodes or comparisons than this and the computation is no softmax that
/// anyone prints; expressions share parts, so comparing them could take for
/// ever.
static constexpr size_t kMaxNodes = 2048;
static constexpr unsigned kMaxComparisons = 1 << 16;

bool ExprGraph::isExhausted() const { return nodes.size() > kMaxNodes; }

Expr *ExprGraph::create(Expr::Kind kind) {
  nodes.push_back(std::make_unique<Expr>());
  nodes.back()->kind = kind;
  return nodes.back().get();
}

Expr *ExprGraph::createElement(Value tensor, ArrayRef<Coord> coords) {
  Expr *expr = create(Expr::Kind::Element);
  expr->value = tensor;
  expr->coords.assign(coords.begin(), coords.end());
  return expr;
}

const Expr *ExprGraph::getElement(Value tensor) {
  SmallVector<Coord> coords;
  for (int64_t i = 0, rank = cast<RankedTensorType>(tensor.getType()).getRank();
       i < rank; ++i)
    coords.push_back(freshCoord());
  return createElement(tensor, coords);
}

//===----------------------------------------------------------------------===//
// Expansion
//===----------------------------------------------------------------------===//

const Expr *ExprGraph::resolve(const Expr *expr) {
  while (const Expr *next = expand(expr))
    expr = next;
  return expr;
}

const Expr *ExprGraph::expand(const Expr *expr) {
  if (expr->kind != Expr::Kind::Element || isExhausted())
    return nullptr;
  if (auto found = expansions.find(expr); found != expansions.end())
    return found->second;
  const Expr *result = expandUncached(expr);
  expansions[expr] = result;
  if (result && expr->value.getDefiningOp())
    expandedOps.insert(expr->value.getDefiningOp());
  return result;
}

const Expr *ExprGraph::expandUncached(const Expr *element) {
  DenseElementsAttr splat;
  if (matchPattern(element->value, m_Constant(&splat)) && splat.isSplat() &&
      isa<FloatType>(splat.getElementType())) {
    Expr *result = create(Expr::Kind::Constant);
    result->constant = splat.getSplatValue<llvm::APFloat>();
    return result;
  }
  Operation *op = element->value.getDefiningOp();
  if (!op)
    return nullptr;
  if (auto linalgOp = dyn_cast<linalg::LinalgOp>(op))
    return expandLinalg(linalgOp, element);
  if (isa<tensor::ExpandShapeOp, tensor::CollapseShapeOp>(op))
    return expandReshape(op, element);
  if (auto cast = dyn_cast<tensor::CastOp>(op)) {
    auto source = dyn_cast<RankedTensorType>(cast.getSource().getType());
    return source ? createElement(cast.getSource(), element->coords) : nullptr;
  }
  if (auto splatOp = dyn_cast<tensor::SplatOp>(op)) {
    Attribute attr;
    Expr *result = create(Expr::Kind::Scalar);
    result->value = splatOp.getInput();
    if (matchPattern(splatOp.getInput(), m_Constant(&attr)) &&
        isa<FloatAttr>(attr)) {
      result->kind = Expr::Kind::Constant;
      result->constant = cast<FloatAttr>(attr).getValue();
    }
    return result;
  }
  return nullptr;
}

/// Reshapes that only add or drop dimensions of size 1.
const Expr *ExprGraph::expandReshape(Operation *op, const Expr *element) {
  Value source = op->getOperand(0);
  auto sourceType = cast<RankedTensorType>(source.getType());
  auto resultType = cast<RankedTensorType>(op->getResult(0).getType());
  bool isExpand = isa<tensor::ExpandShapeOp>(op);
  SmallVector<ReassociationIndices> groups =
      isExpand ? cast<tensor::ExpandShapeOp>(op).getReassociationIndices()
               : cast<tensor::CollapseShapeOp>(op).getReassociationIndices();
  RankedTensorType wide = isExpand ? resultType : sourceType;

  SmallVector<Coord> coords(sourceType.getRank(), kZeroCoord);
  for (auto [narrowDim, group] : llvm::enumerate(groups)) {
    std::optional<int64_t> moving;
    for (int64_t dim : group) {
      if (wide.getDimSize(dim) == 1)
        continue;
      if (moving)
        return nullptr;
      moving = dim;
    }
    if (!moving)
      continue;
    if (isExpand)
      coords[narrowDim] = element->coords[*moving];
    else
      coords[*moving] = element->coords[narrowDim];
  }
  return createElement(source, coords);
}

const Expr *ExprGraph::expandLinalg(linalg::LinalgOp op, const Expr *element) {
  if (!op.hasPureTensorSemantics() || op->getNumRegions() != 1 ||
      !op->getRegion(0).hasOneBlock())
    return nullptr;
  unsigned resultNumber = cast<OpResult>(element->value).getResultNumber();
  OpOperand *init = op.getDpsInitOperand(resultNumber);
  AffineMap resultMap = op.getMatchingIndexingMap(init);
  if (!resultMap.isProjectedPermutation())
    return nullptr;

  // Where the op stands in its iteration space when it computes the element:
  // the element's coordinates, and fresh ones where it reduces.
  SmallVector<utils::IteratorType> iterators = op.getIteratorTypesArray();
  SmallVector<std::optional<Coord>> position(iterators.size());
  for (auto [i, result] : llvm::enumerate(resultMap.getResults()))
    position[cast<AffineDimExpr>(result).getPosition()] = element->coords[i];
  SmallVector<Coord> bound;
  for (auto [dim, iterator] : llvm::enumerate(iterators)) {
    bool reduces = iterator == utils::IteratorType::reduction;
    if (position[dim].has_value() == reduces)
      return nullptr;
    if (reduces) {
      position[dim] = freshCoord();
      bound.push_back(*position[dim]);
    }
  }

  Block &body = op->getRegion(0).front();
  ScalarReader reader(*this, body);
  auto elementOf = [&](OpOperand &operand) -> const Expr * {
    SmallVector<Coord> coords;
    for (AffineExpr result : op.getMatchingIndexingMap(&operand).getResults()) {
      if (auto dim = dyn_cast<AffineDimExpr>(result))
        coords.push_back(*position[dim.getPosition()]);
      else if (auto constant = dyn_cast<AffineConstantExpr>(result);
               constant && constant.getValue() == 0)
        coords.push_back(kZeroCoord);
      else
        return create(Expr::Kind::Opaque);
    }
    return createElement(operand.get(), coords);
  };
  for (OpOperand &operand : op->getOpOperands()) {
    BlockArgument argument = op.getMatchingBlockArgument(&operand);
    if (!argument)
      continue;
    const Expr *expr;
    if (!isa<ShapedType>(operand.get().getType()))
      expr = reader.read(operand.get());
    else if (&operand == init && !bound.empty())
      expr = create(Expr::Kind::Accumulator);
    else if (op.isDpsInit(&operand) && !bound.empty())
      expr = create(Expr::Kind::Opaque); // another result's running value
    else
      expr = elementOf(operand);
    reader.bind(argument.getArgNumber(), expr);
  }
  const Expr *yielded =
      reader.read(body.getTerminator()->getOperand(resultNumber));
  if (bound.empty())
    return yielded;

  // combiner(accumulator, f) or combiner(f, accumulator).
  if (!yielded->is(ScalarFn::Add) && !yielded->is(ScalarFn::Max))
    return nullptr;
  bool isFirst = yielded->operands[0]->kind == Expr::Kind::Accumulator;
  const Expr *accumulator = yielded->operands[isFirst ? 0 : 1];
  const Expr *reduced = yielded->operands[isFirst ? 1 : 0];
  if (accumulator->kind != Expr::Kind::Accumulator ||
      contains(reduced, Expr::Kind::Accumulator))
    return nullptr;
  Expr *result = create(Expr::Kind::Reduce);
  result->fn = yielded->fn;
  result->op = op;
  result->bound.assign(bound.begin(), bound.end());
  result->operands = {reduced, createElement(init->get(), element->coords)};
  NanRule takesReduced = isFirst ? NanRule::TakeSecond : NanRule::TakeFirst;
  result->dropsInitialNan =
      yielded->nan == NanRule::Ignore || yielded->nan == takesReduced;
  return result;
}

//===----------------------------------------------------------------------===//
// Comparison
//===----------------------------------------------------------------------===//

/// Unifies coordinate `lhs` with `rhs` under `map`.
static bool unify(Coord lhs, Coord rhs, CoordMap &map,
                  const llvm::SmallDenseSet<Coord, 4> &bindable) {
  if (auto found = map.find(lhs); found != map.end())
    return found->second == rhs;
  if (!bindable.contains(lhs))
    return lhs == rhs;
  map[lhs] = rhs;
  return true;
}

static bool sameCoords(const Expr *lhs, const Expr *rhs, CoordMap &map,
                       const llvm::SmallDenseSet<Coord, 4> &bindable) {
  auto type = cast<RankedTensorType>(lhs->value.getType());
  CoordMap trial = map;
  for (auto [i, pair] :
       llvm::enumerate(llvm::zip_equal(lhs->coords, rhs->coords))) {
    // There is only one coordinate along a dimension of size 1.
    if (!unify(std::get<0>(pair), std::get<1>(pair), trial, bindable) &&
        type.getDimSize(i) != 1)
      return false;
  }
  map = trial;
  return true;
}

bool ExprGraph::sameOperands(const Expr *lhs, const Expr *rhs, CoordMap &map,
                             const llvm::SmallDenseSet<Coord, 4> &bindable) {
  if (lhs->operands.size() != rhs->operands.size())
    return false;
  for (auto [l, r] : llvm::zip_equal(lhs->operands, rhs->operands))
    if (!isSame(l, r, map, bindable))
      return false;
  return true;
}

bool ExprGraph::sameNodes(const Expr *lhs, const Expr *rhs, CoordMap &map,
                          const llvm::SmallDenseSet<Coord, 4> &bindable) {
  if (lhs->kind != rhs->kind)
    return false;
  switch (lhs->kind) {
  case Expr::Kind::Scalar:
    return lhs->value == rhs->value;
  case Expr::Kind::Constant:
    return lhs->constant->bitwiseIsEqual(*rhs->constant);
  case Expr::Kind::Apply: {
    if (lhs->fn != rhs->fn || lhs->nan != rhs->nan)
      return false;
    bool needsSameOp = lhs->fn == ScalarFn::Other ||
                       lhs->fn == ScalarFn::Extend ||
                       lhs->fn == ScalarFn::Truncate;
    if (needsSameOp &&
        (lhs->op->getName() != rhs->op->getName() ||
         lhs->op->getResultTypes() != rhs->op->getResultTypes() ||
         lhs->op->getAttrDictionary() != rhs->op->getAttrDictionary()))
      return false;
    CoordMap trial = map;
    if (sameOperands(lhs, rhs, trial, bindable)) {
      map = trial;
      return true;
    }
    if (lhs->fn != ScalarFn::Add && lhs->fn != ScalarFn::Mul)
      return false;
    trial = map;
    if (!isSame(lhs->operands[0], rhs->operands[1], trial, bindable) ||
        !isSame(lhs->operands[1], rhs->operands[0], trial, bindable))
      return false;
    map = trial;
    return true;
  }
  case Expr::Kind::Reduce: {
    if (lhs->fn != rhs->fn || lhs->bound.size() != rhs->bound.size())
      return false;
    llvm::SmallDenseSet<Coord, 4> inner = bindable;
    inner.insert(lhs->bound.begin(), lhs->bound.end());
    CoordMap trial = map;
    if (!sameOperands(lhs, rhs, trial, inner))
      return false;
    // Bound coordinates must have met bound coordinates.
    for (Coord coord : lhs->bound) {
      auto found = trial.find(coord);
      if (found == trial.end() ||
          !llvm::is_contained(rhs->bound, found->second))
        return false;
      trial.erase(coord);
    }
    map = trial;
    return true;
  }
  case Expr::Kind::Element:
  case Expr::Kind::Accumulator:
  case Expr::Kind::Opaque:
    return false;
  }
  llvm_unreachable("unknown kind of expression");
}

bool ExprGraph::isSame(const Expr *lhs, const Expr *rhs, CoordMap &map,
                       const llvm::SmallDenseSet<Coord, 4> &bindable) {
  if (++numComparisons > kMaxComparisons)
    return false;
  bool bothElements =
      lhs->kind == Expr::Kind::Element && rhs->kind == Expr::Kind::Element;
  if (bothElements && lhs->value == rhs->value &&
      sameCoords(lhs, rhs, map, bindable))
    return true;

  // Look into whichever side is computed later.
  const Expr *lhsNext = expand(lhs);
  const Expr *rhsNext = expand(rhs);
  if (lhsNext && rhsNext) {
    Operation *lhsOp = lhs->value.getDefiningOp();
    Operation *rhsOp = rhs->value.getDefiningOp();
    if (lhsOp == rhsOp)
      return isSame(lhsNext, rhsNext, map, bindable);
    if (lhsOp->getBlock() == rhsOp->getBlock() && lhsOp->isBeforeInBlock(rhsOp))
      return isSame(lhs, rhsNext, map, bindable);
    return isSame(lhsNext, rhs, map, bindable);
  }
  if (lhsNext)
    return isSame(lhsNext, rhs, map, bindable);
  if (rhsNext)
    return isSame(lhs, rhsNext, map, bindable);
  return sameNodes(lhs, rhs, map, bindable);
}
