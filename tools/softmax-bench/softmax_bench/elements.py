# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""Element types, the data that everybody works on, and the check against a reference."""
import mmap

import numpy

# bf16 has no type in numpy: its bits are kept.
STORAGE = {"f16": numpy.float16, "bf16": numpy.uint16, "f32": numpy.float32, "f64": numpy.float64,
           "i8": numpy.int8, "u8": numpy.uint8}
# Bits of the significand with the hidden one, and the smallest normal exponent.
PRECISION = {"f16": (11, -14), "bf16": (8, -126), "f32": (24, -126), "f64": (53, -1022)}
HUGE_PAGE = 2 ** 21


def store(values, type):
    """f32 or f64 `values` rounded to nearest even in the type's storage."""
    if type != "bf16":
        return values.astype(STORAGE[type])
    bits = numpy.ascontiguousarray(values, dtype=numpy.float32).view(numpy.uint32)
    return ((bits + 0x7fff + ((bits >> 16) & 1)) >> 16).astype(numpy.uint16)


def load(array, type, wide=numpy.float64):
    """The values of an array in the type's storage, as `wide`."""
    if type != "bf16":
        return array.astype(wide)
    return (array.astype(numpy.uint32) << 16).view(numpy.float32).astype(wide)


def ulp(reference, type):
    """The distance of neighbouring values of `type` around each value of an array."""
    precision, smallest = PRECISION[type]
    exponent = numpy.frexp(reference)[1] - 1
    exponent = numpy.where(reference == 0, smallest, numpy.maximum(exponent, smallest))
    return numpy.ldexp(numpy.ones_like(reference), exponent - precision + 1)


def allocate(shape, type):
    """An array of zeros that begins at a multiple of 2 MiB, on huge pages where the system
    gives them: faults of the address translation would blur the comparison."""
    count = 1
    for size in shape:
        count *= size
    size = count * numpy.dtype(STORAGE[type]).itemsize
    memory = mmap.mmap(-1, (size + HUGE_PAGE - 1) // HUGE_PAGE * HUGE_PAGE + HUGE_PAGE)
    if hasattr(mmap, "MADV_HUGEPAGE"):
        try:
            memory.madvise(mmap.MADV_HUGEPAGE)
        except OSError:
            pass  # Where the advice is not taken everybody suffers alike.
    whole = numpy.frombuffer(memory, dtype=numpy.uint8)
    first = -whole.ctypes.data % HUGE_PAGE
    part = whole[first:first + size]
    part[:] = 0
    return part.view(STORAGE[type]).reshape(shape)


def buffers(point):
    """An input of normally distributed logits with standard deviation 2, the same ones in every
    run, and an output."""
    x, y = allocate(point.shape, point.type), allocate(point.shape, point.type)
    random = numpy.random.default_rng(20240229)
    flat = x.reshape(-1)
    for begin in range(0, flat.size, 1 << 20):
        values = random.standard_normal(min(1 << 20, flat.size - begin), dtype=numpy.float32)
        flat[begin:begin + values.size] = store(2 * values, point.type)
    return x, y


class Accuracy:
    """The largest errors of a result: in ULP, as a part of what softmaxc promises, (4 + 1.25 |x - m|)
    ULP or 1 ULP for f16 and bf16, and relative to what is not subnormal."""

    def __init__(self, worst_ulp, worst_of_bound, worst_relative):
        self.worst_ulp = worst_ulp
        self.worst_of_bound = worst_of_bound
        self.worst_relative = worst_relative


# Above so many elements 64 slices stand for all.
CHECK_EVERYTHING = 1 << 18


class Check:
    """Compares results at a point with softmax in f64, or in extended precision for f64."""

    def __init__(self, point, x):
        self.point = point
        slices = point.outer * point.inner
        chosen = numpy.arange(slices)
        if point.elements > CHECK_EVERYTHING:
            # Of very long rows a few are enough, and all of them where there are few.
            most = max(2, min(64, (1 << 22) // point.length))
            chosen = numpy.unique(numpy.linspace(0, slices - 1, min(slices, most)).astype(numpy.int64))
        self.chosen = chosen
        wide = numpy.longdouble if point.type == "f64" else numpy.float64
        logits = load(self.take(x), point.type, wide)
        below = logits.max(axis=1, keepdims=True) - logits
        expected = numpy.exp(-below)
        expected /= expected.sum(axis=1, keepdims=True)
        self.expected = expected
        self.unit = ulp(expected, point.type)
        self.bound = 1.0 if point.type in ("f16", "bf16") else 4.0 + 1.25 * below
        self.normal = expected >= numpy.ldexp(wide(1), PRECISION[point.type][1])

    def take(self, array):
        """The chosen slices of a compact array, one a row."""
        point = self.point
        view = array.reshape(point.outer, point.length, point.inner)
        return view[self.chosen // point.inner, :, self.chosen % point.inner]

    def __call__(self, result):
        """The accuracy of a result in the type's storage; a NaN is as wrong as can be."""
        found = load(self.take(result), self.point.type, self.expected.dtype.type)
        difference = numpy.abs(found - self.expected)
        difference = numpy.where(numpy.isnan(difference), numpy.inf, difference)
        error = difference / self.unit
        relative = numpy.where(self.normal, difference / numpy.where(self.normal, self.expected, 1), 0)
        return Accuracy(float(error.max()), float((error / self.bound).max()), float(relative.max()))
