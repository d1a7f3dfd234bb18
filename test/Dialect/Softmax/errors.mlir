// One case per diagnostic of the named ops' verifiers.
// RUN: softmax-opt %s --split-input-file -verify-diagnostics

// C-AXIS-1
func.func @no_dimension(%x: tensor<4x8xf32>) {
  // expected-error@+1 {{needs at least one softmax dimension (C-AXIS-1)}}
  %0 = softmax.softmax dimensions = [] ins(%x : tensor<4x8xf32>) outs(%x : tensor<4x8xf32>) -> tensor<4x8xf32>
  return
}

// -----

// C-AXIS-1
func.func @dimension_too_large(%x: tensor<4x8xf32>) {
  // expected-error@+1 {{softmax dimension 2 is out of range for rank 2; it must be in [0, 2) (C-AXIS-1)}}
  %0 = softmax.softmax dimensions = [2] ins(%x : tensor<4x8xf32>) outs(%x : tensor<4x8xf32>) -> tensor<4x8xf32>
  return
}

// -----

// C-AXIS-1: negative values are never stored.
func.func @dimension_negative(%x: tensor<4x8xf32>) {
  // expected-error@+1 {{softmax dimension -1 is out of range for rank 2; it must be in [0, 2) (C-AXIS-1)}}
  %0 = softmax.log_softmax dimensions = [-1] ins(%x : tensor<4x8xf32>) outs(%x : tensor<4x8xf32>) -> tensor<4x8xf32>
  return
}

// -----

// C-AXIS-1
func.func @dimensions_unsorted(%x: tensor<4x8xf32>) {
  // expected-error@+1 {{softmax dimensions must be sorted and free of duplicates, but 0 follows 1 (C-AXIS-1)}}
  %0 = softmax.softmax dimensions = [1, 0] ins(%x : tensor<4x8xf32>) outs(%x : tensor<4x8xf32>) -> tensor<4x8xf32>
  return
}

// -----

