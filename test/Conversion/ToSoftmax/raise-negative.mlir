// Nearly softmax, but not quite: left alone, with a reason where it looks like
// one.
// RUN: softmax-opt %s --softmax-raise=report --split-input-file -verify-diagnostics | FileCheck %s

// The sum starts at 1: a softmax with a phantom logit of the maximum.
// CHECK-LABEL: func @other_sum_init
func.func @other_sum_init(%x: tensor<4x4xf32>, %init: tensor<4x4xf32>, %per_row: tensor<4xf32>) -> (tensor<4x4xf32>) {
  // CHECK-NOT: softmax.
  // CHECK: return
  %zero = arith.constant 1.0 : f32
  %lowest = arith.constant 0xFF800000 : f32
  %max_init = linalg.fill ins(%lowest : f32) outs(%per_row : tensor<4xf32>) -> tensor<4xf32>
  %sum_init = linalg.fill ins(%zero : f32) outs(%per_row : tensor<4xf32>) -> tensor<4xf32>
  %max = linalg.reduce { arith.maximumf } ins(%x : tensor<4x4xf32>) outs(%max_init : tensor<4xf32>) dimensions = [1]
  %wide_max = linalg.broadcast ins(%max : tensor<4xf32>) outs(%init : tensor<4x4xf32>) dimensions = [1]
  %shifted = linalg.sub ins(%x, %wide_max : tensor<4x4xf32>, tensor<4x4xf32>) outs(%init : tensor<4x4xf32>) -> tensor<4x4xf32>
  %exp = linalg.exp ins(%shifted : tensor<4x4xf32>) outs(%init : tensor<4x4xf32>) -> tensor<4x4xf32>
  %sum = linalg.reduce { arith.addf } ins(%exp : tensor<4x4xf32>) outs(%sum_init : tensor<4xf32>) dimensions = [1]
  %wide_sum = linalg.broadcast ins(%sum : tensor<4xf32>) outs(%init : tensor<4x4xf32>) dimensions = [1]
  // expected-remark@+1 {{not raised: the sum does not start at 0}}
  %p = linalg.div ins(%exp, %wide_sum : tensor<4x4xf32>, tensor<4x4xf32>) outs(%init : tensor<4x4xf32>) -> tensor<4x4xf32>
  return %p : tensor<4x4xf32>
}

// -----

// A maximum from 0 overflows nowhere, but underflows where all logits are far below.
// CHECK-LABEL: func @other_max_init
func.func @other_max_init(%x: tensor<4x4xf32>, %init: tensor<4x4xf32>, %per_row: tensor<4xf32>) -> (tensor<4x4xf32>) {
  // CHECK-NOT: softmax.
  // CHECK: return
  %zero = arith.constant 0.0 : f32
  %lowest = arith.constant 0.0 : f32
  %max_init = linalg.fill ins(%lowest : f32) outs(%per_row : tensor<4xf32>) -> tensor<4xf32>
  %sum_init = linalg.fill ins(%zero : f32) outs(%per_row : tensor<4xf32>) -> tensor<4xf32>
  %max = linalg.reduce { arith.maximumf } ins(%x : tensor<4x4xf32>) outs(%max_init : tensor<4xf32>) dimensions = [1]
  %wide_max = linalg.broadcast ins(%max : tensor<4xf32>) outs(%init : tensor<4x4xf32>) dimensions = [1]
  %shifted = linalg.sub ins(%x, %wide_max : tensor<4x4xf32>, tensor<4x4xf32>) outs(%init : tensor<4x4xf32>) -> tensor<4x4xf32>
  %exp = linalg.exp ins(%shifted : tensor<4x4xf32>) outs(%init : tensor<4x4xf32>) -> tensor<4x4xf32>
  %sum = linalg.reduce { arith.addf } ins(%exp : tensor<4x4xf32>) outs(%sum_init : tensor<4xf32>) dimensions = [1]
  %wide_sum = linalg.broadcast ins(%sum : tensor<4xf32>) outs(%init : tensor<4x4xf32>) dimensions = [1]
  // expected-remark@+1 {{not raised: the maximum starts neither at -inf, nor at the lowest finite value, nor at a NaN that it ignores}}
  %p = linalg.div ins(%exp, %wide_sum : tensor<4x4xf32>, tensor<4x4xf32>) outs(%init : tensor<4x4xf32>) -> tensor<4x4xf32>
  return %p : tensor<4x4xf32>
}

// -----

// A NaN that maximumf keeps: the original gives NaN everywhere.
// CHECK-LABEL: func @nan_that_stays
func.func @nan_that_stays(%x: tensor<4x4xf32>, %init: tensor<4x4xf32>, %per_row: tensor<4xf32>) -> (tensor<4x4xf32>) {
  // CHECK-NOT: softmax.
  // CHECK: return
  %zero = arith.constant 0.0 : f32
  %lowest = arith.constant 0x7FC00000 : f32
  %max_init = linalg.fill ins(%lowest : f32) outs(%per_row : tensor<4xf32>) -> tensor<4xf32>
  %sum_init = linalg.fill ins(%zero : f32) outs(%per_row : tensor<4xf32>) -> tensor<4xf32>
  %max = linalg.reduce { arith.maximumf } ins(%x : tensor<4x4xf32>) outs(%max_init : tensor<4xf32>) dimensions = [1]
  %wide_max = linalg.broadcast ins(%max : tensor<4xf32>) outs(%init : tensor<4x4xf32>) dimensions = [1]
  %shifted = linalg.sub ins(%x, %wide_max : tensor<4x4xf32>, tensor<4x4xf32>) outs(%init : tensor<4x4xf32>) -> tensor<4x4xf32>
  %exp = linalg.exp ins(%shifted : tensor<4x4xf32>) outs(%init : tensor<4x4xf32>) -> tensor<4x4xf32>
  %sum = linalg.reduce { arith.addf } ins(%exp : tensor<4x4xf32>) outs(%sum_init : tensor<4xf32>) dimensions = [1]
  %wide_sum = linalg.broadcast ins(%sum : tensor<4xf32>) outs(%init : tensor<4x4xf32>) dimensions = [1]
  // expected-remark@+1 {{not raised: the maximum starts neither at -inf, nor at the lowest finite value, nor at a NaN that it ignores}}
  %p = linalg.div ins(%exp, %wide_sum : tensor<4x4xf32>, tensor<4x4xf32>) outs(%init : tensor<4x4xf32>) -> tensor<4x4xf32>
  return %p : tensor<4x4xf32>
}

