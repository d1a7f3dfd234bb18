// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "Compile.h"
#include "CompileDevice.h"
#include "Explain.h"
#include "SourceOperands.h"
#include "Tuning.h"

#include "../Support/ToolSupport.h"

#include "softmax/Pipelines/Pipelines.h"
#include "softmax/Target/CodeGen.h"
#include "softmax/Target/KernelInfo.h"
#include "softmax/Target/LibraryText.h"
#include "softmax/Target/Link.h"
#include "softmax/Target/OpenMPRuntime.h"
#include "softmax/Target/Passes.h"
#include "softmax/Target/Versions.h"

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
  bool wants(EmitKind kind) const { return options.wants(kind); }

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

  static std::string print(ModuleOp module) {
    std::string text;
    llvm::raw_string_ostream stream(text);
    module.print(stream);
    return text;
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

  using PipelineBuilder = llvm::function_ref<void(OpPassManager &)>;
  bool runPasses(ModuleOp version, PipelineBuilder build) {
    PassManager manager(&context);
    // Verified once, at the end: after each of the passes it would take a third
    // of their time.
    manager.enableVerifier(false);
    build(manager);
    return succeeded(manager.run(version)) && succeeded(version.verify());
  }

  int runStages() {
    if (wants(EmitKind::MLIR))
      add(EmitKind::MLIR, print(*module));
    bool needsMore =
        options.explain || options.outputs.size() > 1 || !wants(EmitKind::MLIR);
    if (!needsMore)
      return 0;

    operands.number(*module);
    if (options.gpu)
      return runDevice();
    bool lower =
        wantsOneOf({EmitKind::LLVM, EmitKind::Assembly, EmitKind::Object,
                    EmitKind::Archive, EmitKind::Shared, EmitKind::Header,
                    EmitKind::Manifest});
    SmallVector<OwningOpRef<ModuleOp>, 1> versions;
    std::string scheduled;
    for (const TargetDescription &target : options.targets) {
      versions.push_back(&target == &options.targets.back()
                             ? std::move(module)
                             : OwningOpRef<ModuleOp>(module->clone()));
      if (!compileVersion(*versions.back(), target, lower, scheduled))
        return kDoesNotCompile;
    }
    if (wants(EmitKind::Scheduled))
      add(EmitKind::Scheduled, scheduled);
    if (!lower)
      return 0;
    if (failed(joinVersions(versions)))
      return kDoesNotCompile;
    addTexts();
    if (!wantsOneOf({EmitKind::LLVM, EmitKind::Assembly, EmitKind::Object,
                     EmitKind::Archive, EmitKind::Shared}))
      return 0;
    return emitCode();
  }

  int runDevice() {
    DeviceOutputs outputs;
    if (failed(compileForDevice(*module, options, operands, outputs)))
      return kDoesNotCompile;
    result.explanation = std::move(outputs.explanation);
    for (auto &[kind, contents] : outputs.files)
      add(kind, contents, /*executable=*/kind == EmitKind::Shared);
    return 0;
  }

  /// One version of the kernels: schedules, and the LLVM dialect if `lower`.
  /// Adds to the texts that tell of all versions.
  bool compileVersion(ModuleOp version, const TargetDescription &target,
                      bool lower, std::string &scheduled) {
    PipelineOptions pipeline;
    pipeline.target = target;
    pipeline.accuracy = options.accuracy;
    pipeline.threads = options.threads;
    pipeline.forceStrategy = options.forceStrategy;
    pipeline.kernels = true;
    pipeline.interface = !dependsOnCpu(options.targets);
    if (!runPasses(version, [&](OpPassManager &manager) {
          buildToSchedulePipeline(manager, pipeline);
        }))
      return false;
    std::string measured;
    if (options.tune &&
        failed(tuneKernels(version, options, pipeline, measured)))
      return false;
    operands.apply(version);
    // Each for itself, as --split-input-file takes them.
    scheduled += scheduled.empty() ? "" : "\n// -----\n\n";
    scheduled += print(version);
    if (options.explain) {
      result.explanation += result.explanation.empty() ? "" : "\n";
      result.explanation += explain(version, target) + measured;
    }
    if (!lower)
      return true;
    if (!runPasses(version, [&](OpPassManager &manager) {
          buildToLLVMPipeline(manager, pipeline);
        }))
      return false;
    FailureOr<SmallVector<KernelInfo, 0>> info = collectKernelInfo(version);
    if (failed(info))
      return false;
    kernels.push_back(std::move(*info));
    return true;
  }

  /// Leaves in `module` what becomes code.
  LogicalResult joinVersions(MutableArrayRef<OwningOpRef<ModuleOp>> versions) {
    if (!dependsOnCpu(options.targets)) {
      module = std::move(versions.front());
      return success();
    }
    FailureOr<OwningOpRef<ModuleOp>> merged =
        mergeVersions(versions, options.targets);
    if (failed(merged))
      return failure();
    module = std::move(*merged);
    PipelineOptions pipeline;
    pipeline.threads = options.threads;
    return success(runPasses(*module, [&](OpPassManager &manager) {
      buildInterfacePipeline(manager, pipeline);
    }));
  }

  /// The texts that go with the kernels, which are made from the attributes of
  /// the lowered functions.
  void addTexts() {
    SmallVector<KernelInfo, 0> combined = combineVersions(kernels);
    LibraryInfo library;
    library.targets = options.targets;
    library.accuracy = options.accuracy;
    library.threads = options.threads;
    for (const Output &output : options.outputs)
      if (output.kind == EmitKind::Header)
        add(EmitKind::Header,
            emitHeader(combined, library,
                       output.path == "-"
                           ? defaultFileName(EmitKind::Header, options.baseName)
                           : llvm::sys::path::filename(output.path).str()));
    if (wants(EmitKind::Manifest))
      add(EmitKind::Manifest, emitManifest(combined, library));
  }

  int emitCode() {
    // What runs before a version is picked must run on every CPU.
    TargetDescription target =
        dependsOnCpu(options.targets)
            ? describeBaseline(options.targets.front().architecture)
            : options.targets.front();
    llvm::Expected<std::unique_ptr<llvm::TargetMachine>> machine =
        createTargetMachine(target);
    if (!machine)
      return fail(kWrongUsage, machine.takeError());
    llvm::LLVMContext llvmContext;
    llvm::Expected<std::unique_ptr<llvm::Module>> llvmModule =
        translateAndOptimize(*module, llvmContext, target, **machine);
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
    if (llvm::Error error =
            checkUndefinedSymbols(objectRef, options.threads == "openmp"))
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
      return linkShared(objectRef, **machine);
    return 0;
  }

  int linkShared(llvm::MemoryBufferRef object, llvm::TargetMachine &machine) {
    std::optional<SharedDependency> runtime;
    if (options.threads == "openmp") {
      llvm::Expected<SharedDependency> stub =
          makeOpenMPDependency(object, machine);
      if (!stub)
        return fail(kDoesNotCompile, stub.takeError());
      runtime = std::move(*stub);
    }
    for (const Output &output : options.outputs) {
      if (output.kind != EmitKind::Shared)
        continue;
      StringRef soname =
          output.path == "-" ? "" : llvm::sys::path::filename(output.path);
      llvm::Expected<llvm::SmallVector<char, 0>> library =
          linkSharedLibrary(object, soname, runtime ? &*runtime : nullptr);
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
  /// What is known of the kernels of each version.
  SmallVector<SmallVector<KernelInfo, 0>, 1> kernels;
};

} // namespace

CompileResult mlir::softmax::compile(const Options &options) {
  return Compiler(options).run();
}
