// AMD's device code without ROCm: assembly with wide accesses and exchanges in
// registers, no memory for spilled registers, nothing from a library.
// RUN: softmax-opt %s --softmax-to-gpu-binary="chip=gfx90a" | FileCheck %s --check-prefixes=ISA,GFX90A,GFX9 --implicit-check-not="scratch_{{load|store}}" --implicit-check-not=ocml --implicit-check-not=s_swappc
// RUN: softmax-opt %s --softmax-to-gpu-binary="chip=gfx942" | FileCheck %s --check-prefixes=ISA,GFX942,GFX9 --implicit-check-not="scratch_{{load|store}}" --implicit-check-not=ocml --implicit-check-not=s_swappc
// RUN: softmax-opt %s --softmax-to-gpu-binary="chip=gfx1100" | FileCheck %s --check-prefixes=ISA,GFX11 --implicit-check-not="scratch_{{load|store}}" --implicit-check-not=ocml --implicit-check-not=s_swappc
// RUN: softmax-opt %s --softmax-to-gpu-binary="chip=gfx942 format=llvm" | FileCheck %s --check-prefix=LLVM
// RUN: softmax-opt %s --softmax-to-gpu-binary="chip=gfx942 format=dialect" | FileCheck %s --check-prefix=DIALECT
// RUN: softmax-opt %s --softmax-to-gpu-binary="chip=gfx942 format=bin" | FileCheck %s --check-prefix=BIN
// RUN: not softmax-opt %s --softmax-to-gpu-binary="chip=gfx1030" 2>&1 | FileCheck %s --check-prefix=CHIP

// ISA: gpu.binary @softmax_kernels
// GFX90A-SAME: amdgcn-amd-amdhsa--gfx90a
// GFX942-SAME: amdgcn-amd-amdhsa--gfx942
// GFX11-SAME: amdgcn-amd-amdhsa--gfx1100
// ISA-SAME: .amdhsa_code_object_version 5
// GFX9-SAME: global_load_dwordx4
// GFX11-SAME: global_load_b128
// GFX9-SAME: ds_swizzle_b32
// GFX9-SAME: quad_perm:[2,3,0,1]
// GFX11-SAME: v_permlanex16_b32
// GFX11-SAME: row_xmask:8
// ISA-SAME: s_barrier
// GFX9-SAME: global_store_dwordx4
// GFX11-SAME: global_store_b128
// GFX9-SAME: .wavefront_size: 64
// GFX11-SAME: .wavefront_size: 32
// LLVM: gpu.binary @softmax_kernels [#gpu.object<#rocdl.target<{{.*}}chip = "gfx942"{{.*}}offload
// DIALECT: gpu.module @softmax_kernels
// DIALECT: llvm.func @softmax_block_per_row_4096(%{{.*}}: !llvm.ptr, %{{.*}}: !llvm.ptr) attributes {{.*}}rocdl.kernel
// DIALECT: rocdl.update.dpp
// BIN: gpu.binary @softmax_kernels [#gpu.object<#rocdl.target<{{.*}}chip = "gfx942"{{.*}}"\7FELF
// CHIP: --softmax-to-gpu-binary: unknown chip 'gfx1030'; {{.*}} (code of one chip runs on no other; the nearest name is gfx1100)
func.func @softmax(%x: tensor<1024x4096xf32>) -> tensor<1024x4096xf32> {
  %init = tensor.empty() : tensor<1024x4096xf32>
  %p = softmax.softmax dimensions = [1] ins(%x : tensor<1024x4096xf32>) outs(%init : tensor<1024x4096xf32>) -> tensor<1024x4096xf32>
  return %p : tensor<1024x4096xf32>
}
