// The numbers of the decomposition, special values included: C-NAN-1, C-INF-1,
// C-INF-2, C-INF-3, C-BIG-1, C-AXIS-1, C-AXIS-2, C-MASK-1, C-TEMP-1.
//
// RUN: softmax-opt %s --softmax-decompose \
// RUN:   --one-shot-bufferize="bufferize-function-boundaries" --convert-linalg-to-loops \
// RUN:   --lower-affine --convert-scf-to-cf --convert-math-to-llvm --finalize-memref-to-llvm \
// RUN:   --convert-func-to-llvm --convert-cf-to-llvm --convert-arith-to-llvm \
// RUN:   --reconcile-unrealized-casts \
// RUN: | mlir-runner -e main --entry-point-result=void \
// RUN:     --shared-libs=%mlir_lib/libmlir_runner_utils%shlibext,%mlir_lib/libmlir_c_runner_utils%shlibext \
// RUN: | FileCheck %s

func.func private @printMemrefF32(tensor<*xf32>) attributes {llvm.emit_c_interface}
func.func private @printMemrefF64(tensor<*xf64>) attributes {llvm.emit_c_interface}

func.func private @print(%t: tensor<?x?xf32>) {
  %u = tensor.cast %t : tensor<?x?xf32> to tensor<*xf32>
  call @printMemrefF32(%u) : (tensor<*xf32>) -> ()
  return
}
func.func private @print1(%t: tensor<?xf32>) {
  %u = tensor.cast %t : tensor<?xf32> to tensor<*xf32>
  call @printMemrefF32(%u) : (tensor<*xf32>) -> ()
  return
}

func.func private @softmax(%x: tensor<?x?xf32>) -> (tensor<?x?xf32>, tensor<?xf32>) {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %m = tensor.dim %x, %c0 : tensor<?x?xf32>
  %n = tensor.dim %x, %c1 : tensor<?x?xf32>
  %i = tensor.empty(%m, %n) : tensor<?x?xf32>
  %j = tensor.empty(%m) : tensor<?xf32>
  %p, %lse = softmax.softmax dimensions = [1] ins(%x : tensor<?x?xf32>)
    outs(%i, %j : tensor<?x?xf32>, tensor<?xf32>) -> tensor<?x?xf32>, tensor<?xf32>
  return %p, %lse : tensor<?x?xf32>, tensor<?xf32>
}

func.func private @log_softmax(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %m = tensor.dim %x, %c0 : tensor<?x?xf32>
  %n = tensor.dim %x, %c1 : tensor<?x?xf32>
  %i = tensor.empty(%m, %n) : tensor<?x?xf32>
  %p = softmax.log_softmax dimensions = [1] ins(%x : tensor<?x?xf32>) outs(%i : tensor<?x?xf32>) -> tensor<?x?xf32>
  return %p : tensor<?x?xf32>
}

func.func private @masked(%x: tensor<3x3xf32>, %keep: tensor<3x3xi1>) -> (tensor<3x3xf32>, tensor<3xf32>) {
  %i = tensor.empty() : tensor<3x3xf32>
  %j = tensor.empty() : tensor<3xf32>
  %scale = arith.constant 2.0 : f32
  %bias = arith.constant dense<[1.0, 2.0, 3.0]> : tensor<3xf32>
  %p, %lse = softmax.softmax dimensions = [1] {masked_row = #softmax.masked_row<zero>} ins(%x : tensor<3x3xf32>)
    scale(%scale : f32) bias(%bias : tensor<3xf32>) mask(%keep : tensor<3x3xi1>)
    outs(%i, %j : tensor<3x3xf32>, tensor<3xf32>) -> tensor<3x3xf32>, tensor<3xf32>
  return %p, %lse : tensor<3x3xf32>, tensor<3xf32>
}

func.func private @joint(%x: tensor<2x2x2xf64>) -> (tensor<2x2x2xf64>, tensor<2xf64>) {
  %i = tensor.empty() : tensor<2x2x2xf64>
  %j = tensor.empty() : tensor<2xf64>
  %p, %lse = softmax.softmax dimensions = [0, 2] ins(%x : tensor<2x2x2xf64>)
    outs(%i, %j : tensor<2x2x2xf64>, tensor<2xf64>) -> tensor<2x2x2xf64>, tensor<2xf64>
  return %p, %lse : tensor<2x2x2xf64>, tensor<2xf64>
}

// Causal with an offset: element (i, j) counts where j <= i + offset.
func.func private @causal(%x: tensor<3x3xf32>, %offset: index) -> tensor<3x3xf32> {
  %i = tensor.empty() : tensor<3x3xf32>
  %p = softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp]
    maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> ()>, affine_map<(d0, d1) -> (d0, d1)>]
    ins(%x, %offset : tensor<3x3xf32>, index) outs(%i : tensor<3x3xf32>)
    logit {
    ^bb0(%e: f32, %o: index):
      %r = softmax.index 0
      %c = softmax.index 1
      %last = arith.addi %r, %o : index
      %seen = arith.cmpi ule, %c, %last : index
      %ninf = arith.constant 0xFF800000 : f32
      %l = arith.select %seen, %e, %ninf : f32
      softmax.yield %l : f32
    } result {
    ^bb0(%e: f32, %o: index, %pe: f32, %logp: f32):
      softmax.yield %pe : f32
    } -> tensor<3x3xf32>
  return %p : tensor<3x3xf32>
}

