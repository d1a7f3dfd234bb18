// RUN: softmax-opt %s --softmax-results-to-destinations="layout=dynamic" --split-input-file -verify-diagnostics

// expected-error@below {{'func.func' op result #1 has type 'f32', which cannot be written to a destination; return a tensor, of rank 0 for a single number}}
func.func @scalar_result(%x: tensor<4xf32>, %s: f32) -> (tensor<4xf32>, f32) {
  return %x, %s : tensor<4xf32>, f32
}

// -----

// expected-error@below {{result #0 has type 'memref<4xf32>', which cannot be written to a destination}}
func.func @memref_result(%x: memref<4xf32>) -> memref<4xf32> {
  return %x : memref<4xf32>
}

// -----

// expected-error@below {{argument #0 has type 'tensor<*xf32>'; kernels take ranked tensors and memrefs only}}
func.func @unranked(%x: tensor<*xf32>) {
  return
}

// -----

// expected-error@below {{result #0 has type 'tensor<*xf32>'; kernels take ranked tensors and memrefs only}}
func.func @unranked_result(%x: tensor<4xf32>) -> tensor<*xf32> {
  %u = tensor.cast %x : tensor<4xf32> to tensor<*xf32>
  return %u : tensor<*xf32>
}

// -----

// expected-error@below {{argument #1 has a tensor encoding, which has no dense memory layout; drop it}}
func.func @encoding(%x: tensor<4xf32>, %y: tensor<4xf32, "column">) {
  return
}

// -----

// expected-error@below {{is public and used inside the module, so its results cannot become destinations; run --inline first, or call a private copy}}
func.func @callee(%x: tensor<4xf32>) -> tensor<4xf32> {
  return %x : tensor<4xf32>
}
func.func private @caller(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-note@below {{used here}}
  %y = call @callee(%x) : (tensor<4xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

// expected-error@below {{returns in 2 places, but destinations are written in one; use structured control flow}}
func.func @two_returns(%x: tensor<4xf32>, %y: tensor<4xf32>, %c: i1) -> tensor<4xf32> {
  cf.cond_br %c, ^a, ^b
^a:
  return %x : tensor<4xf32>
^b:
  return %y : tensor<4xf32>
}

// -----

// expected-error@below {{result #0: its size along dimension 1 does not follow from the arguments' sizes, so a destination could not be checked; make it static, or pass the destination of the op that computes it as an argument}}
func.func @unknown_size(%x: tensor<?xf32>, %n: index) -> tensor<?x?xf32> {
  %c0 = arith.constant 0 : index
  %m = tensor.dim %x, %c0 : tensor<?xf32>
  %e = tensor.empty(%m, %n) : tensor<?x?xf32>
  return %e : tensor<?x?xf32>
}

// -----

// expected-error@below {{attribute 'softmax.name' must be a string that is a C identifier, not "2nd"}}
func.func @bad_name(%x: tensor<4xf32> {softmax.name = "2nd"}) -> tensor<4xf32> {
  return %x : tensor<4xf32>
}

// -----

// expected-error@below {{attribute 'softmax.name' must be a string that is a C identifier, not 7 : i64}}
func.func @no_name(%x: tensor<4xf32>) -> (tensor<4xf32> {softmax.name = 7}) {
  return %x : tensor<4xf32>
}

// -----

// expected-error@below {{has two operands named 'x'; give them different 'softmax.name' attributes}}
func.func @same_name(%x: tensor<4xf32> {softmax.name = "x"}) -> (tensor<4xf32> {softmax.name = "x"}) {
  return %x : tensor<4xf32>
}

// -----

func.func @boolean_memref(%m: memref<4xi1>, %y: memref<4xi1>) {
  // expected-error@below {{'memref.copy' op uses a memref of i1 that enters a public function, where booleans are bytes; give the argument elements of i8 and compare with 0}}
  memref.copy %m, %y : memref<4xi1> to memref<4xi1>
  return
}

// -----

#id = affine_map<(d0) -> (d0)>
func.func private @private_boolean_memref(%m: memref<4xi1>, %y: memref<4xf32>) {
  // expected-error@below {{has an operand of type 'memref<4xi1>', whose elements would be read as packed bits; keep booleans as i8 and compare with 0 in the regions}}
  softmax.generic dimensions = [0] statistics = [] maps = [#id, #id] ins(%m : memref<4xi1>) outs(%y : memref<4xf32>)
    result {
    ^bb0(%k: i1):
      %f = arith.uitofp %k : i1 to f32
      softmax.yield %f : f32
    }
  return
}

// -----

func.func @layout(%x: memref<4x4xf32>, %y: memref<4x4xf32>) {
  // expected-error@below {{'memref.collapse_shape' op needs the layout of 'memref<4x4xf32>', an argument that callers may pass with any strides; use layout=identity, or an argument of type 'memref<4x4xf32, strided<[?, ?], offset: ?>>'}}
  %c = memref.collapse_shape %x [[0, 1]] : memref<4x4xf32> into memref<16xf32>
  return
}

// -----

// expected-error@below {{argument #1 of type 'memref<9223372036854775807x8xf32>' has more elements than fit into memory; give it sizes that it can have}}
func.func @huge(%x: memref<4xf32>, %y: memref<9223372036854775807x8xf32>) {
  return
}
