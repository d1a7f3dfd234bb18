# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""Upstream MLIR on linalg.softmax of static shapes: tiled and vectorized as well as its own passes
can, and lowered to plain loops.  Both end in the same back end, clang -O3 -march=native."""
import ctypes
import os
import shutil

from .. import native
from ..measure import NativeCall
from ..peers import Missing

TEMPLATES = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "mlir")
TO_LLVM = ("convert-vector-to-scf,lower-affine,convert-scf-to-cf,convert-vector-to-llvm{reassociate-fp-reductions=true},"
           "convert-math-to-llvm,convert-math-to-libm,expand-strided-metadata,lower-affine,finalize-memref-to-llvm,"
           "convert-arith-to-llvm,convert-index-to-llvm,convert-func-to-llvm{use-bare-ptr-memref-call-conv=true},"
           "convert-cf-to-llvm,convert-ub-to-llvm,reconcile-unrealized-casts,canonicalize,cse")
# Twice canonicalize: bufferization leaves copies of a buffer onto itself, and frees nothing.
CLEAN = "canonicalize,cse,canonicalize,buffer-deallocation-pipeline,canonicalize"
POLYNOMIAL = "test-math-polynomial-approximation,math-uplift-to-fma"
# Columns of a tile, those that divide the row; several are tried, the fastest is kept.
WIDTHS = [64, 128, 32, 40, 16]
MOST_WIDTHS = 3
WHOLE_ROW = 128


def tool(name):
    folder = "/usr/lib/llvm-22/bin"
    if os.environ.get("MLIR_DIR"):
        folder = os.path.normpath(os.path.join(os.environ["MLIR_DIR"], "..", "..", "..", "bin"))
    for path in [os.path.join(folder, name), shutil.which(name + "-22"), shutil.which(name)]:
        if path and os.path.exists(path):
            return path
    raise Missing("%s of LLVM 22 is not installed" % name)


class Pipeline:
    """What both have in common."""

    interpreted = False

    def __init__(self, context):
        self.runtime = context.runtime
        self.timer = context.timer
        self.tools = {name: tool(name) for name in ["mlir-opt", "mlir-translate", "clang"]}
        version = [line for line in native.run([self.tools["mlir-opt"], "--version"]).splitlines() if "version" in line]
        self.version = (version[0].strip() if version else "LLVM 22") + ", clang -O3 -march=native"

    def compile(self, stem, shape, axis, transform, passes):
        """The path of a library with the function `softmax` of two pointers."""
        stem = os.path.join(self.runtime.folder, stem)
        if os.path.exists(stem + ".so"):
            return stem + ".so"
        with open(os.path.join(TEMPLATES, "softmax.mlir.in")) as template:
            source = template.read().replace("@SHAPE@", shape).replace("@AXIS@", str(axis))
        with open(stem + ".mlir", "w") as target:
            target.write(source)
        with open(stem + ".transform.mlir", "w") as target:
            target.write(transform)
        pipeline = ("builtin.module(transform-preload-library{transform-library-paths=%s.transform.mlir},"
                    "transform-interpreter,%s)" % (stem, passes))
        native.run([self.tools["mlir-opt"], stem + ".mlir", "--pass-pipeline=" + pipeline, "-o", stem + ".llvm.mlir"])
        native.run([self.tools["mlir-translate"], "--mlir-to-llvmir", stem + ".llvm.mlir", "-o", stem + ".ll"])
        native.run([self.tools["clang"], "-O3", "-march=native", "-mprefer-vector-width=512", "-fPIC", "-shared",
                    "-Wno-override-module", stem + ".ll", "-o", stem + ".so", "-lm"])
        return stem + ".so"

    def block(self, point):
        """The shape that a thread computes at once: the outermost dimension divided by the threads."""
        threads = self.runtime.threads
        if threads > 1 and (point.axis == 0 or point.shape[0] % threads != 0):
            raise Missing("its shapes are static, and %d does not divide this one" % threads)
        return (point.shape[0] // threads,) + point.shape[1:]

    def call(self, path, point, x, y):
        function = ctypes.CDLL(path).softmax
        threads = self.runtime.threads
        argument = native.Blocks(native.address(function), x.ctypes.data, y.ctypes.data, point.bytes // threads)
        step = self.runtime.pooled(self.runtime.library.bench_part_blocks, argument, threads)
        return NativeCall([step], lambda: y, (argument, function, x, y), x.ctypes.data, y.ctypes.data)

    def stem(self, name, point):
        return "%s-%s-%s-%d" % (name, "x".join(map(str, self.block(point))), point.type, point.axis)

    def shape(self, point):
        return "x".join(map(str, self.block(point))) + "x" + point.type


class Tuned(Pipeline):
    """Decomposed, fused row by row, tiled, vectorized, with MLIR's polynomial for exp."""

    def widths(self, columns):
        if columns <= WHOLE_ROW and columns not in WIDTHS:
            return [columns]
        return [width for width in WIDTHS if columns % width == 0][:MOST_WIDTHS]

    def prepare(self, point, x, y):
        if point.type != "f32":
            raise Missing("MLIR approximates exp for vectors of f32 alone")
        if len(point.shape) != 2 or point.axis != 1:
            raise Missing("the pipeline is for the last of two dimensions")
        widths = self.widths(point.length)
        if not widths:
            raise Missing("no tile of ours divides %d columns" % point.length)
        with open(os.path.join(TEMPLATES, "rows.mlir.in")) as template:
            transform = template.read()
        ways = [self.call(self.compile(self.stem("tuned%d" % width, point), self.shape(point), point.axis,
                                       transform.replace("@WIDTH@", str(width)),
                                       ",".join([CLEAN, POLYNOMIAL, TO_LLVM])), point, x, y)
                for width in widths]
        return ways[self.timer.fastest(ways)]


class Loops(Pipeline):
    """Decomposed, bufferized, convert-linalg-to-loops, exp by libm."""

    def prepare(self, point, x, y):
        if point.type not in ("f32", "f64"):
            raise Missing("linalg.softmax adds up in the type of its elements")
        with open(os.path.join(TEMPLATES, "loops.mlir")) as source:
            transform = source.read()
        path = self.compile(self.stem("loops", point), self.shape(point), point.axis, transform,
                            ",".join(["convert-linalg-to-loops", CLEAN, TO_LLVM]))
        return self.call(path, point, x, y)
