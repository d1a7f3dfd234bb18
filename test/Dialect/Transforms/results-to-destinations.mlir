// RUN: softmax-opt %s --softmax-results-to-destinations --split-input-file \
// RUN:   | FileCheck %s --check-prefixes=CHECK,IDENTITY
// RUN: softmax-opt %s --softmax-results-to-destinations="layout=dynamic" --split-input-file \
// RUN:   | FileCheck %s --check-prefixes=CHECK,DYNAMIC
// A second run finds nothing left to do.
// RUN: softmax-opt %s --softmax-results-to-destinations --split-input-file -o %t.once
// RUN: softmax-opt %t.once --softmax-results-to-destinations --split-input-file -o %t.twice
// RUN: diff %t.once %t.twice

// CHECK-LABEL: func.func @softmax(
// CHECK-SAME:    %[[X:.*]]: tensor<?x10xf32> {bufferization.writable = false}
// IDENTITY-SAME: %[[D:.*]]: memref<?x10xf32>)
// DYNAMIC-SAME:  %[[D:.*]]: memref<?x10xf32, strided<[?, ?], offset: ?>>)
// CHECK-SAME:    softmax.kernel = {op = "softmax", operands = [
// CHECK-SAME:      {kind = "input", name = "logits", shape = ["s0", 10], type = tensor<?x10xf32>},
// CHECK-SAME:      {kind = "output", name = "probabilities", shape = ["s0", 10], type = tensor<?x10xf32>}],
// CHECK-SAME:      single_op = true}
// CHECK:         %[[P:.*]] = softmax.generic
// CHECK:         bufferization.materialize_in_destination %[[P]] in restrict writable %[[D]]
// CHECK-NEXT:    return{{$}}
func.func @softmax(%x: tensor<?x10xf32>) -> tensor<?x10xf32> {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?x10xf32>
  %i = tensor.empty(%n) : tensor<?x10xf32>
  %p = softmax.softmax dimensions = [1] ins(%x : tensor<?x10xf32>) outs(%i : tensor<?x10xf32>) -> tensor<?x10xf32>
  return %p : tensor<?x10xf32>
}

// -----

// Destinations that were arguments move behind the others and take no second
// place; names are the contract's; a mask comes as bytes. The bias' size is
// tied to the logits' by the op.
// CHECK-LABEL: func.func @all_operands(
// CHECK-SAME:    %[[X:[^ ]*]]: tensor<4x?x?xf16> {bufferization.writable = false}, %[[S:[^ ]*]]: f32,
// CHECK-SAME:    %[[B:[^ ]*]]: tensor<4x1x?xf16> {bufferization.writable = false}, %[[M:[^ ]*]]: tensor<?x?xi8> {bufferization.writable = false},
// CHECK-SAME:    %[[D0:[^ ]*]]: memref<4x?x?xf16{{.*}}>, %[[D1:[^ ]*]]: memref<4x?xf32{{.*}}>)
// CHECK-SAME:    softmax.kernel = {op = "softmax", operands = [
// CHECK-SAME:      {kind = "input", name = "logits", shape = [4, "s0", "s1"], type = tensor<4x?x?xf16>},
// CHECK-SAME:      {kind = "scalar", name = "scale", shape = [], type = f32},
// CHECK-SAME:      {kind = "input", name = "bias", shape = [4, 1, "s1"], type = tensor<4x1x?xf16>},
// CHECK-SAME:      {kind = "input", name = "mask", shape = ["s0", "s1"], type = tensor<?x?xi1>},
// CHECK-SAME:      {kind = "output", name = "probabilities", shape = [4, "s0", "s1"], type = tensor<4x?x?xf16>},
// CHECK-SAME:      {kind = "output", name = "lse", shape = [4, "s0"], type = tensor<4x?xf32>}],
// CHECK-SAME:      single_op = true}
// CHECK-DAG:     memref.dim %[[D0]]
// CHECK-DAG:     memref.dim %[[D1]]
// CHECK:         %[[P:.*]]:2 = softmax.generic
// CHECK-SAME:      ins(%[[X]], %[[S]], %[[B]], %[[M]] : tensor<4x?x?xf16>, f32, tensor<4x1x?xf16>, tensor<?x?xi8>)
// CHECK:         ^bb0({{.*}}, %[[BYTE:.*]]: i8):
// CHECK-NEXT:      %[[ZERO:.*]] = arith.constant 0 : i8
// CHECK-NEXT:      %[[SET:.*]] = arith.cmpi ne, %[[BYTE]], %[[ZERO]] : i8
// CHECK:           arith.select %[[SET]]
// CHECK:         materialize_in_destination %[[P]]#0 in restrict writable %[[D0]]
// CHECK:         materialize_in_destination %[[P]]#1 in restrict writable %[[D1]]
func.func @all_operands(%i: tensor<4x?x?xf16>, %j: tensor<4x?xf32>, %x: tensor<4x?x?xf16>, %s: f32,
                        %b: tensor<4x1x?xf16>, %m: tensor<?x?xi1>) -> (tensor<4x?x?xf16>, tensor<4x?xf32>) {
  %p, %lse = softmax.softmax dimensions = [2] ins(%x : tensor<4x?x?xf16>) scale(%s : f32)
    bias(%b : tensor<4x1x?xf16>) mask(%m : tensor<?x?xi1>)
    outs(%i, %j : tensor<4x?x?xf16>, tensor<4x?xf32>) -> tensor<4x?x?xf16>, tensor<4x?xf32>
  return %p, %lse : tensor<4x?x?xf16>, tensor<4x?xf32>
}

