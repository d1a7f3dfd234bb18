// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// One attention head: softmax(q k^T / 8 + causal mask) v, with 64 numbers per
// token. The queries are the last tokens of a sequence whose keys and values may
// have been computed before (a key/value cache): query i is token i + offset, and
// sees keys up to that one.

#token = affine_map<(query, key, d) -> (query, d)>
#key = affine_map<(query, key, d) -> (key, d)>
#scores = affine_map<(query, key, d) -> (query, key)>
#score = affine_map<(query, key) -> (query, key)>

func.func @head(%q: tensor<?x64xf32>, %k: tensor<?x64xf32>, %v: tensor<?x64xf32>, %offset: tensor<i64>)
    -> tensor<?x64xf32> {
  %c0 = arith.constant 0 : index
  %zero = arith.constant 0.0 : f32
  %queries = tensor.dim %q, %c0 : tensor<?x64xf32>
  %keys = tensor.dim %k, %c0 : tensor<?x64xf32>
  %first_i64 = tensor.extract %offset[] : tensor<i64>
  %first = arith.index_cast %first_i64 : i64 to index

  %matrix = tensor.empty(%queries, %keys) : tensor<?x?xf32>
  %zeros = linalg.fill ins(%zero : f32) outs(%matrix : tensor<?x?xf32>) -> tensor<?x?xf32>
  %products = linalg.matmul indexing_maps = [#token, #key, #scores]
      ins(%q, %k : tensor<?x64xf32>, tensor<?x64xf32>) outs(%zeros : tensor<?x?xf32>) -> tensor<?x?xf32>

  // Scale and mask: element by element, and a part of the softmax that follows.
  %scores = linalg.generic {indexing_maps = [#score, #score], iterator_types = ["parallel", "parallel"]}
      ins(%products : tensor<?x?xf32>) outs(%matrix : tensor<?x?xf32>) {
  ^bb0(%product: f32, %out: f32):
    %eighth = arith.constant 0.125 : f32
    %lowest = arith.constant 0xFF800000 : f32
    %scaled = arith.mulf %product, %eighth : f32
    %query = linalg.index 0 : index
    %key = linalg.index 1 : index
    %last = arith.addi %query, %first : index
    %seen = arith.cmpi sle, %key, %last : index
    %masked = arith.select %seen, %scaled, %lowest : f32
    linalg.yield %masked : f32
  } -> tensor<?x?xf32>
  %weights = softmax.softmax dimensions = [1] ins(%scores : tensor<?x?xf32>)
               outs(%matrix : tensor<?x?xf32>) -> tensor<?x?xf32>

  %tokens = tensor.empty(%queries) : tensor<?x64xf32>
  %nothing = linalg.fill ins(%zero : f32) outs(%tokens : tensor<?x64xf32>) -> tensor<?x64xf32>
  %attention = linalg.matmul ins(%weights, %v : tensor<?x?xf32>, tensor<?x64xf32>)
                             outs(%nothing : tensor<?x64xf32>) -> tensor<?x64xf32>
  return %attention : tensor<?x64xf32>
}
