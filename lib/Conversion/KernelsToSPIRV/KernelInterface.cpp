// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "KernelInterface.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SPIRV/IR/SPIRVAttributes.h"
#include "mlir/Dialect/SPIRV/IR/TargetAndABI.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "softmax/Conversion/KernelsToSPIRV/Passes.h"

using namespace mlir;
using namespace mlir::softmax;

/// `type`, or the integer that has its bits where devices may not compute with
/// it.
static Type storedType(Type type) {
  if (auto vector = dyn_cast<VectorType>(type)) {
    Type element = storedType(vector.getElementType());
    return vector.getNumElements() == 1 ? element : vector.clone(element);
  }
  return type.isF16() ? IntegerType::get(type.getContext(), 16) : type;
}

static Attribute storageClass(MLIRContext *context, spirv::StorageClass kind) {
  return spirv::StorageClassAttr::get(context, kind);
}

namespace {
/// One access to a storage buffer.
struct Access {
  Operation *op;
  unsigned argument;
  Value index;
  /// What is stored; null for loads.
  Value stored;
  Type type;
};

class Rewriter {
public:
  Rewriter(gpu::GPUFuncOp kernel, int64_t subgroupSize)
      : old(kernel), subgroupSize(subgroupSize), b(kernel),
        loc(kernel.getLoc()) {}

  LogicalResult run();

private:
  LogicalResult findAccesses();
  LogicalResult checkElement(BlockArgument argument);
  void createKernel();
  void replaceScalars(Block &body);
  void replaceAccess(const Access &access);
  void replaceSharedMemory(Block &body);
  void replaceThreads(Block &body);
  Value loadWord(unsigned number);

  gpu::GPUFuncOp old, created;
  int64_t subgroupSize;
  OpBuilder b;
  Location loc;
  VulkanArguments places;
  SmallVector<Access> accesses;
  /// The new argument for a pointer and a type of access.
  llvm::MapVector<std::pair<unsigned, Type>, unsigned> views;
  Value constants;
};
} // namespace

LogicalResult Rewriter::checkElement(BlockArgument argument) {
  Type type = cast<MemRefType>(argument.getType()).getElementType();
  if (type.isF16() || type.isF32() || type.isF64() || type.isInteger(8) ||
      type.isInteger(16) || type.isInteger(32) || type.isInteger(64))
    return success();
  return old.emitError("a softmax kernel has an operand of ")
         << type
         << ", which SPIR-V for Vulkan has no type for; convert it to f16 or "
            "f32, or compile for a CPU or another GPU";
}

LogicalResult Rewriter::findAccesses() {
  for (BlockArgument argument :
       old.getBody().getArguments().take_front(old.getNumArguments())) {
    if (!isa<MemRefType>(argument.getType()))
      continue;
    if (failed(checkElement(argument)))
      return failure();
    for (Operation *user : argument.getUsers()) {
      Access access{user, argument.getArgNumber(), Value(), Value(), Type()};
      if (auto op = dyn_cast<memref::LoadOp>(user)) {
        access.index = op.getIndices().front();
        access.type = op.getType();
      } else if (auto op = dyn_cast<vector::LoadOp>(user)) {
        access.index = op.getIndices().front();
        access.type = op.getType();
      } else if (auto op = dyn_cast<memref::StoreOp>(user)) {
        access.index = op.getIndices().front();
        access.stored = op.getValueToStore();
        access.type = access.stored.getType();
      } else if (auto op = dyn_cast<vector::StoreOp>(user)) {
        access.index = op.getIndices().front();
        access.stored = op.getValueToStore();
        access.type = access.stored.getType();
      } else if (!isa<memref::ExtractAlignedPointerAsIndexOp>(user)) {
        return user->emitOpError("uses a kernel's operand in a way that has no "
                                 "form in SPIR-V");
      }
      accesses.push_back(access);
    }
  }
  return success();
}

void Rewriter::createKernel() {
  MLIRContext *context = b.getContext();
  SmallVector<Type> types;
  SmallVector<spirv::InterfaceVarABIAttr> abis;
  for (const Access &access : accesses) {
    if (!access.type)
      continue;
    Type type = storedType(access.type);
    if (!views
             .insert(
                 {{access.argument, type}, static_cast<unsigned>(types.size())})
             .second)
      continue;
    types.push_back(MemRefType::get(
        {ShapedType::kDynamic}, type, MemRefLayoutAttrInterface(),
        storageClass(context, spirv::StorageClass::StorageBuffer)));
    abis.push_back(spirv::InterfaceVarABIAttr::get(
        0, places.places[access.argument], std::nullopt, context));
  }
  if (places.pushConstantBytes) {
    types.push_back(MemRefType::get(
        {places.pushConstantBytes / 4}, b.getI32Type(),
        MemRefLayoutAttrInterface(),
        storageClass(context, spirv::StorageClass::PushConstant)));
    abis.push_back(
        spirv::InterfaceVarABIAttr::get(0, 0, std::nullopt, context));
  }
  created = gpu::GPUFuncOp::create(b, loc, old.getName(),
                                   b.getFunctionType(types, {}));
  created->setAttr(gpu::GPUDialect::getKernelFuncAttrName(), b.getUnitAttr());
  SmallVector<int32_t> size(*old.getKnownBlockSize());
  created->setAttr(spirv::getEntryPointABIAttrName(),
                   spirv::getEntryPointABIAttr(context, size));
  for (auto [i, abi] : llvm::enumerate(abis))
    created.setArgAttr(i, spirv::getInterfaceVarABIAttrName(), abi);
}

