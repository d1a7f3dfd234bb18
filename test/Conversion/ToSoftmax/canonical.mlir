// Form P1: softmax as front ends print it in linalg on tensors.
// RUN: softmax-opt %s --softmax-raise=report --split-input-file -verify-diagnostics | FileCheck %s
// However the ops are spelled, it is the same computation:
// RUN: softmax-opt %s --linalg-generalize-named-ops --split-input-file | softmax-opt --softmax-raise --split-input-file | FileCheck %s
// RUN: mlir-opt %s --linalg-specialize-generic-ops --split-input-file | softmax-opt --softmax-raise --split-input-file | FileCheck %s
// RUN: mlir-opt %s --canonicalize --cse --split-input-file | softmax-opt --softmax-raise --split-input-file | FileCheck %s

// A generic op for each step; maximum from -inf.
#rows = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>
// CHECK-LABEL: func @apart
// CHECK-SAME: (%[[X:.*]]: tensor<?x10xf32>, %[[INIT:.*]]: tensor<?x10xf32>)
func.func @apart(%x: tensor<?x10xf32>, %init: tensor<?x10xf32>) -> tensor<?x10xf32> {
  // CHECK-NOT: linalg
  // CHECK: %[[P:.*]] = softmax.softmax dimensions = [1] ins(%[[X]] : tensor<?x10xf32>) outs(%[[INIT]] : tensor<?x10xf32>)
  // CHECK-NOT: linalg
  // CHECK: return %[[P]]
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %lowest = arith.constant 0xFF800000 : f32
  %n = tensor.dim %x, %c0 : tensor<?x10xf32>
  %empty = tensor.empty(%n) : tensor<?x10xf32>
  %per_row = tensor.empty(%n) : tensor<?xf32>
  %max_init = linalg.fill ins(%lowest : f32) outs(%per_row : tensor<?xf32>) -> tensor<?xf32>
  %max = linalg.generic {indexing_maps = [#rows, #row], iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<?x10xf32>) outs(%max_init : tensor<?xf32>) {
  ^bb0(%e: f32, %m: f32):
    %larger = arith.maximumf %e, %m : f32
    linalg.yield %larger : f32
  } -> tensor<?xf32>
  %shifted = linalg.generic {indexing_maps = [#rows, #row, #rows], iterator_types = ["parallel", "parallel"]}
      ins(%x, %max : tensor<?x10xf32>, tensor<?xf32>) outs(%empty : tensor<?x10xf32>) {
  ^bb0(%e: f32, %m: f32, %out: f32):
    %difference = arith.subf %e, %m : f32
    linalg.yield %difference : f32
  } -> tensor<?x10xf32>
  %exponentials = linalg.generic {indexing_maps = [#rows, #rows], iterator_types = ["parallel", "parallel"]}
      ins(%shifted : tensor<?x10xf32>) outs(%empty : tensor<?x10xf32>) {
  ^bb0(%e: f32, %out: f32):
    %exp = math.exp %e : f32
    linalg.yield %exp : f32
  } -> tensor<?x10xf32>
  %sum_init = linalg.fill ins(%zero : f32) outs(%per_row : tensor<?xf32>) -> tensor<?xf32>
  %sum = linalg.generic {indexing_maps = [#rows, #row], iterator_types = ["parallel", "reduction"]}
      ins(%exponentials : tensor<?x10xf32>) outs(%sum_init : tensor<?xf32>) {
  ^bb0(%e: f32, %s: f32):
    %more = arith.addf %e, %s : f32
    linalg.yield %more : f32
  } -> tensor<?xf32>
  // expected-remark@+1 {{raised to softmax.softmax}}
  %p = linalg.generic {indexing_maps = [#rows, #row, #rows], iterator_types = ["parallel", "parallel"]}
      ins(%exponentials, %sum : tensor<?x10xf32>, tensor<?xf32>) outs(%init : tensor<?x10xf32>) {
  ^bb0(%e: f32, %s: f32, %out: f32):
    %q = arith.divf %e, %s : f32
    linalg.yield %q : f32
  } -> tensor<?x10xf32>
  return %p : tensor<?x10xf32>
}

// -----

// Subtraction and exponential in one body, compare and select, the lowest
// finite value, -0.0, a reciprocal, operands the other way round, and a sum
// that computes the exponentials once more; the destination of the product is
// the dead exponentials', whose own one is taken.
#rows = affine_map<(d0, d1) -> (d0, d1)>
#column = affine_map<(d0, d1) -> (d1)>
#one = affine_map<(d0) -> (d0)>
// CHECK-LABEL: func @fused
// CHECK-SAME: (%[[X:.*]]: tensor<8x16xf64>, %[[INIT:.*]]: tensor<8x16xf64>)
func.func @fused(%x: tensor<8x16xf64>, %init: tensor<8x16xf64>) -> tensor<8x16xf64> {
  // CHECK-NOT: linalg
  // CHECK: %[[P:.*]] = softmax.softmax dimensions = [0] ins(%[[X]] : tensor<8x16xf64>) outs(%[[INIT]] : tensor<8x16xf64>)
  // CHECK-NOT: linalg
  // CHECK: return %[[P]]
  %one = arith.constant 1.0 : f64
  %max_init = arith.constant dense<-1.7976931348623157e+308> : tensor<16xf64>
  %sum_init = arith.constant dense<-0.0> : tensor<16xf64>
  %per_row = tensor.empty() : tensor<16xf64>
  %max = linalg.generic {indexing_maps = [#rows, #column], iterator_types = ["reduction", "parallel"]}
      ins(%x : tensor<8x16xf64>) outs(%max_init : tensor<16xf64>) {
  ^bb0(%e: f64, %m: f64):
    %less = arith.cmpf olt, %e, %m : f64
    %larger = arith.select %less, %m, %e : f64
    linalg.yield %larger : f64
  } -> tensor<16xf64>
  %exponentials = linalg.generic {indexing_maps = [#rows, #column, #rows], iterator_types = ["parallel", "parallel"]}
      ins(%x, %max : tensor<8x16xf64>, tensor<16xf64>) outs(%init : tensor<8x16xf64>) {
  ^bb0(%e: f64, %m: f64, %out: f64):
    %difference = arith.subf %e, %m : f64
    %exp = math.exp %difference : f64
    linalg.yield %exp : f64
  } -> tensor<8x16xf64>
  %sum = linalg.generic {indexing_maps = [#rows, #column, #column], iterator_types = ["reduction", "parallel"]}
      ins(%x, %max : tensor<8x16xf64>, tensor<16xf64>) outs(%sum_init : tensor<16xf64>) {
  ^bb0(%e: f64, %m: f64, %s: f64):
    %negative = arith.negf %m : f64
    %difference = arith.addf %negative, %e : f64
    %exp = math.exp %difference : f64
    %more = arith.addf %s, %exp : f64
    linalg.yield %more : f64
  } -> tensor<16xf64>
  %reciprocal = linalg.generic {indexing_maps = [#one, #one], iterator_types = ["parallel"]}
      ins(%sum : tensor<16xf64>) outs(%per_row : tensor<16xf64>) {
  ^bb0(%s: f64, %out: f64):
    %r = arith.divf %one, %s : f64
    linalg.yield %r : f64
  } -> tensor<16xf64>
  // expected-remark@+1 {{raised to softmax.softmax}}
  %p = linalg.generic {indexing_maps = [#column, #rows], iterator_types = ["parallel", "parallel"]}
      ins(%reciprocal : tensor<16xf64>) outs(%exponentials : tensor<8x16xf64>) {
  ^bb0(%r: f64, %e: f64):
    %q = arith.mulf %r, %e : f64
    linalg.yield %q : f64
  } -> tensor<8x16xf64>
  return %p : tensor<8x16xf64>
}

// -----

// Named ops throughout, two dimensions jointly, a NaN that maxnumf ignores.
// CHECK-LABEL: func @named
// CHECK-SAME: (%[[X:.*]]: tensor<4x5x6xbf16>)
func.func @named(%x: tensor<4x5x6xbf16>) -> tensor<4x5x6xbf16> {
  // CHECK: %[[INIT:.*]] = tensor.empty() : tensor<4x5x6xbf16>
  // CHECK-NOT: linalg
  // CHECK: %[[P:.*]] = softmax.softmax dimensions = [0, 2] ins(%[[X]] : tensor<4x5x6xbf16>) outs(%[[INIT]] : tensor<4x5x6xbf16>)
  // CHECK-NOT: linalg
  // CHECK: return %[[P]]
  %nan = arith.constant 0xFFC0 : bf16
  %zero = arith.constant 0.0 : bf16
  %empty = tensor.empty() : tensor<4x5x6xbf16>
  %per_row = tensor.empty() : tensor<5xbf16>
  %max_init = linalg.fill ins(%nan : bf16) outs(%per_row : tensor<5xbf16>) -> tensor<5xbf16>
  %max = linalg.reduce { arith.maxnumf } ins(%x : tensor<4x5x6xbf16>) outs(%max_init : tensor<5xbf16>) dimensions = [0, 2]
  %wide_max = linalg.broadcast ins(%max : tensor<5xbf16>) outs(%empty : tensor<4x5x6xbf16>) dimensions = [0, 2]
  %shifted = linalg.sub ins(%x, %wide_max : tensor<4x5x6xbf16>, tensor<4x5x6xbf16>) outs(%empty : tensor<4x5x6xbf16>) -> tensor<4x5x6xbf16>
  %exponentials = linalg.exp ins(%shifted : tensor<4x5x6xbf16>) outs(%empty : tensor<4x5x6xbf16>) -> tensor<4x5x6xbf16>
  %sum_init = linalg.fill ins(%zero : bf16) outs(%per_row : tensor<5xbf16>) -> tensor<5xbf16>
  %sum = linalg.reduce { arith.addf } ins(%exponentials : tensor<4x5x6xbf16>) outs(%sum_init : tensor<5xbf16>) dimensions = [0, 2]
  %wide_sum = linalg.broadcast ins(%sum : tensor<5xbf16>) outs(%empty : tensor<4x5x6xbf16>) dimensions = [0, 2]
  // expected-remark@+1 {{raised to softmax.softmax}}
  %p = linalg.div ins(%exponentials, %wide_sum : tensor<4x5x6xbf16>, tensor<4x5x6xbf16>) outs(%empty : tensor<4x5x6xbf16>) -> tensor<4x5x6xbf16>
  return %p : tensor<4x5x6xbf16>
}

// -----

// linalg.elementwise with its own maps, linalg.reciprocal, linalg.map; sizes
// asked of dead intermediates are asked of their destinations instead.
#rows = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>
// CHECK-LABEL: func @elementwise
// CHECK-SAME: (%[[X:.*]]: tensor<?x?xf16>, %[[INIT:.*]]: tensor<?x?xf16>, %[[ROW:.*]]: tensor<?xf16>)
func.func @elementwise(%x: tensor<?x?xf16>, %init: tensor<?x?xf16>, %per_row: tensor<?xf16>) -> (tensor<?x?xf16>, index) {
  // CHECK-NOT: linalg
  // CHECK-DAG: %[[P:.*]] = softmax.softmax dimensions = [1] ins(%[[X]] : tensor<?x?xf16>)
  // CHECK-DAG: %[[N:.*]] = tensor.dim %[[INIT]], %{{.*}} : tensor<?x?xf16>
  // CHECK-NOT: linalg
  // CHECK: return %[[P]], %[[N]]
  %c1 = arith.constant 1 : index
  %lowest = arith.constant -6.550400e+04 : f16
  %zero = arith.constant 0.0 : f16
  %max_init = linalg.fill ins(%lowest : f16) outs(%per_row : tensor<?xf16>) -> tensor<?xf16>
  %max = linalg.reduce { arith.maximumf } ins(%x : tensor<?x?xf16>) outs(%max_init : tensor<?xf16>) dimensions = [1]
  %shifted = linalg.elementwise kind=#linalg.elementwise_kind<sub> indexing_maps = [#rows, #row, #rows]
      ins(%x, %max : tensor<?x?xf16>, tensor<?xf16>) outs(%init : tensor<?x?xf16>) -> tensor<?x?xf16>
  %exponentials = linalg.map { math.exp } ins(%shifted : tensor<?x?xf16>) outs(%init : tensor<?x?xf16>)
  %columns = tensor.dim %exponentials, %c1 : tensor<?x?xf16>
  %sum_init = linalg.fill ins(%zero : f16) outs(%per_row : tensor<?xf16>) -> tensor<?xf16>
  %sum = linalg.reduce { arith.addf } ins(%exponentials : tensor<?x?xf16>) outs(%sum_init : tensor<?xf16>) dimensions = [1]
  %reciprocal = linalg.reciprocal ins(%sum : tensor<?xf16>) outs(%per_row : tensor<?xf16>) -> tensor<?xf16>
  // expected-remark@+1 {{raised to softmax.softmax}}
  %p = linalg.elementwise kind=#linalg.elementwise_kind<mul> indexing_maps = [#rows, #row, #rows]
      ins(%exponentials, %reciprocal : tensor<?x?xf16>, tensor<?xf16>) outs(%init : tensor<?x?xf16>) -> tensor<?x?xf16>
  return %p, %columns : tensor<?x?xf16>, index
}

// -----

// The maximum carries an unused arg-max, and the reduced dimension is kept with
// size 1 (C-AXIS-1: any dimension).
#all = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
#kept = affine_map<(d0, d1, d2) -> (d0, 0, d2)>
#row = affine_map<(d0, d1, d2) -> (d0, d2)>
// CHECK-LABEL: func @extra_result
// CHECK-SAME: (%[[X:.*]]: tensor<4x?x6xf32>, %[[INIT:.*]]: tensor<4x?x6xf32>)
func.func @extra_result(%x: tensor<4x?x6xf32>, %init: tensor<4x?x6xf32>) -> tensor<4x?x6xf32> {
  // CHECK-NOT: linalg
  // CHECK: %[[P:.*]] = softmax.softmax dimensions = [1] ins(%[[X]] : tensor<4x?x6xf32>) outs(%[[INIT]] : tensor<4x?x6xf32>)
  // CHECK-NOT: linalg
  // CHECK: return %[[P]]
  %c0 = arith.constant 0 : i64
  %zero = arith.constant 0.0 : f32
  %lowest = arith.constant 0xFF800000 : f32
  %per_row = tensor.empty() : tensor<4x6xf32>
  %indices = tensor.empty() : tensor<4x6xi64>
  %max_init = linalg.fill ins(%lowest : f32) outs(%per_row : tensor<4x6xf32>) -> tensor<4x6xf32>
  %index_init = linalg.fill ins(%c0 : i64) outs(%indices : tensor<4x6xi64>) -> tensor<4x6xi64>
  // expected-remark @+1 {{not raised to a selection of the largest: #softmax.topk gives a zero without its sign}}
  %max:2 = linalg.generic {indexing_maps = [#all, #row, #row], iterator_types = ["parallel", "reduction", "parallel"]}
      ins(%x : tensor<4x?x6xf32>) outs(%max_init, %index_init : tensor<4x6xf32>, tensor<4x6xi64>) {
  ^bb0(%e: f32, %m: f32, %at: i64):
    %here = linalg.index 1 : index
    %here_i64 = arith.index_cast %here : index to i64
    %larger = arith.maximumf %e, %m : f32
    %is_larger = arith.cmpf ogt, %e, %m : f32
    %best = arith.select %is_larger, %here_i64, %at : i64
    linalg.yield %larger, %best : f32, i64
  } -> (tensor<4x6xf32>, tensor<4x6xi64>)
  %kept_max = tensor.expand_shape %max#0 [[0, 1], [2]] output_shape [4, 1, 6] : tensor<4x6xf32> into tensor<4x1x6xf32>
  %exponentials = linalg.generic {indexing_maps = [#all, #kept, #all], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%x, %kept_max : tensor<4x?x6xf32>, tensor<4x1x6xf32>) outs(%init : tensor<4x?x6xf32>) {
  ^bb0(%e: f32, %m: f32, %out: f32):
    %difference = arith.subf %e, %m : f32
    %exp = math.exp %difference : f32
    linalg.yield %exp : f32
  } -> tensor<4x?x6xf32>
  %sum_init = linalg.fill ins(%zero : f32) outs(%per_row : tensor<4x6xf32>) -> tensor<4x6xf32>
  %sum = linalg.generic {indexing_maps = [#all, #row], iterator_types = ["parallel", "reduction", "parallel"]}
      ins(%exponentials : tensor<4x?x6xf32>) outs(%sum_init : tensor<4x6xf32>) {
  ^bb0(%e: f32, %s: f32):
    %more = arith.addf %e, %s : f32
    linalg.yield %more : f32
  } -> tensor<4x6xf32>
  %kept_sum = tensor.expand_shape %sum [[0, 1], [2]] output_shape [4, 1, 6] : tensor<4x6xf32> into tensor<4x1x6xf32>
  // expected-remark@+1 {{raised to softmax.softmax}}
  %p = linalg.generic {indexing_maps = [#all, #kept, #all], iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%exponentials, %kept_sum : tensor<4x?x6xf32>, tensor<4x1x6xf32>) outs(%init : tensor<4x?x6xf32>) {
  ^bb0(%e: f32, %s: f32, %out: f32):
    %q = arith.divf %e, %s : f32
    linalg.yield %q : f32
  } -> tensor<4x?x6xf32>
  return %p : tensor<4x?x6xf32>
}

// -----

// f16 logits, everything between in f32, f16 probabilities: all inside of the
// bodies.
#rows = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>
// CHECK-LABEL: func @half_in_bodies
func.func @half_in_bodies(%x: tensor<4x16xf16>, %init: tensor<4x16xf16>) -> tensor<4x16xf16> {
  // CHECK-NOT: linalg
  // CHECK: softmax.softmax dimensions = [1] ins(%{{.*}} : tensor<4x16xf16>) outs(%{{.*}} : tensor<4x16xf16>)
  // CHECK-NOT: linalg
  %zero = arith.constant 0.0 : f32
  %lowest = arith.constant 0xFF800000 : f32
  %empty = tensor.empty() : tensor<4x16xf32>
  %per_row = tensor.empty() : tensor<4xf32>
  %max_init = linalg.fill ins(%lowest : f32) outs(%per_row : tensor<4xf32>) -> tensor<4xf32>
  %max = linalg.generic {indexing_maps = [#rows, #row], iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<4x16xf16>) outs(%max_init : tensor<4xf32>) {
  ^bb0(%e: f16, %m: f32):
    %wide = arith.extf %e : f16 to f32
    %larger = arith.maximumf %m, %wide : f32
    linalg.yield %larger : f32
  } -> tensor<4xf32>
  %exponentials = linalg.generic {indexing_maps = [#rows, #row, #rows], iterator_types = ["parallel", "parallel"]}
      ins(%x, %max : tensor<4x16xf16>, tensor<4xf32>) outs(%empty : tensor<4x16xf32>) {
  ^bb0(%e: f16, %m: f32, %out: f32):
    %wide = arith.extf %e : f16 to f32
    %difference = arith.subf %wide, %m : f32
    %exp = math.exp %difference : f32
    linalg.yield %exp : f32
  } -> tensor<4x16xf32>
  %sum_init = linalg.fill ins(%zero : f32) outs(%per_row : tensor<4xf32>) -> tensor<4xf32>
  %sum = linalg.generic {indexing_maps = [#rows, #row], iterator_types = ["parallel", "reduction"]}
      ins(%exponentials : tensor<4x16xf32>) outs(%sum_init : tensor<4xf32>) {
  ^bb0(%e: f32, %s: f32):
    %more = arith.addf %e, %s : f32
    linalg.yield %more : f32
  } -> tensor<4xf32>
  // expected-remark@+1 {{raised to softmax.softmax}}
  %p = linalg.generic {indexing_maps = [#rows, #row, #rows], iterator_types = ["parallel", "parallel"]}
      ins(%exponentials, %sum : tensor<4x16xf32>, tensor<4xf32>) outs(%init : tensor<4x16xf16>) {
  ^bb0(%e: f32, %s: f32, %out: f16):
    %q = arith.divf %e, %s : f32
    %narrow = arith.truncf %q : f32 to f16
    linalg.yield %narrow : f16
  } -> tensor<4x16xf16>
  return %p : tensor<4x16xf16>
}

// -----

// The maximum is taken in bf16 and extended by an op of its own; the rest is in
// f32, with the logits extended by another one.
// CHECK-LABEL: func @maximum_in_bf16
func.func @maximum_in_bf16(%x: tensor<4x16xbf16>, %init: tensor<4x16xf32>) -> tensor<4x16xf32> {
  // CHECK: softmax.softmax dimensions = [1] ins(%{{.*}} : tensor<4x16xf32>) outs(%{{.*}} : tensor<4x16xf32>)
  // CHECK-NOT: math.exp
  %zero = arith.constant 0.0 : f32
  %lowest = arith.constant 0xFF80 : bf16
  %empty = tensor.empty() : tensor<4x16xf32>
  %narrow_rows = tensor.empty() : tensor<4xbf16>
  %rows = tensor.empty() : tensor<4xf32>
  %max_init = linalg.fill ins(%lowest : bf16) outs(%narrow_rows : tensor<4xbf16>) -> tensor<4xbf16>
  %max = linalg.reduce { arith.maximumf } ins(%x : tensor<4x16xbf16>) outs(%max_init : tensor<4xbf16>) dimensions = [1]
  %wide = linalg.map { arith.extf } ins(%x : tensor<4x16xbf16>) outs(%empty : tensor<4x16xf32>)
  %wide_max = linalg.map { arith.extf } ins(%max : tensor<4xbf16>) outs(%rows : tensor<4xf32>)
  %all_max = linalg.broadcast ins(%wide_max : tensor<4xf32>) outs(%empty : tensor<4x16xf32>) dimensions = [1]
  %shifted = linalg.sub ins(%wide, %all_max : tensor<4x16xf32>, tensor<4x16xf32>) outs(%empty : tensor<4x16xf32>) -> tensor<4x16xf32>
  %exponentials = linalg.exp ins(%shifted : tensor<4x16xf32>) outs(%empty : tensor<4x16xf32>) -> tensor<4x16xf32>
  %sum_init = linalg.fill ins(%zero : f32) outs(%rows : tensor<4xf32>) -> tensor<4xf32>
  %sum = linalg.reduce { arith.addf } ins(%exponentials : tensor<4x16xf32>) outs(%sum_init : tensor<4xf32>) dimensions = [1]
  %all_sum = linalg.broadcast ins(%sum : tensor<4xf32>) outs(%empty : tensor<4x16xf32>) dimensions = [1]
  // expected-remark@+1 {{raised to softmax.softmax}}
  %p = linalg.div ins(%exponentials, %all_sum : tensor<4x16xf32>, tensor<4x16xf32>) outs(%init : tensor<4x16xf32>) -> tensor<4x16xf32>
  return %p : tensor<4x16xf32>
}

// -----

// Two in a row: the second one's logits are the first one's probabilities.
// CHECK-LABEL: func @twice
func.func @twice(%x: tensor<4x8xf32>, %per_row: tensor<4xf32>) -> tensor<4x8xf32> {
  // CHECK: %[[FIRST:.*]] = softmax.softmax dimensions = [1]
  // CHECK: %[[SECOND:.*]] = softmax.softmax dimensions = [0] ins(%[[FIRST]] : tensor<4x8xf32>)
  // CHECK-NOT: linalg
  // CHECK: return %[[SECOND]]
  %zero = arith.constant 0.0 : f32
  %lowest = arith.constant 0xFF800000 : f32
  %empty = tensor.empty() : tensor<4x8xf32>
  %max_init = linalg.fill ins(%lowest : f32) outs(%per_row : tensor<4xf32>) -> tensor<4xf32>
  %sum_init = linalg.fill ins(%zero : f32) outs(%per_row : tensor<4xf32>) -> tensor<4xf32>
  %max = linalg.reduce { arith.maximumf } ins(%x : tensor<4x8xf32>) outs(%max_init : tensor<4xf32>) dimensions = [1]
  %wide_max = linalg.broadcast ins(%max : tensor<4xf32>) outs(%empty : tensor<4x8xf32>) dimensions = [1]
  %shifted = linalg.sub ins(%x, %wide_max : tensor<4x8xf32>, tensor<4x8xf32>) outs(%empty : tensor<4x8xf32>) -> tensor<4x8xf32>
  %exp = linalg.exp ins(%shifted : tensor<4x8xf32>) outs(%empty : tensor<4x8xf32>) -> tensor<4x8xf32>
  %sum = linalg.reduce { arith.addf } ins(%exp : tensor<4x8xf32>) outs(%sum_init : tensor<4xf32>) dimensions = [1]
  %wide_sum = linalg.broadcast ins(%sum : tensor<4xf32>) outs(%empty : tensor<4x8xf32>) dimensions = [1]
  // expected-remark@+1 {{raised to softmax.softmax}}
  %p = linalg.div ins(%exp, %wide_sum : tensor<4x8xf32>, tensor<4x8xf32>) outs(%empty : tensor<4x8xf32>) -> tensor<4x8xf32>

  %per_column = tensor.empty() : tensor<8xf32>
  %max_init2 = linalg.fill ins(%lowest : f32) outs(%per_column : tensor<8xf32>) -> tensor<8xf32>
  %sum_init2 = linalg.fill ins(%zero : f32) outs(%per_column : tensor<8xf32>) -> tensor<8xf32>
  %max2 = linalg.reduce { arith.maximumf } ins(%p : tensor<4x8xf32>) outs(%max_init2 : tensor<8xf32>) dimensions = [0]
  %wide_max2 = linalg.broadcast ins(%max2 : tensor<8xf32>) outs(%empty : tensor<4x8xf32>) dimensions = [0]
  %shifted2 = linalg.sub ins(%p, %wide_max2 : tensor<4x8xf32>, tensor<4x8xf32>) outs(%empty : tensor<4x8xf32>) -> tensor<4x8xf32>
  %exp2 = linalg.exp ins(%shifted2 : tensor<4x8xf32>) outs(%empty : tensor<4x8xf32>) -> tensor<4x8xf32>
  %sum2 = linalg.reduce { arith.addf } ins(%exp2 : tensor<4x8xf32>) outs(%sum_init2 : tensor<8xf32>) dimensions = [0]
  %wide_sum2 = linalg.broadcast ins(%sum2 : tensor<8xf32>) outs(%empty : tensor<4x8xf32>) dimensions = [0]
  // expected-remark@+1 {{raised to softmax.softmax}}
  %p2 = linalg.div ins(%exp2, %wide_sum2 : tensor<4x8xf32>, tensor<4x8xf32>) outs(%empty : tensor<4x8xf32>) -> tensor<4x8xf32>
  return %p2 : tensor<4x8xf32>
}
