// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "softmax/Emulator/Emulator.h"

#include "CompiledKernel.h"
#include "Runtime.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir::softmax::emulator;

/// Of every GPU since sm_90: bytes of shared memory that a block may have, and
/// of those, that may be static.
static constexpr uint64_t mostSharedBytes = 227 << 10;
static constexpr uint64_t mostStaticSharedBytes = 48 << 10;

static llvm::Error fail(const llvm::Twine &message) {
  return llvm::createStringError(message);
}

struct Program::Impl {
  // A module dies before its context.
  llvm::orc::ThreadSafeContext context;
  std::unique_ptr<llvm::Module> device;
  std::vector<std::string> kernels;
  /// Those that have been launched.
  llvm::StringMap<std::unique_ptr<CompiledKernel>> compiled;
  FibrePool fibres;

  llvm::Expected<CompiledKernel *> getKernel(llvm::StringRef name);
};

Program::Program(std::unique_ptr<Impl> impl) : impl(std::move(impl)) {}
Program::~Program() = default;

llvm::Expected<std::unique_ptr<Program>>
Program::load(std::unique_ptr<llvm::Module> module,
              std::unique_ptr<llvm::LLVMContext> context) {
  auto impl = std::make_unique<Impl>();
  impl->context = llvm::orc::ThreadSafeContext(std::move(context));
  impl->device = std::move(module);
  if (llvm::Error error = checkDeviceModule(*impl->device))
    return std::move(error);
  for (const llvm::Function &function : *impl->device)
    if (!function.isDeclaration() && isKernel(function))
      impl->kernels.push_back(function.getName().str());
  return std::unique_ptr<Program>(new Program(std::move(impl)));
}

std::vector<std::string> Program::getKernels() const { return impl->kernels; }

/// Compiles it where that has not been done.
llvm::Expected<CompiledKernel *>
Program::Impl::getKernel(llvm::StringRef name) {
  if (!llvm::is_contained(kernels, name))
    return fail("there is no kernel '" + name +
                "'; there are: " + llvm::join(kernels, ", "));
  std::unique_ptr<CompiledKernel> &kernel = compiled[name];
  if (kernel)
    return kernel.get();
  llvm::Expected<std::unique_ptr<CompiledKernel>> result =
      compileKernel(*device, name, context);
  if (!result)
    return result.takeError();
  // Each kernel has a copy of the variables.
  for (const ConstantVariable &variable : (*result)->prepared.globals)
    for (const auto &other : compiled)
      for (const ConstantVariable &theirs :
           other.second ? other.second->prepared.globals
                        : std::vector<ConstantVariable>())
        if (!variable.isConstant && variable.name == theirs.name)
          return fail("the variable '" + variable.name +
                      "' is used by the kernels '" + name + "' and '" +
                      other.first() +
                      "'; variables that kernels share are not emulated");
  kernel = std::move(*result);
  return kernel.get();
}

static bool isEmpty(const Dim3 &size) {
  return size.x == 0 || size.y == 0 || size.z == 0;
}

static uint64_t getVolume(const Dim3 &size) {
  return static_cast<uint64_t>(size.x) * size.y * size.z;
}

static llvm::Error checkLaunch(const KernelDescription &kernel,
                               const Launch &launch) {
  auto failKernel = [&](const llvm::Twine &message) {
    return fail("kernel '" + kernel.name + "': " + message);
  };
  if (kernel.parameters.size() != launch.arguments.size())
    return failKernel("takes " + llvm::Twine(kernel.parameters.size()) +
                      " arguments, not " +
                      llvm::Twine(launch.arguments.size()));
  for (auto [index, pair] :
       llvm::enumerate(llvm::zip(kernel.parameters, launch.arguments))) {
    auto &[parameter, argument] = pair;
    if (parameter.bytes != argument.getBytes().size() ||
        (argument.getBuffer() && !parameter.isPointer))
      return failKernel("argument " + llvm::Twine(index) + " is of type " +
                        parameter.type + ", " + llvm::Twine(parameter.bytes) +
                        " bytes; given are " +
                        llvm::Twine(argument.getBytes().size()) + " bytes" +
                        (argument.getBuffer() ? ", an address" : ""));
  }
  if (isEmpty(launch.grid) || isEmpty(launch.block))
    return failKernel("the grid and the block need at least one thread");
  if (launch.grid.x > INT32_MAX || launch.grid.y > 65535 ||
      launch.grid.z > 65535 || getVolume(launch.grid) > mostBlocks)
    return failKernel(
        "a grid of " + toString(launch.grid) +
        " blocks is too large: at most 65535 along y and z, and " +
        llvm::Twine(mostBlocks) + " in all, are emulated");
  if (launch.block.x > 1024 || launch.block.y > 1024 || launch.block.z > 64 ||
      getVolume(launch.block) > mostThreadsPerBlock)
    return failKernel("a block of " + toString(launch.block) +
                      " threads is too large: at most 1024, and 64 along z");
  const std::vector<uint32_t> &required = kernel.requiredThreads;
  if (!required.empty() &&
      (required[0] != launch.block.x || required[1] != launch.block.y ||
       required[2] != launch.block.z))
    return failKernel("must be launched with blocks of " +
                      toString({required[0], required[1], required[2]}) +
                      " threads, as it says itself (nvvm.reqntid)");
  if (kernel.mostThreads && getVolume(launch.block) > kernel.mostThreads)
    return failKernel("must not be launched with blocks of more than " +
                      llvm::Twine(kernel.mostThreads) +
                      " threads, as it says itself (nvvm.maxntid)");
  return llvm::Error::success();
}

