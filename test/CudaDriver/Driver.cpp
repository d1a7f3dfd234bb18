// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "Driver.h"

#include <cstdlib>
#include <fstream>

using namespace softmax_test;

static int readNumber(const char *variable, int otherwise) {
  const char *text = getenv(variable);
  return text && *text ? static_cast<int>(strtol(text, nullptr, 10))
                       : otherwise;
}

Driver::Driver()
    : capability(readNumber("SOFTMAX_CUDA_CAPABILITY", 90)),
      deviceCount(readNumber("SOFTMAX_CUDA_DEVICES", 2)) {}

Driver &Driver::get() {
  // Never destroyed: a host may call while it exits.
  static Driver &driver = *new Driver;
  return driver;
}

Memory *Driver::find(uint64_t address) {
  auto after = memory.upper_bound(address);
  if (after == memory.begin())
    return nullptr;
  --after;
  return address - after->first < after->second.buffer->getSize()
             ? &after->second
             : nullptr;
}

std::vector<Context *> &softmax_test::contextStack() {
  static thread_local std::vector<Context *> stack;
  return stack;
}

Context *softmax_test::currentContext() {
  return contextStack().empty() ? nullptr : contextStack().back();
}

std::optional<int> softmax_test::forcedStatus(const char *function) {
  const char *text = getenv("SOFTMAX_CUDA_FAIL");
  std::string prefix = std::string(function) + "=";
  if (!text || std::string(text).compare(0, prefix.size(), prefix) != 0)
    return std::nullopt;
  return static_cast<int>(strtol(text + prefix.size(), nullptr, 10));
}

void softmax_test::log(const std::string &line) {
  if (const char *path = getenv("SOFTMAX_CUDA_LOG"))
    std::ofstream(path, std::ios::app) << line << '\n';
}
