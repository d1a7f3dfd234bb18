// One case per diagnostic of the gradients' verifiers.
// RUN: softmax-opt %s --split-input-file -verify-diagnostics

// C-AXIS-1
func.func @dimension(%y: tensor<4x8xf32>) {
  // expected-error@+1 {{'softmax.softmax_backward' op softmax dimension 2 is out of range for rank 2; it must be in [0, 2) (C-AXIS-1)}}
  %0 = softmax.softmax_backward dimensions = [2] ins(%y, %y : tensor<4x8xf32>, tensor<4x8xf32>) outs(%y : tensor<4x8xf32>) -> tensor<4x8xf32>
  return
}

// -----

// C-RANK-0
func.func @rank_0(%y: tensor<f32>) {
  // expected-error@+1 {{'softmax.log_softmax_backward' op has logits of rank 0, which have no dimension to normalize over (C-RANK-0); give them a dimension of size 1}}
  %0 = softmax.log_softmax_backward dimensions = [0] ins(%y, %y : tensor<f32>, tensor<f32>) outs(%y : tensor<f32>) -> tensor<f32>
  return
}

// -----

// C-TYPE-1
func.func @integers(%dy: tensor<4x8xi32>, %y: tensor<4x8xf32>) {
  // expected-error@+1 {{grad_output must have elements of f16, bf16, f32 or f64, not 'i32'; other types enter through the logit region of softmax.generic (C-TYPE-1)}}
  %0 = softmax.softmax_backward dimensions = [1] ins(%dy, %y : tensor<4x8xi32>, tensor<4x8xf32>) outs(%y : tensor<4x8xf32>) -> tensor<4x8xf32>
  return
}

// -----

// C-TYPE-1
func.func @output_float8(%dy: memref<4x8xf32>, %y: memref<4x8xf8E4M3FN>) {
  // expected-error@+1 {{output must have elements of f16, bf16, f32 or f64, not 'f8E4M3FN'}}
  softmax.softmax_backward dimensions = [1] ins(%dy, %y : memref<4x8xf32>, memref<4x8xf8E4M3FN>) outs(%dy : memref<4x8xf32>)
  return
}

// -----

// C-TYPE-1
func.func @grad_input_index(%dy: memref<4x8xf32>, %dx: memref<4x8xindex>) {
  // expected-error@+1 {{grad_input must have elements of f16, bf16, f32 or f64, not 'index'}}
  softmax.softmax_backward dimensions = [1] ins(%dy, %dy : memref<4x8xf32>, memref<4x8xf32>) outs(%dx : memref<4x8xindex>)
  return
}

// -----

// C-TYPE-2
func.func @scale_type(%y: tensor<4x8xf16>, %s: f16) {
  // expected-error@+1 {{scale must have the compute type 'f32', not 'f16' (C-TYPE-2)}}
  %0 = softmax.softmax_backward dimensions = [1] ins(%y, %y : tensor<4x8xf16>, tensor<4x8xf16>) scale(%s : f16) outs(%y : tensor<4x8xf16>) -> tensor<4x8xf16>
  return
}

// -----

// C-SHAPE-1
func.func @ranks(%dy: tensor<4x8xf32>, %y: tensor<8xf32>) {
  // expected-error@+1 {{output must have one element per logit: expected rank 2, found 1 (C-SHAPE-1)}}
  %0 = softmax.softmax_backward dimensions = [1] ins(%dy, %y : tensor<4x8xf32>, tensor<8xf32>) outs(%dy : tensor<4x8xf32>) -> tensor<4x8xf32>
  return
}

// -----

// C-SHAPE-1
func.func @output_size(%dy: tensor<4x8xf32>, %y: tensor<?x7xf32>) {
  // expected-error@+1 {{output has size 7 in dimension 1 where grad_output has 8 in dimension 1 (C-SHAPE-1)}}
  %0 = softmax.log_softmax_backward dimensions = [1] ins(%dy, %y : tensor<4x8xf32>, tensor<?x7xf32>) outs(%dy : tensor<4x8xf32>) -> tensor<4x8xf32>
  return
}

// -----

// C-SHAPE-1: of two operands that only meet in the third.
func.func @grad_input_size(%dy: tensor<?x8xf32>, %y: tensor<4x?xf32>, %dx: tensor<5x8xf32>) {
  // expected-error@+1 {{grad_input has size 5 in dimension 0 where output has 4 in dimension 0 (C-SHAPE-1)}}
  %0 = softmax.softmax_backward dimensions = [1] ins(%dy, %y : tensor<?x8xf32>, tensor<4x?xf32>) outs(%dx : tensor<5x8xf32>) -> tensor<5x8xf32>
  return
}

// -----

func.func @no_broadcast(%dy: tensor<4x8xf32>, %y: tensor<1x8xf32>) {
  // expected-error@+1 {{output has size 1 in dimension 0 where grad_output has 4 in dimension 0 (C-SHAPE-1)}}
  %0 = softmax.softmax_backward dimensions = [1] ins(%dy, %y : tensor<4x8xf32>, tensor<1x8xf32>) outs(%dy : tensor<4x8xf32>) -> tensor<4x8xf32>
  return
}

// -----

func.func @two_destinations(%y: memref<4x8xf32>) {
  // expected-error@+1 {{takes one destination (grad_input), found 2}}
  softmax.softmax_backward dimensions = [1] ins(%y, %y : memref<4x8xf32>, memref<4x8xf32>) outs(%y, %y : memref<4x8xf32>, memref<4x8xf32>)
  return
}

// -----

func.func @mixed(%dy: memref<4x8xf32>, %y: tensor<4x8xf32>) {
  // expected-error@+1 {{mixes tensor and memref operands; use one or the other}}
  softmax.softmax_backward dimensions = [1] ins(%dy, %y : memref<4x8xf32>, tensor<4x8xf32>) outs(%dy : memref<4x8xf32>)
  return
}

// -----

func.func @no_result(%y: tensor<4x8xf32>) {
  // expected-error@+1 {{on tensors has one result per destination: expected 1, found 0}}
  softmax.softmax_backward dimensions = [1] ins(%y, %y : tensor<4x8xf32>, tensor<4x8xf32>) outs(%y : tensor<4x8xf32>)
  return
}

// -----

func.func @huge(%y: memref<9223372036854775807x8xf32>) {
  // expected-error@+1 {{operand #0 of type 'memref<9223372036854775807x8xf32>' has more elements than fit into memory}}
  softmax.softmax_backward dimensions = [1] ins(%y, %y : memref<9223372036854775807x8xf32>, memref<9223372036854775807x8xf32>) outs(%y : memref<9223372036854775807x8xf32>)
  return
}
