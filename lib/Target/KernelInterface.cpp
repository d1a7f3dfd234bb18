// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// softmax-emit-kernel-interface: the pass, and what it finds in the module.

#include "KernelInterface.h"

#include "softmax/Conversion/SoftmaxToVector/Passes.h"
#include "softmax/Target/Passes.h"
#include "softmax/Target/Versions.h"

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/OpenMP/OpenMPDialect.h"

namespace mlir::softmax {
#define GEN_PASS_DEF_EMITKERNELINTERFACEPASS
#include "softmax/Target/Passes.h.inc"
} // namespace mlir::softmax

using namespace mlir;
using namespace mlir::softmax;

//===----------------------------------------------------------------------===//
// Small parts
//===----------------------------------------------------------------------===//

int32_t KernelInterface::failure(KernelStatus status, const Twine &message) {
  messages.push_back((Twine(info.name) + ": " + message).str());
  return static_cast<int32_t>(status) |
         static_cast<int32_t>(messages.size() - 1) << 8;
}

std::string KernelInterface::describe(unsigned operand) const {
  return ("operand #" + Twine(operand) + " '" + info.operands[operand].name +
          "'")
      .str();
}

LLVM::LLVMFuncOp KernelInterface::createFunction(StringRef name, Type result,
                                                 ArrayRef<Type> arguments,
                                                 bool isPublic) {
  OpBuilder builder = OpBuilder::atBlockEnd(module.getBody());
  auto function = LLVM::LLVMFuncOp::create(
      builder, device ? module.getLoc() : versions[0].body.getLoc(), name,
      LLVM::LLVMFunctionType::get(result, arguments),
      isPublic ? LLVM::Linkage::External : LLVM::Linkage::Internal);
  if (!isPublic)
    function.setSymVisibility("private");
  // Some calling conventions want 32 bits to fill their register, as C does.
  NamedAttribute extended(
      builder.getStringAttr(LLVM::LLVMDialect::getSExtAttrName()),
      builder.getUnitAttr());
  if (isPublic && result == types.i32)
    function.setResAttrsAttr(builder.getArrayAttr(
        DictionaryAttr::get(types.context, ArrayRef(extended))));
  return function;
}

Type KernelInterface::getScalarType(const KernelOperand &operand) const {
  return operand.elementType.isIndex() ? types.i64 : operand.elementType;
}

SmallVector<Type> KernelInterface::getInterfaceTypes() const {
  SmallVector<Type> result;
  for (const KernelOperand &operand : info.operands) {
    if (operand.isTensor())
      result.push_back(types.ptr);
    else
      result.push_back(isa<FloatType>(operand.elementType)
                           ? types.f64
                           : getScalarType(operand));
  }
  return result;
}

SmallVector<unsigned> KernelInterface::getTensors() const {
  SmallVector<unsigned> positions;
  for (auto [i, operand] : llvm::enumerate(info.operands))
    if (operand.isTensor())
      positions.push_back(i);
  return positions;
}

LLVM::LLVMFuncOp softmax::getOrDeclare(ModuleOp module, StringRef name,
                                       Type result, ArrayRef<Type> arguments,
                                       LLVM::Linkage linkage) {
  if (auto function = module.lookupSymbol<LLVM::LLVMFuncOp>(name))
    return function;
  OpBuilder builder = OpBuilder::atBlockBegin(module.getBody());
  auto function = LLVM::LLVMFuncOp::create(
      builder, module.getLoc(), name,
      LLVM::LLVMFunctionType::get(result, arguments), linkage);
  function.setSymVisibility("private");
  return function;
}

//===----------------------------------------------------------------------===//
// Preparation
//===----------------------------------------------------------------------===//

/// What the lowered form of the kernel's operands must look like.
static SmallVector<Type> getBodyTypes(const InterfaceTypes &types,
                                      const KernelInfo &info) {
  SmallVector<Type> expected;
  for (const KernelOperand &operand : info.operands) {
    if (!operand.isTensor()) {
      expected.push_back(operand.elementType.isIndex() ? types.i64
                                                       : operand.elementType);
      continue;
    }
    expected.append({types.ptr, types.ptr, types.i64});
    expected.append(2 * operand.rank(), types.i64);
  }
  return expected;
}

