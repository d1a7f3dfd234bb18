// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "ElementwiseBody.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"
#include "softmax/Dialect/IR/Softmax.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::softmax;

/// Vector operations that `op` takes: about the instructions of its expansion
/// in lib/Math, quotients and roots by their throughput.
static unsigned weigh(Operation *op) {
  return llvm::TypeSwitch<Operation *, unsigned>(op)
      .Case<arith::ConstantOp, linalg::IndexOp>([](auto) { return 0; })
      .Case<arith::DivFOp, math::SqrtOp, math::RsqrtOp>([](auto) { return 6; })
      .Case<arith::DivSIOp, arith::DivUIOp, arith::RemSIOp, arith::RemUIOp,
            arith::CeilDivSIOp, arith::CeilDivUIOp, arith::FloorDivSIOp,
            arith::RemFOp>([](auto) { return 24; })
      .Case<math::ExpOp, math::Exp2Op, math::LogOp, math::Log2Op,
            math::Log10Op>([](auto) { return 16; })
      .Case<math::AbsFOp, math::AbsIOp, math::CeilOp, math::CopySignOp,
            math::FloorOp, math::FmaOp, math::RoundEvenOp, math::RoundOp,
            math::TruncOp>([](auto) { return 1; })
      .Default([](Operation *other) {
        return isa_and_present<math::MathDialect>(other->getDialect()) ? 24 : 1;
      });
}

/// Why a region of softmax.generic cannot hold `op`, a scalar operation; empty
/// if it can.
static std::string whyNotInRegion(Operation *op) {
  auto name = [&] { return ("'" + op->getName().getStringRef() + "'").str(); };
  if (isa<linalg::IndexOp, arith::ConstantOp>(op))
    return {};
  if (op->getNumRegions() != 0 || !OpTrait::hasElementwiseMappableTraits(op))
    return name() + " has no vector form; write it with element-wise "
                    "operations of arith and math";
  // The divisor of a division by a constant other than 0.
  if (isa<arith::DivSIOp, arith::DivUIOp, arith::RemSIOp, arith::RemUIOp,
          arith::CeilDivSIOp, arith::CeilDivUIOp, arith::FloorDivSIOp>(op) &&
      !matchPattern(op->getOperand(1), m_NonZero()))
    return name() + " traps for some operands, and regions also compute lanes "
                    "that hold no element; use a constant divisor that is not "
                    "0, or floats";
  if (!isPure(op))
    return name() + " has effects";
  if (auto fast = dyn_cast<arith::ArithFastMathInterface>(op)) {
    arith::FastMathFlagsAttr flags = fast.getFastMathFlagsAttr();
    if (flags && bitEnumContainsAny(flags.getValue(),
                                    arith::FastMathFlags::reassoc |
                                        arith::FastMathFlags::contract))
      return name() + " carries reassoc or contract, under which its result "
                      "depends on the operations around it; drop the flags "
                      "(C-DET-1)";
  }
  return {};
}

static bool isScalar(Type type) { return type.isIntOrIndexOrFloat(); }

ElementwiseBody::ElementwiseBody(linalg::LinalgOp op,
                                 ArrayRef<unsigned> results)
    : op(op), results(results) {
  if (!op.hasPureTensorSemantics())
    refuse("it works on memrefs; fuse before bufferization");
  else if (!op.isAllParallelLoops())
    refuse("it reduces along a loop, so that an element of its result is no "
           "function of single elements; its tensors stay");
  else if (llvm::any_of(op.getDpsInitsMutable(), [&](OpOperand &init) {
             return !op.getMatchingIndexingMap(&init).isPermutation();
           }))
    refuse("it writes through a map that is no permutation");
  else
    collect();
}

void ElementwiseBody::refuse(const Twine &why) {
  if (reason.empty())
    reason = why.str();
}

