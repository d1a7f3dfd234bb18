// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "DeviceNames.h"

#include "softmax/Target/CNames.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace mlir::softmax;

std::pair<StringRef, StringRef>
softmax::getDeviceScalarType(const KernelOperand &operand) {
  if (operand.elementType.isF32())
    return {"float", "f32"};
  if (operand.elementType.isF64())
    return {"double", "f64"};
  if (operand.elementType.isInteger(32))
    return {"int32_t", "i32"};
  return {"int64_t", "i64"};
}

DeviceNames::DeviceNames(const KernelInfo &info) {
  // Of operands, and then of sizes, each another name that C can declare.
  llvm::StringSet<> taken;
  auto declare = [&](StringRef text) {
    std::string name = toCIdentifier(text);
    while (isReservedCName(name) || !taken.insert(name).second)
      name += '_';
    return name;
  };
  for (const KernelOperand &operand : info.operands)
    operands.push_back(declare(operand.name));
  for (const KernelOperand &operand : info.operands)
    for (const KernelDim &dim : operand.shape)
      if (!dim.isStatic() && !sizes.contains(dim.symbol)) {
        sizes[dim.symbol] = declare(dim.symbol);
        symbols.push_back(dim.symbol);
      }
}

std::string DeviceNames::text(const KernelDim &dim) const {
  return dim.isStatic() ? std::to_string(dim.size) : sizes.lookup(dim.symbol);
}

SmallVector<std::string> DeviceNames::parameters(const KernelInfo &info) const {
  SmallVector<std::string> result;
  for (auto [operand, name] : llvm::zip_equal(info.operands, operands)) {
    if (operand.isTensor())
      result.push_back((operand.kind == KernelOperand::Kind::Output
                            ? "void *"
                            : "const void *") +
                       name);
    else
      result.push_back((getDeviceScalarType(operand).first + " " + name).str());
  }
  for (const std::string &symbol : symbols)
    result.push_back("int64_t " + sizes.lookup(symbol));
  return result;
}

std::string softmax::describeDeviceOperands(const KernelInfo &info,
                                            const DeviceNames &names) {
  std::string text;
  llvm::raw_string_ostream os(text);
  os << "\n/* " << info.name << ", in row-major device memory:\n";
  for (auto [operand, name] : llvm::zip_equal(info.operands, names.operands)) {
    os << "     " << name << ": ";
    if (operand.kind == KernelOperand::Kind::Output)
      os << "output, ";
    os << operand.typeName();
    if (operand.isTensor()) {
      SmallVector<std::string> shape;
      for (const KernelDim &dim : operand.shape)
        shape.push_back(names.text(dim));
      os << " [" << llvm::join(shape, ", ") << "]";
    }
    os << "\n";
  }
  return text;
}
