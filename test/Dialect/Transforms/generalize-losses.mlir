// RUN: softmax-opt %s --softmax-generalize --canonicalize --split-input-file | FileCheck %s

// The label picks its logit in the same sweep; a class that is none is NaN
// (status 8 of kernels), and so is a row with +inf (C-INF-1).
// CHECK-LABEL: func @classes(
// CHECK:         softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp, #softmax.sum]
// CHECK-SAME:      softmax.labels = {input = 1 : i64}, softmax.named = "cross_entropy"
// CHECK-SAME:    logit {
// CHECK-NEXT:    ^bb0(%[[E:.*]]: f32, %[[T:.*]]: i64):
// CHECK:           %[[J:.*]] = softmax.index 1
// CHECK-NEXT:      %[[J64:.*]] = arith.index_cast %[[J]] : index to i64
// CHECK-NEXT:      %[[HIT:.*]] = arith.cmpi eq, %[[J64]], %[[T]] : i64
// CHECK-NEXT:      %[[PICK:.*]] = arith.select %[[HIT]], %[[E]], %{{.*}} : f32
// CHECK-NEXT:      softmax.yield %[[E]], %[[PICK]] : f32, f32
// CHECK-NEXT:    } row {
// CHECK-NEXT:    ^bb0(%[[T:.*]]: i64, %[[M:.*]]: f32, %[[S:.*]]: f32, %[[XT:.*]]: f32):
// CHECK:           %[[LOG:.*]] = math.log %[[S]] : f32
// CHECK-NEXT:      %[[LSE:.*]] = arith.addf %[[M]], %[[LOG]] : f32
// CHECK-NEXT:      %[[D:.*]] = arith.subf %[[M]], %[[XT]] : f32
// CHECK-NEXT:      %[[LOSS:.*]] = arith.addf %[[D]], %[[LOG]] : f32
// CHECK-NEXT:      %[[INF:.*]] = arith.cmpf oeq, %[[LSE]]
// CHECK-NEXT:      %[[L1:.*]] = arith.select %[[INF]], %{{.*}}, %[[LOSS]] : f32
// CHECK-NEXT:      %[[NONE:.*]] = arith.cmpi uge, %[[T]], %{{.*}} : i64
// CHECK-NEXT:      %[[L2:.*]] = arith.select %[[NONE]], %{{.*}}, %[[L1]] : f32
// CHECK-NEXT:      softmax.yield %[[L2]], %[[LSE]] : f32, f32
func.func @classes(%x: tensor<?x10xf32>, %t: tensor<?xi64>, %a: tensor<?xf32>, %b: tensor<?xf32>) -> (tensor<?xf32>, tensor<?xf32>) {
  %loss, %l = softmax.cross_entropy dimensions = [1] ins(%x, %t : tensor<?x10xf32>, tensor<?xi64>) outs(%a, %b : tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>, tensor<?xf32>
  return %loss, %l : tensor<?xf32>, tensor<?xf32>
}

// -----

// Smoothing, an ignored class, masked rows (C-INF-2), a number of classes that
// is known at run time only: one input more.
// CHECK-LABEL: func @smoothed(
// CHECK:         %[[N:.*]] = memref.dim %{{.*}}, %c1
// CHECK:         softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp<masked_row = zero>, #softmax.sum, #softmax.sum]
// CHECK-SAME:      softmax.labels = {ignore = -100 : i64, input = 1 : i64}
// CHECK-SAME:      ins(%{{.*}}, %{{.*}}, %[[N]] : memref<?x?xbf16>, memref<?xi32>, index) outs(%{{.*}} : memref<?xf32>)
// CHECK:         row {
// CHECK-NEXT:    ^bb0(%[[T:.*]]: i32, %[[NE:.*]]: index, %{{.*}}: f32, %{{.*}}: f32, %{{.*}}: f32, %[[SUM:.*]]: f32):
// CHECK-DAG:       %[[IGNORED:.*]] = arith.cmpi eq, %[[T]]
// CHECK-DAG:       arith.divf %[[SUM]]
// CHECK-DAG:       arith.cmpi uge
// CHECK:           %[[R:.*]] = arith.select %[[IGNORED]]
// CHECK-NEXT:      softmax.yield %[[R]] : f32
func.func @smoothed(%x: memref<?x?xbf16>, %t: memref<?xi32>, %l: memref<?xf32>) {
  softmax.cross_entropy dimensions = [1] {ignore_index = -100 : i64, label_smoothing = 0.1 : f64, masked_row = #softmax.masked_row<zero>}
    ins(%x, %t : memref<?x?xbf16>, memref<?xi32>) outs(%l : memref<?xf32>)
  return
}

// -----

// CHECK-LABEL: func @probabilities(
// CHECK:         softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp, #softmax.sum, #softmax.sum]
// CHECK-NOT:       softmax.labels
// CHECK:         logit {
// CHECK-NEXT:    ^bb0(%[[E:.*]]: f32, %[[T:.*]]: f32):
// CHECK:           %[[NONE:.*]] = arith.cmpf oeq, %[[T]]
// CHECK-NEXT:      %[[TX:.*]] = arith.mulf %[[T]], %[[E]] : f32
// CHECK-NEXT:      %[[TERM:.*]] = arith.select %[[NONE]], %{{.*}}, %[[TX]] : f32
// CHECK-NEXT:      softmax.yield %[[E]], %[[TERM]], %[[T]] : f32, f32, f32
func.func @probabilities(%x: tensor<?x?xf32>, %t: tensor<?x?xf32>, %l: tensor<?xf32>) -> tensor<?xf32> {
  %loss = softmax.cross_entropy dimensions = [1] ins(%x, %t : tensor<?x?xf32>, tensor<?x?xf32>) outs(%l : tensor<?xf32>) -> tensor<?xf32>
  return %loss : tensor<?xf32>
}

// -----

// The gradient has no statistic: one sweep.
// CHECK-LABEL: func @backward(
// CHECK:         softmax.generic dimensions = [1] statistics = []
// CHECK-SAME:      softmax.named = "cross_entropy_backward"
// CHECK-NOT:     logit
// CHECK:         row {
// CHECK:         result {
// CHECK-NEXT:    ^bb0(%[[E:.*]]: f32, %[[T:.*]]: i64, %[[L:.*]]: f32, %{{.*}}: f32, %[[F:.*]]: f32):
// CHECK:           %[[D:.*]] = arith.subf %[[E]], %[[L]] : f32
// CHECK-NEXT:      %[[P:.*]] = math.exp %[[D]] : f32
// CHECK:           %[[HIT:.*]] = arith.cmpi eq, %{{.*}}, %[[T]] : i64
// CHECK-NEXT:      %[[TARGET:.*]] = arith.select %[[HIT]]
// CHECK-NEXT:      %[[G:.*]] = arith.subf %[[P]], %[[TARGET]] : f32
// CHECK-NEXT:      %[[R:.*]] = arith.mulf %[[G]], %[[F]] : f32
// CHECK-NEXT:      softmax.yield %[[R]] : f32
func.func @backward(%x: tensor<?x10xf32>, %t: tensor<?xi64>, %l: tensor<?xf32>, %d: tensor<?xf32>) -> tensor<?x10xf32> {
  %dx = softmax.cross_entropy_backward dimensions = [1] ins(%x, %t, %l, %d : tensor<?x10xf32>, tensor<?xi64>, tensor<?xf32>, tensor<?xf32>) outs(%x : tensor<?x10xf32>) -> tensor<?x10xf32>
  return %dx : tensor<?x10xf32>
}
