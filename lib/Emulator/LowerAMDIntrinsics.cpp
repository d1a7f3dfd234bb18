// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// What is AMD's: lanes count and read each other by number.
//
// Semantics: AMD Instinct MI300 and RDNA3 instruction set architecture guides,
// sections on data parallel primitives (DPP), DS_SWIZZLE_B32, DS_BPERMUTE_B32,
// V_PERMLANEX16_B32 and V_MBCNT.  Hardware lets a lane read another one only if
// that executes the same instruction; here all lanes of a wavefront have to.
#include "Prepare.h"

#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/IntrinsicsAMDGPU.h"

using namespace mlir::softmax::emulator;
namespace intrinsic = llvm::Intrinsic;

uint32_t mlir::softmax::emulator::getWarpSize(const llvm::Function &function) {
  if (!function.getParent()->getTargetTriple().isAMDGCN())
    return 32;
  llvm::StringRef features =
      function.getFnAttribute("target-features").getValueAsString();
  if (features.contains("+wavefrontsize32"))
    return 32;
  if (features.contains("+wavefrontsize64"))
    return 64;
  // As LLVM chooses: 32 from gfx10 on.
  return function.getFnAttribute("target-cpu")
                 .getValueAsString()
                 .starts_with("gfx1")
             ? 32
             : 64;
}

namespace {
class LaneLowering {
public:
  LaneLowering(Preparation &preparation, llvm::CallInst &call)
      : preparation(preparation), call(call), builder(&call),
        thread(preparation.getThread(*call.getFunction())),
        lane(preparation.callRuntime(builder, "emu.lane", preparation.i32,
                                     {thread})) {}

  llvm::Value *lower() {
    switch (call.getIntrinsicID()) {
    case intrinsic::amdgcn_mbcnt_lo:
      return countBelow(constant(0));
    case intrinsic::amdgcn_mbcnt_hi:
      return countBelow(constant(32));
    case intrinsic::amdgcn_ds_bpermute:
      // Of the wavefront's size, in bytes.
      return read(operand(1), builder.CreateLShr(operand(0), 2));
    case intrinsic::amdgcn_ds_swizzle:
      return swizzle();
    case intrinsic::amdgcn_permlanex16:
      return permute();
    default:
      return dpp();
    }
  }

private:
  llvm::Value *operand(unsigned i) { return call.getArgOperand(i); }
  llvm::ConstantInt *constant(uint32_t value) {
    return preparation.getInt(value);
  }
  uint32_t number(unsigned i) {
    return static_cast<uint32_t>(
        llvm::cast<llvm::ConstantInt>(operand(i))->getZExtValue());
  }

  /// Set bits of the mask that belong to lower lanes, among 32 from `first` on.
  llvm::Value *countBelow(llvm::Value *first) {
    llvm::Value *zero = constant(0), *most = constant(32);
    llvm::Value *below = builder.CreateSub(lane, first);
    below = builder.CreateBinaryIntrinsic(intrinsic::smax, below, zero);
    below = builder.CreateBinaryIntrinsic(intrinsic::smin, below, most);
    llvm::Value *mask = builder.CreateTrunc(
        builder.CreateSub(
            builder.CreateShl(builder.getInt64(1),
                              builder.CreateZExt(below, preparation.i64)),
            builder.getInt64(1)),
        preparation.i32);
    return builder.CreateAdd(
        operand(1), builder.CreateUnaryIntrinsic(
                        intrinsic::ctpop, builder.CreateAnd(mask, operand(0))));
  }

  /// What lane `source` has, a number that wraps around at the wavefront's
  /// size.
  llvm::Value *read(llvm::Value *value, llvm::Value *source) {
    llvm::Type *type = value->getType();
    llvm::Value *bits = value;
    if (!type->isIntegerTy())
      bits = builder.CreateBitCast(
          bits, builder.getIntNTy(type->getPrimitiveSizeInBits()));
    bits = builder.CreateZExt(bits, preparation.i64);
    llvm::Value *result = preparation.callRuntime(
        builder, "emu.readlane", preparation.i64,
        {thread, constant(preparation.addSite(call)), bits, source});
    if (type->isIntegerTy())
      return builder.CreateTrunc(result, type);
    return builder.CreateBitCast(
        builder.CreateTrunc(result,
                            builder.getIntNTy(type->getPrimitiveSizeInBits())),
        type);
  }

  /// `base`, of the lane's own group, and `within` that.
  llvm::Value *inGroup(uint32_t size, llvm::Value *within) {
    return builder.CreateOr(builder.CreateAnd(lane, constant(~(size - 1))),
                            within);
  }

