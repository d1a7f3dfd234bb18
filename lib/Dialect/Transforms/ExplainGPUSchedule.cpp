// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "softmax/Dialect/Transforms/Schedule.h"
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
  c.rows = attr.getRows();
  return c;
}

void mlir::softmax::explainGPUSchedule(GenericOp op, const GPUDescription &chip,
                                       llvm::raw_ostream &os) {
  auto schedule = op->getAttrOfType<GPUScheduleAttr>(gpuScheduleAttrName);
  if (!schedule) {
    os << "  no schedule\n";
    return;
  }
  GPUKernelShape shape = describeGPUShape(op);
  os << "  accuracy " << stringifyAccuracy(schedule.getNumeric().getAccuracy())
     << ", exponentials by "
     << (schedule.getNumeric().getExp() == ExpForm::Native ? "instruction"
                                                           : "polynomial")
     << ", exact sums in blocks of " << schedule.getNumeric().getBlock()
     << '\n';
  for (GPUAlternativeAttr attr : schedule.getAlternatives()) {
    GPUCandidate c = toGPUCandidate(attr);
    os << "  ";
    if (c.minColumns)
      os << c.minColumns << " <= ";
    os << (c.minColumns || c.maxColumns ? "columns" : "any columns");
    if (c.maxColumns)
      os << " <= " << c.maxColumns;
    GPUTraffic traffic = modelTraffic(shape, c);
    os << ": " << toString(c.strategy) << " (" << c.threads
       << " threads, vectors of " << c.lanes << " elements x " << c.vectors;
    if (c.rows)
      os << ", " << c.rows << " rows per block";
    os << "), moves " << traffic.bytesPerElement << " bytes per element, "
       << llvm::format("%.2f", traffic.shareOfBound)
       << " of the memory bound (modelled), "
       << llvm::format("%.0f", chip.bandwidth / traffic.bytesPerElement / 1e9)
       << " elements/ns at most\n";
  }
}
