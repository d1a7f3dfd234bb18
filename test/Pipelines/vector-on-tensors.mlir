// What softmax-opt takes softmaxc takes, too.
// RUN: softmax-opt %s --softmax-to-llvm=target=x86-64 | FileCheck %s
// RUN: softmaxc %s --target=x86-64 --emit=llvm -o - | FileCheck %s

// CHECK: @transposed
func.func @transposed(%x: tensor<8x8xf32>, %o: tensor<8x8xf32>) -> tensor<8x8xf32> {
  %c0 = arith.constant 0 : index
  %z = arith.constant 0.0 : f32
  %v = vector.transfer_read %x[%c0, %c0], %z : tensor<8x8xf32>, vector<8x8xf32>
  %w = vector.transpose %v, [1, 0] : vector<8x8xf32> to vector<8x8xf32>
  %r = vector.transfer_write %w, %o[%c0, %c0] : vector<8x8xf32>, tensor<8x8xf32>
  return %r : tensor<8x8xf32>
}
