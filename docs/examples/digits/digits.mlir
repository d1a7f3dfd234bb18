// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// A softmax classifier as a front end prints it: linalg on tensors, and softmax
// decomposed into a maximum, a subtraction with an exponential, a sum and a
// division.  No op of the softmax dialect is in here: --softmax-raise finds it.

#rows = affine_map<(d0, d1) -> (d0, d1)>
#row = affine_map<(d0, d1) -> (d0)>
#column = affine_map<(d0, d1) -> (d1)>
#scalar = affine_map<(d0, d1) -> ()>

// (images * weights + bias) / temperature: the logits that `classify` normalizes.
func.func @logits(%images: tensor<?x64xf32>, %weights: tensor<64x10xf32>,
                  %bias: tensor<10xf32>, %inverse_temperature: tensor<f32>)
    -> tensor<?x10xf32> {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %n = tensor.dim %images, %c0 : tensor<?x64xf32>
  %empty = tensor.empty(%n) : tensor<?x10xf32>
  %filled = linalg.fill ins(%zero : f32) outs(%empty : tensor<?x10xf32>) -> tensor<?x10xf32>
  %product = linalg.matmul ins(%images, %weights : tensor<?x64xf32>, tensor<64x10xf32>)
                           outs(%filled : tensor<?x10xf32>) -> tensor<?x10xf32>
  %logits = linalg.generic {indexing_maps = [#rows, #column, #scalar, #rows],
                            iterator_types = ["parallel", "parallel"]}
      ins(%product, %bias, %inverse_temperature : tensor<?x10xf32>, tensor<10xf32>, tensor<f32>)
      outs(%empty : tensor<?x10xf32>) {
  ^bb0(%p: f32, %b: f32, %t: f32, %out: f32):
    %sum = arith.addf %p, %b : f32
    %scaled = arith.mulf %sum, %t : f32
    linalg.yield %scaled : f32
  } -> tensor<?x10xf32>
  return %logits : tensor<?x10xf32>
}

func.func @classify(%images: tensor<?x64xf32>, %weights: tensor<64x10xf32>,
                    %bias: tensor<10xf32>, %inverse_temperature: tensor<f32>)
    -> tensor<?x10xf32> {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %lowest = arith.constant 0xFF800000 : f32
  %n = tensor.dim %images, %c0 : tensor<?x64xf32>
  %empty = tensor.empty(%n) : tensor<?x10xf32>

  %filled = linalg.fill ins(%zero : f32) outs(%empty : tensor<?x10xf32>) -> tensor<?x10xf32>
  %product = linalg.matmul ins(%images, %weights : tensor<?x64xf32>, tensor<64x10xf32>)
                           outs(%filled : tensor<?x10xf32>) -> tensor<?x10xf32>
  %logits = linalg.generic {indexing_maps = [#rows, #column, #scalar, #rows],
                            iterator_types = ["parallel", "parallel"]}
      ins(%product, %bias, %inverse_temperature : tensor<?x10xf32>, tensor<10xf32>, tensor<f32>)
      outs(%empty : tensor<?x10xf32>) {
  ^bb0(%p: f32, %b: f32, %t: f32, %out: f32):
    %biased = arith.addf %p, %b : f32
    %scaled = arith.mulf %biased, %t : f32
    linalg.yield %scaled : f32
  } -> tensor<?x10xf32>

  // Softmax over the classes.
  %per_row = tensor.empty(%n) : tensor<?xf32>
  %max_init = linalg.fill ins(%lowest : f32) outs(%per_row : tensor<?xf32>) -> tensor<?xf32>
  %max = linalg.generic {indexing_maps = [#rows, #row],
                         iterator_types = ["parallel", "reduction"]}
      ins(%logits : tensor<?x10xf32>) outs(%max_init : tensor<?xf32>) {
  ^bb0(%x: f32, %m: f32):
    %larger = arith.maximumf %x, %m : f32
    linalg.yield %larger : f32
  } -> tensor<?xf32>
  %shifted = linalg.generic {indexing_maps = [#rows, #row, #rows],
                             iterator_types = ["parallel", "parallel"]}
      ins(%logits, %max : tensor<?x10xf32>, tensor<?xf32>) outs(%empty : tensor<?x10xf32>) {
  ^bb0(%x: f32, %m: f32, %out: f32):
    %difference = arith.subf %x, %m : f32
    linalg.yield %difference : f32
  } -> tensor<?x10xf32>
  %exponentials = linalg.generic {indexing_maps = [#rows, #rows],
                                  iterator_types = ["parallel", "parallel"]}
      ins(%shifted : tensor<?x10xf32>) outs(%empty : tensor<?x10xf32>) {
  ^bb0(%x: f32, %out: f32):
    %e = math.exp %x : f32
    linalg.yield %e : f32
  } -> tensor<?x10xf32>
  %sum_init = linalg.fill ins(%zero : f32) outs(%per_row : tensor<?xf32>) -> tensor<?xf32>
  %sum = linalg.generic {indexing_maps = [#rows, #row],
                         iterator_types = ["parallel", "reduction"]}
      ins(%exponentials : tensor<?x10xf32>) outs(%sum_init : tensor<?xf32>) {
  ^bb0(%e: f32, %s: f32):
    %more = arith.addf %e, %s : f32
    linalg.yield %more : f32
  } -> tensor<?xf32>
  %probabilities = linalg.generic {indexing_maps = [#rows, #row, #rows],
                                   iterator_types = ["parallel", "parallel"]}
      ins(%exponentials, %sum : tensor<?x10xf32>, tensor<?xf32>) outs(%empty : tensor<?x10xf32>) {
  ^bb0(%e: f32, %s: f32, %out: f32):
    %p = arith.divf %e, %s : f32
    linalg.yield %p : f32
  } -> tensor<?x10xf32>
  return %probabilities : tensor<?x10xf32>
}
