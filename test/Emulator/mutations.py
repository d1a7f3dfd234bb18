# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#
# REQUIRES: numpy
# RUN: %python %s %S/Inputs/softmax-block.mlir %t.d | FileCheck %s
"""Breaks a kernel in ways that happen, and checks that running it on emulated threads notices each: a report, or
numbers that are wrong.  The kernel as it stands gives neither."""
import os
import subprocess
import sys

import numpy

source, folder = sys.argv[1:]
os.makedirs(folder, exist_ok=True)
with open(source) as file:
    kernel = file.read()

# Softmax does not change when all logits do: a wrong maximum shows only where an exponential overflows or vanishes.
generator = numpy.random.default_rng(1)
ROWS, COLUMNS = 3, 301
logits = generator.normal(0, 3, (ROWS, COLUMNS)).astype("float32")
logits[0, 299] = 90
logits[1, 5] = -95
logits[1] += 80
logits[2] -= 80
numpy.save(os.path.join(folder, "x.npy"), logits)
shifted = logits.astype("float64") - logits.max(axis=1, keepdims=True)
expected = numpy.exp(shifted) / numpy.exp(shifted).sum(axis=1, keepdims=True)

PASSES = ("builtin.module(gpu.module(convert-scf-to-cf,convert-gpu-to-nvvm,"
          "reconcile-unrealized-casts))")


def judge(text):
    """'right', 'reported: FAULT' or 'wrong numbers'."""
    lowered = os.path.join(folder, "kernel.mlir")
    subprocess.run(["mlir-opt", "-", "--pass-pipeline=" + PASSES, "-o", lowered], input=text.encode(), check=True)
    result = os.path.join(folder, "y.npy")
    run = subprocess.run(["softmax-gpu-emulate", lowered, "--grid=2", "--block=128", "--steps=10000",
                          "--arg=memref:in:" + os.path.join(folder, "x.npy"),
                          "--arg=memref:out:%s:%dx%dxf32" % (result, ROWS, COLUMNS)],
                         stderr=subprocess.PIPE)
    if run.returncode == 1:
        return "reported: " + run.stderr.decode().splitlines()[0].split("): ")[1].split(":")[0]
    assert run.returncode == 0, run.stderr
    # 2 ulp of ex2 several times over.
    good = numpy.allclose(numpy.load(result), expected, rtol=1e-5, atol=1e-30)
    return "right" if good else "wrong numbers"


def drop(mark):
    return lambda line: "" if mark in line else line


def change(mark, old, new):
    def apply(line):
        if mark not in line:
            return line
        assert old in line
        return line.replace(old, new)
    return apply


MUTATIONS = [
    ("as it stands", lambda line: line),
    ("no barrier before parts are read", drop("// parts are written")),
    ("no barrier before parts are overwritten", drop("// parts are read")),
    ("a shuffle distance of 8 first", change("// first distance", "constant 16", "constant 8")),
    ("a shuffle distance of 32 first", change("// first distance", "constant 16", "constant 32")),
    ("no shuffle at distance 1", change("// last distance", "%c0_i32", "%one")),
    ("maximum and sum from different lanes", change("// shuffled sum", "%dd", "%one")),
    ("a column too many is read", change("// first tail", "ult", "ule")),
    ("a column too many is written", change("// second tail", "ult", "ule")),
    ("sums swapped between lanes", lambda line: change("// other part", "%os", "%ss")(
        change("// own part", "%ss", "%os")(line))),
    ("sums swapped between warps", lambda line: change("// next part", "%os", "%ss")(
        change("// merged parts", "%ss", "%os")(line))),
    ("the running sum is not rescaled", change("// rescaled sum", "%f0", "%f1")),
    ("another lane stores the part", change("// first lane", "eq", "ne")),
    ("a warp too few", change("// warps", "%c0 to", "%c1 to")),
    ("columns are taken twice", change("// stride", "%c128", "%c32")),
    ("columns are left out",
     change("// second stride", "addi %jj, %c128", "addi %jj, %columns")),
]
for name, mutate in MUTATIONS:
    mutant = "\n".join(mutate(line) for line in kernel.split("\n"))
    assert (mutant == kernel) == (name == "as it stands"), name
    print("%s: %s" % (name, judge(mutant)), flush=True)

# CHECK: as it stands: right
# CHECK-NOT: right
# CHECK: columns are left out
# CHECK-NOT: right
