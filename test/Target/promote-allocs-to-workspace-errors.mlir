// RUN: softmax-opt %s --split-input-file --verify-diagnostics --softmax-promote-allocs-to-workspace

func.func @from_data(%n: memref<i64, strided<[], offset: ?>>) attributes {
    softmax.kernel = {operands = [{name = "n", kind = "input", type = tensor<i64>, shape = []}]}} {
  %v = memref.load %n[] : memref<i64, strided<[], offset: ?>>
  %size = arith.index_cast %v : i64 to index
  // expected-error @below {{its size does not follow from the kernel's arguments: 'memref.load', on which it depends, may have effects or control flow; compute it}}
  %scratch = memref.alloc(%size) : memref<?xf32>
  return
}

// -----

func.func @from_loop(%x: memref<?xf32, strided<[?], offset: ?>>) attributes {
    softmax.kernel = {operands = [{name = "x", kind = "input", type = tensor<?xf32>, shape = ["s0"]}]}} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = memref.dim %x, %c0 : memref<?xf32, strided<[?], offset: ?>>
  scf.for %i = %c0 to %n step %c1 {
    // expected-error @below {{its size does not follow from the kernel's arguments: it changes from iteration to iteration}}
    %scratch = memref.alloc(%i) : memref<?xf32>
  }
  return
}

// -----

func.func @from_range(%x: memref<?xf32, strided<[?], offset: ?>>, %begin: index, %end: index) attributes {
    softmax.kernel = {operands = [{name = "x", kind = "input", type = tensor<?xf32>, shape = ["s0"]}]}} {
  %size = arith.subi %end, %begin : index
  // expected-error @below {{its size does not follow from the kernel's arguments: it depends on the range of rows}}
  %scratch = memref.alloc(%size) : memref<?xf32>
  return
}

// -----

func.func @parallel(%x: memref<?xf32, strided<[?], offset: ?>>) attributes {
    softmax.kernel = {operands = [{name = "x", kind = "input", type = tensor<?xf32>, shape = ["s0"]}]}} {
  %c0 = arith.constant 0 : index
  %c1 = arith.constant 1 : index
  %n = memref.dim %x, %c0 : memref<?xf32, strided<[?], offset: ?>>
  scf.parallel (%i) = (%c0) to (%n) step (%c1) {
    // expected-error @below {{inside the parallel 'scf.parallel' would be shared by its threads}}
    %scratch = memref.alloc() : memref<4xf32>
    scf.reduce
  }
  return
}

// -----

func.func @layout(%x: memref<?xf32, strided<[?], offset: ?>>) attributes {
    softmax.kernel = {operands = [{name = "x", kind = "input", type = tensor<?xf32>, shape = ["s0"]}]}} {
  // expected-error @below {{cannot live in the kernel's workspace, which holds row-major buffers}}
  %scratch = memref.alloc() : memref<4x4xf32, strided<[1, 4]>>
  return
}

// -----

func.func @alignment(%x: memref<?xf32, strided<[?], offset: ?>>) attributes {
    softmax.kernel = {operands = [{name = "x", kind = "input", type = tensor<?xf32>, shape = ["s0"]}]}} {
  // expected-error @below {{asks for an alignment of 128 bytes, but a workspace is aligned to 64}}
  %scratch = memref.alloc() {alignment = 128 : i64} : memref<4xf32>
  return
}

// -----

// expected-error @below {{argument #0 of type 'memref<?xf32>' does not take every stride and offset}}
func.func @static_strides(%x: memref<?xf32>) attributes {
    softmax.kernel = {operands = [{name = "x", kind = "input", type = tensor<?xf32>, shape = ["s0"]}]}} {
  return
}

// -----

// expected-error @below {{kernel returns values; its results must be destinations}}
func.func @returns(%x: memref<?xf32, strided<[?], offset: ?>>) -> f32 attributes {
    softmax.kernel = {operands = [{name = "x", kind = "input", type = tensor<?xf32>, shape = ["s0"]}]}} {
  %c = arith.constant 1.0 : f32
  return %c : f32
}

// -----

// expected-error @below {{has 1 arguments, but 'softmax.kernel' lists 2 operands}}
func.func @too_few(%x: memref<?xf32, strided<[?], offset: ?>>) attributes {
    softmax.kernel = {operands = [{name = "x", kind = "input", type = tensor<?xf32>, shape = ["s0"]},
                                  {name = "y", kind = "output", type = tensor<?xf32>, shape = ["s0"]}]}} {
  return
}

// -----

func.func @kernel() attributes {softmax.kernel = {operands = []}} {
  return
}
func.func private @helper() {
  // expected-error @below {{in a function that is no kernel has no workspace to live in: inline the function}}
  %scratch = memref.alloc() : memref<4xf32>
  return
}

// -----

// expected-error @below {{malformed 'softmax.kernel': 'operands' is missing}}
func.func @no_operands() attributes {softmax.kernel = {op = "softmax"}} {
  return
}

// -----

// expected-error @below {{malformed 'softmax.kernel': an operand needs 'name', 'kind' and 'type', but is "x"}}
func.func @no_entry() attributes {softmax.kernel = {operands = ["x"]}} {
  return
}

// -----

// expected-error @below {{operand 'x' has kind 'inout', not 'input', 'output' or 'scalar'}}
func.func @kind() attributes {softmax.kernel = {operands = [{name = "x", kind = "inout", type = f32}]}} {
  return
}

// -----

// expected-error @below {{operand 'x' needs a ranked tensor type, not 'f32'}}
func.func @no_tensor() attributes {softmax.kernel = {operands = [{name = "x", kind = "input", type = f32}]}} {
  return
}

// -----

// expected-error @below {{operand 'x' has elements of type 'f80', which DLPack has no code for}}
func.func @no_dlpack() attributes {softmax.kernel = {operands = [
    {name = "x", kind = "input", type = tensor<4xf80>, shape = [4]}]}} {
  return
}

// -----

// expected-error @below {{scalar operand 's' has type 'f16'; a kernel takes f32, f64, i32, i64 and index by value}}
func.func @scalar() attributes {softmax.kernel = {operands = [{name = "s", kind = "scalar", type = f16}]}} {
  return
}

// -----

// expected-error @below {{needs 'shape' with an entry per dimension}}
func.func @no_shape() attributes {softmax.kernel = {operands = [{name = "x", kind = "input", type = tensor<4xf32>}]}} {
  return
}

// -----

// expected-error @below {{shape entry 5 : i64 does not fit 'tensor<4xf32>'}}
func.func @shape() attributes {softmax.kernel = {operands = [
    {name = "x", kind = "input", type = tensor<4xf32>, shape = [5]}]}} {
  return
}

// -----

// expected-error @below {{two operands are called 'x'}}
func.func @names() attributes {softmax.kernel = {operands = [
    {name = "x", kind = "scalar", type = f32}, {name = "x", kind = "scalar", type = f32}]}} {
  return
}
