// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// A step of training the digits classifier, as two kernels. An image is 64
// pixels and a 1, whose weights are the bias.

#rows_transposed = affine_map<(i, j, image) -> (image, i)>
#rows = affine_map<(i, j, image) -> (image, j)>
#product = affine_map<(i, j, image) -> (i, j)>

// The logits, images * weights, with the loss and the lse of each image.
func.func @forward(%images: tensor<?x65xf32>, %weights: tensor<65x10xf32>, %labels: tensor<?xi64>)
    -> (tensor<?x10xf32>, tensor<?xf32>, tensor<?xf32>) {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %n = tensor.dim %images, %c0 : tensor<?x65xf32>
  %matrix = tensor.empty(%n) : tensor<?x10xf32>
  %zeros = linalg.fill ins(%zero : f32) outs(%matrix : tensor<?x10xf32>) -> tensor<?x10xf32>
  %logits = linalg.matmul ins(%images, %weights : tensor<?x65xf32>, tensor<65x10xf32>)
                          outs(%zeros : tensor<?x10xf32>) -> tensor<?x10xf32>
  %vector = tensor.empty(%n) : tensor<?xf32>
  %loss, %lse = softmax.cross_entropy dimensions = [1] ins(%logits, %labels : tensor<?x10xf32>, tensor<?xi64>)
                  outs(%vector, %vector : tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>, tensor<?xf32>
  return %logits, %loss, %lse : tensor<?x10xf32>, tensor<?xf32>, tensor<?xf32>
}

// The gradient of the mean loss with respect to the weights: that with respect to
// the logits, multiplied by the transposed images.
func.func @backward(%images: tensor<?x65xf32>, %logits: tensor<?x10xf32>, %labels: tensor<?xi64>,
                    %lse: tensor<?xf32>) -> tensor<65x10xf32> {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %n = tensor.dim %images, %c0 : tensor<?x65xf32>
  %count = arith.index_cast %n : index to i32
  %count_f32 = arith.sitofp %count : i32 to f32
  %share = arith.divf %one, %count_f32 : f32
  %vector = tensor.empty(%n) : tensor<?xf32>
  %grad_loss = linalg.fill ins(%share : f32) outs(%vector : tensor<?xf32>) -> tensor<?xf32>
  %matrix = tensor.empty(%n) : tensor<?x10xf32>
  %grad_logits = softmax.cross_entropy_backward dimensions = [1]
      ins(%logits, %labels, %lse, %grad_loss : tensor<?x10xf32>, tensor<?xi64>, tensor<?xf32>, tensor<?xf32>)
      outs(%matrix : tensor<?x10xf32>) -> tensor<?x10xf32>
  %weights = tensor.empty() : tensor<65x10xf32>
  %zeros = linalg.fill ins(%zero : f32) outs(%weights : tensor<65x10xf32>) -> tensor<65x10xf32>
  %grad_weights = linalg.matmul indexing_maps = [#rows_transposed, #rows, #product]
      ins(%images, %grad_logits : tensor<?x65xf32>, tensor<?x10xf32>)
      outs(%zeros : tensor<65x10xf32>) -> tensor<65x10xf32>
  return %grad_weights : tensor<65x10xf32>
}
