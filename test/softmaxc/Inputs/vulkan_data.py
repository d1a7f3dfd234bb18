# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""vulkan_data.py write|check FOLDER: operands of softmax with scale and mask, and what must come of them."""
import sys

import numpy

mode, folder = sys.argv[1:]
names = ["x", "scale", "mask"]
if mode == "write":
    random = numpy.random.default_rng(3)
    x = (random.standard_normal((9, 55)) * 4).astype(numpy.float16)
    x[0, 5] = 60000
    mask = random.random((9, 55)) < 0.7
    mask[:, 5] = True
    for name, value in zip(names, [x, numpy.array(0.375, numpy.float32), mask]):
        numpy.save("%s/%s.npy" % (folder, name), value)
else:
    x, scale, mask = [numpy.load("%s/%s.npy" % (folder, name)) for name in names]
    logits = numpy.where(mask, x.astype(float) * float(scale), -numpy.inf)
    largest = logits.max(axis=1, keepdims=True)
    e = numpy.exp(logits - largest)
    right = e / e.sum(axis=1, keepdims=True)
    lse = largest[:, 0] + numpy.log(e.sum(axis=1))
    y = numpy.load(folder + "/y.npy")
    assert y.dtype == numpy.float16 and y.shape == right.shape
    # 1 ULP of f16.
    ulp = numpy.spacing(numpy.maximum(right, 2.0**-14).astype(numpy.float16)).astype(float)
    assert (abs(y - right) <= ulp).all(), abs(y - right).max()
    assert numpy.allclose(numpy.load(folder + "/lse.npy"), lse, rtol=1e-6, atol=1e-6)
