// RUN: softmax-opt %s --softmax-check-lowered -split-input-file -verify-diagnostics

func.func @left(%x: memref<?x?xf32>) {
  // expected-error @+1 {{no pass of this pipeline lowers this operation here}}
  softmax.softmax dimensions = [1] ins(%x : memref<?x?xf32>) outs(%x : memref<?x?xf32>)
  return
}

// -----

// One message per op, not one per yield.
func.func @generic(%x: memref<?x?xf32>) {
  // expected-error @+1 {{no pass of this pipeline lowers this operation here}}
  softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp]
    maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>]
    ins(%x : memref<?x?xf32>) outs(%x : memref<?x?xf32>)
    logit { ^bb0(%e: f32): softmax.yield %e : f32 }
    result { ^bb0(%e: f32, %p: f32, %logp: f32): softmax.yield %p : f32 }
  return
}

// -----

// Once for each line, scalars and vectors alike.
func.func @float8(%x: memref<16xf8E4M3B11FNUZ>, %i: index, %pad: f8E4M3B11FNUZ) -> (f32, vector<8xf32>) {
  // expected-error @+1 {{'memref.load' op has type 'f8E4M3B11FNUZ', which no pass of this pipeline lowers; pass the numbers as f16, bf16, f32, f64, f8E4M3FN, f8E5M2 or integers}}
  %0 = memref.load %x[%i] : memref<16xf8E4M3B11FNUZ>
  // expected-error @+1 {{'vector.transfer_read' op has type 'f8E4M3B11FNUZ'}}
  %1 = vector.transfer_read %x[%i], %pad : memref<16xf8E4M3B11FNUZ>, vector<8xf8E4M3B11FNUZ>
  // expected-error @+1 {{'arith.extf' op has type 'f8E4M3B11FNUZ'}}
  %2 = arith.extf %0 : f8E4M3B11FNUZ to f32
  // expected-error @+1 {{'arith.extf' op has type 'f8E4M3B11FNUZ'}}
  %3 = arith.extf %1 : vector<8xf8E4M3B11FNUZ> to vector<8xf32>
  return %2, %3 : f32, vector<8xf32>
}

// -----

func.func @nothing() {
  return
}
