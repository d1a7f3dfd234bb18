// One case per diagnostic of softmax.generic's verifiers, of softmax.index and
// of softmax.yield.
// RUN: softmax-opt %s --split-input-file -verify-diagnostics

#id = affine_map<(i, j) -> (i, j)>
func.func @statistic(%x: memref<4x8xf32>) {
  // expected-error@+1 {{statistics: 1 : i64 is not a statistic; use #softmax.max_sumexp, #softmax.sum or #softmax.topk}}
  softmax.generic dimensions = [1] statistics = [1] maps = [#id, #id]
    ins(%x : memref<4x8xf32>) outs(%x : memref<4x8xf32>)
    logit { ^bb0(%e: f32): softmax.yield %e : f32 }
    result { ^bb0(%e: f32, %p: f32, %lp: f32): softmax.yield %p : f32 }
  return
}

// -----

#id = affine_map<(i, j) -> (i, j)>
func.func @too_few_maps(%x: memref<4x8xf32>) {
  // expected-error@+1 {{needs one map per input and destination: expected 2, found 1}}
  softmax.generic dimensions = [1] statistics = [] maps = [#id]
    ins(%x : memref<4x8xf32>) outs(%x : memref<4x8xf32>)
    result { ^bb0(%e: f32): softmax.yield %e : f32 }
  return
}

// -----

func.func @no_maps(%x: memref<4x8xf32>) {
  // expected-error@+1 {{needs one map per input and destination: expected 2, found 0}}
  softmax.generic dimensions = [1] statistics = [] maps = []
    ins(%x : memref<4x8xf32>) outs(%x : memref<4x8xf32>)
    result { ^bb0(%e: f32): softmax.yield %e : f32 }
  return
}

// -----

func.func @no_operands() {
  // expected-error@+1 {{needs at least one input and one destination}}
  "softmax.generic"() <{dimensions = array<i64: 1>, statistics = [], maps = [], operandSegmentSizes = array<i32: 0, 0, 0>}> ({}, {}, {}) : () -> ()
  return
}

// -----

#id = affine_map<(i, j) -> (i, j)>
#three = affine_map<(i, j, k) -> (i, j)>
func.func @map_dimensions(%x: memref<4x8xf32>) {
  // expected-error@+1 {{all maps must have the same number of dimensions, but found 2 and 3}}
  softmax.generic dimensions = [1] statistics = [] maps = [#id, #three]
    ins(%x : memref<4x8xf32>) outs(%x : memref<4x8xf32>)
    result { ^bb0(%e: f32): softmax.yield %e : f32 }
  return
}

// -----

// C-AXIS-1
#id = affine_map<(i, j) -> (i, j)>
func.func @dimensions(%x: memref<4x8xf32>) {
  // expected-error@+1 {{softmax dimension 2 is out of range for rank 2; it must be in [0, 2) (C-AXIS-1)}}
  softmax.generic dimensions = [2] statistics = [] maps = [#id, #id]
    ins(%x : memref<4x8xf32>) outs(%x : memref<4x8xf32>)
    result { ^bb0(%e: f32): softmax.yield %e : f32 }
  return
}

// -----

// C-RANK-0
#none = affine_map<() -> ()>
func.func @rank_0(%x: memref<f32>) {
  // expected-error@+1 {{has logits of rank 0}}
  softmax.generic dimensions = [] statistics = [] maps = [#none, #none]
    ins(%x : memref<f32>) outs(%x : memref<f32>)
    result { ^bb0(%e: f32): softmax.yield %e : f32 }
  return
}

// -----

#id = affine_map<(i, j) -> (i, j)>
func.func @one_row_operand(%x: memref<4x8xf32>, %i: index) {
  // expected-error@+1 {{rows takes the first row and the end of the range: expected 2 operands, found 1}}
  softmax.generic dimensions = [1] statistics = [] maps = [#id, #id]
    ins(%x : memref<4x8xf32>) outs(%x : memref<4x8xf32>) rows(%i)
    result { ^bb0(%e: f32): softmax.yield %e : f32 }
  return
}

// -----

#id = affine_map<(i, j) -> (i, j)>
func.func @rows_of_tensors(%x: tensor<4x8xf32>, %i: index) {
  // expected-error@+1 {{takes a range of rows on memrefs only: on tensors the rows outside it would have no value}}
  %0 = softmax.generic dimensions = [1] statistics = [] maps = [#id, #id]
    ins(%x : tensor<4x8xf32>) outs(%x : tensor<4x8xf32>) rows(%i, %i)
    result { ^bb0(%e: f32): softmax.yield %e : f32 }
    -> tensor<4x8xf32>
  return
}

// -----

#id = affine_map<(i, j) -> (i, j)>
func.func @unranked_input(%x: memref<*xf32>, %y: memref<4x8xf32>) {
  // expected-error@+1 {{input #0: type 'memref<*xf32>' is neither a ranked tensor, a memref nor a scalar}}
  softmax.generic dimensions = [1] statistics = [] maps = [#id, #id]
    ins(%x : memref<*xf32>) outs(%y : memref<4x8xf32>)
    result { ^bb0(%e: f32): softmax.yield %e : f32 }
  return
}

// -----

#id = affine_map<(i, j) -> (i, j)>
func.func @vector_input(%x: vector<4x8xf32>, %y: memref<4x8xf32>) {
  // expected-error@+1 {{input #0: type 'vector<4x8xf32>' is neither a ranked tensor, a memref nor a scalar}}
  softmax.generic dimensions = [1] statistics = [] maps = [#id, #id]
    ins(%x : vector<4x8xf32>) outs(%y : memref<4x8xf32>)
    result { ^bb0(%e: f32): softmax.yield %e : f32 }
  return
}

// -----

#id = affine_map<(i, j) -> (i, j)>
func.func @unranked_destination(%x: memref<4x8xf32>, %y: memref<*xf32>) {
  // expected-error@+1 {{operand #1 must be variadic of ranked tensor of any type values or memref of any type values, but got 'memref<*xf32>'}}
  softmax.generic dimensions = [1] statistics = [] maps = [#id, #id]
    ins(%x : memref<4x8xf32>) outs(%y : memref<*xf32>)
    result { ^bb0(%e: f32): softmax.yield %e : f32 }
  return
}

// -----

#id = affine_map<(i, j) -> (i, j)>
func.func @complex_input(%x: memref<4x8xcomplex<f32>>, %y: memref<4x8xf32>) {
  // expected-error@+1 {{input #0: elements must be integers, indices or floats, not 'complex<f32>'}}
  softmax.generic dimensions = [1] statistics = [] maps = [#id, #id]
    ins(%x : memref<4x8xcomplex<f32>>) outs(%y : memref<4x8xf32>)
    result { ^bb0(%e: complex<f32>): softmax.yield %e : complex<f32> }
  return
}

// -----

#id = affine_map<(i, j) -> (i, j)>
func.func @vector_destination(%x: memref<4x8xf32>, %y: memref<4x8xvector<2xf32>>) {
  // expected-error@+1 {{destination #0: elements must be integers, indices or floats, not 'vector<2xf32>'}}
  softmax.generic dimensions = [1] statistics = [] maps = [#id, #id]
    ins(%x : memref<4x8xf32>) outs(%y : memref<4x8xvector<2xf32>>)
    result { ^bb0(%e: f32): softmax.yield %e : f32 }
  return
}

// -----

#id = affine_map<(i, j) -> (i, j)>
#symbol = affine_map<(i, j)[s] -> (i, j)>
func.func @symbol(%x: memref<4x8xf32>) {
  // expected-error@+1 {{input #0: its map has symbols; only dimensions and 0 are allowed}}
  softmax.generic dimensions = [1] statistics = [] maps = [#symbol, #id]
    ins(%x : memref<4x8xf32>) outs(%x : memref<4x8xf32>)
    result { ^bb0(%e: f32): softmax.yield %e : f32 }
  return
}

// -----

#id = affine_map<(i, j) -> (i, j)>
func.func @scalar_with_results(%x: memref<4x8xf32>, %s: f32) {
  // expected-error@+1 {{input #1: is a scalar, so its map must have no results, not 2}}
  softmax.generic dimensions = [1] statistics = [] maps = [#id, #id, #id]
    ins(%x, %s : memref<4x8xf32>, f32) outs(%x : memref<4x8xf32>)
    result { ^bb0(%e: f32, %se: f32): softmax.yield %e : f32 }
  return
}

// -----

#id = affine_map<(i, j) -> (i, j)>
func.func @rank(%x: memref<4x8x2xf32>, %y: memref<4x8xf32>) {
  // expected-error@+1 {{input #0: has rank 3 but its map has 2 results}}
  softmax.generic dimensions = [1] statistics = [] maps = [#id, #id]
    ins(%x : memref<4x8x2xf32>) outs(%y : memref<4x8xf32>)
    result { ^bb0(%e: f32): softmax.yield %e : f32 }
  return
}

// -----

#id = affine_map<(i, j) -> (i, j)>
#one = affine_map<(i, j) -> (i, 1)>
func.func @constant_one(%x: memref<4x8xf32>) {
  // expected-error@+1 {{input #0: result 1 of its map is a constant: it must be 0 and the size 1}}
  softmax.generic dimensions = [1] statistics = [] maps = [#one, #id]
    ins(%x : memref<4x8xf32>) outs(%x : memref<4x8xf32>)
    result { ^bb0(%e: f32): softmax.yield %e : f32 }
  return
}

// -----

#id = affine_map<(i, j) -> (i, j)>
#zero = affine_map<(i, j) -> (i, 0)>
func.func @constant_size(%x: memref<4x8xf32>) {
  // expected-error@+1 {{input #0: result 1 of its map is a constant: it must be 0 and the size 1}}
  softmax.generic dimensions = [1] statistics = [] maps = [#zero, #id]
    ins(%x : memref<4x8xf32>) outs(%x : memref<4x8xf32>)
    result { ^bb0(%e: f32): softmax.yield %e : f32 }
  return
}

// -----

#id = affine_map<(i, j) -> (i, j)>
#sum = affine_map<(i, j) -> (i, i + j)>
func.func @expression(%x: memref<4x8xf32>) {
  // expected-error@+1 {{input #0: result 1 of its map is neither a dimension nor 0}}
  softmax.generic dimensions = [1] statistics = [] maps = [#sum, #id]
    ins(%x : memref<4x8xf32>) outs(%x : memref<4x8xf32>)
    result { ^bb0(%e: f32): softmax.yield %e : f32 }
  return
}

// -----

#id = affine_map<(i, j) -> (i, j)>
#diagonal = affine_map<(i, j) -> (i, i)>
func.func @diagonal(%x: memref<4x8xf32>) {
  // expected-error@+1 {{input #0: its map names d0 twice}}
  softmax.generic dimensions = [1] statistics = [] maps = [#diagonal, #id]
    ins(%x : memref<4x8xf32>) outs(%x : memref<4x8xf32>)
    result { ^bb0(%e: f32): softmax.yield %e : f32 }
  return
}

// -----

// C-SHAPE-1
#id = affine_map<(i, j) -> (i, j)>
func.func @sizes(%x: memref<4x8xf32>, %y: memref<?x9xf32>) {
  // expected-error@+1 {{destination #0: has size 9 along d1, but another operand has 8 (C-SHAPE-1)}}
  softmax.generic dimensions = [1] statistics = [] maps = [#id, #id]
    ins(%x : memref<4x8xf32>) outs(%y : memref<?x9xf32>)
    result { ^bb0(%e: f32): softmax.yield %e : f32 }
  return
}

// -----

#id = affine_map<(i, j) -> (i, j)>
#row = affine_map<(i, j) -> (i)>
func.func @order(%x: memref<4x8xf32>, %l: memref<4xf32>) {
  // expected-error@+1 {{destination #1 is element-wise but stands after a per-row one; element-wise destinations come first}}
  softmax.generic dimensions = [1] statistics = [#softmax.sum] maps = [#id, #row, #id]
    ins(%x : memref<4x8xf32>) outs(%l, %x : memref<4xf32>, memref<4x8xf32>)
    logit { ^bb0(%e: f32): softmax.yield %e : f32 }
    row { ^bb0(%s: f32): softmax.yield %s : f32 }
    result { ^bb0(%e: f32, %s: f32): softmax.yield %s : f32 }
  return
}

// -----

#id = affine_map<(i, j) -> (i, j)>
#column = affine_map<(i, j) -> (j)>
func.func @rows_overwrite_each_other(%x: memref<4x8xf32>, %y: memref<8xf32>) {
  // expected-error@+1 {{destination #0: its map must name d0}}
  softmax.generic dimensions = [1] statistics = [] maps = [#id, #column]
    ins(%x : memref<4x8xf32>) outs(%y : memref<8xf32>)
    result { ^bb0(%e: f32): softmax.yield %e : f32 }
  return
}

// -----

#row = affine_map<(i, j) -> (i)>
func.func @nameless_dimension(%x: memref<4xf32>, %y: memref<4xf32>) {
  // expected-error@+1 {{no operand's map names d1, so its size is unknown}}
  softmax.generic dimensions = [1] statistics = [#softmax.sum] maps = [#row, #row]
    ins(%x : memref<4xf32>) outs(%y : memref<4xf32>)
    logit { ^bb0(%e: f32): softmax.yield %e : f32 }
    row { ^bb0(%e: f32, %s: f32): softmax.yield %s : f32 }
  return
}

// -----

#id = affine_map<(i, j) -> (i, j)>
func.func @mixed(%x: tensor<4x8xf32>, %y: memref<4x8xf32>) {
  // expected-error@+1 {{mixes tensor and memref operands; use one or the other}}
  softmax.generic dimensions = [1] statistics = [] maps = [#id, #id]
    ins(%x : tensor<4x8xf32>) outs(%y : memref<4x8xf32>)
    result { ^bb0(%e: f32): softmax.yield %e : f32 }
  return
}

// -----

#id = affine_map<(i, j) -> (i, j)>
func.func @superfluous_logit(%x: memref<4x8xf32>) {
  // expected-error@+1 {{has no statistics, so it must have no logit region}}
  softmax.generic dimensions = [1] statistics = [] maps = [#id, #id]
    ins(%x : memref<4x8xf32>) outs(%x : memref<4x8xf32>)
    logit { ^bb0(%e: f32): softmax.yield %e : f32 }
    result { ^bb0(%e: f32): softmax.yield %e : f32 }
  return
}

// -----

#id = affine_map<(i, j) -> (i, j)>
func.func @missing_logit(%x: memref<4x8xf32>) {
  // expected-error@+1 {{has statistics, so it needs a logit region}}
  softmax.generic dimensions = [1] statistics = [#softmax.sum] maps = [#id, #id]
    ins(%x : memref<4x8xf32>) outs(%x : memref<4x8xf32>)
    result { ^bb0(%e: f32, %s: f32): softmax.yield %s : f32 }
  return
}

// -----

#id = affine_map<(i, j) -> (i, j)>
#row = affine_map<(i, j) -> (i)>
func.func @missing_row(%x: memref<4x8xf32>, %l: memref<4xf32>) {
  // expected-error@+1 {{has per-row destinations, so it needs a row region}}
  softmax.generic dimensions = [1] statistics = [#softmax.sum] maps = [#id, #row]
    ins(%x : memref<4x8xf32>) outs(%l : memref<4xf32>)
    logit { ^bb0(%e: f32): softmax.yield %e : f32 }
  return
}

// -----

#id = affine_map<(i, j) -> (i, j)>
func.func @missing_result(%x: memref<4x8xf32>) {
  // expected-error@+1 {{has element-wise destinations, so it needs a result region}}
  softmax.generic dimensions = [1] statistics = [#softmax.sum] maps = [#id, #id]
    ins(%x : memref<4x8xf32>) outs(%x : memref<4x8xf32>)
    logit { ^bb0(%e: f32): softmax.yield %e : f32 }
  return
}

// -----

#id = affine_map<(i, j) -> (i, j)>
#row = affine_map<(i, j) -> (i)>
func.func @superfluous_result(%x: memref<4x8xf32>, %l: memref<4xf32>) {
  // expected-error@+1 {{has no element-wise destination, so it must have no result region}}
  softmax.generic dimensions = [1] statistics = [#softmax.sum] maps = [#id, #row]
    ins(%x : memref<4x8xf32>) outs(%l : memref<4xf32>)
    logit { ^bb0(%e: f32): softmax.yield %e : f32 }
    row { ^bb0(%s: f32): softmax.yield %s : f32 }
    result { ^bb0(%e: f32, %s: f32): softmax.yield %s : f32 }
  return
}

// -----

#id = affine_map<(i, j) -> (i, j)>
func.func @blocks(%x: memref<4x8xf32>) {
  // expected-error@+1 {{result region must have exactly one block}}
  softmax.generic dimensions = [1] statistics = [] maps = [#id, #id]
    ins(%x : memref<4x8xf32>) outs(%x : memref<4x8xf32>)
    result {
    ^bb0(%e: f32):
      cf.br ^bb1
    ^bb1:
      softmax.yield %e : f32
    }
  return
}

// -----

#id = affine_map<(i, j) -> (i, j)>
func.func @argument_count(%x: memref<4x8xf32>) {
  // expected-error@+1 {{result region takes 1 arguments, not 2}}
  softmax.generic dimensions = [1] statistics = [] maps = [#id, #id]
    ins(%x : memref<4x8xf32>) outs(%x : memref<4x8xf32>)
    result { ^bb0(%e: f32, %p: f32): softmax.yield %e : f32 }
  return
}

// -----

#id = affine_map<(i, j) -> (i, j)>
func.func @argument_type(%x: memref<4x8xf16>) {
  // expected-error@+1 {{logit region argument #0 must be 'f16', not 'f32'}}
  softmax.generic dimensions = [1] statistics = [#softmax.sum] maps = [#id, #id]
    ins(%x : memref<4x8xf16>) outs(%x : memref<4x8xf16>)
    logit { ^bb0(%e: f32): softmax.yield %e : f32 }
    result { ^bb0(%e: f16, %s: f32): softmax.yield %e : f16 }
  return
}

// -----

#id = affine_map<(i, j) -> (i, j)>
func.func @terminator(%x: memref<4x8xf32>) {
  // expected-error@+1 {{result region must end with softmax.yield}}
  softmax.generic dimensions = [1] statistics = [] maps = [#id, #id]
    ins(%x : memref<4x8xf32>) outs(%x : memref<4x8xf32>)
    result { ^bb0(%e: f32): ub.unreachable }
  return
}

// -----

#id = affine_map<(i, j) -> (i, j)>
func.func @empty_block(%x: memref<4x8xf32>) {
  // expected-error@+1 {{empty block: expect at least a terminator}}
  softmax.generic dimensions = [1] statistics = [] maps = [#id, #id]
    ins(%x : memref<4x8xf32>) outs(%x : memref<4x8xf32>)
    result { ^bb0(%e: f32): }
  return
}

// -----

#id = affine_map<(i, j) -> (i, j)>
func.func private @print()
func.func @side_effect(%x: memref<4x8xf32>) {
  softmax.generic dimensions = [1] statistics = [] maps = [#id, #id]
    ins(%x : memref<4x8xf32>) outs(%x : memref<4x8xf32>)
    result {
    ^bb0(%e: f32):
      // expected-error@+1 {{has side effects, which a region of softmax.generic may not have}}
      func.call @print() : () -> ()
      softmax.yield %e : f32
    }
  return
}

// -----

#id = affine_map<(i, j) -> (i, j)>
func.func @tensor_inside(%x: memref<4x8xf32>) {
  softmax.generic dimensions = [1] statistics = [] maps = [#id, #id]
    ins(%x : memref<4x8xf32>) outs(%x : memref<4x8xf32>)
    result {
    ^bb0(%e: f32):
      // expected-error@+1 {{works on 'tensor<8xf32>', but a region of softmax.generic computes one element from scalars; make it an input of the op}}
      %table = arith.constant dense<1.0> : tensor<8xf32>
      softmax.yield %e : f32
    }
  return
}

// -----

// C-DET-1
#id = affine_map<(i, j) -> (i, j)>
func.func @contract(%x: memref<4x8xf32>) {
  softmax.generic dimensions = [1] statistics = [] maps = [#id, #id]
    ins(%x : memref<4x8xf32>) outs(%x : memref<4x8xf32>)
    result {
    ^bb0(%e: f32):
      // expected-error@+1 {{carries reassoc or contract, under which a result's bits depend on what is fused with it; drop the flags (C-DET-1)}}
      %0 = arith.mulf %e, %e fastmath<contract> : f32
      softmax.yield %0 : f32
    }
  return
}

// -----

// C-DET-1
#id = affine_map<(i, j) -> (i, j)>
func.func @fast(%x: memref<4x8xf32>) {
  softmax.generic dimensions = [1] statistics = [#softmax.sum] maps = [#id, #id]
    ins(%x : memref<4x8xf32>) outs(%x : memref<4x8xf32>)
    logit {
    ^bb0(%e: f32):
      // expected-error@+1 {{carries reassoc or contract}}
      %0 = math.tanh %e fastmath<fast> : f32
      softmax.yield %0 : f32
    } result { ^bb0(%e: f32, %s: f32): softmax.yield %s : f32 }
  return
}

// -----

#id = affine_map<(i, j) -> (i, j)>
func.func @isolated(%x: memref<4x8xf32>, %c: f32) {
  // expected-note@+1 {{required by region isolation constraints}}
  softmax.generic dimensions = [1] statistics = [] maps = [#id, #id]
    ins(%x : memref<4x8xf32>) outs(%x : memref<4x8xf32>)
    result {
    ^bb0(%e: f32):
      // expected-error@+1 {{using value defined outside the region}}
      softmax.yield %c : f32
    }
  return
}

// -----

#id = affine_map<(i, j) -> (i, j)>
func.func @logit_count(%x: memref<4x8xf32>) {
  // expected-error@+1 {{logit region must yield one value per statistic: expected 2, found 1}}
  softmax.generic dimensions = [1] statistics = [#softmax.sum, #softmax.sum] maps = [#id, #id]
    ins(%x : memref<4x8xf32>) outs(%x : memref<4x8xf32>)
    logit { ^bb0(%e: f32): softmax.yield %e : f32 }
    result { ^bb0(%e: f32, %s: f32, %t: f32): softmax.yield %s : f32 }
  return
}

// -----

// C-TYPE-2
#id = affine_map<(i, j) -> (i, j)>
func.func @logit_type(%x: memref<4x8xbf16>) {
  // expected-error@+1 {{logit region must yield the compute type 'f32', not 'bf16'; cast explicitly (C-TYPE-2)}}
  softmax.generic dimensions = [1] statistics = [#softmax.sum] maps = [#id, #id]
    ins(%x : memref<4x8xbf16>) outs(%x : memref<4x8xbf16>)
    logit { ^bb0(%e: bf16): softmax.yield %e : bf16 }
    result { ^bb0(%e: bf16, %s: f32): softmax.yield %e : bf16 }
  return
}

// -----

// C-TYPE-2: one f64 operand makes the compute type f64.
#id = affine_map<(i, j) -> (i, j)>
#scalar = affine_map<(i, j) -> ()>
func.func @logit_type_f64(%x: memref<4x8xf32>, %s: f64) {
  // expected-error@+1 {{logit region must yield the compute type 'f64', not 'f32'; cast explicitly (C-TYPE-2)}}
  softmax.generic dimensions = [1] statistics = [#softmax.sum] maps = [#id, #scalar, #id]
    ins(%x, %s : memref<4x8xf32>, f64) outs(%x : memref<4x8xf32>)
    logit { ^bb0(%e: f32, %se: f64): softmax.yield %e : f32 }
    result { ^bb0(%e: f32, %se: f64, %sum: f64): softmax.yield %e : f32 }
  return
}

// -----

#id = affine_map<(i, j) -> (i, j)>
#row = affine_map<(i, j) -> (i)>
func.func @row_count(%x: memref<4x8xf32>, %l: memref<4xf32>, %k: memref<4xf32>) {
  // expected-error@+1 {{row region must yield a value per per-row destination: expected at least 2, found 1}}
  softmax.generic dimensions = [1] statistics = [#softmax.sum] maps = [#id, #row, #row]
    ins(%x : memref<4x8xf32>) outs(%l, %k : memref<4xf32>, memref<4xf32>)
    logit { ^bb0(%e: f32): softmax.yield %e : f32 }
    row { ^bb0(%s: f32): softmax.yield %s : f32 }
  return
}

// -----

#id = affine_map<(i, j) -> (i, j)>
#row = affine_map<(i, j) -> (i)>
func.func @row_type(%x: memref<4x8xf32>, %l: memref<4xf16>) {
  // expected-error@+1 {{row region yields 'f32' for destination #0, which holds 'f16'}}
  softmax.generic dimensions = [1] statistics = [#softmax.sum] maps = [#id, #row]
    ins(%x : memref<4x8xf32>) outs(%l : memref<4xf16>)
    logit { ^bb0(%e: f32): softmax.yield %e : f32 }
    row { ^bb0(%s: f32): softmax.yield %s : f32 }
  return
}

// -----

#id = affine_map<(i, j) -> (i, j)>
#row = affine_map<(i, j) -> (i)>
func.func @topk_rank(%x: memref<4x8xf32>, %v: memref<4xf32>) {
  // expected-error@+1 {{destination #0: has rank 1 but its map has 1 results and its vector result one trailing dimension}}
  softmax.generic dimensions = [1] statistics = [#softmax.topk<k = 3>] maps = [#id, #row]
    ins(%x : memref<4x8xf32>) outs(%v : memref<4xf32>)
    logit { ^bb0(%e: f32): softmax.yield %e : f32 }
    row { ^bb0(%values: vector<3xf32>, %indices: vector<3xi64>): softmax.yield %values : vector<3xf32> }
  return
}

// -----

#id = affine_map<(i, j) -> (i, j)>
#row = affine_map<(i, j) -> (i)>
func.func @topk_size(%x: memref<4x8xf32>, %v: memref<4x5xf32>) {
  // expected-error@+1 {{row region yields 'vector<3xf32>' for destination #0, whose trailing dimension has another size}}
  softmax.generic dimensions = [1] statistics = [#softmax.topk<k = 3>] maps = [#id, #row]
    ins(%x : memref<4x8xf32>) outs(%v : memref<4x5xf32>)
    logit { ^bb0(%e: f32): softmax.yield %e : f32 }
    row { ^bb0(%values: vector<3xf32>, %indices: vector<3xi64>): softmax.yield %values : vector<3xf32> }
  return
}

// -----

#id = affine_map<(i, j) -> (i, j)>
#row = affine_map<(i, j) -> (i)>
func.func @row_matrix(%x: memref<4x8xf32>, %v: memref<4x3xf32>) {
  // expected-error@+1 {{row region yields 'vector<3x1xf32>' for destination #0; a trailing dimension comes from a fixed vector of rank 1}}
  softmax.generic dimensions = [1] statistics = [#softmax.topk<k = 3>] maps = [#id, #row]
    ins(%x : memref<4x8xf32>) outs(%v : memref<4x3xf32>)
    logit { ^bb0(%e: f32): softmax.yield %e : f32 }
    row {
    ^bb0(%values: vector<3xf32>, %indices: vector<3xi64>):
      %0 = vector.shape_cast %values : vector<3xf32> to vector<3x1xf32>
      softmax.yield %0 : vector<3x1xf32>
    }
  return
}

// -----

#id = affine_map<(i, j) -> (i, j)>
#row = affine_map<(i, j) -> (i)>
func.func @row_scalable(%x: memref<4x8xf32>, %v: memref<4x4xf32>) {
  // expected-error@+1 {{row region yields 'vector<[4]xf32>' for destination #0; a trailing dimension comes from a fixed vector of rank 1}}
  softmax.generic dimensions = [1] statistics = [#softmax.sum] maps = [#id, #row]
    ins(%x : memref<4x8xf32>) outs(%v : memref<4x4xf32>)
    logit { ^bb0(%e: f32): softmax.yield %e : f32 }
    row {
    ^bb0(%sum: f32):
      %0 = vector.broadcast %sum : f32 to vector<[4]xf32>
      softmax.yield %0 : vector<[4]xf32>
    }
  return
}

// -----

#id = affine_map<(i, j) -> (i, j)>
func.func @handed_on_vector(%x: memref<4x8xf32>) {
  // expected-error@+1 {{row region hands on 'vector<3xf32>'; only integers, indices and floats reach the result region}}
  softmax.generic dimensions = [1] statistics = [#softmax.topk<k = 3>] maps = [#id, #id]
    ins(%x : memref<4x8xf32>) outs(%x : memref<4x8xf32>)
    logit { ^bb0(%e: f32): softmax.yield %e : f32 }
    row { ^bb0(%values: vector<3xf32>, %indices: vector<3xi64>): softmax.yield %values : vector<3xf32> }
    result { ^bb0(%e: f32, %v: vector<3xf32>): softmax.yield %e : f32 }
  return
}

// -----

#id = affine_map<(i, j) -> (i, j)>
func.func @result_count(%x: memref<4x8xf32>) {
  // expected-error@+1 {{result region must yield one value per element-wise destination: expected 1, found 2}}
  softmax.generic dimensions = [1] statistics = [] maps = [#id, #id]
    ins(%x : memref<4x8xf32>) outs(%x : memref<4x8xf32>)
    result { ^bb0(%e: f32): softmax.yield %e, %e : f32, f32 }
  return
}

// -----

#id = affine_map<(i, j) -> (i, j)>
func.func @result_type(%x: memref<4x8xf32>, %y: memref<4x8xf16>) {
  // expected-error@+1 {{result region yields 'f32' for destination #0, which holds 'f16'}}
  softmax.generic dimensions = [1] statistics = [] maps = [#id, #id]
    ins(%x : memref<4x8xf32>) outs(%y : memref<4x8xf16>)
    result { ^bb0(%e: f32): softmax.yield %e : f32 }
  return
}

// -----

func.func @index_outside() {
  // expected-error@+1 {{must stand in a region of softmax.generic}}
  %0 = softmax.index 0
  return
}

// -----

#id = affine_map<(i, j) -> (i, j)>
func.func @index_range(%x: memref<4x8xindex>) {
  softmax.generic dimensions = [1] statistics = [] maps = [#id, #id]
    ins(%x : memref<4x8xindex>) outs(%x : memref<4x8xindex>)
    result {
    ^bb0(%e: index):
      // expected-error@+1 {{dimension 2 is out of range for rank 2}}
      %0 = softmax.index 2
      softmax.yield %0 : index
    }
  return
}

// -----

#id = affine_map<(i, j) -> (i, j)>
func.func @index_negative(%x: memref<4x8xindex>) {
  softmax.generic dimensions = [1] statistics = [] maps = [#id, #id]
    ins(%x : memref<4x8xindex>) outs(%x : memref<4x8xindex>)
    result {
    ^bb0(%e: index):
      // expected-error@+1 {{dimension -1 is out of range for rank 2}}
      %0 = softmax.index -1
      softmax.yield %0 : index
    }
  return
}

// -----

#id = affine_map<(i, j) -> (i, j)>
#row = affine_map<(i, j) -> (i)>
func.func @index_in_row(%x: memref<4x8xf32>, %l: memref<4xindex>) {
  softmax.generic dimensions = [1] statistics = [#softmax.sum] maps = [#id, #row]
    ins(%x : memref<4x8xf32>) outs(%l : memref<4xindex>)
    logit { ^bb0(%e: f32): softmax.yield %e : f32 }
    row {
    ^bb0(%s: f32):
      // expected-error@+1 {{in the row region knows no coordinate along softmax dimension 1}}
      %0 = softmax.index 1
      softmax.yield %0 : index
    }
  return
}

// -----

func.func @yield_outside() {
  // expected-error@+1 {{'softmax.yield' op expects parent op 'softmax.generic'}}
  softmax.yield
}

// -----

// Regions are counted before anything looks into them.
#id = affine_map<(i, j) -> (i, j)>
func.func @regions(%x: memref<4x8xf32>) {
  // expected-error@+1 {{expected 3 regions}}
  "softmax.generic"(%x, %x) <{dimensions = array<i64: 1>, statistics = [], maps = [#id, #id], operandSegmentSizes = array<i32: 1, 1, 0>}> ({}, {}) : (memref<4x8xf32>, memref<4x8xf32>) -> ()
  return
}

// -----

#id = affine_map<(i, j) -> (i, j)>
func.func @huge(%x: memref<1152921504606846976x8xf32>, %y: memref<?x8xf32>) {
  // expected-error@+1 {{'softmax.generic' op operand #0 of type 'memref<1152921504606846976x8xf32>' has more elements than fit into memory}}
  softmax.generic dimensions = [1] statistics = [] maps = [#id, #id] ins(%x : memref<1152921504606846976x8xf32>) outs(%y : memref<?x8xf32>)
    result {
    ^bb0(%e: f32):
      softmax.yield %e : f32
    }
  return
}
