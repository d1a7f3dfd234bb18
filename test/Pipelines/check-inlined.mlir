// Functions that become kernels call each other; only what cannot be inlined
// is refused.
// RUN: split-file %s %t
// RUN: softmax-opt %t/errors.mlir --softmax-check-inlined -split-input-file -verify-diagnostics
// RUN: softmaxc %t/call.mlir --emit=scheduled,shared,header -o %t/call
// RUN: FileCheck %s --check-prefix=SCHEDULED --input-file=%t/call/call.scheduled.mlir
// RUN: FileCheck %s --check-prefix=HEADER --input-file=%t/call/call.h
// RUN: llvm-nm -D --defined-only %t/call/libcall.so | FileCheck %s --check-prefix=EXPORTS
// RUN: not softmaxc %t/recursive.mlir -o %t/none.so 2>&1 | FileCheck %s --check-prefix=RECURSIVE

// One private helper, twice, and a public one.
// SCHEDULED-NOT: call
// SCHEDULED: func.func @twice
// SCHEDULED-COUNT-2: softmax.generic
// SCHEDULED: func.func @caller
// SCHEDULED-COUNT-3: softmax.generic
// SCHEDULED-NOT: call
// HEADER: int32_t twice(const DLTensor *{{.*}}, DLTensor *{{.*}});
// HEADER: int32_t caller(const DLTensor *{{.*}}, DLTensor *{{.*}});
// EXPORTS-NOT: helper
// EXPORTS: T caller{{$}}
// EXPORTS-NOT: helper
// EXPORTS: T twice{{$}}
// EXPORTS-NOT: helper
// RECURSIVE: recursive.mlir:2:8: error: calls '@again', by which '@again' comes to call itself; a kernel cannot recurse: write a loop
// RECURSIVE-NOT: error

//--- call.mlir
func.func private @helper(%x: tensor<?x?xf32>, %o: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %p = softmax.softmax dimensions = [1] ins(%x : tensor<?x?xf32>) outs(%o : tensor<?x?xf32>) -> tensor<?x?xf32>
  return %p : tensor<?x?xf32>
}
func.func private @unused(%x: tensor<*xf32>) -> tensor<*xf32> { return %x : tensor<*xf32> }
func.func @twice(%x: tensor<?x?xf32>, %o: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %p = call @helper(%x, %o) : (tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<?x?xf32>
  %q = call @helper(%p, %o) : (tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<?x?xf32>
  return %q : tensor<?x?xf32>
}
func.func @caller(%x: tensor<?x?xf32>, %o: tensor<?x?xf32>) -> tensor<?x?xf32> {
  %p = call @twice(%x, %o) : (tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<?x?xf32>
  %q = call @helper(%p, %o) : (tensor<?x?xf32>, tensor<?x?xf32>) -> tensor<?x?xf32>
  return %q : tensor<?x?xf32>
}
//--- recursive.mlir
func.func private @again(%x: tensor<?xf32>) -> tensor<?xf32> {
  %p = call @again(%x) : (tensor<?xf32>) -> tensor<?xf32>
  return %p : tensor<?xf32>
}
func.func @f(%x: tensor<?xf32>) -> tensor<?xf32> {
  %p = call @again(%x) : (tensor<?xf32>) -> tensor<?xf32>
  return %p : tensor<?xf32>
}
//--- errors.mlir
func.func @f(%x: memref<?xf32>) {
  // expected-error @+1 {{calls '@g', by which '@f' comes to call itself; a kernel cannot recurse: write a loop}}
  call @g(%x) : (memref<?xf32>) -> ()
  return
}
func.func @g(%x: memref<?xf32>) {
  // expected-error @+1 {{calls '@f', by which '@g' comes to call itself}}
  call @f(%x) : (memref<?xf32>) -> ()
  return
}

// -----

func.func private @dynamic(%x: tensor<?xf32>) -> tensor<?xf32> { return %x : tensor<?xf32> }
func.func @public(%x: tensor<4xf32>) -> tensor<4xf32> { return %x : tensor<4xf32> }
func.func private @static(%x: tensor<4xf32>) -> tensor<4xf32> { return %x : tensor<4xf32> }
func.func private @memrefs(%x: memref<?xf32>) { return }
func.func private @external(%x: tensor<?xf32>) -> tensor<?xf32>
func.func @caller(%x: tensor<?xf32>, %y: tensor<4xf32>, %z: memref<?xf32>) {
  // expected-error @+1 {{calls '@dynamic', which returns tensors and could not be inlined here}}
  call @dynamic(%x) : (tensor<?xf32>) -> tensor<?xf32>
  // expected-error @+1 {{calls '@public', which returns tensors and could not be inlined here}}
  call @public(%y) : (tensor<4xf32>) -> tensor<4xf32>
  call @static(%y) : (tensor<4xf32>) -> tensor<4xf32>
  call @memrefs(%z) : (memref<?xf32>) -> ()
  call @external(%x) : (tensor<?xf32>) -> tensor<?xf32>
  return
}
