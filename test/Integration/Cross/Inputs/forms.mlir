// Forms of softmax.generic whose lowering does more with vectors than the named
// operations: coordinates, several statistics in a pass, narrow floats that only
// move, joint dimensions, rows that all share an input.
#all = affine_map<(i, j) -> (i, j)>
#row = affine_map<(i, j) -> (i)>
#column = affine_map<(i, j) -> (j)>
#one = affine_map<(i, j) -> ()>

func.func @causal(%x: memref<?x?xf32>, %sink: f32, %y: memref<?x?xf32>) {
  softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp] maps = [#all, #one, #all]
    ins(%x, %sink : memref<?x?xf32>, f32) outs(%y : memref<?x?xf32>)
    logit { ^bb0(%l: f32, %s: f32):
      %i = softmax.index 0
      %j = softmax.index 1
      %keep = arith.cmpi ule, %j, %i : index
      %low = arith.constant 0xFF800000 : f32
      %m = arith.select %keep, %l, %low : f32
      softmax.yield %m : f32 }
    row { ^bb0(%s: f32, %max: f32, %sum: f32):
      %d = arith.subf %s, %max : f32
      %t = math.exp %d : f32
      %total = arith.addf %sum, %t : f32
      %factor = arith.divf %sum, %total : f32
      softmax.yield %factor : f32 }
    result { ^bb0(%l: f32, %s: f32, %p: f32, %logp: f32, %factor: f32):
      %q = arith.mulf %p, %factor : f32
      softmax.yield %q : f32 }
  return
}

func.func @statistics(%x: memref<?x?xf32>, %lse: memref<?xf32>, %total: memref<?xf32>) {
  softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp, #softmax.sum] maps = [#all, #row, #row]
    ins(%x : memref<?x?xf32>) outs(%lse, %total : memref<?xf32>, memref<?xf32>)
    logit { ^bb0(%l: f32):
      %h = arith.constant 0.5 : f32
      %s = arith.mulf %l, %h : f32
      softmax.yield %l, %s : f32, f32 }
    row { ^bb0(%max: f32, %sum: f32, %t: f32):
      %log = math.log %sum : f32
      %r = arith.addf %max, %log : f32
      softmax.yield %r, %t : f32, f32 }
  return
}

func.func @backward(%dy: memref<?x?xf64>, %y: memref<?x?xf64>, %dx: memref<?x?xf64>) {
  softmax.generic dimensions = [1] statistics = [#softmax.sum] maps = [#all, #all, #all]
    ins(%dy, %y : memref<?x?xf64>, memref<?x?xf64>) outs(%dx : memref<?x?xf64>)
    logit { ^bb0(%a: f64, %b: f64): %l = arith.mulf %a, %b : f64 softmax.yield %l : f64 }
    result { ^bb0(%a: f64, %b: f64, %s: f64):
      %d = arith.subf %a, %s : f64
      %g = arith.mulf %b, %d : f64
      softmax.yield %g : f64 }
  return
}

func.func @narrow(%x: memref<?x?xf16>, %low: memref<?xbf16>, %keep: memref<?xi8>, %y: memref<?x?xbf16>) {
  softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp] maps = [#all, #row, #column, #all]
    ins(%x, %low, %keep : memref<?x?xf16>, memref<?xbf16>, memref<?xi8>) outs(%y : memref<?x?xbf16>)
    logit { ^bb0(%e: f16, %l: bf16, %k: i8):
      %zero = arith.constant 0 : i8
      %c = arith.cmpi ne, %k, %zero : i8
      %h = arith.constant 0.25 : f16
      %s = arith.select %c, %e, %h : f16
      %f = arith.extf %s : f16 to f32
      softmax.yield %f : f32 }
    result { ^bb0(%e: f16, %l: bf16, %k: i8, %p: f32, %logp: f32):
      %r = arith.truncf %p : f32 to bf16
      %zero = arith.constant 0 : i8
      %c = arith.cmpi ne, %k, %zero : i8
      %s = arith.select %c, %r, %l : bf16
      softmax.yield %s : bf16 }
  return
}

func.func @joint(%x: memref<?x?x?xbf16>, %y: memref<?x?x?xf32>) {
  softmax.softmax dimensions = [0, 2] ins(%x : memref<?x?x?xbf16>) outs(%y : memref<?x?x?xf32>)
  return
}
