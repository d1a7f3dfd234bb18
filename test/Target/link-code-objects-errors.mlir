// One file each: the linker resets the command line's options.
// RUN: split-file %s %t
// RUN: softmax-opt %t/ptx.mlir --softmax-link-code-objects | FileCheck %s
// RUN: not softmax-opt %t/undefined.mlir --softmax-link-code-objects 2>&1 | FileCheck %s --check-prefix=UNDEFINED
// RUN: not softmax-opt %t/wrong.mlir --softmax-link-code-objects 2>&1 | FileCheck %s --check-prefix=WRONG
// RUN: not softmax-opt %t/chip.mlir --softmax-link-code-objects 2>&1 | FileCheck %s --check-prefix=CHIP

// Assembly of other vendors stays.
// CHECK: gpu.binary @ptx
// UNDEFINED: undefined.mlir:1:1: error: {{.*}}undefined symbol: missing
// WRONG: wrong.mlir:1:1: error: gpu.binary holds no assembly that LLVM takes for gfx942
// CHIP: chip.mlir:1:1: error: unknown chip 'gfx803'; use gfx90a, gfx942 or gfx1100

//--- ptx.mlir
gpu.binary @ptx [#gpu.object<#nvvm.target<chip = "sm_90">, assembly = ".version 8.0">]
//--- undefined.mlir
gpu.binary @undefined [#gpu.object<#rocdl.target<chip = "gfx942">, assembly = ".globl f\0Af:\0A s_getpc_b64 s[4:5]\0A s_add_u32 s4, s4, missing@rel32@lo+4\0A s_endpgm\0A">]
//--- wrong.mlir
gpu.binary @wrong [#gpu.object<#rocdl.target<chip = "gfx942">, assembly = "no_such_instruction v0\0A">]
//--- chip.mlir
gpu.binary @chip [#gpu.object<#rocdl.target<chip = "gfx803">, assembly = "s_endpgm\0A">]
