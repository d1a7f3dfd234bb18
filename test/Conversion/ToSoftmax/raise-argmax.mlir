// RUN: softmax-opt %s --softmax-raise=report=true --split-input-file -verify-diagnostics | FileCheck %s
// RUN: softmax-opt %s --softmax-raise=report=true --softmax-generalize --softmax-fuse-elementwise --split-input-file -verify-diagnostics | FileCheck %s --check-prefix=MERGED

#id = affine_map<(i, j) -> (i, j)>
#row = affine_map<(i, j) -> (i)>

// The largest probability's logit and its class, beside the probabilities: one
// pass over the logits.
// CHECK-LABEL: func @classify(
// CHECK-SAME:    %[[X:.*]]: tensor<?x10xf32>
// CHECK:         softmax.softmax
// CHECK:         softmax.generic dimensions = [1] statistics = [#softmax.topk<k = 1>]
// CHECK-SAME:      ins(%[[X]] : tensor<?x10xf32>)
// CHECK:         ^bb0(%[[V:.*]]: vector<1xf32>, %[[I:.*]]: vector<1xi64>):
// CHECK-DAG:       %[[BEST:.*]] = vector.extract %[[V]][0] : f32 from vector<1xf32>
// CHECK-DAG:       %[[AT:.*]] = vector.extract %[[I]][0] : i64 from vector<1xi64>
// CHECK:           %[[NONE:.*]] = arith.maxsi %[[AT]], %{{.*}} : i64
// CHECK:           %[[AT32:.*]] = arith.trunci %[[NONE]] : i64 to i32
// CHECK:           softmax.yield %[[BEST]], %[[AT32]] : f32, i32
// CHECK-NOT:     linalg.generic
// MERGED-LABEL: func @classify(
// MERGED:         softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp, #softmax.topk<k = 1>]
// MERGED-NOT:     softmax.generic
// MERGED:         return
func.func @classify(%x: tensor<?x10xf32>) -> (tensor<?x10xf32>, tensor<?xf32>, tensor<?xi32>) {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?x10xf32>
  %e = tensor.empty(%n) : tensor<?x10xf32>
  // expected-remark @+1 {{raised to softmax.softmax}}
  %p = linalg.softmax dimension(1) ins(%x : tensor<?x10xf32>) outs(%e : tensor<?x10xf32>) -> tensor<?x10xf32>
  %ninf = arith.constant 0xFF800000 : f32
  %zero = arith.constant 0 : i32
  %ev = tensor.empty(%n) : tensor<?xf32>
  %ei = tensor.empty(%n) : tensor<?xi32>
  %v0 = linalg.fill ins(%ninf : f32) outs(%ev : tensor<?xf32>) -> tensor<?xf32>
  %i0 = linalg.fill ins(%zero : i32) outs(%ei : tensor<?xi32>) -> tensor<?xi32>
  // expected-remark @+1 {{raised to softmax.generic}}
  %r:2 = linalg.generic {indexing_maps = [#id, #row, #row], iterator_types = ["parallel", "reduction"]}
    ins(%x : tensor<?x10xf32>) outs(%v0, %i0 : tensor<?xf32>, tensor<?xi32>) {
  ^bb0(%a: f32, %b: f32, %i: i32):
    %j = linalg.index 1 : index
    %k = arith.index_cast %j : index to i32
    %larger = arith.cmpf ogt, %a, %b fastmath<nnan,nsz> : f32
    %m = arith.select %larger, %a, %b : f32
    %at = arith.select %larger, %k, %i : i32
    linalg.yield %m, %at : f32, i32
  } -> (tensor<?xf32>, tensor<?xi32>)
  return %p, %r#0, %r#1 : tensor<?x10xf32>, tensor<?xf32>, tensor<?xi32>
}

// -----

#id = affine_map<(i, j) -> (i, j)>
#column = affine_map<(i, j) -> (j)>

// Along the first dimension, the place first, in f16, by a maximum.
// CHECK-LABEL: func @columns(
// CHECK:         %[[R:.*]]:2 = softmax.generic dimensions = [0] statistics = [#softmax.topk<k = 1>]
// CHECK:           arith.extf %{{.*}} : f16 to f32
// CHECK:           arith.truncf %{{.*}} : f32 to f16
// CHECK:           arith.index_cast %{{.*}} : i64 to index
// CHECK:         return %[[R]]#1, %[[R]]#0 : tensor<7xindex>, tensor<7xf16>
func.func @columns(%x: tensor<5x7xf16>) -> (tensor<7xindex>, tensor<7xf16>) {
  %ninf = arith.constant 0xFC00 : f16
  %zero = arith.constant 0 : index
  %ev = tensor.empty() : tensor<7xf16>
  %ei = tensor.empty() : tensor<7xindex>
  %v0 = linalg.fill ins(%ninf : f16) outs(%ev : tensor<7xf16>) -> tensor<7xf16>
  %i0 = linalg.fill ins(%zero : index) outs(%ei : tensor<7xindex>) -> tensor<7xindex>
  // expected-remark @+1 {{raised to softmax.generic}}
  %r:2 = linalg.generic {indexing_maps = [#id, #column, #column], iterator_types = ["reduction", "parallel"]}
    ins(%x : tensor<5x7xf16>) outs(%i0, %v0 : tensor<7xindex>, tensor<7xf16>) {
  ^bb0(%a: f16, %i: index, %b: f16):
    %j = linalg.index 0 : index
    %smaller = arith.cmpf olt, %b, %a fastmath<nnan,nsz> : f16
    %m = arith.maximumf %a, %b : f16
    %at = arith.select %smaller, %j, %i : index
    linalg.yield %at, %m : index, f16
  } -> (tensor<7xindex>, tensor<7xf16>)
  return %r#0, %r#1 : tensor<7xindex>, tensor<7xf16>
}

// -----

#id = affine_map<(i, j) -> (i, j)>
#row = affine_map<(i, j) -> (i)>

// A NaN would be the largest in a selection; the last of equal elements is not
// the first.
// CHECK-LABEL: func @nan(
// CHECK-NOT:     softmax.
// CHECK-LABEL: func @last(
// CHECK-NOT:     softmax.
func.func @nan(%x: tensor<3x10xf32>) -> tensor<3xi64> {
  %ninf = arith.constant 0xFF800000 : f32
  %zero = arith.constant 0 : i64
  %ev = tensor.empty() : tensor<3xf32>
  %ei = tensor.empty() : tensor<3xi64>
  %v0 = linalg.fill ins(%ninf : f32) outs(%ev : tensor<3xf32>) -> tensor<3xf32>
  %i0 = linalg.fill ins(%zero : i64) outs(%ei : tensor<3xi64>) -> tensor<3xi64>
  // expected-remark @+1 {{not raised to a selection of the largest: a NaN would be passed over here but counts as the largest in #softmax.topk; the comparison needs the flag nnan}}
  %r:2 = linalg.generic {indexing_maps = [#id, #row, #row], iterator_types = ["parallel", "reduction"]}
    ins(%x : tensor<3x10xf32>) outs(%v0, %i0 : tensor<3xf32>, tensor<3xi64>) {
  ^bb0(%a: f32, %b: f32, %i: i64):
    %j = linalg.index 1 : index
    %k = arith.index_cast %j : index to i64
    %larger = arith.cmpf ogt, %a, %b fastmath<nsz> : f32
    %m = arith.select %larger, %a, %b : f32
    %at = arith.select %larger, %k, %i : i64
    linalg.yield %m, %at : f32, i64
  } -> (tensor<3xf32>, tensor<3xi64>)
  return %r#1 : tensor<3xi64>
}

func.func @last(%x: tensor<3x10xf32>) -> tensor<3xi64> {
  %ninf = arith.constant 0xFF800000 : f32
  %zero = arith.constant 0 : i64
  %ev = tensor.empty() : tensor<3xf32>
  %ei = tensor.empty() : tensor<3xi64>
  %v0 = linalg.fill ins(%ninf : f32) outs(%ev : tensor<3xf32>) -> tensor<3xf32>
  %i0 = linalg.fill ins(%zero : i64) outs(%ei : tensor<3xi64>) -> tensor<3xi64>
  // expected-remark @+1 {{not raised to a selection of the largest: the comparison is not whether the element is larger}}
  %r:2 = linalg.generic {indexing_maps = [#id, #row, #row], iterator_types = ["parallel", "reduction"]}
    ins(%x : tensor<3x10xf32>) outs(%v0, %i0 : tensor<3xf32>, tensor<3xi64>) {
  ^bb0(%a: f32, %b: f32, %i: i64):
    %j = linalg.index 1 : index
    %k = arith.index_cast %j : index to i64
    %larger = arith.cmpf oge, %a, %b fastmath<nnan,nsz> : f32
    %m = arith.select %larger, %a, %b : f32
    %at = arith.select %larger, %k, %i : i64
    linalg.yield %m, %at : f32, i64
  } -> (tensor<3xf32>, tensor<3xi64>)
  return %r#1 : tensor<3xi64>
}
