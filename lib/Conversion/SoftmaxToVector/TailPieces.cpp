// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Incomplete vectors where masked memory accesses are missing or slow: loads
// and stores of half a vector, a quarter and so on, as the bits of the count
// say.  Rows of one length take the same branches, which are predicted well.

#include "KernelBuilder.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"
#include <numeric>

using namespace mlir;
using namespace mlir::softmax;

/// Whether bit `bit` of the index `count` is set.
static Value testBit(KernelBuilder &k, Value count, int64_t bit) {
  Value isolated = k.b.createOrFold<arith::AndIOp>(k.loc, count, k.index(bit));
  return k.b.createOrFold<arith::CmpIOp>(k.loc, arith::CmpIPredicate::ne,
                                         isolated, k.index(0));
}

/// `low` below `high`, vectors of the same length.
static Value concatenate(KernelBuilder &k, Value low, Value high) {
  auto type = cast<VectorType>(low.getType());
  SmallVector<int64_t> order(2 * type.getNumElements());
  std::iota(order.begin(), order.end(), 0);
  return vector::ShuffleOp::create(k.b, k.loc, low, high, order);
}

static Value half(KernelBuilder &k, Value vector, bool high) {
  int64_t count = cast<VectorType>(vector.getType()).getNumElements() / 2;
  return vector::ExtractStridedSliceOp::create(
      k.b, k.loc, vector, ArrayRef<int64_t>{high ? count : 0},
      ArrayRef<int64_t>{count}, ArrayRef<int64_t>{1});
}

/// What pieces of `element` are put together as.  Without vector instructions
/// for narrow floats LLVM takes parts of such vectors by way of f32 and calls
/// its library to come back; bits stay bits.
static Type carrier(KernelBuilder &k, Type element) {
  if (!isa<FloatType>(element) || element.getIntOrFloatBitWidth() >= 32)
    return element;
  return k.b.getIntegerType(element.getIntOrFloatBitWidth());
}

/// `vector` with its bits as those of `element`.
static Value recast(KernelBuilder &k, Value vector, Type element) {
  auto type = cast<VectorType>(vector.getType());
  if (type.getElementType() == element)
    return vector;
  return vector::BitCastOp::create(k.b, k.loc, type.clone(element), vector);
}

/// The value of `yes` or of `no`, which build in their own regions.
static Value choose(KernelBuilder &k, Value condition,
                    function_ref<Value()> yes, function_ref<Value()> no) {
  auto ifOp = scf::IfOp::create(
      k.b, k.loc, condition,
      [&](OpBuilder &, Location) { scf::YieldOp::create(k.b, k.loc, yes()); },
      [&](OpBuilder &, Location) { scf::YieldOp::create(k.b, k.loc, no()); });
  return ifOp.getResult(0);
}

Value KernelBuilder::loadPieces(const OperandView &view, Value offset,
                                Value count) {
  Type bits = carrier(*this, view.elementType);
  auto loadPart = [&](int64_t width, Value at) -> Value {
    Value part = vector::LoadOp::create(
        b, loc, vectorOf(view.elementType, width), view.flat, ValueRange{at});
    return recast(*this, part, bits);
  };
  Value whole = choose(
      *this,
      b.createOrFold<arith::CmpIOp>(loc, arith::CmpIPredicate::eq, count,
                                    index(lanes)),
      [&] { return loadPart(lanes, offset); },
      [&] {
        // A piece begins where the larger ones end; put together from the
        // smallest.
        auto begin = [&](int64_t width) {
          Value larger = b.createOrFold<arith::AndIOp>(loc, count,
                                                       index(~(2 * width - 1)));
          return add(offset, larger);
        };
        VectorType single = vectorOf(bits, 1);
        auto nothing = [&](VectorType type) -> Value {
          return arith::ConstantOp::create(b, loc, b.getZeroAttr(type));
        };
        Value rest = nothing(single);
        for (int64_t width = 1; width < lanes; width *= 2) {
          VectorType type = vectorOf(bits, width);
          rest = choose(
              *this, testBit(*this, count, width),
              [&] {
                return concatenate(*this, loadPart(width, begin(width)), rest);
              },
              [&] { return concatenate(*this, rest, nothing(type)); });
        }
        return rest;
      });
  return recast(*this, whole, view.elementType);
}

void KernelBuilder::storePieces(Value vector, const OperandView &view,
                                Value offset, Value count) {
  auto storePart = [&](Value part, Value at) {
    vector::StoreOp::create(b, loc, recast(*this, part, view.elementType),
                            view.flat, ValueRange{at});
  };
  vector = recast(*this, vector, carrier(*this, view.elementType));
  scf::IfOp::create(
      b, loc,
      b.createOrFold<arith::CmpIOp>(loc, arith::CmpIPredicate::eq, count,
                                    index(lanes)),
      [&](OpBuilder &, Location) {
        storePart(vector, offset);
        scf::YieldOp::create(b, loc);
      },
      [&](OpBuilder &, Location) {
        Value rest = vector, at = offset;
        for (int64_t width = lanes / 2; width > 0; width /= 2) {
          Value low = half(*this, rest, /*high=*/false);
          Value high = half(*this, rest, /*high=*/true);
          auto ifOp = scf::IfOp::create(
              b, loc, testBit(*this, count, width),
              [&](OpBuilder &, Location) {
                storePart(low, at);
                Value next = add(at, index(width));
                scf::YieldOp::create(b, loc, ValueRange{high, next});
              },
              [&](OpBuilder &, Location) {
                scf::YieldOp::create(b, loc, ValueRange{low, at});
              });
          rest = ifOp.getResult(0);
          at = ifOp.getResult(1);
        }
        scf::YieldOp::create(b, loc);
      });
}