// -----

// The shift of an element is the maximum of its column, the sum that of its row.
// CHECK-LABEL: func @max_over_another_dimension
func.func @max_over_another_dimension(%x: tensor<4x4xf32>, %init: tensor<4x4xf32>, %per_row: tensor<4xf32>) -> (tensor<4x4xf32>) {
  // CHECK-NOT: softmax.
  // CHECK: return
  %zero = arith.constant 0.0 : f32
  %lowest = arith.constant 0xFF800000 : f32
  %max_init = linalg.fill ins(%lowest : f32) outs(%per_row : tensor<4xf32>) -> tensor<4xf32>
  %sum_init = linalg.fill ins(%zero : f32) outs(%per_row : tensor<4xf32>) -> tensor<4xf32>
  %max = linalg.reduce { arith.maximumf } ins(%x : tensor<4x4xf32>) outs(%max_init : tensor<4xf32>) dimensions = [0]
  %wide_max = linalg.broadcast ins(%max : tensor<4xf32>) outs(%init : tensor<4x4xf32>) dimensions = [0]
  %shifted = linalg.sub ins(%x, %wide_max : tensor<4x4xf32>, tensor<4x4xf32>) outs(%init : tensor<4x4xf32>) -> tensor<4x4xf32>
  %exp = linalg.exp ins(%shifted : tensor<4x4xf32>) outs(%init : tensor<4x4xf32>) -> tensor<4x4xf32>
  %sum = linalg.reduce { arith.addf } ins(%exp : tensor<4x4xf32>) outs(%sum_init : tensor<4xf32>) dimensions = [1]
  %wide_sum = linalg.broadcast ins(%sum : tensor<4xf32>) outs(%init : tensor<4x4xf32>) dimensions = [1]
  // expected-remark@+1 {{not raised: the maximum and the sum run over different dimensions}}
  %p = linalg.div ins(%exp, %wide_sum : tensor<4x4xf32>, tensor<4x4xf32>) outs(%init : tensor<4x4xf32>) -> tensor<4x4xf32>
  return %p : tensor<4x4xf32>
}

// -----

// The maximum of the row, the sum of the column.
// CHECK-LABEL: func @sum_over_another_dimension
func.func @sum_over_another_dimension(%x: tensor<4x4xf32>, %init: tensor<4x4xf32>, %per_row: tensor<4xf32>) -> (tensor<4x4xf32>) {
  // CHECK-NOT: softmax.
  // CHECK: return
  %zero = arith.constant 0.0 : f32
  %lowest = arith.constant 0xFF800000 : f32
  %max_init = linalg.fill ins(%lowest : f32) outs(%per_row : tensor<4xf32>) -> tensor<4xf32>
  %sum_init = linalg.fill ins(%zero : f32) outs(%per_row : tensor<4xf32>) -> tensor<4xf32>
  %max = linalg.reduce { arith.maximumf } ins(%x : tensor<4x4xf32>) outs(%max_init : tensor<4xf32>) dimensions = [1]
  %wide_max = linalg.broadcast ins(%max : tensor<4xf32>) outs(%init : tensor<4x4xf32>) dimensions = [1]
  %shifted = linalg.sub ins(%x, %wide_max : tensor<4x4xf32>, tensor<4x4xf32>) outs(%init : tensor<4x4xf32>) -> tensor<4x4xf32>
  %exp = linalg.exp ins(%shifted : tensor<4x4xf32>) outs(%init : tensor<4x4xf32>) -> tensor<4x4xf32>
  %sum = linalg.reduce { arith.addf } ins(%exp : tensor<4x4xf32>) outs(%sum_init : tensor<4xf32>) dimensions = [0]
  %wide_sum = linalg.broadcast ins(%sum : tensor<4xf32>) outs(%init : tensor<4x4xf32>) dimensions = [0]
  // expected-remark@+1 {{not raised: the maximum and the sum run over different dimensions}}
  %p = linalg.div ins(%exp, %wide_sum : tensor<4x4xf32>, tensor<4x4xf32>) outs(%init : tensor<4x4xf32>) -> tensor<4x4xf32>
  return %p : tensor<4x4xf32>
}

// -----

