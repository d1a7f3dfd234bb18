// RUN: softmax-opt %s --split-input-file --verify-diagnostics --softmax-link-code-objects | FileCheck %s

// Assembly of other vendors stays.
// CHECK: gpu.binary @ptx
gpu.binary @ptx [#gpu.object<#nvvm.target<chip = "sm_90">, assembly = ".version 8.0">]

// -----

// expected-error @+1 {{undefined symbol: missing}}
gpu.binary @undefined [#gpu.object<#rocdl.target<chip = "gfx942">, assembly = ".globl f\0Af:\0A s_getpc_b64 s[4:5]\0A s_add_u32 s4, s4, missing@rel32@lo+4\0A s_endpgm\0A">]

// -----

// expected-error @+1 {{gpu.binary holds no assembly that LLVM takes for gfx942}}
gpu.binary @wrong [#gpu.object<#rocdl.target<chip = "gfx942">, assembly = "no_such_instruction v0\0A">]

// -----

// expected-error @+1 {{unknown chip 'gfx803'; use gfx90a, gfx942 or gfx1100}}
gpu.binary @chip [#gpu.object<#rocdl.target<chip = "gfx803">, assembly = "s_endpgm\0A">]
