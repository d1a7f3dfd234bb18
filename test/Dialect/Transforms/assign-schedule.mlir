// RUN: softmax-opt %s --softmax-generalize --softmax-assign-schedule=target=x86-64-v3 | FileCheck %s
// RUN: softmax-opt %s --softmax-generalize --softmax-assign-schedule=target=x86-64-v4 | FileCheck %s --check-prefix=V4
// RUN: softmax-opt %s --softmax-generalize --softmax-assign-schedule="target=x86-64 force-strategy=packed" | FileCheck %s --check-prefix=PACKED
// RUN: not softmax-opt %s --softmax-assign-schedule=target=vax 2>&1 | FileCheck %s --check-prefix=VAX
// RUN: not softmax-opt %s --softmax-assign-schedule=force-strategy=pipe9 2>&1 | FileCheck %s --check-prefix=PIPE9
// RUN: not softmax-opt %s --softmax-assign-schedule=accuracy=sloppy 2>&1 | FileCheck %s --check-prefix=SLOPPY
// RUN: not softmax-opt %s --softmax-generalize --softmax-assign-schedule=force-strategy=lanes_inner 2>&1 | FileCheck %s --check-prefix=FORCED

// VAX: error: softmax-assign-schedule: {{.*}}vax
// PIPE9: error: softmax-assign-schedule: unknown strategy 'pipe9'; use registers, three_pass, scalable, lanes_inner or packed
// SLOPPY: error: softmax-assign-schedule: accuracy 'sloppy' is not in this version; use 'default'
// FORCED: error: 'softmax.generic' op strategy 'lanes_inner' cannot be forced here: the last dimension is a softmax dimension

// The numeric part is a function of op, types, mode and target (C-DET-1).

// CHECK: softmax.target = "x86-64-v3"
// CHECK-LABEL: func.func @dynamic
// CHECK: numeric = <exp = scaled, fma = true, group = 64, block = 4096>
// CHECK-SAME: <layout = row, max_columns = 120, strategy = registers, lanes = 8, vectors = 15, staging = recompute, tail = masked_loads>
// CHECK-SAME: <layout = row, max_columns = 26214, min_bytes = 8388608, strategy = three_pass, lanes = 8, vectors = 4, staging = scratch, tail = masked_loads, prefetch = 1, stores = nontemporal>
// CHECK-SAME: <layout = row, strategy = three_pass, lanes = 8, vectors = 4, staging = output, tail = masked_loads>
// CHECK-SAME: <layout = any, strategy = packed
// V4-LABEL: func.func @dynamic
// V4: max_columns = 112, strategy = registers, lanes = 16, vectors = 7, staging = recompute, tail = masked>
// PACKED-LABEL: func.func @dynamic
// PACKED: fma = false
// PACKED-SAME: alternatives = [<layout = any, strategy = packed, lanes = 4, vectors = 1, staging = scratch, tail = pieces>]
func.func @dynamic(%x: memref<?x?xf32>, %y: memref<?x?xf32>) {
  softmax.softmax dimensions = [1] ins(%x : memref<?x?xf32>) outs(%y : memref<?x?xf32>)
  return
}

// log_softmax forms no exponential of its results: nothing to stage.
// CHECK-LABEL: func.func @log
// CHECK: strategy = three_pass, lanes = 8, vectors = 4, staging = recompute
func.func @log(%x: memref<?x4096xf32>, %y: memref<?x4096xf32>) {
  softmax.log_softmax dimensions = [1] ins(%x : memref<?x4096xf32>) outs(%y : memref<?x4096xf32>)
  return
}

// 16-bit results: exponentials wait in a scratch row of bounded length.
// CHECK-LABEL: func.func @narrow
// CHECK: max_columns = {{[0-9]+}}, strategy = three_pass, lanes = 8, vectors = 4, staging = scratch, tail = pieces
// CHECK-SAME: strategy = three_pass, lanes = 8, vectors = 4, staging = recompute
// V4-LABEL: func.func @narrow
// V4: staging = scratch, tail = masked
func.func @narrow(%x: memref<?x?xf16>, %y: memref<?x?xf16>) {
  softmax.softmax dimensions = [1] ins(%x : memref<?x?xf16>) outs(%y : memref<?x?xf16>)
  return
}
