// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "Compile.h"
#include "Explain.h"
#include "SourceOperands.h"

#include "../Support/ToolSupport.h"

#include "softmax/Pipelines/Pipelines.h"
#include "softmax/Target/CodeGen.h"
#include "softmax/Target/KernelInfo.h"
#include "softmax/Target/LibraryText.h"
#include "softmax/Target/Link.h"

#include "mlir/AsmParser/AsmParser.h"
#include "mlir/AsmParser/AsmParserState.h"
#include "mlir/Bytecode/BytecodeReader.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"

#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/raw_ostream.h"
#include "llvm/Target/TargetMachine.h"

using namespace mlir;
using namespace mlir::softmax;

namespace {

constexpr int kDoesNotCompile = 1;
constexpr int kWrongUsage = 2;

/// One run of the compiler.  Members hold what later stages need of earlier
/// ones.
class Compiler {
public:
  explicit Compiler(const Options &options) : options(options) {
    DialectRegistry registry;
    registerPipelineDialects(registry);
    registerCodeGenTranslations(registry);
    context.appendDialectRegistry(registry);
    // The messages name the operation and its place.
    context.printOpOnDiagnostic(false);
    context.getDiagEngine().registerHandler([](Diagnostic &diagnostic) {
      if (diagnostic.getSeverity() == DiagnosticSeverity::Error)
        noteErrorReported();
      // Others print it.
      return failure();
    });
  }

  CompileResult run() {
    result.status = load();
    if (result.status == 0)
      result.status = runStages();
    if (result.status != 0)
      result.files.clear();
    return std::move(result);
  }

private:
  bool wants(EmitKind kind) const {
    return llvm::any_of(options.outputs, [&](const Output &output) {
      return output.kind == kind;
    });
  }

  bool wantsOneOf(std::initializer_list<EmitKind> kinds) const {
    return llvm::any_of(kinds, [&](EmitKind kind) { return wants(kind); });
  }

  /// Adds `bytes` as the output of `kind`, if it was asked for.
  void add(EmitKind kind, StringRef bytes, bool executable = false) {
    for (const Output &output : options.outputs) {
      if (output.kind != kind)
        continue;
      OutputFile &file = result.files.emplace_back();
      file.path = output.path;
      file.contents.append(bytes.begin(), bytes.end());
      file.executable = executable;
    }
  }

  void addModule(EmitKind kind) {
    if (!wants(kind))
      return;
    std::string text;
    llvm::raw_string_ostream stream(text);
    module->print(stream);
    add(kind, text);
  }

  int fail(int status, const llvm::Twine &message) {
    llvm::errs() << "softmaxc: " << message << '\n';
    return status;
  }

  int fail(int status, llvm::Error error) {
    return fail(status, llvm::toString(std::move(error)));
  }

  int load() {
    if (!options.ops.empty()) {
      llvm::Expected<OwningOpRef<ModuleOp>> built =
          buildModule(&context, options.ops);
      if (!built)
        return fail(kWrongUsage, built.takeError());
      module = std::move(*built);
      return succeeded(module->verify()) ? 0 : kDoesNotCompile;
    }

    const std::string &path = *options.input;
    llvm::ErrorOr<std::unique_ptr<llvm::MemoryBuffer>> buffer =
        path == "-" ? llvm::MemoryBuffer::getSTDIN()
                    : llvm::MemoryBuffer::getFile(path);
    if (!buffer)
      return fail(kWrongUsage,
                  "cannot read '" + path + "': " + buffer.getError().message());
    sources.AddNewSourceBuffer(std::move(*buffer), llvm::SMLoc());
    if (!parse())
      return kDoesNotCompile;
    return checkKernels();
  }

  /// The same as parseSourceFile, but for texts keeps what values are called.
  bool parse() {
    const llvm::MemoryBuffer &buffer =
        *sources.getMemoryBuffer(sources.getMainFileID());
    ParserConfig config(&context);
    if (isBytecode(buffer)) {
      module = parseSourceFile<ModuleOp>(sources, config);
      if (module)
        operands.record(*module, /*parsed=*/nullptr);
      return static_cast<bool>(module);
    }
    Block block;
    AsmParserState parsed;
    if (failed(parseAsmSourceFile(sources, &block, config, &parsed)))
      return false;
    module = detail::constructContainerOpForParserIfNecessary<ModuleOp>(
        &block, &context,
        FileLineColLoc::get(&context, buffer.getBufferIdentifier(), 0, 0));
    if (module)
      operands.record(*module, &parsed);
    return static_cast<bool>(module);
  }

  /// There must be something to compile, under names that C can call.
  int checkKernels() {
    bool hasKernel = false;
    int status = 0;
    for (func::FuncOp function : module->getOps<func::FuncOp>()) {
      if (!function.isPublic() || function.isExternal())
        continue;
      auto isShaped = [](Type type) { return isa<ShapedType>(type); };
      if (llvm::none_of(function.getArgumentTypes(), isShaped) &&
          llvm::none_of(function.getResultTypes(), isShaped)) {
        function.emitWarning("takes and returns no tensor or memref, so it "
                             "cannot become a kernel and is not exported; make "
                             "it private to silence this");
        continue;
      }
      hasKernel = true;
      // What a JIT may call main, a library that is loaded by name may, too.
      if (function.getSymName() == "main" &&
          !wantsOneOf({EmitKind::Header, EmitKind::Object, EmitKind::Archive}))
        continue;
      if (llvm::Error error = checkKernelName(function.getSymName())) {
        function.emitError(llvm::toString(std::move(error)));
        status = kDoesNotCompile;
      }
    }
    if (hasKernel)
      return status;
    module->emitError("the module holds no public func.func with a body and "
                      "tensors or memrefs; nothing in it can become a kernel");
    return kDoesNotCompile;
  }

