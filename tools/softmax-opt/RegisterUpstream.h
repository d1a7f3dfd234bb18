// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#ifndef SOFTMAX_TOOLS_SOFTMAX_OPT_REGISTERUPSTREAM_H
#define SOFTMAX_TOOLS_SOFTMAX_OPT_REGISTERUPSTREAM_H

namespace mlir {
class DialectRegistry;
namespace softmax {
/// Registers the upstream dialects, external interface models and passes that
/// pipelines around softmax use.
void registerUpstream(DialectRegistry &registry);
} // namespace softmax
} // namespace mlir

#endif // SOFTMAX_TOOLS_SOFTMAX_OPT_REGISTERUPSTREAM_H
