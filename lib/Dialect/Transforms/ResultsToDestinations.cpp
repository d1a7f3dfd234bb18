// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// softmax-results-to-destinations: public functions write where their callers
// tell them to.

#include "BooleanTensors.h"
#include "DescribeKernel.h"
#include "KernelDescription.h"
#include "mlir/Dialect/Bufferization/IR/BufferizableOpInterface.h"
#include "mlir/Dialect/Bufferization/IR/Bufferization.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/SymbolTable.h"
#include "softmax/Dialect/Transforms/Generalize.h"
#include "softmax/Dialect/Transforms/Passes.h"

namespace mlir::softmax {
#define GEN_PASS_DEF_SOFTMAXRESULTSTODESTINATIONSPASS
#include "softmax/Dialect/Transforms/Passes.h.inc"
} // namespace mlir::softmax

using namespace mlir;
using namespace mlir::softmax;

//===----------------------------------------------------------------------===//
// One function
//===----------------------------------------------------------------------===//

namespace {
class FunctionConverter {
public:
  FunctionConverter(RewriterBase &rewriter, func::FuncOp function,
                    DestinationLayout layout)
      : b(rewriter), function(function), layout(layout), booleans(rewriter),
        numResults(function.getNumResults()) {}

  /// Whether the function is one that the pass prepares.
  bool isConcerned();
  LogicalResult run();
  unsigned getNumDestinations() const { return numResults; }

private:
  LogicalResult verify();
  MemRefType getBoundaryType(ShapedType type);
  LogicalResult relayoutMemRefs();
  LogicalResult convertBooleans();
  void detachInits();
  void addDestinations();
  Value expandDestination(Value destination, Value &returned);

  RewriterBase &b;
  func::FuncOp function;
  DestinationLayout layout;
  BooleanTensors booleans;
  unsigned numResults;
  func::ReturnOp terminator;
  /// Per result the argument that has been its destination, or null.
  SmallVector<BlockArgument> reused;
};
} // namespace

bool FunctionConverter::isConcerned() {
  if (function.isExternal() || !function.isPublic() ||
      function->hasAttr(kKernelAttrName))
    return false;
  auto shaped = [](Type type) { return isa<ShapedType>(type); };
  return llvm::any_of(function.getArgumentTypes(), shaped) ||
         llvm::any_of(function.getResultTypes(), shaped);
}

/// Refuses what has no C interface.
LogicalResult FunctionConverter::verify() {
  auto check = [&](StringRef what, unsigned i, Type type) -> LogicalResult {
    auto shaped = dyn_cast<ShapedType>(type);
    if (!shaped)
      return success();
    if (!isa<RankedTensorType, MemRefType>(type))
      return function.emitOpError(what)
             << " #" << i << " has type " << type
             << "; kernels take ranked tensors and memrefs only";
    if (auto tensor = dyn_cast<RankedTensorType>(type);
        tensor && tensor.getEncoding())
      return function.emitOpError(what)
             << " #" << i
             << " has a tensor encoding, which has no dense "
                "memory layout; drop it";
    if (exceedsMemory(shaped))
      return function.emitOpError(what)
             << " #" << i << " of type " << type
             << " has more elements than fit into memory; give it sizes that "
                "it can have";
    return success();
  };
  bool changes = numResults != 0;
  for (auto [i, type] : llvm::enumerate(function.getArgumentTypes())) {
    if (failed(check("argument", i, type)))
      return failure();
    changes |= isBooleanShaped(type);
  }
  for (auto [i, type] : llvm::enumerate(function.getResultTypes())) {
    if (failed(check("result", i, type)))
      return failure();
    if (!isa<RankedTensorType>(type))
      return function.emitOpError("result #")
             << i << " has type " << type
             << ", which cannot be written to a destination; return a "
                "tensor, of rank 0 for a single number";
  }
  auto returns = llvm::to_vector(function.getOps<func::ReturnOp>());
  if (returns.empty() || (returns.size() != 1 && numResults != 0))
    return function.emitOpError("returns in ")
           << returns.size()
           << " places, but destinations are written in one; use structured "
              "control flow";
  terminator = returns.front();
  if (!changes)
    return success();
  std::optional<SymbolTable::UseRange> uses = SymbolTable::getSymbolUses(
      function, function->getParentOfType<ModuleOp>());
  if (uses && !uses->empty()) {
    InFlightDiagnostic diagnostic = function.emitOpError(
        "is public and used inside the module, so its results cannot become "
        "destinations; run --inline first, or call a private copy");
    diagnostic.attachNote(uses->begin()->getUser()->getLoc()) << "used here";
    return diagnostic;
  }
  return success();
}

