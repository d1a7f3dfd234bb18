// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Shared variables, other variables, and the entry points of kernels.
#include "Prepare.h"

#include "llvm/IR/Instructions.h"
#include "llvm/IR/ReplaceConstant.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir::softmax::emulator;

/// Between shared variables, so that what runs over the end of one is seen.
constexpr uint64_t gapBytes = 128;

static void placeShared(Preparation &preparation,
                        llvm::GlobalVariable &variable,
                        const SharedVariable &place) {
  llvm::SmallVector<llvm::Use *> uses;
  for (llvm::Use &use : variable.uses())
    uses.push_back(&use);
  for (llvm::Use *use : uses) {
    auto *user = llvm::dyn_cast<llvm::Instruction>(use->getUser());
    if (!user)
      continue;
    llvm::Instruction *point = user;
    if (auto *phi = llvm::dyn_cast<llvm::PHINode>(user))
      point = phi->getIncomingBlock(*use)->getTerminator();
    llvm::IRBuilder<> builder(point);
    llvm::Value *address =
        preparation.callRuntime(builder, "emu.shared", preparation.pointerType,
                                {preparation.getThread(*user->getFunction()),
                                 builder.getInt64(place.offset)});
    use->set(builder.CreateAddrSpaceCast(address, variable.getType()));
  }
}

void mlir::softmax::emulator::placeGlobals(Preparation &preparation) {
  llvm::Module &module = preparation.module;
  PreparedModule &result = preparation.result;
  const llvm::DataLayout &layout = module.getDataLayout();
  llvm::SmallVector<llvm::GlobalVariable *> shared, dynamic, others;
  for (llvm::GlobalVariable &variable : module.globals()) {
    if (variable.getName() == blockCountersSymbol)
      continue;
    if (variable.getAddressSpace() != 3)
      others.push_back(&variable);
    else if (layout.getTypeAllocSize(variable.getValueType()) == 0)
      dynamic.push_back(&variable);
    else
      shared.push_back(&variable);
  }
  llvm::SmallVector<llvm::Constant *> constants(shared.begin(), shared.end());
  constants.append(dynamic.begin(), dynamic.end());
  llvm::convertUsersOfConstantsToInstructions(constants);

  uint64_t offset = gapBytes, bytes = 0;
  auto place = [&](llvm::GlobalVariable &variable, uint64_t size,
                   uint64_t leastAlignment) {
    uint64_t alignment =
        std::max({leastAlignment, variable.getAlign().valueOrOne().value(),
                  layout.getABITypeAlign(variable.getValueType()).value()});
    offset = llvm::alignTo(offset, alignment);
    SharedVariable entry = {variable.getName().str(), offset, size};
    placeShared(preparation, variable, entry);
    return entry;
  };
  for (llvm::GlobalVariable *variable : shared) {
    uint64_t size = layout.getTypeAllocSize(variable->getValueType());
    result.sharedVariables.push_back(place(*variable, size, 1));
    offset += size + gapBytes;
    bytes = llvm::alignTo(bytes, variable->getAlign().valueOrOne()) + size;
  }
  // All dynamic arrays are the same memory.
  if (!dynamic.empty()) {
    SharedVariable entry;
    for (llvm::GlobalVariable *variable : dynamic)
      entry = place(*variable, 0, /*leastAlignment=*/16);
    result.sharedVariables.push_back(entry);
  }
  result.windowBytes = offset;
  result.staticSharedBytes = bytes;
  for (llvm::GlobalVariable *variable : shared)
    variable->eraseFromParent();
  for (llvm::GlobalVariable *variable : dynamic)
    variable->eraseFromParent();

  for (llvm::GlobalVariable *variable : others) {
    ConstantVariable entry;
    entry.name = variable->getName().str();
    entry.bytes = layout.getTypeAllocSize(variable->getValueType());
    entry.isConstant =
        variable->isConstant() || variable->getAddressSpace() == 4;
    if (!variable->hasName())
      variable->setName("unnamed");
    entry.symbol = "emu.global." + variable->getName().str();
    variable->setName(entry.symbol);
    entry.symbol = variable->getName().str();
    variable->setLinkage(llvm::GlobalValue::ExternalLinkage);
    variable->setVisibility(llvm::GlobalValue::DefaultVisibility);
    result.globals.push_back(std::move(entry));
  }
}

static std::vector<uint32_t> readDimensions(const llvm::Function &function,
                                            llvm::StringRef name) {
  std::vector<uint32_t> dimensions;
  llvm::SmallVector<llvm::StringRef> parts;
  function.getFnAttribute(name).getValueAsString().split(parts, ',', -1, false);
  for (llvm::StringRef part : parts) {
    uint32_t size = 1;
    part.trim().getAsInteger(10, size);
    dimensions.push_back(size);
  }
  if (!dimensions.empty())
    dimensions.resize(3, 1);
  return dimensions;
}

