// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "DeviceScorecard.h"

#include "softmax/Scorecard/Scorecard.h"
#include "softmax/Target/CudaTools.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace mlir::softmax;
using namespace mlir::softmax::scorecard;

namespace {

/// Sizes of the symbols of a function's shapes.
using Sizes = llvm::StringMap<int64_t>;

} // namespace

static int64_t getSize(const KernelDim &dim, const Sizes &sizes) {
  if (dim.isStatic())
    return dim.size;
  auto it = sizes.find(dim.symbol);
  return it == sizes.end() ? 1 : it->second;
}

static int64_t getProduct(ArrayRef<KernelDim> dims, const Sizes &sizes) {
  int64_t product = 1;
  for (const KernelDim &dim : dims)
    product *= getSize(dim, sizes);
  return product;
}

/// Gives the first symbol of `dims` what makes their product about `wanted`;
/// static sizes stay as they are.
static void choose(ArrayRef<KernelDim> dims, int64_t wanted, Sizes &sizes) {
  int64_t others = 1;
  for (const KernelDim &dim : dims)
    others *= dim.isStatic() ? std::max<int64_t>(dim.size, 1) : 1;
  for (const KernelDim &dim : dims)
    if (!dim.isStatic() && !sizes.contains(dim.symbol)) {
      sizes[dim.symbol] = std::max<int64_t>(1, wanted / others);
      return;
    }
}

static bool isStatic(ArrayRef<KernelDim> dims) {
  return llvm::all_of(dims,
                      [](const KernelDim &dim) { return dim.isStatic(); });
}

/// Rows that fill any chip many times.
static int64_t getRows(int64_t columns) {
  constexpr int64_t elements = int64_t(1) << 26;
  return std::max<int64_t>(1, elements / std::max<int64_t>(1, columns));
}

/// Lengths at which each kernel works: its longest, and the odd one below.
static llvm::SmallVector<Work> chooseShapes(const DeviceFunction &function) {
  llvm::SmallVector<Work> shapes;
  if (isStatic(function.columns)) {
    int64_t columns = getProduct(function.columns, {});
    return {{columns, getRows(columns)}};
  }
  int64_t shortest = 1;
  for (const DeviceKernel &kernel : function.kernels) {
    int64_t longest = kernel.maxColumns
                          ? kernel.maxColumns
                          : std::max<int64_t>(2 * (shortest - 1), 4096);
    for (int64_t columns : {longest, longest - 1})
      if (columns >= shortest)
        shapes.push_back({columns, getRows(columns)});
    shortest = longest + 1;
  }
  return shapes;
}

static uint64_t getArgument(const DeviceArgument &argument,
                            const KernelInfo &info, const Sizes &sizes) {
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
  Sizes sizes;
  choose(function.columns, shape.columns, sizes);
  choose(function.rows, shape.rows, sizes);
  ScoredProblem problem;
  problem.rows = getProduct(function.rows, sizes);
  problem.columns = getProduct(function.columns, sizes);
  std::string text =
      std::to_string(problem.rows) + "x" + std::to_string(problem.columns);
  const DeviceKernel *kernel =
      llvm::find_if(function.kernels, [&](const DeviceKernel &one) {
        return problem.columns >= one.minColumns &&
               (one.maxColumns == 0 || problem.columns <= one.maxColumns) &&
               (one.maxRows == 0 || problem.rows <= one.maxRows);
      });
  if (kernel == function.kernels.end() || problem.rows < 1 ||
      problem.columns < 1)
    return llvm::createStringError("no kernel of '" + function.info.name +
                                   "' takes " + text);
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
      return llvm::createStringError(text + " of '" + function.info.name +
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
  llvm::Expected<std::string> sass = disassembleCubin(*cubin);
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
