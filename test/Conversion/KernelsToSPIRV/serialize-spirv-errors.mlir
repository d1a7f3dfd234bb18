// RUN: softmax-opt %s --verify-diagnostics --softmax-serialize-spirv

// expected-error @+1 {{has no spirv.module in front of it; run softmax-convert-kernels-to-spirv before softmax-serialize-spirv}}
gpu.module @kernels {
}
