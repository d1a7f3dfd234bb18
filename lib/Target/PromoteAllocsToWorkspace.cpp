// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// softmax-promote-allocs-to-workspace: scratch comes from the caller.

#include "softmax/Target/Passes.h"

#include "SizeSlice.h"
#include "SizeText.h"
#include "softmax/Target/KernelInfo.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Interfaces/DataLayoutInterfaces.h"
#include "mlir/Interfaces/LoopLikeInterface.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/MathExtras.h"

namespace mlir::softmax {
#define GEN_PASS_DEF_PROMOTEALLOCSTOWORKSPACEPASS
#include "softmax/Target/Passes.h.inc"
} // namespace mlir::softmax

using namespace mlir;
using namespace mlir::softmax;

/// No address space has this many bytes; sums of a few of them do not wrap.
static constexpr int64_t sizeLimit = int64_t(1) << 60;

//===----------------------------------------------------------------------===//
// What is refused
//===----------------------------------------------------------------------===//

static LogicalResult verifyAlloc(memref::AllocOp alloc) {
  MemRefType type = alloc.getType();
  if (!type.getLayout().isIdentity() || type.getMemorySpace())
    return alloc.emitOpError("of type ")
           << type
           << " cannot live in the kernel's workspace, which holds row-major "
              "buffers of the default memory space: allocate one of those";
  if (std::optional<uint64_t> alignment = alloc.getAlignment();
      alignment && *alignment > static_cast<uint64_t>(workspaceAlignment))
    return alloc.emitOpError("asks for an alignment of ")
           << *alignment << " bytes, but a workspace is aligned to "
           << workspaceAlignment << ": ask for no more";
  for (Operation *parent = alloc->getParentOp();
       parent && !isa<func::FuncOp>(parent); parent = parent->getParentOp())
    if (parent->hasTrait<OpTrait::HasParallelRegion>() ||
        parent->getName().getDialectNamespace() == "omp")
      return alloc.emitOpError("inside the parallel '")
             << parent->getName()
             << "' would be shared by its threads: allocate outside, with one "
                "slice per thread";
  return success();
}

