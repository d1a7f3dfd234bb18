// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "softmax/Pipelines/Pipelines.h"

#include "PipelineParts.h"

#include "softmax/Conversion/SoftmaxToVector/Passes.h"
#include "softmax/Conversion/ToSoftmax/Passes.h"
#include "softmax/Dialect/Transforms/Passes.h"
#include "softmax/Math/Passes.h"
#include "softmax/Target/Passes.h"

#include "mlir/Conversion/AffineToStandard/AffineToStandard.h"
#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/FuncToLLVM/ConvertFuncToLLVMPass.h"
#include "mlir/Conversion/IndexToLLVM/IndexToLLVM.h"
#include "mlir/Conversion/MathToLLVM/MathToLLVM.h"
#include "mlir/Conversion/MemRefToLLVM/MemRefToLLVM.h"
#include "mlir/Conversion/ReconcileUnrealizedCasts/ReconcileUnrealizedCasts.h"
#include "mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h"
#include "mlir/Conversion/UBToLLVM/UBToLLVM.h"
#include "mlir/Conversion/VectorToLLVM/ConvertVectorToLLVMPass.h"
#include "mlir/Conversion/VectorToSCF/VectorToSCF.h"
#include "mlir/Dialect/Bufferization/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/Transforms/RequestCWrappers.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassOptions.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Transforms/Passes.h"

using namespace mlir;
using namespace mlir::softmax;

void mlir::softmax::addCleanUp(OpPassManager &manager) {
  manager.addPass(createCanonicalizerPass());
  manager.addPass(createCSEPass());
}

/// A kernel's results have destinations; those of the functions that it calls
/// have none.  Bodies are taken as they are: raising knows the forms that front
/// ends print.
void mlir::softmax::addInlining(OpPassManager &manager) {
  manager.addPass(createInlinerPass({}, [](OpPassManager &) {}));
  manager.addPass(createSymbolDCEPass());
  manager.addPass(createSoftmaxCheckInlinedPass());
}

void mlir::softmax::buildRaisePipeline(OpPassManager &manager) {
  manager.addPass(createSoftmaxFillLocationsPass());
  manager.addPass(createConvertElementwiseToLinalgPass());
  manager.addPass(createSoftmaxRaise());
  manager.addPass(createCanonicalizerPass());
}

void mlir::softmax::buildToMemRefPipeline(OpPassManager &manager,
                                          const PipelineOptions &options) {
  buildRaisePipeline(manager);
  manager.addPass(createSoftmaxGeneralizePass({options.accuracy}));
  if (options.fuse)
    manager.addPass(createSoftmaxFuseElementwisePass());

  SoftmaxResultsToDestinationsPassOptions destinations;
  destinations.layout = options.kernels ? DestinationLayout::Dynamic
                                        : DestinationLayout::Identity;
  manager.addPass(createSoftmaxResultsToDestinationsPass(destinations));
  manager.addPass(createSoftmaxReuseInputsPass());
  manager.addPass(bufferization::createEmptyTensorEliminationPass());
  bufferization::OneShotBufferizePassOptions bufferize;
  bufferize.bufferizeFunctionBoundaries = true;
  // A caller of the C interface may pass any strides.
  bufferize.functionBoundaryTypeConversion =
      options.kernels ? bufferization::LayoutMapOption::FullyDynamicLayoutMap
                      : bufferization::LayoutMapOption::IdentityLayoutMap;
  manager.addPass(bufferization::createOneShotBufferizePass(bufferize));
  addCleanUp(manager);
  manager.addNestedPass<func::FuncOp>(createConvertLinalgToLoopsPass());
  manager.addNestedPass<func::FuncOp>(createSoftmaxCopiesToLoopsPass());
}

void mlir::softmax::buildToSchedulePipeline(OpPassManager &manager,
                                            const PipelineOptions &options) {
  if (options.kernels)
    addInlining(manager);
  buildToMemRefPipeline(manager, options);
  SoftmaxAssignSchedulePassOptions schedule;
  schedule.target = options.target.name;
  schedule.accuracy = options.accuracy;
  schedule.threads = options.threads;
  schedule.forceStrategy = options.forceStrategy;
  manager.addPass(createSoftmaxAssignSchedulePass(schedule));
}