Value Rewriter::loadWord(unsigned number) {
  Value index = arith::ConstantIndexOp::create(b, loc, number);
  return memref::LoadOp::create(b, loc, constants, index);
}

void Rewriter::replaceScalars(Block &body) {
  if (!places.pushConstantBytes)
    return;
  constants = created.getArguments().back();
  for (auto [i, argument] :
       llvm::enumerate(body.getArguments().take_front(old.getNumArguments()))) {
    Type type = argument.getType();
    if (isa<MemRefType>(type))
      continue;
    unsigned place = places.places[i] / 4;
    Value value = loadWord(place);
    if (type.isIndex()) {
      value = arith::IndexCastOp::create(b, loc, type, value);
    } else if (type.getIntOrFloatBitWidth() == 64) {
      Type i64 = b.getI64Type();
      Value shift = arith::ConstantIntOp::create(b, loc, i64, 32);
      Value high = arith::ShLIOp::create(
          b, loc, arith::ExtUIOp::create(b, loc, i64, loadWord(place + 1)),
          shift);
      value = arith::OrIOp::create(
          b, loc, arith::ExtUIOp::create(b, loc, i64, value), high);
    }
    if (value.getType() != type)
      value = arith::BitcastOp::create(b, loc, type, value);
    argument.replaceAllUsesWith(value);
  }
}

void Rewriter::replaceAccess(const Access &access) {
  b.setInsertionPoint(access.op);
  // Buffers begin at an address that every vector is aligned to.
  if (!access.type) {
    access.op->replaceAllUsesWith(
        ValueRange{arith::ConstantIndexOp::create(b, access.op->getLoc(), 0)});
    access.op->erase();
    return;
  }
  Location at = access.op->getLoc();
  Type stored = storedType(access.type);
  Value view = created.getArgument(views.lookup({access.argument, stored}));
  Value index = access.index;
  auto vector = dyn_cast<VectorType>(access.type);
  if (isa<VectorType>(stored))
    index = arith::DivUIOp::create(
        b, at, index,
        arith::ConstantIndexOp::create(b, at, vector.getNumElements()));
  // A vector of one element is a scalar in memory.
  bool unwraps = vector && !isa<VectorType>(stored);
  Type loaded = unwraps ? vector.getElementType() : access.type;
  auto castTo = [&](Value value, Type type) -> Value {
    return value.getType() == type
               ? value
               : arith::BitcastOp::create(b, at, type, value).getResult();
  };
  if (Value value = access.stored) {
    if (unwraps)
      value = vector::ExtractOp::create(b, at, value, 0);
    memref::StoreOp::create(b, at, castTo(value, stored), view, index);
  } else {
    Value result = castTo(memref::LoadOp::create(b, at, view, index), loaded);
    if (unwraps)
      result = vector::BroadcastOp::create(b, at, access.type, result);
    access.op->replaceAllUsesWith(ValueRange{result});
  }
  access.op->erase();
}

void Rewriter::replaceSharedMemory(Block &body) {
  for (BlockArgument buffer :
       body.getArguments().drop_front(old.getNumArguments())) {
    auto type = cast<MemRefType>(buffer.getType());
    auto workgroup = MemRefType::get(
        type.getShape(), type.getElementType(), MemRefLayoutAttrInterface(),
        storageClass(b.getContext(), spirv::StorageClass::Workgroup));
    buffer.replaceAllUsesWith(memref::AllocOp::create(b, loc, workgroup));
  }
}

void Rewriter::replaceThreads(Block &body) {
  // Without exchange any numbers will do.
  bool exchanges = false;
  body.walk([&](Operation *op) {
    exchanges |= isa<gpu::ShuffleOp, gpu::SubgroupReduceOp>(op);
  });
  if (!exchanges)
    return;
  Value lane = gpu::LaneIdOp::create(b, loc, IntegerAttr());
  Value number = gpu::SubgroupIdOp::create(b, loc, IntegerAttr());
  Value size = arith::ConstantIndexOp::create(b, loc, subgroupSize);
  Value thread = arith::AddIOp::create(
      b, loc, arith::MulIOp::create(b, loc, number, size), lane);
  SmallVector<gpu::ThreadIdOp> threads;
  body.walk([&](gpu::ThreadIdOp op) { threads.push_back(op); });
  for (gpu::ThreadIdOp op : threads) {
    op.replaceAllUsesWith(thread);
    op.erase();
  }
}

LogicalResult Rewriter::run() {
  places = layOutVulkanArguments(old.getFunctionType().getInputs());
  if (places.pushConstantBytes > mostPushConstantBytes)
    return old.emitError("a softmax kernel takes ")
           << places.pushConstantBytes
           << " bytes of sizes and scalars, and Vulkan's push constants have "
           << mostPushConstantBytes
           << "; give the function fewer dynamic sizes and scalars";
  if (failed(findAccesses()))
    return failure();
  createKernel();
  Block &from = old.getBody().front(), &to = created.getBody().front();
  b.setInsertionPointToStart(&to);
  replaceThreads(from);
  replaceScalars(from);
  replaceSharedMemory(from);
  to.getOperations().splice(to.end(), from.getOperations());
  for (const Access &access : accesses)
    replaceAccess(access);
  old.erase();
  return success();
}

LogicalResult mlir::softmax::rewriteForVulkan(gpu::GPUFuncOp kernel,
                                              int64_t subgroupSize) {
  return Rewriter(kernel, subgroupSize).run();
}
