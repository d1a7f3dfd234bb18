# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""PyTorch: eager, on oneDNN's own tensors, and torch.compile."""
import os

# One process compiles; a pool of them would compute beside what is measured.
os.environ.setdefault("TORCHINDUCTOR_COMPILE_THREADS", "1")

import numpy
import torch

from ..measure import PythonCall
from ..peers import Missing

TYPES = {"f16": torch.float16, "bf16": torch.bfloat16, "f32": torch.float32, "f64": torch.float64}
# No gradients anywhere in this process.
INFERENCE = torch.inference_mode()
INFERENCE.__enter__()


def view(array, type):
    """A tensor on an array's memory."""
    if type == "bf16":
        return torch.from_numpy(array.view(numpy.int16)).view(torch.bfloat16)
    return torch.from_numpy(array)


def values(tensor, type):
    """The array of a dense tensor, in the type's storage."""
    if type == "bf16":
        return tensor.view(torch.int16).numpy().view(numpy.uint16)
    return tensor.numpy()


class Eager:
    interpreted = True

    def __init__(self, context):
        torch.set_num_threads(context.threads)
        self.version = "torch " + torch.__version__

    def prepare(self, point, x, y):
        source, target, axis = view(x, point.type), view(y, point.type), point.axis
        softmax = torch.softmax

        def call():
            softmax(source, axis, out=target)

        return PythonCall(call, lambda: y, (x, y), x.ctypes.data, y.ctypes.data)

    def prepare_kernel(self, work):
        """A kernel of the family."""
        from . import pytorch_family
        return pytorch_family.prepare(work)


class Mkldnn:
    interpreted = True

    def __init__(self, context):
        if not torch.backends.mkldnn.is_available():
            raise Missing("this PyTorch was built without oneDNN")
        torch.set_num_threads(context.threads)
        version = [line for line in torch.__config__.show().splitlines() if "MKL-DNN v" in line]
        self.version = "torch %s, %s" % (torch.__version__, version[0].strip(" -") if version else "oneDNN")

    def prepare(self, point, x, y):
        if point.mode in ("producer", "consumer"):
            raise Missing("its tensors are opaque: no neighbour can reach their memory")
        source, axis = view(x, point.type).to_mkldnn(), point.axis
        softmax = torch.softmax

        def call():
            return softmax(source, axis)

        return PythonCall(call, lambda: values(call().to_dense(), point.type), (x, y))


class Compiled:
    interpreted = True

    def __init__(self, context):
        torch.set_num_threads(context.threads)
        self.version = "torch %s, torch.compile of static shapes" % torch.__version__
        torch._dynamo.config.recompile_limit = 64

    def prepare(self, point, x, y):
        torch._dynamo.reset()
        source, target, axis = view(x, point.type), view(y, point.type), point.axis
        # Becomes one kernel that writes to the target: as fast as one with a new result is at best.
        softmax = torch.compile(lambda a, o: o.copy_(torch.softmax(a, axis)), dynamic=False)

        def call():
            softmax(source, target)

        return PythonCall(call, lambda: y, (x, y), x.ctypes.data, y.ctypes.data)
