// RUN: softmax-opt %s --softmax-to-llvm=target=x86-64 -split-input-file -verify-diagnostics
// RUN: softmax-opt %s --softmax-to-llvm="target=x86-64 kernels" -split-input-file -verify-diagnostics

// Nothing is left behind in silence.
func.func @integers(%x: tensor<4x4xi32>) -> tensor<4x4xi32> {
  %e = tensor.empty() : tensor<4x4xi32>
  // expected-error @+1 {{'linalg.softmax' op of type 'memref<4x4xi32}}
  %p = linalg.softmax dimension(1) ins(%x : tensor<4x4xi32>) outs(%e : tensor<4x4xi32>) -> tensor<4x4xi32>
  return %p : tensor<4x4xi32>
}
