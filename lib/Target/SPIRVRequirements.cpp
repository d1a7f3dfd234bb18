// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

#include "SPIRVRequirements.h"

#include "mlir/Dialect/SPIRV/IR/SPIRVEnums.h"

#include <cstring>

using namespace mlir;
using namespace mlir::softmax;

SPIRVRequirements mlir::softmax::readSPIRVRequirements(llvm::StringRef module) {
  auto wordAt = [&](size_t i) {
    uint32_t word = 0;
    std::memcpy(&word, module.data() + 4 * i, 4);
    return word;
  };
  SPIRVRequirements needs;
  // Five words of header, then instructions: their length in the upper half of
  // the first word (SPIR-V specification, 2.3).
  size_t numWords = module.size() / 4;
  for (size_t i = 5; i < numWords;) {
    uint32_t length = wordAt(i) >> 16;
    auto opcode = static_cast<spirv::Opcode>(wordAt(i) & 0xffff);
    if (length == 0 || i + length > numWords)
      break;
    if (opcode == spirv::Opcode::OpCapability && length == 2) {
      if (auto capability = spirv::symbolizeCapability(wordAt(i + 1)))
        needs.capabilities.push_back(
            spirv::stringifyCapability(*capability).str());
    } else if (opcode == spirv::Opcode::OpExtension) {
      // Ends with a 0, and is filled up to whole words.
      llvm::StringRef text =
          module.substr(4 * (i + 1), 4 * (size_t(length) - 1));
      needs.extensions.push_back(
          text.take_until([](char c) { return !c; }).str());
    } else {
      // Both stand before everything else.
      break;
    }
    i += length;
  }
  return needs;
}
