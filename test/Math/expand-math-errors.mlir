// RUN: softmax-opt %s -softmax-expand-math -split-input-file -verify-diagnostics

func.func @sin(%x: f32) -> f32 {
  // expected-error@+1 {{'math.sin' op has no expansion free of library calls; write it with exp, exp2}}
  %0 = math.sin %x : f32
  return %0 : f32
}

// -----

func.func @remainder(%x: vector<4xf32>) -> vector<4xf32> {
  // expected-error@+1 {{'arith.remf' op has no expansion free of library calls}}
  %0 = arith.remf %x, %x : vector<4xf32>
  return %0 : vector<4xf32>
}

// -----

func.func @wide(%x: f128) -> f128 {
  // expected-error@+1 {{'math.exp' op has no expansion free of library calls}}
  %0 = math.exp %x : f128
  return %0 : f128
}
