// RUN: softmax-opt %s --softmax-generalize --split-input-file | FileCheck %s

// CHECK: #[[ID:.*]] = affine_map<(d0, d1) -> (d0, d1)>
// CHECK-LABEL: func @softmax(
// CHECK-SAME:    %[[DY:.*]]: tensor<?x10xf32>, %[[Y:.*]]: tensor<?x10xf32>, %[[I:.*]]: tensor<?x10xf32>)
// CHECK:         %[[DX:.*]] = softmax.generic dimensions = [1] statistics = [#softmax.sum] maps = [#[[ID]], #[[ID]], #[[ID]]]
// CHECK-SAME:      {softmax.named = "softmax_backward"}
// CHECK-SAME:      ins(%[[DY]], %[[Y]] : tensor<?x10xf32>, tensor<?x10xf32>) outs(%[[I]] : tensor<?x10xf32>)
// CHECK-SAME:    logit {
// CHECK-NEXT:    ^bb0(%[[D:.*]]: f32, %[[E:.*]]: f32):
// CHECK-NEXT:      %[[T:.*]] = arith.mulf %[[D]], %[[E]] : f32
// CHECK-NEXT:      softmax.yield %[[T]] : f32
// CHECK-NEXT:    } result {
// CHECK-NEXT:    ^bb0(%[[D:.*]]: f32, %[[E:.*]]: f32, %[[S:.*]]: f32):
// CHECK-NEXT:      %[[T:.*]] = arith.subf %[[D]], %[[S]] : f32
// CHECK-NEXT:      %[[R:.*]] = arith.mulf %[[E]], %[[T]] : f32
// CHECK-NEXT:      softmax.yield %[[R]] : f32
// CHECK-NEXT:    } -> tensor<?x10xf32>
// CHECK:         return %[[DX]]
func.func @softmax(%dy: tensor<?x10xf32>, %y: tensor<?x10xf32>, %i: tensor<?x10xf32>) -> tensor<?x10xf32> {
  %dx = softmax.softmax_backward dimensions = [1] ins(%dy, %y : tensor<?x10xf32>, tensor<?x10xf32>) outs(%i : tensor<?x10xf32>) -> tensor<?x10xf32>
  return %dx : tensor<?x10xf32>
}

// -----

// C-TYPE-2, C-INF-2: casts to the compute type; a second sum counts the elements
// that a fully masked row has none of. Other attributes stay.
// CHECK-DAG: #[[ID:.*]] = affine_map<(d0, d1, d2) -> (d0, d1, d2)>
// CHECK-DAG: #[[SCALAR:.*]] = affine_map<(d0, d1, d2) -> ()>
// CHECK-LABEL: func @log_softmax(
// CHECK:         softmax.generic dimensions = [0, 2] statistics = [#softmax.sum, #softmax.sum] maps = [#[[ID]], #[[ID]], #[[SCALAR]], #[[ID]]]
// CHECK-SAME:      {keep.me = 7 : i64, softmax.named = "log_softmax_backward"}
// CHECK-SAME:    logit {
// CHECK-NEXT:    ^bb0(%[[D:.*]]: f16, %[[E:.*]]: bf16, %{{.*}}: f32):
// CHECK-NEXT:      %[[D1:.*]] = arith.extf %[[D]] : f16 to f32
// CHECK-NEXT:      %[[E1:.*]] = arith.extf %[[E]] : bf16 to f32
// CHECK-NEXT:      %[[NINF:.*]] = arith.constant 0xFF800000 : f32
// CHECK-NEXT:      %[[IN:.*]] = arith.cmpf une, %[[E1]], %[[NINF]] : f32
// CHECK:           %[[COUNT:.*]] = arith.select %[[IN]]
// CHECK-NEXT:      softmax.yield %[[D1]], %[[COUNT]] : f32, f32
// CHECK-NEXT:    } row {
// CHECK-NEXT:    ^bb0(%{{.*}}: f32, %{{.*}}: f32, %[[N:.*]]: f32):
// CHECK:           %[[MASKED:.*]] = arith.cmpf oeq, %[[N]]
// CHECK-NEXT:      softmax.yield %[[MASKED]] : i1
// CHECK-NEXT:    } result {
// CHECK-NEXT:    ^bb0(%[[D:.*]]: f16, %[[E:.*]]: bf16, %[[C:.*]]: f32, %[[S:.*]]: f32, %{{.*}}: f32, %[[MASKED:.*]]: i1):
// CHECK-DAG:       %[[D1:.*]] = arith.extf %[[D]] : f16 to f32
// CHECK-DAG:       %[[E1:.*]] = arith.extf %[[E]] : bf16 to f32
// CHECK:           %[[P:.*]] = math.exp %[[E1]] : f32
// CHECK-NEXT:      %[[PS:.*]] = arith.mulf %[[P]], %[[S]] : f32
// CHECK-NEXT:      %[[T:.*]] = arith.subf %[[D1]], %[[PS]] : f32
// CHECK-NEXT:      %[[R:.*]] = arith.mulf %[[C]], %[[T]] : f32
// CHECK:           %[[R1:.*]] = arith.select %[[MASKED]], %{{.*}}, %[[R]] : f32
// CHECK-NEXT:      %[[R2:.*]] = arith.truncf %[[R1]] : f32 to f16
// CHECK-NEXT:      softmax.yield %[[R2]] : f16
func.func @log_softmax(%dy: memref<3x4x5xf16>, %y: memref<3x4x5xbf16>, %s: f32, %dx: memref<3x4x5xf16>) {
  softmax.log_softmax_backward dimensions = [0, 2] {keep.me = 7 : i64, masked_row = #softmax.masked_row<zero>}
    ins(%dy, %y : memref<3x4x5xf16>, memref<3x4x5xbf16>) scale(%s : f32) outs(%dx : memref<3x4x5xf16>)
  return
}
