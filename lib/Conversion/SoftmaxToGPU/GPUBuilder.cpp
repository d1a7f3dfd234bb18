// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "GPUBuilder.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "softmax/Math/MathBuilder.h"

using namespace mlir;
using namespace mlir::softmax;

GPUBuilder::GPUBuilder(GenericOp op, OpBuilder &builder, GPUNumericAttr numeric,
                       GPUCapabilities capabilities)
    : GenericBuilder(
          op, builder,
          {numeric.getExp(), capabilities.fma, numeric.getAccuracy()},
          Flattening::Pointer),
      numeric(numeric), capabilities(capabilities) {
  device.exp2 = [this](Value x) {
    bool amd = this->capabilities.native == NativeInstructions::ROCDL;
    return native(amd ? "llvm.amdgcn.exp2" : "llvm.nvvm.ex2.approx.ftz", x);
  };
  device.reciprocal = [this](Value x) -> Value {
    switch (this->capabilities.native) {
    case NativeInstructions::NVVM:
      return native("llvm.nvvm.rcp.approx.ftz.f", x);
    case NativeInstructions::ROCDL:
      return native("llvm.amdgcn.rcp", x);
    case NativeInstructions::None:
      MathBuilder math(b, loc);
      return math.div(math.constant(x.getType(), 1.0), x);
    }
  };
  device.maxKeepsNaN = capabilities.redux && !computeType.isF64();
  form.device = &device;
}

Value GPUBuilder::native(StringRef intrinsic, Value x) {
  auto call = [&](Value element) {
    return LLVM::CallIntrinsicOp::create(b, loc, b.getF32Type(),
                                         b.getStringAttr(intrinsic),
                                         ValueRange{element})
        .getResult(0);
  };
  auto vector = dyn_cast<VectorType>(x.getType());
  if (!vector)
    return call(x);
  SmallVector<Value> elements;
  for (int64_t i = 0; i < vector.getNumElements(); ++i)
    elements.push_back(call(vector::ExtractOp::create(b, loc, x, i)));
  return vector::FromElementsOp::create(b, loc, vector, elements);
}

void GPUBuilder::beginKernel(StringRef name, const LaunchForm &form) {
  auto ceiling = [&](Value x, int64_t by) {
    return by == 1 ? x : div(add(x, index(by - 1)), index(by));
  };
  Value perRow = form.columnsPerBlock ? ceiling(columns, form.columnsPerBlock)
                                      : index(form.blocksPerRow);
  Value blocks = mul(ceiling(rowCount, form.rowsPerBlock), perRow);
  Value one = index(1), cluster, sharedBytes;
  if (form.cluster > 1)
    cluster = index(form.cluster);
  if (form.sharedBytes)
    sharedBytes =
        arith::ConstantIntOp::create(b, loc, b.getI32Type(), form.sharedBytes);
  Value unused = cluster ? one : Value();
  MLIRContext *context = b.getContext();
  launch = gpu::LaunchOp::create(
      b, loc, blocks, one, one, index(form.threads), one, one, sharedBytes,
      /*asyncTokenType=*/Type(), /*asyncDependencies=*/ValueRange(),
      /*workgroupAttributions=*/TypeRange(),
      /*privateAttributions=*/TypeRange(), cluster, unused, unused,
      FlatSymbolRefAttr::get(context, kernelModuleName),
      FlatSymbolRefAttr::get(context, name));
  // Upstream's builder leaves out those of a cluster.
  for (unsigned i = launch.getBody().getNumArguments();
       i < launch.getNumConfigRegionAttributes(); ++i)
    launch.getBody().addArgument(b.getIndexType(), loc);
  launches.push_back({launch, name.str(), form});
  b.setInsertionPointToEnd(&launch.getBody().front());
  auto terminator = gpu::TerminatorOp::create(b, loc);
  b.setInsertionPoint(terminator);
  block = launch.getBlockIds().x;
  threadInBlock = launch.getThreadIds().x;
  if (capabilities.longGrid)
    return;
  block = add(block, mul(launch.getBlockIds().y, launch.getGridSize().x));
  auto inGrid = scf::IfOp::create(b, loc, lessThan(block, blocks));
  b.setInsertionPointToStart(inGrid.thenBlock());
}

Value GPUBuilder::shared(Type element, int64_t count) {
  auto space = gpu::AddressSpaceAttr::get(
      b.getContext(), gpu::GPUDialect::getWorkgroupAddressSpace());
  auto type =
      MemRefType::get({count}, element, MemRefLayoutAttrInterface(), space);
  return launch.addWorkgroupAttribution(type, loc);
}

Value GPUBuilder::shuffle(Value value, int64_t distance) {
  return shuffleBy(
      value, arith::ConstantIntOp::create(b, loc, b.getI32Type(), distance),
      gpu::ShuffleMode::XOR);
}

Value GPUBuilder::overWarp(Value value,
                           function_ref<Value(Value, Value)> combine) {
  for (int64_t distance = warpSize / 2; distance > 0; distance /= 2)
    value = combine(value, shuffle(value, distance));
  return value;
}

Value GPUBuilder::broadcastFrom(Value value, Value lane) {
  return shuffleBy(value, lane, gpu::ShuffleMode::IDX);
}

Value GPUBuilder::shuffleBy(Value value, Value offset, gpu::ShuffleMode mode) {
  Type type = value.getType(), i32 = b.getI32Type();
  Value width = arith::ConstantIntOp::create(b, loc, i32, warpSize);
  auto step = [&](Value x) -> Value {
    return gpu::ShuffleOp::create(b, loc, x, offset, width, mode)
        .getShuffleResult();
  };
  if (type.getIntOrFloatBitWidth() == 32)
    return step(value);
  // 64 bits travel in halves.
  Value bits = value;
  if (!type.isInteger())
    bits = arith::BitcastOp::create(b, loc, b.getI64Type(), value);
  Value shift = arith::ConstantIntOp::create(b, loc, b.getI64Type(), 32);
  Value low = step(arith::TruncIOp::create(b, loc, i32, bits));
  Value high = step(arith::TruncIOp::create(
      b, loc, i32, arith::ShRUIOp::create(b, loc, bits, shift)));
  Value joined = arith::OrIOp::create(
      b, loc, arith::ExtUIOp::create(b, loc, b.getI64Type(), low),
      arith::ShLIOp::create(
          b, loc, arith::ExtUIOp::create(b, loc, b.getI64Type(), high), shift));
  return type.isInteger() ? joined
                          : arith::BitcastOp::create(b, loc, type, joined);
}

Value GPUBuilder::i1(bool value) {
  return arith::ConstantIntOp::create(b, loc, b.getI1Type(), value);
}

Value GPUBuilder::buildNever() {
  return b.createOrFold<arith::CmpIOp>(
      loc, arith::CmpIPredicate::eq,
      memref::ExtractAlignedPointerAsIndexOp::create(b, loc,
                                                     inputs.front().flat),
      index(-1));
}