static LogicalResult verifySizeFunction(LLVM::LLVMFuncOp function,
                                        const InterfaceTypes &types,
                                        ArrayRef<Type> expected) {
  auto type = LLVM::LLVMFunctionType::get(types.i64, expected);
  if (function.getFunctionType() == type)
    return success();
  return function.emitError("has the type ")
         << function.getFunctionType() << ", but the kernel's operands make it "
         << type;
}

LogicalResult KernelInterface::prepareVersion(LLVM::LLVMFuncOp function,
                                              StringRef suffix,
                                              Version &version) {
  version.body = function;
  auto companion = [&](StringRef name) {
    return module.lookupSymbol<LLVM::LLVMFuncOp>(
        (info.name + name + suffix).str());
  };
  version.unitsFunction = companion(unitsSuffix);
  version.sizeFunction = companion(workspaceSizeSuffix);
  version.blocksFunction = companion(rowBlocksSuffix);
  version.statisticsFunction = companion(rowStatisticsSuffix);
  version.resultsFunction = companion(rowResultsSuffix);
  if (version.statisticsFunction)
    if (auto bytes = version.statisticsFunction->getAttrOfType<IntegerAttr>(
            rowBlockBytesAttrName))
      version.blockBytes = bytes.getInt();
  if (!version.sizeFunction)
    return function.emitError("has no '@")
           << info.name << workspaceSizeSuffix << suffix
           << "': run 'softmax-promote-allocs-to-workspace' before lowering "
              "to the LLVM dialect";
  SmallVector<Type> expected = getBodyTypes(types, info);
  if (failed(verifySizeFunction(version.sizeFunction, types, expected)) ||
      (version.unitsFunction &&
       failed(verifySizeFunction(version.unitsFunction, types, expected))))
    return mlir::failure();
  if (version.unitsFunction)
    expected.append({types.i64, types.i64});
  expected.append({types.ptr, types.ptr, types.i64, types.i64, types.i64});
  auto type = LLVM::LLVMFunctionType::get(types.none, expected);
  if (function.getFunctionType() != type)
    return function.emitError("has the type ")
           << function.getFunctionType() << ", but the operands in '"
           << kernelAttrName << "' make it " << type;
  function->removeAttr(LLVM::LLVMDialect::getEmitCWrapperAttrName());
  return success();
}

LogicalResult KernelInterface::prepare(ArrayRef<LLVM::LLVMFuncOp> functions,
                                       llvm::StringSet<> &reserved) {
  SmallVector<std::string> names = {"_mlir_ciface_" + info.name,
                                    "__softmax_check_" + info.name,
                                    "__softmax_labels_" + info.name,
                                    "__softmax_call_" + info.name,
                                    "__softmax_messages_" + info.name,
                                    "__softmax_rows_" + info.name,
                                    "__softmax_statistics_" + info.name,
                                    "__softmax_results_" + info.name,
                                    info.name + "_units",
                                    info.name + "_workspace_size",
                                    info.name + "_range",
                                    "__tvm_ffi_" + info.name};
  SmallVector<std::string> bodyNames;
  for (auto [i, function] : llvm::enumerate(functions)) {
    std::string suffix =
        cpu.targets.empty() ? "" : getVersionSuffix(cpu.targets[i].name);
    if (failed(prepareVersion(function, suffix, versions.emplace_back())))
      return mlir::failure();
    bodyNames.push_back("__softmax_body_" + info.name + suffix);
  }
  llvm::append_range(names, bodyNames);
  reserved.insert(info.name);
  for (const std::string &name : names)
    if (module.lookupSymbol(name) || !reserved.insert(name).second)
      return versions[0].body.emitError("kernel '@")
             << info.name << "' needs the name '@" << name
             << "', which is taken: rename one of the two";
  for (auto [version, name] : llvm::zip_equal(versions, bodyNames)) {
    Operation *body = version.body;
    if (failed(SymbolTable::replaceAllSymbolUses(
            body, StringAttr::get(module.getContext(), name), module)))
      return body->emitError("could not be renamed to '@") << name << "'";
    SymbolTable::setSymbolName(body, name);
  }
  return success();
}

