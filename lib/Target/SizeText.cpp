// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "SizeText.h"

#include "softmax/Target/KernelInfo.h"

#include "mlir/Dialect/Affine/IR/AffineOps.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/IR/Matchers.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/TypeSwitch.h"

using namespace mlir;
using namespace mlir::softmax;

namespace {
/// Prints with as few parentheses as precedence allows.
class SizePrinter {
public:
  explicit SizePrinter(const KernelInfo &kernel) : kernel(kernel) {}

  /// Empty where there is no formula.  `tight` asks for parentheses around
  /// sums.
  std::string print(Value value, bool tight, unsigned depth = 0);

private:
  std::string printExpr(AffineExpr expr, ArrayRef<std::string> dims,
                        ArrayRef<std::string> symbols, bool tight);
  std::string printDim(Value source, int64_t index, bool tight, unsigned depth);
  /// One list of all different operands of nested minima or maxima.
  template <typename Signed, typename Unsigned>
  std::string printExtremum(StringRef name, Value value, bool tight,
                            unsigned depth);
  std::string printAffine(AffineMap map, ValueRange operands, StringRef list,
                          bool tight, unsigned depth);

  const KernelInfo &kernel;
};
} // namespace

static std::string join(StringRef lhs, StringRef infix, StringRef rhs,
                        bool parenthesize) {
  if (lhs.empty() || rhs.empty())
    return "";
  std::string text = (lhs + infix + rhs).str();
  return parenthesize ? "(" + text + ")" : text;
}

static std::string call(StringRef name, StringRef lhs, StringRef rhs) {
  if (lhs.empty() || rhs.empty())
    return "";
  return (name + "(" + lhs + ", " + rhs + ")").str();
}

std::string SizePrinter::printDim(Value source, int64_t index, bool tight,
                                  unsigned depth) {
  if (auto alloc = source.getDefiningOp<memref::AllocOp>();
      alloc && index >= 0 && index < alloc.getType().getRank()) {
    int64_t size = alloc.getType().getDimSize(index);
    if (!ShapedType::isDynamic(size))
      return std::to_string(size);
    return print(
        alloc.getDynamicSizes()[alloc.getType().getDynamicDimIndex(index)],
        tight, depth + 1);
  }
  auto argument = dyn_cast<BlockArgument>(source);
  if (!argument || argument.getArgNumber() >= kernel.operands.size())
    return "";
  const KernelOperand &operand = kernel.operands[argument.getArgNumber()];
  if (index < 0 || index >= operand.rank())
    return "";
  const KernelDim &dim = operand.shape[index];
  return dim.isStatic() ? std::to_string(dim.size) : dim.symbol;
}

std::string SizePrinter::printExpr(AffineExpr expr, ArrayRef<std::string> dims,
                                   ArrayRef<std::string> symbols, bool tight) {
  if (auto dim = dyn_cast<AffineDimExpr>(expr))
    return dims[dim.getPosition()];
  if (auto symbol = dyn_cast<AffineSymbolExpr>(expr))
    return symbols[symbol.getPosition()];
  if (auto constant = dyn_cast<AffineConstantExpr>(expr))
    return std::to_string(constant.getValue());
  auto binary = cast<AffineBinaryOpExpr>(expr);
  bool sum = expr.getKind() == AffineExprKind::Add;
  std::string lhs = printExpr(binary.getLHS(), dims, symbols, !sum);
  std::string rhs = printExpr(binary.getRHS(), dims, symbols, !sum);
  switch (expr.getKind()) {
  case AffineExprKind::Add:
    return join(lhs, " + ", rhs, tight);
  case AffineExprKind::Mul:
    return join(lhs, " * ", rhs, false);
  case AffineExprKind::Mod:
    return call("mod", lhs, rhs);
  case AffineExprKind::FloorDiv:
    return call("floordiv", lhs, rhs);
  case AffineExprKind::CeilDiv:
    return call("ceildiv", lhs, rhs);
  default:
    return "";
  }
}

std::string SizePrinter::printAffine(AffineMap map, ValueRange operands,
                                     StringRef list, bool tight,
                                     unsigned depth) {
  SmallVector<std::string> values;
  for (Value operand : operands) {
    values.push_back(print(operand, true, depth + 1));
    if (values.back().empty())
      return "";
  }
  ArrayRef<std::string> all(values);
  SmallVector<std::string> results;
  for (AffineExpr expr : map.getResults()) {
    results.push_back(printExpr(expr, all.take_front(map.getNumDims()),
                                all.drop_front(map.getNumDims()),
                                tight && list.empty()));
    if (results.back().empty())
      return "";
  }
  if (list.empty() || results.size() == 1)
    return results.front();
  return (list + "(" + llvm::join(results, ", ") + ")").str();
}