void ElementwiseBody::collect() {
  Block *block = op.getBlock();
  DenseSet<Value> needed;
  auto need = [&](Value value) {
    if (!isScalar(value.getType()))
      return refuse("it computes with more than integers, indices and floats");
    auto argument = dyn_cast<BlockArgument>(value);
    if (argument && argument.getOwner() == block) {
      OpOperand *operand = op.getMatchingOpOperand(argument);
      if (!llvm::is_contained(operands, operand))
        operands.push_back(operand);
      return;
    }
    Operation *producer = value.getDefiningOp();
    if (producer && producer->getBlock() == block)
      needed.insert(value);
    else if (producer && isa<arith::ConstantOp>(producer))
      constants.insert(producer);
    else
      scalars.insert(value);
  };
  for (unsigned result : results)
    need(block->getTerminator()->getOperand(result));
  for (Operation &inner : llvm::reverse(block->without_terminator())) {
    if (llvm::none_of(inner.getResults(),
                      [&](Value value) { return needed.contains(value); }))
      continue;
    if (std::string why = whyNotInRegion(&inner); !why.empty())
      return refuse(why);
    for (Value operand : inner.getOperands())
      need(operand);
    ops.push_back(&inner);
    weight += weigh(&inner);
  }
  std::reverse(ops.begin(), ops.end());
  llvm::sort(operands, [](OpOperand *a, OpOperand *b) {
    return a->getOperandNumber() < b->getOperandNumber();
  });
}

SmallVector<Value>
ElementwiseBody::build(OpBuilder &builder, ArrayRef<AffineExpr> loops,
                       function_ref<Value(OpOperand *)> element,
                       function_ref<Value(Value)> scalar) const {
  linalg::LinalgOp linalgOp = op;
  IRMapping mapping;
  for (OpOperand *operand : operands)
    mapping.map(linalgOp.getMatchingBlockArgument(operand), element(operand));
  for (Value value : scalars)
    mapping.map(value, scalar(value));
  for (Operation *constant : constants)
    builder.clone(*constant, mapping);
  for (Operation *inner : ops) {
    auto index = dyn_cast<linalg::IndexOp>(inner);
    if (!index) {
      builder.clone(*inner, mapping);
      continue;
    }
    Value coordinate;
    if (auto dim = dyn_cast<AffineDimExpr>(loops[index.getDim()]))
      coordinate = IndexOp::create(builder, index.getLoc(),
                                   static_cast<int64_t>(dim.getPosition()));
    else
      coordinate = arith::ConstantIndexOp::create(builder, index.getLoc(), 0);
    mapping.map(index.getResult(), coordinate);
  }
  Operation *yield = linalgOp.getBlock()->getTerminator();
  return llvm::map_to_vector(results, [&](unsigned result) {
    return mapping.lookup(yield->getOperand(result));
  });
}

AffineMap mlir::softmax::mapThroughLoops(AffineMap map, Type operand,
                                         ArrayRef<AffineExpr> loops,
                                         unsigned numDims) {
  auto shaped = dyn_cast<ShapedType>(operand);
  SmallVector<AffineExpr> exprs;
  llvm::SmallBitVector seen(numDims);
  for (auto [i, expr] : llvm::enumerate(map.getResults())) {
    AffineExpr image = expr;
    if (auto dim = dyn_cast<AffineDimExpr>(expr)) {
      image = loops[dim.getPosition()];
    } else {
      // One of several elements may not be picked.
      auto constant = dyn_cast<AffineConstantExpr>(expr);
      if (!constant || constant.getValue() != 0 || shaped.getDimSize(i) != 1)
        return AffineMap();
    }
    if (auto dim = dyn_cast<AffineDimExpr>(image)) {
      if (seen.test(dim.getPosition()))
        return AffineMap();
      seen.set(dim.getPosition());
    }
    exprs.push_back(image);
  }
  return AffineMap::get(numDims, /*symbolCount=*/0, exprs, map.getContext());
}