void KernelInterface::emit() {
  Attribute description;
  for (Version &version : llvm::reverse(versions)) {
    LLVM::LLVMFuncOp body = version.body;
    description = body->removeAttr(kernelAttrName);
    body->removeAttr(versionAttrName);
    // Attributes of other dialects (names) mean nothing from here on, and the
    // translation to LLVM IR warns about them.
    for (unsigned i = 0, e = body.getNumArguments(); i < e; ++i)
      for (NamedAttribute attr :
           mlir::function_interface_impl::getArgAttrs(body, i))
        if (!attr.getName().getValue().starts_with("llvm."))
          body.removeArgAttr(i, attr.getName());
  }
  emitChecks();
  emitLabelChecks();
  emitCall();
  emitMain();
  mainFunction->setAttr(kernelAttrName, description);
  emitQuery("_units", /*units=*/true);
  emitQuery("_workspace_size", /*units=*/false);
  emitRange();
  emitDescriptorEntry();
  emitTvmFfiEntry();
}

//===----------------------------------------------------------------------===//
// The pass
//===----------------------------------------------------------------------===//

/// Kernels load into any process, so they need nothing but these.
static bool isAvailableEverywhere(StringRef name) {
  return name.starts_with("llvm.") || name == "malloc" || name == "free" ||
         name == "memcpy" || name == "memset";
}

static LogicalResult verifyDeclarations(ModuleOp module) {
  for (auto function : module.getOps<LLVM::LLVMFuncOp>()) {
    if (!function.isExternal() || isAvailableEverywhere(function.getName()))
      continue;
    std::optional<SymbolTable::UseRange> uses =
        SymbolTable::getSymbolUses(function.getOperation(), module);
    if (!uses || uses->empty())
      continue;
    InFlightDiagnostic diagnostic =
        uses->begin()->getUser()->emitError("calls '@")
        << function.getName()
        << "', which is not defined here; a kernel may call malloc, free, "
           "memcpy and memset only: define it in the module, or lower what "
           "became this call differently";
    diagnostic.attachNote(function.getLoc()) << "declared here";
    return diagnostic;
  }
  return success();
}

/// The C library's functions as the interface declares them.
static LogicalResult verifyLibrary(ModuleOp module,
                                   const InterfaceTypes &types) {
  std::pair<StringRef, Type> expected[] = {
      {"malloc", LLVM::LLVMFunctionType::get(types.ptr, {types.i64})},
      {"free", LLVM::LLVMFunctionType::get(types.none, {types.ptr})},
      {"TVMFFIErrorSetRaisedFromCStr",
       LLVM::LLVMFunctionType::get(types.none, {types.ptr, types.ptr})},
      {"getauxval", LLVM::LLVMFunctionType::get(types.i64, {types.i64})}};
  for (auto [name, type] : expected) {
    Operation *symbol = module.lookupSymbol(name);
    if (!symbol)
      continue;
    auto function = dyn_cast<LLVM::LLVMFuncOp>(symbol);
    if (!function || !function.isExternal() ||
        function.getFunctionType() != type)
      return symbol->emitError("'@")
             << name << "' is a name of the C library's or TVM-FFI's that "
             << "kernels use: rename this one";
  }
  return success();
}

/// What is not a kernel's entry point is nobody else's business.
static void makeInternal(ModuleOp module) {
  for (Operation &op : *module.getBody()) {
    if (auto function = dyn_cast<LLVM::LLVMFuncOp>(op);
        function && !function.isExternal()) {
      function.setLinkage(LLVM::Linkage::Internal);
      function.setSymVisibility("private");
    } else if (auto global = dyn_cast<LLVM::GlobalOp>(op);
               global && (global.getValueOrNull() ||
                          !global.getInitializerRegion().empty())) {
      global.setLinkage(LLVM::Linkage::Internal);
    }
  }
}

/// Erases the wrappers that the lowering of functions made for the kernels'
/// `llvm.emit_c_interface`; ours check their arguments.
static void eraseUpstreamWrappers(ModuleOp module) {
  SmallVector<LLVM::LLVMFuncOp> wrappers;
  for (auto function : module.getOps<LLVM::LLVMFuncOp>()) {
    if (!function->hasAttr(kernelAttrName) ||
        !function->hasAttr(LLVM::LLVMDialect::getEmitCWrapperAttrName()))
      continue;
    auto wrapper = module.lookupSymbol<LLVM::LLVMFuncOp>(
        ("_mlir_ciface_" + function.getName()).str());
    // The lowering copies the attributes too.
    if (wrapper && wrapper->hasAttr(kernelAttrName))
      wrappers.push_back(wrapper);
  }
  for (LLVM::LLVMFuncOp wrapper : wrappers)
    wrapper.erase();
}

