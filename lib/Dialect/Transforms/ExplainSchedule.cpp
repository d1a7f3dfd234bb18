// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// A schedule in words, and what it was chosen over.

#include "softmax/Dialect/Transforms/Schedule.h"
#include "softmax/Schedule/ChooseAlternatives.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Format.h"
#include "llvm/Support/FormattedStream.h"

using namespace mlir;
using namespace mlir::softmax;

/// Where strategies are compared if the length of rows is not known.
static constexpr int64_t kComparedColumns[] = {16, 64, 1024, 16384, 1048576};

/// Rows of `columns` elements that a cache holds, or that none does.
static Work workFor(const KernelShape &shape, const TargetDescription &target,
                    int64_t columns, bool far) {
  if (shape.rows)
    return {columns, *shape.rows};
  return far ? getFarWork(shape, target, columns)
             : getNearWork(shape, target, columns);
}

static void explainGuard(AlternativeAttr a, const KernelShape &shape,
                         llvm::raw_ostream &os) {
  SmallVector<std::string> parts;
  auto add = [&](const Twine &text) { parts.push_back(text.str()); };
  if (a.getLayout() == Layout::Row && !shape.rowCertain)
    add("rows contiguous");
  if (a.getLayout() == Layout::Inner && !shape.innerCertain)
    add("inner dimension contiguous");
  if (!shape.columns) {
    int64_t least = a.getMinColumns(), most = a.getMaxColumns();
    if (least && most)
      add(Twine(least) + " <= columns <= " + Twine(most));
    else if (least)
      add("columns >= " + Twine(least));
    else if (most)
      add("columns <= " + Twine(most));
  }
  // A range of rows may be smaller than all of them.
  if (a.getMinRows())
    add("rows >= " + Twine(a.getMinRows()));
  if (a.getMinBytes() && !(shape.columns && shape.rows))
    add("bytes >= " + Twine(a.getMinBytes()));
  os << (parts.empty() ? "otherwise" : llvm::join(parts, ", "));
}

/// Whether nothing behind `a` is ever taken.
static bool isCertain(AlternativeAttr a, const KernelShape &shape) {
  bool layout = a.getLayout() == Layout::Any ||
                (a.getLayout() == Layout::Row && shape.rowCertain) ||
                (a.getLayout() == Layout::Inner && shape.innerCertain);
  bool columns = (a.getMaxColumns() == 0 && a.getMinColumns() == 0) ||
                 shape.columns.has_value();
  bool bytes = a.getMinBytes() == 0 || (shape.columns && shape.rows);
  return layout && columns && bytes && a.getMinRows() == 0;
}

/// The modelled cost of the cheapest form of `kind` on `work`, if it runs it.
static std::optional<double> costOf(StrategyKind kind,
                                    ArrayRef<Candidate> candidates,
                                    const KernelShape &shape,
                                    const TargetDescription &target,
                                    const Work &work) {
  std::optional<double> best;
  for (const Candidate &c : candidates) {
    if (c.strategy != kind || !holds(c, shape, work))
      continue;
    double cycles = modelCycles(c, shape, target, work);
    best = best ? std::min(*best, cycles) : cycles;
  }
  return best;
}

/// A table of what every strategy would cost: a column per row length, for data
/// in cache and in memory.
static void explainCosts(const KernelShape &shape,
                         const TargetDescription &target,
                         llvm::raw_ostream &os) {
  ArrayRef<int64_t> lengths(kComparedColumns);
  if (shape.columns)
    lengths = *shape.columns;
  SmallVector<Work> cells;
  for (bool far : {false, true})
    if (!far || !shape.rows)
      for (int64_t columns : lengths)
        cells.push_back(workFor(shape, target, columns, far));

  os << "  compared, cycles/element";
  if (!shape.rows)
    os << " in the second cache level | in memory";
  os << "\n    columns    ";
  auto separate = [&](size_t i) {
    if (!shape.rows && i == lengths.size())
      os << " |";
  };
  for (auto [i, work] : llvm::enumerate(cells)) {
    separate(i);
    os << llvm::format(" %7lld", static_cast<long long>(work.columns));
  }
  os << '\n';
  SmallVector<Candidate> candidates = listCandidates(shape, target);
  SmallVector<StringRef> others;
  for (StrategyKind kind : allStrategies()) {
    SmallVector<std::optional<double>> costs =
        llvm::map_to_vector(cells, [&](const Work &work) {
          return costOf(kind, candidates, shape, target, work);
        });
    if (llvm::none_of(costs, [](auto cost) { return cost.has_value(); })) {
      others.push_back(toString(kind));
      continue;
    }
    os << "    " << llvm::left_justify(toString(kind), 11);
    for (auto [i, cost] : llvm::enumerate(costs)) {
      separate(i);
      if (cost)
        os << llvm::format(" %7.2f", *cost);
      else
        os << "       -";
    }
    os << '\n';
  }
  if (!others.empty())
    os << "    do not apply: " << llvm::join(others, ", ") << '\n';
}

void mlir::softmax::explainSchedule(GenericOp op,
                                    const TargetDescription &target,
                                    llvm::raw_ostream &os) {
  ScheduleAttr schedule = op.getScheduleAttr();
  if (!schedule) {
    os << "  no schedule\n";
    return;
  }
  NumericAttr numeric = schedule.getNumeric();
  KernelShape shape = describeShape(op, numeric);
  os << "  accuracy " << stringifyAccuracy(numeric.getAccuracy())
     << ", exponentials " << stringifyExpForm(numeric.getExp())
     << (numeric.getFma() ? " with" : " without")
     << " fused multiply-add, sums of " << numeric.getGroup() << ", blocks of "
     << numeric.getBlock() << '\n';
  for (AlternativeAttr a : schedule.getAlternatives()) {
    Candidate c = toCandidate(a);
    int64_t columns = shape.columns.value_or(
        c.maxColumns ? c.maxColumns : std::max<int64_t>(c.minColumns, 4096));
    os << "  ";
    explainGuard(a, shape, os);
    os << ": " << stringifyStrategy(a.getStrategy())
       << (c.strategy == StrategyKind::Packed ? " (scalar packing, " : " (")
       << c.lanes << (c.scalable ? " or more" : "") << " lanes x " << c.vectors;
    if (c.rows)
      os << ", " << c.rows << " rows in flight";
    os << ", staging " << stringifyStaging(a.getStaging()) << ", tails "
       << stringifyTailMode(a.getTail());
    if (c.prefetch)
      os << ", prefetch " << c.prefetch;
    if (c.nontemporal)
      os << ", nontemporal stores";
    Work work = workFor(shape, target, columns, c.minBytes != 0);
    work.rows = std::max(work.rows, c.minRows);
    os << "), modelled "
       << llvm::format("%.2f", modelCycles(c, shape, target, work))
       << " cycles/element at " << work.rows << " x " << columns << "\n";
    // What types promise ends the list.
    if (isCertain(a, shape))
      break;
  }
  explainCosts(shape, target, os);
}
