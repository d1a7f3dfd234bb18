// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// The functions that docs/Softmax.md plays with.

func.func @softmax(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %rows = tensor.dim %x, %c0 : tensor<?x?xf32>
  %columns = tensor.dim %x, %c1 : tensor<?x?xf32>
  %init = tensor.empty(%rows, %columns) : tensor<?x?xf32>
  %p = softmax.softmax dimensions = [1] ins(%x : tensor<?x?xf32>)
                                        outs(%init : tensor<?x?xf32>) -> tensor<?x?xf32>
  return %p : tensor<?x?xf32>
}

// In double precision: differences of nearly equal values need the digits.
func.func @softmax_f64(%x: tensor<?x?xf64>) -> tensor<?x?xf64> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %rows = tensor.dim %x, %c0 : tensor<?x?xf64>
  %columns = tensor.dim %x, %c1 : tensor<?x?xf64>
  %init = tensor.empty(%rows, %columns) : tensor<?x?xf64>
  %p = softmax.softmax dimensions = [1] ins(%x : tensor<?x?xf64>)
                                        outs(%init : tensor<?x?xf64>) -> tensor<?x?xf64>
  return %p : tensor<?x?xf64>
}

func.func @log_softmax(%x: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %rows = tensor.dim %x, %c0 : tensor<?x?xf32>
  %columns = tensor.dim %x, %c1 : tensor<?x?xf32>
  %init = tensor.empty(%rows, %columns) : tensor<?x?xf32>
  %p = softmax.log_softmax dimensions = [1] ins(%x : tensor<?x?xf32>)
                                            outs(%init : tensor<?x?xf32>) -> tensor<?x?xf32>
  return %p : tensor<?x?xf32>
}

func.func @log_softmax_f64(%x: tensor<?x?xf64>) -> tensor<?x?xf64> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %rows = tensor.dim %x, %c0 : tensor<?x?xf64>
  %columns = tensor.dim %x, %c1 : tensor<?x?xf64>
  %init = tensor.empty(%rows, %columns) : tensor<?x?xf64>
  %p = softmax.log_softmax dimensions = [1] ins(%x : tensor<?x?xf64>)
                                            outs(%init : tensor<?x?xf64>) -> tensor<?x?xf64>
  return %p : tensor<?x?xf64>
}

func.func @logsumexp(%x: tensor<?x?xf32>) -> tensor<?xf32> {
  %c0 = arith.constant 0 : index
  %rows = tensor.dim %x, %c0 : tensor<?x?xf32>
  %init = tensor.empty(%rows) : tensor<?xf32>
  %lse = softmax.logsumexp dimensions = [1] ins(%x : tensor<?x?xf32>)
                                            outs(%init : tensor<?xf32>) -> tensor<?xf32>
  return %lse : tensor<?xf32>
}

// Temperature: logits are multiplied by `scale`, which is 1/T, first.
func.func @softmax_scaled(%x: tensor<?x?xf32>, %inverse_temperature: tensor<f32>) -> tensor<?x?xf32> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %rows = tensor.dim %x, %c0 : tensor<?x?xf32>
  %columns = tensor.dim %x, %c1 : tensor<?x?xf32>
  %scale = tensor.extract %inverse_temperature[] : tensor<f32>
  %init = tensor.empty(%rows, %columns) : tensor<?x?xf32>
  %p = softmax.softmax dimensions = [1] ins(%x : tensor<?x?xf32>) scale(%scale : f32)
                                        outs(%init : tensor<?x?xf32>) -> tensor<?x?xf32>
  return %p : tensor<?x?xf32>
}
