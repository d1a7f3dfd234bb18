// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#include "Threads.h"

#include "softmax/Target/OpenMPRuntime.h"

#include "llvm/Support/DynamicLibrary.h"

using namespace mlir::softmax;

llvm::Error mlir::softmax::startThreads(unsigned threads) {
  std::string message;
  std::string name = openMPSoname.str();
  auto library =
      llvm::sys::DynamicLibrary::getPermanentLibrary(name.c_str(), &message);
  auto find = [&](const char *function) -> void * {
    return library.isValid() ? library.getAddressOfSymbol(function) : nullptr;
  };
  auto setThreads =
      reinterpret_cast<void (*)(int)>(find("omp_set_num_threads"));
  auto setDynamic = reinterpret_cast<void (*)(int)>(find("omp_set_dynamic"));
  if (!setThreads || !setDynamic)
    return llvm::createStringError(
        llvm::inconvertibleErrorCode(),
        "more than one thread needs LLVM's OpenMP runtime, " + name +
            " (Debian: libomp-22-dev), which does not load: " +
            (message.empty() ? "it has no omp_set_num_threads" : message) +
            "; install it, or use --threads=1");
  setDynamic(0);
  setThreads(static_cast<int>(threads));
  return llvm::Error::success();
}
