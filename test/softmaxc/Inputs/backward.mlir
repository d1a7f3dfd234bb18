func.func @gradient(%a: tensor<?x?xf32>, %b: tensor<?x?xf32>, %c: f32, %d: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %0 = softmax.softmax_backward dimensions = [1] ins(%a, %b : tensor<?x?xf32>, tensor<?x?xf32>) scale(%c : f32)
    outs(%d : tensor<?x?xf32>) -> tensor<?x?xf32>
  return %0 : tensor<?x?xf32>
}
