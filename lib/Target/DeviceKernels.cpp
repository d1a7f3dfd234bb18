// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "softmax/Target/DeviceKernels.h"

#include "softmax/Conversion/KernelsToSPIRV/Passes.h"
#include "softmax/Conversion/SoftmaxToGPU/Passes.h"
#include "softmax/Dialect/IR/Softmax.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"

using namespace mlir;
using namespace mlir::softmax;

/// What a memref is a view of.
static Value getBase(Value value) {
  while (Operation *op = value.getDefiningOp()) {
    if (!isa<memref::ReinterpretCastOp, memref::ExtractStridedMetadataOp,
             memref::CastOp>(op))
      break;
    value = op->getOperand(0);
  }
  return value;
}

/// The argument of a function that `value` is, or starts at; -1 if none.
static int64_t getSourceArgument(Value value) {
  auto argument = dyn_cast<BlockArgument>(getBase(value));
  if (!argument)
    return -1;
  return isa<func::FuncOp>(argument.getOwner()->getParentOp())
             ? static_cast<int64_t>(argument.getArgNumber())
             : -1;
}

/// What `value`, a kernel's argument, is to those who launch it.
static FailureOr<DeviceArgument> describeArgument(Value value) {
  using Kind = DeviceArgument::Kind;
  DeviceArgument argument;
  auto from = [&](Value source) {
    int64_t number = getSourceArgument(source);
    argument.operand = static_cast<unsigned>(number);
    return success(number >= 0);
  };
  if (getBase(value).getDefiningOp<gpu::AllocOp>()) {
    argument.kind = Kind::Workspace;
    return argument;
  }
  if (isa<MemRefType>(value.getType()))
    return failed(from(value)) ? FailureOr<DeviceArgument>(failure())
                               : FailureOr<DeviceArgument>(argument);
  if (isa<BlockArgument>(value)) {
    argument.kind = Kind::Scalar;
    if (succeeded(from(value)))
      return argument;
    return failure();
  }
  argument.kind = Kind::Size;
  if (auto metadata = value.getDefiningOp<memref::ExtractStridedMetadataOp>()) {
    for (auto [i, size] : llvm::enumerate(metadata.getSizes()))
      if (size == value && succeeded(from(metadata.getSource()))) {
        argument.dimension = i;
        return argument;
      }
    return failure();
  }
  if (auto dim = value.getDefiningOp<memref::DimOp>()) {
    std::optional<int64_t> index = dim.getConstantIndex();
    if (index && succeeded(from(dim.getSource()))) {
      argument.dimension = static_cast<unsigned>(*index);
      return argument;
    }
  }
  return failure();
}

/// Whether `op` makes one element of an operand of rank 0, or the other way.
static bool reshapesRankZero(Operation *op) {
  if (!isa<memref::ExpandShapeOp, memref::CollapseShapeOp>(op))
    return false;
  auto isRankZero = [](Value value) {
    return cast<MemRefType>(value.getType()).getRank() == 0;
  };
  return isRankZero(op->getOperand(0)) || isRankZero(op->getResult(0));
}

/// Whether the host does nothing but launch kernels.
static LogicalResult checkHost(func::FuncOp function) {
  WalkResult result = function.walk([&](Operation *op) {
    if (op == function.getOperation() ||
        isa<func::ReturnOp, gpu::LaunchFuncOp, gpu::AllocOp, gpu::DeallocOp,
            scf::IfOp, scf::YieldOp, memref::ReinterpretCastOp,
            memref::ExtractStridedMetadataOp, memref::DimOp, memref::CastOp>(
            op) ||
        isa_and_nonnull<arith::ArithDialect>(op->getDialect()))
      return WalkResult::advance();
    if (reshapesRankZero(op)) {
      op->emitError("'")
          << function.getName()
          << "' has an operand of rank 0, which device code does "
             "not take; give it one dimension of size 1 "
             "(softmaxc --op: --shape=1)";
      return WalkResult::interrupt();
    }
    op->emitError("'")
        << function.getName() << "' needs " << op->getName()
        << " beside its softmax kernel, which a file of device code has not; "
           "make it an element-wise neighbour that fuses (see "
           "--softmax-fusion-report), or a function of its own";
    return WalkResult::interrupt();
  });
  return failure(result.wasInterrupted());
}