// Cross-entropy with the label picked in a second statistic, and an attention
// sink of logit 0 whose factor the row region hands on.
func.func private @loss_and_sink(%x: tensor<2x3xf32>, %t: tensor<2xi64>)
    -> (tensor<2x3xf32>, tensor<2xf32>) {
  %i = tensor.empty() : tensor<2x3xf32>
  %j = tensor.empty() : tensor<2xf32>
  %p, %loss = softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp, #softmax.sum]
    maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0)>,
            affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0)>]
    ins(%x, %t : tensor<2x3xf32>, tensor<2xi64>) outs(%i, %j : tensor<2x3xf32>, tensor<2xf32>)
    logit {
    ^bb0(%e: f32, %label: i64):
      %c = softmax.index 1
      %l = arith.index_cast %label : i64 to index
      %hit = arith.cmpi eq, %c, %l : index
      %zero = arith.constant 0.0 : f32
      %picked = arith.select %hit, %e, %zero : f32
      softmax.yield %e, %picked : f32, f32
    } row {
    ^bb0(%label: i64, %max: f32, %sum: f32, %picked: f32):
      %log = math.log %sum : f32
      %difference = arith.subf %max, %picked : f32
      %loss = arith.addf %difference, %log : f32
      %lse = arith.addf %max, %log : f32
      %e = math.exp %lse : f32
      %one = arith.constant 1.0 : f32
      %with = arith.addf %e, %one : f32
      %factor = arith.divf %e, %with : f32
      softmax.yield %loss, %factor : f32, f32
    } result {
    ^bb0(%e: f32, %label: i64, %pe: f32, %logp: f32, %s: f32, %factor: f32):
      %r = arith.mulf %pe, %factor : f32
      softmax.yield %r : f32
    } -> tensor<2x3xf32>, tensor<2xf32>
  return %p, %loss : tensor<2x3xf32>, tensor<2xf32>
}

