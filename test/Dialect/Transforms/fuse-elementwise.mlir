// softmax-fuse-elementwise: what becomes a part of a softmax op.
// RUN: softmax-opt %s --softmax-fuse-elementwise --split-input-file | FileCheck %s

#id = affine_map<(i, j) -> (i, j)>
#column = affine_map<(i, j) -> (j)>
// A cast, a scale from outside the body, a bias and a mask go in; the constant
// of the fill stands in the region, and no tensor is left between.  An op that
// something went into is no named op any more.
// CHECK-LABEL: func @producers(
//  CHECK-SAME:   %[[X:.*]]: tensor<?x?xf16>, %[[S:.*]]: f32, %[[B:.*]]: tensor<?xf32>, %[[K:.*]]: tensor<?x?xi1>,
//   CHECK-NOT:   linalg
//       CHECK:   softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp]
//   CHECK-NOT:   softmax.named
//  CHECK-SAME:   ins(%[[K]], %[[X]], %[[B]], %[[S]] : tensor<?x?xi1>, tensor<?x?xf16>, tensor<?xf32>, f32)
//       CHECK:   logit {
//  CHECK-NEXT:   ^bb0(%[[KE:.*]]: i1, %[[XE:.*]]: f16, %[[BE:.*]]: f32, %[[SE:.*]]: f32):
//  CHECK-NEXT:     %[[NINF:.*]] = arith.constant 0xFF800000 : f32
//  CHECK-NEXT:     %[[W:.*]] = arith.extf %[[XE]] : f16 to f32
//  CHECK-NEXT:     %[[M:.*]] = arith.mulf %[[W]], %[[SE]] : f32
//  CHECK-NEXT:     %[[A:.*]] = arith.addf %[[M]], %[[BE]] : f32
//  CHECK-NEXT:     %[[L:.*]] = arith.select %[[KE]], %[[A]], %[[NINF]] : f32
//  CHECK-NEXT:     softmax.yield %[[L]] : f32
//  CHECK-NEXT:   } result {
//  CHECK-NEXT:   ^bb0(%{{.*}}: i1, %{{.*}}: f16, %{{.*}}: f32, %{{.*}}: f32, %[[P:.*]]: f32, %{{.*}}: f32):
//  CHECK-NEXT:     softmax.yield %[[P]] : f32
func.func @producers(%x: tensor<?x?xf16>, %s: f32, %b: tensor<?xf32>, %k: tensor<?x?xi1>, %e: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %ninf = arith.constant 0xFF800000 : f32
  %0 = linalg.generic {indexing_maps = [#id, #column, #id], iterator_types = ["parallel", "parallel"]}
    ins(%x, %b : tensor<?x?xf16>, tensor<?xf32>) outs(%e : tensor<?x?xf32>) {
  ^bb0(%a: f16, %be: f32, %o: f32):
    %1 = arith.extf %a : f16 to f32
    %2 = arith.mulf %1, %s : f32
    %3 = arith.addf %2, %be : f32
    linalg.yield %3 : f32
  } -> tensor<?x?xf32>
  %f = linalg.fill ins(%ninf : f32) outs(%e : tensor<?x?xf32>) -> tensor<?x?xf32>
  %l = linalg.select ins(%k, %0, %f : tensor<?x?xi1>, tensor<?x?xf32>, tensor<?x?xf32>) outs(%e : tensor<?x?xf32>) -> tensor<?x?xf32>
  %p = softmax.softmax dimensions = [1] ins(%l : tensor<?x?xf32>) outs(%e : tensor<?x?xf32>) -> tensor<?x?xf32>
  return %p : tensor<?x?xf32>
}

// -----

#id = affine_map<(i, j) -> (i, j)>
#transposed = affine_map<(i, j) -> (j, i)>
// Loops in another order, a destination that is read, linalg.index, and a size
// of 1 that repeats: all in terms of the op's own dimensions.
// CHECK-DAG: #[[ID:.*]] = affine_map<(d0, d1) -> (d0, d1)>
// CHECK-DAG: #[[FIRST:.*]] = affine_map<(d0, d1) -> (0, d1)>
// CHECK-LABEL: func @maps(
//  CHECK-SAME:   %[[X:.*]]: tensor<?x?xf32>, %[[B:.*]]: tensor<1x?xf32>, %[[E:.*]]: tensor<?x?xf32>)
//       CHECK:   maps = [#[[ID]], #[[FIRST]], #[[ID]], #[[ID]]]
//  CHECK-SAME:   ins(%[[X]], %[[B]], %[[E]] :
//       CHECK:   ^bb0(%[[XE:.*]]: f32, %[[BE:.*]]: f32, %[[OE:.*]]: f32):
//  CHECK-NEXT:     %[[I:.*]] = softmax.index 1
//  CHECK-NEXT:     %[[J:.*]] = softmax.index 0
//  CHECK-NEXT:     arith.cmpi sle, %[[I]], %[[J]] : index
//  CHECK-NEXT:     arith.addf %[[XE]], %[[BE]]
//  CHECK-NEXT:     arith.select %{{.*}}, %{{.*}}, %[[OE]] : f32
func.func @maps(%x: tensor<?x?xf32>, %b: tensor<1x?xf32>, %e: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %0 = linalg.generic {indexing_maps = [#transposed, affine_map<(i, j) -> (0, i)>, #transposed], iterator_types = ["parallel", "parallel"]}
    ins(%x, %b : tensor<?x?xf32>, tensor<1x?xf32>) outs(%e : tensor<?x?xf32>) {
  ^bb0(%a: f32, %be: f32, %o: f32):
    %i = linalg.index 0 : index
    %j = linalg.index 1 : index
    %see = arith.cmpi sle, %i, %j : index
    %1 = arith.addf %a, %be : f32
    %2 = arith.select %see, %1, %o : f32
    linalg.yield %2 : f32
  } -> tensor<?x?xf32>
  %p = softmax.softmax dimensions = [1] ins(%0 : tensor<?x?xf32>) outs(%e : tensor<?x?xf32>) -> tensor<?x?xf32>
  return %p : tensor<?x?xf32>
}

// -----

#id = affine_map<(i, j) -> (i, j)>
// Where the result region reads the input, the producer is computed there, too.
// CHECK-LABEL: func @both_regions
//   CHECK-NOT:   linalg
//       CHECK:   logit {
//       CHECK:     arith.addf
//       CHECK:   } result {
//  CHECK-NEXT:   ^bb0(%[[A:.*]]: f32, %[[B:.*]]: f32, %[[P:.*]]: f32, %{{.*}}: f32):
//  CHECK-NEXT:     %[[L:.*]] = arith.addf %[[A]], %[[B]] : f32
//  CHECK-NEXT:     arith.mulf %[[P]], %[[L]] : f32
func.func @both_regions(%x: tensor<?x?xf32>, %y: tensor<?x?xf32>, %e: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %0 = linalg.add ins(%x, %y : tensor<?x?xf32>, tensor<?x?xf32>) outs(%e : tensor<?x?xf32>) -> tensor<?x?xf32>
  %p = softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp] maps = [#id, #id]
    ins(%0 : tensor<?x?xf32>) outs(%e : tensor<?x?xf32>)
    logit {
    ^bb0(%a: f32):
      softmax.yield %a : f32
    } result {
    ^bb0(%a: f32, %q: f32, %logq: f32):
      %1 = arith.mulf %q, %a : f32
      softmax.yield %1 : f32
    } -> tensor<?x?xf32>
  return %p : tensor<?x?xf32>
}

// -----

#id = affine_map<(i, j) -> (i, j)>
// Dropout mask and quantization, whose cast stays; the probabilities themselves
// are not written any more.  What has a size asks the destination for it.
// CHECK-LABEL: func @consumers(
//  CHECK-SAME:   %[[X:.*]]: tensor<?x8xf32>, %[[K:.*]]: tensor<?x8xf32>, %[[E:.*]]: tensor<?x8xbf16>)
//       CHECK:   tensor.dim %[[E]]
//       CHECK:   %[[Q:.*]] = tensor.empty(%{{.*}}) : tensor<?x8xi8>
//       CHECK:   %[[R:.*]] = softmax.generic {{.*}} ins(%[[X]], %[[K]] : {{.*}}) outs(%[[Q]] : tensor<?x8xi8>)
//       CHECK:   result {
//  CHECK-NEXT:   ^bb0(%{{.*}}: f32, %[[KE:.*]]: f32, %[[P:.*]]: f32, %{{.*}}: f32):
//  CHECK-NEXT:     %[[N:.*]] = arith.truncf %[[P]] : f32 to bf16
//  CHECK-NEXT:     %[[W:.*]] = arith.extf %[[N]] : bf16 to f32
//  CHECK-NEXT:     %[[D:.*]] = arith.mulf %[[W]], %[[KE]] : f32
//  CHECK-NEXT:     %[[C:.*]] = arith.constant 2.550000e+02 : f32
//  CHECK-NEXT:     %[[M:.*]] = arith.mulf %[[D]], %[[C]] : f32
//  CHECK-NEXT:     %[[I:.*]] = arith.fptoui %[[M]] : f32 to i8
//  CHECK-NEXT:     softmax.yield %[[I]] : i8
//   CHECK-NOT:   linalg
//       CHECK:   return %[[R]]
func.func @consumers(%x: tensor<?x8xf32>, %k: tensor<?x8xf32>, %e: tensor<?x8xbf16>) -> tensor<?x8xi8> {
  %c0 = arith.constant 0 : index
  %c255 = arith.constant 255.0 : f32
  %p = softmax.softmax dimensions = [1] ins(%x : tensor<?x8xf32>) outs(%e : tensor<?x8xbf16>) -> tensor<?x8xbf16>
  %n = tensor.dim %p, %c0 : tensor<?x8xbf16>
  %w = tensor.empty(%n) : tensor<?x8xf32>
  %0 = linalg.generic {indexing_maps = [#id, #id, #id], iterator_types = ["parallel", "parallel"]}
    ins(%p, %k : tensor<?x8xbf16>, tensor<?x8xf32>) outs(%w : tensor<?x8xf32>) {
  ^bb0(%a: bf16, %b: f32, %o: f32):
    %1 = arith.extf %a : bf16 to f32
    %2 = arith.mulf %1, %b : f32
    linalg.yield %2 : f32
  } -> tensor<?x8xf32>
  %q = tensor.empty(%n) : tensor<?x8xi8>
  %r = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
    ins(%0 : tensor<?x8xf32>) outs(%q : tensor<?x8xi8>) {
  ^bb0(%a: f32, %o: i8):
    %1 = arith.mulf %a, %c255 : f32
    %2 = arith.fptoui %1 : f32 to i8
    linalg.yield %2 : i8
  } -> tensor<?x8xi8>
  return %r : tensor<?x8xi8>
}

// -----

#id = affine_map<(i, j) -> (i, j)>
// A result with another reader stays, beside what is made of it.
// CHECK-LABEL: func @kept_result
//       CHECK:   %[[R:.*]]:2 = softmax.generic
//       CHECK:     %[[D:.*]] = math.exp %[[P:.*]] : f32
//  CHECK-NEXT:     softmax.yield %[[P]], %[[D]] : f32, f32
//       CHECK:   return %[[R]]#0, %[[R]]#1
func.func @kept_result(%x: tensor<?x?xf32>, %e: tensor<?x?xf32>) -> (tensor<?x?xf32>, tensor<?x?xf32>) {
  %p = softmax.softmax dimensions = [1] ins(%x : tensor<?x?xf32>) outs(%e : tensor<?x?xf32>) -> tensor<?x?xf32>
  %0 = linalg.exp ins(%p : tensor<?x?xf32>) outs(%e : tensor<?x?xf32>) -> tensor<?x?xf32>
  return %p, %0 : tensor<?x?xf32>, tensor<?x?xf32>
}

// -----

#id = affine_map<(i, j) -> (i, j)>
#row = affine_map<(i, j) -> (i)>
// What reads values per row goes into the row region; what reads them beside
// elements gets them handed on.  The op has no element-wise result before.
// CHECK-LABEL: func @per_row
//   CHECK-NOT:   linalg
//       CHECK:   %[[R:.*]]:2 = softmax.generic
//       CHECK:   } row {
//       CHECK:     %[[LSE:.*]] = arith.addf
//  CHECK-NEXT:     %[[N:.*]] = arith.negf %[[LSE]] : f32
//  CHECK-NEXT:     softmax.yield %[[N]], %[[LSE]] : f32, f32
//  CHECK-NEXT:   } result {
//  CHECK-NEXT:   ^bb0(%[[X:.*]]: f32, %{{.*}}: f32, %{{.*}}: f32, %[[H:.*]]: f32):
//  CHECK-NEXT:     %[[D:.*]] = arith.subf %[[X]], %[[H]] : f32
//  CHECK-NEXT:     softmax.yield %[[D]] : f32
//       CHECK:   return %[[R]]#0, %[[R]]#1
func.func @per_row(%x: tensor<?x?xf32>, %e: tensor<?x?xf32>, %l: tensor<?xf32>) -> (tensor<?x?xf32>, tensor<?xf32>) {
  %lse = softmax.logsumexp dimensions = [1] ins(%x : tensor<?x?xf32>) outs(%l : tensor<?xf32>) -> tensor<?xf32>
  %0 = linalg.generic {indexing_maps = [#id, #row, #id], iterator_types = ["parallel", "parallel"]}
    ins(%x, %lse : tensor<?x?xf32>, tensor<?xf32>) outs(%e : tensor<?x?xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %1 = arith.subf %a, %b : f32
    linalg.yield %1 : f32
  } -> tensor<?x?xf32>
  %1 = linalg.negf ins(%lse : tensor<?xf32>) outs(%l : tensor<?xf32>) -> tensor<?xf32>
  return %0, %1 : tensor<?x?xf32>, tensor<?xf32>
}

// -----

#id = affine_map<(i, j) -> (i, j)>
#row = affine_map<(i, j) -> (i)>
// A value per row, made outside and repeated along it, is read per row.
// CHECK-LABEL: func @broadcast(
//  CHECK-SAME:   %[[X:.*]]: tensor<?x?xf32>, %[[R:.*]]: tensor<?xf32>,
//   CHECK-NOT:   linalg
//       CHECK:   softmax.generic {{.*}} ins(%[[X]], %[[R]] : tensor<?x?xf32>, tensor<?xf32>)
func.func @broadcast(%x: tensor<?x?xf32>, %r: tensor<?xf32>, %e: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %b = linalg.broadcast ins(%r : tensor<?xf32>) outs(%e : tensor<?x?xf32>) dimensions = [1]
  %0 = linalg.mul ins(%x, %b : tensor<?x?xf32>, tensor<?x?xf32>) outs(%e : tensor<?x?xf32>) -> tensor<?x?xf32>
  %p = softmax.log_softmax dimensions = [1] ins(%0 : tensor<?x?xf32>) outs(%e : tensor<?x?xf32>) -> tensor<?x?xf32>
  return %p : tensor<?x?xf32>
}

// -----

// A splat is a constant of the region; so is the splat of a body.
// CHECK-LABEL: func @splat(
//  CHECK-SAME:   %[[X:.*]]: tensor<4x8xf32>,
//       CHECK:   softmax.generic {{.*}} ins(%[[X]] : tensor<4x8xf32>)
//       CHECK:     arith.constant 1.250000e-01 : f32
//  CHECK-NEXT:     arith.mulf
func.func @splat(%x: tensor<4x8xf32>, %e: tensor<4x8xf32>) -> tensor<4x8xf32> {
  %s = arith.constant dense<0.125> : tensor<4x8xf32>
  %0 = linalg.mul ins(%x, %s : tensor<4x8xf32>, tensor<4x8xf32>) outs(%e : tensor<4x8xf32>) -> tensor<4x8xf32>
  %p = softmax.softmax dimensions = [1] ins(%0 : tensor<4x8xf32>) outs(%e : tensor<4x8xf32>) -> tensor<4x8xf32>
  return %p : tensor<4x8xf32>
}

// -----

// One producer of two ops: those are merged first, so it has one reader; its
// own tensor is not written.
// CHECK-LABEL: func @shared_producer
//   CHECK-NOT:   linalg
//       CHECK:   softmax.generic
//       CHECK:     math.tanh
//   CHECK-NOT:   math.tanh
//   CHECK-NOT:   softmax.generic
func.func @shared_producer(%x: tensor<?x?xf32>, %e: tensor<?x?xf32>, %l: tensor<?xf32>) -> (tensor<?x?xf32>, tensor<?xf32>) {
  %y = linalg.tanh ins(%x : tensor<?x?xf32>) outs(%e : tensor<?x?xf32>) -> tensor<?x?xf32>
  %p = softmax.softmax dimensions = [1] ins(%y : tensor<?x?xf32>) outs(%e : tensor<?x?xf32>) -> tensor<?x?xf32>
  %lse = softmax.logsumexp dimensions = [1] ins(%y : tensor<?x?xf32>) outs(%l : tensor<?xf32>) -> tensor<?xf32>
  return %p, %lse : tensor<?x?xf32>, tensor<?xf32>
}

// -----

#id = affine_map<(i, j) -> (i, j)>
// Dequantization costs little and reads a quarter of the bytes: it is computed
// again although its result has another reader.
// CHECK-LABEL: func @cheap_again(
//  CHECK-SAME:   %[[X:.*]]: tensor<?x?xi8>,
//       CHECK:   linalg.generic
//       CHECK:   softmax.generic {{.*}} ins(%[[X]] : tensor<?x?xi8>)
//       CHECK:     arith.sitofp
func.func @cheap_again(%x: tensor<?x?xi8>, %e: tensor<?x?xf32>) -> (tensor<?x?xf32>, tensor<?x?xf32>) {
  %0 = linalg.generic {indexing_maps = [#id, #id], iterator_types = ["parallel", "parallel"]}
    ins(%x : tensor<?x?xi8>) outs(%e : tensor<?x?xf32>) {
  ^bb0(%a: i8, %o: f32):
    %1 = arith.sitofp %a : i8 to f32
    linalg.yield %1 : f32
  } -> tensor<?x?xf32>
  %p = softmax.softmax dimensions = [1] ins(%0 : tensor<?x?xf32>) outs(%e : tensor<?x?xf32>) -> tensor<?x?xf32>
  return %p, %0 : tensor<?x?xf32>, tensor<?x?xf32>
}

// -----

// Without a neighbour a named op stays what it is.
// CHECK-LABEL: func @alone
//       CHECK:   softmax.softmax
func.func @alone(%x: tensor<?x?xf32>, %e: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %p = softmax.softmax dimensions = [1] ins(%x : tensor<?x?xf32>) outs(%e : tensor<?x?xf32>) -> tensor<?x?xf32>
  return %p : tensor<?x?xf32>
}
