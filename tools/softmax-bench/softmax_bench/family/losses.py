# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""Cross-entropy with class indices, alone and with the gradient of the mean loss."""
import numpy

from .work import EPS, Pass, Work, softmax, ulps


class CrossEntropy(Work):
    passes = [Pass({"read": 1})]

    def __init__(self, point):
        super().__init__(point)
        self.inputs = {"logits": self.normal(), "labels": self.random.integers(0, self.columns, self.rows)}
        self.outputs = {"loss": numpy.zeros(self.rows, numpy.float32), "lse": numpy.zeros(self.rows, numpy.float32)}
        self.source = ["--op=cross_entropy"]
        self.launches = [("cross_entropy", ["logits", "labels", "loss", "lse"])]

    def expected(self):
        logits = self.wide("logits")
        _, below, lse = softmax(logits)
        at_label = numpy.arange(len(self.checked)), self.inputs["labels"][self.checked]
        size = numpy.maximum(1, numpy.log(self.columns))
        return {"loss": (lse - logits[at_label], 10 * EPS * numpy.maximum(size, below[at_label])),
                "lse": (lse, ulps(lse, 0.5) + 4 * EPS * size)}


class LossAndGradient(CrossEntropy):
    """Both kernels, one after the other: a step of training.  The mean loss has the gradient 1 / rows
    for each row."""

    passes = [Pass({"read": 1}), Pass({"copy": 1})]

    def __init__(self, point):
        super().__init__(point)
        self.inputs["grad_loss"] = numpy.full(self.rows, 1 / self.rows, numpy.float32)
        self.outputs["grad_logits"] = self.tensor()
        self.source = ["--op=cross_entropy", "--op=cross_entropy_backward"]
        self.launches = self.launches + [("cross_entropy_backward",
                                          ["logits", "labels", "lse", "grad_loss", "grad_logits"])]

    def expected(self):
        found = super().expected()
        logits = self.wide("logits")
        probabilities, _, lse = softmax(logits)
        target = numpy.zeros_like(logits)
        target[numpy.arange(len(target)), self.inputs["labels"][self.checked]] = 1
        scale = float(self.inputs["grad_loss"][0])
        reference = (probabilities - target) * scale
        # lse is that of the kernel before, rounded to f32.
        distance = numpy.abs(logits - lse[:, None]) + numpy.abs(lse[:, None])
        allowed = EPS * scale * (probabilities * (6 + distance) + 4 * target) + ulps(reference, 2)
        found["grad_logits"] = (reference, allowed)
        return found
