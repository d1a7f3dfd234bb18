// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "softmax/Emulator/DeviceModule.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/LLVMIR/NVVMDialect.h"
#include "mlir/Dialect/LLVMIR/ROCDLDialect.h"
#include "mlir/Dialect/LLVMIR/Transforms/Passes.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/GPU/GPUToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/NVVM/NVVMToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/ROCDL/ROCDLToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Export.h"

#include "llvm/Bitcode/BitcodeReader.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/IRReader/IRReader.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace mlir::softmax::emulator;

static llvm::Error fail(const llvm::Twine &message) {
  return llvm::createStringError(message);
}

/// Keeps what MLIR has to say, for an error of LLVM's kind.
namespace {
class DiagnosticText {
public:
  explicit DiagnosticText(MLIRContext *context)
      : handler(context, [this](Diagnostic &diagnostic) {
          if (diagnostic.getSeverity() != DiagnosticSeverity::Error)
            return success();
          llvm::raw_string_ostream stream(text);
          if (!text.empty())
            stream << '\n';
          if (auto place = dyn_cast<FileLineColLoc>(diagnostic.getLocation()))
            stream << place.getFilename().strref() << ':' << place.getLine()
                   << ':' << place.getColumn() << ": ";
          stream << diagnostic;
          return success();
        }) {}
  llvm::Error takeError(const llvm::Twine &otherwise) const {
    return text.empty() ? fail(otherwise)
                        : fail(StringRef(text).rtrim() + "; " + otherwise);
  }

private:
  std::string text;
  ScopedDiagnosticHandler handler;
};
} // namespace

void mlir::softmax::emulator::registerDeviceDialects(
    DialectRegistry &registry) {
  registry.insert<gpu::GPUDialect, LLVM::LLVMDialect, NVVM::NVVMDialect,
                  ROCDL::ROCDLDialect>();
  registerBuiltinDialectTranslation(registry);
  registerGPUDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
  registerNVVMDialectTranslation(registry);
  registerROCDLDialectTranslation(registry);
}

/// What MLIR translates has no triple before its target adds one.
static void setTarget(gpu::GPUModuleOp device, llvm::Module &module) {
  if (!module.getTargetTriple().empty())
    return;
  ROCDL::ROCDLTargetAttr amd;
  if (std::optional<ArrayAttr> targets = device.getTargets())
    for (Attribute target : *targets)
      if (auto attribute = dyn_cast<ROCDL::ROCDLTargetAttr>(target))
        amd = attribute;
  if (amd) {
    module.setTargetTriple(llvm::Triple(amd.getTriple()));
    for (llvm::Function &function : module)
      if (!function.isDeclaration())
        function.addFnAttr("target-cpu", amd.getChip());
  } else {
    module.setTargetTriple(llvm::Triple("nvptx64-nvidia-cuda"));
    module.setDataLayout("e-p6:32:32-i64:64-i128:128-i256:256-v16:16-v32:32-"
                         "n16:32:64");
  }
}

static llvm::Expected<std::unique_ptr<llvm::Module>>
readBinary(gpu::BinaryOp binary, llvm::LLVMContext &context) {
  for (Attribute attribute : binary.getObjects()) {
    auto object = dyn_cast<gpu::ObjectAttr>(attribute);
    if (!object || object.getFormat() != gpu::CompilationTarget::Offload)
      continue;
    StringRef bytes = object.getObject().getValue();
    return llvm::parseBitcodeFile(
        llvm::MemoryBufferRef(bytes, binary.getName()), context);
  }
  return fail("gpu.binary @" + binary.getName() +
              " holds no LLVM bitcode; compile it with cubin-format=llvm (or "
              "gpu-module-to-binary format=llvm)");
}

