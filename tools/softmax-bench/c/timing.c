/* Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
 *
 * The timed loop of everything that is called through a C function, so that no
 * interpreter stands between two calls.
 */
#define _GNU_SOURCE
#include <sched.h>
#include <stdint.h>
#include <time.h>

typedef intptr_t (*function)(intptr_t, intptr_t, intptr_t, intptr_t, intptr_t,
                             intptr_t);

/* A call of `call` with six arguments; who takes fewer ignores the rest. */
struct step {
  function call;
  intptr_t arguments[6];
};

static double now(clockid_t clock) {
  struct timespec time;
  clock_gettime(clock, &time);
  return time.tv_sec * 1e9 + time.tv_nsec;
}

/* Nanoseconds that `rounds` rounds of `count` steps take, of the clock on the
 * wall or, with `cpu`, of this thread alone. */
double bench_time(const struct step *steps, int64_t count, int64_t rounds,
                  int64_t cpu) {
  clockid_t clock = cpu ? CLOCK_THREAD_CPUTIME_ID : CLOCK_MONOTONIC;
  double start = now(clock);
  for (int64_t round = 0; round < rounds; ++round)
    for (int64_t i = 0; i < count; ++i) {
      const intptr_t *a = steps[i].arguments;
      steps[i].call(a[0], a[1], a[2], a[3], a[4], a[5]);
    }
  return now(clock) - start;
}

/* Waits until no other thread of this process computes any more: pools of
 * threads spin for a while after they have worked, which the next one must not
 * pay for. Returns the nanoseconds waited, at most `most`. */
double bench_settle(double most) {
  double begin = now(CLOCK_MONOTONIC), waited;
  do {
    double process = now(CLOCK_PROCESS_CPUTIME_ID),
           thread = now(CLOCK_THREAD_CPUTIME_ID);
    struct timespec pause = {0, 50000};
    nanosleep(&pause, 0);
    double others = (now(CLOCK_PROCESS_CPUTIME_ID) - process) -
                    (now(CLOCK_THREAD_CPUTIME_ID) - thread);
    waited = now(CLOCK_MONOTONIC) - begin;
    if (others < 10000)
      break;
  } while (waited < most);
  return waited;
}

/* Does nothing, six times over: what a call by itself costs. */
intptr_t bench_nothing(intptr_t a, intptr_t b, intptr_t c, intptr_t d,
                       intptr_t e, intptr_t f) {
  __asm__ volatile("" : : : "memory");
  return a ^ b ^ c ^ d ^ e ^ f;
}
