/* Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
 *
 * A small pool of threads: it drives the limits, the neighbours, and loops and
 * kernels that come without threads of their own.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdlib.h>
#ifdef __x86_64__
#include <immintrin.h>
#define PAUSE() _mm_pause()
#else
#define PAUSE() ((void)0)
#endif

/* Does the units from `begin` to `end` as thread number `thread`. */
typedef void (*part)(void *argument, int64_t begin, int64_t end,
                     int64_t thread);

/* Some microseconds of spinning alone, then with the core offered to others,
 * about a millisecond of it: two of our threads may have to share a core. */
enum { MOST_THREADS = 256, SPINS = 400, YIELDS = 3000 };

static void wait_a_little(int64_t spin) {
  if (spin < SPINS)
    PAUSE();
  else
    sched_yield();
}

static struct {
  int64_t threads;
  pthread_t workers[MOST_THREADS];
  pthread_mutex_t mutex;
  pthread_cond_t wake;
  /* The round that workers are asked to take part in; -1 ends them. */
  int64_t round;
  int64_t sleeping;
  int64_t left;
  part run;
  void *argument;
  int64_t units, grain;
} pool = {.threads = 1,
          .mutex = PTHREAD_MUTEX_INITIALIZER,
          .wake = PTHREAD_COND_INITIALIZER};

/* The even division of the units, in multiples of the grain. */
static void do_part(int64_t thread) {
  int64_t grains = (pool.units + pool.grain - 1) / pool.grain;
  int64_t begin = grains * thread / pool.threads * pool.grain;
  int64_t end = grains * (thread + 1) / pool.threads * pool.grain;
  if (end > pool.units)
    end = pool.units;
  if (begin < end)
    pool.run(pool.argument, begin, end, thread);
}

static void *work(void *argument) {
  int64_t thread = (int64_t)(intptr_t)argument, seen = 0;
  for (;;) {
    int64_t round = seen;
    for (int64_t spin = 0; spin < SPINS + YIELDS && round == seen; ++spin) {
      wait_a_little(spin);
      round = __atomic_load_n(&pool.round, __ATOMIC_ACQUIRE);
    }
    if (round == seen) {
      pthread_mutex_lock(&pool.mutex);
      __atomic_add_fetch(&pool.sleeping, 1, __ATOMIC_SEQ_CST);
      while ((round = __atomic_load_n(&pool.round, __ATOMIC_SEQ_CST)) == seen)
        pthread_cond_wait(&pool.wake, &pool.mutex);
      __atomic_sub_fetch(&pool.sleeping, 1, __ATOMIC_SEQ_CST);
      pthread_mutex_unlock(&pool.mutex);
    }
    if (round < 0)
      return 0;
    seen = round;
    do_part(thread);
    __atomic_sub_fetch(&pool.left, 1, __ATOMIC_RELEASE);
  }
}

static void next_round(int64_t round) {
  __atomic_store_n(&pool.round, round, __ATOMIC_SEQ_CST);
  if (__atomic_load_n(&pool.sleeping, __ATOMIC_SEQ_CST)) {
    pthread_mutex_lock(&pool.mutex);
    pthread_cond_broadcast(&pool.wake);
    pthread_mutex_unlock(&pool.mutex);
  }
}

/* Starts `threads` - 1 workers; the calling thread is the first one.  Worker i
 * runs on processor number processors[i]: else two of them may share one for
 * long while another one idles.  Returns 0, or an error's number. */
int bench_pool_start(int64_t threads, const int64_t *processors) {
  if (threads < 1 || threads > MOST_THREADS)
    return -1;
  pool.round = 0;
  pool.threads = threads;
  for (int64_t i = 1; i < threads; ++i) {
    int error = pthread_create(&pool.workers[i], 0, work, (void *)(intptr_t)i);
    if (error) {
      pool.threads = i;
      return error;
    }
    cpu_set_t only;
    CPU_ZERO(&only);
    CPU_SET(processors[i], &only);
    /* Where that is not allowed the system places it. */
    (void)pthread_setaffinity_np(pool.workers[i], sizeof only, &only);
  }
  return 0;
}

void bench_pool_stop(void) {
  next_round(-1);
  for (int64_t i = 1; i < pool.threads; ++i)
    pthread_join(pool.workers[i], 0);
  pool.threads = 1;
}

/* Does `units` units, divided evenly in multiples of `grain`; returns when all
 * are done. */
void bench_pool_run(part run, void *argument, int64_t units, int64_t grain) {
  if (pool.threads == 1) {
    run(argument, 0, units, 0);
    return;
  }
  pool.run = run;
  pool.argument = argument;
  pool.units = units;
  pool.grain = grain;
  __atomic_store_n(&pool.left, pool.threads - 1, __ATOMIC_RELAXED);
  next_round(pool.round + 1);
  do_part(0);
  for (int64_t spin = 0; __atomic_load_n(&pool.left, __ATOMIC_ACQUIRE); ++spin)
    wait_a_little(spin);
}

/* A kernel's NAME_range with two operands, the workspace of each thread beside
 * it. */
struct range {
  int32_t (*call)(const void *, void *, int64_t, int64_t, void *);
  const void *in;
  void *out;
  char *workspace;
  int64_t workspace_bytes; /* of each thread */
};

void bench_part_range(const struct range *r, int64_t begin, int64_t end,
                      int64_t thread) {
  if (r->call(r->in, r->out, begin, end,
              r->workspace + thread * r->workspace_bytes))
    abort(); /* It was called before, and worked. */
}

/* A function of an input and an output for a block of rows of fixed size; a
 * unit is a block. */
struct blocks {
  void (*call)(const char *, char *);
  const char *in;
  char *out;
  int64_t bytes; /* of a block */
};

void bench_part_blocks(const struct blocks *b, int64_t begin, int64_t end,
                       int64_t thread) {
  (void)thread;
  for (int64_t i = begin; i < end; ++i)
    b->call(b->in + i * b->bytes, b->out + i * b->bytes);
}
