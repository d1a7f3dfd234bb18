// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.

// The checked longjmp of the C library refuses to change stacks.
#undef _FORTIFY_SOURCE

#include "Fibre.h"

#include <cstdint>
#include <cstring>
#include <sys/mman.h>

using namespace mlir::softmax::emulator;

namespace {
/// At the far end of a stack; a frame that reaches it overwrites it.
constexpr uint64_t canary = 0x5afe57acc0ffee11;
} // namespace

thread_local FibrePool::Fibre *FibrePool::starting = nullptr;

FibrePool::~FibrePool() { clear(); }

char *FibrePool::getStack(size_t index) const {
  return slabs[index / stacksPerSlab] + (index % stacksPerSlab) * stackBytes;
}

bool FibrePool::reserve(size_t count) {
  while (slabs.size() * stacksPerSlab < count) {
    void *slab =
        mmap(nullptr, stacksPerSlab * stackBytes, PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (slab == MAP_FAILED)
      return false;
    slabs.push_back(static_cast<char *>(slab));
  }
  while (fibres.size() < count) {
    auto fibre = std::make_unique<Fibre>();
    fibre->pool = this;
    char *stack = getStack(fibres.size());
    std::memcpy(stack, &canary, sizeof(canary));
    getcontext(&fibre->context);
    fibre->context.uc_stack.ss_sp = stack;
    fibre->context.uc_stack.ss_size = stackBytes;
    fibre->context.uc_link = nullptr;
    makecontext(&fibre->context, run, 0);
    fibres.push_back(std::move(fibre));
  }
  return true;
}

void FibrePool::run() {
  Fibre *fibre = starting;
  for (;;) {
    fibre->function(fibre->argument);
    fibre->done = true;
    if (!_setjmp(fibre->here))
      _longjmp(fibre->pool->scheduler, 1);
  }
}

void FibrePool::assign(size_t index, Function function, void *argument) {
  fibres[index]->function = function;
  fibres[index]->argument = argument;
  fibres[index]->done = false;
}

void FibrePool::resume(size_t index) {
  Fibre &fibre = *fibres[index];
  if (_setjmp(scheduler))
    return;
  if (fibre.started)
    _longjmp(fibre.here, 1);
  fibre.started = true;
  starting = &fibre;
  setcontext(&fibre.context);
}

void FibrePool::suspend(size_t index) {
  if (!_setjmp(fibres[index]->here))
    _longjmp(scheduler, 1);
}

bool FibrePool::areStacksIntact() const {
  for (size_t index = 0; index < fibres.size(); ++index)
    if (std::memcmp(getStack(index), &canary, sizeof(canary)) != 0)
      return false;
  return true;
}

void FibrePool::clear() {
  fibres.clear();
  for (char *slab : slabs)
    munmap(slab, stacksPerSlab * stackBytes);
  slabs.clear();
}
