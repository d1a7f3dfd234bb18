// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "softmax/Target/Versions.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/AttrTypeSubElements.h"
#include "mlir/IR/SymbolTable.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringMap.h"

using namespace mlir;
using namespace mlir::softmax;

std::string softmax::getVersionSuffix(StringRef target) {
  std::string suffix = "." + target.str();
  for (char &c : suffix)
    if (c != '.' && !llvm::isAlnum(c))
      c = '_';
  return suffix;
}

bool softmax::dependsOnCpu(ArrayRef<TargetDescription> targets) {
  return targets.size() > 1 ||
         (targets.front().checkable && !targets.front().required.empty());
}

/// Whether other modules define `symbol`.
static bool isDeclaration(Operation *symbol) {
  if (auto function = dyn_cast<LLVM::LLVMFuncOp>(symbol))
    return function.isExternal();
  auto global = dyn_cast<LLVM::GlobalOp>(symbol);
  return global && !global.getValueOrNull() &&
         global.getInitializerRegion().empty();
}

/// Renames the definitions of `module` and what refers to them.
static void addSuffix(ModuleOp module, StringRef suffix) {
  MLIRContext *context = module.getContext();
  llvm::StringMap<FlatSymbolRefAttr> renamed;
  for (Operation &op : *module.getBody()) {
    auto symbol = dyn_cast<SymbolOpInterface>(op);
    if (!symbol || isDeclaration(&op))
      continue;
    std::string name = (symbol.getName() + suffix).str();
    renamed[symbol.getName()] = FlatSymbolRefAttr::get(context, name);
    symbol.setName(name);
  }
  AttrTypeReplacer replacer;
  replacer.addReplacement([&](FlatSymbolRefAttr reference) -> Attribute {
    FlatSymbolRefAttr replacement = renamed.lookup(reference.getValue());
    return replacement ? replacement : reference;
  });
  replacer.recursivelyReplaceElementsIn(module);
}

static void describeFor(LLVM::LLVMFuncOp function,
                        const TargetDescription &target) {
  MLIRContext *context = function.getContext();
  function.setTargetCpu(target.cpu);
  if (!target.features.empty())
    function.setTargetFeaturesAttr(
        LLVM::TargetFeaturesAttr::get(context, target.features));
  function.setPreferVectorWidth(std::to_string(target.vectorBits));
  if (target.scalable) {
    Builder builder(context);
    function.setVscaleRangeAttr(LLVM::VScaleRangeAttr::get(
        context, builder.getI32IntegerAttr(target.leastScale),
        builder.getI32IntegerAttr(target.mostScale)));
  }
  if (function->hasAttr(kernelAttrName))
    function->setAttr(versionAttrName, StringAttr::get(context, target.name));
}

FailureOr<OwningOpRef<ModuleOp>>
softmax::mergeVersions(MutableArrayRef<OwningOpRef<ModuleOp>> modules,
                       ArrayRef<TargetDescription> targets) {
  ModuleOp first = *modules.front();
  Builder builder(first.getContext());
  OwningOpRef<ModuleOp> merged =
      ModuleOp::create(first.getLoc(), first.getSymName());
  SmallVector<Attribute> names;
  SymbolTable symbols(*merged);
  for (auto [module, target] : llvm::zip_equal(modules, targets)) {
    names.push_back(builder.getStringAttr(target.name));
    addSuffix(*module, getVersionSuffix(target.name));
    for (Operation &op : llvm::make_early_inc_range(*module->getBody())) {
      auto symbol = dyn_cast<SymbolOpInterface>(op);
      if (Operation *other =
              symbol ? symbols.lookup(symbol.getName()) : nullptr) {
        bool sameDeclaration =
            isDeclaration(&op) && isDeclaration(other) &&
            OperationEquivalence::isEquivalentTo(
                &op, other, OperationEquivalence::IgnoreLocations);
        if (sameDeclaration)
          continue;
        return op.emitError("the version for ")
               << target.name << " needs the name '@" << symbol.getName()
               << "', which is taken: rename the other";
      }
      op.remove();
      merged->getBody()->push_back(&op);
      if (auto function = dyn_cast<LLVM::LLVMFuncOp>(op);
          function && !function.isExternal())
        describeFor(function, target);
      if (symbol)
        symbols.insert(&op);
    }
  }
  merged.get()->setAttr(versionsAttrName, builder.getArrayAttr(names));
  return merged;
}

SmallVector<KernelInfo, 0>
softmax::combineVersions(ArrayRef<SmallVector<KernelInfo, 0>> kernels) {
  SmallVector<KernelInfo, 0> result = kernels.front();
  if (kernels.size() == 1)
    return result;
  for (auto [i, kernel] : llvm::enumerate(result))
    for (const SmallVector<KernelInfo, 0> &version : kernels)
      kernel.versions.push_back({version[i].ops, version[i].workspace});
  return result;
}
