func.func @loss(%a: tensor<?x?xf32>, %b: tensor<?xi32>, %c: tensor<?xf32>, %d: tensor<?xf32>) -> (tensor<?xf32>, tensor<?xf32>) {
  %0:2 = softmax.cross_entropy dimensions = [1] {ignore_index = -100 : i64} ins(%a, %b : tensor<?x?xf32>, tensor<?xi32>)
    outs(%c, %d : tensor<?xf32>, tensor<?xf32>) -> tensor<?xf32>, tensor<?xf32>
  return %0#0, %0#1 : tensor<?xf32>, tensor<?xf32>
}
