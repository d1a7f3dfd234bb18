// RUN: sed -e '/^func.func @given/,$d' %s > %t.mlir
// RUN: softmax-opt %s --softmax-generalize --softmax-assign-schedule=target=x86-64-v3 | FileCheck %s
// RUN: softmax-opt %t.mlir --softmax-generalize --softmax-assign-schedule=target=x86-64-v4 | FileCheck %s --check-prefix=V4
// RUN: softmax-opt %t.mlir --softmax-generalize --softmax-assign-schedule="target=x86-64-v3 accuracy=strict" | FileCheck %s --check-prefix=STRICT
// RUN: softmax-opt %t.mlir --softmax-generalize --softmax-assign-schedule="target=x86-64-v3 accuracy=fast" | FileCheck %s --check-prefix=FAST
// RUN: softmax-opt %t.mlir --softmax-generalize --softmax-assign-schedule="target=x86-64 force-strategy=packed" | FileCheck %s --check-prefix=PACKED
// RUN: not softmax-opt %s --softmax-generalize --softmax-assign-schedule=target=x86-64-v4 2>&1 | FileCheck %s --check-prefix=OTHER
// RUN: not softmax-opt %s --softmax-assign-schedule=target=vax 2>&1 | FileCheck %s --check-prefix=VAX
// RUN: not softmax-opt %s --softmax-assign-schedule=force-strategy=pipe9 2>&1 | FileCheck %s --check-prefix=PIPE9
// RUN: not softmax-opt %s --softmax-assign-schedule=accuracy=sloppy 2>&1 | FileCheck %s --check-prefix=SLOPPY
// RUN: not softmax-opt %t.mlir --softmax-generalize --softmax-assign-schedule=force-strategy=lanes_inner 2>&1 | FileCheck %s --check-prefix=FORCED

// VAX: error: softmax-assign-schedule: {{.*}}vax
// PIPE9: error: softmax-assign-schedule: unknown strategy 'pipe9'; use lanes_rows, registers, pipe3, pipe2, online, three_pass, scalable, lanes_inner, panels or packed
// SLOPPY: error: softmax-assign-schedule: unknown accuracy 'sloppy'; use default, strict or fast
// FORCED: error: 'softmax.generic' op strategy 'lanes_inner' cannot be forced here: the last dimension is a softmax dimension

// The numeric part is a function of op, types, mode and target (C-DET-1).

// CHECK: softmax.target = "x86-64-v3"
// CHECK-LABEL: func.func @dynamic
// CHECK: numeric = <exp = table8, fma = true, group = 64, block = 4096>
// CHECK-SAME: <layout = row, max_columns = {{[0-9]+}}, min_rows = 8, strategy = lanes_rows, lanes = 8, vectors = 1, staging = recompute, tail = masked_loads>
// CHECK-SAME: <layout = row, min_columns = {{[0-9]+}}, max_columns = 4096, min_rows = 4, min_bytes = 8388608, strategy = pipe2, lanes = 8, vectors = 4, staging = scratch, tail = masked_loads, prefetch = 2, stores = nontemporal>
// CHECK-SAME: <layout = row, max_columns = 4096, min_rows = 2, strategy = pipe3, lanes = 8, vectors = 4, rows = 8, staging = scratch, tail = masked_loads>
// CHECK-SAME: <layout = row, max_columns = 120, strategy = registers, lanes = 8, vectors = 15, staging = recompute, tail = masked_loads>
// CHECK-SAME: strategy = three_pass, lanes = 8, vectors = 4, staging = output, tail = masked_loads>
// CHECK-SAME: <layout = any, strategy = packed
// V4-LABEL: func.func @dynamic
// V4: numeric = <exp = table16, fma = true
// V4: max_columns = 112, strategy = registers, lanes = 16, vectors = 7, staging = recompute, tail = masked>
// STRICT-LABEL: func.func @dynamic
// STRICT: numeric = <exp = scaled, fma = true, group = 64, block = 4096, accuracy = strict>
// STRICT-NOT: staging = output
// FAST-LABEL: func.func @dynamic
// FAST: numeric = <exp = table8, fma = true, group = 64, block = 4096, accuracy = fast>
// PACKED-LABEL: func.func @dynamic
// PACKED: numeric = <exp = scaled, fma = false
// PACKED-SAME: alternatives = [<layout = any, strategy = packed, lanes = 4, vectors = 1, staging = scratch, tail = pieces>]
func.func @dynamic(%x: memref<?x?xf32>, %y: memref<?x?xf32>) {
  softmax.softmax dimensions = [1] ins(%x : memref<?x?xf32>) outs(%y : memref<?x?xf32>)
  return
}

