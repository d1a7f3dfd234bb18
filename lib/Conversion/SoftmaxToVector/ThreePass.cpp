// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// three_pass: maximum, sum, results, one after the other over a contiguous row,
// or over blocks of it.  The exponentials of the second pass are computed again
// in the third, or wait for it in the destination or in a scratch row.

#include "../Common/RowEnd.h"
#include "ResultBody.h"
#include "RowProgram.h"
#include "Strategies.h"

using namespace mlir;
using namespace mlir::softmax;

namespace {
class ThreePassRunner : public SingleRowRunner {
public:
  ThreePassRunner(KernelBuilder &k, const RowNeeds &needs,
                  const RowPosition &row, int64_t unroll,
                  const std::optional<Stage> &stage)
      : SingleRowRunner(k, row), needs(needs), unroll(unroll), stage(stage) {}

  SmallVector<WideValue> reduce(unsigned pass, ArrayRef<unsigned> active,
                                ArrayRef<RowValues> rows,
                                ElementRange range) override {
    bool stages = stage && isStagedPass(k, needs, pass, active);
    SmallVector<WideValue> results;
    SmallVector<Value> flat = emitWithCommonCase(
        k, pass, active, rows, [&](ArrayRef<RowValues> values) {
          RowPassAccess access(k, needs, row, active,
                               stages ? &*stage : nullptr);
          PassBody body(k, pass, active, values, access);
          emitGroups(k, {&body}, range);
          results = body.results;
          return flattenWide(results);
        });
    return unflattenWide(flat, results);
  }

  void writeResults(ArrayRef<RowValues> rows, ValueRange handedOn,
                    ElementRange range) override {
    ResultBody body(k, needs, row, rows, handedOn, stage ? &*stage : nullptr,
                    /*nontemporal=*/false);
    forEachVector(k, range, unroll,
                  [&](Value i, const Tail *tail) { body.write(i, tail); });
  }

  Value end() override {
    return needs.extent ? buildRowEnd(k, *needs.extent, row) : Value();
  }
  void writeMasked(ArrayRef<RowValues> rows, ValueRange handedOn,
                   ElementRange range) override {
    writeMaskedResults(k, needs, row, rows, handedOn, range,
                       /*nontemporal=*/false);
  }

private:
  const RowNeeds &needs;
  int64_t unroll;
  const std::optional<Stage> &stage;
};
} // namespace

void mlir::softmax::emitThreePass(KernelBuilder &k, const RowNeeds &needs,
                                  AlternativeAttr alternative) {
  k.visitCountingOnly(needs.extent);
  std::optional<Stage> stage;
  if (alternative.getStaging() == Staging::Scratch)
    stage =
        allocateStage(k, needs, k.atMostColumns(alternative.getMaxColumns()));
  forEachRow(k, [&](const RowPosition &row) {
    std::optional<Stage> own = stage;
    if (needs.staged && alternative.getStaging() == Staging::Output)
      own = Stage{k.inits[0], row.initOffsets[0], std::nullopt};
    ThreePassRunner runner(k, needs, row, alternative.getVectors(), own);
    emitRowProgram(k, needs, runner);
  });
}
