// RUN: softmax-opt %s --softmax-to-llvm=target=x86-64 | FileCheck %s
// RUN: softmaxc %s --target=x86-64 --emit=obj -o %t.o

// Operations of arith and math on whole tensors, before and after a softmax.
// CHECK-LABEL: llvm.func @elementwise(
// CHECK-NOT: {{(arith|math)}}.
// CHECK: llvm.fadd
// CHECK: llvm.fsub
func.func @elementwise(%x: tensor<?x8xf32>) -> tensor<?x8xf32> {
  %c0 = arith.constant 0 : index
  %twice = arith.addf %x, %x : tensor<?x8xf32>
  %power = math.exp %twice : tensor<?x8xf32>
  %n = tensor.dim %x, %c0 : tensor<?x8xf32>
  %e = tensor.empty(%n) : tensor<?x8xf32>
  %p = softmax.softmax dimensions = [1] ins(%power : tensor<?x8xf32>) outs(%e : tensor<?x8xf32>) -> tensor<?x8xf32>
  %d = arith.subf %p, %x : tensor<?x8xf32>
  return %d : tensor<?x8xf32>
}
