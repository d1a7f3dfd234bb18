// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Short forms for writing a function in the LLVM dialect, and the layouts of
// the structures that cross the C interface.
#ifndef SOFTMAX_LIB_TARGET_INTERFACEWRITER_H
#define SOFTMAX_LIB_TARGET_INTERFACEWRITER_H

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/IR/Builders.h"

namespace mlir::softmax {

/// Types and structure layouts, x86-64 and every other LP64 target.
struct InterfaceTypes {
  explicit InterfaceTypes(MLIRContext *context);

  /// A memref descriptor of `rank`, as the lowering of memref has it.
  Type descriptor(int64_t rank) const;
  LLVM::LLVMStructType structure(ArrayRef<Type> members) const;

  MLIRContext *context;
  Type ptr, i1, i8, i16, i32, i64, f64, none;
  /// DLTensor (dlpack.h 1.x): data, {device type, id}, rank, {code, bits,
  /// lanes}, shape, strides, byte offset.
  Type dlTensor;
  /// TVMFFIAny (tvm/ffi/c_api.h): type index, padding, 8 bytes of value.
  Type tvmAny;
};

/// Members of DLTensor.
enum DLTensorField : int32_t {
  DLData,
  DLDevice,
  DLRank,
  DLType,
  DLShape,
  DLStrides,
  DLByteOffset
};

/// Writes one function from its first block to its last.
class InterfaceWriter {
public:
  /// Gives `function`, a declaration so far, its entry block.
  InterfaceWriter(const InterfaceTypes &types, LLVM::LLVMFuncOp function);

  Value argument(unsigned i) { return function.getArgument(i); }
  Value constant(Type type, int64_t value);
  Value i64(int64_t value) { return constant(types.i64, value); }
  Value i32(int64_t value) { return constant(types.i32, value); }
  Value null() { return LLVM::ZeroOp::create(builder, loc, types.ptr); }
  Value isNull(Value pointer) {
    return compare(LLVM::ICmpPredicate::eq, pointer, null());
  }
  Value isNotNull(Value pointer) {
    return compare(LLVM::ICmpPredicate::ne, pointer, null());
  }
  Value compare(LLVM::ICmpPredicate predicate, Value lhs, Value rhs) {
    return LLVM::ICmpOp::create(builder, loc, predicate, lhs, rhs);
  }
  /// Compares with a constant of the type of `lhs`.
  Value compare(LLVM::ICmpPredicate predicate, Value lhs, int64_t rhs) {
    return compare(predicate, lhs, constant(lhs.getType(), rhs));
  }
  Value add(Value lhs, Value rhs) {
    return LLVM::AddOp::create(builder, loc, lhs, rhs);
  }
  Value sub(Value lhs, Value rhs) {
    return LLVM::SubOp::create(builder, loc, lhs, rhs);
  }
  Value mul(Value lhs, Value rhs) {
    return LLVM::MulOp::create(builder, loc, lhs, rhs);
  }
  Value logicalAnd(Value lhs, Value rhs) {
    return LLVM::AndOp::create(builder, loc, lhs, rhs);
  }
  Value logicalOr(Value lhs, Value rhs) {
    return LLVM::OrOp::create(builder, loc, lhs, rhs);
  }
  Value select(Value condition, Value yes, Value no) {
    return LLVM::SelectOp::create(builder, loc, condition, yes, no);
  }
  /// lhs * rhs and lhs + rhs, unsigned; `overflow` is or-ed with whether the
  /// result wrapped.
  Value multiply(Value lhs, Value rhs, Value &overflow);
  Value addUnsigned(Value lhs, Value rhs, Value &overflow);

  Value load(Type type, Value pointer) {
    return LLVM::LoadOp::create(builder, loc, type, pointer);
  }
  void store(Value value, Value pointer) {
    LLVM::StoreOp::create(builder, loc, value, pointer);
  }
  /// The address of a member of the structure `type` at `base`.
  Value field(Type type, Value base, ArrayRef<int32_t> path);
  /// The address of element `index` of an array of `type` at `base`.
  Value element(Type type, Value base, int64_t index);
  /// `pointer` moved by a number of bytes.
  Value offset(Value pointer, Value bytes);
  Value allocate(Type type);
  Value addressOf(StringRef symbol);
  /// The callee's result; null if it has none.
  Value call(LLVM::LLVMFuncOp callee, ValueRange arguments);

  /// Goes on in a new block if `condition` is false, returns `value` if true.
  void returnIf(Value condition, Value value);
  void ret(Value value) { LLVM::ReturnOp::create(builder, loc, value); }
  /// Goes on in a new block, reached if `condition` holds; the block for the
  /// other case is returned, still empty.
  Block *branch(Value condition);
  Block *newBlock();
  void jump(Block *block, ValueRange arguments = {}) {
    LLVM::BrOp::create(builder, loc, arguments, block);
  }
  void continueIn(Block *block) { builder.setInsertionPointToEnd(block); }

  const InterfaceTypes &types;
  LLVM::LLVMFuncOp function;
  OpBuilder builder;
  Location loc;
};

/// A string of the module, terminated by a zero; equal ones are shared.
StringRef getOrCreateString(ModuleOp module, StringRef text);

} // namespace mlir::softmax

#endif // SOFTMAX_LIB_TARGET_INTERFACEWRITER_H
