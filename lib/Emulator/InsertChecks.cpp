// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Checks before what may go wrong: accesses, divisions, traps.
#include "Prepare.h"

#include "llvm/Analysis/ValueTracking.h"
#include "llvm/IR/InstIterator.h"
#include "llvm/IR/IntrinsicInst.h"

#include <algorithm>

using namespace mlir::softmax::emulator;

static MemorySpace getSpace(const llvm::Value *pointer) {
  switch (pointer->getType()->getPointerAddressSpace()) {
  case 1:
    return MemorySpace::Global;
  case 3:
    return MemorySpace::Shared;
  case 4:
    return MemorySpace::Constant;
  case 5:
    return MemorySpace::Local;
  case 7:
    return MemorySpace::Cluster;
  default:
    return MemorySpace::Generic;
  }
}

namespace {

class CheckInserter {
public:
  explicit CheckInserter(Preparation &preparation)
      : preparation(preparation),
        counters(preparation.module.getNamedGlobal(blockCountersSymbol)) {}

  void run(llvm::Function &function) {
    llvm::SmallVector<llvm::Instruction *> instructions;
    for (llvm::Instruction &instruction : llvm::instructions(function))
      instructions.push_back(&instruction);
    for (llvm::Instruction *instruction : instructions)
      visit(*instruction);
    registerLocals(function);
  }

private:
  void visit(llvm::Instruction &instruction) {
    if (auto *memory = llvm::dyn_cast<llvm::MemIntrinsic>(&instruction)) {
      visitMemIntrinsic(*memory);
    } else if (auto *load = llvm::dyn_cast<llvm::LoadInst>(&instruction)) {
      insertAccess(*load, load->getPointerOperand(), load->getType(),
                   load->getAlign(), /*reads=*/true, /*writes=*/false,
                   load->isAtomic());
      // What it promises of the memory is checked, not believed.
      if (load->hasMetadata(llvm::LLVMContext::MD_invariant_load))
        preparation.result.sites.back().invariant = true;
      load->setMetadata(llvm::LLVMContext::MD_invariant_load, nullptr);
    } else if (auto *store = llvm::dyn_cast<llvm::StoreInst>(&instruction)) {
      insertAccess(*store, store->getPointerOperand(),
                   store->getValueOperand()->getType(), store->getAlign(),
                   /*reads=*/false, /*writes=*/true, store->isAtomic());
    } else if (auto *update =
                   llvm::dyn_cast<llvm::AtomicRMWInst>(&instruction)) {
      insertAccess(*update, update->getPointerOperand(), update->getType(),
                   update->getAlign(), /*reads=*/true, /*writes=*/true,
                   /*atomic=*/true);
    } else if (auto *exchange =
                   llvm::dyn_cast<llvm::AtomicCmpXchgInst>(&instruction)) {
      insertAccess(*exchange, exchange->getPointerOperand(),
                   exchange->getNewValOperand()->getType(),
                   exchange->getAlign(), /*reads=*/true, /*writes=*/true,
                   /*atomic=*/true);
    } else if (instruction.isIntDivRem()) {
      insertDivision(instruction);
    } else if (llvm::isa<llvm::UnreachableInst>(instruction)) {
      llvm::IRBuilder<> builder(&instruction);
      preparation.callRuntime(
          builder, "emu.trap", preparation.voidType,
          {getThread(instruction),
           preparation.getInt(preparation.addSite(instruction))});
    }
  }

  llvm::Value *getThread(llvm::Instruction &instruction) {
    return preparation.getThread(*instruction.getFunction());
  }

  void narrowGranule(uint64_t size, uint64_t alignment) {
    uint64_t granule = std::min(size & -size, alignment);
    preparation.result.granule = static_cast<uint32_t>(std::min<uint64_t>(
        preparation.result.granule, std::max<uint64_t>(granule, 1)));
  }

  void insertAccess(llvm::Instruction &instruction, llvm::Value *pointer,
                    llvm::Type *type, llvm::Align alignment, bool reads,
                    bool writes, bool atomic) {
    if (llvm::getUnderlyingObject(pointer) == counters)
      return;
    uint64_t size = preparation.module.getDataLayout().getTypeStoreSize(type);
    insertAccess(instruction, pointer,
                 llvm::ConstantInt::get(preparation.i64, size),
                 alignment.value(), reads, writes, atomic);
  }

  void insertAccess(llvm::Instruction &instruction, llvm::Value *pointer,
                    llvm::Value *size, uint64_t alignment, bool reads,
                    bool writes, bool atomic) {
    uint32_t site = preparation.addSite(instruction);
    Site &place = preparation.result.sites[site];
    place.space = getSpace(pointer);
    place.alignment = static_cast<uint32_t>(alignment);
    place.reads = reads;
    place.writes = writes;
    place.atomic = atomic;
    const auto *constant = llvm::dyn_cast<llvm::ConstantInt>(size);
    narrowGranule(constant ? constant->getZExtValue() : 1, alignment);
    llvm::IRBuilder<> builder(&instruction);
    llvm::Value *generic =
        builder.CreateAddrSpaceCast(pointer, preparation.pointerType);
    preparation.callRuntime(builder, "emu.access", preparation.voidType,
                            {getThread(instruction), generic,
                             builder.CreateZExtOrTrunc(size, preparation.i64),
                             preparation.getInt(site)});
  }