static llvm::Expected<Dim3> findCluster(const KernelDescription &kernel,
                                        const Launch &launch) {
  Dim3 cluster = launch.cluster;
  const std::vector<uint32_t> &own = kernel.clusterSize;
  if (isEmpty(cluster))
    cluster = own.empty() ? Dim3() : Dim3{own[0], own[1], own[2]};
  else if (!own.empty() &&
           (own[0] != cluster.x || own[1] != cluster.y || own[2] != cluster.z))
    return fail("kernel '" + kernel.name +
                "': must be launched with clusters of " +
                toString({own[0], own[1], own[2]}) +
                " blocks, as it says itself (nvvm.cluster_dim)");
  if (isEmpty(cluster) || getVolume(cluster) > mostBlocksPerCluster)
    return fail("kernel '" + kernel.name + "': clusters of " +
                toString(cluster) + " blocks; from 1 to 16 are possible");
  if (launch.grid.x % cluster.x || launch.grid.y % cluster.y ||
      launch.grid.z % cluster.z)
    return fail("kernel '" + kernel.name + "': a grid of " +
                toString(launch.grid) + " blocks is not a multiple of " +
                "clusters of " + toString(cluster));
  return cluster;
}

static llvm::Error addRegions(const CompiledKernel &kernel,
                              const Launch &launch, GridState &grid,
                              std::vector<std::unique_ptr<Shadow>> &shadows) {
  const PreparedModule &prepared = kernel.prepared;
  llvm::SmallVector<Buffer *> buffers(launch.otherBuffers.begin(),
                                      launch.otherBuffers.end());
  for (const Argument &argument : launch.arguments)
    if (argument.getBuffer())
      buffers.push_back(argument.getBuffer());
  llvm::sort(buffers);
  buffers.erase(llvm::unique(buffers), buffers.end());
  auto add = [&](Region region, bool tracked) -> llvm::Error {
    if (tracked) {
      shadows.push_back(std::make_unique<Shadow>(
          region.begin, region.end - region.begin, prepared.granule));
      if (!shadows.back()->isValid())
        return fail("there is no memory to watch '" + region.name +
                    "'; use a smaller one");
      shadows.back()->restart(/*epoch=*/1, region.defined);
      region.shadow = shadows.back().get();
    }
    grid.regions.push_back(std::move(region));
    return llvm::Error::success();
  };
  for (Buffer *buffer : buffers) {
    Region region;
    region.begin = reinterpret_cast<uintptr_t>(buffer->getData());
    region.end = region.begin + buffer->getSize();
    region.name = buffer->getName().str();
    region.defined = buffer->isDefined();
    if (llvm::Error error =
            add(std::move(region), launch.checkRaces || !buffer->isDefined()))
      return error;
  }
  for (const ConstantVariable &variable : prepared.globals) {
    llvm::Expected<llvm::orc::ExecutorAddr> address =
        kernel.lookup(variable.symbol);
    if (!address)
      return address.takeError();
    Region region;
    region.begin = address->getValue();
    region.end = region.begin + variable.bytes;
    region.name = variable.name;
    region.writable = !variable.isConstant;
    region.space =
        variable.isConstant ? MemorySpace::Constant : MemorySpace::Global;
    if (llvm::Error error =
            add(std::move(region), launch.checkRaces && !variable.isConstant))
      return error;
  }
  llvm::sort(grid.regions, [](const Region &left, const Region &right) {
    return left.begin < right.begin;
  });
  return llvm::Error::success();
}

/// Shared memory of a cluster's blocks, one window after another.
static llvm::Error makeWindows(const PreparedModule &prepared, GridState &grid,
                               std::vector<char> &memory) {
  const Launch &launch = *grid.launch;
  grid.sharedBytes = prepared.staticSharedBytes + launch.dynamicSharedBytes;
  if (prepared.staticSharedBytes > mostStaticSharedBytes ||
      launch.dynamicSharedBytes > mostSharedBytes ||
      grid.sharedBytes > mostSharedBytes)
    return fail("kernel '" + launch.kernel +
                "': " + llvm::Twine(prepared.staticSharedBytes) +
                " bytes of static and " +
                llvm::Twine(launch.dynamicSharedBytes) +
                " of dynamic shared memory; at most 49152 static and 232448 "
                "in all are possible");
  constexpr uint64_t alignment = 1024;
  grid.windowStride = llvm::alignTo(
      prepared.windowBytes + launch.dynamicSharedBytes + alignment, alignment);
  memory.resize(grid.windowStride * grid.blocksPerCluster + alignment);
  grid.windows = memory.data() + llvm::offsetToAlignedAddr(
                                     memory.data(), llvm::Align(alignment));
  return llvm::Error::success();
}

