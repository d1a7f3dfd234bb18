// RUN: softmax-opt %s --split-input-file --verify-diagnostics --pass-pipeline='builtin.module(softmax-convert-kernels-to-spirv)'

gpu.module @bf16 {
  // expected-error @+1 {{a softmax kernel has an operand of 'bf16', which SPIR-V for Vulkan has no type for; convert it to f16 or f32, or compile for a CPU or another GPU}}
  gpu.func @kernel(%x: memref<1024xbf16>) kernel attributes {known_block_size = array<i32: 32, 1, 1>} {
    gpu.return
  }
}

// -----

gpu.module @constants {
  // expected-error @+1 {{a softmax kernel takes 136 bytes of sizes and scalars, and Vulkan's push constants have 128}}
  gpu.func @kernel(%0: f64, %1: f64, %2: f64, %3: f64, %4: f64, %5: f64, %6: f64, %7: f64, %8: f64, %9: f64,
                   %10: f64, %11: f64, %12: f64, %13: f64, %14: f64, %15: f64, %16: index, %17: index)
      kernel attributes {known_block_size = array<i32: 32, 1, 1>} {
    gpu.return
  }
}

// -----

gpu.module @use {
  gpu.func @kernel(%x: memref<1024xf32>) kernel attributes {known_block_size = array<i32: 32, 1, 1>} {
    %c0 = arith.constant 0 : index
    // expected-error @+1 {{uses a kernel's operand in a way that has no form in SPIR-V}}
    %d = memref.dim %x, %c0 : memref<1024xf32>
    gpu.return
  }
}