// Row sums divide columns.
// CHECK-LABEL: func @sum_broadcast_the_other_way
func.func @sum_broadcast_the_other_way(%x: tensor<4x4xf32>, %init: tensor<4x4xf32>, %per_row: tensor<4xf32>) -> (tensor<4x4xf32>) {
  // CHECK-NOT: softmax.
  // CHECK: return
  %zero = arith.constant 0.0 : f32
  %lowest = arith.constant 0xFF800000 : f32
  %max_init = linalg.fill ins(%lowest : f32) outs(%per_row : tensor<4xf32>) -> tensor<4xf32>
  %sum_init = linalg.fill ins(%zero : f32) outs(%per_row : tensor<4xf32>) -> tensor<4xf32>
  %max = linalg.reduce { arith.maximumf } ins(%x : tensor<4x4xf32>) outs(%max_init : tensor<4xf32>) dimensions = [1]
  %wide_max = linalg.broadcast ins(%max : tensor<4xf32>) outs(%init : tensor<4x4xf32>) dimensions = [1]
  %shifted = linalg.sub ins(%x, %wide_max : tensor<4x4xf32>, tensor<4x4xf32>) outs(%init : tensor<4x4xf32>) -> tensor<4x4xf32>
  %exp = linalg.exp ins(%shifted : tensor<4x4xf32>) outs(%init : tensor<4x4xf32>) -> tensor<4x4xf32>
  %sum = linalg.reduce { arith.addf } ins(%exp : tensor<4x4xf32>) outs(%sum_init : tensor<4xf32>) dimensions = [1]
  %wide_sum = linalg.broadcast ins(%sum : tensor<4xf32>) outs(%init : tensor<4x4xf32>) dimensions = [0]
  // expected-remark@+1 {{not raised: the sum is not over the exponentials that it divides}}
  %p = linalg.div ins(%exp, %wide_sum : tensor<4x4xf32>, tensor<4x4xf32>) outs(%init : tensor<4x4xf32>) -> tensor<4x4xf32>
  return %p : tensor<4x4xf32>
}

// -----

// The maximum of something else is shifted by.
// CHECK-LABEL: func @max_of_another_tensor
func.func @max_of_another_tensor(%x: tensor<4x4xf32>, %init: tensor<4x4xf32>, %per_row: tensor<4xf32>, %y: tensor<4x4xf32>) -> (tensor<4x4xf32>) {
  // CHECK-NOT: softmax.
  // CHECK: return
  %zero = arith.constant 0.0 : f32
  %lowest = arith.constant 0xFF800000 : f32
  %max_init = linalg.fill ins(%lowest : f32) outs(%per_row : tensor<4xf32>) -> tensor<4xf32>
  %sum_init = linalg.fill ins(%zero : f32) outs(%per_row : tensor<4xf32>) -> tensor<4xf32>
  %max = linalg.reduce { arith.maximumf } ins(%y : tensor<4x4xf32>) outs(%max_init : tensor<4xf32>) dimensions = [1]
  %wide_max = linalg.broadcast ins(%max : tensor<4xf32>) outs(%init : tensor<4x4xf32>) dimensions = [1]
  %shifted = linalg.sub ins(%x, %wide_max : tensor<4x4xf32>, tensor<4x4xf32>) outs(%init : tensor<4x4xf32>) -> tensor<4x4xf32>
  %exp = linalg.exp ins(%shifted : tensor<4x4xf32>) outs(%init : tensor<4x4xf32>) -> tensor<4x4xf32>
  %sum = linalg.reduce { arith.addf } ins(%exp : tensor<4x4xf32>) outs(%sum_init : tensor<4xf32>) dimensions = [1]
  %wide_sum = linalg.broadcast ins(%sum : tensor<4xf32>) outs(%init : tensor<4x4xf32>) dimensions = [1]
  // expected-remark@+1 {{not raised: the maximum is not that of the logits}}
  %p = linalg.div ins(%exp, %wide_sum : tensor<4x4xf32>, tensor<4x4xf32>) outs(%init : tensor<4x4xf32>) -> tensor<4x4xf32>
  return %p : tensor<4x4xf32>
}

// -----

// The sum of something else divides.
// CHECK-LABEL: func @sum_of_another_tensor
func.func @sum_of_another_tensor(%x: tensor<4x4xf32>, %init: tensor<4x4xf32>, %per_row: tensor<4xf32>, %y: tensor<4x4xf32>) -> (tensor<4x4xf32>) {
  // CHECK-NOT: softmax.
  // CHECK: return
  %zero = arith.constant 0.0 : f32
  %lowest = arith.constant 0xFF800000 : f32
  %max_init = linalg.fill ins(%lowest : f32) outs(%per_row : tensor<4xf32>) -> tensor<4xf32>
  %sum_init = linalg.fill ins(%zero : f32) outs(%per_row : tensor<4xf32>) -> tensor<4xf32>
  %max = linalg.reduce { arith.maximumf } ins(%x : tensor<4x4xf32>) outs(%max_init : tensor<4xf32>) dimensions = [1]
  %wide_max = linalg.broadcast ins(%max : tensor<4xf32>) outs(%init : tensor<4x4xf32>) dimensions = [1]
  %shifted = linalg.sub ins(%x, %wide_max : tensor<4x4xf32>, tensor<4x4xf32>) outs(%init : tensor<4x4xf32>) -> tensor<4x4xf32>
  %exp = linalg.exp ins(%shifted : tensor<4x4xf32>) outs(%init : tensor<4x4xf32>) -> tensor<4x4xf32>
  %sum = linalg.reduce { arith.addf } ins(%y : tensor<4x4xf32>) outs(%sum_init : tensor<4xf32>) dimensions = [1]
  %wide_sum = linalg.broadcast ins(%sum : tensor<4xf32>) outs(%init : tensor<4x4xf32>) dimensions = [1]
  // expected-remark@+1 {{not raised: the sum is not over the exponentials that it divides}}
  %p = linalg.div ins(%exp, %wide_sum : tensor<4x4xf32>, tensor<4x4xf32>) outs(%init : tensor<4x4xf32>) -> tensor<4x4xf32>
  return %p : tensor<4x4xf32>
}

// -----

