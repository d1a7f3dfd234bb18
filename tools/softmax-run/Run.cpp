// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "Run.h"

#include "../Support/ToolSupport.h"
#include "Threads.h"
#include "Values.h"

#include "softmax/Jit/Jit.h"
#include "softmax/Reference/Comparison.h"
#include "softmax/Reference/Interpreter.h"
#include "softmax/Target/KernelInfo.h"
#include "softmax/Target/OutputFiles.h"
#include "softmax/Target/Status.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Transforms/Passes.h"

#include "llvm/ADT/StringMap.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/SourceMgr.h"
#include "llvm/Support/raw_ostream.h"

#include <chrono>
#include <cstring>

using namespace mlir;
using namespace mlir::softmax;
using namespace mlir::softmax::reference;

namespace {

constexpr int kFails = 1;
constexpr int kWrongUsage = 2;

/// --time: at least this often, then on until so much time has passed.
constexpr unsigned kLeastRepetitions = 21;
constexpr unsigned kMostRepetitions = 100000;
constexpr double kSeconds = 1.0;

class Runner {
public:
  explicit Runner(const RunOptions &options) : options(options) {
    DialectRegistry registry;
    registerJitDialects(registry);
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

  int run() {
    for (int (Runner::*step)() :
         {&Runner::load, &Runner::checkSignature, &Runner::readInputs,
          &Runner::makeOutputs, &Runner::compile, &Runner::call, &Runner::time,
          &Runner::check, &Runner::write})
      if (int status = (this->*step)())
        return status;
    return 0;
  }

private:
  int fail(int status, const llvm::Twine &message) {
    llvm::errs() << "softmax-run: " << message << '\n';
    return status;
  }

  /// A file that cannot be read or written is wrong usage; its content is not.
  int fail(llvm::Error error) {
    int status = kFails;
    std::string message;
    llvm::handleAllErrors(
        std::move(error), [&](const llvm::ErrorInfoBase &info) {
          if (info.convertToErrorCode() != llvm::inconvertibleErrorCode())
            status = kWrongUsage;
          message = info.message();
        });
    return fail(status, message);
  }

  int load() {
    const std::string &path = options.file;
    llvm::ErrorOr<std::unique_ptr<llvm::MemoryBuffer>> buffer =
        path == "-" ? llvm::MemoryBuffer::getSTDIN()
                    : llvm::MemoryBuffer::getFile(path);
    if (!buffer)
      return fail(kWrongUsage,
                  "cannot read '" + path + "': " + buffer.getError().message());
    sources.AddNewSourceBuffer(std::move(*buffer), llvm::SMLoc());
    module = parseSourceFile<ModuleOp>(sources, ParserConfig(&context));
    return module ? 0 : kFails;
  }

  int checkSignature() {
    std::vector<std::string> names;
    for (func::FuncOp candidate : module->getOps<func::FuncOp>()) {
      if (candidate.getSymName() == options.entry)
        function = candidate;
      if (!candidate.isExternal())
        names.push_back(candidate.getSymName().str());
    }
    if (!function || function.isExternal())
      return fail(
          kWrongUsage,
          "'" + options.file + "' holds no function '" + options.entry +
              "' with a body; use --entry with one of: " +
              (names.empty() ? "(there is none)" : llvm::join(names, ", ")));
    for (Type type : function.getArgumentTypes())
      if (!isa<RankedTensorType>(type) && !type.isIntOrIndexOrFloat()) {
        function.emitOpError("has an argument of type ")
            << type
            << "; softmax-run takes ranked tensors and scalars, and "
               "softmaxc compiles functions on memrefs";
        return kFails;
      }
    for (Type type : function.getResultTypes())
      if (!isa<RankedTensorType>(type)) {
        function.emitOpError("returns ")
            << type
            << "; softmax-run takes functions that return ranked "
               "tensors (a scalar: a tensor of rank 0)";
        return kFails;
      }
    if (options.inputs.size() != function.getNumArguments())
      return fail(kWrongUsage, "'" + options.entry + "' takes " +
                                   llvm::Twine(function.getNumArguments()) +
                                   " arguments, but " +
                                   llvm::Twine(options.inputs.size()) +
                                   " files are given with --input");
    if (!options.outputs.empty() &&
        options.outputs.size() != function.getNumResults())
      return fail(kWrongUsage, "'" + options.entry + "' returns " +
                                   llvm::Twine(function.getNumResults()) +
                                   " tensors, but " +
                                   llvm::Twine(options.outputs.size()) +
                                   " files are given with --output");
    if (llvm::Error error = checkHostExecutes(options.target))
      return fail(kWrongUsage, llvm::toString(std::move(error)));
    return 0;
  }

  int readInputs() {
    for (auto [i, path] : llvm::enumerate(options.inputs)) {
      llvm::Expected<NpyArray> array = readNpy(path);
      if (!array)
        return fail(array.takeError());
      llvm::Expected<RuntimeValue> value =
          toValue(std::move(*array), path, i, function.getArgumentTypes()[i],
                  options.uint16IsBF16);
      if (!value)
        return fail(value.takeError());
      inputs.push_back(std::move(*value));
    }
    return 0;
  }

  /// Sizes that must agree are checked here, before anything runs.
  int makeOutputs() {
    SmallVector<ReferenceTensor> arguments;
    for (const RuntimeValue &input : inputs) {
      // Integers may be sizes.
      bool isSize = !input.isTensor && !isa<FloatType>(input.elementType);
      arguments.push_back(
          isSize ? decodeTensor(input.elementType, {}, input.data.get())
                 : ReferenceTensor{input.elementType, input.shape});
    }
    FailureOr<SmallVector<ReferenceTensor>> results =
        evaluateShapes(function, arguments);
    if (failed(results))
      return kFails;
    for (const ReferenceTensor &result : *results) {
      llvm::Expected<RuntimeValue> value =
          allocateValue(result.elementType, /*isTensor=*/true, result.shape);
      if (!value)
        return fail(value.takeError());
      // NaN to every float type: what is left unwritten shows.
      std::memset(value->data.get(), 0xff, value->bytes);
      outputs.push_back(std::move(*value));
    }
    return 0;
  }

  int compile() {
    // The oracle sees the function as the compiler understands it: softmax
    // spelled out in linalg is raised first, so that it is not itself evaluated
    // in f32.
    if (options.check) {
      checked = module->clone();
      PassManager manager(&context);
      buildRaisePipeline(manager);
      if (failed(manager.run(*checked)))
        return kFails;
    }
    // Other functions need not compile.
    for (func::FuncOp other : module->getOps<func::FuncOp>())
      other.setVisibility(other == function ? SymbolTable::Visibility::Public
                                            : SymbolTable::Visibility::Private);
    function->setAttr(LLVM::LLVMDialect::getEmitCWrapperAttrName(),
                      UnitAttr::get(&context));
    nameOperands();
    PassManager manager(&context);
    manager.addPass(createSymbolDCEPass());
    if (failed(manager.run(*module)))
      return kFails;

    PipelineOptions pipeline;
    pipeline.target = options.target;
    pipeline.accuracy = options.accuracy;
    pipeline.forceStrategy = options.forceStrategy;
    if (options.threads > 1) {
      // What softmaxc compiles: the functions that divide their rows are
      // kernels.
      pipeline.kernels = true;
      pipeline.threads = "openmp";
      if (llvm::Error error = startThreads(options.threads))
        return fail(kFails, llvm::toString(std::move(error)));
    }
    llvm::Expected<std::unique_ptr<ExecutionEngine>> compiled =
        compileInProcess(*module, pipeline);
    if (!compiled)
      return fail(kFails, llvm::toString(compiled.takeError()));
    engine = std::move(*compiled);
    llvm::Expected<void (*)(void **)> address =
        engine->lookupPacked("_mlir_ciface_" + options.entry);
    if (!address)
      return fail(kFails, llvm::toString(address.takeError()));
    entry = *address;
    packOperands();
    return 0;
  }

  static std::string argumentName(size_t i) {
    return "argument" + std::to_string(i);
  }
  static std::string resultName(size_t i) {
    return "result" + std::to_string(i);
  }

  /// Names arguments and results, so that the compiled function's operands can
  /// be told: an argument that was only a result's destination is none of them,
  /// for the result takes its place.
  void nameOperands() {
    function->removeAttr(kernelAttrName);
    Builder builder(&context);
    for (unsigned i = 0; i < function.getNumArguments(); ++i)
      function.setArgAttr(i, operandNameAttrName,
                          builder.getStringAttr(argumentName(i)));
    for (unsigned i = 0; i < function.getNumResults(); ++i)
      function.setResultAttr(i, operandNameAttrName,
                             builder.getStringAttr(resultName(i)));
  }

  /// Each operand is the address of what is passed: of a scalar, or of the
  /// pointer to a descriptor.
  void packOperands() {
    llvm::StringMap<const RuntimeValue *> values;
    for (auto [i, value] : llvm::enumerate(inputs))
      values[argumentName(i)] = &value;
    for (auto [i, value] : llvm::enumerate(outputs))
      values[resultName(i)] = &value;
    SmallVector<const RuntimeValue *> operands;
    for (StringRef name : getOperandNames(module->lookupSymbol(options.entry)))
      operands.push_back(values.lookup(name));
    // Without tensors there is nothing to describe: scalars are passed as they
    // stand.
    if (operands.empty())
      for (const RuntimeValue &input : inputs)
        operands.push_back(&input);

    descriptors.reserve(operands.size());
    pointers.reserve(operands.size());
    for (const RuntimeValue *value : operands) {
      if (!value->isTensor) {
        packed.push_back(value->data.get());
        continue;
      }
      descriptors.push_back(value->makeDescriptor());
      pointers.push_back(descriptors.back().data());
      packed.push_back(static_cast<void *>(&pointers.back()));
    }
    // A kernel returns a status.
    if (options.threads > 1)
      packed.push_back(&status);
  }

  int call() {
    entry(packed.data());
    if (status == 0)
      return 0;
    StringRef meaning = "unknown";
    for (const KernelStatusText &text : kernelStatuses())
      if (static_cast<int32_t>(text.status) == status)
        meaning = text.meaning;
    return fail(kFails, "'" + options.entry + "' returned status " +
                            llvm::Twine(status) + ": " + meaning);
  }

  int time() {
    if (!options.time)
      return 0;
    using Clock = std::chrono::steady_clock;
    std::vector<double> seconds;
    double total = 0;
    while (seconds.size() < kLeastRepetitions ||
           (total < kSeconds && seconds.size() < kMostRepetitions)) {
      Clock::time_point start = Clock::now();
      entry(packed.data());
      double elapsed =
          std::chrono::duration<double>(Clock::now() - start).count();
      seconds.push_back(elapsed);
      total += elapsed;
    }
    llvm::sort(seconds);
    double median = seconds[seconds.size() / 2];
    size_t bytes = 0;
    for (const RuntimeValue &input : inputs)
      bytes += input.bytes;
    for (const RuntimeValue &output : outputs)
      bytes += output.bytes;
    llvm::outs() << llvm::format(
        "time: median %.3f us over %u calls, %.3f GB/s (%llu bytes of "
        "arguments and results)\n",
        median * 1e6, static_cast<unsigned>(seconds.size()),
        bytes / median * 1e-9, static_cast<unsigned long long>(bytes));
    return 0;
  }

  int check() {
    if (!options.check)
      return 0;
    func::FuncOp raised = checked->lookupSymbol<func::FuncOp>(options.entry);
    SmallVector<ReferenceTensor> arguments;
    for (const RuntimeValue &input : inputs)
      arguments.push_back(
          decodeTensor(input.elementType, input.shape, input.data.get()));
    FailureOr<SmallVector<ReferenceTensor>> expected = evaluateFunction(
        raised, arguments, *symbolizeAccuracy(options.accuracy));
    if (failed(expected))
      return kFails;
    bool good = true;
    for (auto [i, want] : llvm::enumerate(*expected)) {
      const char *data = outputs[i].data.get();
      Comparison comparison = compare(want, data);
      good &= comparison.isWithinBounds();
      (comparison.isWithinBounds() ? llvm::outs() : llvm::errs())
          << "check: result " << i << ": " << describe(comparison, want, data)
          << '\n';
    }
    return good ? 0 : kFails;
  }

  int write() {
    std::vector<OutputFile> files;
    for (auto [path, value] : llvm::zip(options.outputs, outputs)) {
      std::string bytes = serializeNpy(toArray(value));
      OutputFile &file = files.emplace_back();
      file.path = path;
      file.contents.append(bytes.begin(), bytes.end());
    }
    if (llvm::Error error = writeOutputFiles(files))
      return fail(kWrongUsage, llvm::toString(std::move(error)));
    return 0;
  }

  const RunOptions &options;
  llvm::SourceMgr sources;
  MLIRContext context{MLIRContext::Threading::DISABLED};
  /// Prints diagnostics with the line of the source that they point at.
  SourceMgrDiagnosticHandler diagnostics{sources, &context};
  OwningOpRef<ModuleOp> module, checked;
  func::FuncOp function;
  std::vector<RuntimeValue> inputs, outputs;
  std::unique_ptr<ExecutionEngine> engine;
  void (*entry)(void **) = nullptr;
  std::vector<std::vector<int64_t>> descriptors;
  std::vector<void *> pointers;
  SmallVector<void *> packed;
  int32_t status = 0;
};

} // namespace

int mlir::softmax::run(const RunOptions &options) {
  return Runner(options).run();
}
