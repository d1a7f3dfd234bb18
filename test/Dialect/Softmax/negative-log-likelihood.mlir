// RUN: softmax-opt %s --canonicalize --split-input-file | FileCheck %s

#row = affine_map<(i) -> (i)>

// The gathered element goes away, and with it the tensor of log-probabilities.
// CHECK-LABEL: func @mean_free(
// CHECK-SAME:    %[[X:.*]]: tensor<?x10xf32>, %[[T:.*]]: tensor<?xi64>
// CHECK-NOT:     softmax.log_softmax
// CHECK:         %[[L:.*]] = softmax.cross_entropy dimensions = [1] ins(%[[X]], %[[T]] : tensor<?x10xf32>, tensor<?xi64>)
// CHECK-NEXT:    return %[[L]] : tensor<?xf32>
func.func @mean_free(%x: tensor<?x10xf32>, %t: tensor<?xi64>) -> tensor<?xf32> {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?x10xf32>
  %e = tensor.empty(%n) : tensor<?x10xf32>
  %y = softmax.log_softmax dimensions = [1] ins(%x : tensor<?x10xf32>) outs(%e : tensor<?x10xf32>) -> tensor<?x10xf32>
  %d = tensor.empty(%n) : tensor<?xf32>
  %loss = linalg.generic {indexing_maps = [#row, #row], iterator_types = ["parallel"]}
    ins(%t : tensor<?xi64>) outs(%d : tensor<?xf32>) {
  ^bb0(%c: i64, %o: f32):
    %i = linalg.index 0 : index
    %j = arith.index_cast %c : i64 to index
    %v = tensor.extract %y[%i, %j] : tensor<?x10xf32>
    %r = arith.negf %v : f32
    linalg.yield %r : f32
  } -> tensor<?xf32>
  return %loss : tensor<?xf32>
}

// -----

#row = affine_map<(i) -> (i)>
#weight = affine_map<(i) -> ()>

// Rows of the class that the selection leaves out are ignored; what else the
// reader does stays.
// CHECK-LABEL: func @ignored(
// CHECK:         %[[L:.*]] = softmax.cross_entropy dimensions = [1] {ignore_index = -100 : i64}
// CHECK:         linalg.generic
// CHECK-SAME:      ins(%{{.*}}, %{{.*}}, %[[L]] : tensor<8xi32>, f32, tensor<8xf32>)
// CHECK:         ^bb0(%[[C:.*]]: i32, %[[W:.*]]: f32, %[[E:.*]]: f32, %{{.*}}: f32):
// CHECK:           %[[OFF:.*]] = arith.cmpi eq, %[[C]]
// CHECK-NEXT:      %[[S:.*]] = arith.select %[[OFF]], %{{.*}}, %[[E]] : f32
// CHECK-NEXT:      %[[P:.*]] = arith.mulf %[[S]], %[[W]] : f32
// CHECK-NEXT:      linalg.yield %[[P]] : f32
func.func @ignored(%x: tensor<8x10xf32>, %t: tensor<8xi32>, %w: f32) -> tensor<8xf32> {
  %e = tensor.empty() : tensor<8x10xf32>
  %y = softmax.log_softmax dimensions = [1] ins(%x : tensor<8x10xf32>) outs(%e : tensor<8x10xf32>) -> tensor<8x10xf32>
  %d = tensor.empty() : tensor<8xf32>
  %zero = arith.constant 0.0 : f32
  %none = arith.constant -100 : i32
  %loss = linalg.generic {indexing_maps = [#row, #weight, #row], iterator_types = ["parallel"]}
    ins(%t, %w : tensor<8xi32>, f32) outs(%d : tensor<8xf32>) {
  ^bb0(%c: i32, %s: f32, %o: f32):
    %i = linalg.index 0 : index
    %j = arith.index_cast %c : i32 to index
    %v = tensor.extract %y[%i, %j] : tensor<8x10xf32>
    %r = arith.negf %v : f32
    %off = arith.cmpi eq, %c, %none : i32
    %k = arith.select %off, %zero, %r : f32
    %p = arith.mulf %k, %s : f32
    linalg.yield %p : f32
  } -> tensor<8xf32>
  return %loss : tensor<8xf32>
}

// -----

#row = affine_map<(i, j) -> (i, j)>

// Pixels of images, classes along the dimension in the middle; a class whose
// rows count otherwise is not ignored.
// CHECK-LABEL: func @pixels(
// CHECK:         softmax.cross_entropy dimensions = [1] ins(%{{.*}} : tensor<2x5x7xf32>, tensor<2x7xi64>)
// CHECK:         arith.mulf
func.func @pixels(%x: tensor<2x5x7xf32>, %t: tensor<2x7xi64>) -> tensor<2x7xf32> {
  %e = tensor.empty() : tensor<2x5x7xf32>
  %y = softmax.log_softmax dimensions = [1] ins(%x : tensor<2x5x7xf32>) outs(%e : tensor<2x5x7xf32>) -> tensor<2x5x7xf32>
  %d = tensor.empty() : tensor<2x7xf32>
  %heavy = arith.constant 2.0 : f32
  %one = arith.constant 1.0 : f32
  %three = arith.constant 3 : i64
  %loss = linalg.generic {indexing_maps = [#row, #row], iterator_types = ["parallel", "parallel"]}
    ins(%t : tensor<2x7xi64>) outs(%d : tensor<2x7xf32>) {
  ^bb0(%c: i64, %o: f32):
    %i = linalg.index 0 : index
    %j = linalg.index 1 : index
    %k = arith.index_cast %c : i64 to index
    %v = tensor.extract %y[%i, %k, %j] : tensor<2x5x7xf32>
    %is = arith.cmpi eq, %c, %three : i64
    %w = arith.select %is, %heavy, %one : f32
    %p = arith.mulf %v, %w : f32
    linalg.yield %p : f32
  } -> tensor<2x7xf32>
  return %loss : tensor<2x7xf32>
}

// -----

#row = affine_map<(i) -> (i)>

// Left alone: classes of perhaps fewer rows than the logits; narrow results;
// masked rows of -inf, whose loss would not be 0; other readers.
// CHECK-LABEL: func @fewer(
// CHECK:         softmax.log_softmax
func.func @fewer(%x: tensor<?x10xf32>, %e: tensor<?x10xf32>, %t: tensor<?xi64>, %d: tensor<?xf32>) -> tensor<?xf32> {
  %y = softmax.log_softmax dimensions = [1] ins(%x : tensor<?x10xf32>) outs(%e : tensor<?x10xf32>) -> tensor<?x10xf32>
  %loss = linalg.generic {indexing_maps = [#row, #row], iterator_types = ["parallel"]}
    ins(%t : tensor<?xi64>) outs(%d : tensor<?xf32>) {
  ^bb0(%c: i64, %o: f32):
    %i = linalg.index 0 : index
    %j = arith.index_cast %c : i64 to index
    %v = tensor.extract %y[%i, %j] : tensor<?x10xf32>
    linalg.yield %v : f32
  } -> tensor<?xf32>
  return %loss : tensor<?xf32>
}

// CHECK-LABEL: func @narrow(
// CHECK:         softmax.log_softmax
// CHECK-LABEL: func @masked(
// CHECK:         softmax.log_softmax
// CHECK-LABEL: func @both(
// CHECK:         softmax.log_softmax
func.func @narrow(%x: tensor<8x10xf16>, %e: tensor<8x10xf16>, %t: tensor<8xi64>, %d: tensor<8xf16>) -> tensor<8xf16> {
  %y = softmax.log_softmax dimensions = [1] ins(%x : tensor<8x10xf16>) outs(%e : tensor<8x10xf16>) -> tensor<8x10xf16>
  %loss = linalg.generic {indexing_maps = [#row, #row], iterator_types = ["parallel"]}
    ins(%t : tensor<8xi64>) outs(%d : tensor<8xf16>) {
  ^bb0(%c: i64, %o: f16):
    %i = linalg.index 0 : index
    %j = arith.index_cast %c : i64 to index
    %v = tensor.extract %y[%i, %j] : tensor<8x10xf16>
    linalg.yield %v : f16
  } -> tensor<8xf16>
  return %loss : tensor<8xf16>
}

func.func @masked(%x: tensor<8x10xf32>, %e: tensor<8x10xf32>, %t: tensor<8xi64>, %d: tensor<8xf32>) -> tensor<8xf32> {
  %y = softmax.log_softmax dimensions = [1] {masked_row = #softmax.masked_row<zero>} ins(%x : tensor<8x10xf32>) outs(%e : tensor<8x10xf32>) -> tensor<8x10xf32>
  %loss = linalg.generic {indexing_maps = [#row, #row], iterator_types = ["parallel"]}
    ins(%t : tensor<8xi64>) outs(%d : tensor<8xf32>) {
  ^bb0(%c: i64, %o: f32):
    %i = linalg.index 0 : index
    %j = arith.index_cast %c : i64 to index
    %v = tensor.extract %y[%i, %j] : tensor<8x10xf32>
    linalg.yield %v : f32
  } -> tensor<8xf32>
  return %loss : tensor<8xf32>
}

func.func @both(%x: tensor<8x10xf32>, %e: tensor<8x10xf32>, %t: tensor<8xi64>, %d: tensor<8xf32>) -> (tensor<8xf32>, tensor<8x10xf32>) {
  %y = softmax.log_softmax dimensions = [1] ins(%x : tensor<8x10xf32>) outs(%e : tensor<8x10xf32>) -> tensor<8x10xf32>
  %loss = linalg.generic {indexing_maps = [#row, #row], iterator_types = ["parallel"]}
    ins(%t : tensor<8xi64>) outs(%d : tensor<8xf32>) {
  ^bb0(%c: i64, %o: f32):
    %i = linalg.index 0 : index
    %j = arith.index_cast %c : i64 to index
    %v = tensor.extract %y[%i, %j] : tensor<8x10xf32>
    linalg.yield %v : f32
  } -> tensor<8xf32>
  return %loss, %y : tensor<8xf32>, tensor<8x10xf32>
}
