// RUN: softmax-opt %s --softmax-generalize --split-input-file | FileCheck %s
// A second run finds nothing left to do.
// RUN: softmax-opt %s --softmax-generalize --split-input-file -o %t.once
// RUN: softmax-opt %t.once --softmax-generalize --split-input-file -o %t.twice
// RUN: diff %t.once %t.twice

// CHECK: #[[ID:.*]] = affine_map<(d0, d1) -> (d0, d1)>
// CHECK-LABEL: func @plain(
// CHECK-SAME:    %[[X:.*]]: tensor<?x10xf32>, %[[I:.*]]: tensor<?x10xf32>)
// CHECK:         %[[P:.*]] = softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp] maps = [#[[ID]], #[[ID]]]
// CHECK-SAME:      {softmax.named = "softmax"}
// CHECK-SAME:      ins(%[[X]] : tensor<?x10xf32>) outs(%[[I]] : tensor<?x10xf32>)
// CHECK-SAME:    logit {
// CHECK-NEXT:    ^bb0(%[[E:.*]]: f32):
// CHECK-NEXT:      softmax.yield %[[E]] : f32
// CHECK-NEXT:    } result {
// CHECK-NEXT:    ^bb0(%{{.*}}: f32, %[[PE:.*]]: f32, %{{.*}}: f32):
// CHECK-NEXT:      softmax.yield %[[PE]] : f32
// CHECK-NEXT:    } -> tensor<?x10xf32>
// CHECK:         return %[[P]]
func.func @plain(%x: tensor<?x10xf32>, %i: tensor<?x10xf32>) -> tensor<?x10xf32> {
  %p = softmax.softmax dimensions = [1] ins(%x : tensor<?x10xf32>) outs(%i : tensor<?x10xf32>) -> tensor<?x10xf32>
  return %p : tensor<?x10xf32>
}

// Joint dimensions, memrefs, the logarithm; other attributes stay.
// CHECK-LABEL: func @log_memref(
// CHECK:         softmax.generic dimensions = [0, 2]
// CHECK-SAME:      {keep.me = 7 : i64, softmax.named = "log_softmax"}
// CHECK-SAME:      ins(%{{.*}} : memref<3x4x5xf32>) outs(%{{.*}} : memref<3x4x5xf32>)
// CHECK:         } result {
// CHECK-NEXT:    ^bb0(%{{.*}}: f32, %{{.*}}: f32, %[[LOGP:.*]]: f32):
// CHECK-NEXT:      softmax.yield %[[LOGP]] : f32
// CHECK-NOT:     softmax.log_softmax
func.func @log_memref(%x: memref<3x4x5xf32>, %y: memref<3x4x5xf32>) {
  softmax.log_softmax dimensions = [0, 2] {keep.me = 7 : i64} ins(%x : memref<3x4x5xf32>) outs(%y : memref<3x4x5xf32>)
  return
}

// -----