// What is subtracted is a minimum.
// CHECK-LABEL: func @minimum
func.func @minimum(%x: tensor<4x4xf32>, %init: tensor<4x4xf32>, %per_row: tensor<4xf32>) -> (tensor<4x4xf32>) {
  // CHECK-NOT: softmax.
  // CHECK: return
  %zero = arith.constant 0.0 : f32
  %lowest = arith.constant 0xFF800000 : f32
  %max_init = linalg.fill ins(%lowest : f32) outs(%per_row : tensor<4xf32>) -> tensor<4xf32>
  %sum_init = linalg.fill ins(%zero : f32) outs(%per_row : tensor<4xf32>) -> tensor<4xf32>
  %max = linalg.reduce { arith.minimumf } ins(%x : tensor<4x4xf32>) outs(%max_init : tensor<4xf32>) dimensions = [1]
  %wide_max = linalg.broadcast ins(%max : tensor<4xf32>) outs(%init : tensor<4x4xf32>) dimensions = [1]
  %shifted = linalg.sub ins(%x, %wide_max : tensor<4x4xf32>, tensor<4x4xf32>) outs(%init : tensor<4x4xf32>) -> tensor<4x4xf32>
  %exp = linalg.exp ins(%shifted : tensor<4x4xf32>) outs(%init : tensor<4x4xf32>) -> tensor<4x4xf32>
  %sum = linalg.reduce { arith.addf } ins(%exp : tensor<4x4xf32>) outs(%sum_init : tensor<4xf32>) dimensions = [1]
  %wide_sum = linalg.broadcast ins(%sum : tensor<4xf32>) outs(%init : tensor<4x4xf32>) dimensions = [1]
  // expected-remark@+1 {{not raised: what is subtracted from the logits is not a maximum}}
  %p = linalg.div ins(%exp, %wide_sum : tensor<4x4xf32>, tensor<4x4xf32>) outs(%init : tensor<4x4xf32>) -> tensor<4x4xf32>
  return %p : tensor<4x4xf32>
}

// -----

// Nothing is subtracted: overflows at 89, and is another function there.
// CHECK-LABEL: func @no_maximum
func.func @no_maximum(%x: tensor<4x4xf32>, %init: tensor<4x4xf32>, %per_row: tensor<4xf32>) -> (tensor<4x4xf32>) {
  // CHECK-NOT: softmax.
  // CHECK: return
  %zero = arith.constant 0.0 : f32
  %lowest = arith.constant 0xFF800000 : f32
  %max_init = linalg.fill ins(%lowest : f32) outs(%per_row : tensor<4xf32>) -> tensor<4xf32>
  %sum_init = linalg.fill ins(%zero : f32) outs(%per_row : tensor<4xf32>) -> tensor<4xf32>
  %exp = linalg.exp ins(%x : tensor<4x4xf32>) outs(%init : tensor<4x4xf32>) -> tensor<4x4xf32>
  %sum = linalg.reduce { arith.addf } ins(%exp : tensor<4x4xf32>) outs(%sum_init : tensor<4xf32>) dimensions = [1]
  %wide_sum = linalg.broadcast ins(%sum : tensor<4xf32>) outs(%init : tensor<4x4xf32>) dimensions = [1]
  // expected-remark@+1 {{not raised: no maximum is subtracted from the logits}}
  %p = linalg.div ins(%exp, %wide_sum : tensor<4x4xf32>, tensor<4x4xf32>) outs(%init : tensor<4x4xf32>) -> tensor<4x4xf32>
  return %p : tensor<4x4xf32>
}

// -----

// The maximum is added, not subtracted.
// CHECK-LABEL: func @added
func.func @added(%x: tensor<4x4xf32>, %init: tensor<4x4xf32>, %per_row: tensor<4xf32>) -> (tensor<4x4xf32>) {
  // CHECK-NOT: softmax.
  // CHECK: return
  %zero = arith.constant 0.0 : f32
  %lowest = arith.constant 0xFF800000 : f32
  %max_init = linalg.fill ins(%lowest : f32) outs(%per_row : tensor<4xf32>) -> tensor<4xf32>
  %sum_init = linalg.fill ins(%zero : f32) outs(%per_row : tensor<4xf32>) -> tensor<4xf32>
  %max = linalg.reduce { arith.maximumf } ins(%x : tensor<4x4xf32>) outs(%max_init : tensor<4xf32>) dimensions = [1]
  %wide_max = linalg.broadcast ins(%max : tensor<4xf32>) outs(%init : tensor<4x4xf32>) dimensions = [1]
  %shifted = linalg.add ins(%x, %wide_max : tensor<4x4xf32>, tensor<4x4xf32>) outs(%init : tensor<4x4xf32>) -> tensor<4x4xf32>
  %exp = linalg.exp ins(%shifted : tensor<4x4xf32>) outs(%init : tensor<4x4xf32>) -> tensor<4x4xf32>
  %sum = linalg.reduce { arith.addf } ins(%exp : tensor<4x4xf32>) outs(%sum_init : tensor<4xf32>) dimensions = [1]
  %wide_sum = linalg.broadcast ins(%sum : tensor<4xf32>) outs(%init : tensor<4x4xf32>) dimensions = [1]
  // expected-remark@+1 {{not raised: no maximum is subtracted from the logits}}
  %p = linalg.div ins(%exp, %wide_sum : tensor<4x4xf32>, tensor<4x4xf32>) outs(%init : tensor<4x4xf32>) -> tensor<4x4xf32>
  return %p : tensor<4x4xf32>
}

// -----

