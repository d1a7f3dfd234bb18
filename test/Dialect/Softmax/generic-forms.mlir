// Every operation of docs/Spec.md as softmax.generic: each form parses and
// verifies, in text and in generic text.  In the formulas x is a logit, l what
// the logit region yields, m the maximum of l over the row, s the sum of
// exp(l - m), lse = m + log(s), p = exp(l - m) / s and logp = (l - m) - log(s);
// i is the row and j the column.
// RUN: softmax-opt %s | softmax-opt --mlir-print-op-generic | softmax-opt | FileCheck %s

#id = affine_map<(i, j) -> (i, j)>
#row = affine_map<(i, j) -> (i)>
#column = affine_map<(i, j) -> (j)>
#scalar = affine_map<(i, j) -> ()>
#hij = affine_map<(h, i, j) -> (h, i, j)>
#hi = affine_map<(h, i, j) -> (h, i)>
#h = affine_map<(h, i, j) -> (h)>
#s3 = affine_map<(h, i, j) -> ()>

//===----------------------------------------------------------------------===//
// Forward
//===----------------------------------------------------------------------===//

// softmax with lse:  y = p,  lse = m + log(s).
// Also C-INF-1 and C-INF-2: a row with +inf has s = 1 (NaN beside a NaN), so
// lse = +inf; a row of -inf has s = 0, so lse = -inf.
// CHECK-LABEL: func @softmax
// CHECK: softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp]
func.func @softmax(%x: tensor<?x?xf32>, %y: tensor<?x?xf32>, %l: tensor<?xf32>) -> (tensor<?x?xf32>, tensor<?xf32>) {
  %0:2 = softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp] maps = [#id, #id, #row]
    ins(%x : tensor<?x?xf32>) outs(%y, %l : tensor<?x?xf32>, tensor<?xf32>)
    logit {
    ^bb0(%e: f32):
      softmax.yield %e : f32
    } row {
    ^bb0(%m: f32, %s: f32):
      %0 = math.log %s : f32
      %lse = arith.addf %m, %0 : f32
      softmax.yield %lse : f32
    } result {
    ^bb0(%e: f32, %p: f32, %logp: f32):
      softmax.yield %p : f32
    } -> tensor<?x?xf32>, tensor<?xf32>
  return %0#0, %0#1 : tensor<?x?xf32>, tensor<?xf32>
}

// log_softmax:  y = logp;  the type of the logits differs from that of y.
// CHECK-LABEL: func @log_softmax
// CHECK: softmax.generic
func.func @log_softmax(%x: tensor<?x?xf16>, %y: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %0 = softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp] maps = [#id, #id]
    ins(%x : tensor<?x?xf16>) outs(%y : tensor<?x?xf32>)
    logit {
    ^bb0(%e: f16):
      %l = arith.extf %e : f16 to f32
      softmax.yield %l : f32
    } result {
    ^bb0(%e: f16, %p: f32, %logp: f32):
      softmax.yield %logp : f32
    } -> tensor<?x?xf32>
  return %0 : tensor<?x?xf32>
}