// -----

// log_softmax and logsumexp have names of their own; given names win.
// CHECK-LABEL: func.func @log_softmax(
// CHECK-SAME:    op = "log_softmax"
// CHECK-SAME:    name = "logits"
// CHECK-SAME:    name = "log_probabilities"
func.func @log_softmax(%x: tensor<3xf64>, %i: tensor<3xf64>) -> tensor<3xf64> {
  %p = softmax.log_softmax dimensions = [0] ins(%x : tensor<3xf64>) outs(%i : tensor<3xf64>) -> tensor<3xf64>
  return %p : tensor<3xf64>
}
// CHECK-LABEL: func.func @logsumexp(
// CHECK-SAME:    op = "logsumexp"
// CHECK-SAME:    name = "scores"
// CHECK-SAME:    name = "evidence"
func.func @logsumexp(%x: tensor<3x?xf32> {softmax.name = "scores"}) -> (tensor<?xf32> {softmax.name = "evidence"}) {
  %c1 = arith.constant 1 : index
  %n = tensor.dim %x, %c1 : tensor<3x?xf32>
  %i = tensor.empty(%n) : tensor<?xf32>
  %p = softmax.logsumexp dimensions = [0] ins(%x : tensor<3x?xf32>) outs(%i : tensor<?xf32>) -> tensor<?xf32>
  return %p : tensor<?xf32>
}

// -----

// A value returned twice and an argument returned as it is: each destination
// is written, and no output may share memory with an input any more.
// CHECK-LABEL: func.func @twice(
// CHECK-SAME:    %[[X:[^ ]*]]: tensor<?x10xf32> {{.*}}, %[[D0:[^ ]*]]: memref<{{[^)]*}}>, %[[D1:[^ ]*]]: memref<{{[^)]*}}>, %[[D2:[^ ]*]]: memref<{{[^)]*}}>)
// CHECK-SAME:    name = "arg0"{{.*}} name = "result0"{{.*}} name = "result1"{{.*}} name = "result2"
// CHECK-SAME:    single_op = false
// CHECK:         %[[E:.*]] = tensor.empty
// CHECK:         %[[P:.*]] = softmax.generic {{.*}} ins(%[[X]] : tensor<?x10xf32>) outs(%[[E]] : tensor<?x10xf32>)
// CHECK:         materialize_in_destination %[[P]] in restrict writable %[[D0]]
// CHECK:         materialize_in_destination %[[P]] in restrict writable %[[D1]]
// CHECK:         materialize_in_destination %[[X]] in restrict writable %[[D2]]
func.func @twice(%x: tensor<?x10xf32>) -> (tensor<?x10xf32>, tensor<?x10xf32>, tensor<?x10xf32>) {
  %p = softmax.softmax dimensions = [1] ins(%x : tensor<?x10xf32>) outs(%x : tensor<?x10xf32>) -> tensor<?x10xf32>
  return %p, %p, %x : tensor<?x10xf32>, tensor<?x10xf32>, tensor<?x10xf32>
}

// -----

