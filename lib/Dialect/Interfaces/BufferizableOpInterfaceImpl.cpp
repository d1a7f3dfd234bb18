// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// BufferizableOpInterface of the structured ops.

#include "softmax/Dialect/Interfaces/BufferizableOpInterfaceImpl.h"
#include "mlir/Dialect/Bufferization/IR/BufferizableOpInterface.h"
#include "mlir/Dialect/Bufferization/IR/DstBufferizableOpInterfaceImpl.h"
#include "mlir/Dialect/Utils/StructuredOpsUtils.h"
#include "softmax/Dialect/IR/Softmax.h"

using namespace mlir;
using namespace mlir::softmax;
using namespace mlir::bufferization;

namespace {

/// Whether a destination's old contents show through: rows outside a `rows`
/// range keep them; every other op writes each element.
template <typename OpTy>
bool keepsOldContents(OpTy) {
  return false;
}
template <>
bool keepsOldContents(GenericOp op) {
  return !op.getRows().empty();
}

template <typename OpTy>
struct StructuredOpModel
    : public DstBufferizableOpInterfaceExternalModel<StructuredOpModel<OpTy>,
                                                     OpTy> {
  bool bufferizesToMemoryRead(Operation *op, OpOperand &operand,
                              const AnalysisState &) const {
    auto structured = cast<OpTy>(op);
    return !cast<DestinationStyleOpInterface>(op).isDpsInit(&operand) ||
           keepsOldContents(structured);
  }

  /// True where every operand stands for the same element at the same point of
  /// the iteration space.  Statistics are complete before the first element of
  /// a row is written, and no lowering reads an element of a row after
  /// overwriting it; so one buffer may hold such operands together.  An operand
  /// of one element per row is not such: it is read again for every element of
  /// the row, and a per-row destination may have been written by then.
  bool bufferizesToElementwiseAccess(Operation *op, const AnalysisState &,
                                     ArrayRef<OpOperand *> operands) const {
    auto structured = cast<OpTy>(op);
    AffineMap first;
    for (OpOperand *operand : operands) {
      AffineMap map = structured.getOperandMap(*operand);
      if (!map || (first && map != first))
        return false;
      first = map;
    }
    for (int64_t dim = 0, rank = structured.getIterationRank(); dim < rank;
         ++dim)
      if (!first || !first.isFunctionOfDim(dim))
        return false;
    return true;
  }

  LogicalResult bufferize(Operation *op, RewriterBase &rewriter,
                          const BufferizationOptions &options,
                          BufferizationState &state) const {
    OpBuilder::InsertionGuard guard(rewriter);
    rewriter.setInsertionPoint(op);
    SmallVector<Value> operands;
    for (Value operand : op->getOperands()) {
      if (!isa<TensorType>(operand.getType())) {
        operands.push_back(operand);
        continue;
      }
      FailureOr<Value> buffer = getBuffer(rewriter, operand, options, state);
      if (failed(buffer))
        return failure();
      operands.push_back(*buffer);
    }
    Operation *onBuffers =
        cloneWithoutRegions(rewriter, op, TypeRange(), operands);
    for (auto [from, to] :
         llvm::zip_equal(op->getRegions(), onBuffers->getRegions()))
      rewriter.inlineRegionBefore(from, to, to.begin());
    replaceOpWithBufferizedValues(rewriter, op,
                                  cast<OpTy>(onBuffers).getInits());
    return success();
  }
};

template <typename... OpTys>
void attachModels(MLIRContext *context) {
  (OpTys::template attachInterface<StructuredOpModel<OpTys>>(*context), ...);
}

} // namespace

void mlir::softmax::registerBufferizableOpInterfaceExternalModels(
    DialectRegistry &registry) {
  registry.addExtension(+[](MLIRContext *context, SoftmaxDialect *) {
    attachModels<SoftmaxOp, LogSoftmaxOp, LogSumExpOp, SoftmaxBackwardOp,
                 LogSoftmaxBackwardOp, CrossEntropyOp, CrossEntropyBackwardOp,
                 StatsOp, MergeOp, GenericOp>(context);
  });
}
