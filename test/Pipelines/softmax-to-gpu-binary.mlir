// PTX for every chip, without NVIDIA's tools: nothing is unresolved, and accesses
// are as wide as the chip has them.
// RUN: softmax-opt %s --softmax-to-gpu-binary="chip=sm_75" | FileCheck %s --check-prefixes=PTX,SM75 --implicit-check-not=.extern
// RUN: softmax-opt %s --softmax-to-gpu-binary="chip=sm_80" | FileCheck %s --check-prefixes=PTX,SM80 --implicit-check-not=.extern
// RUN: softmax-opt %s --softmax-to-gpu-binary="chip=sm_90" | FileCheck %s --check-prefixes=PTX,SM90 --implicit-check-not=.extern
// RUN: softmax-opt %s --softmax-to-gpu-binary="chip=sm_100" | FileCheck %s --check-prefixes=PTX,SM100 --implicit-check-not=.extern
// RUN: softmax-opt %s --softmax-to-gpu-binary="chip=sm_90 format=llvm" | FileCheck %s --check-prefix=LLVM
// RUN: softmax-opt %s --softmax-to-gpu-binary="chip=sm_90 format=dialect" | FileCheck %s --check-prefix=DIALECT
// RUN: softmax-opt %s --softmax-to-gpu-binary="chip=sm_90 force-strategy=block_online" | FileCheck %s --check-prefix=ONLINE

// PTX: gpu.binary @softmax_kernels
// SM75-SAME: .target sm_75
// SM80-SAME: .target sm_80
// SM90-SAME: .target sm_90
// SM100-SAME: .target sm_100
// PTX-SAME: .visible .entry softmax_block_per_row_4096(
// SM75-SAME: ld.global.v4.b32
// SM80-SAME: ld.global.v4.b32
// SM90-SAME: ld.global.v4.b32
// SM100-SAME: ld.global.v4.b64
// PTX-SAME: shfl.sync.bfly.b32
// PTX-SAME: bar.sync
// SM75-SAME: st.global.v4.b32
// SM80-SAME: st.global.v4.b32
// SM90-SAME: st.global.v4.b32
// SM100-SAME: st.global.v4.b64
// LLVM: gpu.binary @softmax_kernels [#gpu.object<#nvvm.target<{{.*}}chip = "sm_90"{{.*}}offload
// DIALECT: gpu.module @softmax_kernels
// DIALECT: llvm.func @softmax_block_per_row_4096(%{{.*}}: !llvm.ptr, %{{.*}}: !llvm.ptr) attributes
// ONLINE: .visible .entry softmax_block_online(
func.func @softmax(%x: tensor<1024x4096xf32>) -> tensor<1024x4096xf32> {
  %init = tensor.empty() : tensor<1024x4096xf32>
  %p = softmax.softmax dimensions = [1] ins(%x : tensor<1024x4096xf32>) outs(%init : tensor<1024x4096xf32>) -> tensor<1024x4096xf32>
  return %p : tensor<1024x4096xf32>
}