/// The kernels of `module` in order, each with one function per version.
static FailureOr<SmallVector<SmallVector<LLVM::LLVMFuncOp, 1>>>
collectKernels(ModuleOp module, const CpuVersions &cpu) {
  SmallVector<SmallVector<LLVM::LLVMFuncOp, 1>> kernels;
  llvm::StringMap<size_t> numbers;
  size_t numVersions = std::max<size_t>(cpu.targets.size(), 1);
  for (Operation &op : *module.getBody()) {
    if (!op.hasAttr(kernelAttrName))
      continue;
    auto function = dyn_cast<LLVM::LLVMFuncOp>(op);
    if (!function || function.isExternal())
      return op.emitError("kernel is not a definition in the LLVM dialect: "
                          "lower it before 'softmax-emit-kernel-interface'");
    size_t version = 0;
    StringRef name = function.getName();
    if (!cpu.targets.empty()) {
      auto target = op.getAttrOfType<StringAttr>(versionAttrName);
      version = llvm::find_if(cpu.targets,
                              [&](const TargetDescription &description) {
                                return target && target == description.name;
                              }) -
                cpu.targets.begin();
      if (version == numVersions ||
          !name.consume_back(getVersionSuffix(target)))
        return op.emitError("is not a version of a kernel for one of the "
                            "targets in '")
               << versionsAttrName << "'";
    }
    auto [entry, isNew] = numbers.try_emplace(name, kernels.size());
    if (isNew)
      kernels.emplace_back(numVersions);
    kernels[entry->second][version] = function;
  }
  for (MutableArrayRef<LLVM::LLVMFuncOp> functions : kernels) {
    auto *there = llvm::find_if(
        functions, [](LLVM::LLVMFuncOp f) { return static_cast<bool>(f); });
    if (!llvm::all_of(functions,
                      [](LLVM::LLVMFuncOp f) { return static_cast<bool>(f); }))
      return there->emitError("is a kernel without a version for each of the "
                              "targets in '")
             << versionsAttrName << "'";
  }
  return kernels;
}

namespace {
struct EmitKernelInterface
    : softmax::impl::EmitKernelInterfacePassBase<EmitKernelInterface> {
  using EmitKernelInterfacePassBase::EmitKernelInterfacePassBase;

  void runOnOperation() override {
    ModuleOp module = getOperation();
    if (threads != "none" && threads != "openmp") {
      module.emitError("softmax-emit-kernel-interface: unknown threads '")
          << threads << "'; use none or openmp";
      return signalPassFailure();
    }
    eraseUpstreamWrappers(module);
    FailureOr<CpuVersions> cpu = readCpuVersions(module);
    if (failed(cpu))
      return signalPassFailure();
    FailureOr<SmallVector<SmallVector<LLVM::LLVMFuncOp, 1>>> kernels =
        collectKernels(module, *cpu);
    if (failed(kernels))
      return signalPassFailure();
    if (kernels->empty())
      return;
    InterfaceTypes types(&getContext());
    if (failed(verifyLibrary(module, types)) ||
        failed(verifyDeclarations(module)))
      return signalPassFailure();
    SmallVector<KernelInterface, 0> interfaces;
    llvm::StringSet<> reserved;
    for (ArrayRef<LLVM::LLVMFuncOp> functions : *kernels) {
      FailureOr<KernelInfo> info = readKernelInfo(functions[0]);
      if (failed(info))
        return signalPassFailure();
      if (!cpu->targets.empty())
        info->name.resize(info->name.size() -
                          getVersionSuffix(cpu->targets[0].name).size());
      interfaces.emplace_back(module, types, std::move(*info), *cpu,
                              threads == "openmp");
      if (failed(interfaces.back().prepare(functions, reserved)))
        return signalPassFailure();
    }
    makeInternal(module);
    if (!cpu->targets.empty() && failed(emitCpuVersions(module, types, *cpu)))
      return signalPassFailure();
    for (KernelInterface &interface : interfaces)
      interface.emit();
  }
};
} // namespace
