// A softmax as a test of the emulator: a block of 128 threads takes rows
// block, block + grid, ...; every thread keeps a running (maximum, sum), lanes
// merge theirs by shuffles, warps by shared memory.  mutations.py breaks it.
module attributes {gpu.container_module} {
gpu.module @device {
  func.func private @exp2(%x: f32) -> f32 {
    %e = llvm.call_intrinsic "llvm.nvvm.ex2.approx.ftz.f"(%x) : (f32) -> f32
    return %e : f32
  }

  gpu.func @softmax(%x: memref<?x?xf32>, %y: memref<?x?xf32>)
      workgroup(%maxima: memref<4xf32, #gpu.address_space<workgroup>>,
                %sums: memref<4xf32, #gpu.address_space<workgroup>>) kernel
      attributes {known_block_size = array<i32: 128, 1, 1>} {
    %c0 = arith.constant 0 : index
    %c1 = arith.constant 1 : index
    %c4 = arith.constant 4 : index
    %c32 = arith.constant 32 : index
    %c128 = arith.constant 128 : index
    %zero = arith.constant 0.0 : f32
    %lowest = arith.constant -3.0e+38 : f32
    %log2e = arith.constant 1.44269504 : f32
    %width = arith.constant 32 : i32
    %rows = memref.dim %x, %c0 : memref<?x?xf32>
    %columns = memref.dim %x, %c1 : memref<?x?xf32>
    %tid = gpu.thread_id x
    %block = gpu.block_id x
    %grid = gpu.grid_dim x
    %lane = arith.remui %tid, %c32 : index
    %warp = arith.divui %tid, %c32 : index

    scf.for %row = %block to %rows step %grid {
      // A part of the row per thread.
      %j, %m, %s = scf.while (%jj = %tid, %mm = %lowest, %ss = %zero) : (index, f32, f32) -> (index, f32, f32) {
        %in = arith.cmpi ult, %jj, %columns : index // first tail
        scf.condition(%in) %jj, %mm, %ss : index, f32, f32
      } do {
      ^bb0(%jj: index, %mm: f32, %ss: f32):
        %raw = memref.load %x[%row, %jj] : memref<?x?xf32>
        %v = arith.mulf %raw, %log2e : f32
        %new = arith.maximumf %mm, %v : f32
        %d0 = arith.subf %mm, %new : f32
        %f0 = func.call @exp2(%d0) : (f32) -> f32
        %d1 = arith.subf %v, %new : f32
        %f1 = func.call @exp2(%d1) : (f32) -> f32
        %scaled = arith.mulf %ss, %f0 : f32 // rescaled sum
        %sum = arith.addf %scaled, %f1 : f32
        %next = arith.addi %jj, %c128 : index // stride
        scf.yield %next, %new, %sum : index, f32, f32
      }
      // Lanes: distances 16, 8, 4, 2, 1.
      %c0_i32 = arith.constant 0 : i32
      %d16 = arith.constant 16 : i32 // first distance
      %one = arith.constant 1 : i32
      %wd, %wm, %ws = scf.while (%dd = %d16, %mm = %m, %ss = %s) : (i32, f32, f32) -> (i32, f32, f32) {
        %more = arith.cmpi ugt, %dd, %c0_i32 : i32 // last distance
        scf.condition(%more) %dd, %mm, %ss : i32, f32, f32
      } do {
      ^bb0(%dd: i32, %mm: f32, %ss: f32):
        %om, %p0 = gpu.shuffle xor %mm, %dd, %width : f32
        %os, %p1 = gpu.shuffle xor %ss, %dd, %width : f32 // shuffled sum
        %new = arith.maximumf %mm, %om : f32
        %d0 = arith.subf %mm, %new : f32
        %f0 = func.call @exp2(%d0) : (f32) -> f32
        %d1 = arith.subf %om, %new : f32
        %f1 = func.call @exp2(%d1) : (f32) -> f32
        %s0 = arith.mulf %ss, %f0 : f32 // own part
        %s1 = arith.mulf %os, %f1 : f32 // other part
        %sum = arith.addf %s0, %s1 : f32
        %half = arith.shrui %dd, %one : i32
        scf.yield %half, %new, %sum : i32, f32, f32
      }
      // Warps.
      %first = arith.cmpi eq, %lane, %c0 : index // first lane
      scf.if %first {
        memref.store %wm, %maxima[%warp] : memref<4xf32, #gpu.address_space<workgroup>>
        memref.store %ws, %sums[%warp] : memref<4xf32, #gpu.address_space<workgroup>>
      }
      gpu.barrier // parts are written
      %bm, %bs = scf.for %w = %c0 to %c4 step %c1 iter_args(%mm = %lowest, %ss = %zero) -> (f32, f32) { // warps
        %om = memref.load %maxima[%w] : memref<4xf32, #gpu.address_space<workgroup>>
        %os = memref.load %sums[%w] : memref<4xf32, #gpu.address_space<workgroup>>
        %new = arith.maximumf %mm, %om : f32
        %d0 = arith.subf %mm, %new : f32
        %f0 = func.call @exp2(%d0) : (f32) -> f32
        %d1 = arith.subf %om, %new : f32
        %f1 = func.call @exp2(%d1) : (f32) -> f32
        %s0 = arith.mulf %ss, %f0 : f32 // merged parts
        %s1 = arith.mulf %os, %f1 : f32 // next part
        %sum = arith.addf %s0, %s1 : f32
        scf.yield %new, %sum : f32, f32
      }
      gpu.barrier // parts are read
      // Results.
      %k = scf.while (%jj = %tid) : (index) -> (index) {
        %in = arith.cmpi ult, %jj, %columns : index // second tail
        scf.condition(%in) %jj : index
      } do {
      ^bb0(%jj: index):
        %raw = memref.load %x[%row, %jj] : memref<?x?xf32>
        %v = arith.mulf %raw, %log2e : f32
        %d = arith.subf %v, %bm : f32
        %e = func.call @exp2(%d) : (f32) -> f32
        %r = arith.divf %e, %bs : f32
        memref.store %r, %y[%row, %jj] : memref<?x?xf32>
        %next = arith.addi %jj, %c128 : index // second stride
        scf.yield %next : index
      }
    }
    gpu.return
  }
}
}
