// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
// Holds the precompiled header that every library shares.
