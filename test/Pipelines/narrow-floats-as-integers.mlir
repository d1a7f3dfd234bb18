// RUN: softmax-opt %s --softmax-narrow-floats-as-integers | FileCheck %s
// RUN: softmax-opt %s --softmax-narrow-floats-as-integers=f16=false | FileCheck %s --check-prefix=BF16

// What moves gets integers; what a caller sees, and arithmetic, keeps its floats.
// CHECK-LABEL: llvm.func @moves
// CHECK-SAME: %[[P:.*]]: !llvm.ptr, %[[C:.*]]: i1, %[[X:.*]]: f16) -> f16
llvm.func @moves(%p: !llvm.ptr, %c: i1, %x: f16) -> f16 {
  // CHECK: %[[BITS:.*]] = llvm.bitcast %[[X]] : f16 to i16
  // CHECK: llvm.mlir.constant(15360 : i16) : i16
  // CHECK: %[[V:.*]] = llvm.load %[[P]] {alignment = 2 : i64} : !llvm.ptr -> i16
  // CHECK: %[[S:.*]] = llvm.select %[[C]], %[[V]], %[[BITS]] : i1, i16
  // CHECK: llvm.br ^[[NEXT:.*]](%[[S]] : i16)
  // CHECK: ^[[NEXT]](%[[A:.*]]: i16):
  // CHECK: llvm.store %[[A]], %[[P]] {{.*}} : i16, !llvm.ptr
  // CHECK: %[[F:.*]] = llvm.bitcast %[[A]] : i16 to f16
  // CHECK: %[[W:.*]] = llvm.fpext %[[F]] : f16 to f32
  // CHECK: llvm.fptrunc
  // CHECK: llvm.return %{{.*}} : f16
  // BF16-LABEL: llvm.func @moves
  // BF16-NOT: i16
  // BF16: llvm.return
  %one = llvm.mlir.constant(1.0 : f16) : f16
  %v = llvm.load %p {alignment = 2 : i64} : !llvm.ptr -> f16
  %s = llvm.select %c, %v, %x : i1, f16
  llvm.br ^next(%s : f16)
^next(%a: f16):
  llvm.store %a, %p {alignment = 2 : i64} : f16, !llvm.ptr
  llvm.store %one, %p {alignment = 2 : i64} : f16, !llvm.ptr
  %w = llvm.fpext %a : f16 to f32
  %n = llvm.fptrunc %w : f32 to f16
  %r = llvm.call @callee(%n) : (f16) -> f16
  llvm.return %r : f16
}
llvm.func @callee(f16) -> f16

// Vectors, of any length too; casts that are none any more go.
// CHECK-LABEL: llvm.func @vectors
llvm.func @vectors(%p: !llvm.ptr, %m: vector<[4]xi1>, %i: vector<[4]xi16>) -> vector<[4]xi16> {
  // CHECK: %[[Z:.*]] = llvm.mlir.constant(dense<16256> : vector<[4]xi16>) : vector<[4]xi16>
  // CHECK: %[[V:.*]] = llvm.intr.masked.load %{{.*}}, %{{.*}}, %[[Z]] {{.*}} -> vector<[4]xi16>
  // CHECK: %[[S:.*]] = llvm.select %{{.*}}, %[[V]], %arg2 : vector<[4]xi1>, vector<[4]xi16>
  // CHECK-NOT: bf16
  // CHECK: llvm.return %[[S]]
  // BF16-LABEL: llvm.func @vectors
  // BF16-NOT: bf16
  // BF16: llvm.return
  %z = llvm.mlir.constant(dense<1.0> : vector<[4]xbf16>) : vector<[4]xbf16>
  %v = llvm.intr.masked.load %p, %m, %z {alignment = 2 : i32} : (!llvm.ptr, vector<[4]xi1>, vector<[4]xbf16>) -> vector<[4]xbf16>
  %f = llvm.bitcast %i : vector<[4]xi16> to vector<[4]xbf16>
  %s = llvm.select %m, %v, %f : vector<[4]xi1>, vector<[4]xbf16>
  %r = llvm.bitcast %s : vector<[4]xbf16> to vector<[4]xi16>
  llvm.return %r : vector<[4]xi16>
}
