// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "DeviceProgram.h"

#include "softmax/Conversion/SoftmaxToGPU/Passes.h"
#include "softmax/Emulator/DeviceModule.h"
#include "softmax/Pipelines/Pipelines.h"
#include "softmax/Reference/Interpreter.h"

#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"

#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"

using namespace mlir;
using namespace mlir::softmax;
using namespace mlir::softmax::reference;

std::unique_ptr<DeviceProgram>
DeviceProgram::compile(MLIRContext &context, StringRef text,
                       const DeviceOptions &options, std::string &problem) {
  ScopedDiagnosticHandler handler(&context, [&](Diagnostic &diagnostic) {
    problem += diagnostic.str() + "\n";
    return success();
  });
  auto result = std::unique_ptr<DeviceProgram>(new DeviceProgram());
  result->source = parseSourceString<ModuleOp>(text, &context);
  if (!result->source)
    return nullptr;
  OwningOpRef<ModuleOp> module = result->source->clone();
  result->accuracy = *symbolizeAccuracy(options.accuracy);
  GPUPipelineOptions pipeline;
  pipeline.chip = llvm::cantFail(parseGPU(options.chip));
  // Optimized as on the way to PTX: what the optimizer assumes is checked, too.
  pipeline.format = DeviceFormat::LLVM;
  pipeline.accuracy = options.accuracy;
  pipeline.forceStrategy = options.strategy;
  PassManager manager(&context);
  buildToGPUBinaryPipeline(manager, pipeline);
  if (failed(manager.run(*module)))
    return nullptr;
  auto functions = collectDeviceFunctions(*module);
  if (failed(functions))
    return nullptr;
  result->function = std::move(functions->front());
  auto llvmContext = std::make_unique<llvm::LLVMContext>();
  auto device =
      emulator::translateDeviceModule(*module, kernelModuleName, *llvmContext);
  if (!device) {
    problem += llvm::toString(device.takeError());
    return nullptr;
  }
  auto program =
      emulator::Program::load(std::move(*device), std::move(llvmContext));
  if (!program) {
    problem += llvm::toString(program.takeError());
    return nullptr;
  }
  result->program = std::move(*program);
  return result;
}

FailureOr<SmallVector<ReferenceTensor>>
DeviceProgram::evaluate(ArrayRef<ReferenceTensor> inputs) {
  return evaluateFunction(*source->getOps<func::FuncOp>().begin(), inputs,
                          accuracy);
}

DeviceProgram::Run DeviceProgram::run(ArrayRef<ReferenceTensor> inputs,
                                      ArrayRef<ReferenceTensor> expected,
                                      int64_t shift, bool inPlace) {
  Run result;
  auto fail = [&](llvm::Error error) {
    result.problem = llvm::toString(std::move(error));
    return result;
  };
  // Operands are the inputs and then the results.
  SmallVector<const ReferenceTensor *> tensors;
  for (const ReferenceTensor &tensor : inputs)
    tensors.push_back(&tensor);
  for (const ReferenceTensor &tensor : expected)
    tensors.push_back(&tensor);
  if (tensors.size() != function.info.operands.size()) {
    result.problem = "wrong number of operands";
    return result;
  }
  llvm::StringMap<int64_t> symbols;
  std::vector<std::unique_ptr<emulator::Buffer>> owned;
  std::vector<emulator::Buffer *> buffers;
  SmallVector<int64_t> offsets;
  for (auto [i, tensor] : llvm::enumerate(tensors)) {
    const KernelOperand &operand = function.info.operands[i];
    if (!operand.isTensor()) {
      buffers.push_back(nullptr);
      offsets.push_back(0);
      continue;
    }
    for (auto [dim, size] : llvm::zip_equal(operand.shape, tensor->shape))
      if (!dim.isStatic())
        symbols[dim.symbol] = size;
    if (inPlace && i == inputs.size()) {
      buffers.push_back(buffers.front());
      offsets.push_back(offsets.front());
      continue;
    }
    int64_t bytes = *getElementBytes(tensor->elementType);
    int64_t size = tensor->getNumElements() * bytes;
    offsets.push_back(shift * bytes);
    auto buffer = emulator::Buffer::create(operand.name, offsets.back() + size);
    if (!buffer)
      return fail(buffer.takeError());
    if (i < inputs.size()) {
      std::vector<char> contents(offsets.back() + size);
      encodeTensor(*tensor, contents.data() + offsets.back());
      (*buffer)->copyFrom(contents);
    }
    buffers.push_back(buffer->get());
    owned.push_back(std::move(*buffer));
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
        (!candidate.maxColumns || columns <= candidate.maxColumns) &&
        (!candidate.maxRows || rows <= candidate.maxRows))
      kernel = &candidate;
  if (!kernel) {
    result.problem = "no kernel for this row";
    return result;
  }
  result.kernel = kernel->strategy;
  std::unique_ptr<emulator::Buffer> workspace;
  if (kernel->workspaceBytes) {
    auto buffer = emulator::Buffer::create(
        "workspace", rows *
                         llvm::divideCeil(columns, kernel->workspaceColumns) *
                         kernel->workspaceBytes);
    if (!buffer)
      return fail(buffer.takeError());
    workspace = std::move(*buffer);
  }
  for (const DeviceLaunch &described : kernel->launches) {
    emulator::Launch launch;
    launch.kernel = described.name;
    launch.approximation = approximation;
    int64_t perRow = described.columnsPerBlock
                         ? llvm::divideCeil(columns, described.columnsPerBlock)
                         : described.blocksPerRow;
    launch.grid.x = static_cast<uint32_t>(
        llvm::divideCeil(rows, described.rowsPerBlock) * perRow);
    launch.block.x = static_cast<uint32_t>(described.threads);
    launch.cluster.x = static_cast<uint32_t>(described.cluster);
    launch.cluster.y = launch.cluster.z = 1;
    launch.dynamicSharedBytes = described.sharedBytes;
    for (const DeviceArgument &argument : described.arguments) {
      if (argument.kind == DeviceArgument::Kind::Workspace) {
        launch.arguments.push_back(emulator::Argument::pointer(*workspace));
        continue;
      }
      const ReferenceTensor &tensor = *tensors[argument.operand];
      if (argument.kind == DeviceArgument::Kind::Pointer) {
        launch.arguments.push_back(emulator::Argument::pointer(
            *buffers[argument.operand], offsets[argument.operand]));
      } else if (argument.kind == DeviceArgument::Kind::Size) {
        launch.arguments.push_back(
            emulator::Argument::i64(tensor.shape[argument.dimension]));
      } else {
        std::vector<char> bytes(*getElementBytes(tensor.elementType));
        encodeTensor(tensor, bytes.data());
        launch.arguments.push_back(emulator::Argument::raw(bytes));
      }
    }
    auto launched = program->launch(launch);
    if (!launched)
      return fail(launched.takeError());
    result.counters.push_back(launched->counters);
    if (llvm::Error error = launched->takeError())
      return fail(std::move(error));
    // What one launch wrote the next one reads.
    if (workspace)
      workspace->setDefined();
  }
  for (size_t i = inputs.size(); i < tensors.size(); ++i) {
    char *begin = buffers[i]->getData() + offsets[i];
    result.outputs.emplace_back(begin,
                                buffers[i]->getData() + buffers[i]->getSize());
  }
  return result;
}
