# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""The peers, where Python has them: each takes the same logits in memory of its own.

A peer is made once and raises Missing where it is not installed; `prepare(point, x)` gives what
launches it on the default stream, and what fetches its result in the type's storage."""
from importlib import metadata

import numpy

from ..peers import Missing


def torch_module():
    try:
        import torch
    except ImportError as error:
        raise Missing("not installed (%s)" % error)
    if not torch.cuda.is_available():
        raise Missing("this torch has no CUDA")
    return torch


class Torch:
    """PyTorch's own kernel."""

    def __init__(self, device):
        self.torch = torch_module()
        self.device = "cuda:%d" % device.ordinal
        self.torch.cuda.set_device(device.ordinal)
        self.version = "torch " + self.torch.__version__

    def tensor(self, point, x):
        torch = self.torch
        if point.type == "bf16":
            return torch.from_numpy(x.view(numpy.int16)).to(self.device).view(torch.bfloat16)
        return torch.from_numpy(x).to(self.device)

    def function(self, point):
        """From a tensor to its softmax."""
        softmax, axis = self.torch.softmax, point.axis
        return lambda tensor: softmax(tensor, axis)

    def prepare(self, point, x):
        torch, source, function = self.torch, self.tensor(point, x), self.function(point)
        kept = []

        def launch():
            with torch.inference_mode():
                kept[:] = [function(source)]

        def output():
            result = kept[0].contiguous()
            if point.type == "bf16":
                return result.view(torch.int16).cpu().numpy().view(numpy.uint16)
            return result.cpu().numpy()

        return launch, output


class TorchCompile(Torch):
    """What torch.compile makes of it: Triton kernels of Inductor."""

    def function(self, point):
        axis = point.axis
        return self.torch.compile(lambda tensor: self.torch.softmax(tensor, axis), dynamic=False)


class Triton(Torch):
    """A row per program, all of it at once and padded to a power of two: the usual fused kernel."""

    def __init__(self, device):
        super().__init__(device)
        try:
            import triton
            import triton.language as language
        except ImportError as error:
            raise Missing("not installed (%s)" % error)
        self.triton = triton
        self.version = "triton " + triton.__version__

        @triton.jit
        def kernel(source, target, columns, WIDTH: language.constexpr):
            begin = language.program_id(0).to(language.int64) * columns
            place = language.arange(0, WIDTH)
            inside = place < columns
            logits = language.load(source + begin + place, mask=inside, other=-float("inf")).to(language.float32)
            terms = language.exp(logits - language.max(logits, axis=0))
            shares = terms / language.sum(terms, axis=0)
            language.store(target + begin + place, shares.to(target.dtype.element_ty), mask=inside)

        self.kernel = kernel

    def function(self, point):
        width = self.triton.next_power_of_2(point.length)
        if point.inner != 1 or point.type == "f64":
            raise Missing("the kernel is for the last dimension, in f32 or less")
        if width > 131072:
            raise Missing("a program does not hold rows of %d elements" % point.length)
        kernel, empty, rows = self.kernel, self.torch.empty_like, point.outer
        warps = 4 if width < 2048 else 8 if width < 4096 else 16

        def function(tensor):
            target = empty(tensor)
            kernel[(rows,)](tensor, target, point.length, WIDTH=width, num_warps=warps)
            return target

        return function


class Liger(Torch):
    """Liger's Triton kernels."""

    def __init__(self, device):
        super().__init__(device)
        try:
            from liger_kernel.ops.softmax import LigerSoftmaxFunction
        except ImportError as error:
            raise Missing("not installed (%s)" % error)
        self.apply = LigerSoftmaxFunction.apply
        self.version = "liger " + metadata.version("liger_kernel")

    def function(self, point):
        if point.inner != 1:
            raise Missing("the kernel is for the last dimension")
        return self.apply


KINDS = {"torch": Torch, "torch-compile": TorchCompile, "triton": Triton, "liger": Liger}
