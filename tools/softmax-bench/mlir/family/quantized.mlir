// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Logits of eight bits, x = (q - zero) * step, to probabilities of eight bits
// without a sign, round(255 p) to nearest even: the bytes of the result are u8.
func.func @quantized(%q: tensor<?x?xi8>, %zero: tensor<i32>, %step: tensor<f32>) -> tensor<?x?xi8> {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %rows = tensor.dim %q, %c0 : tensor<?x?xi8>
  %columns = tensor.dim %q, %c1 : tensor<?x?xi8>
  %z = tensor.extract %zero[] : tensor<i32>
  %s = tensor.extract %step[] : tensor<f32>
  %floats = tensor.empty(%rows, %columns) : tensor<?x?xf32>
  %x = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>],
                       iterator_types = ["parallel", "parallel"]}
      ins(%q : tensor<?x?xi8>) outs(%floats : tensor<?x?xf32>) {
  ^bb0(%e: i8, %out: f32):
    %wide = arith.extsi %e : i8 to i32
    %difference = arith.subi %wide, %z : i32
    %float = arith.sitofp %difference : i32 to f32
    %logit = arith.mulf %float, %s : f32
    linalg.yield %logit : f32
  } -> tensor<?x?xf32>
  %p = softmax.softmax dimensions = [1] ins(%x : tensor<?x?xf32>) outs(%floats : tensor<?x?xf32>) -> tensor<?x?xf32>
  %bytes = tensor.empty(%rows, %columns) : tensor<?x?xi8>
  %u8 = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>],
                        iterator_types = ["parallel", "parallel"]}
      ins(%p : tensor<?x?xf32>) outs(%bytes : tensor<?x?xi8>) {
  ^bb0(%e: f32, %out: i8):
    %most = arith.constant 255.0 : f32
    %scaled = arith.mulf %e, %most : f32
    %rounded = math.roundeven %scaled : f32
    %integer = arith.fptosi %rounded : f32 to i32
    %byte = arith.trunci %integer : i32 to i8
    linalg.yield %byte : i8
  } -> tensor<?x?xi8>
  return %u8 : tensor<?x?xi8>
}
