// RUN: softmax-opt %s --softmax-promote-allocs-to-workspace --canonicalize --cse | FileCheck %s

!in = memref<?x?xf32, strided<[?, ?], offset: ?>>

// One static and one dynamic buffer; the second, in a loop, needs no slice per
// iteration.
// CHECK-LABEL: func.func private @two__workspace_size(
// CHECK-SAME: %[[X:.*]]: memref<?x?xf32, strided<[?, ?], offset: ?>>) -> index
// CHECK-DAG: %[[LIMIT:.*]] = arith.constant 1152921504606846976 : index
// CHECK-DAG: %[[MOST:.*]] = arith.constant 144115188075855872 : index
// CHECK-DAG: %[[C8:.*]] = arith.constant 8 : index
// CHECK-DAG: %[[C1:.*]] = arith.constant 1 : index
// CHECK-DAG: %[[C64:.*]] = arith.constant 64 : index
// CHECK: %[[COLUMNS:.*]] = memref.dim %[[X]], %[[C1]]
// CHECK: %[[BYTES:.*]] = arith.muli %[[COLUMNS]], %[[C8]]
// CHECK: %[[FITS:.*]] = arith.cmpi ule, %[[COLUMNS]], %[[MOST]]
// CHECK: %[[SATURATED:.*]] = arith.select %[[FITS]], %[[BYTES]], %[[LIMIT]]
// CHECK: %[[ALIGNED:.*]] = arith.andi
// CHECK: %[[SUM:.*]] = arith.addi %[[ALIGNED]], %[[C64]]
// CHECK: %[[RESULT:.*]] = arith.minui %[[SUM]], %[[LIMIT]]
// CHECK: return %[[RESULT]]
// CHECK-LABEL: func.func @two(
// CHECK-SAME: %[[X:[a-z0-9]+]]: memref<?x?xf32
// CHECK-SAME: %[[WORKSPACE:[a-z0-9]+]]: memref<?xi8>)
// CHECK-SAME: workspace = "40 + 8 * s1 + at most 192"
// CHECK-DAG: %[[ZERO:.*]] = arith.constant 0 : index
// CHECK-DAG: %[[OFFSET:.*]] = arith.constant 64 : index
// CHECK: memref.view %[[WORKSPACE]][%[[ZERO]]][] : memref<?xi8> to memref<10xf32>
// CHECK: scf.for
// CHECK: memref.view %[[WORKSPACE]][%[[OFFSET]]][%{{.*}}] : memref<?xi8> to memref<?xf64>
// CHECK-NOT: memref.dealloc
// CHECK: return
func.func @two(%x: !in) attributes {
    softmax.kernel = {single_op = false, op = "function", operands = [
      {name = "x", kind = "input", type = tensor<?x?xf32>, shape = ["s0", "s1"]}]}} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  %wide = arith.constant 0.0 : f64
  %columns = memref.dim %x, %c1 : !in
  %fixed = memref.alloc() {alignment = 64 : i64} : memref<10xf32>
  memref.store %zero, %fixed[%c0] : memref<10xf32>
  scf.for %i = %c0 to %columns step %c1 {
    %row = memref.alloc(%columns) : memref<?xf64>
    memref.store %wide, %row[%i] : memref<?xf64>
    memref.dealloc %row : memref<?xf64>
  }
  memref.dealloc %fixed : memref<10xf32>
  return
}

// The size of a buffer may be that of another, or come through views.
// CHECK-LABEL: func.func @derived(
// CHECK-SAME: workspace = "4 * (s0 + 3) + 4 * (s0 + 3) * ceildiv(s1, 8) + at most 192"
// CHECK-NOT: memref.alloc
func.func @derived(%x: !in) attributes {
    softmax.kernel = {single_op = false, op = "function", operands = [
      {name = "x", kind = "input", type = tensor<?x?xf32>, shape = ["s0", "s1"]}]}} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c3 = arith.constant 3 : index
  %c8 = arith.constant 8 : index
  %zero = arith.constant 0.0 : f32
  %base, %offset, %sizes:2, %strides:2 = memref.extract_strided_metadata %x
    : !in -> memref<f32>, index, index, index, index, index
  %size = arith.addi %sizes#0, %c3 : index
  %first = memref.alloc(%size) : memref<?xf32>
  %again = memref.dim %first, %c0 : memref<?xf32>
  %blocks = arith.ceildivui %sizes#1, %c8 : index
  %second = memref.alloc(%again, %blocks) : memref<?x?xf32>
  memref.store %zero, %first[%c0] : memref<?xf32>
  memref.store %zero, %second[%c0, %c0] : memref<?x?xf32>
  return
}

// What is said about the layout of another buffer, or of a view, holds its sizes.
// CHECK-LABEL: func.func private @layouts__workspace_size(
// CHECK-SAME: %[[X:.*]]: memref<?x?xf32, strided<[?, ?], offset: ?>>, %[[N:.*]]: index) -> index
// CHECK-DAG: memref.dim %[[X]], %{{.*}}
// CHECK-NOT: memref.extract_strided_metadata
// CHECK-NOT: memref.subview
// CHECK: return
// CHECK-LABEL: func.func @layouts(
// CHECK-NOT: memref.alloc
// CHECK: return
func.func @layouts(%x: !in, %n: index) attributes {
    softmax.kernel = {single_op = false, op = "function", operands = [
      {name = "x", kind = "input", type = tensor<?x?xf32>, shape = ["s0", "s1"]},
      {name = "n", kind = "scalar", type = index}]}} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  %columns = memref.dim %x, %c1 : !in
  %first = memref.alloc(%columns) : memref<4x?xf32>
  %base, %offset, %sizes:2, %strides:2 = memref.extract_strided_metadata %first
    : memref<4x?xf32> -> memref<f32>, index, index, index, index, index
  %second = memref.alloc(%sizes#1, %sizes#0) : memref<?x?xf32>
  %part = memref.subview %second[0, 0] [1, %n] [1, 1]
    : memref<?x?xf32> to memref<?xf32, strided<[1]>>
  %base1, %offset1, %size1, %stride1 = memref.extract_strided_metadata %part
    : memref<?xf32, strided<[1]>> -> memref<f32>, index, index, index
  %third = memref.alloc(%size1) : memref<?xf32>
  memref.store %zero, %first[%c0, %c0] : memref<4x?xf32>
  memref.store %zero, %second[%c0, %c0] : memref<?x?xf32>
  memref.store %zero, %third[%c0] : memref<?xf32>
  return
}

// Every kernel has a workspace argument, if only an empty one.
// CHECK-LABEL: func.func @nothing(
// CHECK-SAME: %{{[a-z0-9]+}}: memref<?xi8>)
// CHECK-SAME: workspace = "0"
func.func @nothing(%x: !in) attributes {
    softmax.kernel = {single_op = false, op = "function", operands = [
      {name = "x", kind = "input", type = tensor<?x?xf32>, shape = ["s0", "s1"]}]}} {
  return
}
