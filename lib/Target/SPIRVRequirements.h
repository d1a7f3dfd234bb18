// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// What a SPIR-V module asks of a device.
#ifndef SOFTMAX_LIB_TARGET_SPIRVREQUIREMENTS_H
#define SOFTMAX_LIB_TARGET_SPIRVREQUIREMENTS_H

#include "llvm/ADT/StringRef.h"

#include <string>
#include <vector>

namespace mlir::softmax {

struct SPIRVRequirements {
  /// Names as in the SPIR-V specification, in the module's order.
  std::vector<std::string> capabilities, extensions;
};

/// Reads OpCapability and OpExtension of `module`, the bytes of a SPIR-V module
/// in the host's byte order.
SPIRVRequirements readSPIRVRequirements(llvm::StringRef module);

} // namespace mlir::softmax

#endif // SOFTMAX_LIB_TARGET_SPIRVREQUIREMENTS_H
