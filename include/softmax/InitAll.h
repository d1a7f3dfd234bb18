// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Everything that the project registers, for tools that want all of it.  Link
// SoftmaxInitAll.

#ifndef SOFTMAX_INITALL_H
#define SOFTMAX_INITALL_H

#include "mlir/IR/DialectRegistry.h"
#include "softmax/Conversion/KernelsToSPIRV/Passes.h"
#include "softmax/Conversion/SoftmaxToGPU/Passes.h"
#include "softmax/Conversion/SoftmaxToLinalg/Passes.h"
#include "softmax/Conversion/SoftmaxToVector/Passes.h"
#include "softmax/Conversion/ToSoftmax/Passes.h"
#include "softmax/Dialect/IR/Softmax.h"
#include "softmax/Dialect/Interfaces/BufferizableOpInterfaceImpl.h"
#include "softmax/Dialect/Transforms/Passes.h"
#include "softmax/Differentiation/Passes.h"
#include "softmax/Math/Passes.h"
#include "softmax/Pipelines/Pipelines.h"
#include "softmax/Target/Passes.h"

namespace mlir::softmax {

/// The dialect and the interfaces that are attached from outside of it.
inline void registerAllDialects(DialectRegistry &registry) {
  registry.insert<SoftmaxDialect>();
  registerBufferizableOpInterfaceExternalModels(registry);
}

/// Passes and pipelines, by their names on a command line.  To be called once
/// in a process: registering a pipeline a second time is fatal.
inline void registerAllPasses() {
  registerToSoftmaxPasses();
  registerSoftmaxToLinalgPasses();
  registerSoftmaxTransformsPasses();
  registerSoftmaxDifferentiationPasses();
  registerSoftmaxTargetPasses();
  registerSoftmaxToVectorPasses();
  registerSoftmaxToGPUPasses();
  registerKernelsToSPIRVPasses();
  registerMathPasses();
  registerSoftmaxPipelines();
}

} // namespace mlir::softmax

#endif // SOFTMAX_INITALL_H