// log_softmax forms no exponential of its results: nothing to stage.
// CHECK-LABEL: func.func @log
// CHECK: strategy = pipe3, lanes = 8, vectors = 4, rows = 8, staging = recompute
// CHECK-SAME: strategy = three_pass, lanes = 8, vectors = 4, staging = recompute
func.func @log(%x: memref<?x4096xf32>, %y: memref<?x4096xf32>) {
  softmax.log_softmax dimensions = [1] ins(%x : memref<?x4096xf32>) outs(%y : memref<?x4096xf32>)
  return
}

// 16-bit results: exponentials wait in a scratch row of bounded length.
// CHECK-LABEL: func.func @narrow
// CHECK: max_columns = {{[0-9]+}}, strategy = three_pass, lanes = 8, vectors = 4, staging = scratch, tail = pieces
// CHECK-SAME: strategy = online, lanes = 8, vectors = 4, staging = recompute
// V4-LABEL: func.func @narrow
// V4: staging = scratch, tail = masked
func.func @narrow(%x: memref<?x?xf16>, %y: memref<?x?xf16>) {
  softmax.softmax dimensions = [1] ins(%x : memref<?x?xf16>) outs(%y : memref<?x?xf16>)
  return
}

// Along an inner dimension: panels for many rows, and behind their guard what has the
// same bits (C-DET-1).
// CHECK-LABEL: func.func @inner
// CHECK: min_rows = 256, min_bytes = 8388608, strategy = panels, lanes = 8, vectors = 4, staging = scratch, tail = masked_loads, stores = nontemporal>
// CHECK-SAME: min_rows = 256, strategy = panels, lanes = 8, vectors = 4, staging = scratch, tail = masked_loads>
// CHECK-SAME: <layout = inner, strategy = lanes_inner
func.func @inner(%x: memref<?x?xf32>, %y: memref<?x?xf32>) {
  softmax.softmax dimensions = [0] ins(%x : memref<?x?xf32>) outs(%y : memref<?x?xf32>)
  return
}

// A schedule that is there stays, if its numeric part is the op's.
// CHECK-LABEL: func.func @given
// CHECK: alternatives = [<layout = any, strategy = packed, lanes = 2, vectors = 1, staging = scratch, tail = pieces>]
// OTHER: error: 'softmax.generic' op schedule: its numeric part is #softmax.numeric<exp = table8, fma = true, group = 64, block = 4096>, but on target 'x86-64-v4' in mode 'default' it must be #softmax.numeric<exp = table16, fma = true, group = 64, block = 4096>: only the alternatives are free to choose
func.func @given(%x: memref<?x?xf32>, %y: memref<?x?xf32>) {
  softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp]
    maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>]
    ins(%x : memref<?x?xf32>) outs(%y : memref<?x?xf32>)
    schedule = <numeric = <exp = table8, fma = true, group = 64, block = 4096>,
      alternatives = [<layout = any, strategy = packed, lanes = 2, vectors = 1, staging = scratch, tail = pieces>]>
    logit { ^bb0(%e: f32): softmax.yield %e : f32 }
    result { ^bb0(%e: f32, %p: f32, %logp: f32): softmax.yield %p : f32 }
  return
}