// All operands, broadcasts, narrow types: C-TYPE-2, C-TEMP-1, C-MASK-1, C-INF-2.
// The bias repeats along the softmax dimension, so the row region sees it, and
// the scale, before the statistics.
// CHECK-DAG: #[[ID3:.*]] = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
// CHECK-DAG: #[[SCALAR:.*]] = affine_map<(d0, d1, d2) -> ()>
// CHECK-DAG: #[[BIAS:.*]] = affine_map<(d0, d1, d2) -> (d0, 0, 0)>
// CHECK-DAG: #[[MASK:.*]] = affine_map<(d0, d1, d2) -> (d1, d2)>
// CHECK-DAG: #[[ROW:.*]] = affine_map<(d0, d1, d2) -> (d0, d1)>
// CHECK-LABEL: func @everything(
// CHECK:         softmax.generic dimensions = [2] statistics = [#softmax.max_sumexp<masked_row = zero>]
// CHECK-SAME:      maps = [#[[ID3]], #[[SCALAR]], #[[BIAS]], #[[MASK]], #[[ID3]], #[[ROW]]]
// CHECK-SAME:      ins(%{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} : tensor<4x?x?xf16>, f32, tensor<4x1x1xbf16>, tensor<?x?xi1>)
// CHECK-SAME:      outs(%{{.*}}, %{{.*}} : tensor<4x?x?xf16>, tensor<4x?xf32>)
// CHECK-SAME:    logit {
// CHECK-NEXT:    ^bb0(%[[E:.*]]: f16, %[[S:.*]]: f32, %[[B:.*]]: bf16, %[[K:.*]]: i1):
// CHECK-NEXT:      %[[L0:.*]] = arith.extf %[[E]] : f16 to f32
// CHECK-NEXT:      %[[L1:.*]] = arith.mulf %[[L0]], %[[S]] : f32
// CHECK-NEXT:      %[[B1:.*]] = arith.extf %[[B]] : bf16 to f32
// CHECK-NEXT:      %[[L2:.*]] = arith.addf %[[L1]], %[[B1]] : f32
// CHECK-NEXT:      %[[NINF:.*]] = arith.constant 0xFF800000 : f32
// CHECK-NEXT:      %[[L3:.*]] = arith.select %[[K]], %[[L2]], %[[NINF]] : f32
// CHECK-NEXT:      softmax.yield %[[L3]] : f32
// CHECK-NEXT:    } row {
// CHECK-NEXT:    ^bb0(%{{.*}}: f32, %{{.*}}: bf16, %[[MAX:.*]]: f32, %[[SUM:.*]]: f32):
// CHECK-NEXT:      %[[LOG:.*]] = math.log %[[SUM]] : f32
// CHECK-NEXT:      %[[LSE:.*]] = arith.addf %[[MAX]], %[[LOG]] : f32
// CHECK-NEXT:      softmax.yield %[[LSE]] : f32
// CHECK-NEXT:    } result {
// CHECK-NEXT:    ^bb0(%{{.*}}: f16, %{{.*}}: f32, %{{.*}}: bf16, %{{.*}}: i1, %[[P:.*]]: f32, %{{.*}}: f32):
// CHECK-NEXT:      %[[R:.*]] = arith.truncf %[[P]] : f32 to f16
// CHECK-NEXT:      softmax.yield %[[R]] : f16
func.func @everything(%x: tensor<4x?x?xf16>, %s: f32, %b: tensor<4x1x1xbf16>, %m: tensor<?x?xi1>,
                      %i: tensor<4x?x?xf16>, %j: tensor<4x?xf32>) -> (tensor<4x?x?xf16>, tensor<4x?xf32>) {
  %q, %lse = softmax.softmax dimensions = [2] {masked_row = #softmax.masked_row<zero>} ins(%x : tensor<4x?x?xf16>)
    scale(%s : f32) bias(%b : tensor<4x1x1xbf16>) mask(%m : tensor<?x?xi1>)
    outs(%i, %j : tensor<4x?x?xf16>, tensor<4x?xf32>) -> tensor<4x?x?xf16>, tensor<4x?xf32>
  return %q, %lse : tensor<4x?x?xf16>, tensor<4x?xf32>
}

// One f64 operand makes the computation f64: the f32 logits are widened, the
// f64 result is not narrowed (C-TYPE-2).
// CHECK-LABEL: func @wide(
// CHECK:         ins(%{{.*}}, %{{.*}} : tensor<8xf32>, f64) outs(%{{.*}} : tensor<8xf64>)
// CHECK-NEXT:    ^bb0(%[[E:.*]]: f32, %[[S:.*]]: f64):
// CHECK-NEXT:      %[[L0:.*]] = arith.extf %[[E]] : f32 to f64
// CHECK-NEXT:      %[[L1:.*]] = arith.mulf %[[L0]], %[[S]] : f64
// CHECK-NEXT:      softmax.yield %[[L1]] : f64
// CHECK:         result {
// CHECK-NEXT:    ^bb0(%{{.*}}: f32, %{{.*}}: f64, %[[P:.*]]: f64, %{{.*}}: f64):
// CHECK-NEXT:      softmax.yield %[[P]] : f64
func.func @wide(%x: tensor<8xf32>, %s: f64, %i: tensor<8xf64>) -> tensor<8xf64> {
  %p = softmax.softmax dimensions = [0] ins(%x : tensor<8xf32>) scale(%s : f64) outs(%i : tensor<8xf64>) -> tensor<8xf64>
  return %p : tensor<8xf64>
}

// logsumexp has a per-row destination only, so no result region.
// CHECK-LABEL: func @logsumexp(
// CHECK:         softmax.generic dimensions = [0]
// CHECK-SAME:      {softmax.named = "logsumexp"}
// CHECK-SAME:      ins(%{{.*}} : memref<?x?xf64>) outs(%{{.*}} : memref<?xf64>)
// CHECK:         } row {
// CHECK-NEXT:    ^bb0(%[[MAX:.*]]: f64, %[[SUM:.*]]: f64):
// CHECK-NEXT:      %[[LOG:.*]] = math.log %[[SUM]] : f64
// CHECK-NEXT:      %[[LSE:.*]] = arith.addf %[[MAX]], %[[LOG]] : f64
// CHECK-NEXT:      softmax.yield %[[LSE]] : f64
// CHECK-NEXT:    }
// CHECK-NOT:     result {
// CHECK:         return
func.func @logsumexp(%x: memref<?x?xf64>, %y: memref<?xf64>) {
  softmax.logsumexp dimensions = [0] ins(%x : memref<?x?xf64>) outs(%y : memref<?xf64>)
  return
}

// -----

// A bias of rank 0 and a mask of one column; f64 logits, f32 bias, f16 result.
// CHECK-DAG: #[[ROW:.*]] = affine_map<(d0, d1) -> (d0)>
// CHECK-DAG: #[[COLUMN:.*]] = affine_map<(d0, d1) -> (d0, 0)>
// CHECK-DAG: #[[NONE:.*]] = affine_map<(d0, d1) -> ()>
// CHECK-LABEL: func @mixed(
// CHECK:         maps = [#{{.*}}, #[[NONE]], #[[COLUMN]], #{{.*}}, #[[ROW]]]
// CHECK-NEXT:    ^bb0(%[[E:.*]]: f64, %[[B:.*]]: f32, %[[K:.*]]: i1):
// CHECK-NEXT:      %[[B1:.*]] = arith.extf %[[B]] : f32 to f64
// CHECK-NEXT:      %[[L0:.*]] = arith.addf %[[E]], %[[B1]] : f64
// CHECK-NEXT:      %[[NINF:.*]] = arith.constant 0xFFF0000000000000 : f64
// CHECK-NEXT:      %[[L1:.*]] = arith.select %[[K]], %[[L0]], %[[NINF]] : f64
// CHECK:         row {
// CHECK-NEXT:    ^bb0(%{{.*}}: f32, %{{.*}}: i1, %{{.*}}: f64, %{{.*}}: f64):
// CHECK:         result {
// CHECK-NEXT:    ^bb0(%{{.*}}: f64, %{{.*}}: f32, %{{.*}}: i1, %{{.*}}: f64, %[[LOGP:.*]]: f64):
// CHECK-NEXT:      arith.truncf %[[LOGP]] : f64 to f16
func.func @mixed(%x: memref<?x?xf64>, %b: memref<f32>, %m: memref<?x1xi1>, %y: memref<?x?xf16>, %l: memref<?xf64>) {
  softmax.log_softmax dimensions = [1] ins(%x : memref<?x?xf64>) bias(%b : memref<f32>) mask(%m : memref<?x1xi1>)
    outs(%y, %l : memref<?x?xf16>, memref<?xf64>)
  return
}

// An f64 result alone decides too.
// CHECK-LABEL: func @wide_result(
// CHECK:         arith.extf %{{.*}} : bf16 to f64
// CHECK-NOT:     arith.truncf
// CHECK:         return
func.func @wide_result(%x: memref<4x4xbf16>, %y: memref<4x4xf64>) {
  softmax.softmax dimensions = [0] ins(%x : memref<4x4xbf16>) outs(%y : memref<4x4xf64>)
  return
}