static llvm::Error fillWindows(const PreparedModule &prepared,
                               GridState &grid) {
  for (Block &block : grid.blocks) {
    uintptr_t window = reinterpret_cast<uintptr_t>(block.shared);
    block.shadow =
        std::make_unique<Shadow>(window, grid.windowStride, prepared.granule);
    if (!block.shadow->isValid())
      return fail("there is no memory to watch shared memory");
    block.variables.clear();
    for (const SharedVariable &variable : prepared.sharedVariables) {
      Region region;
      region.begin = window + variable.offset;
      region.end =
          region.begin +
          (variable.bytes ? variable.bytes : grid.launch->dynamicSharedBytes);
      region.name = variable.name;
      region.space = MemorySpace::Shared;
      region.shadow = block.shadow.get();
      block.variables.push_back(std::move(region));
    }
  }
  return llvm::Error::success();
}

static void addInstructions(const PreparedModule &prepared,
                            llvm::ArrayRef<uint64_t> executions,
                            InstructionCounters &counters) {
  for (auto [times, block] :
       llvm::zip(executions, prepared.blockInstructions)) {
    counters.floatAdd += times * block.floatAdd;
    counters.floatMul += times * block.floatMul;
    counters.floatFma += times * block.floatFma;
    counters.floatDiv += times * block.floatDiv;
    counters.special += times * block.special;
    counters.compare += times * block.compare;
    counters.conversion += times * block.conversion;
    counters.integer += times * block.integer;
    counters.memory += times * block.memory;
    counters.branch += times * block.branch;
    counters.synchronization += times * block.synchronization;
    counters.other += times * block.other;
  }
}

llvm::Expected<LaunchResult> Program::launch(const Launch &launch) {
  llvm::Expected<CompiledKernel *> found = impl->getKernel(launch.kernel);
  if (!found)
    return found.takeError();
  const CompiledKernel &compiled = **found;
  const PreparedModule &prepared = compiled.prepared;
  const KernelDescription &kernel = compiled.getDescription();
  if (llvm::Error error = checkLaunch(kernel, launch))
    return std::move(error);
  llvm::Expected<Dim3> cluster = findCluster(kernel, launch);
  if (!cluster)
    return cluster.takeError();

  GridState grid;
  grid.launch = &launch;
  grid.sites = &prepared.sites;
  grid.grid = launch.grid;
  grid.block = launch.block;
  grid.cluster = *cluster;
  grid.gridInClusters = {launch.grid.x / cluster->x, launch.grid.y / cluster->y,
                         launch.grid.z / cluster->z};
  grid.threadsPerBlock = getVolume(launch.block);
  grid.blocksPerCluster = getVolume(*cluster);
  grid.warpSize = kernel.warpSize;
  grid.clusterKnowledge.numBlocks = grid.blocksPerCluster;
  grid.fibres = &impl->fibres;
  grid.lastRegion.resize(prepared.sites.size());
  std::vector<char> windows;
  std::vector<std::unique_ptr<Shadow>> shadows;
  if (llvm::Error error = makeWindows(prepared, grid, windows))
    return std::move(error);
  if (llvm::Error error = addRegions(compiled, launch, grid, shadows))
    return std::move(error);
  makeBlocks(grid);
  if (llvm::Error error = fillWindows(prepared, grid))
    return std::move(error);
  if (!impl->fibres.reserve(static_cast<size_t>(grid.threadsPerBlock) *
                            grid.blocksPerCluster))
    return fail("there is no memory for the stacks of " +
                llvm::Twine(grid.threadsPerBlock * grid.blocksPerCluster) +
                " threads");

  std::vector<void *> arguments;
  arguments.reserve(launch.arguments.size());
  for (const Argument &argument : launch.arguments)
    arguments.push_back(const_cast<char *>(argument.getBytes().data()));
  grid.arguments = arguments.data();
  llvm::Expected<llvm::orc::ExecutorAddr> entry = compiled.lookup(kernel.entry);
  if (!entry)
    return entry.takeError();
  grid.entry = entry->toPtr<void (*)(void *const *)>();
  llvm::Expected<llvm::orc::ExecutorAddr> counters =
      compiled.lookup(blockCountersSymbol);
  if (!counters)
    return counters.takeError();
  llvm::MutableArrayRef<uint64_t> executions(counters->toPtr<uint64_t *>(),
                                             prepared.blockInstructions.size());
  llvm::fill(executions, 0);

  runGrid(grid);
  if (!impl->fibres.areStacksIntact())
    return fail("internal error: kernel '" + launch.kernel +
                "' overflows the stack of an emulated thread");

  LaunchResult result;
  result.reports = std::move(grid.reports);
  result.counters = grid.counters;
  result.counters.sharedBytes = grid.sharedBytes;
  addInstructions(prepared, executions, result.counters.instructions);
  return result;
}