MemRefType FunctionConverter::getBoundaryType(ShapedType type) {
  Type element = type.getElementType();
  auto tensor = RankedTensorType::get(
      type.getShape(), element.isInteger(1) ? Type(b.getI8Type()) : element);
  auto memref =
      layout == DestinationLayout::Dynamic
          ? bufferization::getMemRefTypeWithFullyDynamicLayout(tensor)
          : bufferization::getMemRefTypeWithStaticIdentityLayout(tensor);
  return cast<MemRefType>(memref);
}

/// With any strides at the boundary, memrefs that entered with a narrower
/// layout are widened.
LogicalResult FunctionConverter::relayoutMemRefs() {
  if (layout != DestinationLayout::Dynamic)
    return success();
  for (BlockArgument argument : function.getArguments()) {
    auto type = dyn_cast<MemRefType>(argument.getType());
    if (!type)
      continue;
    MemRefType wide = MemRefType::get(type.getShape(), type.getElementType(),
                                      getBoundaryType(type).getLayout(),
                                      type.getMemorySpace());
    if (wide == type)
      continue;
    for (Operation *user : argument.getUsers())
      if (!isa<GenericOp, linalg::LinalgOp, memref::DimOp, memref::LoadOp,
               memref::StoreOp, memref::CopyOp, bufferization::ToTensorOp,
               bufferization::MaterializeInDestinationOp>(user))
        return user->emitOpError("needs the layout of ")
               << type << ", an argument that callers may pass with any "
               << "strides; use layout=identity, or an argument of type "
               << wide;
    argument.setType(wide);
  }
  return success();
}

LogicalResult FunctionConverter::convertBooleans() {
  for (BlockArgument argument : function.getArguments())
    if (isBooleanShaped(argument.getType()) &&
        failed(booleans.convertArgument(argument)))
      return failure();
  // In order, so that bytes made by one op are there for the next.
  SmallVector<GenericOp> generics;
  function.walk([&](GenericOp op) { generics.push_back(op); });
  for (GenericOp op : generics)
    if (failed(booleans.convertGeneric(op)))
      return failure();
  for (OpOperand &returned : terminator->getOpOperands())
    if (isBooleanShaped(returned.get().getType())) {
      Value bytes = booleans.toBytes(returned.get());
      b.modifyOpInPlace(terminator, [&] { returned.set(bytes); });
    }
  return success();
}

/// Arguments that stand as destinations are replaced there by an empty tensor
/// of the same sizes, filled with the argument's elements where the op reads
/// them: an argument is not writable, and the copy goes to the destination.
void FunctionConverter::detachInits() {
  OpBuilder::InsertionGuard guard(b);
  for (BlockArgument argument : function.getArguments()) {
    if (!isa<RankedTensorType>(argument.getType()))
      continue;
    SmallVector<OpOperand *> uses;
    for (OpOperand &use : argument.getUses()) {
      auto dps = dyn_cast<DestinationStyleOpInterface>(use.getOwner());
      if (dps && dps.isDpsInit(&use))
        uses.push_back(&use);
    }
    for (OpOperand *use : uses) {
      Operation *user = use->getOwner();
      Location loc = user->getLoc();
      b.setInsertionPoint(user);
      Value init = tensor::EmptyOp::create(
          b, loc, tensor::getMixedSizes(b, loc, argument),
          getElementTypeOrSelf(argument.getType()));
      if (!isUnreadInit(*use))
        init = linalg::CopyOp::create(b, loc, argument, init).getResult(0);
      b.modifyOpInPlace(user, [&] { use->set(init); });
    }
  }
}

/// Where `returned` collapses dimensions of size 1, `destination` is expanded
/// instead, so that nothing stands between the op and its destination.
Value FunctionConverter::expandDestination(Value destination, Value &returned) {
  auto collapse = returned.getDefiningOp<tensor::CollapseShapeOp>();
  if (!collapse || !collapse.getSrcType().hasStaticShape())
    return destination;
  SmallVector<ReassociationIndices> groups = collapse.getReassociationIndices();
  ArrayRef<int64_t> shape = collapse.getSrcType().getShape();
  FailureOr<MemRefType> type = memref::ExpandShapeOp::computeExpandedType(
      cast<MemRefType>(destination.getType()), shape, groups);
  if (failed(type))
    return destination;
  OpBuilder::InsertionGuard guard(b);
  b.setInsertionPointToStart(&function.front());
  returned = collapse.getSrc();
  return memref::ExpandShapeOp::create(b, collapse.getLoc(), *type, destination,
                                       groups);
}

