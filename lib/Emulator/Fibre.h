// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
//
// Fibres: functions with a stack of their own that hand control back and forth.
#ifndef SOFTMAX_LIB_EMULATOR_FIBRE_H
#define SOFTMAX_LIB_EMULATOR_FIBRE_H

#include <csetjmp>
#include <cstddef>
#include <memory>
#include <ucontext.h>
#include <vector>

namespace mlir::softmax::emulator {

/// Runs functions by turns.  makecontext gives a fibre its stack; what follows
/// switches with _setjmp and _longjmp, which unlike swapcontext do not call the
/// kernel to save signal masks.
class FibrePool {
public:
  using Function = void (*)(void *argument);

  FibrePool() = default;
  ~FibrePool();
  FibrePool(const FibrePool &) = delete;
  FibrePool &operator=(const FibrePool &) = delete;

  /// Makes sure of `count` fibres.  False where there is no memory for their
  /// stacks.
  bool reserve(size_t count);

  /// Has fibre `index` call `function` when it is resumed next.
  void assign(size_t index, Function function, void *argument);

  /// Lets a fibre run until it suspends itself or its function returns.
  void resume(size_t index);
  /// To be called on a fibre: returns to resume.
  void suspend(size_t index);
  bool isDone(size_t index) const { return fibres[index]->done; }

  /// Forgets all fibres, those in the middle of a function as well.
  void clear();

  /// Whether no fibre has reached the end of its stack.
  bool areStacksIntact() const;

private:
  struct Fibre {
    ucontext_t context;
    jmp_buf here;
    FibrePool *pool = nullptr;
    Function function = nullptr;
    void *argument = nullptr;
    bool started = false;
    bool done = true;
  };
  static constexpr size_t stackBytes = 64 << 10;

  static void run();
  /// The fibre that run is to become: makecontext passes integers alone.
  static thread_local Fibre *starting;
  char *getStack(size_t index) const;

  /// Stacks by the slab, since one mapping per stack is slow.
  static constexpr size_t stacksPerSlab = 64;
  std::vector<char *> slabs;
  std::vector<std::unique_ptr<Fibre>> fibres;
  jmp_buf scheduler;
};

} // namespace mlir::softmax::emulator

#endif // SOFTMAX_LIB_EMULATOR_FIBRE_H
