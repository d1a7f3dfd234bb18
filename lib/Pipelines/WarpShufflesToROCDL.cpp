// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// softmax-warp-shuffles-to-rocdl.
//
// Encodings: AMD Instinct MI300 and RDNA3 instruction set architecture guides,
// sections on data parallel primitives (DPP) and DS_SWIZZLE_B32.
#include "softmax/Pipelines/Pipelines.h"

#include "mlir/Dialect/AMDGPU/Utils/Chipset.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/ROCDLDialect.h"
#include "mlir/IR/Matchers.h"

namespace mlir::softmax {
#define GEN_PASS_DEF_SOFTMAXWARPSHUFFLESTOROCDLPASS
#include "softmax/Pipelines/Passes.h.inc"
} // namespace mlir::softmax

using namespace mlir;

namespace {
/// dpp_ctrl: within four lanes, and within a row of 16.
enum : unsigned {
  quadPermXor1 = 0xB1,
  quadPermXor2 = 0x4E,
  rowShiftLeft = 0x100,
  rowShiftRight = 0x110,
  rowRotateRight = 0x120,
  rowXorMask = 0x160
};
constexpr unsigned all = 0xF;

/// Builds the exchange between lanes whose numbers differ in one bit.
class Exchange {
public:
  Exchange(OpBuilder &builder, Location loc, bool hasRowXor)
      : builder(builder), loc(loc), hasRowXor(hasRowXor) {}

  /// `value`, of 32 bits, of the lane at `distance`; null where that takes
  /// ds_bpermute, which gpu.shuffle becomes anyway.
  Value build(Value value, int64_t distance) {
    switch (distance) {
    case 1:
      return dpp(value, value, quadPermXor1, all);
    case 2:
      return dpp(value, value, quadPermXor2, all);
    case 4: {
      if (hasRowXor)
        return dpp(value, value, rowXorMask + 4, all);
      // The lower four lanes of eight read from above, the upper ones from
      // below: banks are four lanes.
      Value undefined = LLVM::PoisonOp::create(builder, loc, value.getType());
      Value lower = dpp(undefined, value, rowShiftLeft + 4, /*banks=*/0b0101);
      return dpp(lower, value, rowShiftRight + 4, /*banks=*/0b1010);
    }
    case 8:
      return dpp(value, value, hasRowXor ? rowXorMask + 8 : rowRotateRight + 8,
                 all);
    case 16:
      return hasRowXor ? crossRows(value) : swizzle(value, distance);
    default:
      return Value();
    }
  }

private:
  Value dpp(Value old, Value value, unsigned control, unsigned banks) {
    return ROCDL::DPPUpdateOp::create(builder, loc, value.getType(), old, value,
                                      control, /*rowMask=*/all, banks,
                                      /*boundCtrl=*/banks == all);
  }

  Value constant(uint32_t value) {
    return arith::ConstantIntOp::create(builder, loc, builder.getI32Type(),
                                        static_cast<int32_t>(value));
  }

  /// The other row of 16 lanes, lane by lane.
  Value crossRows(Value value) {
    return ROCDL::PermlaneX16Op::create(
        builder, loc, value.getType(), value, value, constant(0x76543210),
        constant(0xFEDCBA98), /*fi=*/false, /*boundControl=*/false);
  }

  /// Among 32 lanes: and-mask in bits 0 to 4, xor-mask in bits 10 to 14.
  Value swizzle(Value value, int64_t distance) {
    Type type = value.getType(), i32 = builder.getI32Type();
    if (type != i32)
      value = arith::BitcastOp::create(builder, loc, i32, value);
    value = ROCDL::DsSwizzleOp::create(
        builder, loc, i32, value,
        constant(static_cast<uint32_t>(distance) << 10 | 0x1F));
    if (type != i32)
      value = arith::BitcastOp::create(builder, loc, type, value);
    return value;
  }

  OpBuilder &builder;
  Location loc;
  bool hasRowXor;
};

class SoftmaxWarpShufflesToROCDLPass
    : public softmax::impl::SoftmaxWarpShufflesToROCDLPassBase<
          SoftmaxWarpShufflesToROCDLPass> {
public:
  using SoftmaxWarpShufflesToROCDLPassBase::SoftmaxWarpShufflesToROCDLPassBase;

private:
  void runOnOperation() override {
    FailureOr<amdgpu::Chipset> chipset = amdgpu::Chipset::parse(chip);
    if (failed(chipset)) {
      getOperation().emitError("softmax-warp-shuffles-to-rocdl: '" + chip +
                               "' is no chip of AMD's; use gfx90a or gfx942");
      return signalPassFailure();
    }
    bool hasRowXor = chipset->majorVersion >= 10;
    SmallVector<gpu::ShuffleOp> shuffles;
    getOperation().walk([&](gpu::ShuffleOp op) { shuffles.push_back(op); });
    for (gpu::ShuffleOp op : shuffles) {
      APInt distance, width;
      if (op.getMode() != gpu::ShuffleMode::XOR ||
          !matchPattern(op.getOffset(), m_ConstantInt(&distance)) ||
          !matchPattern(op.getWidth(), m_ConstantInt(&width)) ||
          width.getSExtValue() > static_cast<int64_t>(warpSize) ||
          distance.getSExtValue() >= width.getSExtValue() ||
          !op.getValue().getType().isIntOrFloat() ||
          op.getValue().getType().getIntOrFloatBitWidth() != 32)
        continue;
      OpBuilder builder(op);
      Value result = Exchange(builder, op.getLoc(), hasRowXor)
                         .build(op.getValue(), distance.getSExtValue());
      if (!result)
        continue;
      op.getShuffleResult().replaceAllUsesWith(result);
      if (!op.getValid().use_empty())
        op.getValid().replaceAllUsesWith(arith::ConstantIntOp::create(
            builder, op.getLoc(), builder.getI1Type(), 1));
      op.erase();
      ++numExchanges;
    }
  }
};
} // namespace
