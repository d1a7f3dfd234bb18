// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// How the strategy online, and rows split among threads, run a row.

#ifndef SOFTMAX_LIB_CONVERSION_SOFTMAXTOVECTOR_ONLINERUNNER_H
#define SOFTMAX_LIB_CONVERSION_SOFTMAXTOVECTOR_ONLINERUNNER_H

#include "RowProgram.h"

namespace mlir::softmax {

/// Reduces what is in memory or cache, and forms exponentials again where
/// results are written: nothing is staged.
class OnlineRunner : public SingleRowRunner {
public:
  OnlineRunner(KernelBuilder &k, const RowNeeds &needs, const RowPosition &row,
               AlternativeAttr alternative)
      : SingleRowRunner(k, row), needs(needs), alternative(alternative) {}

  SmallVector<WideValue> reduce(unsigned pass, ArrayRef<unsigned> active,
                                ArrayRef<RowValues> rows,
                                ElementRange range) override;
  void writeResults(ArrayRef<RowValues> rows, ValueRange handedOn,
                    ElementRange range) override;

  Value end() override;
  void writeMasked(ArrayRef<RowValues> rows, ValueRange handedOn,
                   ElementRange range) override;

private:
  /// Elements ahead that data is asked for.
  Value distance() {
    return k.index(alternative.getPrefetch() * k.numeric.getBlock());
  }

  const RowNeeds &needs;
  AlternativeAttr alternative;
};

} // namespace mlir::softmax

#endif // SOFTMAX_LIB_CONVERSION_SOFTMAXTOVECTOR_ONLINERUNNER_H
