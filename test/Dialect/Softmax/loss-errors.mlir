// One case per diagnostic of the losses' verifiers.
// RUN: softmax-opt %s --split-input-file -verify-diagnostics

// C-AXIS-1
func.func @dimension(%x: tensor<4x8xf32>, %t: tensor<4xi64>, %l: tensor<4xf32>) {
  // expected-error@+1 {{'softmax.cross_entropy' op softmax dimension 2 is out of range for rank 2; it must be in [0, 2) (C-AXIS-1)}}
  %0 = softmax.cross_entropy dimensions = [2] ins(%x, %t : tensor<4x8xf32>, tensor<4xi64>) outs(%l : tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

// C-TYPE-1
func.func @input_type(%x: tensor<4x8xi8>, %t: tensor<4xi64>, %l: tensor<4xf32>) {
  // expected-error@+1 {{input must have elements of f16, bf16, f32 or f64, not 'i8'}}
  %0 = softmax.cross_entropy dimensions = [1] ins(%x, %t : tensor<4x8xi8>, tensor<4xi64>) outs(%l : tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @labels_type(%x: tensor<4x8xf32>, %t: tensor<4xi16>, %l: tensor<4xf32>) {
  // expected-error@+1 {{labels must be class indices of i32 or i64, one per row, or probabilities, one per logit, not elements of 'i16'}}
  %0 = softmax.cross_entropy dimensions = [1] ins(%x, %t : tensor<4x8xf32>, tensor<4xi16>) outs(%l : tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

func.func @labels_unsigned(%x: tensor<4x8xf32>, %t: tensor<4xui32>, %l: tensor<4xf32>) {
  // expected-error@+1 {{labels must be class indices of i32 or i64, one per row, or probabilities, one per logit, not elements of 'ui32'}}
  %0 = softmax.cross_entropy dimensions = [1] ins(%x, %t : tensor<4x8xf32>, tensor<4xui32>) outs(%l : tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

// C-TYPE-1
func.func @probabilities_type(%x: tensor<4x8xf32>, %t: tensor<4x8xf8E5M2>, %l: tensor<4xf32>) {
  // expected-error@+1 {{labels must have elements of f16, bf16, f32 or f64, not 'f8E5M2'}}
  %0 = softmax.cross_entropy dimensions = [1] ins(%x, %t : tensor<4x8xf32>, tensor<4x8xf8E5M2>) outs(%l : tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

// C-SHAPE-1: class indices for every logit.
func.func @labels_rank(%x: tensor<4x8xf32>, %t: tensor<4x8xi64>, %l: tensor<4xf32>) {
  // expected-error@+1 {{labels must have one element per row: expected rank 1, found 2 (C-SHAPE-1)}}
  %0 = softmax.cross_entropy dimensions = [1] ins(%x, %t : tensor<4x8xf32>, tensor<4x8xi64>) outs(%l : tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

// C-SHAPE-1
func.func @labels_size(%x: tensor<4x8xf32>, %t: tensor<5xi64>, %l: tensor<4xf32>) {
  // expected-error@+1 {{labels has size 5 in dimension 0 where input has 4 in dimension 0 (C-SHAPE-1)}}
  %0 = softmax.cross_entropy dimensions = [1] ins(%x, %t : tensor<4x8xf32>, tensor<5xi64>) outs(%l : tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

// C-SHAPE-1
func.func @probabilities_size(%x: tensor<4x8xf32>, %t: tensor<4x7xf32>, %l: tensor<4xf32>) {
  // expected-error@+1 {{labels has size 7 in dimension 1 where input has 8 in dimension 1 (C-SHAPE-1)}}
  %0 = softmax.cross_entropy dimensions = [1] ins(%x, %t : tensor<4x8xf32>, tensor<4x7xf32>) outs(%l : tensor<4xf32>) -> tensor<4xf32>
  return
}

// -----

// C-TYPE-2
func.func @loss_type(%x: tensor<4x8xf16>, %t: tensor<4xi64>, %l: tensor<4xf16>) {
  // expected-error@+1 {{loss must have the compute type 'f32', not 'f16' (C-TYPE-2)}}
  %0 = softmax.cross_entropy dimensions = [1] ins(%x, %t : tensor<4x8xf16>, tensor<4xi64>) outs(%l : tensor<4xf16>) -> tensor<4xf16>
  return
}

// -----

// C-TYPE-2, C-SHAPE-1
func.func @lse(%x: tensor<4x8xf32>, %t: tensor<4xi64>, %l: tensor<4xf32>, %k: tensor<8xf32>) {
  // expected-error@+1 {{lse has size 8 in dimension 0 where input has 4 in dimension 0 (C-SHAPE-1)}}
  %0:2 = softmax.cross_entropy dimensions = [1] ins(%x, %t : tensor<4x8xf32>, tensor<4xi64>) outs(%l, %k : tensor<4xf32>, tensor<8xf32>) -> tensor<4xf32>, tensor<8xf32>
  return
}

// -----

func.func @destinations(%x: memref<4x8xf32>, %t: memref<4xi64>, %l: memref<4xf32>) {
  // expected-error@+1 {{takes one or two destinations (loss, lse), found 3}}
  softmax.cross_entropy dimensions = [1] ins(%x, %t : memref<4x8xf32>, memref<4xi64>) outs(%l, %l, %l : memref<4xf32>, memref<4xf32>, memref<4xf32>)
  return
}

// -----

func.func @smoothing(%x: memref<4x8xf32>, %t: memref<4xi64>, %l: memref<4xf32>) {
  // expected-error@+1 {{label_smoothing must be in [0, 1], not 1.500000e+00 : f64}}
  softmax.cross_entropy dimensions = [1] {label_smoothing = 1.5 : f64} ins(%x, %t : memref<4x8xf32>, memref<4xi64>) outs(%l : memref<4xf32>)
  return
}

// -----

func.func @smoothing_nan(%x: memref<4x8xf32>, %t: memref<4xi64>, %l: memref<4xf32>) {
  // expected-error@+1 {{label_smoothing must be in [0, 1], not 0x7FF8000000000000 : f64}}
  softmax.cross_entropy_backward dimensions = [1] {label_smoothing = 0x7FF8000000000000 : f64} ins(%x, %t, %l, %l : memref<4x8xf32>, memref<4xi64>, memref<4xf32>, memref<4xf32>) outs(%x : memref<4x8xf32>)
  return
}

// -----

func.func @ignored_probabilities(%x: memref<4x8xf32>, %l: memref<4xf32>) {
  // expected-error@+1 {{ignore_index goes with labels that are class indices, not with probabilities; leave it out}}
  softmax.cross_entropy dimensions = [1] {ignore_index = 1 : i64} ins(%x, %x : memref<4x8xf32>, memref<4x8xf32>) outs(%l : memref<4xf32>)
  return
}

// -----

func.func @ignored_range(%x: memref<4x8xf32>, %t: memref<4xi32>, %l: memref<4xf32>) {
  // expected-error@+1 {{ignore_index 4294967295 is no value of labels of i32}}
  softmax.cross_entropy dimensions = [1] {ignore_index = 4294967295 : i64} ins(%x, %t : memref<4x8xf32>, memref<4xi32>) outs(%l : memref<4xf32>)
  return
}

// -----

func.func @two_dimensions(%x: memref<4x8xf32>, %t: memref<i64>, %l: memref<f32>) {
  // expected-error@+1 {{labels that are class indices pick along one softmax dimension, but there are 2; collapse them into one, or give probabilities}}
  softmax.cross_entropy dimensions = [0, 1] ins(%x, %t : memref<4x8xf32>, memref<i64>) outs(%l : memref<f32>)
  return
}

// -----

func.func @many_classes(%x: memref<2x4294967296xf32>, %t: memref<2xi32>, %l: memref<2xf32>) {
  // expected-error@+1 {{has 4294967296 classes, more than labels of i32 can name; use i64}}
  softmax.cross_entropy dimensions = [1] ins(%x, %t : memref<2x4294967296xf32>, memref<2xi32>) outs(%l : memref<2xf32>)
  return
}

// -----

// C-TYPE-2
func.func @grad_loss_type(%x: memref<4x8xf32>, %t: memref<4xi32>, %l: memref<4xf32>, %d: memref<4xf16>) {
  // expected-error@+1 {{grad_loss must have the compute type 'f32', not 'f16' (C-TYPE-2)}}
  softmax.cross_entropy_backward dimensions = [1] ins(%x, %t, %l, %d : memref<4x8xf32>, memref<4xi32>, memref<4xf32>, memref<4xf16>) outs(%x : memref<4x8xf32>)
  return
}

// -----

// C-SHAPE-1
func.func @lse_rank(%x: memref<4x8xf32>, %t: memref<4xi32>, %l: memref<4xf32>) {
  // expected-error@+1 {{lse must have one element per row: expected rank 1, found 2 (C-SHAPE-1)}}
  softmax.cross_entropy_backward dimensions = [1] ins(%x, %t, %x, %l : memref<4x8xf32>, memref<4xi32>, memref<4x8xf32>, memref<4xf32>) outs(%x : memref<4x8xf32>)
  return
}

// -----

func.func @backward_destinations(%x: memref<4x8xf32>, %t: memref<4xi32>, %l: memref<4xf32>) {
  // expected-error@+1 {{takes one destination (grad_input), found 2}}
  softmax.cross_entropy_backward dimensions = [1] ins(%x, %t, %l, %l : memref<4x8xf32>, memref<4xi32>, memref<4xf32>, memref<4xf32>) outs(%x, %x : memref<4x8xf32>, memref<4x8xf32>)
  return
}