void mlir::softmax::buildToLLVMPipeline(OpPassManager &manager,
                                        const PipelineOptions &options) {
  if (options.kernels)
    manager.addPass(createAddRowRangePass());
  if (options.kernels && options.threads == "openmp")
    manager.addPass(createSoftmaxSplitRowsPass());
  manager.addNestedPass<func::FuncOp>(createConvertSoftmaxToVectorPass());
  manager.addPass(createSoftmaxCheckLoweredPass());
  addCleanUp(manager);
  if (options.kernels)
    manager.addPass(createPromoteAllocsToWorkspacePass());

  SoftmaxExpandMathOptions math;
  math.fma = options.target.fma;
  math.f16c = options.target.f16c;
  math.bf16 = options.target.bf16Native;
  manager.addPass(createSoftmaxExpandMath(math));
  addCleanUp(manager);
  manager.addNestedPass<func::FuncOp>(createLoopInvariantCodeMotionPass());

  if (!options.kernels)
    manager.addNestedPass<func::FuncOp>(LLVM::createLLVMRequestCWrappersPass());
  manager.addPass(createConvertVectorToSCFPass());
  manager.addPass(memref::createExpandStridedMetadataPass());
  manager.addPass(createLowerAffinePass());
  addCleanUp(manager);
  manager.addPass(createSCFToControlFlowPass());
  ConvertVectorToLLVMPassOptions vector;
  vector.x86Vector = true;
  manager.addPass(createConvertVectorToLLVMPass(vector));
  manager.addPass(createConvertMathToLLVMPass());
  manager.addPass(createArithToLLVMConversionPass());
  manager.addPass(createConvertIndexToLLVMPass());
  manager.addPass(createFinalizeMemRefToLLVMConversionPass());
  manager.addPass(createConvertFuncToLLVMPass());
  manager.addPass(createConvertControlFlowToLLVMPass());
  manager.addPass(createUBToLLVMConversionPass());
  manager.addPass(createReconcileUnrealizedCastsPass());
  manager.addPass(createSoftmaxCheckLoweredPass({/*toLLVM=*/true}));
  SoftmaxNarrowFloatsAsIntegersPassOptions narrow;
  narrow.f16 = !options.target.f16c;
  narrow.bf16 = !options.target.bf16Native;
  manager.addPass(createSoftmaxNarrowFloatsAsIntegersPass(narrow));
  manager.addPass(createSoftmaxIntegerMaskedMemoryPass());
  if (options.kernels && options.interface)
    buildInterfacePipeline(manager, options);
}

void mlir::softmax::buildInterfacePipeline(OpPassManager &manager,
                                           const PipelineOptions &options) {
  EmitKernelInterfacePassOptions interface;
  interface.threads = options.threads;
  manager.addPass(createEmitKernelInterfacePass(interface));
}

namespace {

/// The textual options of --softmax-to-llvm.
struct ToLLVMOptions : PassPipelineOptions<ToLLVMOptions> {
  Option<std::string> target{
      *this, "target",
      llvm::cl::desc("native, x86-64[-v2|-v3|-v4], aarch64[,sve][,bf16] "
                     "or riscv64[,v]"),
      llvm::cl::init("native")};
  Option<std::string> accuracy{*this, "accuracy",
                               llvm::cl::desc("default, strict or fast"),
                               llvm::cl::init("default")};
  Option<std::string> threads{
      *this, "threads", llvm::cl::desc("threads of kernels: none or openmp"),
      llvm::cl::init("none")};
  Option<std::string> forceStrategy{
      *this, "force-strategy",
      llvm::cl::desc("a strategy to use wherever it applies"),
      llvm::cl::init("")};
  Option<bool> fuse{
      *this, "fuse",
      llvm::cl::desc("make element-wise neighbours a part of softmax ops"),
      llvm::cl::init(true)};
  Option<bool> kernels{
      *this, "kernels",
      llvm::cl::desc("emit the C interface of kernels, on memrefs of any "
                     "stride"),
      llvm::cl::init(false)};
};

} // namespace

void mlir::softmax::registerSoftmaxPipelines() {
  registerSoftmaxPipelinesPasses();
  registerGPUPipelines();
  PassPipelineRegistration<ToLLVMOptions>(
      "softmax-to-llvm",
      "lower the softmax dialect on tensors or memrefs to the LLVM dialect "
      "for a CPU",
      [](OpPassManager &manager, const ToLLVMOptions &given) {
        llvm::Expected<TargetDescription> target = parseTarget(given.target);
        if (!target) {
          return addRefusal(manager, "softmax-to-llvm",
                            llvm::toString(target.takeError()));
        }
        PipelineOptions options;
        options.target = *target;
        options.accuracy = given.accuracy;
        options.threads = given.threads;
        options.forceStrategy = given.forceStrategy;
        options.fuse = given.fuse;
        options.kernels = given.kernels;
        buildToSchedulePipeline(manager, options);
        buildToLLVMPipeline(manager, options);
      });
}
