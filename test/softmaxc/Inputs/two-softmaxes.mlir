func.func @two(%x: tensor<4x100xf32>) -> tensor<4x100xf32> {
  %init = tensor.empty() : tensor<4x100xf32>
  %p = softmax.softmax dimensions = [1] ins(%x : tensor<4x100xf32>) outs(%init : tensor<4x100xf32>) -> tensor<4x100xf32>
  %q = softmax.softmax dimensions = [1] ins(%p : tensor<4x100xf32>) outs(%init : tensor<4x100xf32>) -> tensor<4x100xf32>
  return %q : tensor<4x100xf32>
}