// The logits are subtracted from the maximum: a softmin.
// CHECK-LABEL: func @swapped
func.func @swapped(%x: tensor<4x4xf32>, %init: tensor<4x4xf32>, %per_row: tensor<4xf32>) -> (tensor<4x4xf32>) {
  // CHECK-NOT: softmax.
  // CHECK: return
  %zero = arith.constant 0.0 : f32
  %lowest = arith.constant 0xFF800000 : f32
  %max_init = linalg.fill ins(%lowest : f32) outs(%per_row : tensor<4xf32>) -> tensor<4xf32>
  %sum_init = linalg.fill ins(%zero : f32) outs(%per_row : tensor<4xf32>) -> tensor<4xf32>
  %max = linalg.reduce { arith.maximumf } ins(%x : tensor<4x4xf32>) outs(%max_init : tensor<4xf32>) dimensions = [1]
  %wide_max = linalg.broadcast ins(%max : tensor<4xf32>) outs(%init : tensor<4x4xf32>) dimensions = [1]
  %shifted = linalg.sub ins(%wide_max, %x : tensor<4x4xf32>, tensor<4x4xf32>) outs(%init : tensor<4x4xf32>) -> tensor<4x4xf32>
  %exp = linalg.exp ins(%shifted : tensor<4x4xf32>) outs(%init : tensor<4x4xf32>) -> tensor<4x4xf32>
  %sum = linalg.reduce { arith.addf } ins(%exp : tensor<4x4xf32>) outs(%sum_init : tensor<4xf32>) dimensions = [1]
  %wide_sum = linalg.broadcast ins(%sum : tensor<4xf32>) outs(%init : tensor<4x4xf32>) dimensions = [1]
  // expected-remark@+1 {{not raised: what is subtracted from the logits is not a maximum}}
  %p = linalg.div ins(%exp, %wide_sum : tensor<4x4xf32>, tensor<4x4xf32>) outs(%init : tensor<4x4xf32>) -> tensor<4x4xf32>
  return %p : tensor<4x4xf32>
}

// -----

// Somebody else wants the exponentials.
// CHECK-LABEL: func @exponentials_used
func.func @exponentials_used(%x: tensor<4x4xf32>, %init: tensor<4x4xf32>, %per_row: tensor<4xf32>) -> (tensor<4x4xf32>, tensor<4x4xf32>) {
  // CHECK-NOT: softmax.
  // CHECK: return
  %zero = arith.constant 0.0 : f32
  %lowest = arith.constant 0xFF800000 : f32
  %max_init = linalg.fill ins(%lowest : f32) outs(%per_row : tensor<4xf32>) -> tensor<4xf32>
  %sum_init = linalg.fill ins(%zero : f32) outs(%per_row : tensor<4xf32>) -> tensor<4xf32>
  %max = linalg.reduce { arith.maximumf } ins(%x : tensor<4x4xf32>) outs(%max_init : tensor<4xf32>) dimensions = [1]
  %wide_max = linalg.broadcast ins(%max : tensor<4xf32>) outs(%init : tensor<4x4xf32>) dimensions = [1]
  %shifted = linalg.sub ins(%x, %wide_max : tensor<4x4xf32>, tensor<4x4xf32>) outs(%init : tensor<4x4xf32>) -> tensor<4x4xf32>
  %exp = linalg.exp ins(%shifted : tensor<4x4xf32>) outs(%init : tensor<4x4xf32>) -> tensor<4x4xf32>
  %sum = linalg.reduce { arith.addf } ins(%exp : tensor<4x4xf32>) outs(%sum_init : tensor<4xf32>) dimensions = [1]
  %wide_sum = linalg.broadcast ins(%sum : tensor<4xf32>) outs(%init : tensor<4x4xf32>) dimensions = [1]
  // expected-remark@+1 {{not raised: something else uses the exponentials}}
  %p = linalg.div ins(%exp, %wide_sum : tensor<4x4xf32>, tensor<4x4xf32>) outs(%init : tensor<4x4xf32>) -> tensor<4x4xf32>
  return %p, %exp : tensor<4x4xf32>, tensor<4x4xf32>
}

// -----

// Somebody else wants the maximum.
// CHECK-LABEL: func @maximum_used
func.func @maximum_used(%x: tensor<4x4xf32>, %init: tensor<4x4xf32>, %per_row: tensor<4xf32>) -> (tensor<4x4xf32>, tensor<4xf32>) {
  // CHECK-NOT: softmax.
  // CHECK: return
  %zero = arith.constant 0.0 : f32
  %lowest = arith.constant 0xFF800000 : f32
  %max_init = linalg.fill ins(%lowest : f32) outs(%per_row : tensor<4xf32>) -> tensor<4xf32>
  %sum_init = linalg.fill ins(%zero : f32) outs(%per_row : tensor<4xf32>) -> tensor<4xf32>
  %max = linalg.reduce { arith.maximumf } ins(%x : tensor<4x4xf32>) outs(%max_init : tensor<4xf32>) dimensions = [1]
  %wide_max = linalg.broadcast ins(%max : tensor<4xf32>) outs(%init : tensor<4x4xf32>) dimensions = [1]
  %shifted = linalg.sub ins(%x, %wide_max : tensor<4x4xf32>, tensor<4x4xf32>) outs(%init : tensor<4x4xf32>) -> tensor<4x4xf32>
  %exp = linalg.exp ins(%shifted : tensor<4x4xf32>) outs(%init : tensor<4x4xf32>) -> tensor<4x4xf32>
  %sum = linalg.reduce { arith.addf } ins(%exp : tensor<4x4xf32>) outs(%sum_init : tensor<4xf32>) dimensions = [1]
  %wide_sum = linalg.broadcast ins(%sum : tensor<4xf32>) outs(%init : tensor<4x4xf32>) dimensions = [1]
  // expected-remark@+1 {{not raised: something else uses the maximum}}
  %p = linalg.div ins(%exp, %wide_sum : tensor<4x4xf32>, tensor<4x4xf32>) outs(%init : tensor<4x4xf32>) -> tensor<4x4xf32>
  return %p, %max : tensor<4x4xf32>, tensor<4xf32>
}

// -----

