# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""As much of PyTorch as bench-gpu calls, on NumPy arrays; TORCH_STAND_IN=wrong gives wrong results."""
import contextlib
import os

import numpy

__version__ = "0, a stand-in"
int16, bfloat16 = numpy.int16, "bfloat16"


class Tensor:
    def __init__(self, values):
        self.values = values

    def to(self, device):
        assert device.startswith("cuda:")
        return Tensor(self.values.copy())

    def contiguous(self):
        return self

    def cpu(self):
        return self

    def numpy(self):
        return self.values


class cuda:
    @staticmethod
    def is_available():
        return True

    @staticmethod
    def set_device(ordinal):
        assert ordinal == 0


def from_numpy(values):
    return Tensor(values)


def inference_mode():
    return contextlib.nullcontext()


def softmax(tensor, axis):
    terms = numpy.exp(tensor.values.astype(numpy.float64) - tensor.values.max(axis=axis, keepdims=True))
    if os.environ.get("TORCH_STAND_IN") == "wrong":
        terms[..., 0] *= 2
    return Tensor((terms / terms.sum(axis=axis, keepdims=True)).astype(tensor.values.dtype))


def compile(function, dynamic):
    def refuse(*_):
        raise RuntimeError("no compiler\nin a stand-in")
    return refuse
