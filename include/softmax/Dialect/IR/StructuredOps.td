// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#ifndef SOFTMAX_DIALECT_IR_STRUCTUREDOPS
#define SOFTMAX_DIALECT_IR_STRUCTUREDOPS

include "softmax/Dialect/IR/SoftmaxBase.td"
include "softmax/Dialect/IR/SoftmaxAttrs.td"
include "mlir/Interfaces/DestinationStyleOpInterface.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Softmax_Shaped : AnyTypeOf<[AnyRankedTensor, AnyMemRef]>;

class Softmax_Op<string mnemonic, list<Trait> traits = []>
    : Op<Softmax_Dialect, mnemonic, traits>;

/// Destination-passing, on tensors or memrefs, effects by what is written.
class Softmax_StructuredOp<string mnemonic, list<Trait> traits = []>
    : Softmax_Op<mnemonic, !listconcat([
        DestinationStyleOpInterface,
        DeclareOpInterfaceMethods<ReifyRankedShapedTypeOpInterface, ["reifyResultShapes"]>,
        DeclareOpInterfaceMethods<MemoryEffectsOpInterface>,
        DeclareOpInterfaceMethods<ConditionallySpeculatable>], traits)> {
  let hasVerifier = 1;
  code structuredOpDecls = [{
    /// Destinations; with tensors, results are tied to them one to one.
    ::mlir::MutableOperandRange getDpsInitsMutable() { return getInitsMutable(); }
    /// Rank of the iteration space (that of the logits).
    int64_t getIterationRank();
    /// f64 as soon as any floating operand or result is f64, else f32
    /// (C-TYPE-2).
    ::mlir::FloatType getComputeType();
    /// The map from the iteration space to the indices of an input or
    /// destination (sizes of 1 that broadcast are the constant 0); null for a
    /// plain scalar of a named op and for a row range.
    ::mlir::AffineMap getOperandMap(::mlir::OpOperand &operand);
  }];
}

#endif // SOFTMAX_DIALECT_IR_STRUCTUREDOPS
