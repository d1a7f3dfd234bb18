// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "VulkanProgram.h"

#include "softmax/Pipelines/Pipelines.h"
#include "softmax/Reference/Interpreter.h"

#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"

#include <cstring>

using namespace mlir;
using namespace mlir::softmax;
using namespace mlir::softmax::reference;

std::unique_ptr<VulkanProgram> VulkanProgram::compile(MLIRContext &context,
                                                      StringRef text,
                                                      unsigned subgroupSize,
                                                      StringRef strategy,
                                                      std::string &problem) {
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    problem += diagnostic.str() + "\n";
    return success();
  });
  auto result = std::unique_ptr<VulkanProgram>(new VulkanProgram());
  result->subgroupSize = subgroupSize;
  result->source = parseSourceString<ModuleOp>(text, &context);
  if (!result->source)
    return nullptr;
  OwningOpRef<ModuleOp> module = result->source->clone();
  GPUPipelineOptions pipeline;
  pipeline.chip = llvm::cantFail(
      parseGPU("vulkan:subgroup=" + std::to_string(subgroupSize)));
  pipeline.format = DeviceFormat::Binary;
  pipeline.forceStrategy = strategy.str();
  PassManager manager(&context);
  buildToGPUBinaryPipeline(manager, pipeline);
  if (failed(manager.run(*module)))
    return nullptr;
  auto functions = collectDeviceFunctions(*module);
  auto code = getDeviceCode(*module);
  if (failed(functions) || failed(code))
    return nullptr;
  result->function = std::move(functions->front());
  result->code.resize(code->size() / 4);
  std::memcpy(result->code.data(), code->data(), code->size());
  return result;
}

FailureOr<SmallVector<ReferenceTensor>>
VulkanProgram::evaluate(ArrayRef<ReferenceTensor> inputs) {
  return evaluateFunction(*source->getOps<func::FuncOp>().begin(), inputs,
                          Accuracy::Default);
}

VulkanProgram::Run VulkanProgram::run(vulkan::Device &device,
                                      ArrayRef<ReferenceTensor> inputs,
                                      ArrayRef<ReferenceTensor> expected,
                                      bool inPlace) {
  Run result;
  // Operands are the inputs and then the results.
  SmallVector<const ReferenceTensor *> tensors;
  for (const ReferenceTensor &tensor : inputs)
    tensors.push_back(&tensor);
  for (const ReferenceTensor &tensor : expected)
    tensors.push_back(&tensor);
  llvm::StringMap<int64_t> symbols;
  std::vector<std::vector<char>> contents;
  for (auto [tensor, operand] :
       llvm::zip_equal(tensors, function.info.operands)) {
    for (auto [dim, size] : llvm::zip_equal(operand.shape, tensor->shape))
      if (!dim.isStatic())
        symbols[dim.symbol] = size;
    std::vector<char> &bytes = contents.emplace_back(
        tensor->getNumElements() * *getElementBytes(tensor->elementType));
    if (contents.size() <= inputs.size())
      encodeTensor(*tensor, bytes.data());
  }
  auto product = [&](ArrayRef<KernelDim> dims) {
    int64_t number = 1;
    for (const KernelDim &dim : dims)
      number *= dim.isStatic() ? dim.size : symbols[dim.symbol];
    return number;
  };
  int64_t rows = product(function.rows), columns = product(function.columns);
  const DeviceKernel *kernel = nullptr;
  for (const DeviceKernel &candidate : function.kernels)
    if (!kernel && columns >= candidate.minColumns &&
        (!candidate.maxColumns || columns <= candidate.maxColumns))
      kernel = &candidate;
  if (!kernel) {
    result.problem = "no kernel for this row";
    return result;
  }
  const DeviceLaunch &described = kernel->launches.front();
  result.kernel = described.name;
  vulkan::Launch launch;
  launch.entryPoint = described.name;
  launch.subgroupSize = subgroupSize;
  int64_t groups = llvm::divideCeil(rows, described.rowsPerBlock);
  // Not in one dimension, so that the second one is seen to count.
  int64_t wide = std::min<int64_t>(groups, 3);
  launch.groups = {
      static_cast<uint32_t>(wide),
      static_cast<uint32_t>(wide ? llvm::divideCeil(groups, wide) : 1), 1};
  launch.pushConstants.resize(described.pushConstantBytes);
  launch.buffers.resize(described.numBindings);
  SmallVector<int64_t> bindings(tensors.size(), -1);
  for (const DeviceArgument &argument : described.arguments) {
    char *constant = launch.pushConstants.data() + argument.place;
    switch (argument.kind) {
    case DeviceArgument::Kind::Pointer:
      launch.buffers[argument.place] = contents[argument.operand];
      bindings[argument.operand] = argument.place;
      break;
    case DeviceArgument::Kind::Size: {
      auto size = static_cast<int32_t>(
          tensors[argument.operand]->shape[argument.dimension]);
      std::memcpy(constant, &size, sizeof size);
      break;
    }
    case DeviceArgument::Kind::Workspace:
      llvm_unreachable("kernels for Vulkan have no workspace");
    case DeviceArgument::Kind::Scalar: {
      const std::vector<char> &bytes = contents[argument.operand];
      bool isIndex = tensors[argument.operand]->elementType.isIndex();
      std::memcpy(constant, bytes.data(), isIndex ? 4 : bytes.size());
      break;
    }
    }
  }
  size_t first = inPlace ? 0 : inputs.size();
  if (inPlace)
    launch.shared.push_back(
        {static_cast<unsigned>(std::max(bindings[0], bindings[inputs.size()])),
         static_cast<unsigned>(
             std::min(bindings[0], bindings[inputs.size()]))});
  if (inPlace && bindings[0] > bindings[inputs.size()])
    contents[inputs.size()] = contents[0], first = inputs.size();
  if (llvm::Error error = device.run(code, launch)) {
    result.problem = llvm::toString(std::move(error));
    return result;
  }
  for (size_t i = inputs.size(); i < tensors.size(); ++i)
    result.outputs.push_back(contents[i == inputs.size() ? first : i]);
  return result;
}
