# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#
# Results with a row of k elements each, through TVM-FFI's calling convention:
# routing among experts, on a stand-in for NVIDIA's driver (test/CudaDriver).
#
# REQUIRES: host-x86_64, numpy, tvm_ffi
# RUN: rm -rf %t && mkdir %t
# RUN: softmaxc %S/Inputs/route.mlir --target=nvptx:sm_90 --emit=shared,llvm -o %t/
# RUN: env SOFTMAX_CUDA_DRIVER=%cuda_stand_in SOFTMAX_CUDA_MODULES=sm_90=%t/route.ll SOFTMAX_CUDA_LOG=%t/log %python %s %t/libroute.so
import os
import sys

import numpy as np
import tvm_ffi

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)), "Inputs"))
from cuda_arrays import CudaArray, call

module = tvm_ffi.load_module(sys.argv[1])
view = tvm_ffi.from_dlpack
rng = np.random.default_rng(0)
for rows, columns in [(33, 64), (5, 257), (2, 3000), (2, 9001)]:
    x = rng.integers(-20, 20, size=(rows, columns)).astype(np.float32) / 4
    weights = CudaArray(np.zeros((rows, 3), np.float32))
    experts = CudaArray(np.zeros((rows, 3), np.int32))
    call("cuCtxSetCurrent", None)
    module.route(view(CudaArray(x)), view(weights), view(experts))
    e = np.exp(x.astype(np.float64))
    p = e / e.sum(axis=1, keepdims=True)
    best = np.argsort(-x, axis=1, kind="stable")[:, :3]
    assert (experts.numpy() == best).all(), (rows, columns)
    assert np.allclose(weights.numpy(), np.take_along_axis(p, best, axis=1), rtol=1e-6, atol=0)

# The size of the last dimension is k.
x = CudaArray(np.zeros((2, 64), np.float32))
for wrong in [np.zeros((2, 4), np.int32), np.zeros((2,), np.int32), np.zeros((2, 3), np.int64)]:
    try:
        module.route(view(x), view(CudaArray(np.zeros((2, 3), np.float32))), view(CudaArray(wrong)))
    except Exception as error:
        assert "experts" in str(error), error
    else:
        raise AssertionError("wrong experts were taken: %s" % (wrong.shape,))
