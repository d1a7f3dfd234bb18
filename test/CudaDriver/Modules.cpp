// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Modules: the PTX that is loaded, and the LLVM IR that stands for it.
#include "Driver.h"

#include "llvm/ADT/StringExtras.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/IRReader/IRReader.h"
#include "llvm/Support/SourceMgr.h"

using namespace softmax_test;
using llvm::StringRef;

/// The number behind `directive` in `text`; 0 if it is not there.
static unsigned readDirective(StringRef text, StringRef directive) {
  size_t at = text.find(directive);
  if (at == StringRef::npos)
    return 0;
  unsigned number = 0;
  text.drop_front(at + directive.size())
      .ltrim()
      .take_while(llvm::isDigit)
      .getAsInteger(10, number);
  return number;
}

/// Bytes of "u64 .ptr .align 16 name" or "align 8 .b8 name[16]".
static unsigned readParameter(StringRef text) {
  StringRef type = text.trim();
  unsigned count = 1;
  if (type.consume_front("align"))
    type = type.ltrim().drop_while(llvm::isDigit).ltrim(" .");
  if (size_t at = text.find('['); at != StringRef::npos)
    text.drop_front(at + 1).take_while(llvm::isDigit).getAsInteger(10, count);
  unsigned bits = 0;
  type.drop_front(1).take_while(llvm::isDigit).getAsInteger(10, bits);
  return bits / 8 * count;
}

/// The kernels of PTX, by name.
static std::map<std::string, PtxKernel> parsePtx(StringRef text) {
  std::map<std::string, PtxKernel> kernels;
  while (true) {
    auto [before, rest] = text.split(".entry ");
    if (rest.empty())
      return kernels;
    auto [name, body] = rest.split('(');
    auto [parameters, behind] = body.split(')');
    PtxKernel kernel;
    for (StringRef parameter : llvm::split(parameters, ','))
      if (auto [nothing, type] = parameter.split(".param ."); !type.empty())
        kernel.parameterBytes.push_back(readParameter(type));
    StringRef directives = behind.split('{').first;
    kernel.mostThreads = readDirective(directives, ".maxntid");
    kernel.exactThreads = readDirective(directives, ".reqntid");
    kernel.cluster = readDirective(directives, ".reqnctapercluster");
    kernels[name.trim().str()] = kernel;
    text = behind;
  }
}

/// The file of SOFTMAX_CUDA_MODULES for the chip of `target`.
static std::unique_ptr<llvm::Module>
readIR(StringRef target, llvm::LLVMContext &context, std::string &message) {
  const char *files = getenv("SOFTMAX_CUDA_MODULES");
  for (StringRef entry : llvm::split(StringRef(files ? files : ""), ':')) {
    auto [chip, file] = entry.split('=');
    if (chip != target)
      continue;
    llvm::SMDiagnostic diagnostic;
    std::unique_ptr<llvm::Module> module =
        llvm::parseIRFile(file, diagnostic, context);
    if (!module)
      message = (file + ": " + diagnostic.getMessage()).str();
    return module;
  }
  message = "SOFTMAX_CUDA_MODULES names no LLVM IR for " + target.str();
  return nullptr;
}

int softmax_test::loadModule(Driver &driver, const char *image, Module **module,
                             std::string &message) {
  StringRef text(image);
  if (!text.ltrim().starts_with("//") && !text.contains(".version"))
    return InvalidImage;
  StringRef target =
      text.split(".target ").second.split('\n').first.split(',').first.trim();
  unsigned capability = 0;
  target.drop_until(llvm::isDigit)
      .take_while(llvm::isDigit)
      .getAsInteger(10, capability);
  if (capability == 0)
    return InvalidPtx;
  if (static_cast<int>(capability) > driver.capability) {
    message = "ptxas fatal: SM version " + std::to_string(capability) +
              " is later than the device";
    return NoBinaryForGpu;
  }

  auto result = std::make_unique<Module>();
  result->context = currentContext();
  result->chip = target.str();
  result->kernels = parsePtx(text);
  auto context = std::make_unique<llvm::LLVMContext>();
  std::unique_ptr<llvm::Module> ir = readIR(target, *context, message);
  if (!ir)
    return InvalidPtx;
  for (const auto &[name, kernel] : result->kernels) {
    llvm::Function *function = ir->getFunction(name);
    if (!function) {
      message = "the LLVM IR has no kernel " + name;
      return InvalidPtx;
    }
    auto &parameters = result->parameters[name];
    for (llvm::Argument &argument : function->args())
      parameters.emplace_back(
          ir->getDataLayout().getTypeAllocSize(argument.getType()),
          argument.getType()->isPointerTy());
    bool same = parameters.size() == kernel.parameterBytes.size();
    for (size_t i = 0; same && i < parameters.size(); ++i)
      same = parameters[i].first == kernel.parameterBytes[i];
    if (!same) {
      message = "parameters of " + name + " are others in the LLVM IR";
      return InvalidPtx;
    }
  }
  auto program = emulator::Program::load(std::move(ir), std::move(context));
  if (!program) {
    message = llvm::toString(program.takeError());
    return InvalidPtx;
  }
  result->program = std::move(*program);
  *module = result.get();
  driver.modules.push_back(std::move(result));
  return Success;
}
