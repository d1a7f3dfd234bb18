// RUN: not softmax-opt %s --softmax-to-gpu-binary="chip=sm_42" 2>&1 | FileCheck %s --check-prefix=CHIP
// RUN: not softmax-opt %s --softmax-to-gpu-binary="format=elf" 2>&1 | FileCheck %s --check-prefix=FORMAT
// RUN: not softmax-opt %s --softmax-to-gpu-binary="force-strategy=cluster" 2>&1 | FileCheck %s --check-prefix=STRATEGY
// RUN: not softmax-opt %s --softmax-to-gpu-binary="force-strategy=warp_per_row" 2>&1 | FileCheck %s --check-prefix=LONG
// RUN: not softmax-opt %s --softmax-to-gpu-binary 2>&1 | FileCheck %s --check-prefix=LIBRARY

// RUN: not softmax-opt %s --softmax-to-gpu-binary="chip=vulkan format=isa" 2>&1 | FileCheck %s --check-prefix=ISA
// RUN: not softmax-opt %s --softmax-to-gpu-binary="chip=vulkan format=bin" 2>&1 | FileCheck %s --check-prefix=LIBRARY
// ISA: Vulkan has neither bitcode of LLVM nor assembly; use format=bin (SPIR-V) or dialect

// CHIP: --softmax-to-gpu-binary: unknown chip 'sm_42'; use sm_75, sm_80, sm_90, sm_100, gfx90a, gfx942, gfx1100 or vulkan (later chips run the code of earlier ones)
// FORMAT: unknown format 'elf'; use dialect, llvm, isa or bin
// STRATEGY: unknown strategy 'cluster'; use rows_per_warp
// LONG: strategy 'warp_per_row' holds rows of up to 1024 columns, and these have 5000; use block_online, or no strategy to have it where it is needed
// LIBRARY: 'math.sin' op has no expansion free of library calls
func.func @sine(%x: memref<4x5000xf32>, %y: memref<4x5000xf32>) {
  softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp]
    maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>]
    ins(%x : memref<4x5000xf32>) outs(%y : memref<4x5000xf32>)
    logit {
    ^bb0(%e: f32):
      %s = math.sin %e : f32
      softmax.yield %s : f32
    } result { ^bb0(%e: f32, %p: f32, %logp: f32): softmax.yield %p : f32 }
  return
}
