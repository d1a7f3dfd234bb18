// RUN: softmax-opt %s --softmax-check-lowered=to-llvm -split-input-file -verify-diagnostics

// What is left explains the casts around it.
llvm.func @left(%x: i32) -> i32 {
  %0 = builtin.unrealized_conversion_cast %x : i32 to index
  // expected-error @+1 {{'arith.addi' op of type 'index' is not lowered to LLVM by this pipeline; convert its operands to a float type before, or write it with}}
  %1 = arith.addi %0, %0 : index
  %2 = builtin.unrealized_conversion_cast %1 : index to i32
  llvm.return %2 : i32
}

// -----

llvm.func @casts(%x: i8) -> i8 {
  // expected-error @+1 {{'builtin.unrealized_conversion_cast' op of type 'f8E4M3FN' is not lowered to LLVM}}
  %0 = builtin.unrealized_conversion_cast %x : i8 to f8E4M3FN
  // expected-error @+1 {{'builtin.unrealized_conversion_cast' op of type 'f8E4M3FN' is not lowered to LLVM}}
  %1 = builtin.unrealized_conversion_cast %0 : f8E4M3FN to i8
  llvm.return %1 : i8
}

// -----

// One message per op, not one per op in its regions.
// expected-error @+1 {{'func.func' op is not lowered to LLVM}}
func.func @function() {
  return
}

// -----

llvm.func @nothing() {
  llvm.return
}