// logsumexp:  lse = m + log(s), over two dimensions at once and with no result
// region.
// CHECK-LABEL: func @logsumexp
// CHECK: softmax.generic dimensions = [0, 2]
// CHECK: logit
// CHECK: row
// CHECK-NOT: result
// CHECK: return
func.func @logsumexp(%x: memref<?x?x?xf64>, %l: memref<?xf64>) {
  softmax.generic dimensions = [0, 2] statistics = [#softmax.max_sumexp]
    maps = [#hij, affine_map<(h, i, j) -> (i)>]
    ins(%x : memref<?x?x?xf64>) outs(%l : memref<?xf64>)
    logit {
    ^bb0(%e: f64):
      softmax.yield %e : f64
    } row {
    ^bb0(%m: f64, %s: f64):
      %0 = math.log %s : f64
      %lse = arith.addf %m, %0 : f64
      softmax.yield %lse : f64
    }
  return
}

// scale, bias, mask:  l = keep ? x * scale + bias : -inf  (C-TEMP-1, C-MASK-1:
// a NaN under a false mask does not reach l).  The mask is one byte per element.
// CHECK-LABEL: func @scale_bias_mask
// CHECK: softmax.generic
func.func @scale_bias_mask(%x: memref<?x?xbf16>, %scale: f32, %bias: memref<?xbf16>, %keep: memref<?x?xi8>, %y: memref<?x?xbf16>) {
  softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp<masked_row = zero>]
    maps = [#id, #scalar, #column, #id, #id]
    ins(%x, %scale, %bias, %keep : memref<?x?xbf16>, f32, memref<?xbf16>, memref<?x?xi8>) outs(%y : memref<?x?xbf16>)
    logit {
    ^bb0(%e: bf16, %se: f32, %be: bf16, %k: i8):
      %0 = arith.extf %e : bf16 to f32
      %1 = arith.mulf %0, %se : f32
      %2 = arith.extf %be : bf16 to f32
      %3 = arith.addf %1, %2 : f32
      %off = arith.constant 0 : i8
      %on = arith.cmpi ne, %k, %off : i8
      %ninf = arith.constant 0xFF800000 : f32
      %l = arith.select %on, %3, %ninf : f32
      softmax.yield %l : f32
    } result {
    ^bb0(%e: bf16, %se: f32, %be: bf16, %k: i8, %p: f32, %logp: f32):
      %r = arith.truncf %p : f32 to bf16
      softmax.yield %r : bf16
    }
  return
}

// Causal with offset:  l = j <= i + offset ? x : -inf.  Tiling along i adds to
// the offset, which is a scalar operand.
// CHECK-LABEL: func @causal
// CHECK: softmax.generic
// CHECK-DAG: softmax.index 1
// CHECK-DAG: softmax.index 2
func.func @causal(%x: tensor<?x?x?xf32>, %offset: index, %y: tensor<?x?x?xf32>) -> tensor<?x?x?xf32> {
  %0 = softmax.generic dimensions = [2] statistics = [#softmax.max_sumexp] maps = [#hij, #s3, #hij]
    ins(%x, %offset : tensor<?x?x?xf32>, index) outs(%y : tensor<?x?x?xf32>)
    logit {
    ^bb0(%e: f32, %o: index):
      %i = softmax.index 1
      %j = softmax.index 2
      %last = arith.addi %i, %o : index
      %see = arith.cmpi sle, %j, %last : index
      %ninf = arith.constant 0xFF800000 : f32
      %l = arith.select %see, %e, %ninf : f32
      softmax.yield %l : f32
    } result {
    ^bb0(%e: f32, %o: index, %p: f32, %logp: f32):
      softmax.yield %p : f32
    } -> tensor<?x?x?xf32>
  return %0 : tensor<?x?x?xf32>
}

// Sliding window of w columns:  l = 0 <= i + offset - j < w ? x : -inf.
// CHECK-LABEL: func @sliding_window
// CHECK: softmax.generic
func.func @sliding_window(%x: tensor<?x?xf32>, %offset: index, %window: index, %y: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %0 = softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp] maps = [#id, #scalar, #scalar, #id]
    ins(%x, %offset, %window : tensor<?x?xf32>, index, index) outs(%y : tensor<?x?xf32>)
    logit {
    ^bb0(%e: f32, %o: index, %w: index):
      %i = softmax.index 0
      %j = softmax.index 1
      %0 = arith.addi %i, %o : index
      %age = arith.subi %0, %j : index
      // As unsigned numbers: a negative age is larger than any window.
      %see = arith.cmpi ult, %age, %w : index
      %ninf = arith.constant 0xFF800000 : f32
      %l = arith.select %see, %e, %ninf : f32
      softmax.yield %l : f32
    } result {
    ^bb0(%e: f32, %o: index, %w: index, %p: f32, %logp: f32):
      softmax.yield %p : f32
    } -> tensor<?x?xf32>
  return %0 : tensor<?x?xf32>
}

// Valid lengths per row:  l = j < length(i) ? x : -inf.  A row of length 0
// gives 0 everywhere.
// CHECK-LABEL: func @lengths
// CHECK: softmax.generic
func.func @lengths(%x: tensor<?x?xf32>, %n: tensor<?xi32>, %y: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %0 = softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp<masked_row = zero>] maps = [#id, #row, #id]
    ins(%x, %n : tensor<?x?xf32>, tensor<?xi32>) outs(%y : tensor<?x?xf32>)
    logit {
    ^bb0(%e: f32, %ne: i32):
      %j = softmax.index 1
      %length = arith.index_cast %ne : i32 to index
      %valid = arith.cmpi slt, %j, %length : index
      %ninf = arith.constant 0xFF800000 : f32
      %l = arith.select %valid, %e, %ninf : f32
      softmax.yield %l : f32
    } result {
    ^bb0(%e: f32, %ne: i32, %p: f32, %logp: f32):
      softmax.yield %p : f32
    } -> tensor<?x?xf32>
  return %0 : tensor<?x?xf32>
}

// ALiBi:  l = x + slope(h) * (j - i).
// CHECK-LABEL: func @alibi
// CHECK: softmax.generic
func.func @alibi(%x: tensor<8x?x?xf32>, %slope: tensor<8xf32>, %y: tensor<8x?x?xf32>) -> tensor<8x?x?xf32> {
  %0 = softmax.generic dimensions = [2] statistics = [#softmax.max_sumexp] maps = [#hij, #h, #hij]
    ins(%x, %slope : tensor<8x?x?xf32>, tensor<8xf32>) outs(%y : tensor<8x?x?xf32>)
    logit {
    ^bb0(%e: f32, %se: f32):
      %i = softmax.index 1
      %j = softmax.index 2
      %0 = arith.subi %j, %i : index
      %1 = arith.index_cast %0 : index to i32
      %distance = arith.sitofp %1 : i32 to f32
      %2 = arith.mulf %se, %distance : f32
      %l = arith.addf %e, %2 : f32
      softmax.yield %l : f32
    } result {
    ^bb0(%e: f32, %se: f32, %p: f32, %logp: f32):
      softmax.yield %p : f32
    } -> tensor<8x?x?xf32>
  return %0 : tensor<8x?x?xf32>
}

// Soft-cap:  l = c * tanh(x / c).
// CHECK-LABEL: func @soft_cap
// CHECK: softmax.generic
func.func @soft_cap(%x: tensor<?x?xf32>, %y: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %0 = softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp] maps = [#id, #id]
    ins(%x : tensor<?x?xf32>) outs(%y : tensor<?x?xf32>)
    logit {
    ^bb0(%e: f32):
      %c = arith.constant 30.0 : f32
      %0 = arith.divf %e, %c : f32
      %1 = math.tanh %0 : f32
      %l = arith.mulf %1, %c : f32
      softmax.yield %l : f32
    } result {
    ^bb0(%e: f32, %p: f32, %logp: f32):
      softmax.yield %p : f32
    } -> tensor<?x?xf32>
  return %0 : tensor<?x?xf32>
}

// Attention sink: a logit z(h) takes part in the sum but has no column.
//   m' = max(m, z),  a = s * exp(m - m'),  s' = a + exp(z - m')
//   y = p * (a / s'),  where a / s' = exp(lse - lse'),  lse' = m' + log(s')
// The row region hands the factor on.  A row whose other logits are -inf gives
// 0: its p is 0, for the sink keeps s' > 0.
// CHECK-LABEL: func @attention_sink
// CHECK: softmax.generic
// CHECK: row {
// CHECK: softmax.yield %{{.*}}, %{{.*}} : f32, f32
func.func @attention_sink(%x: tensor<?x?x?xf32>, %z: tensor<?xf32>, %y: tensor<?x?x?xf32>, %l: tensor<?x?xf32>) -> (tensor<?x?x?xf32>, tensor<?x?xf32>) {
  %0:2 = softmax.generic dimensions = [2] statistics = [#softmax.max_sumexp<masked_row = zero>] maps = [#hij, #h, #hij, #hi]
    ins(%x, %z : tensor<?x?x?xf32>, tensor<?xf32>) outs(%y, %l : tensor<?x?x?xf32>, tensor<?x?xf32>)
    logit {
    ^bb0(%e: f32, %ze: f32):
      softmax.yield %e : f32
    } row {
    ^bb0(%ze: f32, %m: f32, %s: f32):
      %m1 = arith.maxnumf %m, %ze : f32
      %0 = arith.subf %m, %m1 : f32
      %1 = math.exp %0 : f32
      %a = arith.mulf %s, %1 : f32
      %2 = arith.subf %ze, %m1 : f32
      %3 = math.exp %2 : f32
      %s1 = arith.addf %a, %3 : f32
      %4 = math.log %s1 : f32
      %lse1 = arith.addf %m1, %4 : f32
      %factor = arith.divf %a, %s1 : f32
      softmax.yield %lse1, %factor : f32, f32
    } result {
    ^bb0(%e: f32, %ze: f32, %p: f32, %logp: f32, %factor: f32):
      %r = arith.mulf %p, %factor : f32
      softmax.yield %r : f32
    } -> tensor<?x?x?xf32>, tensor<?x?xf32>
  return %0#0, %0#1 : tensor<?x?x?xf32>, tensor<?x?xf32>
}

// Quantized logits:  l = (x - zero) * step, from i8, and y = p as f16.
// CHECK-LABEL: func @int8
// CHECK: softmax.generic
func.func @int8(%x: memref<?x?xi8>, %zero: i32, %step: f32, %y: memref<?x?xf16>) {
  softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp] maps = [#id, #scalar, #scalar, #id]
    ins(%x, %zero, %step : memref<?x?xi8>, i32, f32) outs(%y : memref<?x?xf16>)
    logit {
    ^bb0(%e: i8, %z: i32, %d: f32):
      %0 = arith.extsi %e : i8 to i32
      %1 = arith.subi %0, %z : i32
      %2 = arith.sitofp %1 : i32 to f32
      %l = arith.mulf %2, %d : f32
      softmax.yield %l : f32
    } result {
    ^bb0(%e: i8, %z: i32, %d: f32, %p: f32, %logp: f32):
      %r = arith.truncf %p : f32 to f16
      softmax.yield %r : f16
    }
  return
}

// f8 logits with a step per row:  l = x * step(i).
// CHECK-LABEL: func @float8
// CHECK: softmax.generic
func.func @float8(%x: memref<?x?xf8E4M3FN>, %step: memref<?xf32>, %y: memref<?x?xbf16>) {
  softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp] maps = [#id, #row, #id]
    ins(%x, %step : memref<?x?xf8E4M3FN>, memref<?xf32>) outs(%y : memref<?x?xbf16>)
    logit {
    ^bb0(%e: f8E4M3FN, %d: f32):
      %0 = arith.extf %e : f8E4M3FN to f32
      %l = arith.mulf %0, %d : f32
      softmax.yield %l : f32
    } result {
    ^bb0(%e: f8E4M3FN, %d: f32, %p: f32, %logp: f32):
      %r = arith.truncf %p : f32 to bf16
      softmax.yield %r : bf16
    }
  return
}

//===----------------------------------------------------------------------===//
// Gradients
//===----------------------------------------------------------------------===//

// softmax_backward(dy, y):  dx = scale * y * (dy - sum(dy * y)).
// CHECK-LABEL: func @softmax_backward
// CHECK: softmax.generic dimensions = [1] statistics = [#softmax.sum]
func.func @softmax_backward(%dy: tensor<?x?xf32>, %y: tensor<?x?xf32>, %scale: f32, %dx: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %0 = softmax.generic dimensions = [1] statistics = [#softmax.sum] maps = [#id, #id, #scalar, #id]
    ins(%dy, %y, %scale : tensor<?x?xf32>, tensor<?x?xf32>, f32) outs(%dx : tensor<?x?xf32>)
    logit {
    ^bb0(%d: f32, %e: f32, %se: f32):
      %l = arith.mulf %d, %e : f32
      softmax.yield %l : f32
    } result {
    ^bb0(%d: f32, %e: f32, %se: f32, %sum: f32):
      %0 = arith.subf %d, %sum : f32
      %1 = arith.mulf %e, %0 : f32
      %r = arith.mulf %se, %1 : f32
      softmax.yield %r : f32
    } -> tensor<?x?xf32>
  return %0 : tensor<?x?xf32>
}

// log_softmax_backward(dy, y):  dx = scale * (dy - exp(y) * sum(dy)).
// CHECK-LABEL: func @log_softmax_backward
// CHECK: softmax.generic dimensions = [1] statistics = [#softmax.sum]
func.func @log_softmax_backward(%dy: tensor<?x?xbf16>, %y: tensor<?x?xbf16>, %scale: f32, %dx: tensor<?x?xbf16>) -> tensor<?x?xbf16> {
  %0 = softmax.generic dimensions = [1] statistics = [#softmax.sum] maps = [#id, #id, #scalar, #id]
    ins(%dy, %y, %scale : tensor<?x?xbf16>, tensor<?x?xbf16>, f32) outs(%dx : tensor<?x?xbf16>)
    logit {
    ^bb0(%d: bf16, %e: bf16, %se: f32):
      %l = arith.extf %d : bf16 to f32
      softmax.yield %l : f32
    } result {
    ^bb0(%d: bf16, %e: bf16, %se: f32, %sum: f32):
      %0 = arith.extf %d : bf16 to f32
      %1 = arith.extf %e : bf16 to f32
      %2 = math.exp %1 : f32
      %3 = arith.mulf %2, %sum : f32
      %4 = arith.subf %0, %3 : f32
      %5 = arith.mulf %se, %4 : f32
      %r = arith.truncf %5 : f32 to bf16
      softmax.yield %r : bf16
    } -> tensor<?x?xbf16>
  return %0 : tensor<?x?xbf16>
}

//===----------------------------------------------------------------------===//
// Cross-entropy
//===----------------------------------------------------------------------===//

// cross_entropy with class indices t(i), in one pass over the row:
//   x_t = sum over j of (j == t ? x : 0)         (exact: all but one term is 0)
//   loss = t == ignore_index ? 0 : (m - x_t) + log(s),  lse = m + log(s)
// Nothing is read through a bad label.
// CHECK-LABEL: func @cross_entropy_indices
// CHECK: softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp, #softmax.sum]
func.func @cross_entropy_indices(%x: tensor<?x?xf32>, %t: tensor<?xi64>, %ignore: i64, %loss: tensor<?xf32>, %l: tensor<?xf32>) -> (tensor<?xf32>, tensor<?xf32>) {
  %0:2 = softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp, #softmax.sum] maps = [#id, #row, #scalar, #row, #row]
    ins(%x, %t, %ignore : tensor<?x?xf32>, tensor<?xi64>, i64) outs(%loss, %l : tensor<?xf32>, tensor<?xf32>)
    logit {
    ^bb0(%e: f32, %te: i64, %ig: i64):
      %j = softmax.index 1
      %j64 = arith.index_cast %j : index to i64
      %hit = arith.cmpi eq, %j64, %te : i64
      %zero = arith.constant 0.0 : f32
      %pick = arith.select %hit, %e, %zero : f32
      softmax.yield %e, %pick : f32, f32
    } row {
    ^bb0(%te: i64, %ig: i64, %m: f32, %s: f32, %xt: f32):
      %0 = arith.subf %m, %xt : f32
      %1 = math.log %s : f32
      %2 = arith.addf %0, %1 : f32
      %skip = arith.cmpi eq, %te, %ig : i64
      %zero = arith.constant 0.0 : f32
      %r = arith.select %skip, %zero, %2 : f32
      %lse = arith.addf %m, %1 : f32
      softmax.yield %r, %lse : f32, f32
    } -> tensor<?xf32>, tensor<?xf32>
  return %0#0, %0#1 : tensor<?xf32>, tensor<?xf32>
}

// The same with label smoothing: the target is (1 - a) * [j == t] + a / n.
//   loss = (1 - a) * ((m - x_t) + log(s)) + a * ((m - sum(x) / n) + log(s))
// and a fully masked row has loss 0, as masked_row = zero wants (C-INF-2).
// CHECK-LABEL: func @cross_entropy_smoothing
// CHECK: softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp<masked_row = zero>, #softmax.sum, #softmax.sum]
func.func @cross_entropy_smoothing(%x: memref<?x?xf32>, %t: memref<?xi32>, %a: f32, %n: f32, %loss: memref<?xf32>) {
  softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp<masked_row = zero>, #softmax.sum, #softmax.sum]
    maps = [#id, #row, #scalar, #scalar, #row]
    ins(%x, %t, %a, %n : memref<?x?xf32>, memref<?xi32>, f32, f32) outs(%loss : memref<?xf32>)
    logit {
    ^bb0(%e: f32, %te: i32, %ae: f32, %ne: f32):
      %j = softmax.index 1
      %j32 = arith.index_cast %j : index to i32
      %hit = arith.cmpi eq, %j32, %te : i32
      %zero = arith.constant 0.0 : f32
      %pick = arith.select %hit, %e, %zero : f32
      softmax.yield %e, %pick, %e : f32, f32, f32
    } row {
    ^bb0(%te: i32, %ae: f32, %ne: f32, %m: f32, %s: f32, %xt: f32, %sum: f32):
      %logs = math.log %s : f32
      %0 = arith.subf %m, %xt : f32
      %hard = arith.addf %0, %logs : f32
      %mean = arith.divf %sum, %ne : f32
      %1 = arith.subf %m, %mean : f32
      %soft = arith.addf %1, %logs : f32
      %one = arith.constant 1.0 : f32
      %b = arith.subf %one, %ae : f32
      %2 = arith.mulf %b, %hard : f32
      %3 = arith.mulf %ae, %soft : f32
      %4 = arith.addf %2, %3 : f32
      %ninf = arith.constant 0xFF800000 : f32
      %masked = arith.cmpf oeq, %m, %ninf : f32
      %zero = arith.constant 0.0 : f32
      %r = arith.select %masked, %zero, %4 : f32
      softmax.yield %r : f32
    }
  return
}

// cross_entropy with probability targets t(i, j):
//   loss = lse * sum(t) - sum(t * x)  with t * x = 0 where t = 0 (as for
// 0 * log(0) = 0, so that an impossible class may have the logit -inf).
// CHECK-LABEL: func @cross_entropy_probabilities
// CHECK: softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp, #softmax.sum, #softmax.sum]
func.func @cross_entropy_probabilities(%x: tensor<?x?xf32>, %t: tensor<?x?xf32>, %loss: tensor<?xf32>, %l: tensor<?xf32>) -> (tensor<?xf32>, tensor<?xf32>) {
  %0:2 = softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp, #softmax.sum, #softmax.sum] maps = [#id, #id, #row, #row]
    ins(%x, %t : tensor<?x?xf32>, tensor<?x?xf32>) outs(%loss, %l : tensor<?xf32>, tensor<?xf32>)
    logit {
    ^bb0(%e: f32, %te: f32):
      %zero = arith.constant 0.0 : f32
      %none = arith.cmpf oeq, %te, %zero : f32
      %0 = arith.mulf %te, %e : f32
      %tx = arith.select %none, %zero, %0 : f32
      softmax.yield %e, %tx, %te : f32, f32, f32
    } row {
    ^bb0(%m: f32, %s: f32, %tx: f32, %t1: f32):
      %0 = math.log %s : f32
      %lse = arith.addf %m, %0 : f32
      %1 = arith.mulf %lse, %t1 : f32
      %r = arith.subf %1, %tx : f32
      softmax.yield %r, %lse : f32, f32
    } -> tensor<?xf32>, tensor<?xf32>
  return %0#0, %0#1 : tensor<?xf32>, tensor<?xf32>
}

// cross_entropy_backward with class indices: no statistic; labels, lse and
// dloss are row-invariant inputs.
//   target = (1 - a) * [j == t] + a / n
//   dx = t == ignore_index ? 0 : (exp(x - lse) - target) * dloss
// CHECK-LABEL: func @cross_entropy_backward_indices
// CHECK: softmax.generic dimensions = [1] statistics = []
// CHECK-NOT: logit
// CHECK: result
func.func @cross_entropy_backward_indices(%x: tensor<?x?xf32>, %t: tensor<?xi64>, %l: tensor<?xf32>, %dloss: tensor<?xf32>,
                                          %ignore: i64, %a: f32, %n: f32, %dx: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %0 = softmax.generic dimensions = [1] statistics = [] maps = [#id, #row, #row, #row, #scalar, #scalar, #scalar, #id]
    ins(%x, %t, %l, %dloss, %ignore, %a, %n : tensor<?x?xf32>, tensor<?xi64>, tensor<?xf32>, tensor<?xf32>, i64, f32, f32)
    outs(%dx : tensor<?x?xf32>)
    row {
    ^bb0(%te: i64, %le: f32, %de: f32, %ig: i64, %ae: f32, %ne: f32):
      // Once per row: the factor of a row that counts, and the smoothed target.
      %skip = arith.cmpi eq, %te, %ig : i64
      %zero = arith.constant 0.0 : f32
      %factor = arith.select %skip, %zero, %de : f32
      %low = arith.divf %ae, %ne : f32
      %one = arith.constant 1.0 : f32
      %0 = arith.subf %one, %ae : f32
      %high = arith.addf %0, %low : f32
      softmax.yield %factor, %low, %high, %skip : f32, f32, f32, i1
    } result {
    ^bb0(%e: f32, %te: i64, %le: f32, %de: f32, %ig: i64, %ae: f32, %ne: f32, %factor: f32, %low: f32, %high: f32, %skip: i1):
      %j = softmax.index 1
      %j64 = arith.index_cast %j : index to i64
      %hit = arith.cmpi eq, %j64, %te : i64
      %target = arith.select %hit, %high, %low : f32
      %0 = arith.subf %e, %le : f32
      %1 = math.exp %0 : f32
      %2 = arith.subf %1, %target : f32
      %3 = arith.mulf %2, %factor : f32
      %zero = arith.constant 0.0 : f32
      %r = arith.select %skip, %zero, %3 : f32
      softmax.yield %r : f32
    } -> tensor<?x?xf32>
  return %0 : tensor<?x?xf32>
}

// cross_entropy_backward with probability targets, where a fully masked row has
// gradient 0:  dx = lse == -inf ? 0 : (exp(x - lse) - t) * dloss.
// CHECK-LABEL: func @cross_entropy_backward_probabilities
// CHECK: softmax.generic dimensions = [1] statistics = []
func.func @cross_entropy_backward_probabilities(%x: memref<?x?xf32>, %t: memref<?x?xf32>, %l: memref<?xf32>, %dloss: memref<?xf32>, %dx: memref<?x?xf32>) {
  softmax.generic dimensions = [1] statistics = [] maps = [#id, #id, #row, #row, #id]
    ins(%x, %t, %l, %dloss : memref<?x?xf32>, memref<?x?xf32>, memref<?xf32>, memref<?xf32>) outs(%dx : memref<?x?xf32>)
    result {
    ^bb0(%e: f32, %te: f32, %le: f32, %de: f32):
      %0 = arith.subf %e, %le : f32
      %1 = math.exp %0 : f32
      %2 = arith.subf %1, %te : f32
      %3 = arith.mulf %2, %de : f32
      %ninf = arith.constant 0xFF800000 : f32
      %masked = arith.cmpf oeq, %le, %ninf : f32
      %zero = arith.constant 0.0 : f32
      %r = arith.select %masked, %zero, %3 : f32
      softmax.yield %r : f32
    }
  return
}

//===----------------------------------------------------------------------===//
// Statistics
//===----------------------------------------------------------------------===//

// stats:  (m, s) per row.
// CHECK-LABEL: func @stats
// CHECK: softmax.generic
func.func @stats(%x: tensor<?x?xf32>, %m: tensor<?xf32>, %s: tensor<?xf32>) -> (tensor<?xf32>, tensor<?xf32>) {
  %0:2 = softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp] maps = [#id, #row, #row]
    ins(%x : tensor<?x?xf32>) outs(%m, %s : tensor<?xf32>, tensor<?xf32>)
    logit {
    ^bb0(%e: f32):
      softmax.yield %e : f32
    } row {
    ^bb0(%me: f32, %se: f32):
      softmax.yield %me, %se : f32, f32
    } -> tensor<?xf32>, tensor<?xf32>
  return %0#0, %0#1 : tensor<?xf32>, tensor<?xf32>
}

// merge of k partials (m, s) of a row, a dimension of their own: the logits are
// the partials' lse, l = m + log(s).  The merged pair has the same lse, and a
// partial of m = -inf and s = 0 adds nothing (C-INF-4).
// CHECK-LABEL: func @merge
// CHECK: softmax.generic dimensions = [0]
func.func @merge(%m: tensor<?x?xf32>, %s: tensor<?x?xf32>, %m1: tensor<?xf32>, %s1: tensor<?xf32>) -> (tensor<?xf32>, tensor<?xf32>) {
  %0:2 = softmax.generic dimensions = [0] statistics = [#softmax.max_sumexp] maps = [#id, #id, #column, #column]
    ins(%m, %s : tensor<?x?xf32>, tensor<?x?xf32>) outs(%m1, %s1 : tensor<?xf32>, tensor<?xf32>)
    logit {
    ^bb0(%me: f32, %se: f32):
      %0 = math.log %se : f32
      %l = arith.addf %me, %0 : f32
      softmax.yield %l : f32
    } row {
    ^bb0(%max: f32, %sum: f32):
      softmax.yield %max, %sum : f32, f32
    } -> tensor<?xf32>, tensor<?xf32>
  return %0#0, %0#1 : tensor<?xf32>, tensor<?xf32>
}

//===----------------------------------------------------------------------===//
// Top-k
//===----------------------------------------------------------------------===//

// topk:  the k largest logits of a row and their columns, in destinations with
// a trailing dimension of size k.
// CHECK-LABEL: func @topk
// CHECK: softmax.generic dimensions = [1] statistics = [#softmax.topk<k = 5>]
// CHECK-SAME: outs(%{{.*}}, %{{.*}} : tensor<?x5xf32>, tensor<?x5xi64>)
func.func @topk(%x: tensor<?x?xf32>, %v: tensor<?x5xf32>, %c: tensor<?x5xi64>) -> (tensor<?x5xf32>, tensor<?x5xi64>) {
  %0:2 = softmax.generic dimensions = [1] statistics = [#softmax.topk<k = 5>] maps = [#id, #row, #row]
    ins(%x : tensor<?x?xf32>) outs(%v, %c : tensor<?x5xf32>, tensor<?x5xi64>)
    logit {
    ^bb0(%e: f32):
      softmax.yield %e : f32
    } row {
    ^bb0(%values: vector<5xf32>, %columns: vector<5xi64>):
      softmax.yield %values, %columns : vector<5xf32>, vector<5xi64>
    } -> tensor<?x5xf32>, tensor<?x5xi64>
  return %0#0, %0#1 : tensor<?x5xf32>, tensor<?x5xi64>
}

// Routing: the probabilities of the k largest logits, in the same pass:
//   y(k) = exp(v(k) - m) / s.
// CHECK-LABEL: func @topk_probabilities
// CHECK: softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp, #softmax.topk<k = 2>]
func.func @topk_probabilities(%x: tensor<?x?xf32>, %y: tensor<?x2xf32>, %c: tensor<?x2xi32>) -> (tensor<?x2xf32>, tensor<?x2xi32>) {
  %0:2 = softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp, #softmax.topk<k = 2>] maps = [#id, #row, #row]
    ins(%x : tensor<?x?xf32>) outs(%y, %c : tensor<?x2xf32>, tensor<?x2xi32>)
    logit {
    ^bb0(%e: f32):
      softmax.yield %e, %e : f32, f32
    } row {
    ^bb0(%m: f32, %s: f32, %values: vector<2xf32>, %columns: vector<2xi64>):
      %m2 = vector.broadcast %m : f32 to vector<2xf32>
      %0 = arith.subf %values, %m2 : vector<2xf32>
      %1 = math.exp %0 : vector<2xf32>
      %s2 = vector.broadcast %s : f32 to vector<2xf32>
      %2 = arith.divf %1, %s2 : vector<2xf32>
      %3 = arith.trunci %columns : vector<2xi64> to vector<2xi32>
      softmax.yield %2, %3 : vector<2xf32>, vector<2xi32>
    } -> tensor<?x2xf32>, tensor<?x2xi32>
  return %0#0, %0#1 : tensor<?x2xf32>, tensor<?x2xi32>
}
