// Device code from MLIR: locations of the source in reports, modules by name,
// binaries with bitcode.
//
// RUN: mlir-opt %s --pass-pipeline='builtin.module(gpu.module(convert-scf-to-cf,convert-gpu-to-nvvm,reconcile-unrealized-casts))' \
// RUN:   -mlir-print-debuginfo -o %t.mlir
// RUN: not softmax-gpu-emulate %t.mlir 2>&1 | FileCheck %s --check-prefix=SEVERAL
// SEVERAL: there are several gpu.modules; name one of them
// RUN: not softmax-gpu-emulate %t.mlir --module=third 2>&1 | FileCheck %s --check-prefix=NONE
// NONE: there is no gpu.module and no gpu.binary @third
// RUN: softmax-gpu-emulate %t.mlir --module=second --list-kernels | FileCheck %s --check-prefix=SECOND
// SECOND: iota
// RUN: softmax-gpu-emulate %t.mlir --module=second --block=32 --arg=memref:out:%t.npy:32xi32
// RUN: not softmax-gpu-emulate %t.mlir --module=second --block=33 --arg=memref:out:%t.npy:32xi32 2>&1 | FileCheck %s
// RUN: mlir-opt %t.mlir --pass-pipeline='builtin.module(nvvm-attach-target{chip=sm_90 features=+ptx80},gpu-module-to-binary{format=llvm})' -o %t.binary.mlir
// RUN: softmax-gpu-emulate %t.binary.mlir --module=second --block=32 --arg=memref:out:%t.npy:32xi32
// RUN: not softmax-gpu-emulate %s --module=first 2>&1 | FileCheck %s --check-prefix=HIGH
// HIGH: mlir.mlir:[[#]]:[[#]]: 'gpu.return' is not in the LLVM, NVVM or ROCDL dialects; lower it; gpu.module @first cannot be run

module attributes {gpu.container_module} {
  gpu.module @first {
    gpu.func @nothing() kernel {
      gpu.return
    }
  }

  gpu.module @second {
    gpu.func @iota(%y: memref<?xi32>) kernel {
      %i = gpu.thread_id x
      %v = arith.index_cast %i : index to i32
      // CHECK: mlir.mlir:[[#@LINE+1]]:7: kernel 'iota', block (0, 0, 0), thread (32, 0, 0): out of bounds: writes bytes 128 to 131
      memref.store %v, %y[%i] : memref<?xi32>
      gpu.return
    }
  }
}
