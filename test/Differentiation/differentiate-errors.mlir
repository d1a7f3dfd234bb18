// RUN: softmax-opt %s --softmax-differentiate --split-input-file -verify-diagnostics

func.func private @callee(tensor<4xf32>) -> tensor<4xf32>

func.func @call(%x: tensor<4xf32>) -> tensor<4xf32> attributes {softmax.differentiate} {
  // expected-error @below {{'func.call' op cannot be differentiated: it calls a function; inline it first (--inline)}}
  %y = func.call @callee(%x) : (tensor<4xf32>) -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

func.func @loop(%x: tensor<4xf32>, %n: index) -> tensor<4xf32> attributes {softmax.differentiate} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  // expected-error @below {{'scf.for' op cannot be differentiated: only straight-line functions are differentiated; unroll the loop, or write the branch as a select}}
  %y = scf.for %i = %c0 to %n step %c1 iter_args(%a = %x) -> tensor<4xf32> {
    %b = arith.addf %a, %a : tensor<4xf32>
    scf.yield %b : tensor<4xf32>
  }
  return %y : tensor<4xf32>
}

// -----

// The branch reads the argument without an operand.
func.func @captured(%x: tensor<4xf32>, %c: i1) -> tensor<4xf32> attributes {softmax.differentiate} {
  // expected-error @below {{'scf.if' op cannot be differentiated}}
  %y = scf.if %c -> tensor<4xf32> {
    scf.yield %x : tensor<4xf32>
  } else {
    %e = tensor.empty() : tensor<4xf32>
    scf.yield %e : tensor<4xf32>
  }
  return %y : tensor<4xf32>
}

// -----

func.func @branch(%x: tensor<4xf32>, %c: i1) -> tensor<4xf32> attributes {softmax.differentiate} {
  // expected-error @below {{'cf.cond_br' op cannot be differentiated: only straight-line functions are differentiated; write the branch as a select}}
  cf.cond_br %c, ^bb1(%x : tensor<4xf32>), ^bb1(%x : tensor<4xf32>)
^bb1(%y: tensor<4xf32>):
  return %y : tensor<4xf32>
}

// -----

func.func @memory(%x: tensor<4xf32>) -> tensor<4xf32> attributes {softmax.differentiate} {
  // expected-error @below {{'bufferization.to_buffer' op cannot be differentiated: what depends on a differentiated argument goes to memory here, where it is lost from sight; differentiate before bufferization}}
  %b = bufferization.to_buffer %x : tensor<4xf32> to memref<4xf32>
  %y = bufferization.to_tensor %b restrict : memref<4xf32> to tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

func.func @store(%s: f32, %m: memref<4xf32>, %i: index) -> f32 attributes {softmax.differentiate = array<i64: 0>} {
  // expected-error @below {{'memref.store' op cannot be differentiated: what depends on a differentiated argument goes to memory here}}
  memref.store %s, %m[%i] : memref<4xf32>
  %r = memref.load %m[%i] : memref<4xf32>
  return %r : f32
}

// -----

// expected-error @below {{op cannot be differentiated: none of its results is a tensor or scalar of f16, bf16, f32 or f64; functions on memrefs are differentiated before bufferization}}
func.func @memrefs(%x: memref<4x4xf32>, %y: memref<4x4xf32>) attributes {softmax.differentiate} {
  softmax.softmax dimensions = [1] ins(%x : memref<4x4xf32>) outs(%y : memref<4x4xf32>)
  return
}

// -----

func.func @generic(%x: tensor<4x4xf32>) -> tensor<4x4xf32> attributes {softmax.differentiate} {
  %i = tensor.empty() : tensor<4x4xf32>
  // expected-error @below {{'softmax.generic' op cannot be differentiated: its regions may hold any formula; differentiate named ops, before --softmax-generalize}}
  %p = softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp]
    maps = [affine_map<(d0, d1) -> (d0, d1)>, affine_map<(d0, d1) -> (d0, d1)>]
    ins(%x : tensor<4x4xf32>) outs(%i : tensor<4x4xf32>)
    logit { ^bb0(%e: f32): softmax.yield %e : f32 }
    result { ^bb0(%e: f32, %q: f32, %logq: f32): softmax.yield %q : f32 } -> tensor<4x4xf32>
  return %p : tensor<4x4xf32>
}

