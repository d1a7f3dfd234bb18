// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "TuneKernel.h"

#include "softmax/Dialect/Transforms/Schedule.h"
#include "softmax/Jit/Tune.h"
#include "softmax/Schedule/ChooseAlternatives.h"

#include "llvm/Support/Format.h"
#include "llvm/Support/raw_ostream.h"

#include <chrono>
#include <cmath>
#include <limits>
#include <map>

using namespace mlir;
using namespace mlir::softmax;

// Where lengths are not known: around vectors, groups, blocks and caches.
static constexpr int64_t kLengths[] = {
    1,   4,   8,   12,  16,  20,  24,   28,   32,   48,    64,     96,
    112, 128, 192, 256, 384, 512, 1024, 2048, 4096, 16384, 131072, 1048576};
// Costs of the model above this many times the best are not measured.
static constexpr double kHopeless = 3;
// What a candidate may cost more than the cheapest and still be taken for it.
static constexpr double kMargin = 0.03;
// Each candidate is sampled in turn, so that what disturbs one disturbs all;
// the median counts.
static constexpr unsigned kSamples = 7;
static constexpr double kSampleSeconds = 1e-3;
static constexpr double kNever = std::numeric_limits<double>::infinity();

static double now() {
  return std::chrono::duration<double>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

namespace {
class Tuner {
public:
  Tuner(GenericOp op, const TuneOptions &options)
      : op(op), options(options), numeric(op.getScheduleAttr().getNumeric()),
        shape(describeShape(op, numeric)),
        candidates(listCandidates(shape, options.pipeline.target)) {}

  FailureOr<TuneResult> run();

private:
  /// One choice: the sizes as far as they are known.
  LogicalResult choose(const KernelShape &known,
                       SmallVectorImpl<Candidate> &chosen);
  double getCost(const Candidate &candidate, const Work &work);
  LogicalResult measure(const Work &work);
  LogicalResult measureLayout(const Work &work, LayoutKind layout,
                              MutableArrayRef<double> costs);
  TuneKernel *getKernel(size_t candidate);
  unsigned countPoints() const;
  void addRow(const Work &work, ArrayRef<double> costs);

  GenericOp op;
  const TuneOptions &options;
  NumericAttr numeric;
  KernelShape shape;
  SmallVector<Candidate> candidates;
  SmallVector<std::unique_ptr<TuneKernel>> kernels;
  std::map<std::pair<int64_t, int64_t>, SmallVector<double>> measured;
  bool failed = false;
  TuneResult result;
};
} // namespace

TuneKernel *Tuner::getKernel(size_t candidate) {
  kernels.resize(candidates.size());
  if (!kernels[candidate]) {
    FailureOr<std::unique_ptr<TuneKernel>> kernel =
        TuneKernel::compile(op, candidates[candidate], options.pipeline);
    if (mlir::failed(kernel))
      return nullptr;
    kernels[candidate] = std::move(*kernel);
  }
  return kernels[candidate].get();
}

LogicalResult Tuner::measureLayout(const Work &work, LayoutKind layout,
                                   MutableArrayRef<double> costs) {
  double best = kNever;
  auto isHere = [&](const Candidate &c) {
    return c.layout == layout && holds(c, shape, work);
  };
  for (const Candidate &c : candidates)
    if (isHere(c))
      best =
          std::min(best, modelCycles(c, shape, options.pipeline.target, work));
  SmallVector<size_t> chosen;
  for (auto [i, c] : llvm::enumerate(candidates))
    if (isHere(c) && modelCycles(c, shape, options.pipeline.target, work) <=
                         kHopeless * best)
      chosen.push_back(i);
  if (chosen.empty())
    return success();
  // One is not worth a measurement.
  if (chosen.size() == 1) {
    costs[chosen[0]] = best;
    return success();
  }
  SmallVector<int64_t> sizes = TuneData::getSizes(op, work);
  if (sizes.empty())
    return op.emitOpError("cannot be measured on ")
           << work.rows << " rows of " << work.columns
           << ": its static sizes do not allow that; give others or none";
  TuneData data(op, sizes, layout);
  if (!data.isAllocated())
    return op.emitOpError("cannot be measured on ")
           << work.rows << " rows of " << work.columns
           << ": there is not enough memory; give smaller sizes";

  double elements = std::max<double>(double(work.rows) * work.columns, 1);
  SmallVector<SmallVector<double>> samples(chosen.size());
  SmallVector<int64_t> calls(chosen.size(), 1);
  for (unsigned sample = 0; sample <= kSamples; ++sample)
    for (auto [j, i] : llvm::enumerate(chosen)) {
      TuneKernel *kernel = getKernel(i);
      if (!kernel)
        return failure();
      double start = now();
      for (int64_t call = 0; call < calls[j]; ++call)
        if (int32_t status = kernel->run(data))
          return op.emitOpError(
                     "cannot be measured: its kernel returns status ")
                 << status;
      double seconds = now() - start;
      if (sample != 0) {
        samples[j].push_back(1e9 * seconds / (elements * calls[j]));
        continue;
      }
      // The first call warms up and tells how many make a sample.
      start = now();
      kernel->run(data);
      seconds = std::max(now() - start, 1e-9);
      calls[j] = std::max<int64_t>(kSampleSeconds / seconds, 1);
    }
  for (auto [j, i] : llvm::enumerate(chosen)) {
    llvm::sort(samples[j]);
    costs[i] = samples[j][kSamples / 2];
    ++result.measurements;
  }
  return success();
}

LogicalResult Tuner::measure(const Work &work) {
  if (options.progress)
    options.progress(measured.size(), countPoints(),
                     std::to_string(work.rows) + "x" +
                         std::to_string(work.columns));
  SmallVector<double> costs(candidates.size(), kNever);
  for (LayoutKind layout : {LayoutKind::Row, LayoutKind::Inner})
    if (mlir::failed(measureLayout(work, layout, costs)))
      return failure();
  addRow(work, costs);
  measured[{work.rows, work.columns}] = std::move(costs);
  return success();
}

double Tuner::getCost(const Candidate &candidate, const Work &work) {
  if (failed)
    return kNever;
  auto found = measured.find({work.rows, work.columns});
  if (found == measured.end()) {
    if (mlir::failed(measure(work))) {
      failed = true;
      return kNever;
    }
    found = measured.find({work.rows, work.columns});
  }
  for (auto [c, cost] : llvm::zip_equal(candidates, found->second))
    if (c == candidate)
      return cost;
  return kNever;
}

unsigned Tuner::countPoints() const {
  if (!options.works.empty())
    return options.works.size();
  if (shape.columns)
    return shape.rows ? 1 : 2;
  return 2 * std::size(kLengths);
}

void Tuner::addRow(const Work &work, ArrayRef<double> costs) {
  llvm::raw_string_ostream os(result.table);
  os << "  measured " << work.rows << " x " << work.columns << ", ns/element:";
  const char *separator = " ";
  for (auto [candidate, cost] : llvm::zip_equal(candidates, costs)) {
    if (cost == kNever)
      continue;
    os << separator << toString(candidate.strategy);
    if (candidate.nontemporal)
      os << " (nontemporal, prefetch " << candidate.prefetch << ")";
    os << llvm::format(" %.4f", cost);
    separator = ", ";
  }
  os << '\n';
}

LogicalResult Tuner::choose(const KernelShape &known,
                            SmallVectorImpl<Candidate> &chosen) {
  ChoiceBasis basis;
  basis.cost = [&](const Candidate &candidate, const Work &work) {
    return getCost(candidate, work);
  };
  basis.lengths = kLengths;
  basis.margin = kMargin;
  llvm::Expected<SmallVector<Candidate>> list =
      chooseAlternatives(known, options.pipeline.target, std::nullopt, &basis);
  if (!list)
    return op.emitOpError(llvm::toString(list.takeError()));
  if (failed)
    return failure();
  chosen.append(list->begin(), list->end());
  return success();
}

FailureOr<TuneResult> Tuner::run() {
  SmallVector<Candidate> chosen;
  if (options.works.empty()) {
    if (mlir::failed(choose(shape, chosen)))
      return failure();
  } else {
    // Given sizes decide for rows of their length; what others need comes from
    // the schedule that was there.
    SmallVector<Work> works(options.works);
    llvm::sort(works, [](const Work &x, const Work &y) {
      return std::make_pair(x.columns, -x.rows) <
             std::make_pair(y.columns, -y.rows);
    });
    for (auto [i, work] : llvm::enumerate(works)) {
      // Of the same length the larger numbers of rows come first, as far down
      // as the middle between one and the next.
      int64_t leastBytes = 0;
      if (i + 1 < works.size() && works[i + 1].columns == work.columns)
        leastBytes = static_cast<int64_t>(
            std::sqrt(bytesOf(shape, work) * bytesOf(shape, works[i + 1])));
      if ((shape.columns && *shape.columns != work.columns) ||
          (shape.rows && *shape.rows != work.rows))
        return op.emitOpError("has sizes that are not ")
               << work.rows << " rows of " << work.columns;
      KernelShape known = shape;
      known.columns = work.columns;
      known.rows = work.rows;
      SmallVector<Candidate> own;
      if (mlir::failed(choose(known, own)))
        return failure();
      for (Candidate c : ArrayRef(own).drop_back()) {
        if (!shape.columns)
          c.minColumns = c.maxColumns = work.columns;
        c.minBytes = std::max(c.minBytes, leastBytes);
        if (c.strategy == StrategyKind::Registers && !shape.columns)
          continue;
        chosen.push_back(c);
      }
    }
    for (AlternativeAttr attr : op.getScheduleAttr().getAlternatives())
      chosen.push_back(toCandidate(attr));
  }
  result.schedule = toSchedule(numeric, chosen);
  return std::move(result);
}

FailureOr<TuneResult> mlir::softmax::tuneSchedule(GenericOp op,
                                                  const TuneOptions &options) {
  return Tuner(op, options).run();
}
