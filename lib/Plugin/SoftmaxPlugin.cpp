// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// The dialect, its passes and pipelines as a plugin of mlir-opt and its like:
//
//   mlir-opt --load-dialect-plugin=softmax-plugin.so
//   --load-pass-plugin=softmax-plugin.so
//            --pass-pipeline='builtin.module(softmax-raise,softmax-generalize)'
//            file.mlir

#include "mlir/Tools/Plugins/DialectPlugin.h"
#include "mlir/Tools/Plugins/PassPlugin.h"
#include "softmax/InitAll.h"
#include "llvm/Config/llvm-config.h"
#include "llvm/Support/Compiler.h"

using namespace mlir;

/// A host that loads the plugin twice, or under two options, registers passes
/// and pipelines once.
static void registerPassesOnce() {
  static const bool registered = [] {
    softmax::registerAllPasses();
    return true;
  }();
  (void)registered;
}

/// Called by `--load-dialect-plugin`.
extern "C" LLVM_ATTRIBUTE_WEAK
    LLVM_ATTRIBUTE_VISIBILITY_DEFAULT DialectPluginLibraryInfo
    mlirGetDialectPluginInfo() {
  return {MLIR_PLUGIN_API_VERSION, "softmax", LLVM_VERSION_STRING,
          [](DialectRegistry *registry) {
            softmax::registerAllDialects(*registry);
          }};
}

/// Called by `--load-pass-plugin`.
extern "C" LLVM_ATTRIBUTE_WEAK
    LLVM_ATTRIBUTE_VISIBILITY_DEFAULT PassPluginLibraryInfo
    mlirGetPassPluginInfo() {
  return {MLIR_PLUGIN_API_VERSION, "softmax", LLVM_VERSION_STRING,
          [] { registerPassesOnce(); }};
}
