// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "Partials.h"

using namespace mlir;
using namespace mlir::softmax;

static bool isProbed(GenericBuilder &k, const RowNeeds &needs, unsigned s) {
  for (auto [pass, runs] : llvm::enumerate(needs.passes[s]))
    if (runs && k.statistics[s].isRowArgumentPass(pass))
      return true;
  return false;
}

SmallVector<Value> Partials::buildEmpty() {
  SmallVector<Value> values;
  StatisticBuilder at = builder.statistic();
  for (unsigned s = 0; s < builder.statistics.size(); ++s)
    if (isActive(s))
      llvm::append_range(values, builder.statistics[s].buildEmptyPartial(
                                     at, isProbed(builder, needs, s)));
  return values;
}

SmallVector<Value> Partials::flatten(ArrayRef<RowValues> rows) {
  SmallVector<Value> values;
  for (unsigned s = 0; s < builder.statistics.size(); ++s)
    if (isActive(s))
      llvm::append_range(values, builder.statistics[s].getPartial(rows[s]));
  return values;
}

SmallVector<RowValues> Partials::unflatten(ValueRange values) {
  SmallVector<RowValues> rows(builder.statistics.size());
  StatisticBuilder at = builder.statistic();
  for (unsigned s = 0; s < builder.statistics.size(); ++s) {
    if (!isActive(s))
      continue;
    size_t count = builder.statistics[s]
                       .buildEmptyPartial(at, isProbed(builder, needs, s))
                       .size();
    rows[s] =
        builder.statistics[s].buildFromPartial(at, values.take_front(count));
    values = values.drop_front(count);
  }
  return rows;
}

SmallVector<RowValues> Partials::merge(ArrayRef<RowValues> total,
                                       ArrayRef<RowValues> part, bool simply) {
  SmallVector<RowValues> merged(builder.statistics.size());
  StatisticBuilder at = builder.statistic();
  for (unsigned s = 0; s < builder.statistics.size(); ++s)
    if (isActive(s))
      merged[s] =
          simply ? builder.statistics[s].buildSimpleMerge(at, total[s], part[s])
                 : builder.statistics[s].buildMerge(at, total[s], part[s]);
  return merged;
}

Value Partials::isSimple(ArrayRef<RowValues> part) {
  StatisticBuilder at = builder.statistic();
  Value all = arith::ConstantOp::create(builder.b, builder.loc,
                                        builder.b.getBoolAttr(true));
  for (unsigned s = 0; s < builder.statistics.size(); ++s)
    if (isActive(s))
      if (Value one = builder.statistics[s].buildSimpleCase(at, part[s]))
        all = builder.b.createOrFold<arith::AndIOp>(builder.loc, all, one);
  return all;
}
