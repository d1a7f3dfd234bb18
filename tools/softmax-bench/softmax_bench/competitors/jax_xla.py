# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""JAX on XLA's CPU backend.  Its threads are as many as the processors that the process may
use, which the benchmark sets."""
import os

os.environ.setdefault("JAX_PLATFORMS", "cpu")

import jax
import jax.numpy as jnp
import numpy

from .. import elements
from ..measure import PythonCall


class Jax:
    interpreted = True

    def __init__(self, context):
        jax.config.update("jax_enable_x64", True)
        # The result is waited for; who computes elsewhere would only wake up another thread.
        jax.config.update("jax_cpu_enable_async_dispatch", False)
        self.version = "jax %s" % jax.__version__

    def prepare(self, point, x, y):
        if point.type == "bf16":
            source = jax.device_put(x.view(jnp.bfloat16))
        else:
            source = jax.dlpack.from_dlpack(x)
        axis = point.axis
        if point.type == "bf16":
            # In bf16 itself it is off by several percent.
            softmax = jax.jit(lambda a: jax.nn.softmax(a.astype(jnp.float32), axis=axis).astype(jnp.bfloat16))
        else:
            softmax = jax.jit(lambda a: jax.nn.softmax(a, axis=axis))
        shared = source.unsafe_buffer_pointer() == x.ctypes.data
        storage = elements.STORAGE[point.type]

        def call():
            return softmax(source).block_until_ready()

        def output():
            return numpy.asarray(call()).view(storage)

        return PythonCall(call, output, (x, source), x.ctypes.data if shared else None,
                          lambda result: result.unsafe_buffer_pointer())

    def prepare_kernel(self, work):
        """A kernel of the family."""
        from . import jax_family
        return jax_family.prepare(work)