static FailureOr<SmallVector<KernelDim>> readSizes(const KernelInfo &info,
                                                   Attribute attribute) {
  auto sizes = dyn_cast_or_null<ArrayAttr>(attribute);
  if (!sizes)
    return failure();
  SmallVector<KernelDim> dims;
  for (auto size : sizes.getAsRange<DenseI64ArrayAttr>()) {
    if (size[0] < 0) {
      dims.push_back({size[1], ""});
      continue;
    }
    dims.push_back(info.operands[size[0]].shape[size[1]]);
  }
  return dims;
}

static LogicalResult describeArguments(func::FuncOp function,
                                       gpu::LaunchFuncOp op,
                                       DeviceLaunch &launch) {
  for (Value value : op.getKernelOperands()) {
    FailureOr<DeviceArgument> argument = describeArgument(value);
    if (failed(argument))
      return op->emitError("'")
             << function.getName()
             << "' computes an argument of its kernel on the host, which a "
                "file of device code has not; pass memrefs in row-major order";
    launch.arguments.push_back(*argument);
  }
  VulkanArguments places =
      layOutVulkanArguments(op.getKernelOperands().getTypes());
  for (auto [argument, place] : llvm::zip(launch.arguments, places.places))
    argument.place = place;
  launch.numBindings = places.numBindings;
  launch.pushConstantBytes = places.pushConstantBytes;
  if (launch.arguments.size() > mostDeviceArguments)
    return function.emitError("'")
           << function.getName() << "' has a kernel with "
           << launch.arguments.size() << " parameters, and there may be "
           << mostDeviceArguments
           << "; give it fewer operands or dynamic sizes";
  return success();
}

static FailureOr<DeviceFunction> describeFunction(func::FuncOp function) {
  FailureOr<KernelInfo> info = readKernelInfo(function);
  if (failed(info) || failed(checkHost(function)))
    return failure();
  DeviceFunction result;
  result.info = std::move(*info);
  SmallVector<gpu::LaunchFuncOp> launches;
  function.walk([&](gpu::LaunchFuncOp launch) { launches.push_back(launch); });
  auto kernels = function->getAttrOfType<ArrayAttr>(gpuKernelsAttrName);
  for (auto entry : kernels.getAsRange<DictionaryAttr>()) {
    DeviceKernel kernel;
    auto alternative = entry.getAs<GPUAlternativeAttr>("alternative");
    kernel.strategy = stringifyGPUStrategy(alternative.getStrategy()).str();
    kernel.minColumns = alternative.getMinColumns();
    kernel.maxColumns = alternative.getMaxColumns();
    kernel.maxRows = alternative.getMaxRows();
    auto number = [](DictionaryAttr attributes, StringRef name, int64_t none) {
      auto attribute = attributes.getAs<IntegerAttr>(name);
      return attribute ? attribute.getInt() : none;
    };
    kernel.workspaceBytes = number(entry, "workspace_bytes", 0);
    kernel.workspaceColumns = number(entry, "workspace_columns", 1);
    auto rows = readSizes(result.info, entry.get("rows"));
    auto columns = readSizes(result.info, entry.get("columns"));
    if (failed(rows) || failed(columns))
      return function.emitError("'")
             << function.getName()
             << "' has rows that its arguments do not tell the number of, so "
                "that nothing beside its host code could launch it; make the "
                "softmax op's operands arguments of the function";
    result.rows = std::move(*rows);
    result.columns = std::move(*columns);
    for (auto attributes :
         entry.getAs<ArrayAttr>("launches").getAsRange<DictionaryAttr>()) {
      DeviceLaunch launch;
      launch.name = attributes.getAs<StringAttr>("name").str();
      launch.threads = number(attributes, "threads", 0);
      launch.rowsPerBlock = number(attributes, "rows_per_block", 1);
      launch.blocksPerRow = number(attributes, "blocks_per_row", 1);
      launch.columnsPerBlock = number(attributes, "columns_per_block", 0);
      launch.cluster = number(attributes, "cluster", 1);
      launch.sharedBytes = number(attributes, "shared_bytes", 0);
      auto *op = llvm::find_if(launches, [&](gpu::LaunchFuncOp candidate) {
        return candidate.getKernelName().getValue() == launch.name;
      });
      if (op == launches.end())
        return function.emitError("'")
               << function.getName() << "' does not launch its kernel "
               << launch.name;
      if (failed(describeArguments(function, *op, launch)))
        return failure();
      kernel.launches.push_back(std::move(launch));
    }
    result.kernels.push_back(std::move(kernel));
  }
  for (const KernelOperand &operand : result.info.operands)
    if (Type type = operand.elementType; !operand.isTensor() && !type.isF32() &&
                                         !type.isF64() && !type.isInteger(32) &&
                                         !type.isInteger(64) && !type.isIndex())
      return function.emitError("'")
             << function.getName() << "' takes a scalar of type " << type
             << ", which kernels for GPUs do not; pass an f32, f64, i32, i64 "
                "or "
                "index";
  return result;
}

