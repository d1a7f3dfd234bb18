// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// registers: a short row stays in vector registers from its one read to its
// one write.  With a dynamic length there is one loop nest per number of
// vectors, so that every access is unrolled.

#include "PassBody.h"
#include "ResultBody.h"
#include "RowProgram.h"
#include "Strategies.h"
#include "mlir/Dialect/SCF/IR/SCF.h"
#include "mlir/Dialect/Utils/StaticValueUtils.h"

using namespace mlir;
using namespace mlir::softmax;

namespace {
class RegistersRunner : public SingleRowRunner {
public:
  /// `tail` is that of the last of `count` vectors, or null if it is whole.
  RegistersRunner(KernelBuilder &k, const RowNeeds &needs,
                  const RowPosition &row, int64_t count, const Tail *tail)
      : SingleRowRunner(k, row), needs(needs), tail(tail) {
    for (int64_t v = 0; v < count; ++v) {
      const Tail *vectorTail = v + 1 == count ? tail : nullptr;
      Value i = k.index(v * k.lanes);
      elements.push_back(loadElements(k, row, i, vectorTail));
      logits.push_back(k.statistics.empty()
                           ? SmallVector<Value>()
                           : buildLogits(k, row, elements.back(), i));
    }
    lifted.resize(count);
  }

  SmallVector<WideValue> reduce(unsigned pass, ArrayRef<unsigned> active,
                                ArrayRef<RowValues> rows,
                                ElementRange) override {
    // The body of the loop over groups, unrolled, on logits that are there.
    Access access(*this, active, pass);
    PassBody body(k, pass, active, rows, access);
    SmallVector<Value> carried = body.start();
    int64_t perGroup = k.numeric.getGroup() / k.lanes;
    int64_t count = static_cast<int64_t>(elements.size());
    for (int64_t first = 0; first < count; first += perGroup) {
      SmallVector<SmallVector<Value>> vectors;
      for (int64_t v = 0; v < perGroup; ++v) {
        if (first + v >= count) {
          vectors.push_back(body.neutral());
          continue;
        }
        access.position = first + v;
        body.load(k.index((first + v) * k.lanes),
                  first + v + 1 == count ? tail : nullptr);
        vectors.push_back(body.compute());
        body.store();
        body.accumulate(v, vectors.back(), carried);
      }
      int64_t width = perGroup;
      while (width > 1 && width * k.lanes > RowSum::numPartials) {
        width /= 2;
        for (int64_t v = 0; v < width; ++v)
          vectors[v] = body.join(vectors[v], vectors[v + width]);
        vectors.resize(width);
      }
      body.endGroup(vectors, carried);
    }
    body.finish(carried);
    return body.results;
  }

  void writeResults(ArrayRef<RowValues> rows, ValueRange handedOn,
                    ElementRange) override {
    for (size_t v = 0; v < elements.size(); ++v) {
      Value i = k.index(v * k.lanes);
      const Tail *vectorTail = v + 1 == elements.size() ? tail : nullptr;
      SmallVector<Value> results = buildResults(
          k, needs, elements[v], logits[v], lifted[v], rows, handedOn, k.lanes,
          [&](int64_t dim) { return elementCoordinate(k, row, dim, i); });
      for (auto [o, result] : llvm::enumerate(results))
        k.store(result, k.inits[o], k.add(row.initOffsets[o], i), vectorTail);
    }
  }

private:
  /// Hands out the row's logits and keeps what is lifted.
  struct Access : PassAccess {
    Access(RegistersRunner &runner, ArrayRef<unsigned> active, unsigned pass)
        : runner(runner), active(active),
          keeps(isStagedPass(runner.k, runner.needs, pass, active)) {}
    SmallVector<Value> load(Value, const Tail *) override {
      return runner.logits[position];
    }
    SmallVector<Value> logits(ArrayRef<Value> loaded, Value,
                              const Tail *) override {
      return SmallVector<Value>(loaded);
    }
    void store(Value, const Tail *, ArrayRef<LiftedValue> values) override {
      if (keeps)
        runner.lifted[position] =
            values[llvm::find(active, *runner.needs.staged) - active.begin()];
    }
    RegistersRunner &runner;
    ArrayRef<unsigned> active;
    bool keeps;
    int64_t position = 0;
  };

  const RowNeeds &needs;
  const Tail *tail;
  SmallVector<SmallVector<Value>> elements, logits;
  SmallVector<LiftedValue> lifted;
};
} // namespace

/// All rows, of `count` vectors each.
static void emitRows(KernelBuilder &k, const RowNeeds &needs, int64_t count) {
  std::optional<int64_t> columns = getConstantIntValue(k.columns);
  std::optional<Tail> tail;
  if (!columns || *columns != count * k.lanes)
    tail = k.tail(k.sub(k.columns, k.index((count - 1) * k.lanes)));
  forEachRow(k, [&](const RowPosition &row) {
    RegistersRunner runner(k, needs, row, count, tail ? &*tail : nullptr);
    emitRowProgram(k, needs, runner);
  });
}

void mlir::softmax::emitRegisters(KernelBuilder &k, const RowNeeds &needs,
                                  AlternativeAttr alternative) {
  int64_t most = llvm::divideCeil(alternative.getMaxColumns(), k.lanes);
  if (std::optional<int64_t> columns = getConstantIntValue(k.columns)) {
    emitRows(k, needs, llvm::divideCeil(*columns, k.lanes));
    return;
  }
  Value vectors =
      k.div(k.add(k.columns, k.index(k.lanes - 1)), k.index(k.lanes));
  SmallVector<int64_t> cases;
  for (int64_t count = 1; count < most; ++count)
    cases.push_back(count);
  auto switchOp = scf::IndexSwitchOp::create(
      k.b, k.loc, TypeRange{}, vectors, cases, static_cast<int>(cases.size()));
  for (auto [region, count] :
       llvm::zip(switchOp->getRegions().drop_front(), cases)) {
    OpBuilder::InsertionGuard guard(k.b);
    k.b.createBlock(&region);
    emitRows(k, needs, count);
    scf::YieldOp::create(k.b, k.loc);
  }
  OpBuilder::InsertionGuard guard(k.b);
  k.b.createBlock(&switchOp.getDefaultRegion());
  emitRows(k, needs, most);
  scf::YieldOp::create(k.b, k.loc);
}
