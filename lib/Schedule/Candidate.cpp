// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "softmax/Schedule/Candidate.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/ErrorHandling.h"

using namespace mlir::softmax;
using llvm::StringRef;

llvm::ArrayRef<StrategyKind> mlir::softmax::allStrategies() {
  static constexpr StrategyKind kinds[] = {
      StrategyKind::LanesRows, StrategyKind::Registers,
      StrategyKind::Pipe3,     StrategyKind::Pipe2,
      StrategyKind::Online,    StrategyKind::ThreePass,
      StrategyKind::Scalable,  StrategyKind::LanesInner,
      StrategyKind::Panels,    StrategyKind::Packed};
  return kinds;
}

StringRef mlir::softmax::toString(StrategyKind kind) {
  switch (kind) {
  case StrategyKind::Registers:
    return "registers";
  case StrategyKind::ThreePass:
    return "three_pass";
  case StrategyKind::LanesInner:
    return "lanes_inner";
  case StrategyKind::Packed:
    return "packed";
  case StrategyKind::Pipe3:
    return "pipe3";
  case StrategyKind::Pipe2:
    return "pipe2";
  case StrategyKind::Online:
    return "online";
  case StrategyKind::LanesRows:
    return "lanes_rows";
  case StrategyKind::Panels:
    return "panels";
  case StrategyKind::Scalable:
    return "scalable";
  }
  llvm_unreachable("all strategies handled");
}

std::optional<StrategyKind> mlir::softmax::parseStrategy(StringRef name) {
  for (StrategyKind kind : allStrategies())
    if (toString(kind) == name)
      return kind;
  return std::nullopt;
}

std::string mlir::softmax::listStrategies() {
  auto names = llvm::map_range(allStrategies().drop_back(), toString);
  return llvm::join(names, ", ") + " or " +
         toString(allStrategies().back()).str();
}
