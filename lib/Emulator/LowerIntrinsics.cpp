// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Calls of the runtime for what is NVIDIA's or AMD's.
#include "IntrinsicRules.h"
#include "Prepare.h"

#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/IntrinsicsNVPTX.h"

using namespace mlir::softmax::emulator;
using Rule = IntrinsicRule;

using namespace mlir::softmax::emulator::barrier_flags;

static bool isFloat(const llvm::Type *type) {
  return type->getScalarType()->isFloatTy();
}

static bool isApproximate(const llvm::Instruction &instruction) {
  return llvm::isa<llvm::FPMathOperator>(instruction) &&
         instruction.hasApproxFunc();
}

bool mlir::softmax::emulator::isModelledIntrinsic(const llvm::CallInst &call) {
  std::optional<Rule> rule =
      getIntrinsicRule(call.getCalledFunction()->getIntrinsicID());
  if (!rule)
    return false;
  switch (rule->kind) {
  case Rule::Call:
    // ex2.approx of f16 and bf16 is another instruction.
    return call.getType()->isVoidTy() || isFloat(call.getType());
  case Rule::CallIfApproximate:
    return isFloat(call.getType()) && isApproximate(call);
  case Rule::AMDLanes:
    return isModelledAMDIntrinsic(call);
  default:
    return true;
  }
}

namespace {

class IntrinsicLowering {
public:
  explicit IntrinsicLowering(Preparation &preparation)
      : preparation(preparation), i32(preparation.i32), i64(preparation.i64) {}

  void run(llvm::Function &function) {
    llvm::SmallVector<llvm::Instruction *> instructions;
    for (llvm::Instruction &instruction : llvm::instructions(function))
      instructions.push_back(&instruction);
    for (llvm::Instruction *instruction : instructions) {
      if (auto *call = llvm::dyn_cast<llvm::CallInst>(instruction)) {
        if (call->getCalledFunction()->isIntrinsic())
          lower(*call,
                *getIntrinsicRule(call->getCalledFunction()->getIntrinsicID()));
      } else if (instruction->getOpcode() == llvm::Instruction::FDiv &&
                 isFloat(instruction->getType()) &&
                 isApproximate(*instruction)) {
        // NVIDIA's code generator takes div.approx.
        callByElement(*instruction, "emu.div");
      }
    }
  }

private:
  llvm::Value *getThread(llvm::Instruction &instruction) {
    return preparation.getThread(*instruction.getFunction());
  }

  void replace(llvm::Instruction &instruction, llvm::Value *value) {
    if (!instruction.getType()->isVoidTy())
      instruction.replaceAllUsesWith(value);
    instruction.eraseFromParent();
  }