// An argument whose elements are read is no destination: it is copied there.
// Sizes run through the matrix product.
// CHECK-LABEL: func.func @accumulate(
// CHECK-SAME:    %{{.*}}: tensor<?x?xf32> {{.*}}, %{{.*}}: tensor<?x?xf32> {{.*}}, %[[C:[^ ]*]]: tensor<?x?xf32> {{.*}}, %[[D:[^ ]*]]: memref<
// CHECK-SAME:    name = "arg0", shape = ["s0", "s1"],
// CHECK-SAME:    name = "arg1", shape = ["s1", "s2"],
// CHECK-SAME:    name = "arg2", shape = ["s0", "s2"],
// CHECK-SAME:    name = "result0", shape = ["s0", "s2"],
// CHECK:         %[[COPY:.*]] = linalg.copy ins(%[[C]] :
// CHECK:         linalg.matmul {{.*}} outs(%[[COPY]] :
func.func @accumulate(%a: tensor<?x?xf32>, %b: tensor<?x?xf32>, %c: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %s = linalg.matmul ins(%a, %b : tensor<?x?xf32>, tensor<?x?xf32>) outs(%c : tensor<?x?xf32>) -> tensor<?x?xf32>
  return %s : tensor<?x?xf32>
}

// -----

// Sizes through casts, slices, reshapes, element-wise ops and constants.
// CHECK-LABEL: func.func @sizes(
// CHECK-SAME:    name = "arg0", shape = ["s0", 8],
// CHECK-SAME:    name = "arg1", shape = [1, "s0"],
// CHECK-SAME:    name = "arg2", shape = ["s1"],
// CHECK-SAME:    name = "arg3", shape = ["s1"],
// CHECK-SAME:    name = "result0", shape = ["s0"],
// CHECK-SAME:    name = "result1", shape = ["s0", 8],
// CHECK-SAME:    name = "result2", shape = ["s1"],
func.func @sizes(%x: tensor<?x?xf32>, %y: tensor<1x?xf32>, %u: tensor<?xf32>, %v: tensor<?xf32>)
    -> (tensor<?xf32>, tensor<?x?xf32>, tensor<?xf32>) {
  %c0 = arith.constant 0 : index
  %c8 = arith.constant 8 : index
  %c = tensor.cast %x : tensor<?x?xf32> to tensor<?x8xf32>
  %n = tensor.dim %c, %c0 : tensor<?x8xf32>
  %flat = tensor.collapse_shape %y [[0, 1]] : tensor<1x?xf32> into tensor<?xf32>
  %column = tensor.extract_slice %c[0, 3] [%n, 1] [1, 1] : tensor<?x8xf32> to tensor<?xf32>
  %sum = arith.addf %flat, %column : tensor<?xf32>
  %e = tensor.empty(%n, %c8) : tensor<?x?xf32>
  %w = arith.mulf %u, %v : tensor<?xf32>
  return %sum, %e, %w : tensor<?xf32>, tensor<?x?xf32>, tensor<?xf32>
}

// -----

#id = affine_map<(d0, d1) -> (d0, d1)>

