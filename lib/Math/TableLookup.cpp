// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Tables that fit one vector register, looked up by the instruction that
// permutes one: VPERMPS of AVX2 (8 entries) and AVX-512 (16).  MLIR's vector
// dialect only shuffles by constants.

#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include "softmax/Math/ExpBuilder.h"

using namespace mlir;
using namespace mlir::softmax;

/// One permutation: `indices` has as many elements as the table.
static Value permute(MathBuilder &math, Value table, Value indices) {
  auto type = cast<VectorType>(indices.getType());
  Type floats = type.clone(math.b.getF32Type());
  Value result;
  if (type.getNumElements() == 16)
    result = LLVM::CallIntrinsicOp::create(
                 math.b, math.loc, floats,
                 math.b.getStringAttr("llvm.x86.avx512.permvar.sf.512"),
                 ValueRange{table, indices})
                 .getResult(0);
  else
    result = LLVM::CallIntrinsicOp::create(
                 math.b, math.loc, floats,
                 math.b.getStringAttr("llvm.x86.avx2.permps"),
                 ValueRange{table, indices})
                 .getResult(0);
  return math.bits(result);
}

Value softmax::detail::buildTableLookup(MathBuilder &math,
                                        ArrayRef<uint32_t> table,
                                        Value indices) {
  int64_t width = table.size();
  SmallVector<APFloat> entries = llvm::map_to_vector(table, [](uint32_t bits) {
    return APFloat(APFloat::IEEEsingle(), APInt(32, bits));
  });
  Value constant = arith::ConstantOp::create(
      math.b, math.loc,
      DenseElementsAttr::get(VectorType::get(width, math.b.getF32Type()),
                             entries));
  Type whole = VectorType::get(width, math.b.getI32Type());
  auto type = dyn_cast<VectorType>(indices.getType());
  if (!type) {
    Value wide = vector::BroadcastOp::create(math.b, math.loc, whole, indices);
    return vector::ExtractOp::create(math.b, math.loc,
                                     permute(math, constant, wide), 0);
  }
  int64_t count = type.getNumElements();
  if (count == width)
    return permute(math, constant, indices);
  if (count < width) {
    // Lanes beyond are of no interest.
    Value wide = vector::InsertStridedSliceOp::create(
        math.b, math.loc, indices, math.integer(whole, 0), ArrayRef<int64_t>{0},
        ArrayRef<int64_t>{1});
    return vector::ExtractStridedSliceOp::create(
        math.b, math.loc, permute(math, constant, wide), ArrayRef<int64_t>{0},
        ArrayRef<int64_t>{count}, ArrayRef<int64_t>{1});
  }
  Value result = math.integer(type, 0);
  for (int64_t i = 0; i < count; i += width) {
    Value part = vector::ExtractStridedSliceOp::create(
        math.b, math.loc, indices, ArrayRef<int64_t>{i},
        ArrayRef<int64_t>{width}, ArrayRef<int64_t>{1});
    result = vector::InsertStridedSliceOp::create(
        math.b, math.loc, permute(math, constant, part), result,
        ArrayRef<int64_t>{i}, ArrayRef<int64_t>{1});
  }
  return result;
}
