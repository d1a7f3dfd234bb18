// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "JitKernel.h"
#include "mlir/Conversion/ArithToLLVM/ArithToLLVM.h"
#include "mlir/Conversion/ControlFlowToLLVM/ControlFlowToLLVM.h"
#include "mlir/Conversion/FuncToLLVM/ConvertFuncToLLVMPass.h"
#include "mlir/Conversion/MathToLLVM/MathToLLVM.h"
#include "mlir/Conversion/MemRefToLLVM/MemRefToLLVM.h"
#include "mlir/Conversion/ReconcileUnrealizedCasts/ReconcileUnrealizedCasts.h"
#include "mlir/Conversion/SCFToControlFlow/SCFToControlFlow.h"
#include "mlir/Conversion/VectorToLLVM/ConvertVectorToLLVMPass.h"
#include "mlir/Dialect/ControlFlow/IR/ControlFlow.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/MemRef/IR/MemRef.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "mlir/ExecutionEngine/OptUtils.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Target/LLVMIR/Dialect/Builtin/BuiltinToLLVMIRTranslation.h"
#include "mlir/Target/LLVMIR/Dialect/LLVMIR/LLVMToLLVMIRTranslation.h"
#include "mlir/Transforms/Passes.h"
#include "llvm/Support/TargetSelect.h"
#include <cstdlib>

using namespace mlir;
using namespace mlir::softmax;
using namespace mlir::softmax::test;

bool mlir::softmax::test::isFullRun() {
  const char *value = std::getenv("SOFTMAX_FULL");
  return value && StringRef(value) != "" && StringRef(value) != "0";
}

Type mlir::softmax::test::elementType(OpBuilder &b, Element element) {
  switch (element) {
  case Element::f8E4M3FN:
    return Float8E4M3FNType::get(b.getContext());
  case Element::f8E5M2:
    return Float8E5M2Type::get(b.getContext());
  case Element::f16:
    return b.getF16Type();
  case Element::bf16:
    return b.getBF16Type();
  case Element::f32:
    return b.getF32Type();
  case Element::f64:
    return b.getF64Type();
  }
  llvm_unreachable("all elements are handled");
}

static OwningOpRef<ModuleOp> buildModule(MLIRContext &context,
                                         ArrayRef<Element> inputs,
                                         ArrayRef<Element> outputs,
                                         int64_t lanes, bool fma,
                                         const JitKernel::Body &body) {
  OpBuilder b(&context);
  Location loc = b.getUnknownLoc();
  OwningOpRef<ModuleOp> module = ModuleOp::create(loc);
  b.setInsertionPointToEnd(module->getBody());
  SmallVector<Type> types;
  for (Element element : llvm::concat<const Element>(inputs, outputs))
    types.push_back(
        MemRefType::get({JitKernel::batch}, elementType(b, element)));
  func::FuncOp func =
      func::FuncOp::create(b, loc, "kernel", b.getFunctionType(types, {}));
  Block *block = func.addEntryBlock();
  b.setInsertionPointToEnd(block);
  Value zero = arith::ConstantIndexOp::create(b, loc, 0);
  Value end = arith::ConstantIndexOp::create(b, loc, JitKernel::batch);
  Value step = arith::ConstantIndexOp::create(b, loc, lanes);
  scf::ForOp loop = scf::ForOp::create(b, loc, zero, end, step);
  func::ReturnOp::create(b, loc);
  b.setInsertionPoint(loop.getBody()->getTerminator());
  Value i = loop.getInductionVar();
  SmallVector<Value> values;
  for (size_t n = 0; n < inputs.size(); ++n) {
    Value array = block->getArgument(n);
    Type element = elementType(b, inputs[n]);
    if (lanes == 1)
      values.push_back(memref::LoadOp::create(b, loc, array, ValueRange{i}));
    else
      values.push_back(vector::LoadOp::create(
          b, loc, VectorType::get({lanes}, element), array, ValueRange{i}));
  }
  MathBuilder math(b, loc, fma);
  for (auto [n, result] : llvm::enumerate(body(math, values))) {
    Value array = block->getArgument(inputs.size() + n);
    if (lanes == 1)
      memref::StoreOp::create(b, loc, result, array, ValueRange{i});
    else
      vector::StoreOp::create(b, loc, result, array, ValueRange{i});
  }
  return module;
}

static LogicalResult lower(ModuleOp module,
                           const SoftmaxExpandMathOptions &options) {
  PassManager pm(module->getContext());
  pm.addPass(createSoftmaxExpandMath(options));
  pm.addPass(createCSEPass());
  pm.addPass(createSCFToControlFlowPass());
  pm.addPass(createConvertVectorToLLVMPass());
  pm.addPass(createFinalizeMemRefToLLVMConversionPass());
  pm.addPass(createConvertMathToLLVMPass());
  pm.addPass(createArithToLLVMConversionPass());
  ConvertFuncToLLVMPassOptions funcOptions;
  funcOptions.useBarePtrCallConv = true;
  pm.addPass(createConvertFuncToLLVMPass(funcOptions));
  pm.addPass(createConvertControlFlowToLLVMPass());
  pm.addPass(createReconcileUnrealizedCastsPass());
  return pm.run(module);
}

JitKernel::JitKernel(ArrayRef<Element> inputs, ArrayRef<Element> outputs,
                     int64_t lanes, const SoftmaxExpandMathOptions &options,
                     const Body &body) {
  llvm::InitializeNativeTarget();
  llvm::InitializeNativeTargetAsmPrinter();
  DialectRegistry registry;
  registry
      .insert<arith::ArithDialect, cf::ControlFlowDialect, func::FuncDialect,
              LLVM::LLVMDialect, math::MathDialect, memref::MemRefDialect,
              scf::SCFDialect, vector::VectorDialect>();
  registerBuiltinDialectTranslation(registry);
  registerLLVMDialectTranslation(registry);
  context.appendDialectRegistry(registry);
  context.loadAllAvailableDialects();
  OwningOpRef<ModuleOp> module =
      buildModule(context, inputs, outputs, lanes, options.fma, body);
  if (failed(lower(*module, options)))
    llvm::report_fatal_error("the kernel does not lower to LLVM");
  ExecutionEngineOptions engineOptions;
  std::function<llvm::Error(llvm::Module *)> optimize =
      makeOptimizingTransformer(2, 0, nullptr);
  engineOptions.transformer = optimize;
  engine = llvm::cantFail(ExecutionEngine::create(*module, engineOptions));
  entry = llvm::cantFail(engine->lookupPacked("kernel"));
}

void JitKernel::run(ArrayRef<void *> arrays) {
  SmallVector<void *> pointers(arrays);
  SmallVector<void *> arguments;
  for (void *&pointer : pointers)
    arguments.push_back(&pointer);
  entry(arguments.data());
}