// Reshaped bytes are bytes; what an op makes is widened; what is neither read
// by a softmax nor returned keeps its bits.
// CHECK-LABEL: func.func @booleans(
// CHECK-SAME:    %[[X:[^ ]*]]: tensor<?x4xf32> {{.*}}, %[[M:[^ ]*]]: tensor<4xi8> {bufferization.writable = false}
// CHECK-SAME:    %[[D:[^ ]*]]: memref<?x4xf32{{.*}}>, %[[DB:[^ ]*]]: memref<?x4xi8{{.*}}>)
// CHECK-SAME:    type = tensor<4xi1>
// CHECK-SAME:    type = tensor<?x4xi1>
// CHECK:         %[[BITS:.*]] = linalg.generic {{.*}} ins(%[[M]] : tensor<4xi8>) outs(%{{.*}} : tensor<4xi1>)
// CHECK:           arith.cmpi ne
// CHECK:         %[[E:.*]] = tensor.expand_shape %[[M]] {{.*}} : tensor<4xi8> into tensor<1x4xi8>
// CHECK:         %[[P:.*]] = softmax.generic {{.*}} ins(%[[X]], %[[E]] : tensor<?x4xf32>, tensor<1x4xi8>)
// CHECK:         %[[Q:.*]] = linalg.generic {{.*}} ins(%[[P]], %[[BITS]] : tensor<?x4xf32>, tensor<4xi1>)
// CHECK:         %[[BYTES:.*]] = linalg.generic {{.*}} ins(%[[Q]] : tensor<?x4xi1>) outs(%{{.*}} : tensor<?x4xi8>)
// CHECK:           arith.extui %{{.*}} : i1 to i8
// CHECK:         softmax.generic {{.*}} ins(%{{.*}}, %[[BYTES]] : tensor<?x4xf32>, tensor<?x4xi8>)
// CHECK:         materialize_in_destination %[[BYTES]] in restrict writable %[[DB]]
func.func @booleans(%x: tensor<?x4xf32>, %m: tensor<4xi1>) -> (tensor<?x4xf32>, tensor<?x4xi1>) {
  %c0 = arith.constant 0 : index
  %n = tensor.dim %x, %c0 : tensor<?x4xf32>
  %i = tensor.empty(%n) : tensor<?x4xf32>
  %e = tensor.expand_shape %m [[0, 1]] output_shape [1, 4] : tensor<4xi1> into tensor<1x4xi1>
  %p = softmax.softmax dimensions = [0] ins(%x : tensor<?x4xf32>) mask(%e : tensor<1x4xi1>) outs(%i : tensor<?x4xf32>) -> tensor<?x4xf32>
  %k = tensor.empty(%n) : tensor<?x4xi1>
  %q = linalg.generic {indexing_maps = [#id, affine_map<(d0, d1) -> (d1)>, #id], iterator_types = ["parallel", "parallel"]}
    ins(%p, %m : tensor<?x4xf32>, tensor<4xi1>) outs(%k : tensor<?x4xi1>) {
  ^bb0(%u: f32, %v: i1, %o: i1):
    %tenth = arith.constant 0.1 : f32
    %g = arith.cmpf ogt, %u, %tenth : f32
    %h = arith.andi %g, %v : i1
    linalg.yield %h : i1
  } -> tensor<?x4xi1>
  %r = softmax.softmax dimensions = [0] ins(%p : tensor<?x4xf32>) mask(%q : tensor<?x4xi1>) outs(%i : tensor<?x4xf32>) -> tensor<?x4xf32>
  return %r, %q : tensor<?x4xf32>, tensor<?x4xi1>
}

// A mask along the rows is compared in the row region too, where it is used; a
// result of i1 is yielded as a byte.
// CHECK-LABEL: func.func @boolean_results(
// CHECK-SAME:    %{{.*}}: tensor<?x?xf32> {{.*}}, %[[M:[^ ]*]]: tensor<?xi8> {{.*}}, %[[D0:[^ ]*]]: memref<?x?xi8{{.*}}>, %[[D1:[^ ]*]]: memref<?xi8{{.*}}>)
// CHECK:         %[[R:.*]]:2 = softmax.generic {{.*}} outs(%{{.*}}, %{{.*}} : tensor<?x?xi8>, tensor<?xi8>)
// CHECK:         logit {
// CHECK-NEXT:    ^bb0(%[[E:.*]]: f32, %{{.*}}: i8):
// CHECK-NEXT:      softmax.yield %[[E]]
// CHECK:         row {
// CHECK-NEXT:    ^bb0(%[[K:.*]]: i8, %{{.*}}: f32, %{{.*}}: f32):
// CHECK:           %[[SET:.*]] = arith.cmpi ne, %[[K]]
// CHECK:           %[[AND:.*]] = arith.andi %{{.*}}, %[[SET]] : i1
// CHECK:           %[[WIDE:.*]] = arith.extui %[[AND]] : i1 to i8
// CHECK:           softmax.yield %[[WIDE]] : i8
// CHECK:         result {
// CHECK:           %[[WIDE1:.*]] = arith.extui
// CHECK:           softmax.yield %[[WIDE1]] : i8
// CHECK:         materialize_in_destination %[[R]]#0 in restrict writable %[[D0]]
// CHECK:         materialize_in_destination %[[R]]#1 in restrict writable %[[D1]]
func.func @boolean_results(%x: tensor<?x?xf32>, %m: tensor<?xi1>, %i: tensor<?x?xi1>, %j: tensor<?xi1>) -> (tensor<?x?xi1>, tensor<?xi1>) {
  %a, %b = softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp]
    maps = [#id, affine_map<(d0, d1) -> (d0)>, #id, affine_map<(d0, d1) -> (d0)>]
    ins(%x, %m : tensor<?x?xf32>, tensor<?xi1>) outs(%i, %j : tensor<?x?xi1>, tensor<?xi1>)
    logit {
    ^bb0(%e: f32, %k: i1):
      softmax.yield %e : f32
    } row {
    ^bb0(%k: i1, %max: f32, %sum: f32):
      %two = arith.constant 2.0 : f32
      %g = arith.cmpf ogt, %sum, %two : f32
      %h = arith.andi %g, %k : i1
      softmax.yield %h : i1
    } result {
    ^bb0(%e: f32, %k: i1, %p: f32, %logp: f32):
      %half = arith.constant 0.5 : f32
      %g = arith.cmpf ogt, %p, %half : f32
      softmax.yield %g : i1
    } -> tensor<?x?xi1>, tensor<?xi1>
  return %a, %b : tensor<?x?xi1>, tensor<?xi1>
}

// CHECK-LABEL: func.func @constant_mask(
// CHECK:         %[[M:.*]] = arith.constant dense<[1, 0]> : tensor<2xi8>
// CHECK:         softmax.generic {{.*}} ins(%{{.*}}, %[[M]] : tensor<2xf32>, tensor<2xi8>)
func.func @constant_mask(%x: tensor<2xf32>, %i: tensor<2xf32>) -> tensor<2xf32> {
  %m = arith.constant dense<[true, false]> : tensor<2xi1>
  %p = softmax.softmax dimensions = [0] ins(%x : tensor<2xf32>) mask(%m : tensor<2xi1>) outs(%i : tensor<2xf32>) -> tensor<2xf32>
  return %p : tensor<2xf32>
}

// Private functions keep their signature; their softmax ops take bytes.
// CHECK-LABEL: func.func private @private(
// CHECK-SAME:    %[[X:.*]]: tensor<2xf32>, %[[M:.*]]: tensor<2xi1>) -> tensor<2xf32> {
// CHECK:         %[[B:.*]] = linalg.generic {{.*}} ins(%[[M]] : tensor<2xi1>)
// CHECK:         softmax.generic {{.*}} ins(%[[X]], %[[B]] : tensor<2xf32>, tensor<2xi8>)
func.func private @private(%x: tensor<2xf32>, %m: tensor<2xi1>) -> tensor<2xf32> {
  %i = tensor.empty() : tensor<2xf32>
  %p = softmax.softmax dimensions = [0] ins(%x : tensor<2xf32>) mask(%m : tensor<2xi1>) outs(%i : tensor<2xf32>) -> tensor<2xf32>
  return %p : tensor<2xf32>
}

// -----

// Functions on memrefs are described as they are; any strides may come in.
// CHECK-LABEL: func.func @memrefs(
// IDENTITY-SAME: %{{.*}}: memref<?x?xf32>, %[[M:.*]]: memref<?xi8>, %{{.*}}: memref<?x?xf32>)
// DYNAMIC-SAME:  %{{.*}}: memref<?x?xf32, strided<[?, ?], offset: ?>>, %[[M:.*]]: memref<?xi8, strided<[?], offset: ?>>, %{{.*}}: memref<?x?xf32, strided<[?, ?], offset: ?>>)
// CHECK-SAME:    {kind = "input", name = "logits", shape = ["s0", "s1"], type = tensor<?x?xf32>},
// CHECK-SAME:    {kind = "input", name = "mask", shape = ["s1"], type = tensor<?xi1>},
// CHECK-SAME:    {kind = "output", name = "probabilities", shape = ["s0", "s1"], type = tensor<?x?xf32>}], single_op = true}
// CHECK:         arith.cmpi ne, %{{.*}} : i8
func.func @memrefs(%x: memref<?x?xf32>, %m: memref<?xi1>, %y: memref<?x?xf32>) {
  softmax.softmax dimensions = [1] ins(%x : memref<?x?xf32>) mask(%m : memref<?xi1>) outs(%y : memref<?x?xf32>)
  return
}

// Nothing to do: no tensors, or no body.
// CHECK-LABEL: func.func @scalars(%{{.*}}: f32) -> f32 {
func.func @scalars(%x: f32) -> f32 {
  return %x : f32
}
// CHECK-LABEL: func.func private @declared(tensor<2xf32>) -> tensor<2xf32>{{$}}
func.func private @declared(tensor<2xf32>) -> tensor<2xf32>

// -----

// A size that the function takes for granted is one that callers must give.
// CHECK-LABEL: func.func @cast(
// CHECK-SAME:    %{{.*}}: tensor<?x?xf32>
// CHECK-SAME:      {kind = "input", name = "logits", shape = ["s0", 8], type = tensor<?x8xf32>},
// CHECK-SAME:      {kind = "output", name = "probabilities", shape = ["s0", 8], type = tensor<?x8xf32>}],
func.func @cast(%x: tensor<?x?xf32>, %o: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %c = tensor.cast %x : tensor<?x?xf32> to tensor<?x8xf32>
  %p = softmax.softmax dimensions = [1] ins(%c : tensor<?x8xf32>) outs(%o : tensor<?x8xf32>) -> tensor<?x8xf32>
  return %p : tensor<?x8xf32>
}
