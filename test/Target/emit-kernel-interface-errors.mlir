// RUN: softmax-opt %s --split-input-file --verify-diagnostics --softmax-emit-kernel-interface

// expected-error @below {{kernel is not a definition in the LLVM dialect: lower it before}}
func.func @not_lowered() attributes {softmax.kernel = {operands = []}} {
  return
}

// -----

// expected-error @below {{has no '@k__workspace_size': run 'softmax-promote-allocs-to-workspace' before}}
llvm.func @k() attributes {softmax.kernel = {operands = []}} {
  llvm.return
}

// -----

// expected-error @below {{but the operands in 'softmax.kernel' make it '!llvm.func<void (ptr, ptr, i64, i64, i64, ptr, ptr, i64, i64, i64)>'}}
llvm.func @k(%a: !llvm.ptr) attributes {softmax.kernel = {operands = [
    {name = "x", kind = "input", type = tensor<4xf32>, shape = [4]}]}} {
  llvm.return
}
llvm.func @k__workspace_size(%a: !llvm.ptr, %b: !llvm.ptr, %c: i64, %d: i64, %e: i64) -> i64 {
  %zero = llvm.mlir.constant(0 : i64) : i64
  llvm.return %zero : i64
}

// -----

llvm.func @k(%a: !llvm.ptr, %b: !llvm.ptr, %c: i64, %d: i64, %e: i64) attributes {softmax.kernel = {operands = []}} {
  llvm.return
}
// expected-error @below {{has the type '!llvm.func<i64 (i64)>', but the kernel's operands make it '!llvm.func<i64 ()>'}}
llvm.func @k__workspace_size(%a: i64) -> i64 {
  llvm.return %a : i64
}

// -----

// expected-error @below {{kernel '@k' needs the name '@k_range', which is taken: rename one of the two}}
llvm.func @k(%a: !llvm.ptr, %b: !llvm.ptr, %c: i64, %d: i64, %e: i64) attributes {softmax.kernel = {operands = []}} {
  llvm.return
}
llvm.func @k__workspace_size() -> i64 {
  %zero = llvm.mlir.constant(0 : i64) : i64
  llvm.return %zero : i64
}
llvm.func @k_range() {
  llvm.return
}

// -----

// The names of two kernels may collide, too.
llvm.func @k_units(%a: !llvm.ptr, %b: !llvm.ptr, %c: i64, %d: i64, %e: i64) attributes {softmax.kernel = {operands = []}} {
  llvm.return
}
llvm.func @k_units__workspace_size() -> i64 {
  %zero = llvm.mlir.constant(0 : i64) : i64
  llvm.return %zero : i64
}
// expected-error @below {{kernel '@k' needs the name '@k_units', which is taken: rename one of the two}}
llvm.func @k(%a: !llvm.ptr, %b: !llvm.ptr, %c: i64, %d: i64, %e: i64) attributes {softmax.kernel = {operands = []}} {
  llvm.return
}
llvm.func @k__workspace_size() -> i64 {
  %zero = llvm.mlir.constant(0 : i64) : i64
  llvm.return %zero : i64
}

// -----

// What a kernel may call.
// expected-note @below {{declared here}}
llvm.func @expf(f32) -> f32
llvm.func @free(!llvm.ptr)
llvm.func @unused(f32) -> f32
llvm.func @k(%a: !llvm.ptr, %b: !llvm.ptr, %c: i64, %d: i64, %e: i64) attributes {softmax.kernel = {operands = []}} {
  %one = llvm.mlir.constant(1.0 : f32) : f32
  // expected-error @below {{calls '@expf', which is not defined here; a kernel may call malloc, free, memcpy and memset only}}
  %exp = llvm.call @expf(%one) : (f32) -> f32
  llvm.return
}

// -----

// expected-error @below {{'@malloc' is a name of the C library's or TVM-FFI's that kernels use: rename this one}}
llvm.func @malloc(%size: i64) -> !llvm.ptr {
  %null = llvm.mlir.zero : !llvm.ptr
  llvm.return %null : !llvm.ptr
}
llvm.func @k() attributes {softmax.kernel = {operands = []}} {
  llvm.return
}

// -----

// expected-error @below {{'softmax.versions' holds names of targets: unknown target 'z80'; choose one of native,}}
module attributes {softmax.versions = ["z80"]} {
}

// -----

module attributes {softmax.versions = ["x86-64-v4", "x86-64"]} {
  // expected-error @below {{is a kernel without a version for each of the targets in 'softmax.versions'}}
  llvm.func @k.x86_64_v4() attributes {softmax.version = "x86-64-v4", softmax.kernel = {operands = []}} {
    llvm.return
  }
}

// -----

module attributes {softmax.versions = ["x86-64-v4"]} {
  // expected-error @below {{is not a version of a kernel for one of the targets in 'softmax.versions'}}
  llvm.func @k() attributes {softmax.version = "x86-64-v4", softmax.kernel = {operands = []}} {
    llvm.return
  }
}

// -----

module attributes {softmax.versions = ["x86-64-v4"]} {
  // expected-error @below {{'@__softmax_load' is the name of a function that libraries with versions for several CPUs have: rename this one}}
  llvm.func @__softmax_load() {
    llvm.return
  }
  llvm.func @k.x86_64_v4(%a: !llvm.ptr, %b: !llvm.ptr, %c: i64, %d: i64, %e: i64) attributes {
      softmax.version = "x86-64-v4", softmax.kernel = {operands = []}} {
    llvm.return
  }
  llvm.func @k__workspace_size.x86_64_v4() -> i64 {
    %zero = llvm.mlir.constant(0 : i64) : i64
    llvm.return %zero : i64
  }
}

// -----

// expected-error @below {{malformed 'softmax.kernel': operand 't' has labels without 'classes'}}
llvm.func @k() attributes {softmax.kernel = {operands = [
    {name = "t", kind = "input", type = tensor<4xi32>, shape = [4], labels = {ignore = 3 : i64}}]}} {
  llvm.return
}

// -----

// expected-error @below {{malformed 'softmax.kernel': operand 't' has labels of type 'f32', not i32 or i64}}
llvm.func @k() attributes {softmax.kernel = {operands = [
    {name = "t", kind = "input", type = tensor<4xf32>, shape = [4], labels = {classes = 3 : i64}}]}} {
  llvm.return
}

// -----

// expected-error @below {{malformed 'softmax.kernel': operand 't' has as many classes as 'c', which is no size of an operand}}
llvm.func @k() attributes {softmax.kernel = {operands = [
    {name = "t", kind = "input", type = tensor<?xi32>, shape = ["n"], labels = {classes = "c"}}]}} {
  llvm.return
}