// -----

func.func @second(%dy: tensor<4x4xf32>, %y: tensor<4x4xf32>) -> tensor<4x4xf32> attributes {softmax.differentiate} {
  %i = tensor.empty() : tensor<4x4xf32>
  // expected-error @below {{'softmax.softmax_backward' op cannot be differentiated: it is a gradient already, and there are no second derivatives}}
  %dx = softmax.softmax_backward dimensions = [1] ins(%dy, %y : tensor<4x4xf32>, tensor<4x4xf32>) outs(%i : tensor<4x4xf32>) -> tensor<4x4xf32>
  return %dx : tensor<4x4xf32>
}

// -----

func.func @linalg_softmax(%x: tensor<4x4xf32>) -> tensor<4x4xf32> attributes {softmax.differentiate} {
  %i = tensor.empty() : tensor<4x4xf32>
  // expected-error @below {{'linalg.softmax' op cannot be differentiated: there is no rule for it; make it a softmax.softmax first (--softmax-raise)}}
  %p = linalg.softmax dimension(1) ins(%x : tensor<4x4xf32>) outs(%i : tensor<4x4xf32>) -> tensor<4x4xf32>
  return %p : tensor<4x4xf32>
}

// -----

func.func @maximum(%x: tensor<4x4xf32>) -> tensor<4xf32> attributes {softmax.differentiate} {
  %low = arith.constant 0xFF800000 : f32
  %e = tensor.empty() : tensor<4xf32>
  %i = linalg.fill ins(%low : f32) outs(%e : tensor<4xf32>) -> tensor<4xf32>
  // expected-error @below {{'linalg.reduce' op cannot be differentiated: it reduces by something other than a sum (arith.addf); a softmax written in linalg becomes an op with derivatives by --softmax-raise}}
  %m = linalg.reduce { arith.maximumf } ins(%x : tensor<4x4xf32>) outs(%i : tensor<4xf32>) dimensions = [1]
  return %m : tensor<4xf32>
}

// -----

// The sum so far is read by more than the sum.
func.func @recurrence(%x: tensor<4x4xf32>, %i: tensor<4xf32>) -> tensor<4xf32> attributes {softmax.differentiate} {
  // expected-error @below {{'linalg.generic' op cannot be differentiated: it reduces by something other than a sum}}
  %m = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i)>], iterator_types = ["parallel", "reduction"]}
    ins(%x : tensor<4x4xf32>) outs(%i : tensor<4xf32>) {
  ^bb0(%e: f32, %sum: f32):
    %0 = arith.mulf %e, %sum : f32
    %1 = arith.addf %sum, %0 : f32
    linalg.yield %1 : f32
  } -> tensor<4xf32>
  return %m : tensor<4xf32>
}

// -----

func.func @convolution(%x: tensor<10xf32>, %w: tensor<3xf32>, %i: tensor<8xf32>) -> tensor<8xf32> attributes {softmax.differentiate} {
  // expected-error @below {{'linalg.conv_1d' op cannot be differentiated: it indexes operand #0 by more than single loops; write it as element-wise ops and contractions of slices}}
  %y = linalg.conv_1d ins(%x, %w : tensor<10xf32>, tensor<3xf32>) outs(%i : tensor<8xf32>) -> tensor<8xf32>
  return %y : tensor<8xf32>
}

// -----

