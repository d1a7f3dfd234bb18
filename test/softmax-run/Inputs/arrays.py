# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""Writes the arrays that the tests of softmax-run read.

    python3 arrays.py FOLDER
"""
import os
import sys

import numpy

folder = sys.argv[1]
os.makedirs(folder, exist_ok=True)
random = numpy.random.RandomState(7)


def save(name, array):
    numpy.save(os.path.join(folder, name + ".npy"), array)


logits = random.normal(0, 4, (5, 10))
save("f64", logits)
save("f32", logits.astype(numpy.float32))
save("f32-fortran", numpy.asfortranarray(logits.astype(numpy.float32)))
save("f16", logits.astype(numpy.float16))
# The upper half of f32's bits.
save("bf16", (logits.astype(numpy.float32).view(numpy.uint32) >> 16).astype(numpy.uint16))
save("big-endian", logits.astype(">f4"))
save("complex", logits.astype(numpy.complex64))
save("mask", random.uniform(size=(5, 10)) < 0.7)
save("bias", random.normal(size=(1, 10)).astype(numpy.float32))
save("bias-9", random.normal(size=(1, 9)).astype(numpy.float32))
save("scale", numpy.array(0.5, numpy.float32))
save("scale-1d", numpy.array([0.5], numpy.float32))
save("vector", logits[0].astype(numpy.float32))
save("zeros", numpy.zeros((5, 10), numpy.float32))
save("empty", numpy.zeros((0, 10), numpy.float32))
save("f32-x8", random.normal(size=(5, 8)).astype(numpy.float32))
special = numpy.zeros((7, 10), numpy.float32)
special[0, 3] = numpy.nan
special[1, 3] = numpy.inf
special[2, :] = -numpy.inf
special[3, 3] = -numpy.inf
special[4, ::2] = 3e38
special[4, 1::2] = -3e38
special[5, :] = numpy.arange(10) * -11
special[6, :] = 1e30
save("special", special)

with open(os.path.join(folder, "f32.npy"), "rb") as file:
    good = file.read()
with open(os.path.join(folder, "truncated.npy"), "wb") as file:
    file.write(good[:-3])
with open(os.path.join(folder, "lying.npy"), "wb") as file:
    file.write(good.replace(b"(5, 10)", b"(9, 99)"))
with open(os.path.join(folder, "text.npy"), "wb") as file:
    file.write(b"1.0 2.0 3.0\n")
