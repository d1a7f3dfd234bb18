// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "InterfaceWriter.h"

#include "mlir/IR/BuiltinOps.h"

using namespace mlir;
using namespace mlir::softmax;

InterfaceTypes::InterfaceTypes(MLIRContext *context) : context(context) {
  ptr = LLVM::LLVMPointerType::get(context);
  i1 = IntegerType::get(context, 1);
  i8 = IntegerType::get(context, 8);
  i16 = IntegerType::get(context, 16);
  i32 = IntegerType::get(context, 32);
  i64 = IntegerType::get(context, 64);
  f64 = Float64Type::get(context);
  none = LLVM::LLVMVoidType::get(context);
  dlTensor = structure({ptr, structure({i32, i32}), i32,
                        structure({i8, i8, i16}), ptr, ptr, i64});
  tvmAny = structure({i32, i32, i64});
}

LLVM::LLVMStructType InterfaceTypes::structure(ArrayRef<Type> members) const {
  return LLVM::LLVMStructType::getLiteral(context, members);
}

Type InterfaceTypes::descriptor(int64_t rank) const {
  if (rank == 0)
    return structure({ptr, ptr, i64});
  Type array = LLVM::LLVMArrayType::get(i64, rank);
  return structure({ptr, ptr, i64, array, array});
}

InterfaceWriter::InterfaceWriter(const InterfaceTypes &types,
                                 LLVM::LLVMFuncOp function)
    : types(types), function(function), builder(types.context),
      loc(function.getLoc()) {
  continueIn(function.addEntryBlock(builder));
}

Value InterfaceWriter::constant(Type type, int64_t value) {
  return LLVM::ConstantOp::create(builder, loc, type,
                                  builder.getIntegerAttr(type, value));
}

template <typename OverflowOp>
static Value overflowing(InterfaceWriter &writer, Value lhs, Value rhs,
                         Value &overflow) {
  Type pair = writer.types.structure({lhs.getType(), writer.types.i1});
  Value both = OverflowOp::create(writer.builder, writer.loc, pair, lhs, rhs);
  Value wrapped = LLVM::ExtractValueOp::create(writer.builder, writer.loc, both,
                                               ArrayRef<int64_t>{1});
  overflow = overflow ? writer.logicalOr(overflow, wrapped) : wrapped;
  return LLVM::ExtractValueOp::create(writer.builder, writer.loc, both,
                                      ArrayRef<int64_t>{0});
}

Value InterfaceWriter::multiply(Value lhs, Value rhs, Value &overflow) {
  return overflowing<LLVM::UMulWithOverflowOp>(*this, lhs, rhs, overflow);
}

Value InterfaceWriter::addUnsigned(Value lhs, Value rhs, Value &overflow) {
  return overflowing<LLVM::UAddWithOverflowOp>(*this, lhs, rhs, overflow);
}

Value InterfaceWriter::field(Type type, Value base, ArrayRef<int32_t> path) {
  SmallVector<LLVM::GEPArg> indices = {0};
  indices.append(path.begin(), path.end());
  return LLVM::GEPOp::create(builder, loc, types.ptr, type, base, indices);
}

Value InterfaceWriter::element(Type type, Value base, int64_t index) {
  return LLVM::GEPOp::create(
      builder, loc, types.ptr, type, base,
      ArrayRef<LLVM::GEPArg>{static_cast<int32_t>(index)});
}

Value InterfaceWriter::offset(Value pointer, Value bytes) {
  return LLVM::GEPOp::create(builder, loc, types.ptr, types.i8, pointer,
                             ArrayRef<LLVM::GEPArg>{bytes});
}

Value InterfaceWriter::allocate(Type type) {
  // In the entry block, where the stack frame is laid out once.
  OpBuilder::InsertionGuard guard(builder);
  builder.setInsertionPointToStart(&function.getBody().front());
  return LLVM::AllocaOp::create(builder, loc, types.ptr, type, i64(1));
}

Value InterfaceWriter::addressOf(StringRef symbol) {
  return LLVM::AddressOfOp::create(builder, loc, types.ptr, symbol);
}

Value InterfaceWriter::call(LLVM::LLVMFuncOp callee, ValueRange arguments) {
  LLVM::CallOp op = LLVM::CallOp::create(builder, loc, callee, arguments);
  return op.getNumResults() == 0 ? Value() : op.getResult();
}

Block *InterfaceWriter::newBlock() {
  OpBuilder::InsertionGuard guard(builder);
  return builder.createBlock(&function.getBody(), function.getBody().end());
}

Block *InterfaceWriter::branch(Value condition) {
  Block *yes = newBlock();
  Block *no = newBlock();
  LLVM::CondBrOp::create(builder, loc, condition, yes, no);
  continueIn(yes);
  return no;
}

void InterfaceWriter::returnIf(Value condition, Value value) {
  Block *next = branch(condition);
  ret(value);
  continueIn(next);
}

StringRef softmax::getOrCreateString(ModuleOp module, StringRef text) {
  std::string bytes = (text + StringRef("\0", 1)).str();
  unsigned count = 0;
  for (auto global : module.getOps<LLVM::GlobalOp>()) {
    if (!global.getSymName().starts_with("__softmax_string_"))
      continue;
    ++count;
    auto value = dyn_cast_or_null<StringAttr>(global.getValueOrNull());
    if (value && value.getValue() == bytes)
      return global.getSymName();
  }
  OpBuilder builder = OpBuilder::atBlockEnd(module.getBody());
  auto type = LLVM::LLVMArrayType::get(builder.getI8Type(), bytes.size());
  auto global = LLVM::GlobalOp::create(
      builder, module.getLoc(), type, /*isConstant=*/true,
      LLVM::Linkage::Internal, "__softmax_string_" + std::to_string(count),
      builder.getStringAttr(bytes));
  return global.getSymName();
}
