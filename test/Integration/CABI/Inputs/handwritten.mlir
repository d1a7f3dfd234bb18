// Kernels by hand, to test their interface apart from the rest of the
// compiler.  Every row of x is divided by its sum times `scale`; elements
// where `keep` is 0 count as 0.  The sum goes through a scratch row, so that
// there is a workspace.

!in = memref<?x?xf32, strided<[?, ?], offset: ?>>
!keep = memref<?x?xi8, strided<[?, ?], offset: ?>>
!row = memref<?xf32, strided<[?], offset: ?>>

func.func @shares(%x: !in, %scale: f32, %keep: !keep, %y: !in, %total: !row,
                  %begin: index, %end: index) attributes {
    llvm.emit_c_interface,
    softmax.kernel = {single_op = true, op = "softmax", operands = [
      {name = "x", kind = "input", type = tensor<?x?xf32>, shape = ["s0", "s1"]},
      {name = "scale", kind = "scalar", type = f32},
      {name = "keep", kind = "input", type = tensor<?x?xi1>, shape = ["s0", "s1"]},
      {name = "y", kind = "output", type = tensor<?x?xf32>, shape = ["s0", "s1"]},
      {name = "total", kind = "output", type = tensor<?xf32>, shape = ["s0"]}]}} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %zero = arith.constant 0.0 : f32
  %false = arith.constant 0 : i8
  %columns = memref.dim %x, %c1 : !in
  %scratch = memref.alloc(%columns) : memref<?xf32>
  scf.for %i = %begin to %end step %c1 {
    %sum = scf.for %j = %c0 to %columns step %c1 iter_args(%partial = %zero) -> (f32) {
      %e = memref.load %x[%i, %j] : !in
      %k = memref.load %keep[%i, %j] : !keep
      %dropped = arith.cmpi eq, %k, %false : i8
      %v = arith.select %dropped, %zero, %e : f32
      memref.store %v, %scratch[%j] : memref<?xf32>
      %next = arith.addf %partial, %v : f32
      scf.yield %next : f32
    }
    %divisor = arith.mulf %sum, %scale : f32
    scf.for %j = %c0 to %columns step %c1 {
      %v = memref.load %scratch[%j] : memref<?xf32>
      %p = arith.divf %v, %divisor : f32
      memref.store %p, %y[%i, %j] : !in
    }
    memref.store %sum, %total[%i] : !row
  }
  memref.dealloc %scratch : memref<?xf32>
  return
}

func.func private @shares__units(%x: !in, %scale: f32, %keep: !keep, %y: !in, %total: !row) -> index {
  %c0 = arith.constant 0 : index
  %rows = memref.dim %x, %c0 : !in
  return %rows : index
}

// Adds 1 to f64 elements: static sizes, no workspace, one unit, not one op.
func.func @increment(%x: memref<2x3xf64, strided<[?, ?], offset: ?>>,
                     %y: memref<2x3xf64, strided<[?, ?], offset: ?>>) attributes {
    llvm.emit_c_interface,
    softmax.kernel = {single_op = false, op = "function", operands = [
      {name = "arg0", kind = "input", type = tensor<2x3xf64>, shape = [2, 3]},
      {name = "result0", kind = "output", type = tensor<2x3xf64>, shape = [2, 3]}]}} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %c2 = arith.constant 2 : index
  %c3 = arith.constant 3 : index
  %one = arith.constant 1.0 : f64
  scf.for %i = %c0 to %c2 step %c1 {
    scf.for %j = %c0 to %c3 step %c1 {
      %e = memref.load %x[%i, %j] : memref<2x3xf64, strided<[?, ?], offset: ?>>
      %v = arith.addf %e, %one : f64
      memref.store %v, %y[%i, %j] : memref<2x3xf64, strided<[?, ?], offset: ?>>
    }
  }
  return
}
