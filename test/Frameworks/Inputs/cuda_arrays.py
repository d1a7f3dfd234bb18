# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""Arrays in device memory, through the driver alone, that DLPack hands on."""
import copy
import ctypes
import os

import numpy as np

driver = ctypes.CDLL(os.environ["SOFTMAX_CUDA_DRIVER"])


def call(name, *arguments):
    status = getattr(driver, name)(*arguments)
    assert status == 0, "%s: %d" % (name, status)


class DLTensor(ctypes.Structure):
    _fields_ = [("data", ctypes.c_void_p), ("device_type", ctypes.c_int32), ("device_id", ctypes.c_int32),
                ("ndim", ctypes.c_int32), ("code", ctypes.c_uint8), ("bits", ctypes.c_uint8),
                ("lanes", ctypes.c_uint16), ("shape", ctypes.POINTER(ctypes.c_int64)),
                ("strides", ctypes.POINTER(ctypes.c_int64)), ("byte_offset", ctypes.c_uint64)]


class DLManagedTensor(ctypes.Structure):
    _fields_ = [("tensor", DLTensor), ("context", ctypes.c_void_p), ("deleter", ctypes.c_void_p)]


# Nobody tells when what DLPack was given is not used any more.
handed_out = []

CODES = {"i": 0, "u": 1, "f": 2, "b": 6}
new_capsule = ctypes.pythonapi.PyCapsule_New
new_capsule.restype = ctypes.py_object
new_capsule.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_void_p]


def use_device(device):
    """Makes the primary context of a device current."""
    call("cuInit", 0)
    context = ctypes.c_void_p()
    call("cuDevicePrimaryCtxRetain", ctypes.byref(context), device)
    call("cuCtxSetCurrent", context)


class CudaArray:
    """A copy of a NumPy array in the memory of a device; `strides` in elements and `device_type`
    are what DLPack is told."""

    def __init__(self, values, device=0, strides=None, device_type=2):
        self.values = np.ascontiguousarray(values)
        self.device = device
        self.device_type = device_type
        use_device(device)
        address = ctypes.c_uint64()
        call("cuMemAlloc_v2", ctypes.byref(address), ctypes.c_size_t(max(1, self.values.nbytes)))
        self.address = address.value
        if self.values.nbytes:
            call("cuMemcpyHtoD_v2", address, self.values.ctypes.data_as(ctypes.c_void_p),
                 ctypes.c_size_t(self.values.nbytes))
        rank = self.values.ndim
        self.shape = (ctypes.c_int64 * rank)(*self.values.shape)
        self.strides = None if strides is None else (ctypes.c_int64 * rank)(*strides)
        self.managed = DLManagedTensor(DLTensor(
            self.address, device_type, device, rank, CODES[self.values.dtype.kind],
            8 * self.values.dtype.itemsize, 1, self.shape, self.strides, 0))

    def numpy(self):
        """What the device memory holds now."""
        result = np.empty_like(self.values)
        use_device(self.device)
        call("cuMemcpyDtoH_v2", result.ctypes.data_as(ctypes.c_void_p), ctypes.c_uint64(self.address),
             ctypes.c_size_t(result.nbytes))
        return result

    def shifted(self, offset):
        """The same memory, `offset` bytes later."""
        other = copy.copy(self)
        tensor = DLTensor.from_buffer_copy(self.managed.tensor)
        tensor.byte_offset = offset
        other.managed = DLManagedTensor(tensor)
        return other

    def __dlpack_device__(self):
        return (self.device_type, self.device)

    def __dlpack__(self, **_):
        handed_out.append(self)
        return new_capsule(ctypes.addressof(self.managed), b"dltensor", None)
