// RUN: softmax-opt %s --split-input-file --verify-diagnostics

func.func @integers(%x: tensor<?x?xi32>, %i: tensor<?xf32>, %j: tensor<?xf64>) -> (tensor<?xf32>, tensor<?xf64>) {
  // expected-error @+1 {{input must have elements of f16, bf16, f32 or f64, not 'i32'; other types enter through the logit region of softmax.generic (C-TYPE-1)}}
  %m, %s = softmax.stats dimensions = [1] ins(%x : tensor<?x?xi32>) outs(%i, %j : tensor<?xf32>, tensor<?xf64>) -> tensor<?xf32>, tensor<?xf64>
  return %m, %s : tensor<?xf32>, tensor<?xf64>
}

// -----

func.func @narrow_max(%x: tensor<?x?xf16>, %i: tensor<?xf16>, %j: tensor<?xf64>) -> (tensor<?xf16>, tensor<?xf64>) {
  // expected-error @+1 {{max must have the compute type 'f32', not 'f16' (C-TYPE-2)}}
  %m, %s = softmax.stats dimensions = [1] ins(%x : tensor<?x?xf16>) outs(%i, %j : tensor<?xf16>, tensor<?xf64>) -> tensor<?xf16>, tensor<?xf64>
  return %m, %s : tensor<?xf16>, tensor<?xf64>
}

// -----

func.func @wide_max(%x: memref<?x?xf32>, %i: memref<?xf64>, %j: memref<?xf64>) {
  // expected-error @+1 {{max must have the compute type 'f32', not 'f64' (C-TYPE-2)}}
  softmax.stats dimensions = [1] ins(%x : memref<?x?xf32>) outs(%i, %j : memref<?xf64>, memref<?xf64>)
  return
}

// -----

func.func @twice(%x: memref<?x?xf64>, %i: memref<?xf64>) {
  // expected-error @+1 {{writes destination #1 into the buffer of destination #0, of which one would be lost; give each its own}}
  softmax.stats dimensions = [1] ins(%x : memref<?x?xf64>) outs(%i, %i : memref<?xf64>, memref<?xf64>)
  return
}

// -----

func.func @narrow_sum(%x: memref<?x?xf32>, %i: memref<?xf32>, %j: memref<?xf32>) {
  // expected-error @+1 {{sum must have elements of f64, not 'f32': a sum is not rounded before parts are merged}}
  softmax.stats dimensions = [1] ins(%x : memref<?x?xf32>) outs(%i, %j : memref<?xf32>, memref<?xf32>)
  return
}

// -----

func.func @one_destination(%x: memref<?x?xf32>, %i: memref<?xf32>) {
  // expected-error @+1 {{takes two destinations (max, sum), found 1}}
  softmax.stats dimensions = [1] ins(%x : memref<?x?xf32>) outs(%i : memref<?xf32>)
  return
}

// -----

func.func @dimension(%x: memref<?x?xf32>, %i: memref<?xf32>, %j: memref<?xf64>) {
  // expected-error @+1 {{softmax dimension 2 is out of range for rank 2; it must be in [0, 2) (C-AXIS-1)}}
  softmax.stats dimensions = [2] ins(%x : memref<?x?xf32>) outs(%i, %j : memref<?xf32>, memref<?xf64>)
  return
}

// -----

func.func @parts_disagree(%m: memref<4x?xf32>, %s: memref<5x?xf64>, %i: memref<?xf32>, %j: memref<?xf64>) {
  // expected-error @+1 {{sum of parts has size 5 in dimension 0 where max of parts has 4 in dimension 0 (C-SHAPE-1)}}
  softmax.merge dimensions = [0] ins(%m, %s : memref<4x?xf32>, memref<5x?xf64>) outs(%i, %j : memref<?xf32>, memref<?xf64>)
  return
}

// -----

func.func @rows_disagree(%m: memref<4x3xf32>, %s: memref<4x3xf64>, %i: memref<3xf32>, %j: memref<2xf64>) {
  // expected-error @+1 {{sum has size 2 in dimension 0 where max of parts has 3 in dimension 1 (C-SHAPE-1)}}
  softmax.merge dimensions = [0] ins(%m, %s : memref<4x3xf32>, memref<4x3xf64>) outs(%i, %j : memref<3xf32>, memref<2xf64>)
  return
}

// -----

func.func @other_type(%m: memref<4x?xf32>, %s: memref<4x?xf64>, %i: memref<?xf64>, %j: memref<?xf64>) {
  // expected-error @+1 {{max must have the compute type 'f32', not 'f64' (C-TYPE-2)}}
  softmax.merge dimensions = [0] ins(%m, %s : memref<4x?xf32>, memref<4x?xf64>) outs(%i, %j : memref<?xf64>, memref<?xf64>)
  return
}

// -----

func.func @narrow_parts(%m: memref<4x?xf16>, %s: memref<4x?xf64>, %i: memref<?xf32>, %j: memref<?xf64>) {
  // expected-error @+1 {{max of parts must have the compute type 'f32', not 'f16' (C-TYPE-2)}}
  softmax.merge dimensions = [0] ins(%m, %s : memref<4x?xf16>, memref<4x?xf64>) outs(%i, %j : memref<?xf32>, memref<?xf64>)
  return
}
