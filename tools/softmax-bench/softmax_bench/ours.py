# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""Kernels that softmaxc makes, called as any program calls them: through their C interface."""
import ctypes
import os
import re
import subprocess

import numpy

from . import native
from .measure import NativeCall
from .peers import Missing


class DLTensor(ctypes.Structure):
    """DLPack's tensor (dlpack 1.x), as the kernels take it."""
    _fields_ = [("data", ctypes.c_void_p), ("device_type", ctypes.c_int32), ("device_id", ctypes.c_int32),
                ("ndim", ctypes.c_int32), ("code", ctypes.c_uint8), ("bits", ctypes.c_uint8),
                ("lanes", ctypes.c_uint16), ("shape", ctypes.POINTER(ctypes.c_int64)),
                ("strides", ctypes.POINTER(ctypes.c_int64)), ("byte_offset", ctypes.c_uint64)]


CPU = 1
CODES = {"i": 0, "u": 1, "f": 2, "b": 6}
BFLOAT = 4


def view(array, code=None):
    """A tensor on an array's memory, which it must not outlive; of the array's kind of elements, or of
    another one of their size."""
    shape = (ctypes.c_int64 * max(1, array.ndim))(*array.shape)
    strides = (ctypes.c_int64 * max(1, array.ndim))(*[stride // array.itemsize for stride in array.strides])
    compact = array.flags.c_contiguous
    return DLTensor(array.ctypes.data, CPU, 0, array.ndim, CODES[array.dtype.kind] if code is None else code,
                    8 * array.itemsize, 1, shape, None if compact else strides, 0)


def tensor(array, point):
    """The same for an array of the point's shape and type."""
    return view(array, BFLOAT if point.type == "bf16" else None)


def find_libomp(softmaxc):
    """The folder of LLVM's OpenMP library, where softmaxc's LLVM or the system has it."""
    folders = ["/usr/lib/llvm-22/lib", "/usr/lib", "/usr/lib/x86_64-linux-gnu", "/usr/local/lib"]
    if os.environ.get("MLIR_DIR"):
        folders.insert(0, os.path.normpath(os.path.join(os.environ["MLIR_DIR"], "..", "..")))
    for folder in folders:
        if os.path.exists(os.path.join(folder, "libomp.so")):
            return folder
    raise Missing("libomp.so was not found")


def alternatives(scheduled):
    """[(text, guards)] of the schedule in softmaxc's scheduled MLIR: what each alternative says,
    and the numbers in it."""
    return [(text, {name: int(number) for name, number in re.findall(r"(\w+) = (\d+)", text)})
            for text in re.findall(r"<(layout = [^<>]*)>", scheduled)]


def streams(scheduled, point):
    """Whether the alternative that runs at a point has non-temporal stores."""
    for text, numbers in alternatives(scheduled):
        layout = text.partition(",")[0].partition("= ")[2]
        if layout in ("row", "inner") and (layout == "row") != (point.inner == 1):
            continue
        if point.length <= numbers.get("max_columns", point.length) and 2 * point.bytes >= numbers.get("min_bytes", 0):
            return STREAMS in text
    return False


class Kernel:
    """A loaded library with the function `softmax` and those for hosts with threads."""

    def __init__(self, path, threading):
        self.library = ctypes.CDLL(path)
        self.library.softmax.restype = ctypes.c_int32
        self.library.softmax_units.restype = ctypes.c_int64
        self.library.softmax_workspace_size.restype = ctypes.c_size_t
        self.threading = threading


class Builds:
    """All kernels of a run: made by softmaxc when they are first asked for, all sizes dynamic,
    one for each type, rank and axis."""

    def __init__(self, runtime, softmaxc):
        self.runtime = runtime
        self.softmaxc = softmaxc
        self.openmp = runtime.threads > 1
        self.kernels = {}
        self.schedules = {}

    def version(self):
        for line in native.run([self.softmaxc, "--version"]).splitlines():
            if "softmax" in line:
                return line.strip()
        return "softmaxc"

    def compile(self, arguments):
        """None where softmaxc accepts the arguments, else the line that says why not."""
        try:
            done = subprocess.run([self.softmaxc] + arguments, text=True, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)
        except OSError as error:
            raise native.Failure("cannot run '%s': %s; build it, or name it with --softmaxc"
                                 % (self.softmaxc, error.strerror))
        if done.returncode == 0:
            return None
        lines = done.stderr.strip().splitlines() or ["status %d without a word" % done.returncode]
        return lines[0].replace("softmaxc: ", "")

    def source(self, point, flags):
        """The arguments that say what to compile."""
        accuracy = [] if any(flag.startswith("--accuracy") for flag in flags) else ["--accuracy=default"]
        return ["--op=softmax", "--type=" + point.type, "--shape=" + "x".join("?" * len(point.shape)),
                "--axis=%d" % point.axis] + accuracy

    def library(self, stem, what, ranges):
        """The path of a library that softmaxc makes of the arguments `what`, and how its kernels come
        by their threads: by OpenMP where softmaxc has that, else by `ranges`."""
        path = os.path.join(self.runtime.folder, stem)
        what = what + ["--target=native"]
        if self.openmp:
            refused = self.compile(what + ["--threads=openmp", "--emit=obj", "-o", path + ".o"])
            if refused is None:
                folder = find_libomp(self.softmaxc)
                native.run(["gcc", "-shared", path + ".o", "-o", path + ".so", "-L" + folder, "-lomp",
                            "-Wl,-rpath," + folder])
                return path + ".so", "OpenMP"
            if "--threads" not in refused:
                raise Missing(refused)
            self.openmp = False
        refused = self.compile(what + ["--threads=none", "--emit=shared", "-o", path + ".so"])
        if refused is not None:
            raise Missing(refused)
        return path + ".so", "one thread" if self.runtime.threads == 1 else ranges

    def build(self, name, flags, point):
        """The path of a library with softmax, and how it comes by its threads."""
        stem = "%s-%s-%d-%d" % ("".join(c if c.isalnum() else "_" for c in name), point.type, len(point.shape),
                                point.axis)
        what = self.source(point, flags)
        if name == ORDINARY:
            path = os.path.join(self.runtime.folder, stem + ".mlir")
            with open(path, "w") as target:
                target.write(self.scheduled(point).replace(STREAMS, ""))
            what = [path]
        return self.library(stem, what + flags, POOLED)

    def scheduled(self, point):
        """The MLIR of our default kernel with its schedule."""
        key = point.type, len(point.shape), point.axis
        if key not in self.schedules:
            path = os.path.join(self.runtime.folder, "scheduled-%s-%d-%d.mlir" % key)
            refused = self.compile(self.source(point, []) + ["--target=native", "--emit=scheduled", "-o", path])
            if refused is not None:
                raise Missing(refused)
            with open(path) as source:
                self.schedules[key] = source.read()
        return self.schedules[key]

    def streams(self, point):
        """Whether our default kernel stores past the caches at a point."""
        return streams(self.scheduled(point), point)

    def kernel(self, name, flags, point):
        key = name, point.type, len(point.shape), point.axis
        if key not in self.kernels:
            try:
                self.kernels[key] = Kernel(*self.build(name, flags, point))
            except Missing as missing:
                self.kernels[key] = missing
        found = self.kernels[key]
        if isinstance(found, Missing):
            raise found
        return found

    def prepare(self, name, flags, point, x, y):
        """A call of the build `name` at a point, its status checked once."""
        kernel = self.kernel(name, flags, point)
        library = kernel.library
        tensors = [tensor(x, point), tensor(y, point)]
        pointers = [native.pointer(each) for each in tensors]
        status = library.softmax(*map(ctypes.c_void_p, pointers))
        if status != 0:
            raise native.Failure("our kernel (%s) returned status %d at %s" % (name, status, point))
        keep = [tensors, x, y]
        if kernel.threading != POOLED:
            steps = [native.step(library.softmax, *pointers)]
        else:
            units = library.softmax_units(*map(ctypes.c_void_p, pointers))
            size = library.softmax_workspace_size(*map(ctypes.c_void_p, pointers))
            size = max(64, (size + 63) // 64 * 64)
            space = numpy.zeros(self.runtime.threads * size + 64, numpy.uint8)
            first = -space.ctypes.data % 64
            argument = native.Range(native.address(library.softmax_range), pointers[0], pointers[1],
                                    space.ctypes.data + first, size)
            keep += [space, argument]
            steps = [self.runtime.pooled(self.runtime.library.bench_part_range, argument, units)]
        return NativeCall(steps, lambda: y, keep, x.ctypes.data, y.ctypes.data)


DEFAULT = "default"
POOLED = "softmax_range by a pool"
# The default schedule, but with ordinary stores everywhere.
ORDINARY = "ordinary stores"
STREAMS = ", stores = nontemporal"