bool mlir::softmax::emulator::isKernel(const llvm::Function &function) {
  return function.getCallingConv() == llvm::CallingConv::PTX_Kernel ||
         function.getCallingConv() == llvm::CallingConv::AMDGPU_KERNEL;
}

static KernelDescription describeKernel(const llvm::Function &function) {
  KernelDescription kernel;
  kernel.name = function.getName().str();
  const llvm::DataLayout &layout = function.getParent()->getDataLayout();
  for (const llvm::Argument &argument : function.args()) {
    KernelParameter parameter;
    llvm::Type *type = argument.hasByValAttr() ? argument.getParamByValType()
                                               : argument.getType();
    parameter.bytes = layout.getTypeStoreSize(type);
    parameter.isPointer = type->isPointerTy();
    llvm::raw_string_ostream stream(parameter.type);
    type->print(stream);
    kernel.parameters.push_back(std::move(parameter));
  }
  kernel.requiredThreads = readDimensions(function, "nvvm.reqntid");
  kernel.clusterSize = readDimensions(function, "nvvm.cluster_dim");
  std::vector<uint32_t> most = readDimensions(function, "nvvm.maxntid");
  if (!most.empty())
    kernel.mostThreads = most[0] * most[1] * most[2];
  kernel.warpSize = getWarpSize(function);
  // AMD's: the least and the largest block.
  std::pair<llvm::StringRef, llvm::StringRef> sizes =
      function.getFnAttribute("amdgpu-flat-work-group-size")
          .getValueAsString()
          .split(',');
  uint32_t largest = 0;
  if (!sizes.second.getAsInteger(10, largest))
    kernel.mostThreads = largest;
  return kernel;
}

/// A function that takes an array with the address of each parameter.
static void makeEntry(Preparation &preparation, llvm::Function &function,
                      KernelDescription &kernel) {
  llvm::Function *entry = llvm::Function::Create(
      llvm::FunctionType::get(preparation.voidType, {preparation.pointerType},
                              false),
      llvm::GlobalValue::ExternalLinkage, "emu.entry." + kernel.name,
      preparation.module);
  kernel.entry = entry->getName().str();
  llvm::IRBuilder<> builder(
      llvm::BasicBlock::Create(preparation.context, "", entry));
  llvm::SmallVector<llvm::Value *> values;
  for (llvm::Argument &argument : function.args()) {
    llvm::Value *address = builder.CreateLoad(
        preparation.pointerType,
        builder.CreateConstGEP1_64(preparation.pointerType, entry->getArg(0),
                                   argument.getArgNo()));
    if (!argument.hasByValAttr()) {
      values.push_back(builder.CreateAlignedLoad(argument.getType(), address,
                                                 llvm::Align(1)));
      continue;
    }
    // The kernel's own copy.
    llvm::Type *type = argument.getParamByValType();
    llvm::AllocaInst *copy = builder.CreateAlloca(type);
    copy->setAlignment(argument.getParamAlign().value_or(llvm::Align(16)));
    uint64_t bytes = preparation.module.getDataLayout().getTypeAllocSize(type);
    builder.CreateMemCpy(copy, copy->getAlign(), address, llvm::MaybeAlign(1),
                         bytes);
    preparation.callRuntime(
        builder, "emu.local", preparation.voidType,
        {preparation.getThread(*entry), copy, builder.getInt64(bytes)});
    values.push_back(builder.CreateAddrSpaceCast(copy, argument.getType()));
  }
  builder.CreateCall(&function, values);
  builder.CreateRetVoid();
}

void mlir::softmax::emulator::lowerKernels(Preparation &preparation) {
  llvm::SmallVector<llvm::Function *> functions, kernels;
  for (llvm::Function &function : preparation.module)
    if (!function.isDeclaration()) {
      functions.push_back(&function);
      if (isKernel(function))
        kernels.push_back(&function);
    }
  for (llvm::Function *function : kernels) {
    KernelDescription kernel = describeKernel(*function);
    makeEntry(preparation, *function, kernel);
    preparation.result.kernels.push_back(std::move(kernel));
  }
  for (llvm::Function *function : functions) {
    // The host knows neither the conventions nor the promises.
    function->setCallingConv(llvm::CallingConv::C);
    function->setLinkage(llvm::GlobalValue::InternalLinkage);
    function->setVisibility(llvm::GlobalValue::DefaultVisibility);
    function->setAttributes({});
    for (llvm::User *user : function->users())
      if (auto *call = llvm::dyn_cast<llvm::CallInst>(user)) {
        call->setCallingConv(llvm::CallingConv::C);
        call->setAttributes({});
      }
  }
}
