# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""What gcc -Ofast makes of the textbook loop."""
import ctypes

from .. import native
from ..measure import NativeCall
from ..peers import Missing

ELEMENT = {"f32": 32, "f64": 64, "f16": 16, "bf16": 116}
INNER, BY_COLUMN, INTERCHANGED = range(3)
FLAGS = ["-Ofast"]


class Textbook:
    """Only a loop that calls glibc's vectorized exponential is a peer; whether it does is read
    from the library that gcc made."""

    interpreted = False
    interchanged = False

    def __init__(self, context):
        gcc = native.find_gcc()
        if gcc is None:
            raise Missing("not installed")
        self.runtime = context.runtime
        self.version = "%s, %s -march=native" % (native.gcc_version(gcc), " ".join(FLAGS))
        self.loops = {}

    def loop(self, type, nest):
        """The function for a type and a nest."""
        if (type, nest) not in self.loops:
            path = native.build(self.runtime.folder, ["textbook.c"],
                                FLAGS + ["-DELEMENT=%d" % ELEMENT[type], "-DNEST=%d" % nest], ["-lm"])
            vectorized = any(name.startswith("_ZGV") and name.endswith(("_expf", "_exp"))
                             for name in native.imports(path))
            self.loops[type, nest] = ctypes.CDLL(path) if vectorized else None
        if self.loops[type, nest] is None:
            raise Missing("its loop does not call a vectorized exponential")
        return self.loops[type, nest].softmax_textbook

    def prepare(self, point, x, y):
        if self.interchanged and point.inner == 1:
            raise Missing("there is nothing to interchange over the last dimension")
        nest = INTERCHANGED if self.interchanged else BY_COLUMN if point.inner > 1 else INNER
        loop = self.loop(point.type, nest)
        argument = native.TextbookArguments(x.ctypes.data, y.ctypes.data, point.outer, point.length, point.inner)
        step = self.runtime.pooled(loop, argument, point.outer * point.inner)
        return NativeCall([step], lambda: y, (argument, x, y), x.ctypes.data, y.ctypes.data)


class Interchanged(Textbook):
    """Over an outer dimension, with the loops exchanged by hand."""

    interchanged = True
