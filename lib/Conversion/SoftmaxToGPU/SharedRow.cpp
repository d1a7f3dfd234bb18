// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "SharedRow.h"
#include "Schedules.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Vector/IR/VectorOps.h"

using namespace mlir;
using namespace mlir::softmax;

/// Accesses of shared memory have 16 bytes at most, and so has its alignment.
static constexpr int64_t sharedAlignment = 16;

static int64_t getInputBytes(GPUBuilder &k, const OperandView &view,
                             int64_t blocks) {
  if (!view.alongRow)
    return 0;
  return llvm::alignTo(blocks * k.numeric.getBlock() * view.elementBytes(),
                       sharedAlignment);
}

int64_t mlir::softmax::getSharedRowBytes(GPUBuilder &k, int64_t blocks) {
  int64_t bytes = 0;
  for (const OperandView &view : k.inputs)
    bytes += getInputBytes(k, view, blocks);
  return bytes;
}

SharedRow::SharedRow(GPUBuilder &k, const RowNeeds &needs,
                     const RowPosition &row, Value first, Value count,
                     int64_t most)
    : k(k), needs(needs), row(row), first(first), count(count) {
  auto space = gpu::AddressSpaceAttr::get(
      k.b.getContext(), gpu::GPUDialect::getWorkgroupAddressSpace());
  auto typeOf = [&](int64_t size, Type element) {
    return MemRefType::get({size}, element, MemRefLayoutAttrInterface(), space);
  };
  Value all = gpu::DynamicSharedMemoryOp::create(
      k.b, k.loc, typeOf(ShapedType::kDynamic, k.b.getI8Type()));
  int64_t offset = 0;
  for (const OperandView &view : k.inputs) {
    Value &part = memory.emplace_back();
    if (!view.alongRow)
      continue;
    part = memref::ViewOp::create(
        k.b, k.loc, typeOf(most * k.numeric.getBlock(), view.elementType), all,
        k.index(offset), ValueRange());
    offset += getInputBytes(k, view, most);
  }
}

llvm::Align SharedRow::alignmentOf(unsigned input) {
  return llvm::Align(std::min<int64_t>(
      sharedAlignment, k.lanes * k.inputs[input].elementBytes()));
}

void SharedRow::store(const Segment &segment, Value number) {
  Value block = k.mul(number, k.index(k.numeric.getBlock()));
  for (const Segment::Slot &slot : segment.slots) {
    auto keep = [&]() {
      Value place = k.add(block, slot.place);
      for (auto [i, part] : llvm::enumerate(memory)) {
        if (!part)
          continue;
        if (slot.lanes)
          vector::StoreOp::create(k.b, k.loc, slot.elements[i], part,
                                  ValueRange{place}, /*nontemporal=*/false,
                                  alignmentOf(i));
        else
          memref::StoreOp::create(k.b, k.loc, slot.elements[i], part, place);
      }
    };
    if (!slot.valid) {
      keep();
      continue;
    }
    scf::IfOp::create(k.b, k.loc, slot.valid, [&](OpBuilder &, Location) {
      keep();
      scf::YieldOp::create(k.b, k.loc);
    });
  }
}

void SharedRow::load(Segment &segment, Value number) {
  Value block = k.mul(number, k.index(k.numeric.getBlock()));
  segment.takeInvariants();
  for (Segment::Slot &slot : segment.slots) {
    Value place = k.add(block, slot.place);
    for (unsigned i = 0; i < memory.size(); ++i) {
      if (!memory[i])
        continue;
      Type element = k.inputs[i].elementType;
      auto vector = VectorType::get(std::max<int64_t>(1, slot.lanes), element);
      slot.elements[i] = segment.loadWhere(
          slot.valid, slot.lanes ? Type(vector) : element, segment.outsideOf(i),
          [&]() -> Value {
            if (slot.lanes)
              return vector::LoadOp::create(
                  k.b, k.loc, vector, memory[i], ValueRange{place},
                  /*nontemporal=*/false, alignmentOf(i));
            return memref::LoadOp::create(k.b, k.loc, memory[i], place);
          });
    }
  }
  segment.computeLogits();
}

void SharedRow::forBlocks(Body body) {
  scf::ForOp::create(k.b, k.loc, k.index(0), count, k.index(1), ValueRange(),
                     [&](OpBuilder &, Location, Value number, ValueRange) {
                       Segment segment =
                           blockOfRow(k, row, k.add(first, number));
                       body(segment, number);
                       scf::YieldOp::create(k.b, k.loc);
                     });
}

// Without a barrier: warps that have asked for a block go on to the next one.
void SharedRow::read() {
  forBlocks([&](Segment &segment, Value number) {
    segment.read();
    store(segment, number);
  });
}

void SharedRow::runPasses(function_ref<void(Value, ArrayRef<RowValues>)> take) {
  forBlocks([&](Segment &segment, Value number) {
    load(segment, number);
    take(number, SegmentRunner(k, needs, segment).runPasses());
  });
}

void SharedRow::writeResults(ArrayRef<RowValues> rows, ValueRange handedOn,
                             function_ref<RowValues(Value)> partOf) {
  forBlocks([&](Segment &segment, Value number) {
    load(segment, number);
    RowValues part;
    if (SegmentRunner::needsPart(k, needs))
      part = partOf(number);
    SegmentRunner(k, needs, segment).writeResultsOfPart(rows, part, handedOn);
  });
}