// C-AXIS-1
func.func @dimensions_twice(%x: tensor<4x8xf32>, %l: tensor<4xf32>) {
  // expected-error@+1 {{softmax dimensions must be sorted and free of duplicates, but 1 follows 1 (C-AXIS-1)}}
  %0 = softmax.logsumexp dimensions = [1, 1] ins(%x : tensor<4x8xf32>) outs(%l : tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

// C-RANK-0
func.func @rank_0(%x: tensor<f32>) {
  // expected-error@+1 {{has logits of rank 0, which have no dimension to normalize over (C-RANK-0); give them a dimension of size 1}}
  %0 = softmax.softmax dimensions = [0] ins(%x : tensor<f32>) outs(%x : tensor<f32>) -> tensor<f32>
  return
}

// -----

// C-TYPE-1
func.func @integers(%x: tensor<4x8xi32>, %y: tensor<4x8xf32>) {
  // expected-error@+1 {{input must have elements of f16, bf16, f32 or f64, not 'i32'; other types enter through the logit region of softmax.generic (C-TYPE-1)}}
  %0 = softmax.softmax dimensions = [1] ins(%x : tensor<4x8xi32>) outs(%y : tensor<4x8xf32>) -> tensor<4x8xf32>
  return
}

// -----

// C-TYPE-1
func.func @float8(%x: memref<4x8xf8E4M3FN>, %y: memref<4x8xf32>) {
  // expected-error@+1 {{input must have elements of f16, bf16, f32 or f64, not 'f8E4M3FN'}}
  softmax.softmax dimensions = [1] ins(%x : memref<4x8xf8E4M3FN>) outs(%y : memref<4x8xf32>)
  return
}

// -----

// C-TYPE-1
func.func @complex(%x: memref<4x8xcomplex<f32>>, %y: memref<4x8xf32>) {
  // expected-error@+1 {{input must have elements of f16, bf16, f32 or f64, not 'complex<f32>'}}
  softmax.softmax dimensions = [1] ins(%x : memref<4x8xcomplex<f32>>) outs(%y : memref<4x8xf32>)
  return
}

// -----

// C-TYPE-1
func.func @vector_elements(%x: memref<4xvector<8xf32>>, %y: memref<4xf32>) {
  // expected-error@+1 {{input must have elements of f16, bf16, f32 or f64, not 'vector<8xf32>'}}
  softmax.softmax dimensions = [0] ins(%x : memref<4xvector<8xf32>>) outs(%y : memref<4xf32>)
  return
}

// -----

// C-TYPE-1
func.func @result_integers(%x: tensor<4x8xf32>, %y: tensor<4x8xindex>) {
  // expected-error@+1 {{result must have elements of f16, bf16, f32 or f64, not 'index'}}
  %0 = softmax.softmax dimensions = [1] ins(%x : tensor<4x8xf32>) outs(%y : tensor<4x8xindex>) -> tensor<4x8xindex>
  return
}

// -----

// C-TYPE-1
func.func @bias_integers(%x: tensor<4x8xf32>, %b: tensor<8xi8>) {
  // expected-error@+1 {{bias must have elements of f16, bf16, f32 or f64, not 'i8'}}
  %0 = softmax.softmax dimensions = [1] ins(%x : tensor<4x8xf32>) bias(%b : tensor<8xi8>) outs(%x : tensor<4x8xf32>) -> tensor<4x8xf32>
  return
}

// -----

// C-TYPE-2
func.func @scale_type(%x: tensor<4x8xf16>, %s: f16) {
  // expected-error@+1 {{scale must have the compute type 'f32', not 'f16' (C-TYPE-2)}}
  %0 = softmax.softmax dimensions = [1] ins(%x : tensor<4x8xf16>) scale(%s : f16) outs(%x : tensor<4x8xf16>) -> tensor<4x8xf16>
  return
}

// -----

// C-TYPE-2: an f64 bias makes everything f64.
func.func @scale_type_f64(%x: tensor<4x8xf32>, %s: f32, %b: tensor<8xf64>) {
  // expected-error@+1 {{scale must have the compute type 'f64', not 'f32' (C-TYPE-2)}}
  %0 = softmax.softmax dimensions = [1] ins(%x : tensor<4x8xf32>) scale(%s : f32) bias(%b : tensor<8xf64>) outs(%x : tensor<4x8xf32>) -> tensor<4x8xf32>
  return
}

// -----

// C-TYPE-2
func.func @scale_is_no_float(%x: tensor<4x8xf32>, %s: i1) {
  // expected-error@+1 {{operand #1 must be floating-point, but got 'i1'}}
  %0 = softmax.softmax dimensions = [1] ins(%x : tensor<4x8xf32>) scale(%s : i1) outs(%x : tensor<4x8xf32>) -> tensor<4x8xf32>
  return
}

// -----

// C-TYPE-2
func.func @lse_type(%x: tensor<4x8xf16>, %l: tensor<4xf16>) {
  // expected-error@+1 {{lse must have the compute type 'f32', not 'f16' (C-TYPE-2)}}
  %0:2 = softmax.softmax dimensions = [1] ins(%x : tensor<4x8xf16>) outs(%x, %l : tensor<4x8xf16>, tensor<4xf16>) -> tensor<4x8xf16>, tensor<4xf16>
  return
}

// -----

// C-MASK-1
func.func @mask_type(%x: tensor<4x8xf32>, %m: tensor<4x8xi8>) {
  // expected-error@+1 {{mask must have elements of i1, not 'i8' (C-MASK-1)}}
  %0 = softmax.softmax dimensions = [1] ins(%x : tensor<4x8xf32>) mask(%m : tensor<4x8xi8>) outs(%x : tensor<4x8xf32>) -> tensor<4x8xf32>
  return
}

// -----

// C-SHAPE-1
func.func @result_rank(%x: tensor<4x8xf32>, %y: tensor<32xf32>) {
  // expected-error@+1 {{result must have one element per logit: expected rank 2, found 1 (C-SHAPE-1)}}
  %0 = softmax.softmax dimensions = [1] ins(%x : tensor<4x8xf32>) outs(%y : tensor<32xf32>) -> tensor<32xf32>
  return
}

// -----

// C-SHAPE-1
func.func @result_size(%x: tensor<4x8xf32>, %y: tensor<4x9xf32>) {
  // expected-error@+1 {{result has size 9 in dimension 1 where dimension 1 of the logits has 8 (C-SHAPE-1)}}
  %0 = softmax.softmax dimensions = [1] ins(%x : tensor<4x8xf32>) outs(%y : tensor<4x9xf32>) -> tensor<4x9xf32>
  return
}

// -----

// C-SHAPE-1
func.func @lse_rank(%x: tensor<4x8xf32>, %l: tensor<4x1xf32>) {
  // expected-error@+1 {{lse must have one element per row: expected rank 1, found 2 (C-SHAPE-1)}}
  %0 = softmax.logsumexp dimensions = [1] ins(%x : tensor<4x8xf32>) outs(%l : tensor<4x1xf32>) -> tensor<4x1xf32>
  return
}

// -----

// C-SHAPE-1
func.func @lse_size(%x: tensor<4x?x6xf32>, %l: tensor<4x5xf32>) {
  // expected-error@+1 {{lse has size 5 in dimension 1 where dimension 2 of the logits has 6 (C-SHAPE-1)}}
  %0 = softmax.logsumexp dimensions = [1] ins(%x : tensor<4x?x6xf32>) outs(%l : tensor<4x5xf32>) -> tensor<4x5xf32>
  return
}

// -----

// C-SHAPE-1
func.func @bias_rank(%x: tensor<8xf32>, %b: tensor<1x8xf32>) {
  // expected-error@+1 {{bias of rank 2 does not broadcast to logits of rank 1 (C-SHAPE-1)}}
  %0 = softmax.softmax dimensions = [0] ins(%x : tensor<8xf32>) bias(%b : tensor<1x8xf32>) outs(%x : tensor<8xf32>) -> tensor<8xf32>
  return
}

// -----

// C-SHAPE-1
func.func @bias_size(%x: tensor<4x8xf32>, %b: tensor<4xf32>) {
  // expected-error@+1 {{bias has size 4 in dimension 0 where dimension 1 of the logits has 8 (C-SHAPE-1)}}
  %0 = softmax.softmax dimensions = [1] ins(%x : tensor<4x8xf32>) bias(%b : tensor<4xf32>) outs(%x : tensor<4x8xf32>) -> tensor<4x8xf32>
  return
}

// -----

// C-SHAPE-1: the logits do not broadcast to the bias.
func.func @logits_broadcast(%x: tensor<1x8xf32>, %b: tensor<4x8xf32>) {
  // expected-error@+1 {{bias has size 4 in dimension 0 where dimension 0 of the logits has 1 (C-SHAPE-1)}}
  %0 = softmax.softmax dimensions = [1] ins(%x : tensor<1x8xf32>) bias(%b : tensor<4x8xf32>) outs(%x : tensor<1x8xf32>) -> tensor<1x8xf32>
  return
}

// -----

// C-SHAPE-1: operands that each fit dynamic logits must fit each other.
func.func @mask_size(%x: tensor<?x?xf32>, %b: tensor<4x8xf32>, %m: tensor<9xi1>) {
  // expected-error@+1 {{mask has size 9 in dimension 0 where dimension 1 of the logits has 8 (C-SHAPE-1)}}
  %0 = softmax.softmax dimensions = [1] ins(%x : tensor<?x?xf32>) bias(%b : tensor<4x8xf32>) mask(%m : tensor<9xi1>) outs(%x : tensor<?x?xf32>) -> tensor<?x?xf32>
  return
}

// -----

// C-SHAPE-1
func.func @mask_rank(%x: memref<8xf32>, %m: memref<1x8xi1>) {
  // expected-error@+1 {{mask of rank 2 does not broadcast to logits of rank 1 (C-SHAPE-1)}}
  softmax.softmax dimensions = [0] ins(%x : memref<8xf32>) mask(%m : memref<1x8xi1>) outs(%x : memref<8xf32>)
  return
}

// -----

func.func @mixed(%x: tensor<4x8xf32>, %y: memref<4x8xf32>) {
  // expected-error@+1 {{mixes tensor and memref operands; use one or the other}}
  softmax.softmax dimensions = [1] ins(%x : tensor<4x8xf32>) outs(%y : memref<4x8xf32>)
  return
}

// -----

func.func @memref_with_result(%x: memref<4x8xf32>) {
  // expected-error@+1 {{on memrefs writes its destinations and has no results, but has 1}}
  %0 = softmax.softmax dimensions = [1] ins(%x : memref<4x8xf32>) outs(%x : memref<4x8xf32>) -> tensor<4x8xf32>
  return
}

// -----

func.func @tensor_without_result(%x: tensor<4x8xf32>) {
  // expected-error@+1 {{on tensors has one result per destination: expected 1, found 0}}
  softmax.softmax dimensions = [1] ins(%x : tensor<4x8xf32>) outs(%x : tensor<4x8xf32>)
  return
}

// -----

func.func @result_type(%x: tensor<4x8xf32>) {
  // expected-error@+1 {{result #0 has type 'tensor<4x?xf32>' but its destination has type 'tensor<4x8xf32>'}}
  %0 = softmax.softmax dimensions = [1] ins(%x : tensor<4x8xf32>) outs(%x : tensor<4x8xf32>) -> tensor<4x?xf32>
  return
}

// -----

func.func @no_destination(%x: memref<4x8xf32>) {
  // expected-error@+1 {{takes one or two destinations (result, lse), found 0}}
  "softmax.softmax"(%x) <{dimensions = array<i64: 1>, operandSegmentSizes = array<i32: 1, 0, 0, 0, 0>}> : (memref<4x8xf32>) -> ()
  return
}

// -----

func.func @too_many_destinations(%x: memref<4x8xf32>, %l: memref<4xf32>) {
  // expected-error@+1 {{takes one destination, found 2}}
  softmax.logsumexp dimensions = [1] ins(%x : memref<4x8xf32>) outs(%l, %l : memref<4xf32>, memref<4xf32>)
  return
}

// -----

func.func @unranked(%x: memref<*xf32>) {
  // expected-error@+1 {{operand #0 must be ranked tensor of any type values or memref of any type values, but got 'memref<*xf32>'}}
  softmax.softmax dimensions = [0] ins(%x : memref<*xf32>) outs(%x : memref<*xf32>)
  return
}

// -----

func.func @unranked_tensor(%x: tensor<*xf32>) {
  // expected-error@+1 {{operand #0 must be ranked tensor of any type values or memref of any type values, but got 'tensor<*xf32>'}}
  %0 = softmax.softmax dimensions = [0] ins(%x : tensor<*xf32>) outs(%x : tensor<*xf32>) -> tensor<*xf32>
  return
}

// -----

func.func @vector(%x: vector<8xf32>) {
  // expected-error@+1 {{operand #0 must be ranked tensor of any type values or memref of any type values, but got 'vector<8xf32>'}}
  softmax.softmax dimensions = [0] ins(%x : vector<8xf32>) outs(%x : vector<8xf32>)
  return
}

// -----

func.func @segments(%x: memref<4x8xf32>) {
  // expected-error@+1 {{operand count (2) does not match with the total size (3) specified in attribute 'operandSegmentSizes'}}
  "softmax.softmax"(%x, %x) <{dimensions = array<i64: 1>, operandSegmentSizes = array<i32: 1, 0, 0, 0, 2>}> : (memref<4x8xf32>, memref<4x8xf32>) -> ()
  return
}

// -----

func.func @missing_dimensions(%x: memref<4x8xf32>) {
  // expected-error@+1 {{requires attribute 'dimensions'}}
  "softmax.softmax"(%x, %x) <{operandSegmentSizes = array<i32: 1, 0, 0, 0, 1>}> : (memref<4x8xf32>, memref<4x8xf32>) -> ()
  return
}

// -----

// Sizes whose product wraps, and one that no address space has.
func.func @huge(%x: memref<9223372036854775807x8xf32>, %y: memref<9223372036854775807xf32>) {
  // expected-error@+1 {{'softmax.logsumexp' op operand #0 of type 'memref<9223372036854775807x8xf32>' has more elements than fit into memory; give it sizes that it can have}}
  softmax.logsumexp dimensions = [1] ins(%x : memref<9223372036854775807x8xf32>) outs(%y : memref<9223372036854775807xf32>)
  return
}

// -----

func.func @huge_mask(%x: tensor<?x?xf32>, %m: tensor<1152921504606846976x2xi1>, %y: tensor<?x?xf32>) {
  // expected-error@+1 {{'softmax.softmax' op operand #1 of type 'tensor<1152921504606846976x2xi1>' has more elements than fit into memory}}
  softmax.softmax dimensions = [1] ins(%x : tensor<?x?xf32>) mask(%m : tensor<1152921504606846976x2xi1>) outs(%y : tensor<?x?xf32>) -> tensor<?x?xf32>
  return
}
