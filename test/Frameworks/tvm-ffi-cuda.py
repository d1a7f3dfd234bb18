# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#
# A kernel for a GPU called through TVM-FFI's calling convention with tensors in
# device memory, of a stand-in for NVIDIA's driver (test/CudaDriver).
#
# REQUIRES: host-x86_64, numpy, tvm_ffi
# RUN: rm -rf %t && mkdir %t
# RUN: softmaxc --shape=?x33 --op=softmax --with=scale,mask,lse --op=cross_entropy --target=nvptx:sm_90 --emit=shared,llvm -o %t/
# RUN: env SOFTMAX_CUDA_DRIVER=%cuda_stand_in SOFTMAX_CUDA_MODULES=sm_90=%t/kernels.ll SOFTMAX_CUDA_LOG=%t/log %python %s %t/libkernels.so %t/log
import ctypes
import os
import sys

import numpy as np
import tvm_ffi

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "Inputs"))
from cuda_arrays import CudaArray, call, use_device

module = tvm_ffi.load_module(sys.argv[1])
view = tvm_ffi.from_dlpack
rng = np.random.default_rng(0)
x = rng.normal(size=(5, 33)).astype(np.float32)
x[3, 5] = 1e30
keep = rng.random(size=x.shape) > 0.2
zeros = np.zeros_like(x)


def expected():
    logits = np.where(keep, 0.5 * x.astype(np.float64), -np.inf)
    largest = logits.max(axis=1, keepdims=True)
    sums = np.exp(logits - largest).sum(axis=1, keepdims=True)
    return np.exp(logits - largest) / sums, (largest + np.log(sums))[:, 0]


def check(device):
    """Runs on a device and compares with the reference."""
    logits, mask = CudaArray(x, device), CudaArray(keep, device)
    p, lse = CudaArray(zeros, device), CudaArray(zeros[:, 0], device)
    call("cuCtxSetCurrent", None)
    module.softmax(view(logits), 0.5, view(mask), view(p), view(lse))
    probabilities, sums = expected()
    assert np.allclose(p.numpy(), probabilities, rtol=1e-6, atol=0)
    assert np.allclose(lse.numpy(), sums, rtol=1e-6, atol=1e-6)


# On each device, whichever context is current; on TVM-FFI's stream.
check(0)
check(1)
use_device(1)
stream = ctypes.c_void_p()
call("cuStreamCreate", ctypes.byref(stream), 0)
with tvm_ffi.use_raw_stream(tvm_ffi.device("cuda:1"), stream.value):
    check(1)
log = open(sys.argv[2]).read().splitlines()
assert [line.split(" stream ")[1] for line in log] == ["default device 0", "default device 1", "own device 1"], log

# A label that is out of range is not read through: the row's loss is NaN.
labels = CudaArray(np.array([0, 32, 7, 99, 1], np.int64))
loss, lse = CudaArray(zeros[:, 0]), CudaArray(zeros[:, 0])
small = rng.normal(size=x.shape).astype(np.float32)
module.cross_entropy(view(CudaArray(small)), view(labels), view(loss), view(lse))
reference = np.log(np.exp(small.astype(np.float64)).sum(axis=1))
picked = small[np.arange(5), np.where(labels.values < 33, labels.values, 0)]
found = loss.numpy()
assert np.isnan(found[3]) and np.allclose(np.delete(found, 3), np.delete(reference - picked, 3), rtol=1e-6)

logits, mask, p, lse = CudaArray(x), CudaArray(keep), CudaArray(zeros), CudaArray(zeros[:, 0])
good = [view(logits), 1.0, view(mask), view(p), view(lse)]


def replaced(position, array):
    return good[:position] + [view(array)] + good[position + 1:]


refused = [
    (TypeError, "takes 5 arguments", good[:4]),
    (TypeError, "operand #1 'scale' must be a number", [good[0], "1"] + good[2:]),
    (ValueError, "operand #0 'logits' must be on a CUDA device", replaced(0, x)),
    (ValueError, "operand #3 'probabilities' must be on the same device as operand #0 'logits'",
     replaced(3, CudaArray(zeros, 1))),
    (TypeError, "operand #0 'logits' must have elements of type float32", replaced(0, CudaArray(x.astype(np.float64)))),
    (ValueError, "operand #0 'logits' must have 2 dimensions", replaced(0, CudaArray(x[0]))),
    (ValueError, "along dimension 0", replaced(0, CudaArray(x[:4]))),
    (ValueError, "operand #0 'logits' must be in row-major order without gaps; make it contiguous",
     replaced(0, CudaArray(x, strides=(1, 5)))),
    (ValueError, "operand #3 'probabilities' overlaps operand #0 'logits'", replaced(3, logits.shifted(4))),
    (ValueError, "operand #0 'logits' must be aligned to its elements of 4 bytes", replaced(0, logits.shifted(2))),
    (TypeError, "operand #4 'lse' must be a tensor", good[:4] + [None]),
]
for kind, message, arguments in refused:
    try:
        module.softmax(*arguments)
    except kind as error:
        assert message in str(error), str(error)
    else:
        raise AssertionError("not refused: " + message)
assert (p.numpy() == 0).all()

# What the driver says reaches Python.
os.environ["SOFTMAX_CUDA_FAIL"] = "cuLaunchKernel=719"
try:
    module.softmax(*good)
except RuntimeError as error:
    assert "the kernel cannot be launched: CUDA_ERROR_LAUNCH_FAILED" in str(error), str(error)
else:
    raise AssertionError("a failing launch is not reported")

# NAME itself, for C: operands, stream, error.
library = ctypes.CDLL(sys.argv[1])
text = ctypes.create_string_buffer(512)
assert library.softmax(None, ctypes.c_double(1), None, None, None, None, text) == 1
assert text.value == b"softmax: operand #0 'logits' is a null pointer", text.value
assert library.softmax(None, ctypes.c_double(1), None, None, None, None, None) == 1