static llvm::Expected<std::unique_ptr<llvm::Module>>
translate(gpu::GPUModuleOp device, llvm::LLVMContext &context) {
  device.getContext()->loadDialect<LLVM::LLVMDialect>();
  DiagnosticText diagnostics(device.getContext());
  WalkResult lowered =
      device.walk(
          [](Operation *op) {
            if (isa<gpu::GPUModuleOp>(op) ||
                isa_and_present<LLVM::LLVMDialect, NVVM::NVVMDialect,
                                ROCDL::ROCDLDialect>(op->getDialect()))
              return WalkResult::advance();
            op->emitError("'")
                << op->getName()
                << "' is not in the LLVM, NVVM or ROCDL dialects; lower it";
            return WalkResult::interrupt();
          });
  if (lowered.wasInterrupted())
    return diagnostics.takeError("gpu.module @" + device.getName() +
                                 " cannot be run");
  // Debug locations exist only within a function's debug scope, which a pass on
  // modules makes.
  OwningOpRef<ModuleOp> holder(ModuleOp::create(device.getLoc()));
  gpu::GPUModuleOp copy = device.clone();
  holder->push_back(copy);
  PassManager manager(device.getContext());
  manager.addPass(LLVM::createDIScopeForLLVMFuncOpPass());
  if (failed(manager.run(*holder)))
    return diagnostics.takeError("gpu.module @" + device.getName() +
                                 " cannot be given debug locations");
  std::unique_ptr<llvm::Module> module =
      translateModuleToLLVMIR(copy, context, device.getName());
  if (!module)
    return diagnostics.takeError(
        "gpu.module @" + device.getName() +
        " does not translate to LLVM IR; lower it to the LLVM and NVVM "
        "dialects");
  setTarget(device, *module);
  return module;
}

llvm::Expected<std::unique_ptr<llvm::Module>>
mlir::softmax::emulator::translateDeviceModule(ModuleOp module, StringRef name,
                                               llvm::LLVMContext &context) {
  SmallVector<Operation *> found;
  module.walk([&](Operation *op) {
    StringRef own;
    if (auto device = dyn_cast<gpu::GPUModuleOp>(op))
      own = device.getName();
    else if (auto binary = dyn_cast<gpu::BinaryOp>(op))
      own = binary.getName();
    else
      return;
    if (name.empty() || own == name)
      found.push_back(op);
  });
  if (found.empty())
    return fail(name.empty()
                    ? llvm::Twine("there is no gpu.module and no gpu.binary")
                    : "there is no gpu.module and no gpu.binary @" + name);
  if (found.size() > 1)
    return fail("there are several gpu.modules; name one of them");
  if (auto binary = dyn_cast<gpu::BinaryOp>(found.front()))
    return readBinary(binary, context);
  return translate(cast<gpu::GPUModuleOp>(found.front()), context);
}

static bool looksLikeMLIR(StringRef contents, StringRef fileName) {
  if (fileName.ends_with(".mlir"))
    return true;
  if (fileName.ends_with(".ll") || fileName.ends_with(".bc"))
    return false;
  return contents.contains("gpu.module") || contents.contains("gpu.binary");
}

llvm::Expected<std::unique_ptr<llvm::Module>>
mlir::softmax::emulator::parseDeviceModule(StringRef contents,
                                           StringRef fileName, StringRef name,
                                           llvm::LLVMContext &context,
                                           const DialectRegistry *others) {
  if (!looksLikeMLIR(contents, fileName)) {
    llvm::SMDiagnostic diagnostic;
    std::unique_ptr<llvm::Module> module = llvm::parseIR(
        llvm::MemoryBufferRef(contents, fileName), diagnostic, context);
    if (module)
      return module;
    std::string text;
    llvm::raw_string_ostream stream(text);
    diagnostic.print(nullptr, stream, /*ShowColors=*/false);
    return fail(StringRef(text).rtrim());
  }
  DialectRegistry registry;
  registerDeviceDialects(registry);
  if (others)
    others->appendTo(registry);
  MLIRContext mlirContext(registry, MLIRContext::Threading::DISABLED);
  // Attributes of targets and of the host's side are not of interest.
  mlirContext.allowUnregisteredDialects();
  DiagnosticText diagnostics(&mlirContext);
  llvm::SourceMgr sources;
  sources.AddNewSourceBuffer(
      llvm::MemoryBuffer::getMemBufferCopy(contents, fileName), {});
  OwningOpRef<ModuleOp> module =
      parseSourceFile<ModuleOp>(sources, ParserConfig(&mlirContext));
  if (!module)
    return diagnostics.takeError(
        "'" + fileName +
        "' cannot be read; lower device code to the LLVM and NVVM dialects");
  return translateDeviceModule(*module, name, context);
}
