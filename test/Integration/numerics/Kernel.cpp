// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "Kernel.h"

#include "softmax/Jit/Jit.h"
#include "softmax/Reference/Comparison.h"
#include "softmax/Reference/Interpreter.h"

#include "mlir/AsmParser/AsmParser.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/TypeUtilities.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/raw_ostream.h"

#include <list>

using namespace mlir;
using namespace mlir::softmax;
using namespace mlir::softmax::reference;
using namespace softmax_test;
// Of two names the tests' own.
using softmax_test::Layout;

MLIRContext &softmax_test::getContext() {
  // Never destroyed: types outlive every test.
  static MLIRContext &context = [&]() -> MLIRContext & {
    DialectRegistry registry;
    registerJitDialects(registry);
    return *new MLIRContext(registry, MLIRContext::Threading::DISABLED);
  }();
  return context;
}

Type softmax_test::getType(StringRef name) {
  return parseType(name.split(':').first, &getContext());
}

OpSpec softmax_test::makeSpec(StringRef op, StringRef type, unsigned rank,
                              StringRef axis) {
  OpSpec spec;
  spec.op = op;
  spec.type = type;
  spec.shape.clear();
  for (unsigned i = 0; i < rank; ++i)
    spec.shape += i == 0 ? "?" : "x?";
  spec.axis = axis;
  return spec;
}

Kernel::Kernel(const OpSpec &spec, const KernelOptions &options)
    : options(options) {
  llvm::Expected<OwningOpRef<ModuleOp>> built =
      buildModule(&getContext(), spec);
  if (!built) {
    ADD_FAILURE() << llvm::toString(built.takeError());
    return;
  }
  module = std::move(*built);
  compile();
}

Kernel::Kernel(StringRef text, const KernelOptions &options)
    : options(options) {
  module = parseSourceString<ModuleOp>(text, &getContext());
  if (!module) {
    ADD_FAILURE() << "the kernel does not parse";
    return;
  }
  compile();
}

std::optional<PipelineOptions> Kernel::makePipelineOptions() {
  PipelineOptions pipeline;
  pipeline.kernels = true;
  pipeline.accuracy = options.accuracy;
  pipeline.forceStrategy = options.forceStrategy;
  pipeline.fuse = options.fuse;
  llvm::Expected<TargetDescription> target = parseTarget(options.target);
  if (!target) {
    ADD_FAILURE() << llvm::toString(target.takeError());
    return std::nullopt;
  }
  pipeline.target = *target;
  return pipeline;
}

Kernel::Passes Kernel::countPasses() {
  Passes passes;
  std::optional<PipelineOptions> pipeline = makePipelineOptions();
  if (!pipeline)
    return passes;
  OwningOpRef<ModuleOp> scheduled = original->clone();
  PassManager manager(&getContext());
  buildToSchedulePipeline(manager, *pipeline);
  if (failed(manager.run(*scheduled))) {
    ADD_FAILURE() << "the kernel cannot be scheduled";
    return passes;
  }
  scheduled->walk<WalkOrder::PreOrder>([&](Operation *op) {
    passes.buffers += isa<memref::AllocOp>(op);
    passes.softmax += isa<GenericOp>(op);
    passes.loops += isa<scf::ForOp, scf::ParallelOp>(op);
    return isa<GenericOp, scf::ForOp, scf::ParallelOp>(op)
               ? WalkResult::skip()
               : WalkResult::advance();
  });
  return passes;
}

void Kernel::compile() {
  original = module->clone();
  function = *original->getOps<func::FuncOp>().begin();
  name = function.getSymName().str();
  std::optional<PipelineOptions> pipeline = makePipelineOptions();
  if (!pipeline)
    return;
  if (options.schedule) {
    PassManager manager(&getContext());
    buildToSchedulePipeline(manager, *pipeline);
    if (failed(manager.run(*module))) {
      ADD_FAILURE() << "the kernel cannot be scheduled";
      return;
    }
    module->walk([&](GenericOp op) {
      if (ScheduleAttr schedule = options.schedule(op))
        op.setScheduleAttr(schedule);
    });
  }
  llvm::Expected<std::unique_ptr<ExecutionEngine>> compiled =
      compileInProcess(*module, *pipeline);
  if (!compiled) {
    ADD_FAILURE() << llvm::toString(compiled.takeError());
    return;
  }
  engine = std::move(*compiled);
}

