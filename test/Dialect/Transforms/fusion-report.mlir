// softmax-fusion-report: what softmax-fuse-elementwise fuses, and why not more.
// The pass itself says the same with `report`.
// RUN: softmax-opt %s --softmax-fusion-report --split-input-file --verify-diagnostics | FileCheck %s --check-prefix=SAME
// RUN: softmax-opt %s --softmax-fuse-elementwise=report --split-input-file --verify-diagnostics | FileCheck %s --check-prefix=FUSED

#id = affine_map<(i, j) -> (i, j)>
// The report leaves everything as it is.
// SAME-LABEL: func @fused
//       SAME:   linalg.tanh
//       SAME:   softmax.softmax
//       SAME:   linalg.exp
// FUSED-LABEL: func @fused
//   FUSED-NOT:   linalg
func.func @fused(%x: tensor<?x?xf32>, %e: tensor<?x?xf32>) -> tensor<?x?xf32> {
  // expected-remark @below {{'linalg.tanh' is fused into the logit region, computed up to 3 times per element, about 24 operations each}}
  %0 = linalg.tanh ins(%x : tensor<?x?xf32>) outs(%e : tensor<?x?xf32>) -> tensor<?x?xf32>
  // expected-note @below {{with this operation}}
  %p = softmax.softmax dimensions = [1] ins(%0 : tensor<?x?xf32>) outs(%e : tensor<?x?xf32>) -> tensor<?x?xf32>
  // expected-remark @below {{'linalg.exp' is fused into the result region}}
  %q = linalg.exp ins(%p : tensor<?x?xf32>) outs(%e : tensor<?x?xf32>) -> tensor<?x?xf32>
  return %q : tensor<?x?xf32>
}

// -----

// SAME-LABEL: func @merged
//  SAME-NEXT:   softmax.softmax
//  SAME-NEXT:   softmax.logsumexp
// FUSED-LABEL: func @merged
//       FUSED:   softmax.generic
//   FUSED-NOT:   softmax.generic
func.func @merged(%x: tensor<?x?xf32>, %e: tensor<?x?xf32>, %l: tensor<?xf32>) -> (tensor<?x?xf32>, tensor<?xf32>) {
  // expected-note @below {{with this operation}}
  %p = softmax.softmax dimensions = [1] ins(%x : tensor<?x?xf32>) outs(%e : tensor<?x?xf32>) -> tensor<?x?xf32>
  // expected-remark @below {{'softmax.logsumexp' is merged with the op before it over the same rows, which are read once}}
  %lse = softmax.logsumexp dimensions = [1] ins(%x : tensor<?x?xf32>) outs(%l : tensor<?xf32>) -> tensor<?xf32>
  return %p, %lse : tensor<?x?xf32>, tensor<?xf32>
}

// -----