  void lower(llvm::CallInst &call, const Rule &rule) {
    llvm::IRBuilder<> builder(&call);
    llvm::Value *thread = nullptr;
    auto operand = [&](unsigned index) { return call.getArgOperand(index); };
    switch (rule.kind) {
    case Rule::Keep:
      return;
    case Rule::Erase:
      return call.use_empty()
                 ? replace(call, nullptr)
                 : replace(call, llvm::PoisonValue::get(call.getType()));
    case Rule::ReadRegister:
      return replace(call,
                     preparation.callRuntime(
                         builder, rule.runtime, call.getType(),
                         {getThread(call), preparation.getInt(rule.value)}));
    case Rule::Call:
      if (call.getType()->isVoidTy()) {
        uint32_t site = preparation.addSite(call);
        return replace(call, preparation.callRuntime(
                                 builder, rule.runtime, preparation.voidType,
                                 {getThread(call), preparation.getInt(site)}));
      }
      return callByElement(call, rule.runtime);
    case Rule::CallIfApproximate:
      return callByElement(call, rule.runtime);
    case Rule::CallOrKeep:
      if (isFloat(call.getType()) && isApproximate(call))
        callByElement(call, rule.runtime);
      return;
    case Rule::Replace: {
      llvm::SmallVector<llvm::Value *> operands(call.args());
      return replace(call, builder.CreateIntrinsic(
                               static_cast<llvm::Intrinsic::ID>(rule.value),
                               {call.getType()}, operands));
    }
    case Rule::Add:
      return replace(call, builder.CreateFAdd(operand(0), operand(1)));
    case Rule::Multiply:
      return replace(call, builder.CreateFMul(operand(0), operand(1)));
    case Rule::Divide:
      return replace(call, builder.CreateFDiv(operand(0), operand(1)));
    case Rule::Reciprocal:
      return replace(
          call, builder.CreateFDiv(llvm::ConstantFP::get(call.getType(), 1),
                                   operand(0)));
    case Rule::Truncate:
      return replace(call, builder.CreateFPTrunc(operand(0), call.getType()));
    case Rule::TruncateToBits:
      return replace(call,
                     builder.CreateBitCast(
                         builder.CreateFPTrunc(operand(0), builder.getHalfTy()),
                         call.getType()));
    case Rule::TruncatePair:
      return replace(call, truncatePair(builder, call));
    case Rule::Shuffle:
    case Rule::Collective:
      return lowerCollective(builder, call, rule);
    case Rule::BlockBarrier:
      return lowerBarrier(builder, call, rule);
    case Rule::AMDLanes:
      return replace(call, lowerAMDIntrinsic(preparation, call));
    case Rule::ClusterArrive:
    case Rule::ClusterWait: {
      llvm::SmallVector<llvm::Value *> operands = {
          getThread(call), preparation.getInt(preparation.addSite(call))};
      if (rule.kind == Rule::ClusterArrive)
        operands.push_back(preparation.getInt(rule.value));
      return replace(call,
                     preparation.callRuntime(builder, rule.runtime,
                                             preparation.voidType, operands));
    }
    case Rule::MapRank:
    case Rule::GetRank:
    case Rule::IsSpace: {
      thread = getThread(call);
      llvm::Value *pointer =
          builder.CreateAddrSpaceCast(operand(0), preparation.pointerType);
      if (rule.kind == Rule::IsSpace)
        return replace(
            call, builder.CreateTrunc(
                      preparation.callRuntime(
                          builder, rule.runtime, i32,
                          {thread, pointer, preparation.getInt(rule.value)}),
                      call.getType()));
      llvm::Value *site = preparation.getInt(preparation.addSite(call));
      if (rule.kind == Rule::GetRank)
        return replace(call, preparation.callRuntime(builder, rule.runtime, i32,
                                                     {thread, pointer, site}));
      return replace(call,
                     builder.CreateAddrSpaceCast(
                         preparation.callRuntime(
                             builder, rule.runtime, preparation.pointerType,
                             {thread, pointer, operand(1), site}),
                         call.getType()));
    }
    }
  }

  /// The first operand goes to the upper half.
  llvm::Value *truncatePair(llvm::IRBuilder<> &builder, llvm::CallInst &call) {
    llvm::Type *element = call.getType()->getScalarType();
    llvm::Value *pair = llvm::PoisonValue::get(call.getType());
    for (unsigned i : {0u, 1u})
      pair = builder.CreateInsertElement(
          pair, builder.CreateFPTrunc(call.getArgOperand(1 - i), element), i);
    return pair;
  }

  /// Operands of an instruction or of a call.
  static llvm::SmallVector<llvm::Value *>
  getOperands(llvm::Instruction &instruction) {
    if (auto *call = llvm::dyn_cast<llvm::CallInst>(&instruction))
      return llvm::SmallVector<llvm::Value *>(call->args());
    return llvm::SmallVector<llvm::Value *>(instruction.operands());
  }

  void callByElement(llvm::Instruction &instruction, llvm::StringRef runtime) {
    llvm::IRBuilder<> builder(&instruction);
    llvm::Value *thread = getThread(instruction);
    llvm::SmallVector<llvm::Value *> operands = getOperands(instruction);
    auto *vector = llvm::dyn_cast<llvm::FixedVectorType>(instruction.getType());
    llvm::Type *element = instruction.getType()->getScalarType();
    llvm::Value *result = nullptr;
    for (unsigned i = 0, n = vector ? vector->getNumElements() : 1; i < n;
         ++i) {
      llvm::SmallVector<llvm::Value *> scalars = {thread};
      for (llvm::Value *operand : operands)
        scalars.push_back(vector ? builder.CreateExtractElement(operand, i)
                                 : operand);
      llvm::Value *value =
          preparation.callRuntime(builder, runtime, element, scalars);
      if (vector)
        value = builder.CreateInsertElement(
            result ? result : llvm::PoisonValue::get(vector), value, i);
      result = value;
    }
    replace(instruction, result);
  }

