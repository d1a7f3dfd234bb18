# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""Softmax in long double against what softmax-run wrote.

    python3 compare.py AXIS LOGITS PROBABILITIES

Ends with status 1 where a probability is further than its bound from the
reference, or where shape, order or type of the file are not as they should be.
"""
import sys

import numpy


def load(path):
    array = numpy.load(path)
    if array.dtype == numpy.uint16:
        return (array.astype(numpy.uint32) << 16).view(numpy.float32), 8, -126
    formats = {"float16": (11, -14), "float32": (24, -126), "float64": (53, -1022)}
    return (array,) + formats[array.dtype.name]


axis = int(sys.argv[1])
logits = load(sys.argv[2])[0]
probabilities, bits, lowest = load(sys.argv[3])
assert probabilities.shape == logits.shape, probabilities.shape
assert probabilities.flags.c_contiguous

logits = logits.astype(numpy.longdouble)
shifted = logits - logits.max(axis=axis, keepdims=True)
reference = numpy.exp(shifted)
reference /= reference.sum(axis=axis, keepdims=True)
unit = numpy.exp2(numpy.maximum(numpy.floor(numpy.log2(reference)), lowest) - (bits - 1))
error = numpy.abs(probabilities - reference) / unit
bound = 4 + 1.25 * numpy.abs(shifted) if bits >= 24 else 1
assert (error <= bound).all(), error.max()
print("largest error: %.2f ULP" % error.max())
