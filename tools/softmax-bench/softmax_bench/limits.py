# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""What the machine can do at best, measured beside everybody else with as many threads."""
import ctypes

import numpy

from . import elements, native
from .measure import NativeCall, Quartiles

FLAG_SETS = [["-O3", "-mprefer-vector-width=512"], ["-Ofast"], ["-Ofast", "-mprefer-vector-width=512"],
             ["-Ofast", "-mprefer-vector-width=512", "-funroll-loops"]]
COPIES = ["memcpy", "movsb", "stream", "stream_ahead", "stream_far"]
NON_TEMPORAL = [name for name in COPIES if name.startswith("stream")]
READS = ["read", "read_ahead", "read_far"]
PAGE = 4096
# Elements of a thread's block for exponentials: input and output in half of a small L1.
BLOCK = {"f32": 2048, "f64": 1024}
ROUNDS = 64


class Exponential:
    """One way to form exponentials; `call` forms `elements` of them."""

    def __init__(self, name, call, count):
        self.name = name
        self.call = call
        self.count = count
        self.rate = 0.0


class Limits:
    """The limits' functions, the fastest of several sets of flags."""

    def __init__(self, runtime, timer):
        self.runtime = runtime
        self.timer = timer
        self.libraries = [(flags, ctypes.CDLL(native.build(runtime.folder, ["limits.c"], flags, ["-lm"])))
                          for flags in FLAG_SETS]
        self.memory = self.libraries[2][1]
        self.exponentials = {}

    def copies(self, x, y):
        """{name: call} of what copies x to y; and of what reads x."""
        argument = native.Copy(x.ctypes.data, y.ctypes.data)
        size = x.nbytes
        found = {}
        for name in ["copy_" + copy for copy in COPIES] + READS:
            part = getattr(self.memory, "limit_" + name, None)
            if part is not None:
                found[name] = NativeCall([self.runtime.pooled(part, argument, size, PAGE)], lambda: y, (argument, x, y))
        return found

    def candidates(self, wide):
        """Every way to form exponentials in f32, or `wide`, f64."""
        type = "f64" if wide else "f32"
        threads = self.runtime.threads
        x = elements.allocate((threads * BLOCK[type],), type)
        y = elements.allocate((threads * BLOCK[type],), type)
        x[:] = numpy.random.default_rng(1).standard_normal(x.size) * 2
        argument = native.Exponentials(x.ctypes.data, y.ctypes.data, BLOCK[type])
        functions = ["exp_core_f64", "exp_libm_f64"] if wide else ["exp_core", "exp_scalef", "exp_libm_f32"]
        names = {"exp_core": "own core", "exp_core_f64": "own core", "exp_scalef": "own core with scalef"}
        for flags, library in self.libraries:
            for function in functions:
                part = getattr(library, "limit_" + function, None)
                if part is None:
                    continue
                step = self.runtime.pooled(part, argument, ROUNDS * threads)
                yield Exponential("%s, %s" % (names.get(function, "libmvec"), " ".join(flags)),
                                  NativeCall([step], lambda: y, (argument, x, y)), BLOCK[type] * ROUNDS * threads)

    def choose(self, type, ours):
        """The fastest way to form exponentials for a type; `ours` is a call of our softmax on
        rows in L1 with its number of elements.  Narrow types compute in f32.  Returns all of
        them, fastest first."""
        wide = type == "f64"
        ways = list(self.candidates(wide))
        if ours is not None:
            ways.append(Exponential("ours, all of softmax in L1", *ours))
        samples = self.timer.alternate([way.call for way in ways])
        for way, times in zip(ways, samples):
            way.rate = way.count / Quartiles(times).median
        ways.sort(key=lambda way: -way.rate)
        self.exponentials[type] = ways[0]
        return ways
