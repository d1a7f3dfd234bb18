// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "FusionSteps.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace mlir::softmax;

MappedOperands::MappedOperands(GenericOp op, int64_t without) {
  for (auto [i, map] : llvm::enumerate(op.getMapList()))
    if (static_cast<int64_t>(i) != without)
      add(op->getOperand(i), map);
}

/// The static sizes of the dimensions, as far as `operands` tell; false if they
/// contradict each other.
static bool inferSizes(const MappedOperands &operands,
                       SmallVectorImpl<int64_t> &sizes,
                       llvm::SmallBitVector &named) {
  for (auto [value, map] : llvm::zip_equal(operands.values, operands.maps)) {
    auto shaped = dyn_cast<ShapedType>(value.getType());
    if (!shaped)
      continue;
    for (auto [i, expr] : llvm::enumerate(map.getResults())) {
      auto dim = dyn_cast<AffineDimExpr>(expr);
      if (!dim)
        continue;
      named.set(dim.getPosition());
      int64_t size = shaped.getDimSize(i);
      int64_t &known = sizes[dim.getPosition()];
      if (ShapedType::isDynamic(size))
        continue;
      if (!ShapedType::isDynamic(known) && known != size)
        return false;
      known = size;
    }
  }
  return true;
}

/// Whether `map` names some of several softmax dimensions.
static bool namesRowInPart(GenericOp op, AffineMap map) {
  unsigned count = llvm::count_if(op.getDimensions(), [&](int64_t dim) {
    return map.isFunctionOfDim(dim);
  });
  return count != 0 && count != op.getDimensions().size();
}

std::string mlir::softmax::whyNotOperands(GenericOp op,
                                          const MappedOperands &operands) {
  FloatType before = op.getComputeType();
  FloatType after = inferComputeType(operands.values, op.getContext());
  std::string text;
  llvm::raw_string_ostream os(text);
  if (before != after) {
    os << "the compute type would change from " << before << " to " << after
       << " (C-TYPE-2); cast to " << before
       << " in an operation of its own that stays outside";
    return text;
  }
  for (Value value : operands.values) {
    auto shaped = dyn_cast<ShapedType>(value.getType());
    if (shaped && shaped.getElementType().isIndex())
      return "it reads or writes a tensor of indices, which vectors cannot; "
             "use i32 or i64";
  }
  unsigned rank = op.getIterationRank();
  SmallVector<int64_t> was(rank, ShapedType::kDynamic), is = was;
  llvm::SmallBitVector named(rank), unused(rank);
  inferSizes(MappedOperands(op), was, unused);
  if (!inferSizes(operands, is, named))
    return "static sizes of its operands contradict each other";
  for (unsigned dim = 0; dim < rank; ++dim) {
    if (!named.test(dim)) {
      os << "no other operand would give the size of dimension " << dim
         << "; reduce the tensor before it is repeated";
      return text;
    }
    if (!ShapedType::isDynamic(was[dim]) && was[dim] != is[dim]) {
      os << "that dimension " << dim << " has size " << was[dim]
         << " would be forgotten; give an operand the static size";
      return text;
    }
  }
  MappedOperands old(op);
  for (AffineMap map : operands.maps)
    if (namesRowInPart(op, map) && !llvm::is_contained(old.maps, map))
      return "an operand repeats along some of the softmax dimensions, so that "
             "rows would not be contiguous any more; repeat it in memory, or "
             "collapse the softmax dimensions into one";
  return {};
}

bool mlir::softmax::keepsOrder(AffineMap reference, AffineMap map) {
  unsigned last = 0;
  for (AffineExpr expr : map.getResults()) {
    if (!isa<AffineDimExpr>(expr))
      continue;
    std::optional<unsigned> position = reference.getResultPosition(expr);
    if (!position || *position < last)
      return false;
    last = *position;
  }
  return true;
}

bool mlir::softmax::keepsOrder(AffineMap map) {
  return keepsOrder(
      AffineMap::getMultiDimIdentityMap(map.getNumDims(), map.getContext()),
      map);
}

bool mlir::softmax::isFusible(GenericOp op) {
  return op.hasPureTensorSemantics() && op.getRows().empty() &&
         !op.getSchedule();
}

void mlir::softmax::eraseDeadRegionOps(GenericOp op) {
  for (Region &region : op->getRegions())
    for (Block &block : region)
      for (Operation &inner : llvm::make_early_inc_range(llvm::reverse(block)))
        if (isOpTriviallyDead(&inner))
          inner.erase();
}

std::string mlir::softmax::quoteName(Operation *op) {
  return ("'" + op->getName().getStringRef() + "'").str();
}
