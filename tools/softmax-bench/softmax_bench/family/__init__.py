# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""The other kernels of the family: gradients, losses, and what is fused with a softmax.

    work       what a kernel is to the benchmark: operands, reference, limit, rivals
    gradients, losses, fused    the kernels
    measure    a point of one of them: checked, timed beside peers, rivals and limits
"""
import importlib

# The kernels by name, and the module with the class.
KERNELS = {
    "softmax_backward": ("gradients", "SoftmaxBackward"),
    "log_softmax_backward": ("gradients", "LogSoftmaxBackward"),
    "cross_entropy": ("losses", "CrossEntropy"),
    "loss_and_gradient": ("losses", "LossAndGradient"),
    "scale_mask_softmax": ("fused", "Masked"),
    "valid_lengths": ("fused", "Lengths"),
    "quantized": ("fused", "Quantized"),
    "softmax_top8": ("fused", "Top8"),
}
# Where the logits are no f32.
TYPES = {"quantized": "i8"}


def load(name):
    """The class of a kernel; needs numpy."""
    module, kind = KERNELS[name]
    return getattr(importlib.import_module("." + module, __name__), kind)