func.func @remainder(%x: tensor<4xf32>) -> tensor<4xf32> attributes {softmax.differentiate} {
  %two = arith.constant 2.0 : f32
  %i = tensor.empty() : tensor<4xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
    ins(%x : tensor<4xf32>) outs(%i : tensor<4xf32>) {
  ^bb0(%e: f32, %o: f32):
    // expected-error @below {{'arith.remf' op cannot be differentiated: there is no rule for it; compute it with ops of the softmax family, linalg on tensors, arith and math}}
    %0 = arith.remf %e, %two : f32
    linalg.yield %0 : f32
  } -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

func.func @gather(%x: tensor<9xf32>, %t: tensor<4xindex>) -> tensor<4xf32> attributes {softmax.differentiate} {
  %i = tensor.empty() : tensor<4xf32>
  %y = linalg.generic {indexing_maps = [affine_map<(i) -> (i)>, affine_map<(i) -> (i)>], iterator_types = ["parallel"]}
    ins(%t : tensor<4xindex>) outs(%i : tensor<4xf32>) {
  ^bb0(%e: index, %o: f32):
    // expected-error @below {{'tensor.extract' op cannot be differentiated: it takes elements of a whole tensor inside of a linalg op; make the tensor an input with an indexing map}}
    %0 = tensor.extract %x[%e] : tensor<9xf32>
    linalg.yield %0 : f32
  } -> tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

func.func @vector(%x: f32) -> f32 attributes {softmax.differentiate} {
  %v = vector.broadcast %x : f32 to vector<4xf32>
  // expected-error @below {{'vector.reduction' op cannot be differentiated: there is no rule for it}}
  %r = vector.reduction <add>, %v : vector<4xf32> into f32
  return %r : f32
}

// -----

func.func @unranked(%x: tensor<4xf32>) -> tensor<4xf32> attributes {softmax.differentiate} {
  %u = tensor.cast %x : tensor<4xf32> to tensor<*xf32>
  // expected-error @below {{'tensor.cast' op cannot be differentiated: it casts from a tensor without a rank}}
  %y = tensor.cast %u : tensor<*xf32> to tensor<4xf32>
  return %y : tensor<4xf32>
}

// -----

// expected-error @below {{op cannot be differentiated: it has no body}}
func.func private @external(tensor<4xf32>) -> tensor<4xf32> attributes {softmax.differentiate}

// -----

func.func private @taken_vjp()
// expected-error @below {{op cannot be differentiated: there is a symbol '@taken_vjp' already; choose another suffix}}
func.func @taken(%x: f32) -> f32 attributes {softmax.differentiate} {
  return %x : f32
}

// -----

// expected-error @below {{op cannot be differentiated: it has no argument of f16, bf16, f32 or f64 and none that is a tensor of them}}
func.func @constant(%i: index) -> f32 attributes {softmax.differentiate} {
  %x = arith.constant 1.0 : f32
  return %x : f32
}

// -----

// expected-error @below {{op cannot be differentiated with respect to argument 2: it has 2 arguments, numbered from 0}}
func.func @number(%x: f32, %y: f32) -> f32 attributes {softmax.differentiate = array<i64: 2>} {
  return %x : f32
}

// -----

// expected-error @below {{op cannot be differentiated with respect to argument 1 of type 'tensor<4xi64>': it takes scalars of f16, bf16, f32 or f64 and tensors of them}}
func.func @labels(%x: f32, %y: tensor<4xi64>) -> f32 attributes {softmax.differentiate = array<i64: 1>} {
  return %x : f32
}

// -----

// expected-error @below {{op is to be differentiated with respect to argument 0 twice}}
func.func @twice(%x: f32, %y: f32) -> f32 attributes {softmax.differentiate = array<i64: 0, 0>} {
  return %x : f32
}

// -----

// expected-error @below {{op attribute 'softmax.differentiate' is neither a unit attribute nor numbers of arguments such as array<i64: 0, 2>}}
func.func @attribute(%x: f32, %y: f32) -> f32 attributes {softmax.differentiate = "x"} {
  return %x : f32
}

// -----

func.func @bits(%y: tensor<4xf32>) -> tensor<4xf32> attributes {softmax.differentiate} {
  // expected-error @+1 {{its result is other numbers with the same bits, which has no derivative; use arithmetic on floats}}
  %z = arith.bitcast %y : tensor<4xf32> to tensor<4xi32>
  %w = arith.bitcast %z : tensor<4xi32> to tensor<4xf32>
  return %w : tensor<4xf32>
}

// -----

module {
module {
  // expected-error @+1 {{with 'softmax.differentiate' stands in a nested module, which softmax-differentiate does not enter; run the pass on that module}}
  func.func @nested(%y: tensor<4xf32>) -> tensor<4xf32> attributes {softmax.differentiate} {
    return %y : tensor<4xf32>
  }
}
}
