# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#
# A kernel called through TVM-FFI's calling convention, with NumPy arrays, and
# its errors as Python exceptions.
#
# REQUIRES: host-x86_64, numpy, tvm_ffi
# RUN: softmaxc --op=softmax --with=scale,mask,lse -o %t.so
# RUN: %python %s %t.so
import sys

import numpy as np
import tvm_ffi

kernel = tvm_ffi.load_module(sys.argv[1]).softmax
view = tvm_ffi.from_dlpack
rng = np.random.default_rng(0)
x = rng.normal(size=(5, 33)).astype(np.float32)
keep = rng.random(size=x.shape) > 0.2
p = np.zeros_like(x)
lse = np.zeros(5, np.float32)

kernel(view(x), 0.5, view(keep), view(p), view(lse))
logits = np.where(keep, 0.5 * x.astype(np.float64), -np.inf)
sums = np.exp(logits).sum(axis=1)
assert np.allclose(p, np.exp(logits) / sums[:, None], rtol=1e-6, atol=0)
assert np.allclose(lse, np.log(sums), rtol=1e-6, atol=1e-6)

# An int for the scalar, permuted and offset arrays.
wide = np.asfortranarray(rng.normal(size=(7, 33)).astype(np.float32))[2:]
kernel(view(wide), 1, view(keep), view(p), view(lse))
logits = np.where(keep, wide.astype(np.float64), -np.inf)
assert np.allclose(p, np.exp(logits) / np.exp(logits).sum(axis=1)[:, None], rtol=1e-6, atol=0)

before = p.copy()
refused = [
    (TypeError, "takes 5 arguments", (view(x), 1.0, view(keep), view(p))),
    (TypeError, "operand #1 'scale' must be a number", (view(x), "1", view(keep), view(p), view(lse))),
    (TypeError, "operand #0 'logits' must have elements of type float32",
     (view(x.astype(np.float64)), 1.0, view(keep), view(p), view(lse))),
    (ValueError, "operand #0 'logits' must have 2 dimensions", (view(lse), 1.0, view(keep), view(p), view(lse))),
    (ValueError, "along dimension 0", (view(x[:4]), 1.0, view(keep), view(p), view(lse))),
    (ValueError, "overlaps operand", (view(p[:, ::-1].copy()), 1.0, view(keep), view(p), view(p[0, :5]))),
]
for kind, message, arguments in refused:
    try:
        kernel(*arguments)
    except kind as error:
        assert message in str(error), str(error)
        assert "softmax" in str(error), str(error)
    else:
        raise AssertionError("not refused: " + message)
assert (p == before).all()
