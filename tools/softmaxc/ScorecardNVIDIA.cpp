// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "DeviceScorecard.h"
#include "ScorecardShapes.h"

#include "softmax/Scorecard/Scorecard.h"
#include "softmax/Target/CudaTools.h"

#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace mlir::softmax;
using namespace mlir::softmax::scorecard;

static uint64_t getArgument(const DeviceArgument &argument,
                            const KernelInfo &info, const SymbolSizes &sizes) {
  switch (argument.kind) {
  case DeviceArgument::Kind::Pointer:
    return getBufferAddress(argument.operand);
  case DeviceArgument::Kind::Size:
    return static_cast<uint64_t>(getSize(
        info.operands[argument.operand].shape[argument.dimension], sizes));
  case DeviceArgument::Kind::Workspace:
    // Behind the operands; both launches find it at the same place.
    return getBufferAddress(static_cast<unsigned>(info.operands.size()));
  case DeviceArgument::Kind::Scalar:
    break;
  }
  return 0;
}

static llvm::Expected<ScoredProblem> makeProblem(const DeviceFunction &function,
                                                 const Work &shape) {
  llvm::Expected<ShapedKernel> shaped = findKernel(function, shape);
  if (!shaped)
    return shaped.takeError();
  const DeviceKernel *kernel = shaped->kernel;
  const SymbolSizes &sizes = shaped->sizes;
  ScoredProblem problem;
  problem.rows = shaped->rows;
  problem.columns = shaped->columns;
  problem.name = kernel->strategy;
  for (const KernelOperand &operand : function.info.operands) {
    if (!operand.isTensor())
      continue;
    auto bytes = static_cast<uint64_t>(getProduct(operand.shape, sizes) *
                                       operand.elementBytes());
    bool output = operand.kind == KernelOperand::Kind::Output;
    if (!output || operand.alsoRead)
      problem.leastRead += bytes;
    if (output)
      problem.leastWritten += bytes;
  }
  for (const DeviceLaunch &step : kernel->launches) {
    int64_t blocksPerRow =
        step.columnsPerBlock
            ? llvm::divideCeil(problem.columns, step.columnsPerBlock)
            : step.blocksPerRow;
    int64_t blocks =
        llvm::divideCeil(problem.rows, step.rowsPerBlock) * blocksPerRow;
    if (blocks > INT32_MAX)
      return llvm::createStringError(shaped->text() + " of '" +
                                     function.info.name +
                                     "' takes more blocks than a launch has");
    ScoredLaunch &launch = problem.launches.emplace_back();
    launch.kernel = step.name;
    launch.grid.x = static_cast<uint32_t>(blocks);
    launch.block.x = static_cast<uint32_t>(step.threads);
    launch.cluster = static_cast<unsigned>(step.cluster);
    launch.dynamicSharedBytes = static_cast<unsigned>(step.sharedBytes);
    for (const DeviceArgument &argument : step.arguments)
      launch.arguments.push_back(getArgument(argument, function.info, sizes));
  }
  return problem;
}

llvm::Expected<std::string>
mlir::softmax::makeScorecard(StringRef ptx, ArrayRef<DeviceFunction> functions,
                             const GPUDescription &chip,
                             const Options &options) {
  llvm::Expected<std::string> cubin =
      assemblePTX(ptx, chip.name, options.cudaPath);
  if (!cubin)
    return cubin.takeError();
  llvm::Expected<std::string> sass = disassembleCubin(*cubin, options.cudaPath);
  if (!sass)
    return sass.takeError();
  llvm::Expected<MachineCode> code = MachineCode::read(*cubin, *sass);
  if (!code)
    return code.takeError();

  std::vector<Score> scores;
  for (const DeviceFunction &function : functions) {
    llvm::SmallVector<Work> shapes = options.scorecardShapes;
    if (shapes.empty())
      shapes = chooseShapes(function);
    for (const Work &shape : shapes) {
      llvm::Expected<ScoredProblem> problem = makeProblem(function, shape);
      if (!problem)
        return problem.takeError();
      if (functions.size() > 1)
        problem->name = function.info.name + " " + problem->name;
      llvm::Expected<Score> one = score(*code, *problem, chip);
      if (!one)
        return one.takeError();
      scores.push_back(std::move(*one));
    }
  }
  std::string text;
  llvm::raw_string_ostream stream(text);
  if (options.scorecard == ScorecardFormat::JSON)
    stream << llvm::formatv("{0:2}\n", scoresToJSON(scores, chip));
  else
    printScores(scores, chip, stream);
  return text;
}