  void visitMemIntrinsic(llvm::MemIntrinsic &memory) {
    insertAccess(memory, memory.getRawDest(), memory.getLength(),
                 memory.getDestAlign().valueOrOne().value(), /*reads=*/false,
                 /*writes=*/true, /*atomic=*/false);
    if (auto *transfer = llvm::dyn_cast<llvm::MemTransferInst>(&memory))
      insertAccess(memory, transfer->getRawSource(), memory.getLength(),
                   transfer->getSourceAlign().valueOrOne().value(),
                   /*reads=*/true, /*writes=*/false, /*atomic=*/false);
  }

  /// The host's processor stops where NVIDIA's yields any number.
  void insertDivision(llvm::Instruction &instruction) {
    llvm::Value *divisor = instruction.getOperand(1);
    bool isSigned = instruction.getOpcode() == llvm::Instruction::SDiv ||
                    instruction.getOpcode() == llvm::Instruction::SRem;
    if (const auto *constant = llvm::dyn_cast<llvm::ConstantInt>(divisor))
      if (!constant->isZero() && !(isSigned && constant->isMinusOne()))
        return;
    uint32_t site = preparation.addSite(instruction);
    llvm::IRBuilder<> builder(&instruction);
    unsigned elements = 1;
    const auto *vector =
        llvm::dyn_cast<llvm::FixedVectorType>(instruction.getType());
    if (vector)
      elements = vector->getNumElements();
    for (unsigned i = 0; i < elements; ++i) {
      llvm::Value *numbers[2];
      for (unsigned operand : {0u, 1u}) {
        llvm::Value *number = instruction.getOperand(operand);
        if (vector)
          number = builder.CreateExtractElement(number, i);
        numbers[operand] = number;
      }
      llvm::Type *type = numbers[1]->getType();
      llvm::Value *bad =
          builder.CreateICmpEQ(numbers[1], llvm::ConstantInt::get(type, 0));
      if (isSigned) {
        llvm::APInt least =
            llvm::APInt::getSignedMinValue(type->getIntegerBitWidth());
        bad = builder.CreateOr(
            bad, builder.CreateAnd(
                     builder.CreateICmpEQ(numbers[0],
                                          llvm::ConstantInt::get(type, least)),
                     builder.CreateICmpEQ(
                         numbers[1], llvm::Constant::getAllOnesValue(type))));
      }
      preparation.callRuntime(builder, "emu.division", preparation.voidType,
                              {getThread(instruction),
                               builder.CreateZExt(bad, preparation.i32),
                               preparation.getInt(site)});
    }
  }

  /// Tells the runtime where objects on the stack are, and makes them generic.
  void registerLocals(llvm::Function &function) {
    llvm::SmallVector<llvm::AllocaInst *> locals;
    for (llvm::Instruction &instruction : function.getEntryBlock())
      if (auto *local = llvm::dyn_cast<llvm::AllocaInst>(&instruction))
        locals.push_back(local);
    if (locals.empty())
      return;
    llvm::Value *thread = preparation.getThread(function);
    llvm::IRBuilder<> builder(function.getContext());
    for (llvm::AllocaInst *local : locals) {
      builder.SetInsertPoint(local);
      llvm::AllocaInst *generic =
          builder.CreateAlloca(local->getAllocatedType(), 0,
                               local->getArraySize(), local->getName());
      generic->setAlignment(local->getAlign());
      llvm::Value *replacement =
          builder.CreateAddrSpaceCast(generic, local->getType());
      std::optional<llvm::TypeSize> size =
          generic->getAllocationSize(preparation.module.getDataLayout());
      preparation.callRuntime(
          builder, "emu.local", preparation.voidType,
          {thread, generic,
           builder.getInt64(size ? size->getFixedValue() : 0)});
      local->replaceAllUsesWith(replacement);
      local->eraseFromParent();
    }
    for (llvm::BasicBlock &block : function)
      if (llvm::isa<llvm::ReturnInst>(block.getTerminator())) {
        builder.SetInsertPoint(block.getTerminator());
        preparation.callRuntime(builder, "emu.leave", preparation.voidType,
                                {thread, builder.getInt64(locals.size())});
      }
  }

  Preparation &preparation;
  llvm::GlobalVariable *counters;
};

} // namespace

void mlir::softmax::emulator::insertChecks(Preparation &preparation) {
  for (llvm::Function &function : preparation.module)
    if (!function.isDeclaration())
      CheckInserter(preparation).run(function);
}
