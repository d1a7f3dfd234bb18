// RUN: softmax-opt %s --softmax-integer-masked-memory | FileCheck %s

// CHECK-LABEL: llvm.func @load
// CHECK-SAME: (%[[P:.*]]: !llvm.ptr, %[[M:.*]]: vector<8xi1>, %[[Q:.*]]: vector<8xbf16>)
llvm.func @load(%p: !llvm.ptr, %m: vector<8xi1>, %pass: vector<8xbf16>) -> vector<8xbf16> {
  // CHECK: %[[PASS:.*]] = llvm.bitcast %[[Q]] : vector<8xbf16> to vector<8xi16>
  // CHECK: %[[V:.*]] = llvm.intr.masked.load %[[P]], %[[M]], %[[PASS]] {alignment = 2 : i32} : {{.*}} -> vector<8xi16>
  // CHECK: %[[R:.*]] = llvm.bitcast %[[V]] : vector<8xi16> to vector<8xbf16>
  // CHECK: llvm.return %[[R]]
  %0 = llvm.intr.masked.load %p, %m, %pass {alignment = 2 : i32} : (!llvm.ptr, vector<8xi1>, vector<8xbf16>) -> vector<8xbf16>
  llvm.return %0 : vector<8xbf16>
}

// CHECK-LABEL: llvm.func @store
llvm.func @store(%v: vector<8xf16>, %p: !llvm.ptr, %m: vector<8xi1>) {
  // CHECK: %[[I:.*]] = llvm.bitcast %{{.*}} : vector<8xf16> to vector<8xi16>
  // CHECK: llvm.intr.masked.store %[[I]], %{{.*}}, %{{.*}} {alignment = 4 : i32} : vector<8xi16>
  llvm.intr.masked.store %v, %p, %m {alignment = 4 : i32} : vector<8xf16>, vector<8xi1> into !llvm.ptr
  llvm.return
}

// Wider elements are left alone.
// CHECK-LABEL: llvm.func @wide
llvm.func @wide(%p: !llvm.ptr, %m: vector<8xi1>, %pass: vector<8xf32>) -> vector<8xf32> {
  // CHECK-NOT: bitcast
  %0 = llvm.intr.masked.load %p, %m, %pass {alignment = 4 : i32} : (!llvm.ptr, vector<8xi1>, vector<8xf32>) -> vector<8xf32>
  llvm.return %0 : vector<8xf32>
}
