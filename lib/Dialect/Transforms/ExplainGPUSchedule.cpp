// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "softmax/Dialect/Transforms/Schedule.h"
#include "softmax/Schedule/GPUCostModel.h"
#include "llvm/Support/Format.h"

using namespace mlir;
using namespace mlir::softmax;

static GPUCandidate toGPUCandidate(GPUAlternativeAttr attr) {
  GPUCandidate c;
  c.strategy = *parseGPUStrategy(stringifyGPUStrategy(attr.getStrategy()));
  c.minColumns = attr.getMinColumns();
  c.maxColumns = attr.getMaxColumns();
  c.threads = attr.getThreads();
  c.lanes = attr.getLanes();
  c.vectors = attr.getVectors();
  c.maxRows = attr.getMaxRows();
  c.rows = attr.getRows();
  c.cluster = attr.getCluster();
  return c;
}

SmallVector<GPUCandidate> mlir::softmax::listGPUAlternatives(GenericOp op) {
  SmallVector<GPUCandidate> candidates;
  if (auto schedule = op->getAttrOfType<GPUScheduleAttr>(gpuScheduleAttrName))
    for (GPUAlternativeAttr attr : schedule.getAlternatives())
      candidates.push_back(toGPUCandidate(attr));
  return candidates;
}

/// What the model says of `c` at the longest of its rows, and of the strategies
/// that could take them as well.
static void explainCost(const GPUKernelShape &shape, const GPUCandidate &c,
                        const GPUDescription &chip, llvm::raw_ostream &os) {
  int64_t columns = shape.columns.value_or(
      c.maxColumns ? c.maxColumns
                   : std::max<int64_t>(4 * c.minColumns, 32 * shape.block()));
  std::optional<int64_t> rows;
  if (c.maxRows)
    rows = c.maxRows;
  GPUCost cost = modelGPUCost(shape, c, chip, columns, rows);
  os << "\n    at " << columns << " columns";
  if (rows)
    os << " and " << *rows << " rows";
  os << " (modelled): " << cost.residentBlocks << " blocks per multiprocessor, "
     << llvm::format("%.0f", cost.bytesInFlight / 1024) << " KB in flight, "
     << llvm::format("%.2f", cost.share) << " of the bound";
  GPUKernelShape known = shape;
  known.columns = columns;
  StringRef separator = "; ";
  for (GPUStrategyKind kind :
       {GPUStrategyKind::RowsPerWarp, GPUStrategyKind::WarpPerRow,
        GPUStrategyKind::BlockPerRow, GPUStrategyKind::BlockShared,
        GPUStrategyKind::ClusterPerRow, GPUStrategyKind::SplitRow,
        GPUStrategyKind::BlockOnline}) {
    if (kind == c.strategy || !shape.contiguous)
      continue;
    auto other = chooseGPUKernels(known, chip, kind);
    if (!other) {
      llvm::consumeError(other.takeError());
      continue;
    }
    GPUCost otherCost =
        modelGPUCost(shape, other->front(), chip, columns, rows);
    os << separator << toString(kind) << ' '
       << llvm::format("%.2f", otherCost.share);
    separator = ", ";
  }
}

void mlir::softmax::explainGPUSchedule(GenericOp op, const GPUDescription &chip,
                                       llvm::raw_ostream &os) {
  auto schedule = op->getAttrOfType<GPUScheduleAttr>(gpuScheduleAttrName);
  if (!schedule) {
    os << "  no schedule\n";
    return;
  }
  GPUKernelShape shape =
      describeGPUShape(op, schedule.getNumeric().getAccuracy());
  os << "  accuracy " << stringifyAccuracy(schedule.getNumeric().getAccuracy())
     << ", exponentials by "
     << (schedule.getNumeric().getExp() == ExpForm::Native ? "instruction"
                                                           : "polynomial")
     << ", exact sums in blocks of " << schedule.getNumeric().getBlock()
     << '\n';
  for (const GPUCandidate &c : listGPUAlternatives(op)) {
    os << "  ";
    if (c.minColumns)
      os << c.minColumns << " <= ";
    os << (c.minColumns || c.maxColumns ? "columns" : "any columns");
    if (c.maxColumns)
      os << " <= " << c.maxColumns;
    if (c.maxRows)
      os << ", rows <= " << c.maxRows;
    GPUTraffic traffic = modelTraffic(shape, c);
    os << ": " << toString(c.strategy) << " (" << c.threads << " threads, ";
    if (c.strategy == GPUStrategyKind::LanesInner)
      os << c.lanes << (c.lanes == 1 ? " row" : " rows")
         << " per thread, blocks of " << c.vectors << " elements";
    else
      os << "vectors of " << c.lanes << " elements x " << c.vectors;
    if (c.rows)
      os << ", " << c.rows << " rows per block";
    if (c.cluster)
      os << ", clusters of " << c.cluster << " blocks";
    if (int64_t blocks = getSharedBlocks(c))
      os << ", " << getSharedBytes(shape, blocks) << " bytes of shared memory";
    os << "), moves " << traffic.bytesPerElement << " bytes per element, "
       << llvm::format("%.2f", traffic.shareOfBound)
       << " of the memory bound (modelled), "
       << llvm::format("%.0f", chip.bandwidth / traffic.bytesPerElement / 1e9)
       << " elements/ns at most";
    if (chip.issueRate > 0)
      explainCost(shape, c, chip, os);
    os << '\n';
  }
}
