# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""Alternating competitors, and what their samples say."""
import ctypes
import gc
import resource
import time

from . import native

SAMPLE_NS = 2e5
QUICK_SAMPLE_NS = 3e4
# Calls that take longer than this wake threads up on their own account.
LONG_NS = 2e6
MOST_CALLS = 1 << 20
CALL = ctypes.CFUNCTYPE(None, *[ctypes.c_ssize_t] * 6)


class NativeCall:
    """What C calls, with no interpreter between two calls: `steps` of native.step; `keep` is what
    they point to."""

    def __init__(self, steps, output, keep=(), input_address=None, output_address=None):
        self.steps = (native.Step * len(steps))(*steps)
        self.output = output
        self.keep = keep
        self.input_address = input_address
        self.output_address = output_address

    def time(self, runtime, rounds, cpu):
        return runtime.time(self.steps, rounds, cpu)

    def between(self, before, after):
        """The same call after the steps `before` and before those of `after(address of the output)`,
        which may be None."""
        after = after(self.output_address) if after else []
        return NativeCall(list(before) + list(self.steps) + after, self.output, (self.keep, before, after))


class PythonCall:
    """What Python calls: `function` without arguments.  `output()` is the result as an array in the
    type's storage; the addresses are those of the memory that is really read and written, None
    where nobody outside can tell; that of the output may be a function of what `function` returns."""

    def __init__(self, function, output, keep=(), input_address=None, output_address=None):
        self.function = function
        self.output = output
        self.keep = keep
        self.input_address = input_address
        self.output_address = output_address

    def time(self, runtime, rounds, cpu):
        function = self.function
        clock = time.thread_time_ns if cpu else time.perf_counter_ns
        turns = range(rounds)
        start = clock()
        for _ in turns:
            function()
        return float(clock() - start)

    def between(self, before, after):
        """As for NativeCall; `output_address` may be a function of what `function` returns."""
        before = [runnable(step) for step in before]
        known = after is None or not callable(self.output_address)
        prepared = [runnable(step) for step in after(self.output_address)] if after and known else []
        function, find = self.function, self.output_address

        def call():
            for neighbour, arguments in before:
                neighbour(*arguments)
            result = function()
            for neighbour, arguments in prepared if known else [runnable(step) for step in after(find(result))]:
                neighbour(*arguments)

        return PythonCall(call, self.output, (self.keep, before, prepared))


def runnable(step):
    """A C step as a function and its arguments."""
    return CALL(step.call), list(step.arguments)


class Quartiles:
    """Of samples; linear interpolation between order statistics."""

    def __init__(self, samples):
        ordered = sorted(samples)

        def at(fraction):
            position = fraction * (len(ordered) - 1)
            below = int(position)
            above = min(below + 1, len(ordered) - 1)
            return ordered[below] + (position - below) * (ordered[above] - ordered[below])

        self.lower, self.median, self.upper = at(0.25), at(0.5), at(0.75)


def ratios(numerators, denominators):
    """Quartiles of the ratio, repetition by repetition."""
    return Quartiles([a / b for a, b in zip(numerators, denominators)])


def involuntary_switches():
    """How often this thread has lost its core to another program."""
    return resource.getrusage(resource.RUSAGE_THREAD).ru_nivcsw if hasattr(resource, "RUSAGE_THREAD") else 0


class Timer:
    """Times calls; `cpu` takes the time of the calling thread alone."""

    def __init__(self, runtime, repetitions, cpu=False, sample_ns=SAMPLE_NS):
        self.runtime = runtime
        self.repetitions = repetitions
        self.cpu = cpu
        self.sample_ns = sample_ns
        # Samples taken, and those during which another program took this thread's core.
        self.taken = 0
        self.interrupted = 0

    def rounds(self, call):
        """How many calls fill a sample, and the nanoseconds that one takes."""
        def count(once):
            return max(1, min(int(self.sample_ns / once), MOST_CALLS))

        call.time(self.runtime, 1, self.cpu)  # pages, code, clock
        once = max(call.time(self.runtime, 1, self.cpu), 1.0)
        # A first measurement may be far off for tiny calls: take a second one.
        if count(once) > 1:
            rounds = count(once)
            once = max(call.time(self.runtime, rounds, self.cpu) / rounds, 1.0)
        return count(once), once

    def quick(self, call, turns=3):
        """The best of a few samples: enough to choose between two ways of doing the same."""
        rounds, _ = self.rounds(call)
        return min(call.time(self.runtime, rounds, self.cpu) / rounds for _ in range(turns))

    def fastest(self, calls):
        """Of several ways the fastest, by its place; a single one is not timed."""
        if len(calls) == 1:
            return 0
        times = [self.quick(call) for call in calls]
        return times.index(min(times))

    def alternate(self, calls, settle=True, finished=None):
        """Nanoseconds per call, a list for each of `calls` with a sample for each repetition.
        Nobody always follows the same one; before each sample other threads come to rest, and a
        call that is not timed brings one's own threads and caches back.  All have made their
        threads by then: the calling one stays on its processor, out of theirs."""
        counts = [self.rounds(call) for call in calls]
        samples = [[] for _ in calls]
        gc.collect()
        gc.disable()
        self.runtime.pin()
        try:
            for repetition in range(self.repetitions):
                for turn in range(len(calls)):
                    index = (turn + repetition) % len(calls)
                    rounds, once = counts[index]
                    if settle:
                        self.runtime.settle()
                        if once < LONG_NS:
                            calls[index].time(self.runtime, 1, self.cpu)
                    before = involuntary_switches()
                    samples[index].append(calls[index].time(self.runtime, rounds, self.cpu) / rounds)
                    self.taken += 1
                    self.interrupted += involuntary_switches() > before
                if finished is not None:
                    finished()
        finally:
            self.runtime.unpin()
            gc.enable()
        return samples
