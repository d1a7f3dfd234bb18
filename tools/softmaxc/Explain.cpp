// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "Explain.h"

#include "softmax/Dialect/IR/Softmax.h"
#include "softmax/Dialect/Transforms/Schedule.h"
#include "softmax/Schedule/CostModel.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Interfaces/LoopLikeInterface.h"

#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace mlir::softmax;

namespace {

/// The row length to compare strategies at: the static one, or one that fills
/// a good part of the first-level cache.
constexpr int64_t kComparedColumns = 4096;

void explainTarget(const TargetDescription &target, llvm::raw_ostream &os) {
  os << "target " << target.name;
  if (target.cpu != target.name)
    os << " (" << target.cpu << ")";
  os << ": ";
  if (target.vectors)
    os << target.vectorRegisters << " vector registers of " << target.vectorBits
       << (target.scalable ? " bits or more, " : " bits, ");
  else
    os << "no vector registers: scalar code, ";
  os << (target.fma ? "fused" : "no fused") << " multiply-add, caches of "
     << target.l1Bytes / 1024 << " KiB, " << target.l2Bytes / 1024
     << " KiB and " << target.l3Bytes / 1024 << " KiB\n";
}

/// What each strategy would cost, so that the choice can be judged.
void explainComparison(GenericOp op, const TargetDescription &target,
                       llvm::raw_ostream &os) {
  KernelShape shape = describeShape(op);
  int64_t columns = shape.columns.value_or(kComparedColumns);
  os << "  compared at " << columns << " columns:";
  const char *separator = " ";
  SmallVector<StrategyKind> kinds = {
      StrategyKind::Registers, StrategyKind::ThreePass,
      StrategyKind::LanesInner, StrategyKind::Packed};
  if (target.scalable)
    kinds.insert(kinds.begin() + 2, StrategyKind::Scalable);
  for (StrategyKind kind : kinds) {
    os << separator << toString(kind) << ' ';
    separator = ", ";
    llvm::Expected<SmallVector<Candidate>> candidates =
        chooseAlternatives(shape, target, kind);
    if (!candidates) {
      llvm::consumeError(candidates.takeError());
      os << "does not apply";
      continue;
    }
    const Candidate *fitting =
        llvm::find_if(*candidates, [&](const Candidate &candidate) {
          return candidate.strategy == kind &&
                 (candidate.maxColumns == 0 || columns <= candidate.maxColumns);
        });
    if (fitting == candidates->end()) {
      os << "does not hold such rows";
      continue;
    }
    os << llvm::format("%.2f", modelCycles(*fitting, shape, target, columns));
  }
  os << " cycles/element\n";
}

/// The loops that linalg ops and copies have become, counted at the outermost.
unsigned countLoopNests(func::FuncOp function) {
  unsigned count = 0;
  function.walk<WalkOrder::PreOrder>([&](LoopLikeOpInterface loop) {
    ++count;
    return WalkResult::skip();
  });
  return count;
}

} // namespace

std::string mlir::softmax::explain(ModuleOp module,
                                   const TargetDescription &target) {
  std::string text;
  llvm::raw_string_ostream os(text);
  explainTarget(target, os);
  for (func::FuncOp function : module.getOps<func::FuncOp>()) {
    if (!function.isPublic() || function.isExternal())
      continue;
    os << "kernel " << function.getSymName() << ":\n";
    bool scalar = true;
    function.walk([&](GenericOp op) {
      scalar = false;
      os << " softmax.generic over dimensions [";
      llvm::interleaveComma(op.getDimensions(), os);
      os << "]\n";
      explainSchedule(op, target, os);
      explainComparison(op, target, os);
    });
    if (scalar)
      os << "  no softmax op; scalar\n";
    else if (unsigned loops = countLoopNests(function))
      os << " " << loops << (loops == 1 ? " loop nest" : " loop nests")
         << " of other operations: scalar, left to LLVM\n";
  }
  return text;
}