// C-TYPE-2: with an f64 operand the op would compute in f64.
// SAME-LABEL: func @compute_type
// FUSED-LABEL: func @compute_type
//       FUSED:   linalg.generic
//       FUSED:   softmax.generic {{.*}} outs(%{{.*}} : tensor<?xf32>)
//       FUSED:   linalg.generic
#row = affine_map<(i) -> (i)>
func.func @compute_type(%x: tensor<?xf64>, %e: tensor<?xf32>, %d: tensor<?xf64>) -> tensor<?xf64> {
  // expected-remark @below {{'linalg.generic' is not fused: the compute type would change from f32 to f64 (C-TYPE-2); cast to f32 in an operation of its own that stays outside}}
  %0 = linalg.generic {indexing_maps = [#row, #row], iterator_types = ["parallel"]} ins(%x : tensor<?xf64>) outs(%e : tensor<?xf32>) {
  ^bb0(%a: f64, %o: f32):
    %1 = arith.truncf %a : f64 to f32
    linalg.yield %1 : f32
  } -> tensor<?xf32>
  // expected-note @below {{with this operation}}
  %p = softmax.softmax dimensions = [0] ins(%0 : tensor<?xf32>) outs(%e : tensor<?xf32>) -> tensor<?xf32>
  // expected-remark @below {{'linalg.generic' is not fused: the compute type would change from f32 to f64 (C-TYPE-2)}}
  %q = linalg.generic {indexing_maps = [#row, #row], iterator_types = ["parallel"]} ins(%p : tensor<?xf32>) outs(%d : tensor<?xf64>) {
  ^bb0(%a: f32, %o: f64):
    %1 = arith.extf %a : f32 to f64
    linalg.yield %1 : f64
  } -> tensor<?xf64>
  return %q : tensor<?xf64>
}

// -----

// The other way round: without its f64 input the op would compute in f32.
// SAME-LABEL: func @compute_type_lost
#row = affine_map<(i) -> (i)>
func.func @compute_type_lost(%x: tensor<?xf32>, %e: tensor<?xf32>, %d: tensor<?xf64>) -> tensor<?xf32> {
  // expected-remark @below {{'linalg.generic' is not fused: the compute type would change from f64 to f32 (C-TYPE-2)}}
  %0 = linalg.generic {indexing_maps = [#row, #row], iterator_types = ["parallel"]} ins(%x : tensor<?xf32>) outs(%d : tensor<?xf64>) {
  ^bb0(%a: f32, %o: f64):
    %1 = arith.extf %a : f32 to f64
    linalg.yield %1 : f64
  } -> tensor<?xf64>
  // expected-note @below {{with this operation}}
  %p = softmax.softmax dimensions = [0] ins(%0 : tensor<?xf64>) outs(%e : tensor<?xf32>) -> tensor<?xf32>
  return %p : tensor<?xf32>
}

// -----

// C-DET-1.
// SAME-LABEL: func @flags
// FUSED-LABEL: func @flags
//       FUSED:   linalg.generic
#row = affine_map<(i) -> (i)>
func.func @flags(%x: tensor<?xf32>, %e: tensor<?xf32>) -> tensor<?xf32> {
  // expected-remark @below {{'linalg.generic' is not fused: 'arith.mulf' carries reassoc or contract, under which its result depends on the operations around it; drop the flags (C-DET-1)}}
  %0 = linalg.generic {indexing_maps = [#row, #row], iterator_types = ["parallel"]} ins(%x : tensor<?xf32>) outs(%e : tensor<?xf32>) {
  ^bb0(%a: f32, %o: f32):
    %1 = arith.mulf %a, %a fastmath<contract> : f32
    linalg.yield %1 : f32
  } -> tensor<?xf32>
  // expected-note @below {{with this operation}}
  %p = softmax.softmax dimensions = [0] ins(%0 : tensor<?xf32>) outs(%e : tensor<?xf32>) -> tensor<?xf32>
  return %p : tensor<?xf32>
}

// -----

// What vectors cannot compute in every lane.
// SAME-LABEL: func @bodies
#row = affine_map<(i) -> (i)>
func.func @bodies(%x: tensor<8xi32>, %n: tensor<8xi32>, %t: tensor<8xf32>, %e: tensor<8xf32>) -> (tensor<8xf32>, tensor<8xf32>) {
  // expected-remark @below {{'linalg.generic' is not fused: 'arith.divsi' traps for some operands, and regions also compute lanes that hold no element; use a constant divisor that is not 0, or floats}}
  %0 = linalg.generic {indexing_maps = [#row, #row, #row], iterator_types = ["parallel"]} ins(%x, %n : tensor<8xi32>, tensor<8xi32>) outs(%e : tensor<8xf32>) {
  ^bb0(%a: i32, %b: i32, %o: f32):
    %1 = arith.divsi %a, %b : i32
    %2 = arith.sitofp %1 : i32 to f32
    linalg.yield %2 : f32
  } -> tensor<8xf32>
  // expected-note @below {{with this operation}}
  %p = softmax.softmax dimensions = [0] ins(%0 : tensor<8xf32>) outs(%e : tensor<8xf32>) -> tensor<8xf32>
  // expected-remark @below {{'linalg.generic' is not fused: 'tensor.extract' has no vector form; write it with element-wise operations of arith and math}}
  %1 = linalg.generic {indexing_maps = [#row, #row], iterator_types = ["parallel"]} ins(%x : tensor<8xi32>) outs(%e : tensor<8xf32>) {
  ^bb0(%a: i32, %o: f32):
    %2 = arith.index_cast %a : i32 to index
    %3 = tensor.extract %t[%2] : tensor<8xf32>
    linalg.yield %3 : f32
  } -> tensor<8xf32>
  // expected-note @below {{with this operation}}
  %q = softmax.softmax dimensions = [0] ins(%1 : tensor<8xf32>) outs(%e : tensor<8xf32>) -> tensor<8xf32>
  return %p, %q : tensor<8xf32>, tensor<8xf32>
}

// -----

// What is no function of single elements, what reshapes, what is no linalg op.
// SAME-LABEL: func @neighbours
func.func @neighbours(%a: tensor<8x4xf32>, %b: tensor<4x6xf32>, %c: tensor<48xf32>, %e: tensor<8x6xf32>, %v: tensor<6x5xf32>, %o: tensor<8x5xf32>) -> (tensor<8x5xf32>, tensor<8x6xf32>, tensor<8x6xf32>) {
  // expected-remark @below {{'linalg.matmul' is not fused: it reduces along a loop, so that an element of its result is no function of single elements; its tensors stay}}
  %0 = linalg.matmul ins(%a, %b : tensor<8x4xf32>, tensor<4x6xf32>) outs(%e : tensor<8x6xf32>) -> tensor<8x6xf32>
  // expected-note @below {{with this operation}}
  %p = softmax.softmax dimensions = [1] ins(%0 : tensor<8x6xf32>) outs(%e : tensor<8x6xf32>) -> tensor<8x6xf32>
  // expected-remark @below {{'linalg.matmul' is not fused: it reduces along a loop}}
  %1 = linalg.matmul ins(%p, %v : tensor<8x6xf32>, tensor<6x5xf32>) outs(%o : tensor<8x5xf32>) -> tensor<8x5xf32>
  // expected-remark @below {{'tensor.expand_shape' is not fused: it reshapes between the softmax.generic and what computes its input; reshape after, or before the element-wise operations}}
  %2 = tensor.expand_shape %c [[0, 1]] output_shape [8, 6] : tensor<48xf32> into tensor<8x6xf32>
  // expected-note @below {{with this operation}}
  %q = softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp] maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>]
    ins(%2 : tensor<8x6xf32>) outs(%e : tensor<8x6xf32>)
    logit { ^bb0(%x: f32): softmax.yield %x : f32 }
    result { ^bb0(%x: f32, %y: f32, %z: f32): softmax.yield %y : f32 } -> tensor<8x6xf32>
  // expected-remark @below {{'arith.negf' is not fused: it works on whole tensors; run --convert-elementwise-to-linalg first}}
  %3 = arith.negf %q : tensor<8x6xf32>
  return %1, %q, %3 : tensor<8x5xf32>, tensor<8x6xf32>, tensor<8x6xf32>
}

// -----

// Rows would not lie in memory as they do.
// SAME-LABEL: func @transposed
// FUSED-LABEL: func @transposed
//       FUSED:   linalg.transpose
//       FUSED:   softmax.generic
//       FUSED:   linalg.transpose
func.func @transposed(%x: tensor<?x?xf32>, %e: tensor<?x?xf32>) -> tensor<?x?xf32> {
  // expected-remark @below {{'linalg.transpose' is not fused: it transposes, so that a row's elements would not be read in the order of memory; transpose in an operation of its own}}
  %0 = linalg.transpose ins(%x : tensor<?x?xf32>) outs(%e : tensor<?x?xf32>) permutation = [1, 0]
  // expected-note @below {{with this operation}}
  %p = softmax.softmax dimensions = [1] ins(%0 : tensor<?x?xf32>) outs(%e : tensor<?x?xf32>) -> tensor<?x?xf32>
  // expected-remark @below {{'linalg.transpose' is not fused: it transposes, so that a row's elements would not be in the order of memory; transpose in an operation of its own}}
  %q = linalg.transpose ins(%p : tensor<?x?xf32>) outs(%e : tensor<?x?xf32>) permutation = [1, 0]
  return %q : tensor<?x?xf32>
}

// -----

// SAME-LABEL: func @part_of_the_row
#id = affine_map<(i, j, k) -> (i, j, k)>
#k = affine_map<(i, j, k) -> (k)>
func.func @part_of_the_row(%x: tensor<?x?x?xf32>, %b: tensor<?xf32>, %e: tensor<?x?x?xf32>) -> tensor<?x?x?xf32> {
  // expected-remark @below {{'linalg.generic' is not fused: an operand repeats along some of the softmax dimensions, so that rows would not be contiguous any more; repeat it in memory, or collapse the softmax dimensions into one}}
  %0 = linalg.generic {indexing_maps = [#id, #k, #id], iterator_types = ["parallel", "parallel", "parallel"]}
    ins(%x, %b : tensor<?x?x?xf32>, tensor<?xf32>) outs(%e : tensor<?x?x?xf32>) {
  ^bb0(%a: f32, %be: f32, %o: f32):
    %1 = arith.addf %a, %be : f32
    linalg.yield %1 : f32
  } -> tensor<?x?x?xf32>
  // expected-note @below {{with this operation}}
  %p = softmax.softmax dimensions = [1, 2] ins(%0 : tensor<?x?x?xf32>) outs(%e : tensor<?x?x?xf32>) -> tensor<?x?x?xf32>
  return %p : tensor<?x?x?xf32>
}

// -----

// The cost: a result with other readers; more than max-recompute.
// SAME-LABEL: func @costs
// FUSED-LABEL: func @costs
//       FUSED:   linalg.exp
//       FUSED:   linalg.generic
//       FUSED:   softmax.generic
func.func @costs(%x: tensor<?xf32>, %e: tensor<?xf32>) -> (tensor<?xf32>, tensor<?xf32>, tensor<?xf32>) {
  // expected-remark @below {{'linalg.exp' is not fused: its result has other users, so it is computed in any case, and would be again up to 3 times per element, about 16 operations each; reading it costs less}}
  %0 = linalg.exp ins(%x : tensor<?xf32>) outs(%e : tensor<?xf32>) -> tensor<?xf32>
  // expected-note @below {{with this operation}}
  %p = softmax.softmax dimensions = [0] ins(%0 : tensor<?xf32>) outs(%e : tensor<?xf32>) -> tensor<?xf32>
  // expected-remark @below {{'linalg.generic' is not fused: it would be computed up to 3 times per element, about 72 operations each, more than max-recompute=96 operations more than by itself}}
  %1 = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]} ins(%x : tensor<?xf32>) outs(%e : tensor<?xf32>) {
  ^bb0(%a: f32, %o: f32):
    %2 = math.tanh %a : f32
    %3 = math.tanh %2 : f32
    %4 = math.tanh %3 : f32
    linalg.yield %4 : f32
  } -> tensor<?xf32>
  // expected-note @below {{with this operation}}
  %q = softmax.softmax dimensions = [0] ins(%1 : tensor<?xf32>) outs(%e : tensor<?xf32>) -> tensor<?xf32>
  return %p, %q, %0 : tensor<?xf32>, tensor<?xf32>, tensor<?xf32>
}

// -----

// A value per row costs a division; in the logit region it would be one per
// element.
// SAME-LABEL: func @per_row_cost
#id = affine_map<(i, j) -> (i, j)>
#row = affine_map<(i, j) -> (i)>
func.func @per_row_cost(%x: tensor<?x?xf32>, %t: tensor<?xf32>, %w: tensor<?xf32>, %e: tensor<?x?xf32>) -> tensor<?x?xf32> {
  // expected-remark @below {{'linalg.tanh' is not fused: it computes one value per row, which would be computed up to 3 times per element, about 24 operations each; leave it a tensor}}
  %0 = linalg.tanh ins(%t : tensor<?xf32>) outs(%w : tensor<?xf32>) -> tensor<?xf32>
  // expected-note @below {{with this operation}}
  %p = softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp] maps = [#id, #row, #id]
    ins(%x, %0 : tensor<?x?xf32>, tensor<?xf32>) outs(%e : tensor<?x?xf32>)
    logit {
    ^bb0(%a: f32, %b: f32):
      %1 = arith.mulf %a, %b : f32
      softmax.yield %1 : f32
    } result {
    ^bb0(%a: f32, %b: f32, %y: f32, %z: f32):
      softmax.yield %y : f32
    } -> tensor<?x?xf32>
  return %p : tensor<?x?xf32>
}

// -----

// An input or a size would be missing.
// SAME-LABEL: func @operands_missing
func.func @operands_missing(%r: tensor<?xf32>, %e: tensor<?x?xf32>, %l: tensor<?xf32>, %s: tensor<4x8xf32>) -> (tensor<?xf32>, tensor<4x8xf32>) {
  // expected-remark @below {{'linalg.broadcast' is not fused: no other operand would give the size of dimension 1; reduce the tensor before it is repeated}}
  %0 = linalg.broadcast ins(%r : tensor<?xf32>) outs(%e : tensor<?x?xf32>) dimensions = [1]
  // expected-note @below {{with this operation}}
  %p = softmax.logsumexp dimensions = [1] ins(%0 : tensor<?x?xf32>) outs(%l : tensor<?xf32>) -> tensor<?xf32>
  %c = arith.constant 2.0 : f32
  // expected-remark @below {{'linalg.fill' is not fused: the softmax.generic would have no input left}}
  %1 = linalg.fill ins(%c : f32) outs(%s : tensor<4x8xf32>) -> tensor<4x8xf32>
  // expected-note @below {{with this operation}}
  %q = softmax.softmax dimensions = [1] ins(%1 : tensor<4x8xf32>) outs(%s : tensor<4x8xf32>) -> tensor<4x8xf32>
  return %p, %q : tensor<?xf32>, tensor<4x8xf32>
}

// -----

// Consumers that read elements at other places, or depend on the op by another
// way.
// SAME-LABEL: func @consumers
#id = affine_map<(i, j) -> (i, j)>
#ji = affine_map<(i, j) -> (j, i)>
#idk = affine_map<(i, j, k) -> (i, j, k)>
#ij = affine_map<(i, j, k) -> (i, j)>
func.func @consumers(%x: tensor<8x8xf32>, %e: tensor<8x8xf32>, %t: tensor<8x8x4xf32>) -> (tensor<8x8xf32>, tensor<8x8x4xf32>, tensor<8x8xf32>) {
  // expected-note @below {{with this operation}}
  %p = softmax.softmax dimensions = [1] ins(%x : tensor<8x8xf32>) outs(%e : tensor<8x8xf32>) -> tensor<8x8xf32>
  // expected-remark @below {{'linalg.generic' is not fused: it reads the results of different elements, or of one element at different places}}
  %0 = linalg.generic {indexing_maps = [#id, #ji, #id], iterator_types = ["parallel", "parallel"]} ins(%p, %p : tensor<8x8xf32>, tensor<8x8xf32>) outs(%e : tensor<8x8xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %1 = arith.addf %a, %b : f32
    linalg.yield %1 : f32
  } -> tensor<8x8xf32>
  // expected-remark @below {{'linalg.generic' is not fused: it repeats the result along a dimension of its own}}
  %2 = linalg.generic {indexing_maps = [#ij, #idk], iterator_types = ["parallel", "parallel", "parallel"]} ins(%p : tensor<8x8xf32>) outs(%t : tensor<8x8x4xf32>) {
  ^bb0(%a: f32, %o: f32):
    linalg.yield %a : f32
  } -> tensor<8x8x4xf32>
  // expected-remark @below {{'linalg.matmul' is not fused}}
  %3 = linalg.matmul ins(%p, %x : tensor<8x8xf32>, tensor<8x8xf32>) outs(%e : tensor<8x8xf32>) -> tensor<8x8xf32>
  // expected-remark @below {{'linalg.mul' is not fused: an operand of it cannot be computed before the softmax.generic}}
  %4 = linalg.mul ins(%p, %3 : tensor<8x8xf32>, tensor<8x8xf32>) outs(%e : tensor<8x8xf32>) -> tensor<8x8xf32>
  return %0, %2, %4 : tensor<8x8xf32>, tensor<8x8x4xf32>, tensor<8x8xf32>
}

// -----

// Another block may run more or less often.
// SAME-LABEL: func @blocks
func.func @blocks(%c: i1, %x: tensor<?xf32>, %e: tensor<?xf32>) -> tensor<?xf32> {
  // expected-remark @below {{'linalg.exp' is not fused: it stands in another block, which may run less often; move it beside the softmax.generic}}
  %0 = linalg.exp ins(%x : tensor<?xf32>) outs(%e : tensor<?xf32>) -> tensor<?xf32>
  %r = scf.if %c -> tensor<?xf32> {
    // expected-note @below {{with this operation}}
    %p = softmax.softmax dimensions = [0] ins(%0 : tensor<?xf32>) outs(%e : tensor<?xf32>) -> tensor<?xf32>
    %s = scf.if %c -> tensor<?xf32> {
      // expected-remark @below {{'linalg.exp' is not fused: it stands in another block, which may not run; move it behind the softmax.generic}}
      %q = linalg.exp ins(%p : tensor<?xf32>) outs(%e : tensor<?xf32>) -> tensor<?xf32>
      scf.yield %q : tensor<?xf32>
    } else {
      scf.yield %p : tensor<?xf32>
    }
    scf.yield %s : tensor<?xf32>
  } else {
    scf.yield %x : tensor<?xf32>
  }
  return %r : tensor<?xf32>
}