  llvm::Value *swizzle() {
    uint32_t offset = number(1);
    // Bit mode: (lane & and | or) ^ xor among 32; else the quads' permutation.
    if (offset & 0x8000)
      return read(operand(0), quad(offset & 0xFF));
    llvm::Value *source = builder.CreateXor(
        builder.CreateOr(builder.CreateAnd(lane, constant(offset & 31)),
                         constant(offset >> 5 & 31)),
        constant(offset >> 10 & 31));
    return read(operand(0),
                inGroup(32, builder.CreateAnd(source, constant(31))));
  }

  /// Two bits per lane of four.
  llvm::Value *quad(uint32_t selectors) {
    llvm::Value *shift =
        builder.CreateShl(builder.CreateAnd(lane, constant(3)), 1);
    return inGroup(
        4, builder.CreateAnd(builder.CreateLShr(constant(selectors), shift),
                             constant(3)));
  }

  /// Four bits per lane of 16 select one of the other row of the same 32.
  llvm::Value *permute() {
    llvm::Value *within = builder.CreateAnd(lane, constant(7));
    llvm::Value *upper =
        builder.CreateICmpNE(builder.CreateAnd(lane, constant(8)), constant(0));
    llvm::Value *selectors =
        builder.CreateSelect(upper, operand(3), operand(2));
    llvm::Value *selector = builder.CreateAnd(
        builder.CreateLShr(selectors, builder.CreateShl(within, 2)),
        constant(15));
    llvm::Value *row = builder.CreateXor(
        builder.CreateAnd(lane, constant(~15u)), constant(16));
    return read(operand(1), builder.CreateOr(row, selector));
  }

  /// update.dpp(old, source, control, row mask, bank mask, bound control).
  llvm::Value *dpp() {
    uint32_t control = number(2), rows = number(3), banks = number(4);
    llvm::Value *within = builder.CreateAnd(lane, constant(15));
    llvm::Value *source = nullptr, *exists = builder.getTrue();
    auto kind = [&](uint32_t base) { return (control & ~15u) == base; };
    llvm::Value *by = constant(control & 15);
    if (control <= 0xFF) {
      source = quad(control);
    } else if (kind(0x100)) {
      llvm::Value *from = builder.CreateAdd(within, by);
      exists = builder.CreateICmpULT(from, constant(16));
      source = inGroup(16, builder.CreateAnd(from, constant(15)));
    } else if (kind(0x110)) {
      exists = builder.CreateICmpUGE(within, by);
      source = inGroup(
          16, builder.CreateAnd(builder.CreateSub(within, by), constant(15)));
    } else if (kind(0x120)) {
      source = inGroup(
          16, builder.CreateAnd(builder.CreateSub(within, by), constant(15)));
    } else if (control == 0x140 || control == 0x141) {
      source = builder.CreateXor(lane, constant(control == 0x140 ? 15 : 7));
    } else {
      // row_xmask; isModelledAMDIntrinsic knows no other.
      source = builder.CreateXor(lane, by);
    }
    llvm::Value *value = read(operand(1), source);
    if (number(5))
      value = builder.CreateSelect(
          exists, value, llvm::Constant::getNullValue(value->getType()));
    else
      value = builder.CreateSelect(exists, value, operand(0));
    // Lanes that the masks leave out keep the old value.
    auto enabled = [&](uint32_t mask, uint32_t shift) {
      llvm::Value *which =
          builder.CreateAnd(builder.CreateLShr(lane, shift), constant(3));
      return builder.CreateTrunc(builder.CreateLShr(constant(mask), which),
                                 builder.getInt1Ty());
    };
    if (rows != 15 || banks != 15)
      value = builder.CreateSelect(
          builder.CreateAnd(enabled(rows, 4), enabled(banks, 2)), value,
          operand(0));
    return value;
  }

  Preparation &preparation;
  llvm::CallInst &call;
  llvm::IRBuilder<> builder;
  llvm::Value *thread, *lane;
};
} // namespace

bool mlir::softmax::emulator::isModelledAMDIntrinsic(
    const llvm::CallInst &call) {
  if (call.getType()->isVectorTy() ||
      call.getType()->getPrimitiveSizeInBits() > 64)
    return false;
  if (call.getIntrinsicID() == intrinsic::amdgcn_ds_swizzle) {
    // Modes of gfx12 have the upper bits.
    const auto *offset = llvm::cast<llvm::ConstantInt>(call.getArgOperand(1));
    return offset->getZExtValue() < 0x8100;
  }
  if (call.getIntrinsicID() != intrinsic::amdgcn_update_dpp)
    return true;
  uint64_t control =
      llvm::cast<llvm::ConstantInt>(call.getArgOperand(2))->getZExtValue();
  return control <= 0xFF ||
         (control > 0x100 && control < 0x130 && (control & 15) != 0) ||
         control == 0x140 || control == 0x141 ||
         (control >= 0x160 && control < 0x170);
}

llvm::Value *
mlir::softmax::emulator::lowerAMDIntrinsic(Preparation &preparation,
                                           llvm::CallInst &call) {
  return LaneLowering(preparation, call).lower();
}
