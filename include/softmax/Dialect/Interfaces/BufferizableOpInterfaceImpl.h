// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Bufferization of the structured ops of the softmax dialect.

#ifndef SOFTMAX_DIALECT_INTERFACES_BUFFERIZABLEOPINTERFACEIMPL_H
#define SOFTMAX_DIALECT_INTERFACES_BUFFERIZABLEOPINTERFACEIMPL_H

namespace mlir {
class DialectRegistry;

namespace softmax {

/// Attaches bufferization::BufferizableOpInterface to softmax.softmax,
/// log_softmax, logsumexp and generic.  An op whose input and destination are
/// one tensor becomes an op on one buffer, without an allocation or a copy, as
/// long as both are indexed by the same map; where an input reads the
/// destination's tensor through another map, the destination gets a buffer of
/// its own.
void registerBufferizableOpInterfaceExternalModels(DialectRegistry &registry);

} // namespace softmax
} // namespace mlir

#endif // SOFTMAX_DIALECT_INTERFACES_BUFFERIZABLEOPINTERFACEIMPL_H
