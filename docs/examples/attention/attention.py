#!/usr/bin/env python3
# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""One attention head on random tokens: a prompt at once, further tokens one by one with the keys
and values kept, and all of it at once; compared with NumPy in f64.

    python3 attention.py LIBRARY

LIBRARY is what softmaxc makes of attention.mlir.  Exits with 1 where a number is wrong.
"""
import os
import sys

import numpy

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "..", "digits"))
from kernels import Library

PROMPT, TOKENS, WIDTH = 80, 96, 64
# A product of 64 terms and a sum over all tokens, in f32; the values are about 1.
TOLERANCE = 1e-5


def reference(q, k, v):
    """The head in f64, for all tokens at once."""
    q, k, v = [array.astype(numpy.float64) for array in (q, k, v)]
    scores = q @ k.T / 8
    scores[numpy.triu_indices(len(q), 1)] = -numpy.inf
    weights = numpy.exp(scores - scores.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True) @ v


def main():
    library = Library(sys.argv[1])

    def head(queries, keys, values, offset):
        return library.call("head", [queries, keys, values, numpy.array(offset)], numpy.empty_like(queries))

    random = numpy.random.default_rng(0)
    # Scores have a standard deviation of 3: some tokens matter.
    q = random.normal(0, 3, (TOKENS, WIDTH)).astype(numpy.float32)
    k, v = random.standard_normal((2, TOKENS, WIDTH), dtype=numpy.float32)
    whole = head(q, k, v, 0)
    steps = [head(q[:PROMPT], k[:PROMPT], v[:PROMPT], 0)]
    for token in range(PROMPT, TOKENS):
        steps.append(head(q[token:token + 1], k[:token + 1], v[:token + 1], token))
    expected = reference(q, k, v)
    good = True
    for name, result in [("all tokens at once", whole), ("prompt, then one by one", numpy.concatenate(steps))]:
        error = abs(result - expected).max()
        good = good and error <= TOLERANCE
        print("%s: largest error %.1e, %s" % (name, error, "right" if error <= TOLERANCE else "wrong"))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