  llvm::Value *toBits(llvm::IRBuilder<> &builder, llvm::Value *value) {
    llvm::Type *type = value->getType();
    if (type->isFloatTy())
      value = builder.CreateBitCast(value, i32);
    return builder.CreateZExtOrTrunc(value, i64);
  }

  llvm::Value *fromBits(llvm::IRBuilder<> &builder, llvm::Value *bits,
                        llvm::Type *type) {
    if (type->isFloatTy())
      return builder.CreateBitCast(builder.CreateTrunc(bits, i32), type);
    return builder.CreateZExtOrTrunc(bits, type);
  }

  /// The operands of the intrinsics: shfl (mask, value, lane, clamp), redux
  /// (value, mask), the others (mask[, value]).
  void lowerCollective(llvm::IRBuilder<> &builder, llvm::CallInst &call,
                       const Rule &rule) {
    llvm::Value *zero = preparation.getInt(0);
    llvm::Value *mask = call.getArgOperand(0);
    llvm::Value *value = builder.getInt64(0), *operand = zero, *control = zero;
    bool isReduction =
        rule.value >= static_cast<uint32_t>(Collective::ReduceAdd);
    if (isReduction) {
      mask = call.getArgOperand(1);
      value = toBits(builder, call.getArgOperand(0));
    } else if (call.arg_size() > 1) {
      value = toBits(builder, call.getArgOperand(1));
    }
    if (rule.kind == Rule::Shuffle) {
      operand = call.getArgOperand(2);
      control = call.getArgOperand(3);
    }
    llvm::Value *thread = getThread(call);
    llvm::Value *bits = preparation.callRuntime(
        builder, rule.runtime, i64,
        {thread, preparation.getInt(preparation.addSite(call)),
         preparation.getInt(rule.value), mask, value, operand, control});
    auto *pair = llvm::dyn_cast<llvm::StructType>(call.getType());
    if (call.getType()->isVoidTy())
      return replace(call, nullptr);
    if (!pair)
      return replace(call, fromBits(builder, bits, call.getType()));
    llvm::Value *predicate =
        preparation.callRuntime(builder, "emu.predicate", i32, {thread});
    llvm::Value *result = builder.CreateInsertValue(
        llvm::PoisonValue::get(pair),
        fromBits(builder, bits, pair->getElementType(0)), 0);
    replace(call,
            builder.CreateInsertValue(
                result, builder.CreateTrunc(predicate, pair->getElementType(1)),
                1));
  }

  /// Operands: barrier, number of threads where given, predicate of a
  /// reduction.
  void lowerBarrier(llvm::IRBuilder<> &builder, llvm::CallInst &call,
                    const Rule &rule) {
    llvm::Value *count = preparation.getInt(0);
    llvm::Value *predicate = preparation.getInt(0);
    unsigned next = 1;
    if (rule.value & hasCount)
      count = call.getArgOperand(next++);
    if (rule.value & (popc | all | any))
      predicate = builder.CreateZExt(call.getArgOperand(next), i32);
    uint32_t site = preparation.addSite(call);
    preparation.result.sites[site].aligned = rule.value & isAligned;
    llvm::Value *thread = getThread(call);
    llvm::Value *number = preparation.callRuntime(
        builder, rule.runtime, i32,
        {thread, preparation.getInt(site),
         // AMD's barrier has no number.
         call.arg_empty() ? preparation.getInt(0) : call.getArgOperand(0),
         count, preparation.getInt(rule.value & hasCount), predicate});
    if (rule.value & all)
      number = builder.CreateICmpEQ(
          number,
          preparation.callRuntime(builder, "emu.blocksize", i32, {thread}));
    else if (rule.value & any)
      number = builder.CreateICmpNE(number, preparation.getInt(0));
    replace(call, number);
  }

  Preparation &preparation;
  llvm::Type *i32, *i64;
};

} // namespace

void mlir::softmax::emulator::lowerIntrinsics(Preparation &preparation) {
  for (llvm::Function &function : preparation.module)
    if (!function.isDeclaration())
      IntrinsicLowering(preparation).run(function);
}
