// The stock mlir-opt with the plugin: dialect, passes, bufferization.
// RUN: mlir-opt %s --load-dialect-plugin=%softmax_lib/softmax-plugin%shlibext --load-pass-plugin=%softmax_lib/softmax-plugin%shlibext \
// RUN:   --pass-pipeline='builtin.module(softmax-raise)' | FileCheck %s
// RUN: mlir-opt %s --load-dialect-plugin=%softmax_lib/softmax-plugin%shlibext --load-pass-plugin=%softmax_lib/softmax-plugin%shlibext \
// RUN:   --pass-pipeline='builtin.module(softmax-raise,softmax-generalize)' | FileCheck %s --check-prefix=GENERIC
// In the other order, and each one alone.
// RUN: mlir-opt %s --load-pass-plugin=%softmax_lib/softmax-plugin%shlibext --load-dialect-plugin=%softmax_lib/softmax-plugin%shlibext \
// RUN:   --pass-pipeline='builtin.module(softmax-raise)' | FileCheck %s
// RUN: mlir-opt %s --load-pass-plugin=%softmax_lib/softmax-plugin%shlibext --pass-pipeline='builtin.module(softmax-raise)' | FileCheck %s
// RUN: softmax-opt %s --softmax-raise | mlir-opt --load-dialect-plugin=%softmax_lib/softmax-plugin%shlibext | FileCheck %s
// Bufferization finds the interface that the plugin attaches: in place, without
// an allocation or a copy.
// RUN: softmax-opt %s --softmax-raise | mlir-opt --load-dialect-plugin=%softmax_lib/softmax-plugin%shlibext \
// RUN:   --one-shot-bufferize='bufferize-function-boundaries function-boundary-type-conversion=identity-layout-map' | FileCheck %s --check-prefix=BUFFERS
// All the way down: no op is left of ours, nor of the dialects between.
// RUN: mlir-opt %s --load-dialect-plugin=%softmax_lib/softmax-plugin%shlibext --load-pass-plugin=%softmax_lib/softmax-plugin%shlibext \
// RUN:   --pass-pipeline='builtin.module(softmax-to-llvm{target=x86-64-v3})' | FileCheck %s --check-prefix=LLVM
// The names that a driver lists.
// RUN: mlir-opt --load-pass-plugin=%softmax_lib/softmax-plugin%shlibext --help | FileCheck %s --check-prefix=HELP

// CHECK-LABEL: func @probabilities
// CHECK: softmax.softmax dimensions = [1]
// CHECK-NOT: linalg.softmax
// GENERIC-LABEL: func @probabilities
// GENERIC: softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp]
// BUFFERS-LABEL: func @probabilities
// BUFFERS-NOT: memref.{{alloc|copy}}
// BUFFERS: softmax.softmax dimensions = [1] ins(%[[X:.*]] : memref<?x10xf32>) outs(%[[X]] : memref<?x10xf32>)
// BUFFERS-NOT: memref.{{alloc|copy}}
// LLVM-LABEL: llvm.func @probabilities
// LLVM-NOT: {{softmax\.generic|memref\.|scf\.|arith\.|bufferization\.}}
// LLVM: vector<8xf32>
// HELP: --convert-softmax-to-vector
// HELP: --softmax-generalize
// HELP: --softmax-raise
func.func @probabilities(%x: tensor<?x10xf32>) -> tensor<?x10xf32> {
  %p = linalg.softmax dimension(1) ins(%x : tensor<?x10xf32>) outs(%x : tensor<?x10xf32>) -> tensor<?x10xf32>
  return %p : tensor<?x10xf32>
}
