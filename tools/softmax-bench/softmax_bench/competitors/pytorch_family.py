# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""The family's kernels in PyTorch, eager: what a user calls, or what its autograd does."""
import numpy
import torch

from ..measure import PythonCall
from ..peers import Missing


def tensors(work):
    return {name: torch.from_numpy(array) if array.ndim else torch.tensor(array.item())
            for name, array in work.arrays.items()}


def softmax_backward(work, t):
    backward = torch.ops.aten._softmax_backward_data.out
    return lambda: backward(t["grad_output"], t["output"], 1, torch.float32, grad_input=t["grad_input"]), work.outputs


def log_softmax_backward(work, t):
    backward = torch.ops.aten._log_softmax_backward_data.out
    return lambda: backward(t["grad_output"], t["output"], 1, torch.float32, out=t["grad_input"]), work.outputs


def cross_entropy(work, t):
    loss = torch.nn.functional.cross_entropy
    call = lambda: loss(t["logits"], t["labels"], reduction="none")
    return call, lambda: {"loss": call().numpy()}


def loss_and_gradient(work, t):
    """The mean loss and its gradient by autograd, which the benchmark's inference mode has no room for."""
    loss, gradient = torch.nn.functional.cross_entropy, torch.autograd.grad
    with torch.inference_mode(False):
        logits = torch.from_numpy(work.inputs["logits"]).requires_grad_()
        labels = torch.from_numpy(work.inputs["labels"])

    def call():
        with torch.inference_mode(False), torch.enable_grad():
            return gradient(loss(logits, labels), logits)[0]

    return call, lambda: {"grad_logits": call().numpy()}


def scale_mask_softmax(work, t):
    lowest = torch.tensor(-numpy.inf)

    def call():
        return torch.softmax(torch.where(t["mask"], t["logits"] * t["scale"], lowest), 1, out=t["probabilities"])

    return call, work.outputs


def softmax_top8(work, t):
    def call():
        torch.softmax(t["logits"], 1, out=t["probabilities"])
        torch.topk(t["logits"], 8, out=(t["values"], t["columns"]))

    return call, work.outputs


CALLS = {function.__name__: function for function in [softmax_backward, log_softmax_backward, cross_entropy,
                                                      loss_and_gradient, scale_mask_softmax, softmax_top8]}


def prepare(work):
    """The call of a work; raises Missing."""
    if work.point.kernel not in CALLS:
        raise Missing("it has no such operation")
    held = tensors(work)
    call, output = CALLS[work.point.kernel](work, held)
    return PythonCall(call, output if callable(output) else lambda: output, (work, held))