  bool runPasses(void (*build)(OpPassManager &, const PipelineOptions &)) {
    PipelineOptions pipeline;
    pipeline.target = options.target;
    pipeline.forceStrategy = options.forceStrategy;
    pipeline.kernels = true;
    PassManager manager(&context);
    // Verified once, at the end: after each of the passes it would take a third
    // of their time.
    manager.enableVerifier(false);
    build(manager, pipeline);
    return succeeded(manager.run(*module)) && succeeded(module->verify());
  }

  int runStages() {
    addModule(EmitKind::MLIR);
    bool needsMore =
        options.explain || options.outputs.size() > 1 || !wants(EmitKind::MLIR);
    if (!needsMore)
      return 0;

    operands.number(*module);
    if (!runPasses(buildToSchedulePipeline))
      return kDoesNotCompile;
    operands.apply(*module);
    addModule(EmitKind::Scheduled);
    if (options.explain)
      result.explanation = explain(*module, options.target);

    if (!wantsOneOf({EmitKind::LLVM, EmitKind::Assembly, EmitKind::Object,
                     EmitKind::Archive, EmitKind::Shared, EmitKind::Header,
                     EmitKind::Manifest}))
      return 0;
    if (!runPasses(buildToLLVMPipeline))
      return kDoesNotCompile;
    if (wantsOneOf({EmitKind::Header, EmitKind::Manifest}) &&
        failed(addTexts()))
      return kDoesNotCompile;
    if (!wantsOneOf({EmitKind::LLVM, EmitKind::Assembly, EmitKind::Object,
                     EmitKind::Archive, EmitKind::Shared}))
      return 0;
    return emitCode();
  }

  /// The texts that go with the kernels, which are made from the attributes of
  /// the lowered functions.
  LogicalResult addTexts() {
    FailureOr<SmallVector<KernelInfo, 0>> kernels = collectKernelInfo(*module);
    if (failed(kernels))
      return failure();
    LibraryInfo library;
    library.target = options.target;
    for (const Output &output : options.outputs)
      if (output.kind == EmitKind::Header)
        add(EmitKind::Header,
            emitHeader(*kernels, library,
                       output.path == "-"
                           ? defaultFileName(EmitKind::Header, options.baseName)
                           : llvm::sys::path::filename(output.path).str()));
    if (wants(EmitKind::Manifest))
      add(EmitKind::Manifest, emitManifest(*kernels, library));
    return success();
  }

  int emitCode() {
    llvm::Expected<std::unique_ptr<llvm::TargetMachine>> machine =
        createTargetMachine(options.target);
    if (!machine)
      return fail(kWrongUsage, machine.takeError());
    llvm::LLVMContext llvmContext;
    llvm::Expected<std::unique_ptr<llvm::Module>> llvmModule =
        translateAndOptimize(*module, llvmContext, options.target, **machine);
    if (!llvmModule)
      return fail(kDoesNotCompile, llvmModule.takeError());

    if (wants(EmitKind::LLVM))
      add(EmitKind::LLVM, printModule(**llvmModule));
    if (wants(EmitKind::Assembly)) {
      llvm::Expected<std::string> assembly =
          emitAssembly(**llvmModule, **machine);
      if (!assembly)
        return fail(kDoesNotCompile, assembly.takeError());
      add(EmitKind::Assembly, *assembly);
    }
    if (!wantsOneOf({EmitKind::Object, EmitKind::Archive, EmitKind::Shared}))
      return 0;

    llvm::Expected<llvm::SmallVector<char, 0>> object =
        emitObject(**llvmModule, **machine);
    if (!object)
      return fail(kDoesNotCompile, object.takeError());
    std::string objectName = options.baseName + ".o";
    llvm::MemoryBufferRef objectRef(StringRef(object->data(), object->size()),
                                    objectName);
    if (llvm::Error error = checkUndefinedSymbols(objectRef))
      return fail(kDoesNotCompile, std::move(error));
    add(EmitKind::Object, objectRef.getBuffer());
    if (wants(EmitKind::Archive)) {
      llvm::Expected<llvm::SmallVector<char, 0>> archive =
          makeStaticArchive(objectRef, objectName);
      if (!archive)
        return fail(kDoesNotCompile, archive.takeError());
      add(EmitKind::Archive, StringRef(archive->data(), archive->size()));
    }
    if (wants(EmitKind::Shared))
      return linkShared(objectRef);
    return 0;
  }

  int linkShared(llvm::MemoryBufferRef object) {
    for (const Output &output : options.outputs) {
      if (output.kind != EmitKind::Shared)
        continue;
      StringRef soname =
          output.path == "-" ? "" : llvm::sys::path::filename(output.path);
      llvm::Expected<llvm::SmallVector<char, 0>> library =
          linkSharedLibrary(object, soname);
      if (!library)
        return fail(kDoesNotCompile, library.takeError());
      add(EmitKind::Shared, StringRef(library->data(), library->size()),
          /*executable=*/true);
    }
    return 0;
  }

  const Options &options;
  CompileResult result;
  llvm::SourceMgr sources;
  /// One kernel takes less time than starting threads would.
  MLIRContext context{MLIRContext::Threading::DISABLED};
  /// Prints diagnostics with the line of the source that they point at.
  SourceMgrDiagnosticHandler diagnostics{sources, &context};
  OwningOpRef<ModuleOp> module;
  SourceOperands operands;
};

} // namespace

CompileResult mlir::softmax::compile(const Options &options) {
  return Compiler(options).run();
}