// Somebody else wants the sum.
// CHECK-LABEL: func @sum_used
func.func @sum_used(%x: tensor<4x4xf32>, %init: tensor<4x4xf32>, %per_row: tensor<4xf32>) -> (tensor<4x4xf32>, tensor<4xf32>) {
  // CHECK-NOT: softmax.
  // CHECK: return
  %zero = arith.constant 0.0 : f32
  %lowest = arith.constant 0xFF800000 : f32
  %max_init = linalg.fill ins(%lowest : f32) outs(%per_row : tensor<4xf32>) -> tensor<4xf32>
  %sum_init = linalg.fill ins(%zero : f32) outs(%per_row : tensor<4xf32>) -> tensor<4xf32>
  %max = linalg.reduce { arith.maximumf } ins(%x : tensor<4x4xf32>) outs(%max_init : tensor<4xf32>) dimensions = [1]
  %wide_max = linalg.broadcast ins(%max : tensor<4xf32>) outs(%init : tensor<4x4xf32>) dimensions = [1]
  %shifted = linalg.sub ins(%x, %wide_max : tensor<4x4xf32>, tensor<4x4xf32>) outs(%init : tensor<4x4xf32>) -> tensor<4x4xf32>
  %exp = linalg.exp ins(%shifted : tensor<4x4xf32>) outs(%init : tensor<4x4xf32>) -> tensor<4x4xf32>
  %sum = linalg.reduce { arith.addf } ins(%exp : tensor<4x4xf32>) outs(%sum_init : tensor<4xf32>) dimensions = [1]
  %wide_sum = linalg.broadcast ins(%sum : tensor<4xf32>) outs(%init : tensor<4x4xf32>) dimensions = [1]
  // expected-remark@+1 {{not raised: something else uses the sum}}
  %p = linalg.div ins(%exp, %wide_sum : tensor<4x4xf32>, tensor<4x4xf32>) outs(%init : tensor<4x4xf32>) -> tensor<4x4xf32>
  return %p, %sum : tensor<4x4xf32>, tensor<4xf32>
}

// -----

// C-TYPE-1: a type that the softmax ops do not compute in.
// CHECK-LABEL: func @f80
func.func @f80(%x: tensor<4x4xf80>, %init: tensor<4x4xf80>, %per_row: tensor<4xf80>) -> (tensor<4x4xf80>) {
  // CHECK-NOT: softmax.
  // CHECK: return
  %zero = arith.constant 0.0 : f80
  %lowest = arith.constant 0xFFFF8000000000000000 : f80
  %max_init = linalg.fill ins(%lowest : f80) outs(%per_row : tensor<4xf80>) -> tensor<4xf80>
  %sum_init = linalg.fill ins(%zero : f80) outs(%per_row : tensor<4xf80>) -> tensor<4xf80>
  %max = linalg.reduce { arith.maximumf } ins(%x : tensor<4x4xf80>) outs(%max_init : tensor<4xf80>) dimensions = [1]
  %wide_max = linalg.broadcast ins(%max : tensor<4xf80>) outs(%init : tensor<4x4xf80>) dimensions = [1]
  %shifted = linalg.sub ins(%x, %wide_max : tensor<4x4xf80>, tensor<4x4xf80>) outs(%init : tensor<4x4xf80>) -> tensor<4x4xf80>
  %exp = linalg.exp ins(%shifted : tensor<4x4xf80>) outs(%init : tensor<4x4xf80>) -> tensor<4x4xf80>
  %sum = linalg.reduce { arith.addf } ins(%exp : tensor<4x4xf80>) outs(%sum_init : tensor<4xf80>) dimensions = [1]
  %wide_sum = linalg.broadcast ins(%sum : tensor<4xf80>) outs(%init : tensor<4x4xf80>) dimensions = [1]
  // expected-remark@+1 {{not raised: the result's elements are neither f16, bf16, f32 nor f64}}
  %p = linalg.div ins(%exp, %wide_sum : tensor<4x4xf80>, tensor<4x4xf80>) outs(%init : tensor<4x4xf80>) -> tensor<4x4xf80>
  return %p : tensor<4x4xf80>
}

// -----

// Division the other way round is not like softmax at all: not a word.
// CHECK-LABEL: func @quotient_of_a_quotient
func.func @quotient_of_a_quotient(%x: tensor<4x4xf32>, %init: tensor<4x4xf32>, %per_row: tensor<4xf32>) -> (tensor<4x4xf32>) {
  // CHECK-NOT: softmax.
  // CHECK: return
  %zero = arith.constant 0.0 : f32
  %lowest = arith.constant 0xFF800000 : f32
  %max_init = linalg.fill ins(%lowest : f32) outs(%per_row : tensor<4xf32>) -> tensor<4xf32>
  %sum_init = linalg.fill ins(%zero : f32) outs(%per_row : tensor<4xf32>) -> tensor<4xf32>
  %max = linalg.reduce { arith.maximumf } ins(%x : tensor<4x4xf32>) outs(%max_init : tensor<4xf32>) dimensions = [1]
  %wide_max = linalg.broadcast ins(%max : tensor<4xf32>) outs(%init : tensor<4x4xf32>) dimensions = [1]
  %shifted = linalg.sub ins(%x, %wide_max : tensor<4x4xf32>, tensor<4x4xf32>) outs(%init : tensor<4x4xf32>) -> tensor<4x4xf32>
  %exp = linalg.exp ins(%shifted : tensor<4x4xf32>) outs(%init : tensor<4x4xf32>) -> tensor<4x4xf32>
  %sum = linalg.reduce { arith.addf } ins(%exp : tensor<4x4xf32>) outs(%sum_init : tensor<4xf32>) dimensions = [1]
  %wide_sum = linalg.broadcast ins(%sum : tensor<4xf32>) outs(%init : tensor<4x4xf32>) dimensions = [1]
  %p = linalg.div ins(%wide_sum, %exp : tensor<4x4xf32>, tensor<4x4xf32>) outs(%init : tensor<4x4xf32>) -> tensor<4x4xf32>
  return %p : tensor<4x4xf32>
}

// -----

