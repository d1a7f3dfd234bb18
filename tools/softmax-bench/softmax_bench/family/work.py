# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""What a kernel of the family is to the benchmark."""
import os

import numpy

from .. import elements

SOURCES = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "mlir", "family")
# Of so many rows, evenly spread, results are compared with the reference.
CHECKED_ROWS = 64
EPS = 2.0 ** -24
SEED = 20240229


class Pass:
    """One sweep over the data as a limit: at best the memory's time, the sum of `traffic`, {limit:
    times}, or that of so many exponentials per element, whichever is longer."""

    def __init__(self, traffic, exponentials=1.0):
        self.traffic = traffic
        self.exponentials = exponentials

    def time(self, limits):
        """Of {limit: nanoseconds}, `exp` for one exponential per element of the tensor."""
        return max(sum(times * limits[name] for name, times in self.traffic.items()),
                   self.exponentials * limits["exp"])


class Work:
    """A kernel at a point.  A subclass fills in

    source     what softmaxc compiles: arguments, or one MLIR file of mlir/family
    launches   [(function, [operand])], the calls that do the work, one after the other
    passes     what limits it
    inputs     {operand: array}; outputs, the same, are what is compared with the reference
    expected   {output: (reference in f64 for the checked rows, largest error allowed)}
    """

    passes = []

    def __init__(self, point):
        self.point = point
        self.rows, self.columns = point.shape
        self.random = numpy.random.default_rng(SEED)
        self.inputs = {}
        self.outputs = {}
        self.codes = {}
        self.checked = numpy.unique(numpy.linspace(0, self.rows - 1, min(self.rows, CHECKED_ROWS)).astype(numpy.int64))

    @classmethod
    def mlir(cls, name):
        return [os.path.join(SOURCES, name + ".mlir")]

    def tensor(self, type="f32", columns=None):
        """A matrix of zeros with a row for each row, aligned and on huge pages."""
        return elements.allocate((self.rows, self.columns if columns is None else columns), type)

    def normal(self, deviation=2.0):
        """A tensor of normally distributed numbers."""
        array = self.tensor()
        for row in array:
            row[:] = self.random.standard_normal(self.columns, dtype=numpy.float32)
        array *= numpy.float32(deviation)
        return array

    def wide(self, name):
        """The checked rows of an input in f64."""
        return self.inputs[name][self.checked].astype(numpy.float64)

    @property
    def arrays(self):
        return {**self.inputs, **self.outputs}

    def expected(self):
        raise NotImplementedError

    def rivals(self, measurement):
        """{name: call} of other ways to get the same with kernels of ours."""
        return {}

    def limit(self, limits):
        return sum(each.time(limits) for each in self.passes)

    def spoil(self):
        """What is not written is NaN, or a number that is never right."""
        for array in self.outputs.values():
            array.reshape(-1).view("u1")[:] = 0xff


class Check:
    """Compares outputs with the reference, which is computed once."""

    def __init__(self, work):
        self.work = work
        self.expected = work.expected()

    def __call__(self, outputs):
        """The worst error over what is allowed, and how far it goes beyond beside the largest result,
        of all outputs that are there."""
        worst, relative = 0.0, 0.0
        for name, (reference, allowed) in self.expected.items():
            if name not in outputs:
                continue
            found = outputs[name][self.work.checked].astype(numpy.float64)
            difference = numpy.abs(found - reference)
            difference = numpy.where(numpy.isnan(difference), numpy.inf, difference)
            worst = max(worst, float((difference / allowed).max()))
            beyond = numpy.maximum(difference - allowed, 0).max()
            relative = max(relative, float(beyond / max(float(numpy.abs(reference).max()), 1e-300)))
        return elements.Accuracy(None, worst, relative)


def ulps(reference, count):
    """So many units in the last place of f32."""
    return count * elements.ulp(reference, "f32")


def softmax(logits):
    """Probabilities in f64, what lies below the row's maximum, and lse."""
    below = logits.max(axis=1, keepdims=True) - logits
    exponentials = numpy.exp(-below)
    total = exponentials.sum(axis=1, keepdims=True)
    return exponentials / total, below, logits.max(axis=1) + numpy.log(total[:, 0])


def probability_bound(probabilities, below):
    """docs/Spec.md, accuracy of the default mode in f32."""
    with numpy.errstate(invalid="ignore"):
        return numpy.where(probabilities > 0, ulps(probabilities, 4 + 1.25 * numpy.where(probabilities > 0, below, 0)), 1e-300)
