// RUN: softmax-opt %s --softmax-generalize --softmax-reuse-inputs | FileCheck %s
// RUN: softmax-opt %s --softmax-results-to-destinations="layout=dynamic" --softmax-reuse-inputs --eliminate-empty-tensors \
// RUN:   --one-shot-bufferize="bufferize-function-boundaries function-boundary-type-conversion=fully-dynamic-layout-map" \
// RUN:   --canonicalize | FileCheck %s --check-prefix=BUFFER

#rows = affine_map<(i, j) -> (i, j)>
#columns = affine_map<(i, j) -> (j, i)>
#column = affine_map<(i, j) -> (j)>
#row = affine_map<(i, j) -> (i)>

// The whole model works in the buffer of its result: matmul, bias, softmax.
// CHECK-LABEL: func.func @model(
// CHECK:         %[[PRODUCT:.*]] = linalg.matmul
// CHECK:         %[[LOGITS:.*]] = linalg.generic {{.*}} outs(%[[PRODUCT]] : tensor<?x10xf32>)
// CHECK:         softmax.generic {{.*}} ins(%[[LOGITS]] : tensor<?x10xf32>) outs(%[[LOGITS]] : tensor<?x10xf32>)
// BUFFER-LABEL: func.func @model(
// BUFFER-SAME:    %[[D:[^ ]*]]: memref<?x10xf32{{[^%]*}}>) attributes
// BUFFER-NOT:     memref.alloc
// BUFFER-NOT:     memref.copy
// BUFFER:         linalg.fill {{.*}} outs(%[[D]] :
// BUFFER:         linalg.matmul {{.*}} outs(%[[D]] :
// BUFFER:         linalg.generic {{.*}} ins(%[[D]], {{.*}} outs(%[[D]] :
// BUFFER:         softmax.generic {{.*}} ins(%[[D]] : {{.*}}) outs(%[[D]] :
// BUFFER-NOT:     memref.alloc
// BUFFER-NOT:     memref.copy
// BUFFER:         return
func.func @model(%x: tensor<?x64xf32>, %w: tensor<64x10xf32>, %bias: tensor<10xf32>) -> tensor<?x10xf32> {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %n = tensor.dim %x, %c0 : tensor<?x64xf32>
  %empty = tensor.empty(%n) : tensor<?x10xf32>
  %filled = linalg.fill ins(%zero : f32) outs(%empty : tensor<?x10xf32>) -> tensor<?x10xf32>
  %product = linalg.matmul ins(%x, %w : tensor<?x64xf32>, tensor<64x10xf32>) outs(%filled : tensor<?x10xf32>) -> tensor<?x10xf32>
  %logits = linalg.generic {indexing_maps = [#rows, #column, #rows], iterator_types = ["parallel", "parallel"]}
      ins(%product, %bias : tensor<?x10xf32>, tensor<10xf32>) outs(%empty : tensor<?x10xf32>) {
  ^bb0(%p: f32, %b: f32, %out: f32):
    %sum = arith.addf %p, %b : f32
    linalg.yield %sum : f32
  } -> tensor<?x10xf32>
  %p = softmax.softmax dimensions = [1] ins(%logits : tensor<?x10xf32>) outs(%empty : tensor<?x10xf32>) -> tensor<?x10xf32>
  return %p : tensor<?x10xf32>
}

// The same with static sizes, three dimensions and an lse beside.
// BUFFER-LABEL: func.func @attention(
// BUFFER-SAME:    %[[D:[^ ]*]]: memref<2x8x8xf32{{[^%]*}}>, %[[L:[^ ]*]]: memref<2x8xf32{{[^%]*}}>) attributes
// BUFFER-NOT:     memref.alloc
// BUFFER-NOT:     memref.copy
// BUFFER:         linalg.batch_matmul {{.*}} outs(%[[D]] :
// BUFFER:         softmax.generic {{.*}} ins(%[[D]] : {{.*}}) outs(%[[D]], %[[L]] :
// BUFFER-NOT:     memref.alloc
// BUFFER-NOT:     memref.copy
// BUFFER:         return
func.func @attention(%q: tensor<2x8x16xf32>, %k: tensor<2x16x8xf32>) -> (tensor<2x8x8xf32>, tensor<2x8xf32>) {
  %zero = arith.constant 0.0 : f32
  %empty = tensor.empty() : tensor<2x8x8xf32>
  %row = tensor.empty() : tensor<2x8xf32>
  %filled = linalg.fill ins(%zero : f32) outs(%empty : tensor<2x8x8xf32>) -> tensor<2x8x8xf32>
  %scores = linalg.batch_matmul ins(%q, %k : tensor<2x8x16xf32>, tensor<2x16x8xf32>) outs(%filled : tensor<2x8x8xf32>) -> tensor<2x8x8xf32>
  %p, %lse = softmax.softmax dimensions = [2] ins(%scores : tensor<2x8x8xf32>) outs(%empty, %row : tensor<2x8x8xf32>, tensor<2x8xf32>)
    -> tensor<2x8x8xf32>, tensor<2x8xf32>
  return %p, %lse : tensor<2x8x8xf32>, tensor<2x8xf32>
}

// What is read again is not overwritten.
// CHECK-LABEL: func.func @used_twice(
// CHECK:         %[[EMPTY:.*]] = tensor.empty
// CHECK:         %[[E:.*]] = linalg.exp
// CHECK:         softmax.generic {{.*}} ins(%[[E]] : tensor<8x9xf32>) outs(%[[EMPTY]] : tensor<8x9xf32>)
func.func @used_twice(%x: tensor<8x9xf32>) -> (tensor<8x9xf32>, tensor<8x9xf32>) {
  %empty = tensor.empty() : tensor<8x9xf32>
  %e = linalg.exp ins(%x : tensor<8x9xf32>) outs(%empty : tensor<8x9xf32>) -> tensor<8x9xf32>
  %p = softmax.softmax dimensions = [1] ins(%e : tensor<8x9xf32>) outs(%empty : tensor<8x9xf32>) -> tensor<8x9xf32>
  return %e, %p : tensor<8x9xf32>, tensor<8x9xf32>
}

// Another element type has other memory.
// CHECK-LABEL: func.func @other_type(
// CHECK:         %[[EMPTY:.*]] = tensor.empty() : tensor<8x9xf16>
// CHECK:         softmax.generic {{.*}} outs(%[[EMPTY]] : tensor<8x9xf16>)
func.func @other_type(%x: tensor<8x9xf32>) -> tensor<8x9xf16> {
  %empty = tensor.empty() : tensor<8x9xf32>
  %half = tensor.empty() : tensor<8x9xf16>
  %e = linalg.exp ins(%x : tensor<8x9xf32>) outs(%empty : tensor<8x9xf32>) -> tensor<8x9xf32>
  %p = softmax.softmax dimensions = [1] ins(%e : tensor<8x9xf32>) outs(%half : tensor<8x9xf16>) -> tensor<8x9xf16>
  return %p : tensor<8x9xf16>
}

// An element that is read elsewhere than it is written.
// CHECK-LABEL: func.func @transposed(
// CHECK:         %[[EMPTY:.*]] = tensor.empty
// CHECK:         linalg.exp
// CHECK:         linalg.generic {{.*}} outs(%[[EMPTY]] : tensor<8x8xf32>)
func.func @transposed(%x: tensor<8x8xf32>) -> tensor<8x8xf32> {
  %empty = tensor.empty() : tensor<8x8xf32>
  %e = linalg.exp ins(%x : tensor<8x8xf32>) outs(%empty : tensor<8x8xf32>) -> tensor<8x8xf32>
  %t = linalg.generic {indexing_maps = [#columns, #rows], iterator_types = ["parallel", "parallel"]}
      ins(%e : tensor<8x8xf32>) outs(%empty : tensor<8x8xf32>) {
  ^bb0(%a: f32, %out: f32):
    linalg.yield %a : f32
  } -> tensor<8x8xf32>
  return %t : tensor<8x8xf32>
}

// What a row has one of is read again for every element of the row.
// CHECK-LABEL: func.func @per_row(
// CHECK:         %[[EMPTY:.*]] = tensor.empty() : tensor<8xf32>
// CHECK:         %[[E:.*]] = linalg.exp
// CHECK:         softmax.generic {{.*}} ins(%{{.*}}, %[[E]] : {{.*}}) outs(%{{.*}}, %[[EMPTY]] :
func.func @per_row(%x: tensor<8x9xf32>, %b: tensor<8xf32>, %i: tensor<8x9xf32>) -> (tensor<8x9xf32>, tensor<8xf32>) {
  %empty = tensor.empty() : tensor<8xf32>
  %e = linalg.exp ins(%b : tensor<8xf32>) outs(%empty : tensor<8xf32>) -> tensor<8xf32>
  %p, %lse = softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp]
      maps = [#rows, #row, #rows, #row]
      ins(%x, %e : tensor<8x9xf32>, tensor<8xf32>) outs(%i, %empty : tensor<8x9xf32>, tensor<8xf32>)
    logit {
    ^bb0(%a: f32, %r: f32):
      %l = arith.addf %a, %r : f32
      softmax.yield %l : f32
    } row {
    ^bb0(%r: f32, %max: f32, %sum: f32):
      %log = math.log %sum : f32
      %lse = arith.addf %max, %log : f32
      softmax.yield %lse : f32
    } result {
    ^bb0(%a: f32, %r: f32, %p: f32, %logp: f32):
      softmax.yield %p : f32
    } -> tensor<8x9xf32>, tensor<8xf32>
  return %p, %lse : tensor<8x9xf32>, tensor<8xf32>
}

// An argument belongs to the caller, and what is accumulated in one stays there.
// CHECK-LABEL: func.func private @arguments(
// CHECK-SAME:    %[[X:[^ ]*]]: tensor<8x9xf32>, %[[Y:[^ ]*]]: tensor<8x9xf32>)
// CHECK:         %[[EMPTY:.*]] = tensor.empty
// CHECK:         softmax.generic {{.*}} ins(%[[X]] : {{.*}}) outs(%[[EMPTY]] :
// CHECK:         %[[E:.*]] = linalg.exp {{.*}} outs(%[[Y]] :
// CHECK:         softmax.generic {{.*}} ins(%[[E]] : {{.*}}) outs(%[[EMPTY]] :
func.func private @arguments(%x: tensor<8x9xf32>, %y: tensor<8x9xf32>) -> (tensor<8x9xf32>, tensor<8x9xf32>) {
  %empty = tensor.empty() : tensor<8x9xf32>
  %p = softmax.softmax dimensions = [1] ins(%x : tensor<8x9xf32>) outs(%empty : tensor<8x9xf32>) -> tensor<8x9xf32>
  %e = linalg.exp ins(%p : tensor<8x9xf32>) outs(%y : tensor<8x9xf32>) -> tensor<8x9xf32>
  %q = softmax.softmax dimensions = [1] ins(%e : tensor<8x9xf32>) outs(%empty : tensor<8x9xf32>) -> tensor<8x9xf32>
  return %p, %q : tensor<8x9xf32>, tensor<8x9xf32>
}

// The next iteration reads it again.
// CHECK-LABEL: func.func private @loop(
// CHECK:         %[[EMPTY:.*]] = tensor.empty
// CHECK:         scf.for
// CHECK:           softmax.generic {{.*}} outs(%[[EMPTY]] :
func.func private @loop(%x: tensor<8x9xf32>, %n: index) -> tensor<8x9xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %empty = tensor.empty() : tensor<8x9xf32>
  %e = linalg.exp ins(%x : tensor<8x9xf32>) outs(%empty : tensor<8x9xf32>) -> tensor<8x9xf32>
  %r = scf.for %i = %c0 to %n step %c1 iter_args(%a = %x) -> tensor<8x9xf32> {
    %p = softmax.softmax dimensions = [1] ins(%e : tensor<8x9xf32>) outs(%empty : tensor<8x9xf32>) -> tensor<8x9xf32>
    %s = linalg.add ins(%p, %a : tensor<8x9xf32>, tensor<8x9xf32>) outs(%a : tensor<8x9xf32>) -> tensor<8x9xf32>
    scf.yield %s : tensor<8x9xf32>
  }
  return %r : tensor<8x9xf32>
}