void Kernel::invoke(StringRef suffix, ArrayRef<Argument> arguments,
                    ArrayRef<void *> extra) {
  if (!engine)
    return;
  // Each argument is the address of what is passed.
  std::list<DLTensor *> tensors;
  std::list<double> scalars;
  SmallVector<void *> packed;
  for (const Argument &argument : arguments) {
    if (Buffer *const *buffer = std::get_if<Buffer *>(&argument)) {
      tensors.push_back((*buffer)->get());
      packed.push_back(&tensors.back());
      continue;
    }
    scalars.push_back(std::get<double>(argument));
    packed.push_back(&scalars.back());
  }
  llvm::append_range(packed, extra);
  if (llvm::Error error = engine->invokePacked(name + suffix.str(), packed))
    ADD_FAILURE() << llvm::toString(std::move(error));
}

int32_t Kernel::call(ArrayRef<Argument> arguments) {
  int32_t status = -1;
  invoke("", arguments, {&status});
  return status;
}

int64_t Kernel::getUnits(ArrayRef<Argument> arguments) {
  int64_t units = -1;
  invoke("_units", arguments, {&units});
  return units;
}

int32_t Kernel::callRange(ArrayRef<Argument> arguments, int64_t begin,
                          int64_t end) {
  int64_t bytes = -1;
  invoke("_workspace_size", arguments, {&bytes});
  if (bytes < 0) {
    ADD_FAILURE() << "the workspace has " << bytes << " bytes";
    return -1;
  }
  // Filled with NaN, and one byte past the alignment of malloc: a kernel aligns
  // for itself and finds nothing there.
  std::vector<char> space(bytes + 1, static_cast<char>(0xff));
  void *workspace = space.data() + 1;
  int32_t status = -1;
  invoke("_range", arguments, {&begin, &end, &workspace, &status});
  return status;
}

SmallVector<ReferenceTensor>
Kernel::evaluate(ArrayRef<ReferenceTensor> inputs) {
  FailureOr<SmallVector<ReferenceTensor>> results =
      evaluateFunction(function, inputs, *symbolizeAccuracy(options.accuracy));
  if (succeeded(results))
    return std::move(*results);
  ADD_FAILURE() << "the reference refuses the function";
  return {};
}

void Kernel::check(ArrayRef<ReferenceTensor> inputs, Layout input,
                   Layout output, StringRef what, int64_t misalignment) {
  if (!engine)
    return;
  std::list<Buffer> buffers;
  SmallVector<Argument> arguments;
  SmallVector<ReferenceTensor> seen;
  for (auto [value, type] :
       llvm::zip_equal(inputs, function.getArgumentTypes())) {
    if (!isa<ShapedType>(type)) {
      arguments.push_back(static_cast<double>(value.elements[0].real));
      seen.push_back(value);
      continue;
    }
    buffers.emplace_back(value, input, misalignment);
    arguments.push_back(&buffers.back());
    // With a stride of 0 elements repeat.
    seen.push_back(buffers.back().read());
  }
  SmallVector<ReferenceTensor> expected = evaluate(seen);
  SmallVector<Buffer *> results;
  for (const ReferenceTensor &want : expected) {
    // What the boundary knows as i1 is a byte there.
    buffers.emplace_back(want.elementType, want.shape, output, misalignment);
    results.push_back(&buffers.back());
    arguments.push_back(&buffers.back());
  }
  ASSERT_EQ(call(arguments), 0) << what.str();
  for (auto [want, buffer] : llvm::zip_equal(expected, results)) {
    std::vector<char> bytes = buffer->readBytes();
    Comparison comparison = compare(want, bytes.data());
    EXPECT_TRUE(comparison.isWithinBounds())
        << name << " of " << what.str() << ", input " << toString(input).str()
        << ", output " << toString(output).str() << ": "
        << describe(comparison, want, bytes.data());
    EXPECT_TRUE(buffer->isUntouchedAround()) << what.str();
  }
}
