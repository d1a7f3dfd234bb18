// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Counters of basic blocks, and a limit on loops.
#include "Prepare.h"

#include "llvm/ADT/SmallPtrSet.h"
#include "llvm/Analysis/CFG.h"
#include "llvm/IR/IntrinsicInst.h"
#include "llvm/IR/IntrinsicsNVPTX.h"

using namespace mlir::softmax::emulator;

static uint64_t getNumElements(const llvm::Type *type) {
  if (const auto *vector = llvm::dyn_cast<llvm::FixedVectorType>(type))
    return vector->getNumElements();
  return 1;
}

static uint64_t *classifyCall(const llvm::CallInst &call,
                              InstructionCounters &counters) {
  const llvm::Function *callee = call.getCalledFunction();
  llvm::StringRef name = callee->getName();
  if (!callee->isIntrinsic())
    return &counters.branch;
  if (call.isDebugOrPseudoInst() || call.isLifetimeStartOrEnd() ||
      name.starts_with("llvm.assume") ||
      name.starts_with("llvm.experimental.noalias"))
    return nullptr;
  auto isOneOf = [&](std::initializer_list<llvm::StringRef> parts) {
    for (llvm::StringRef part : parts)
      if (name.contains(part))
        return true;
    return false;
  };
  if (isOneOf({".fma", ".fmuladd"}))
    return &counters.floatFma;
  if (isOneOf({".ex2.", ".exp2.", ".lg2.", ".log2.", ".rcp.", "sqrt.", ".tanh.",
               ".sin.", ".cos."}))
    return &counters.special;
  if (isOneOf({".div."}))
    return &counters.floatDiv;
  if (isOneOf({"nvvm.bar", ".shfl.", ".vote.", ".match.", ".redux.", ".elect.",
               ".fence", ".membar", ".barrier", ".dpp", ".permute", "bpermute",
               ".swizzle", ".permlane"}))
    return &counters.synchronization;
  if (isOneOf({".maxnum", ".minnum", ".maximum", ".minimum", ".fmax", ".fmin",
               ".smax", ".smin", ".umax", ".umin"}))
    return &counters.compare;
  if (isOneOf({"llvm.nvvm.add."}))
    return &counters.floatAdd;
  if (isOneOf({"llvm.nvvm.mul."}))
    return &counters.floatMul;
  if (isOneOf({".f2", ".ff2", ".d2f", ".fpto"}))
    return &counters.conversion;
  if (llvm::isa<llvm::MemIntrinsic>(call))
    return &counters.memory;
  return &counters.other;
}

/// The class of an instruction, none where it costs nothing.
static uint64_t *classify(const llvm::Instruction &instruction,
                          InstructionCounters &counters) {
  using llvm::Instruction;
  switch (instruction.getOpcode()) {
  case Instruction::FAdd:
  case Instruction::FSub:
    return &counters.floatAdd;
  case Instruction::FMul:
  case Instruction::FNeg:
    return &counters.floatMul;
  case Instruction::FDiv:
  case Instruction::FRem:
    return &counters.floatDiv;
  case Instruction::ICmp:
  case Instruction::FCmp:
  case Instruction::Select:
    return &counters.compare;
  case Instruction::FPTrunc:
  case Instruction::FPExt:
  case Instruction::FPToSI:
  case Instruction::FPToUI:
  case Instruction::SIToFP:
  case Instruction::UIToFP:
    return &counters.conversion;
  case Instruction::Load:
  case Instruction::Store:
  case Instruction::AtomicRMW:
  case Instruction::AtomicCmpXchg:
    return &counters.memory;
  case Instruction::Br:
  case Instruction::Switch:
  case Instruction::Ret:
    return &counters.branch;
  case Instruction::GetElementPtr:
    return llvm::cast<llvm::GetElementPtrInst>(instruction)
                   .hasAllConstantIndices()
               ? nullptr
               : &counters.integer;
  case Instruction::Call:
    return classifyCall(llvm::cast<llvm::CallInst>(instruction), counters);
  // Registers are renamed and reinterpreted at no cost.
  case Instruction::PHI:
  case Instruction::BitCast:
  case Instruction::AddrSpaceCast:
  case Instruction::PtrToInt:
  case Instruction::IntToPtr:
  case Instruction::ExtractElement:
  case Instruction::InsertElement:
  case Instruction::ShuffleVector:
  case Instruction::ExtractValue:
  case Instruction::InsertValue:
  case Instruction::Freeze:
  case Instruction::Alloca:
  case Instruction::Unreachable:
    return nullptr;
  default:
    return instruction.isBinaryOp() || instruction.isCast() ? &counters.integer
                                                            : &counters.other;
  }
}

static InstructionCounters countBlock(const llvm::BasicBlock &block) {
  InstructionCounters counters;
  for (const llvm::Instruction &instruction : block)
    if (uint64_t *counter = classify(instruction, counters)) {
      bool whole = counter == &counters.memory || counter == &counters.branch;
      *counter += whole ? 1 : getNumElements(instruction.getType());
    }
  return counters;
}

void mlir::softmax::emulator::countInstructions(Preparation &preparation) {
  PreparedModule &result = preparation.result;
  struct Place {
    llvm::BasicBlock *block;
    bool isLoop;
  };
  std::vector<Place> places;
  for (llvm::Function &function : preparation.module) {
    if (function.isDeclaration())
      continue;
    llvm::SmallVector<
        std::pair<const llvm::BasicBlock *, const llvm::BasicBlock *>>
        backEdges;
    llvm::FindFunctionBackedges(function, backEdges);
    llvm::SmallPtrSet<const llvm::BasicBlock *, 8> headers;
    for (auto &edge : backEdges)
      headers.insert(edge.second);
    for (llvm::BasicBlock &block : function) {
      result.blockInstructions.push_back(countBlock(block));
      places.push_back({&block, headers.contains(&block)});
    }
  }
  llvm::ArrayType *type = llvm::ArrayType::get(preparation.i64, places.size());
  auto *counters = new llvm::GlobalVariable(
      preparation.module, type, /*isConstant=*/false,
      llvm::GlobalValue::ExternalLinkage, llvm::Constant::getNullValue(type),
      blockCountersSymbol);
  for (auto [index, place] : llvm::enumerate(places)) {
    uint32_t site =
        place.isLoop ? preparation.addSite(*place.block->getTerminator()) : 0;
    llvm::Value *thread = place.isLoop
                              ? preparation.getThread(*place.block->getParent())
                              : nullptr;
    auto point = place.block->getFirstInsertionPt();
    // Behind the call that finds the thread.
    while (llvm::isa<llvm::AllocaInst>(*point) || (thread && &*point == thread))
      ++point;
    llvm::IRBuilder<> builder(place.block, point);
    llvm::Value *address =
        builder.CreateConstInBoundsGEP2_64(type, counters, 0, index);
    llvm::LoadInst *count = builder.CreateLoad(preparation.i64, address);
    builder.CreateStore(builder.CreateAdd(count, builder.getInt64(1)), address);
    if (place.isLoop)
      preparation.callRuntime(builder, "emu.step", preparation.voidType,
                              {thread, preparation.getInt(site)});
  }
}
