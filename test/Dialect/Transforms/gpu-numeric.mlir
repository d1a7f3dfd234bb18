// How exponentials are formed on a GPU: by instruction where the mode's bound
// holds with it.
// RUN: softmax-opt %s --split-input-file --softmax-generalize --softmax-assign-gpu-schedule="chip=sm_90" | FileCheck %s
// RUN: softmax-opt %s --split-input-file --softmax-generalize --softmax-assign-gpu-schedule="chip=sm_90 accuracy=fast" | FileCheck %s --check-prefix=FAST
// RUN: softmax-opt %s --split-input-file --softmax-generalize --softmax-assign-gpu-schedule="chip=sm_90 accuracy=strict" | FileCheck %s --check-prefix=STRICT --implicit-check-not="= native"

// CHECK-LABEL: @f32
// CHECK: numeric = <block = 8192>
// FAST-LABEL: @f32
// FAST: numeric = <block = 8192, accuracy = fast, exp = native>
// STRICT-LABEL: @f32
// STRICT: numeric = <block = 8192, accuracy = strict>
func.func @f32(%x: memref<4x100xf32>, %y: memref<4x100xf32>) {
  softmax.softmax dimensions = [1] ins(%x : memref<4x100xf32>) outs(%y : memref<4x100xf32>)
  return
}

// -----

// CHECK-LABEL: @narrow
// CHECK: numeric = <block = 8192, exp = native>
func.func @narrow(%x: memref<4x100xf32>, %y: memref<4x100xbf16>) {
  softmax.softmax dimensions = [1] ins(%x : memref<4x100xf32>) outs(%y : memref<4x100xbf16>)
  return
}

// -----

// lse is a result in f32.
// CHECK-LABEL: @lse
// CHECK: numeric = <block = 8192>
func.func @lse(%x: memref<4x100xf16>, %y: memref<4x100xf16>, %l: memref<4xf32>) {
  softmax.softmax dimensions = [1] ins(%x : memref<4x100xf16>) outs(%y, %l : memref<4x100xf16>, memref<4xf32>)
  return
}

// -----

// The logarithm of a probability goes to 0.
// CHECK-LABEL: @log
// CHECK: numeric = <block = 8192>
func.func @log(%x: memref<4x100xf16>, %y: memref<4x100xf16>) {
  softmax.log_softmax dimensions = [1] ins(%x : memref<4x100xf16>) outs(%y : memref<4x100xf16>)
  return
}

// -----

// CHECK-LABEL: @f64
// CHECK: numeric = <block = 8192>
// FAST-LABEL: @f64
// FAST: numeric = <block = 8192, accuracy = fast>
func.func @f64(%x: memref<4x100xf64>, %y: memref<4x100xf64>) {
  softmax.softmax dimensions = [1] ins(%x : memref<4x100xf64>) outs(%y : memref<4x100xf64>)
  return
}

// -----

// AMD's chips have one as well; Vulkan promises little of its own.
// RUN: softmax-opt %s --split-input-file --softmax-generalize --softmax-assign-gpu-schedule="chip=gfx942 accuracy=fast" | FileCheck %s --check-prefix=AMD
// RUN: softmax-opt %s --split-input-file --softmax-generalize --softmax-assign-gpu-schedule="chip=vulkan accuracy=fast" | FileCheck %s --check-prefix=VULKAN --implicit-check-not="= native"
// AMD-LABEL: @amd
// AMD: numeric = <block = 8192, accuracy = fast, exp = native>
// VULKAN-LABEL: @amd
// VULKAN: numeric = <block = 8192, accuracy = fast>
func.func @amd(%x: memref<4x100xf16>, %y: memref<4x100xf16>) {
  softmax.softmax dimensions = [1] ins(%x : memref<4x100xf16>) outs(%y : memref<4x100xf16>)
  return
}
