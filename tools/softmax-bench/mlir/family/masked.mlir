// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Scale, mask and softmax in one pass; the mask has a byte per element.
func.func @masked(%x: tensor<?x?xf32>, %scale: tensor<f32>, %mask: tensor<?x?xi1>) -> tensor<?x?xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %rows = tensor.dim %x, %c0 : tensor<?x?xf32>
  %columns = tensor.dim %x, %c1 : tensor<?x?xf32>
  %init = tensor.empty(%rows, %columns) : tensor<?x?xf32>
  %s = tensor.extract %scale[] : tensor<f32>
  %p = softmax.softmax dimensions = [1] ins(%x : tensor<?x?xf32>) scale(%s : f32) mask(%mask : tensor<?x?xi1>)
         outs(%init : tensor<?x?xf32>) -> tensor<?x?xf32>
  return %p : tensor<?x?xf32>
}