FailureOr<SmallVector<DeviceFunction, 0>>
mlir::softmax::collectDeviceFunctions(ModuleOp module) {
  SmallVector<DeviceFunction, 0> functions;
  for (auto function : module.getOps<func::FuncOp>()) {
    if (!function.isPublic() || function.isExternal())
      continue;
    auto kernels = function->getAttrOfType<ArrayAttr>(gpuKernelsAttrName);
    if (!kernels)
      return function.emitError("'")
             << function.getName()
             << "' holds no softmax operation, so no kernel comes of it; make "
                "it private, or compile it for a CPU";
    // The last alternative of an op has no bound above.
    size_t ops = llvm::count_if(
        kernels.getAsRange<DictionaryAttr>(), [&](DictionaryAttr entry) {
          auto launches = entry.getAs<ArrayAttr>("launches");
          return cast<DictionaryAttr>(launches[0])
              .getAs<StringAttr>("name")
              .getValue()
              .starts_with((function.getName() + "_1_").str());
        });
    if (ops != 0)
      return function.emitError("'")
             << function.getName()
             << "' holds several softmax operations that did not become one "
                "kernel; make each a function of its own";
    FailureOr<DeviceFunction> described = describeFunction(function);
    if (failed(described))
      return failure();
    functions.push_back(std::move(*described));
  }
  return functions;
}

LogicalResult
mlir::softmax::noteKernelResources(MutableArrayRef<DeviceFunction> functions,
                                   ArrayRef<char> codeObject, Location loc) {
  FailureOr<SmallVector<KernelResources, 0>> known =
      readKernelResources(codeObject, loc);
  if (failed(known))
    return failure();
  for (DeviceFunction &function : functions)
    for (DeviceKernel &kernel : function.kernels)
      for (DeviceLaunch &launch : kernel.launches) {
        auto *found = llvm::find_if(*known, [&](const KernelResources &entry) {
          return entry.name == launch.name;
        });
        if (found == known->end())
          return emitError(loc)
                 << "the code object has no kernel '" << launch.name << "'";
        launch.resources = *found;
        // The code object knows nothing of what a launch asks for.
        launch.resources->ldsBytes += static_cast<unsigned>(launch.sharedBytes);
      }
  return success();
}

FailureOr<StringRef> mlir::softmax::getDeviceCode(ModuleOp module) {
  for (auto binary : module.getOps<gpu::BinaryOp>())
    for (Attribute attribute : binary.getObjects())
      if (auto object = dyn_cast<gpu::ObjectAttr>(attribute)) {
        StringRef code = object.getObject().getValue();
        // LLVM ends PTX with a 0, which is no part of the text.
        if (object.getFormat() == gpu::CompilationTarget::Assembly)
          code = code.rtrim('\0');
        return code;
      }
  return module.emitError(
      "no device code was made of this module: none of its public "
      "functions has a softmax operation; write one, or "
      "name one with --op");
}