// Nor is a product with the sum.
// CHECK-LABEL: func @product
func.func @product(%x: tensor<4x4xf32>, %init: tensor<4x4xf32>, %per_row: tensor<4xf32>) -> (tensor<4x4xf32>) {
  // CHECK-NOT: softmax.
  // CHECK: return
  %zero = arith.constant 0.0 : f32
  %lowest = arith.constant 0xFF800000 : f32
  %max_init = linalg.fill ins(%lowest : f32) outs(%per_row : tensor<4xf32>) -> tensor<4xf32>
  %sum_init = linalg.fill ins(%zero : f32) outs(%per_row : tensor<4xf32>) -> tensor<4xf32>
  %max = linalg.reduce { arith.maximumf } ins(%x : tensor<4x4xf32>) outs(%max_init : tensor<4xf32>) dimensions = [1]
  %wide_max = linalg.broadcast ins(%max : tensor<4xf32>) outs(%init : tensor<4x4xf32>) dimensions = [1]
  %shifted = linalg.sub ins(%x, %wide_max : tensor<4x4xf32>, tensor<4x4xf32>) outs(%init : tensor<4x4xf32>) -> tensor<4x4xf32>
  %exp = linalg.exp ins(%shifted : tensor<4x4xf32>) outs(%init : tensor<4x4xf32>) -> tensor<4x4xf32>
  %sum = linalg.reduce { arith.addf } ins(%exp : tensor<4x4xf32>) outs(%sum_init : tensor<4xf32>) dimensions = [1]
  %wide_sum = linalg.broadcast ins(%sum : tensor<4xf32>) outs(%init : tensor<4x4xf32>) dimensions = [1]
  %p = linalg.mul ins(%exp, %wide_sum : tensor<4x4xf32>, tensor<4x4xf32>) outs(%init : tensor<4x4xf32>) -> tensor<4x4xf32>
  return %p : tensor<4x4xf32>
}

// -----

// 2 / sum is no reciprocal.
// CHECK-LABEL: func @reciprocal_of_two
func.func @reciprocal_of_two(%x: tensor<4x4xf32>, %init: tensor<4x4xf32>, %per_row: tensor<4xf32>) -> (tensor<4x4xf32>) {
  // CHECK-NOT: softmax.
  // CHECK: return
  %zero = arith.constant 0.0 : f32
  %lowest = arith.constant 0xFF800000 : f32
  %max_init = linalg.fill ins(%lowest : f32) outs(%per_row : tensor<4xf32>) -> tensor<4xf32>
  %sum_init = linalg.fill ins(%zero : f32) outs(%per_row : tensor<4xf32>) -> tensor<4xf32>
  %two = arith.constant dense<2.0> : tensor<4x4xf32>
  %max = linalg.reduce { arith.maximumf } ins(%x : tensor<4x4xf32>) outs(%max_init : tensor<4xf32>) dimensions = [1]
  %wide_max = linalg.broadcast ins(%max : tensor<4xf32>) outs(%init : tensor<4x4xf32>) dimensions = [1]
  %shifted = linalg.sub ins(%x, %wide_max : tensor<4x4xf32>, tensor<4x4xf32>) outs(%init : tensor<4x4xf32>) -> tensor<4x4xf32>
  %exp = linalg.exp ins(%shifted : tensor<4x4xf32>) outs(%init : tensor<4x4xf32>) -> tensor<4x4xf32>
  %sum = linalg.reduce { arith.addf } ins(%exp : tensor<4x4xf32>) outs(%sum_init : tensor<4xf32>) dimensions = [1]
  %wide_sum = linalg.broadcast ins(%sum : tensor<4xf32>) outs(%init : tensor<4x4xf32>) dimensions = [1]
  %two_over = linalg.div ins(%two, %wide_sum : tensor<4x4xf32>, tensor<4x4xf32>) outs(%init : tensor<4x4xf32>) -> tensor<4x4xf32>
  %p = linalg.mul ins(%exp, %two_over : tensor<4x4xf32>, tensor<4x4xf32>) outs(%init : tensor<4x4xf32>) -> tensor<4x4xf32>
  return %p : tensor<4x4xf32>
}

// -----

// The result is written transposed: that needs an op of its own.
#straight = affine_map<(d0, d1) -> (d0, d1)>
#crossed = affine_map<(d0, d1) -> (d1, d0)>
// CHECK-LABEL: func @transposed
func.func @transposed(%x: tensor<4x4xf32>, %init: tensor<4x4xf32>, %per_row: tensor<4xf32>) -> (tensor<4x4xf32>) {
  // CHECK-NOT: softmax.
  // CHECK: return
  %zero = arith.constant 0.0 : f32
  %lowest = arith.constant 0xFF800000 : f32
  %max_init = linalg.fill ins(%lowest : f32) outs(%per_row : tensor<4xf32>) -> tensor<4xf32>
  %sum_init = linalg.fill ins(%zero : f32) outs(%per_row : tensor<4xf32>) -> tensor<4xf32>
  %max = linalg.reduce { arith.maximumf } ins(%x : tensor<4x4xf32>) outs(%max_init : tensor<4xf32>) dimensions = [1]
  %wide_max = linalg.broadcast ins(%max : tensor<4xf32>) outs(%init : tensor<4x4xf32>) dimensions = [1]
  %shifted = linalg.sub ins(%x, %wide_max : tensor<4x4xf32>, tensor<4x4xf32>) outs(%init : tensor<4x4xf32>) -> tensor<4x4xf32>
  %exp = linalg.exp ins(%shifted : tensor<4x4xf32>) outs(%init : tensor<4x4xf32>) -> tensor<4x4xf32>
  %sum = linalg.reduce { arith.addf } ins(%exp : tensor<4x4xf32>) outs(%sum_init : tensor<4xf32>) dimensions = [1]
  %wide_sum = linalg.broadcast ins(%sum : tensor<4xf32>) outs(%init : tensor<4x4xf32>) dimensions = [1]
  // expected-remark@+1 {{not raised: the logits are read transposed or broadcast}}
  %p = linalg.elementwise kind=#linalg.elementwise_kind<div> indexing_maps = [#straight, #straight, #crossed]
      ins(%exp, %wide_sum : tensor<4x4xf32>, tensor<4x4xf32>) outs(%init : tensor<4x4xf32>) -> tensor<4x4xf32>
  return %p : tensor<4x4xf32>
}

