// The k largest logits of a row (#softmax.topk): rounds among the threads of a
// warp, candidates above a bound in shared memory, lists of a thread's own row.
// RUN: softmax-opt %s --split-input-file --softmax-assign-gpu-schedule="chip=sm_90" --convert-softmax-to-gpu="native=nvvm redux=true" | FileCheck %s
// RUN: softmax-opt %s --split-input-file --softmax-assign-gpu-schedule="chip=sm_75" --convert-softmax-to-gpu="native=nvvm" | FileCheck %s --check-prefix=OLD

#all = affine_map<(i, j) -> (i, j)>
#one = affine_map<(i, j) -> (i)>

// A loop of k rounds; a thread keeps an element of the result and stores it.
// CHECK-LABEL: func.func @warp
// CHECK: scf.for %{{.*}} = %c0_i32{{[_0-9]*}} to %c5_i32{{[_0-9]*}} step %c1_i32
// CHECK: gpu.subgroup_reduce maxsi %{{.*}} uniform
// CHECK: gpu.subgroup_reduce minsi %{{.*}} uniform
// CHECK-NOT: gpu.subgroup_reduce
// CHECK: scf.if
// CHECK: memref.store %{{.*}} : memref<576460752303423488xf32>
// CHECK: memref.store %{{.*}} : memref<576460752303423488xi64>
// CHECK-NOT: memref.store
// CHECK-NOT: gpu.barrier
// CHECK: return
// OLD-LABEL: func.func @warp
// OLD-NOT: gpu.subgroup_reduce
// OLD-COUNT-10: gpu.shuffle xor
func.func @warp(%x: memref<?x200xf32>, %v: memref<?x5xf32>, %c: memref<?x5xi64>) {
  softmax.generic dimensions = [1] statistics = [#softmax.topk<k = 5>] maps = [#all, #one, #one]
    ins(%x : memref<?x200xf32>) outs(%v, %c : memref<?x5xf32>, memref<?x5xi64>)
    logit { ^bb0(%e: f32): softmax.yield %e : f32 }
    row { ^bb0(%values: vector<5xf32>, %columns: vector<5xi64>):
      softmax.yield %values, %columns : vector<5xf32>, vector<5xi64> }
  return
}

// -----

#all = affine_map<(i, j) -> (i, j)>
#one = affine_map<(i, j) -> (i)>

// Of few elements each takes a barrier, whose places take turns.
// CHECK-LABEL: func.func @few
// CHECK: scf.for %{{.*}} to %c2_i32
// CHECK: gpu.barrier
// CHECK-NOT: gpu.barrier
// CHECK: return
func.func @few(%x: memref<?x4000xf32>, %v: memref<?x2xf32>, %c: memref<?x2xi64>) {
  softmax.generic dimensions = [1] statistics = [#softmax.topk<k = 2>] maps = [#all, #one, #one]
    ins(%x : memref<?x4000xf32>) outs(%v, %c : memref<?x2xf32>, memref<?x2xi64>)
    logit { ^bb0(%e: f32): softmax.yield %e : f32 }
    row { ^bb0(%values: vector<2xf32>, %columns: vector<2xi64>):
      softmax.yield %values, %columns : vector<2xf32>, vector<2xi64> }
  return
}

// -----

#all = affine_map<(i, j) -> (i, j)>
#one = affine_map<(i, j) -> (i)>

// One sweep, whatever is selected: a list that blocks of the row are merged
// into.
// CHECK-LABEL: func.func @blocks
// CHECK: workgroup({{.*}} : memref<100xi32, #gpu.address_space<workgroup>>
// CHECK: gpu.barrier
// CHECK: scf.for %{{.*}} to %{{.*}} step %c8192
// CHECK: memref.atomic_rmw addi
// CHECK-NOT: step %c8192
// CHECK: return
func.func @blocks(%x: memref<?x40000xf32>, %v: memref<?x50xf32>, %c: memref<?x50xi64>) {
  softmax.generic dimensions = [1] statistics = [#softmax.topk<k = 50>] maps = [#all, #one, #one]
    ins(%x : memref<?x40000xf32>) outs(%v, %c : memref<?x50xf32>, memref<?x50xi64>)
    logit { ^bb0(%e: f32): softmax.yield %e : f32 }
    row { ^bb0(%values: vector<50xf32>, %columns: vector<50xi64>):
      softmax.yield %values, %columns : vector<50xf32>, vector<50xi64> }
  return
}

// -----

#all = affine_map<(i, j) -> (i, j)>
#one = affine_map<(i, j) -> (i)>

// A region that takes elements out of a vector has whole ones: the first thread
// stores them.
// CHECK-LABEL: func.func @whole
// CHECK: vector.from_elements %{{.*}} : vector<3xi64>
// CHECK-COUNT-3: memref.store %{{.*}} : memref<576460752303423488xi64>
// CHECK: memref.store %{{.*}} : memref<576460752303423488xf32>
func.func @whole(%x: memref<?x200xf32>, %v: memref<?xf32>, %c: memref<?x3xi64>) {
  softmax.generic dimensions = [1] statistics = [#softmax.topk<k = 3>] maps = [#all, #one, #one]
    ins(%x : memref<?x200xf32>) outs(%c, %v : memref<?x3xi64>, memref<?xf32>)
    logit { ^bb0(%e: f32): softmax.yield %e : f32 }
    row { ^bb0(%values: vector<3xf32>, %columns: vector<3xi64>):
      %last = vector.extract %values[2] : f32 from vector<3xf32>
      softmax.yield %columns, %last : vector<3xi64>, f32 }
  return
}

// -----

#all = affine_map<(i, j) -> (i, j)>
#one = affine_map<(i, j) -> (j)>

// Neither barriers nor shuffles for rows of a thread each.
// CHECK-LABEL: func.func @inner
// CHECK-NOT: gpu.barrier
// CHECK-NOT: gpu.shuffle
// CHECK: return
func.func @inner(%x: memref<30x?xf32>, %v: memref<?x2xf32>, %c: memref<?x2xi64>) {
  softmax.generic dimensions = [0] statistics = [#softmax.topk<k = 2>] maps = [#all, #one, #one]
    ins(%x : memref<30x?xf32>) outs(%v, %c : memref<?x2xf32>, memref<?x2xi64>)
    logit { ^bb0(%e: f32): softmax.yield %e : f32 }
    row { ^bb0(%values: vector<2xf32>, %columns: vector<2xi64>):
      softmax.yield %values, %columns : vector<2xf32>, vector<2xi64> }
  return
}
