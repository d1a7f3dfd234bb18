# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""The family's kernels in JAX: the formulas, compiled by XLA."""
import jax
import jax.numpy as jnp
import numpy

from ..measure import PythonCall
from ..peers import Missing


def softmax_backward(grad_output, output):
    return {"grad_input": output * (grad_output - (grad_output * output).sum(axis=1, keepdims=True))}


def log_softmax_backward(grad_output, output):
    return {"grad_input": grad_output - jnp.exp(output) * grad_output.sum(axis=1, keepdims=True)}


def cross_entropy(logits, labels):
    lse = jax.nn.logsumexp(logits, axis=1)
    return {"loss": lse - jnp.take_along_axis(logits, labels[:, None], axis=1)[:, 0], "lse": lse}


def loss_and_gradient(logits, labels, grad_loss):
    def mean(x):
        return cross_entropy(x, labels)["loss"].mean()

    loss, gradient = jax.value_and_grad(mean)(logits)
    return {"mean": loss, "grad_logits": gradient}


def scale_mask_softmax(logits, scale, mask):
    return {"probabilities": jax.nn.softmax(jnp.where(mask, logits * scale, -jnp.inf), axis=1)}


def softmax_top8(logits):
    values, columns = jax.lax.top_k(logits, 8)
    return {"probabilities": jax.nn.softmax(logits, axis=1), "values": values, "columns": columns}


def quantized(logits, zero, step):
    x = (logits.astype(jnp.int32) - zero).astype(jnp.float32) * step
    return {"probabilities": jnp.rint(255 * jax.nn.softmax(x, axis=1)).astype(jnp.uint8)}


def valid_lengths(logits, lengths):
    counts = jnp.arange(logits.shape[1]) < lengths[:, None]
    return {"probabilities": jax.nn.softmax(jnp.where(counts, logits, -jnp.inf), axis=1)}


FORMULAS = {function.__name__: function for function in [
    softmax_backward, log_softmax_backward, cross_entropy, loss_and_gradient, scale_mask_softmax, softmax_top8,
    quantized, valid_lengths]}


def prepare(work):
    """The call of a work; raises Missing."""
    if work.point.kernel not in FORMULAS:
        raise Missing("it has no such formula")
    formula = jax.jit(FORMULAS[work.point.kernel])
    sources = [jax.dlpack.from_dlpack(array) if array.ndim else jnp.asarray(array) for array in work.inputs.values()]

    def call():
        return jax.block_until_ready(formula(*sources))

    def output():
        return {name: numpy.asarray(array) for name, array in call().items()}

    return PythonCall(call, output, (work, sources))
