// RUN: softmax-opt %s -softmax-expand-math -split-input-file | FileCheck %s --check-prefixes=CHECK,FMA
// RUN: softmax-opt %s -softmax-expand-math='fma=false f16c=false' -split-input-file | FileCheck %s --check-prefixes=CHECK,BASE
// RUN: softmax-opt %s -softmax-expand-math='bf16=true' -split-input-file | FileCheck %s --check-prefixes=CHECK,BF16

// CHECK-LABEL: func @exp_scalar
// CHECK-NOT: math.exp
// FMA: math.fma
// BASE-NOT: math.fma
// CHECK: arith.shli
// CHECK: return
func.func @exp_scalar(%x: f32) -> f32 {
  %0 = math.exp %x : f32
  return %0 : f32
}

// -----

// CHECK-LABEL: func @scalable_log
// CHECK-NOT: math.log
// CHECK: arith.divf {{.*}} : vector<[4]xf32>
// CHECK: return
func.func @scalable_log(%x: vector<[4]xf32>) -> vector<[4]xf32> {
  %0 = math.log %x : vector<[4]xf32>
  return %0 : vector<[4]xf32>
}

// -----

// Narrow operands are computed in f32 and rounded once.
// CHECK-LABEL: func @tanh_f16
// CHECK-SAME: %[[X:.*]]: vector<8xf16>
// FMA: arith.extf %[[X]] : vector<8xf16> to vector<8xf32>
// FMA: arith.truncf {{.*}} : vector<8xf32> to vector<8xf16>
// BASE-NOT: arith.extf
// BASE-NOT: arith.truncf
// BASE: arith.trunci {{.*}} : vector<8xi32> to vector<8xi16>
// BASE: arith.bitcast {{.*}} : vector<8xi16> to vector<8xf16>
func.func @tanh_f16(%x: vector<8xf16>) -> vector<8xf16> {
  %0 = math.tanh %x : vector<8xf16>
  return %0 : vector<8xf16>
}

// -----

// CHECK-LABEL: func @truncate_bf16
// FMA-NOT: arith.truncf
// FMA: arith.shrui
// BF16: arith.truncf {{.*}} : f32 to bf16
func.func @truncate_bf16(%x: f32) -> bf16 {
  %0 = arith.truncf %x : f32 to bf16
  return %0 : bf16
}

// -----

// f64 is rounded to odd on its way through f32.
// CHECK-LABEL: func @truncate_f64_to_f16
// CHECK-SAME: %[[X:.*]]: f64
// CHECK: %[[NEAREST:.*]] = arith.truncf %[[X]] : f64 to f32
// CHECK: arith.extf %[[NEAREST]] : f32 to f64
// FMA: %[[ODD:.*]] = arith.bitcast %{{.*}} : i32 to f32
// FMA: arith.truncf %[[ODD]] : f32 to f16
// BASE-NOT: arith.truncf
// BASE: arith.bitcast {{.*}} : i16 to f16
func.func @truncate_f64_to_f16(%x: f64) -> f16 {
  %0 = arith.truncf %x : f64 to f16
  return %0 : f16
}

// -----

// CHECK-LABEL: func @narrow_arithmetic
// CHECK-NOT: arith.mulf {{.*}} : bf16
// CHECK: arith.mulf {{.*}} : f32
// CHECK: arith.cmpf olt, {{.*}} : f32
// CHECK: return
func.func @narrow_arithmetic(%x: bf16, %y: bf16) -> (bf16, i1) {
  %0 = arith.mulf %x, %y : bf16
  %1 = arith.cmpf olt, %x, %y : bf16
  return %0, %1 : bf16, i1
}

// -----

// An i32 does not fit f32: no rounding in between.
// CHECK-LABEL: func @integer_to_bf16
// CHECK: arith.sitofp {{.*}} : i32 to f64
func.func @integer_to_bf16(%i: i32) -> bf16 {
  %0 = arith.sitofp %i : i32 to bf16
  return %0 : bf16
}

// -----

// CHECK-LABEL: func @round
// FMA: math.roundeven
// FMA: math.floor
// BASE-NOT: math.roundeven
// BASE-NOT: math.floor
// BASE: math.copysign
func.func @round(%x: vector<4xf32>) -> (vector<4xf32>, vector<4xf32>) {
  %0 = math.roundeven %x : vector<4xf32>
  %1 = math.floor %x : vector<4xf32>
  return %0, %1 : vector<4xf32>, vector<4xf32>
}

// -----

// What targets do by themselves stays.
// CHECK-LABEL: func @untouched
// CHECK: math.sqrt
// CHECK: arith.maximumf
func.func @untouched(%x: f32) -> f32 {
  %0 = math.sqrt %x : f32
  %1 = arith.maximumf %0, %x : f32
  return %1 : f32
}