// -----

// The logits are nowhere a tensor.
#rows = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>
// CHECK-LABEL: func @logits_in_the_bodies
func.func @logits_in_the_bodies(%x: tensor<4x4xf32>, %init: tensor<4x4xf32>, %per_row: tensor<4xf32>, %scale: f32) -> (tensor<4x4xf32>) {
  // CHECK-NOT: softmax.
  // CHECK: return
  %zero = arith.constant 0.0 : f32
  %lowest = arith.constant 0xFF800000 : f32
  %max_init = linalg.fill ins(%lowest : f32) outs(%per_row : tensor<4xf32>) -> tensor<4xf32>
  %sum_init = linalg.fill ins(%zero : f32) outs(%per_row : tensor<4xf32>) -> tensor<4xf32>
  %max = linalg.generic {indexing_maps = [#rows, #row], iterator_types = ["parallel", "reduction"]}
      ins(%x : tensor<4x4xf32>) outs(%max_init : tensor<4xf32>) {
  ^bb0(%e: f32, %m: f32):
    %scaled = arith.mulf %scale, %e : f32
    %larger = arith.maximumf %scaled, %m : f32
    linalg.yield %larger : f32
  } -> tensor<4xf32>
  %exp = linalg.generic {indexing_maps = [#rows, #row, #rows], iterator_types = ["parallel", "parallel"]}
      ins(%x, %max : tensor<4x4xf32>, tensor<4xf32>) outs(%init : tensor<4x4xf32>) {
  ^bb0(%e: f32, %m: f32, %out: f32):
    %scaled = arith.mulf %e, %scale : f32
    %difference = arith.subf %scaled, %m : f32
    %power = math.exp %difference : f32
    linalg.yield %power : f32
  } -> tensor<4x4xf32>
  %sum = linalg.reduce { arith.addf } ins(%exp : tensor<4x4xf32>) outs(%sum_init : tensor<4xf32>) dimensions = [1]
  %wide_sum = linalg.broadcast ins(%sum : tensor<4xf32>) outs(%init : tensor<4x4xf32>) dimensions = [1]
  // expected-remark@+1 {{not raised: the logits are no tensor: they are computed in the bodies of the ops}}
  %p = linalg.div ins(%exp, %wide_sum : tensor<4x4xf32>, tensor<4x4xf32>) outs(%init : tensor<4x4xf32>) -> tensor<4x4xf32>
  return %p : tensor<4x4xf32>
}

// -----

// The maximum is computed once, outside of a loop.
// CHECK-LABEL: func @in_a_loop
func.func @in_a_loop(%x: tensor<4x4xf32>, %init: tensor<4x4xf32>, %per_row: tensor<4xf32>) -> (tensor<4x4xf32>) {
  // CHECK-NOT: softmax.
  // CHECK: return
  %zero = arith.constant 0.0 : f32
  %lowest = arith.constant 0xFF800000 : f32
  %max_init = linalg.fill ins(%lowest : f32) outs(%per_row : tensor<4xf32>) -> tensor<4xf32>
  %sum_init = linalg.fill ins(%zero : f32) outs(%per_row : tensor<4xf32>) -> tensor<4xf32>
  %max = linalg.reduce { arith.maximumf } ins(%x : tensor<4x4xf32>) outs(%max_init : tensor<4xf32>) dimensions = [1]
  %wide_max = linalg.broadcast ins(%max : tensor<4xf32>) outs(%init : tensor<4x4xf32>) dimensions = [1]
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c4 = arith.constant 4 : index
  %r = scf.for %i = %c0 to %c4 step %c1 iter_args(%carried = %init) -> (tensor<4x4xf32>) {
  %shifted = linalg.sub ins(%x, %wide_max : tensor<4x4xf32>, tensor<4x4xf32>) outs(%init : tensor<4x4xf32>) -> tensor<4x4xf32>
  %exp = linalg.exp ins(%shifted : tensor<4x4xf32>) outs(%init : tensor<4x4xf32>) -> tensor<4x4xf32>
  %sum = linalg.reduce { arith.addf } ins(%exp : tensor<4x4xf32>) outs(%sum_init : tensor<4xf32>) dimensions = [1]
  %wide_sum = linalg.broadcast ins(%sum : tensor<4xf32>) outs(%init : tensor<4x4xf32>) dimensions = [1]
  // expected-remark@+1 {{not raised: another block computes an intermediate value}}
  %p = linalg.div ins(%exp, %wide_sum : tensor<4x4xf32>, tensor<4x4xf32>) outs(%init : tensor<4x4xf32>) -> tensor<4x4xf32>
  scf.yield %p : tensor<4x4xf32>
  }
  return %r : tensor<4x4xf32>
}

// -----

// Integers are no softmax, however they are put (C-TYPE-1).
// CHECK-LABEL: func @integers
func.func @integers(%x: tensor<4x4xi32>, %init: tensor<4x4xi32>, %max_init: tensor<4xi32>) -> tensor<4x4xi32> {
  // CHECK-NOT: softmax.
  // CHECK: return
  %max = linalg.reduce { arith.maxsi } ins(%x : tensor<4x4xi32>) outs(%max_init : tensor<4xi32>) dimensions = [1]
  %wide_max = linalg.broadcast ins(%max : tensor<4xi32>) outs(%init : tensor<4x4xi32>) dimensions = [1]
  %p = linalg.div ins(%x, %wide_max : tensor<4x4xi32>, tensor<4x4xi32>) outs(%init : tensor<4x4xi32>) -> tensor<4x4xi32>
  return %p : tensor<4x4xi32>
}
