# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#
# Compares softmax along the last dimension with f64: 4 ULP of f32.
import sys

import numpy

x, y = (numpy.load(path) for path in sys.argv[1:])
exact = numpy.exp(x.astype(numpy.float64) - x.max(axis=1, keepdims=True))
exact /= exact.sum(axis=1, keepdims=True)
spacing = numpy.maximum(numpy.spacing(exact.astype(numpy.float32)), 2.0**-149)
worst = float((abs(y - exact) / spacing).max())
assert worst <= 4, worst