template <typename Signed, typename Unsigned>
std::string SizePrinter::printExtremum(StringRef name, Value value, bool tight,
                                       unsigned depth) {
  SmallVector<Value> open = {value};
  SmallVector<std::string> texts;
  while (!open.empty()) {
    Value next = open.pop_back_val();
    if (next.getDefiningOp<Signed>() || next.getDefiningOp<Unsigned>()) {
      Operation *op = next.getDefiningOp();
      open.push_back(op->getOperand(1));
      open.push_back(op->getOperand(0));
      continue;
    }
    std::string text = print(next, /*tight=*/false, depth + 1);
    if (text.empty())
      return "";
    if (!llvm::is_contained(texts, text))
      texts.push_back(text);
  }
  if (texts.size() == 1)
    return tight ? print(value.getDefiningOp()->getOperand(0), tight, depth + 1)
                 : texts.front();
  return (name + "(" + llvm::join(texts, ", ") + ")").str();
}

std::string SizePrinter::print(Value value, bool tight, unsigned depth) {
  // A formula longer than this helps nobody.
  if (depth > 16)
    return "";
  APInt constant;
  if (matchPattern(value, m_ConstantInt(&constant)))
    return std::to_string(constant.getSExtValue());
  Operation *op = value.getDefiningOp();
  if (!op)
    return "";
  auto binary = [&](StringRef infix, StringRef function) {
    bool sum = infix == " + " || infix == " - ";
    std::string lhs =
        print(op->getOperand(0), !sum && function.empty(), depth + 1);
    std::string rhs =
        print(op->getOperand(1), infix != " + " && function.empty(), depth + 1);
    return function.empty() ? join(lhs, infix, rhs, tight && sum)
                            : call(function, lhs, rhs);
  };
  return llvm::TypeSwitch<Operation *, std::string>(op)
      .Case<memref::DimOp>([&](memref::DimOp dim) {
        std::optional<int64_t> index = dim.getConstantIndex();
        return index ? printDim(dim.getSource(), *index, tight, depth)
                     : std::string();
      })
      .Case<memref::ExtractStridedMetadataOp>(
          [&](memref::ExtractStridedMetadataOp metadata) {
            for (auto [i, size] : llvm::enumerate(metadata.getSizes()))
              if (size == value)
                return printDim(metadata.getSource(), i, tight, depth);
            return std::string();
          })
      .Case<affine::AffineApplyOp>([&](affine::AffineApplyOp apply) {
        return printAffine(apply.getAffineMap(), apply.getMapOperands(), "",
                           tight, depth);
      })
      .Case<affine::AffineMinOp>([&](affine::AffineMinOp min) {
        return printAffine(min.getMap(), min.getOperands(), "min", tight,
                           depth);
      })
      .Case<affine::AffineMaxOp>([&](affine::AffineMaxOp max) {
        return printAffine(max.getMap(), max.getOperands(), "max", tight,
                           depth);
      })
      .Case<arith::AddIOp>([&](Operation *) { return binary(" + ", ""); })
      .Case<arith::SubIOp>([&](Operation *) { return binary(" - ", ""); })
      .Case<arith::MulIOp>([&](Operation *) { return binary(" * ", ""); })
      .Case<arith::DivUIOp, arith::DivSIOp, arith::FloorDivSIOp>(
          [&](Operation *) { return binary("", "floordiv"); })
      .Case<arith::CeilDivUIOp, arith::CeilDivSIOp>(
          [&](Operation *) { return binary("", "ceildiv"); })
      .Case<arith::RemUIOp, arith::RemSIOp>(
          [&](Operation *) { return binary("", "mod"); })
      .Case<arith::MinUIOp, arith::MinSIOp>([&](Operation *) {
        return printExtremum<arith::MinSIOp, arith::MinUIOp>("min", value,
                                                             tight, depth);
      })
      .Case<arith::MaxUIOp, arith::MaxSIOp>([&](Operation *) {
        return printExtremum<arith::MaxSIOp, arith::MaxUIOp>("max", value,
                                                             tight, depth);
      })
      .Case<vector::VectorScaleOp>(
          [&](Operation *) { return std::string("vscale"); })
      .Default([](Operation *) { return std::string(); });
}

std::string softmax::describeSize(Value value, const KernelInfo &kernel) {
  return SizePrinter(kernel).print(value, /*tight=*/true);
}
