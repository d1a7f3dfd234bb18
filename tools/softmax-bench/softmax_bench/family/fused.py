# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""A softmax with what comes before, beside or after it in one kernel, and the same without it as a
rival: `ours, ...`."""
import ctypes

import numpy

from .. import native
from ..measure import NativeCall
from .work import Pass, Work, probability_bound, softmax


class Masked(Work):
    """softmax of the logits, scaled and masked; the mask has a byte per element, one half of them on."""

    passes = [Pass({"copy": 1, "read_mask": 1})]
    rival = "ours, softmax and the mask's traffic"

    def __init__(self, point):
        super().__init__(point)
        mask = self.tensor("u8")
        for row in mask:
            row[:] = self.random.integers(0, 2, self.columns, dtype=numpy.uint8)
        mask[:, 0] = 1
        self.inputs = {"logits": self.normal(), "scale": numpy.array(0.125, numpy.float32), "mask": mask.view(numpy.bool_)}
        self.outputs = {"probabilities": self.tensor()}
        self.source = self.mlir("masked")
        self.launches = [("masked", ["logits", "scale", "mask", "probabilities"])]

    def expected(self):
        scaled = (self.inputs["logits"][self.checked] * self.inputs["scale"]).astype(numpy.float64)
        scaled[~self.inputs["mask"][self.checked]] = -numpy.inf
        probabilities, below, _ = softmax(scaled)
        return {"probabilities": (probabilities, probability_bound(probabilities, below))}

    def rivals(self, measurement):
        plain = measurement.softmax(self.inputs["logits"], self.outputs["probabilities"])
        read = measurement.fastest_read(self.inputs["mask"])
        return {self.rival: measurement.chain([plain, read])}


class Lengths(Work):
    """Rows of which only the first elements count: any number of them, on average half.  The rival has
    a tensor of these elements alone to normalize, and fills the rest with zeros."""

    passes = [Pass({"copy": 0.5, "fill": 1}, 0.5)]
    rival = "ours, softmax of the valid part"

    def __init__(self, point):
        super().__init__(point)
        lengths = self.random.integers(1, self.columns, self.rows)
        # In pairs that make up a whole row, so that exactly half of all elements count.
        lengths[1::2] = self.columns - lengths[:len(lengths[1::2]) * 2:2]
        self.inputs = {"logits": self.normal(), "lengths": lengths}
        self.outputs = {"probabilities": self.tensor()}
        self.source = self.mlir("lengths")
        self.launches = [("lengths", ["logits", "lengths", "probabilities"])]

    def expected(self):
        logits = self.wide("logits")
        logits[numpy.arange(self.columns) >= self.inputs["lengths"][self.checked][:, None]] = -numpy.inf
        probabilities, below, _ = softmax(logits)
        return {"probabilities": (probabilities, probability_bound(probabilities, below))}

    def rest(self, measurement):
        """The call that fills the rest of the rows."""
        argument = Rest(self.outputs["probabilities"].ctypes.data, self.inputs["lengths"].ctypes.data, self.columns)
        step = measurement.runtime.pooled(measurement.library.family_fill_rest, argument, self.rows)
        return NativeCall([step], lambda: self.outputs, (argument,))

    def rivals(self, measurement):
        half = self.columns // 2
        if half == 0:
            return {}
        plain = measurement.softmax(self.inputs["logits"][:, :half], self.outputs["probabilities"][:, :half])
        return {self.rival: measurement.chain([plain, self.rest(measurement)])}

    def bounds(self, measurement):
        return {"fill": self.rest(measurement)}


class Quantized(Work):
    """int8 logits in, u8 probabilities out.  The rival has a loop that dequantizes, our softmax in f32
    and a loop that quantizes, compiled by gcc -Ofast -march=native."""

    passes = [Pass({"copy": 1})]
    rival = "ours, separate kernels"
    step, zero = 0.0625, 3

    def __init__(self, point):
        super().__init__(point)
        logits = self.tensor("i8")
        for row in logits:
            row[:] = numpy.clip(numpy.rint(self.random.standard_normal(self.columns, dtype=numpy.float32) / self.step * 2),
                                -128, 127)
        self.inputs = {"logits": logits, "zero": numpy.array(self.zero, numpy.int32),
                       "step": numpy.array(self.step, numpy.float32)}
        self.outputs = {"probabilities": self.tensor("u8")}
        # MLIR's integers have no sign: to the kernel all bytes are int8.
        self.codes = {"probabilities": 0}
        self.source = self.mlir("quantized")
        self.launches = [("quantized", ["logits", "zero", "step", "probabilities"])]

    def expected(self):
        probabilities, _, _ = softmax((self.wide("logits") - self.zero) * self.step)
        reference = 255 * probabilities
        # Rounded, and 255 p itself may be off by a few ULP.
        return {"probabilities": (reference, numpy.full_like(reference, 0.5 + 1e-3))}

    def rivals(self, measurement):
        x, p = self.tensor(), self.tensor()
        argument = Quantization(self.inputs["logits"].ctypes.data, x.ctypes.data, p.ctypes.data,
                                self.outputs["probabilities"].ctypes.data, self.step, self.zero)
        before, after = [NativeCall([measurement.runtime.pooled(part, argument, self.point.elements, 4096)],
                                    lambda: self.outputs, (argument, x, p))
                         for part in (measurement.library.family_dequantize, measurement.library.family_quantize)]
        return {self.rival: measurement.chain([before, measurement.softmax(x, p), after])}


class Top8(Work):
    """Probabilities, and the eight largest logits of a row with their columns."""

    passes = [Pass({"copy": 1})]
    rival = "ours, softmax alone"

    def __init__(self, point):
        super().__init__(point)
        self.inputs = {"logits": self.normal()}
        self.outputs = {"probabilities": self.tensor(), "values": self.tensor("f32", 8),
                        "columns": numpy.zeros((self.rows, 8), numpy.int64)}
        self.source = self.mlir("topk")
        self.launches = [("softmax_top8", ["logits", "probabilities", "values", "columns"])]

    def expected(self):
        logits = self.wide("logits")
        probabilities, below, _ = softmax(logits)
        order = numpy.argsort(-logits, axis=1, kind="stable")[:, :8]
        values = numpy.take_along_axis(logits, order, axis=1)
        # Both are chosen, not computed: nothing may differ.
        return {"probabilities": (probabilities, probability_bound(probabilities, below)),
                "values": (values, numpy.full_like(values, 1e-300)), "columns": (order, numpy.full_like(values, 1e-300))}

    def rivals(self, measurement):
        return {self.rival: measurement.softmax(self.inputs["logits"], self.outputs["probabilities"])}


class Rest(ctypes.Structure):
    _fields_ = [("y", ctypes.c_void_p), ("lengths", ctypes.c_void_p), ("columns", ctypes.c_int64)]


class Quantization(ctypes.Structure):
    _fields_ = [("q", ctypes.c_void_p), ("x", ctypes.c_void_p), ("p", ctypes.c_void_p), ("u", ctypes.c_void_p),
                ("step", ctypes.c_float), ("zero", ctypes.c_int32)]