/// Appends the destinations, writes them where the function returned, and
/// drops the results and the arguments that they replace.
void FunctionConverter::addDestinations() {
  OpBuilder::InsertionGuard guard(b);
  llvm::BitVector replaced(function.getNumArguments());
  for (auto [i, value] :
       llvm::enumerate(SmallVector<Value>(terminator.getOperands()))) {
    Location loc = reused[i] ? reused[i].getLoc() : terminator.getLoc();
    unsigned index = function.getNumArguments();
    LogicalResult inserted = function.insertArgument(
        index, getBoundaryType(cast<ShapedType>(value.getType())), {}, loc);
    (void)inserted; // A func.func takes any argument.
    Value destination = function.getArgument(index);
    if (BlockArgument argument = reused[i]) {
      for (Operation *user : llvm::make_early_inc_range(argument.getUsers())) {
        auto dim = cast<tensor::DimOp>(user);
        b.setInsertionPoint(dim);
        b.replaceOpWithNewOp<memref::DimOp>(dim, destination, dim.getIndex());
      }
      replaced.set(argument.getArgNumber());
    }
    destination = expandDestination(destination, value);
    b.setInsertionPoint(terminator);
    bufferization::MaterializeInDestinationOp::create(
        b, terminator.getLoc(), /*result=*/Type(), value, destination,
        /*restrict=*/true, /*writable=*/true);
  }
  b.modifyOpInPlace(terminator, [&] { terminator->setOperands({}); });
  replaced.resize(function.getNumArguments());
  LogicalResult erased = function.eraseArguments(replaced);
  erased = function.eraseResults(llvm::BitVector(numResults, true));
  (void)erased; // The same: a func.func loses any argument and result.
}

LogicalResult FunctionConverter::run() {
  if (failed(verify()))
    return failure();
  reused = findReusedArguments(function, terminator);
  if (failed(describeKernel(function, terminator, reused)) ||
      failed(relayoutMemRefs()))
    return failure();
  detachInits();
  if (failed(convertBooleans()))
    return failure();
  addDestinations();
  function.setType(b.getFunctionType(function.front().getArgumentTypes(), {}));
  for (BlockArgument argument : function.getArguments())
    if (isa<RankedTensorType>(argument.getType()))
      function.setArgAttr(
          argument.getArgNumber(),
          bufferization::BufferizationDialect::kWritableAttrName,
          b.getBoolAttr(false));
  return success();
}

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

/// Erases what has no use any more.
static void eraseDead(RewriterBase &rewriter, func::FuncOp function) {
  SmallVector<Operation *> ops;
  function.getBody().walk([&](Operation *op) { ops.push_back(op); });
  // The walk ends with an op after those in its regions: users first.
  for (Operation *op : llvm::reverse(ops))
    if (op->getParentOp() == function && isOpTriviallyDead(op))
      rewriter.eraseOp(op);
}

namespace {
struct SoftmaxResultsToDestinationsPass
    : public softmax::impl::SoftmaxResultsToDestinationsPassBase<
          SoftmaxResultsToDestinationsPass> {
  using SoftmaxResultsToDestinationsPassBase::
      SoftmaxResultsToDestinationsPassBase;

  void runOnOperation() override {
    IRRewriter rewriter(&getContext());
    SmallVector<Operation *> named;
    getOperation().walk([&](Operation *op) {
      if (isNamedSoftmaxOp(op))
        named.push_back(op);
    });
    for (Operation *op : named)
      (void)generalizeNamedOp(rewriter, op);

    bool refused = false;
    for (func::FuncOp function :
         llvm::make_early_inc_range(getOperation().getOps<func::FuncOp>())) {
      FunctionConverter converter(rewriter, function, layout);
      if (converter.isConcerned()) {
        if (failed(converter.run())) {
          refused = true;
          continue;
        }
        numDestinations += converter.getNumDestinations();
        eraseDead(rewriter, function);
        continue;
      }
      // Private functions keep their signature, not their packed bits.
      BooleanTensors booleans(rewriter);
      SmallVector<GenericOp> generics;
      function.walk([&](GenericOp op) { generics.push_back(op); });
      for (GenericOp op : generics)
        refused |= failed(booleans.convertGeneric(op));
    }
    if (refused)
      signalPassFailure();
  }
};
} // namespace
