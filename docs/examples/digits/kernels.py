# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""Calls the kernels of a library that softmaxc made, on numpy arrays, with nothing
but ctypes.

A kernel takes one pointer to a DLTensor for each operand, the destinations last,
and returns 0 or a status.  The structures are those of DLPack 1.x
(https://dmlc.github.io/dlpack/latest/c_api.html).
"""
import ctypes

import numpy

CPU = 1
CODES = {"i": 0, "u": 1, "f": 2, "b": 6}

STATUS = {
    1: "null argument", 2: "wrong device", 3: "wrong element type", 4: "wrong rank",
    5: "wrong or disagreeing shape", 6: "unsupported strides or overlapping buffers",
    7: "out of memory", 8: "label out of range", 9: "no version for this CPU",
}


class DLDevice(ctypes.Structure):
    _fields_ = [("device_type", ctypes.c_int32), ("device_id", ctypes.c_int32)]


class DLDataType(ctypes.Structure):
    _fields_ = [("code", ctypes.c_uint8), ("bits", ctypes.c_uint8), ("lanes", ctypes.c_uint16)]


class DLTensor(ctypes.Structure):
    _fields_ = [
        ("data", ctypes.c_void_p), ("device", DLDevice), ("ndim", ctypes.c_int32),
        ("dtype", DLDataType), ("shape", ctypes.POINTER(ctypes.c_int64)),
        ("strides", ctypes.POINTER(ctypes.c_int64)), ("byte_offset", ctypes.c_uint64),
    ]


def view(array):
    """A DLTensor that shares `array`'s memory; it must not outlive the array."""
    rank = array.ndim
    size = array.itemsize
    shape = (ctypes.c_int64 * max(rank, 1))(*array.shape)
    strides = (ctypes.c_int64 * max(rank, 1))(*[stride // size for stride in array.strides])
    return DLTensor(array.ctypes.data, DLDevice(CPU, 0), rank,
                    DLDataType(CODES[array.dtype.kind], 8 * size, 1), shape, strides, 0)


class Library:
    """The kernels of one shared library."""

    def __init__(self, path):
        self.library = ctypes.CDLL(path)

    def call(self, name, inputs, output):
        """Runs kernel `name` on `inputs` and writes `output`, which it returns: an array, or a
        tuple of several."""
        kernel = getattr(self.library, name)
        kernel.restype = ctypes.c_int32
        tensors = [view(array) for array in [*inputs, *(output if isinstance(output, tuple) else (output,))]]
        status = kernel(*[ctypes.byref(tensor) for tensor in tensors])
        if status != 0:
            raise RuntimeError("kernel %s returned status %d (%s)"
                               % (name, status, STATUS.get(status, "unknown")))
        return output


def ulps(results, reference):
    """The distance of float32 `results` from a wider `reference`, in units in the last
    place of float32 at the reference.  A NaN on one side alone is infinitely far."""
    unit = numpy.spacing(numpy.abs(reference).astype(numpy.float32)).astype(reference.dtype)
    distance = numpy.abs(results.astype(reference.dtype) - reference) / unit
    both = numpy.isnan(results) & numpy.isnan(reference)
    return numpy.where(both, 0, numpy.where(numpy.isnan(distance), numpy.inf, distance))
