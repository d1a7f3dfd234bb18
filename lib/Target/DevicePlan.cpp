// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "DevicePlan.h"

#include "DeviceNames.h"

using namespace mlir;
using namespace mlir::softmax;

int64_t softmax::getCapability(const GPUDescription &chip) {
  int64_t number = 0;
  StringRef digits = StringRef(chip.name).drop_until(llvm::isDigit);
  (void)digits.take_while(llvm::isDigit).getAsInteger(10, number);
  return number;
}

bool softmax::isExact(const GPUDescription &chip) {
  return StringRef(chip.name).ends_with("a");
}

namespace {
class Encoder {
public:
  DevicePlan run(ArrayRef<DeviceFunction> functions) {
    plan.numbers.push_back(static_cast<int64_t>(functions.size()));
    plan.numbers.append(functions.size(), 0);
    for (auto [i, function] : llvm::enumerate(functions)) {
      plan.numbers[1 + i] = position();
      encode(function);
    }
    return std::move(plan);
  }

private:
  int64_t position() const { return static_cast<int64_t>(plan.numbers.size()); }
  void add(std::initializer_list<int64_t> numbers) {
    plan.numbers.append(numbers);
  }
  void addDim(const KernelDim &dim) {
    if (dim.isStatic())
      return add({0, dim.size});
    const auto *at = llvm::find(symbols, dim.symbol);
    add({1, at - symbols.begin()});
  }
  void addProduct(ArrayRef<KernelDim> dims) {
    plan.numbers.push_back(static_cast<int64_t>(dims.size()));
    for (const KernelDim &dim : dims)
      addDim(dim);
  }

  void encode(const DeviceFunction &function) {
    symbols = DeviceNames(function.info).symbols;
    plan.numbers.push_back(static_cast<int64_t>(symbols.size()));
    addProduct(function.rows);
    addProduct(function.columns);
    plan.numbers.push_back(static_cast<int64_t>(function.info.operands.size()));
    for (const KernelOperand &operand : function.info.operands)
      plan.numbers.push_back(operand.isTensor() ? operand.elementBytes() : 0);
    plan.numbers.push_back(static_cast<int64_t>(function.kernels.size()));
    for (const DeviceKernel &kernel : function.kernels) {
      int64_t begin = position();
      add({0, kernel.minColumns, kernel.maxColumns, kernel.maxRows,
           kernel.workspaceBytes, kernel.workspaceColumns,
           static_cast<int64_t>(kernel.launches.size())});
      for (const DeviceLaunch &launch : kernel.launches)
        encodeLaunch(function, launch);
      plan.numbers[begin] = position() - begin;
    }
  }

  void encodeLaunch(const DeviceFunction &function,
                    const DeviceLaunch &launch) {
    plan.names += launch.name;
    plan.names += '\0';
    add({plan.nameCount++, launch.threads, launch.rowsPerBlock,
         launch.blocksPerRow, launch.columnsPerBlock, launch.cluster,
         launch.sharedBytes, static_cast<int64_t>(launch.arguments.size())});
    for (const DeviceArgument &argument : launch.arguments) {
      switch (argument.kind) {
      case DeviceArgument::Kind::Size:
        addDim(
            function.info.operands[argument.operand].shape[argument.dimension]);
        break;
      case DeviceArgument::Kind::Pointer:
      case DeviceArgument::Kind::Scalar:
        add({2, argument.operand});
        break;
      case DeviceArgument::Kind::Workspace:
        add({3, 0});
        break;
      }
    }
  }

  DevicePlan plan;
  SmallVector<std::string> symbols;
};
} // namespace

DevicePlan softmax::encodeDevicePlan(ArrayRef<DeviceFunction> functions) {
  return Encoder().run(functions);
}