/// The C wrapper passes whatever strides its caller has.
static LogicalResult verifyBoundary(func::FuncOp kernel, unsigned numOperands) {
  if (kernel.getNumArguments() < numOperands)
    return kernel.emitError("has ")
           << kernel.getNumArguments() << " arguments, but '" << kernelAttrName
           << "' lists " << numOperands << " operands";
  if (kernel.getNumResults() != 0)
    return kernel.emitError("kernel returns values; its results must be "
                            "destinations: run "
                            "'softmax-results-to-destinations' first");
  for (auto [i, type] : llvm::enumerate(kernel.getArgumentTypes())) {
    auto memref = dyn_cast<MemRefType>(type);
    if (!memref)
      continue;
    SmallVector<int64_t> strides;
    int64_t offset;
    if (failed(memref.getStridesAndOffset(strides, offset)) ||
        !llvm::all_of(strides, ShapedType::isDynamic) ||
        !ShapedType::isDynamic(offset) || memref.getMemorySpace())
      return kernel.emitError("argument #")
             << i << " of type " << memref
             << " does not take every stride and offset, as a kernel must: "
                "bufferize with fully dynamic layout maps";
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Sizes and offsets
//===----------------------------------------------------------------------===//

namespace {
/// Index arithmetic on sizes, wrapping or saturating at `sizeLimit`.
struct SizeArithmetic {
  OpBuilder &builder;
  Location loc;
  bool saturate;

  Value constant(int64_t value) {
    return arith::ConstantIndexOp::create(builder, loc, value);
  }
  Value multiply(Value lhs, Value rhs) {
    Value product = builder.createOrFold<arith::MulIOp>(loc, lhs, rhs);
    if (!saturate)
      return product;
    Value limit = constant(sizeLimit);
    Value one = constant(1);
    Value divisor = builder.createOrFold<arith::MaxUIOp>(loc, rhs, one);
    Value most = builder.createOrFold<arith::DivUIOp>(loc, limit, divisor);
    Value fits = builder.createOrFold<arith::CmpIOp>(
        loc, arith::CmpIPredicate::ule, lhs, most);
    return builder.createOrFold<arith::SelectOp>(loc, fits, product, limit);
  }
  Value add(Value lhs, Value rhs) {
    Value sum = builder.createOrFold<arith::AddIOp>(loc, lhs, rhs);
    return saturate ? builder.createOrFold<arith::MinUIOp>(loc, sum,
                                                           constant(sizeLimit))
                    : sum;
  }
  Value alignUp(Value size) {
    Value padded = builder.createOrFold<arith::AddIOp>(
        loc, size, constant(workspaceAlignment - 1));
    return builder.createOrFold<arith::AndIOp>(loc, padded,
                                               constant(-workspaceAlignment));
  }
};
} // namespace

/// Bytes of `alloc` with every dynamic size taken as 1, at most `sizeLimit`.
static int64_t getKnownBytes(memref::AllocOp alloc) {
  MemRefType type = alloc.getType();
  DataLayout layout = DataLayout::closest(alloc);
  int64_t known = layout.getTypeSize(type.getElementType()).getFixedValue();
  for (int64_t size : type.getShape())
    if (!ShapedType::isDynamic(size) &&
        (llvm::MulOverflow(known, size, known) || known > sizeLimit))
      return sizeLimit;
  return known;
}

/// Clones the sizes of `allocs` to where `builder` stands and returns their
/// offsets and, last, the total; diagnoses what cannot be cloned.
static FailureOr<SmallVector<Value>>
buildOffsets(OpBuilder &builder, IRMapping map,
             ArrayRef<memref::AllocOp> allocs, bool saturate, Location loc) {
  SizeSlice slice(builder, std::move(map));
  SmallVector<Value> offsets = {
      arith::ConstantIndexOp::create(builder, loc, 0)};
  for (memref::AllocOp alloc : allocs) {
    SmallVector<Value> sizes;
    for (Value size : alloc.getDynamicSizes()) {
      FailureOr<Value> copy = slice.clone(size);
      if (failed(copy)) {
        alloc.emitOpError("its size does not follow from the kernel's "
                          "arguments: ")
            << slice.getReason()
            << "; compute it from the arguments' dimensions at the top of the "
               "function";
        return failure();
      }
      sizes.push_back(*copy);
    }
    SizeArithmetic arithmetic{builder, alloc.getLoc(), saturate};
    Value bytes = arithmetic.constant(getKnownBytes(alloc));
    for (Value size : sizes)
      bytes = arithmetic.multiply(size, bytes);
    offsets.push_back(
        arithmetic.add(offsets.back(), arithmetic.alignUp(bytes)));
  }
  return offsets;
}

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

/// Replaces `alloc` by a slice of `workspace` that starts at `offset`.
static void replaceAlloc(memref::AllocOp alloc, Value workspace, Value offset) {
  for (Operation *user : llvm::make_early_inc_range(alloc->getUsers()))
    if (isa<memref::DeallocOp>(user))
      user->erase();
  OpBuilder builder(alloc);
  Value view =
      memref::ViewOp::create(builder, alloc.getLoc(), alloc.getType(),
                             workspace, offset, alloc.getDynamicSizes());
  alloc.replaceAllUsesWith(view);
  alloc.erase();
}

/// The size of all `allocs` in terms of the shapes, for the manifest.
static std::string describeAllocs(ArrayRef<memref::AllocOp> allocs,
                                  const KernelInfo &info) {
  if (allocs.empty())
    return "0";
  std::string text;
  for (memref::AllocOp alloc : allocs) {
    SmallVector<std::string> factors = {std::to_string(getKnownBytes(alloc))};
    for (Value size : alloc.getDynamicSizes())
      factors.push_back(describeSize(size, info));
    if (llvm::is_contained(factors, ""))
      return "see " + info.name + "_workspace_size";
    text += llvm::join(factors, " * ") + " + ";
  }
  // One gap before each buffer and one after the last.
  return text + "at most " +
         std::to_string(workspaceAlignment * (allocs.size() + 1));
}

static LogicalResult promote(func::FuncOp kernel, Operation *module,
                             uint64_t &numPromoted) {
  FailureOr<KernelInfo> info = readKernelInfo(kernel);
  if (failed(info) || failed(verifyNotCalled(kernel, module)) ||
      failed(verifyBoundary(kernel, info->operands.size())))
    return failure();
  SmallVector<memref::AllocOp> allocs;
  kernel.walk([&](memref::AllocOp alloc) { allocs.push_back(alloc); });
  if (llvm::any_of(allocs, [](memref::AllocOp alloc) {
        return failed(verifyAlloc(alloc));
      }))
    return failure();
  Location loc = kernel.getLoc();
  unsigned numOperands = info->operands.size();

  FailureOr<func::FuncOp> sizeFunction =
      createSizeFunction(kernel, workspaceSizeSuffix, numOperands);
  if (failed(sizeFunction))
    return failure();
  OpBuilder builder = OpBuilder::atBlockBegin(&sizeFunction->getBody().front());
  IRMapping toFunction;
  toFunction.map(kernel.getArguments().take_front(numOperands),
                 sizeFunction->getArguments());
  FailureOr<SmallVector<Value>> sizes = buildOffsets(
      builder, std::move(toFunction), allocs, /*saturate=*/true, loc);
  if (failed(sizes))
    return failure();
  func::ReturnOp::create(builder, loc, sizes->back());
  setKernelEntry(kernel, "workspace",
                 builder.getStringAttr(describeAllocs(allocs, *info)));

  IRMapping toKernel;
  for (BlockArgument argument : kernel.getArguments().take_front(numOperands))
    toKernel.map(argument, argument);
  builder.setInsertionPointToStart(&kernel.getBody().front());
  FailureOr<SmallVector<Value>> offsets = buildOffsets(
      builder, std::move(toKernel), allocs, /*saturate=*/false, loc);
  if (failed(offsets))
    return failure();
  unsigned position = kernel.getNumArguments();
  auto workspaceType =
      MemRefType::get({ShapedType::kDynamic}, builder.getI8Type());
  if (failed(kernel.insertArgument(position, workspaceType, {}, loc)))
    return failure();
  for (auto [alloc, offset] :
       llvm::zip_first(allocs, ArrayRef<Value>(*offsets)))
    replaceAlloc(alloc, kernel.getArgument(position), offset);
  numPromoted += allocs.size();
  return success();
}

namespace {
struct PromoteAllocsToWorkspace
    : softmax::impl::PromoteAllocsToWorkspacePassBase<
          PromoteAllocsToWorkspace> {
  void runOnOperation() override {
    SmallVector<func::FuncOp> kernels;
    SmallVector<memref::AllocOp> stray;
    for (auto function : getOperation().getOps<func::FuncOp>()) {
      if (function.isExternal())
        continue;
      if (function->hasAttr(kernelAttrName))
        kernels.push_back(function);
      else
        function.walk([&](memref::AllocOp alloc) { stray.push_back(alloc); });
    }
    if (kernels.empty())
      return;
    for (memref::AllocOp alloc : stray) {
      alloc.emitOpError("in a function that is no kernel has no workspace to "
                        "live in: inline the function into the kernel");
      return signalPassFailure();
    }
    uint64_t promoted = 0;
    for (func::FuncOp kernel : kernels)
      if (failed(promote(kernel, getOperation(), promoted)))
        return signalPassFailure();
    numPromoted += promoted;
  }
};
} // namespace
