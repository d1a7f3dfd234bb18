# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""Gradients of softmax and log_softmax, from the gradient of the result and the result."""
import numpy

from .work import EPS, Pass, Work, ulps


class Backward(Work):
    def __init__(self, point):
        super().__init__(point)
        logits = self.normal()
        result = self.result(logits)
        logits[...] = result
        self.inputs = {"grad_output": self.normal(1.0), "output": logits}
        self.outputs = {"grad_input": self.tensor()}
        self.source = ["--op=" + self.op]
        self.launches = [(self.op, ["grad_output", "output", "grad_input"])]


class SoftmaxBackward(Backward):
    op = "softmax_backward"
    passes = [Pass({"triad": 1}, 0)]

    @staticmethod
    def result(logits):
        result = numpy.exp(logits - logits.max(axis=1, keepdims=True))
        result /= result.sum(axis=1, keepdims=True)
        return result

    def expected(self):
        dy, y = self.wide("grad_output"), self.wide("output")
        products = dy * y
        reference = y * (dy - products.sum(axis=1, keepdims=True))
        allowed = 10 * EPS * y * numpy.abs(products).sum(axis=1, keepdims=True) + ulps(reference, 2)
        return {"grad_input": (reference, allowed)}


class LogSoftmaxBackward(Backward):
    op = "log_softmax_backward"
    passes = [Pass({"triad": 1}, 1)]

    @staticmethod
    def result(logits):
        below = logits - logits.max(axis=1, keepdims=True)
        return below - numpy.log(numpy.exp(below).sum(axis=1, keepdims=True))

    def expected(self):
        dy, y = self.wide("grad_output"), self.wide("output")
        reference = dy - numpy.exp(y) * dy.sum(axis=1, keepdims=True)
        allowed = 12 * EPS * numpy.exp(y) * numpy.abs(dy).sum(axis=1, keepdims=True) + ulps(reference, 2)
        return {"grad_input": (reference, allowed)}