func.func @main() {
  %x = arith.constant dense<[[1.0, 2.0, 3.0],
                             [0x7FC00000, 1.0, 2.0],
                             [1.0, 0x7FC00000, 0xFF800000],
                             [0x7F800000, 1.0, 2.0],
                             [0xFF800000, 0xFF800000, 0xFF800000],
                             [0xFF800000, 0.0, 0.0],
                             [3.0e38, -3.0e38, 3.0e38],
                             [-100.0, -100.0, -100.0]]> : tensor<8x3xf32>
  %xd = tensor.cast %x : tensor<8x3xf32> to tensor<?x?xf32>
  %p, %lse = call @softmax(%xd) : (tensor<?x?xf32>) -> (tensor<?x?xf32>, tensor<?xf32>)
  // CHECK:      sizes = [8, 3]
  // CHECK-NEXT: [0.0900306,{{ *}}0.244728,{{ *}}0.665241],
  // CHECK-NEXT: [{{-?nan, *-?nan, *-?nan}}],
  // CHECK-NEXT: [{{-?nan, *-?nan, *-?nan}}],
  // CHECK-NEXT: [{{-?nan, *-?nan, *-?nan}}],
  // CHECK-NEXT: [{{-?nan, *-?nan, *-?nan}}],
  // CHECK-NEXT: [0,{{ *}}0.5,{{ *}}0.5],
  // CHECK-NEXT: [0.5,{{ *}}0,{{ *}}0.5],
  // CHECK-NEXT: [0.333333,{{ *}}0.333333,{{ *}}0.333333]]
  call @print(%p) : (tensor<?x?xf32>) -> ()
  // CHECK:      sizes = [8]
  // CHECK-NEXT: [3.40761, {{-?nan, *-?nan, *}}inf, -inf, {{ *}}0.693147, 3e+38, -98.9014]
  call @print1(%lse) : (tensor<?xf32>) -> ()

  %logp = call @log_softmax(%xd) : (tensor<?x?xf32>) -> tensor<?x?xf32>
  // CHECK:      sizes = [8, 3]
  // CHECK-NEXT: [-2.40761,{{ *}}-1.40761,{{ *}}-0.407606],
  // CHECK-NEXT: [{{-?nan, *-?nan, *-?nan}}],
  // CHECK-NEXT: [{{-?nan, *-?nan, *-?nan}}],
  // CHECK-NEXT: [{{-?nan, *-?nan, *-?nan}}],
  // CHECK-NEXT: [{{-?nan, *-?nan, *-?nan}}],
  // CHECK-NEXT: [-inf,{{ *}}-0.693147,{{ *}}-0.693147],
  // CHECK-NEXT: [-0.693147,{{ *}}-inf,{{ *}}-0.693147],
  // CHECK-NEXT: [-1.09861,{{ *}}-1.09861,{{ *}}-1.09861]]
  call @print(%logp) : (tensor<?x?xf32>) -> ()

  // Empty rows: nothing element-wise, lse = -inf.
  %c0 = arith.constant 0 : index
  %c2 = arith.constant 2 : index
  %e = tensor.empty(%c2, %c0) : tensor<?x?xf32>
  %ep, %elsE = call @softmax(%e) : (tensor<?x?xf32>) -> (tensor<?x?xf32>, tensor<?xf32>)
  // CHECK:      sizes = [2, 0]
  call @print(%ep) : (tensor<?x?xf32>) -> ()
  // CHECK:      sizes = [2]
  // CHECK-NEXT: [-inf, -inf]
  call @print1(%elsE) : (tensor<?xf32>) -> ()

  // Logits 2 x + (1, 2, 3); a NaN under a false mask poisons nothing, a row of
  // false gives zeros.
  %y = arith.constant dense<[[1.0, 1.0, 1.0], [0x7FC00000, 1.0, 1.0], [1.0, 2.0, 3.0]]> : tensor<3x3xf32>
  %keep = arith.constant dense<[[true, true, true], [false, true, true], [false, false, false]]> : tensor<3x3xi1>
  %q, %qlse = call @masked(%y, %keep) : (tensor<3x3xf32>, tensor<3x3xi1>) -> (tensor<3x3xf32>, tensor<3xf32>)
  %qd = tensor.cast %q : tensor<3x3xf32> to tensor<?x?xf32>
  %qlsed = tensor.cast %qlse : tensor<3xf32> to tensor<?xf32>
  // CHECK:      sizes = [3, 3]
  // CHECK-NEXT: [0.0900306,{{ *}}0.244728,{{ *}}0.665241],
  // CHECK-NEXT: [0,{{ *}}0.268941,{{ *}}0.731059],
  // CHECK-NEXT: [0,{{ *}}0,{{ *}}0]]
  call @print(%qd) : (tensor<?x?xf32>) -> ()
  // CHECK:      [5.40761, {{ *}}5.31326, {{ *}}-inf]
  call @print1(%qlsed) : (tensor<?xf32>) -> ()

  // Rows (0, 1, 0, 1) and (2, 2, 2, 2) across the first and last dimension.
  %z = arith.constant dense<[[[0.0, 1.0], [2.0, 2.0]], [[0.0, 1.0], [2.0, 2.0]]]> : tensor<2x2x2xf64>
  %r, %rlse = call @joint(%z) : (tensor<2x2x2xf64>) -> (tensor<2x2x2xf64>, tensor<2xf64>)
  %ru = tensor.cast %r : tensor<2x2x2xf64> to tensor<*xf64>
  %rlseu = tensor.cast %rlse : tensor<2xf64> to tensor<*xf64>
  // CHECK:      sizes = [2, 2, 2]
  // CHECK-NEXT: [0.134471,{{ *}}0.365529],
  // CHECK-NEXT: [0.25,{{ *}}0.25]],
  // CHECK-NEXT: [0.134471,{{ *}}0.365529],
  // CHECK-NEXT: [0.25,{{ *}}0.25]]]
  call @printMemrefF64(%ru) : (tensor<*xf64>) -> ()
  // CHECK:      [2.00641, {{ *}}3.38629]
  call @printMemrefF64(%rlseu) : (tensor<*xf64>) -> ()

  %s = call @causal(%y, %c0) : (tensor<3x3xf32>, index) -> tensor<3x3xf32>
  %sd = tensor.cast %s : tensor<3x3xf32> to tensor<?x?xf32>
  // CHECK:      [1,{{ *}}0,{{ *}}0],
  // CHECK-NEXT: [{{-?nan, *-?nan, *-?nan}}],
  // CHECK-NEXT: [0.0900306,{{ *}}0.244728,{{ *}}0.665241]]
  call @print(%sd) : (tensor<?x?xf32>) -> ()

  // The sink takes 1 / (1 + exp(lse)) of each row: of (0, 0, 0) a quarter.
  %w = arith.constant dense<[[0.0, 0.0, 0.0], [1.0, 2.0, 3.0]]> : tensor<2x3xf32>
  %t = arith.constant dense<[1, 0]> : tensor<2xi64>
  %u, %loss = call @loss_and_sink(%w, %t) : (tensor<2x3xf32>, tensor<2xi64>) -> (tensor<2x3xf32>, tensor<2xf32>)
  %ud = tensor.cast %u : tensor<2x3xf32> to tensor<?x?xf32>
  %lossd = tensor.cast %loss : tensor<2xf32> to tensor<?xf32>
  // CHECK:      [0.25,{{ *}}0.25,{{ *}}0.25],
  // CHECK-NEXT: [0.0871443,{{ *}}0.236883,{{ *}}0.643914]]
  call @print(%ud) : (tensor<?x?xf32>) -> ()
  // CHECK:      [1.09861, {{ *}}2.40761]
  call @print1(%lossd) : (tensor<?xf32>) -> ()
  return
}
