// RUN: softmax-opt %s --softmax-to-llvm=target=x86-64-v3 | FileCheck %s
// RUN: softmax-opt %s --softmax-to-llvm="target=x86-64 kernels=true" | FileCheck %s --check-prefix=KERNEL
// RUN: softmax-opt %s --softmax-to-llvm="target=x86-64 kernels=true threads=openmp" | FileCheck %s --check-prefix=OPENMP
// RUN: not softmax-opt %s --softmax-to-llvm=target=z80 2>&1 | FileCheck %s --check-prefix=TARGET
// RUN: not softmax-opt %s --softmax-to-llvm=accuracy=sloppy 2>&1 | FileCheck %s --check-prefix=ACCURACY
// RUN: not softmax-opt %s --softmax-to-llvm=threads=pthreads 2>&1 | FileCheck %s --check-prefix=THREADS
// RUN: not softmax-opt %s --softmax-to-llvm=force-strategy=fastest 2>&1 | FileCheck %s --check-prefix=STRATEGY

// linalg.softmax is raised and goes the same way.
// CHECK: llvm.func @main
// CHECK: llvm.func @_mlir_ciface_main
// CHECK-NOT: softmax.generic
// CHECK-NOT: linalg.softmax
// KERNEL: llvm.func @main(%{{.*}}: !llvm.ptr, %{{.*}}: !llvm.ptr) -> (i32 {llvm.signext})
// KERNEL: llvm.func @main_units
// KERNEL: llvm.func @main_range
// OPENMP: llvm.func internal @__softmax_rows_main
// OPENMP: llvm.func internal @__softmax_call_main
// OPENMP: llvm.call @omp_get_max_threads
// OPENMP: omp.parallel num_threads(
// OPENMP: omp.wsloop schedule(static)
// OPENMP: llvm.call @__softmax_rows_main
// TARGET: --softmax-to-llvm: unknown target 'z80'; choose one of native, x86-64, x86-64-v2, x86-64-v3, x86-64-v4
// ACCURACY: unknown accuracy 'sloppy'; use default, strict or fast
// THREADS: unknown threads 'pthreads'; use none or openmp
// STRATEGY: unknown strategy 'fastest'; use lanes_rows, registers, pipe3, pipe2, online, three_pass, scalable, lanes_inner, panels or packed
func.func @main(%x: tensor<?x10xf32>) -> tensor<?x10xf32> {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?x10xf32>
  %init = tensor.empty(%n) : tensor<?x10xf32>
  %p = linalg.softmax dimension(1) ins(%x : tensor<?x10xf32>) outs(%init : tensor<?x10xf32>) -> tensor<?x10xf32>
  return %p : tensor<?x10xf32>
}
