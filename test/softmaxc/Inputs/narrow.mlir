// Selections between f16 and bf16 that nothing computes with, and f16 that something does.
#row = affine_map<(i, j) -> (i)>
#all = affine_map<(i, j) -> (i, j)>
func.func @narrow(%x: memref<?x16xf16>, %low: memref<?xf16>, %keep: memref<?x16xi8>, %y: memref<?x16xf16>) {
  softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp] maps = [#all, #row, #all, #all]
    ins(%x, %low, %keep : memref<?x16xf16>, memref<?xf16>, memref<?x16xi8>) outs(%y : memref<?x16xf16>)
    logit { ^bb0(%e: f16, %l: f16, %k: i8):
      %zero = arith.constant 0 : i8
      %c = arith.cmpi ne, %k, %zero : i8
      %s = arith.select %c, %e, %l : f16
      %q = arith.constant 0.25 : f16
      %t = arith.mulf %s, %q : f16
      %u = arith.maximumf %t, %l : f16
      %n = arith.negf %u : f16
      %f = arith.extf %n : f16 to f32
      softmax.yield %f : f32 }
    result { ^bb0(%e: f16, %l: f16, %k: i8, %p: f32, %logp: f32):
      %r = arith.truncf %p : f32 to f16
      %zero = arith.constant 0 : i8
      %c = arith.cmpi ne, %k, %zero : i8
      %s = arith.select %c, %r, %l : f16
      softmax.yield %s : f16 }
  return
}
func.func @bnarrow(%x: memref<?x16xbf16>, %low: memref<?xbf16>, %keep: memref<?x16xi8>, %y: memref<?x16xbf16>) {
  softmax.generic dimensions = [1] statistics = [#softmax.max_sumexp] maps = [#all, #row, #all, #all]
    ins(%x, %low, %keep : memref<?x16xbf16>, memref<?xbf16>, memref<?x16xi8>) outs(%y : memref<?x16xbf16>)
    logit { ^bb0(%e: bf16, %l: bf16, %k: i8):
      %zero = arith.constant 0 : i8
      %c = arith.cmpi ne, %k, %zero : i8
      %s = arith.select %c, %e, %l : bf16
      %f = arith.extf %s : bf16 to f32
      softmax.yield %f : f32 }
    result { ^bb0(%e: bf16, %l: bf16, %k: i8, %p: f32, %logp: f32):
      %r = arith.truncf %p : f32 to bf16
      %zero = arith.constant 0 : i8
      %c = arith.cmpi ne, %k, %zero : i8
      %s = arith.select %c, %r, %l : bf16
      softmax.yield %s : bf16 }
  return
}
