# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""NVIDIA's driver through ctypes: a device, its memory and its clock."""
import ctypes
import os

# The chips that softmaxc compiles for; later ones run the code of earlier ones.
CHIPS = (75, 80, 90, 100)
MULTIPROCESSORS, MEMORY_KILOHERTZ, BUS_BITS, L2_BYTES, MAJOR, MINOR = 16, 36, 37, 38, 75, 76


class DriverError(Exception):
    """What is wrong with the driver or the device, in a line that says how to mend it."""


class Device:
    """One GPU, whose primary context is made current."""

    def __init__(self, ordinal=0):
        path = os.environ.get("SOFTMAX_CUDA_DRIVER") or "libcuda.so.1"
        try:
            self.library = ctypes.CDLL(path)
        except OSError as error:
            raise DriverError("NVIDIA's driver is missing (%s): run this on a machine with an NVIDIA GPU and its "
                              "driver, or set SOFTMAX_CUDA_DRIVER to the path of its libcuda.so.1" % error)
        count = ctypes.c_int()
        status = self.library.cuInit(0) or self.library.cuDeviceGetCount(ctypes.byref(count))
        if status == 100 or (status == 0 and count.value == 0):
            raise DriverError("NVIDIA's driver finds no GPU; see nvidia-smi, and whether CUDA_VISIBLE_DEVICES hides it")
        if status:
            raise DriverError("NVIDIA's driver does not start: %s; see nvidia-smi" % self.error(status))
        if ordinal >= count.value:
            raise DriverError("there is no GPU %d: the driver has %d; choose one with --device" % (ordinal, count.value))
        self.ordinal = ordinal
        name = ctypes.create_string_buffer(128)
        self.call("cuDeviceGetName", name, 128, ordinal)
        self.name = name.value.decode(errors="replace")
        version = ctypes.c_int()
        self.call("cuDriverGetVersion", ctypes.byref(version))
        self.driver = "CUDA %d.%d" % (version.value // 1000, version.value % 1000 // 10)
        self.capability = 10 * self.attribute(MAJOR) + self.attribute(MINOR)
        self.l2_bytes = self.attribute(L2_BYTES)
        context = ctypes.c_void_p()
        self.call("cuDevicePrimaryCtxRetain", ctypes.byref(context), ordinal)
        self.call("cuCtxSetCurrent", context)

    def error(self, status):
        text = ctypes.c_char_p()
        self.library.cuGetErrorName(status, ctypes.byref(text))
        return "%s (%d)" % ((text.value or b"an unknown error").decode(), status)

    def call(self, name, *arguments):
        status = getattr(self.library, name)(*arguments)
        if status:
            raise DriverError("%s: %s" % (name, self.error(status)))

    def attribute(self, number):
        """0 where the driver does not tell."""
        value = ctypes.c_int()
        return 0 if self.library.cuDeviceGetAttribute(ctypes.byref(value), number, self.ordinal) else value.value

    @property
    def chip(self):
        """What softmaxc is to compile for."""
        fitting = [chip for chip in CHIPS if chip <= self.capability]
        if not fitting:
            raise DriverError("this %s is an sm_%d, and softmaxc compiles for sm_%d and later"
                              % (self.name, self.capability, CHIPS[0]))
        return "sm_%d" % fitting[-1]

    @property
    def bandwidth(self):
        """Bytes per second of its memory by clock and bus, two transfers a clock; 0 if unknown."""
        return 2 * 1000 * self.attribute(MEMORY_KILOHERTZ) * self.attribute(BUS_BITS) // 8

    def describe(self):
        bandwidth = ", %.0f GB/s by clock and bus" % (self.bandwidth / 1e9) if self.bandwidth else ""
        return "%s (sm_%d, %d multiprocessors, %.0f MiB of L2%s), %s" % (
            self.name, self.capability, self.attribute(MULTIPROCESSORS), self.l2_bytes / 2 ** 20, bandwidth, self.driver)

    def allocate(self, size):
        address = ctypes.c_uint64()
        self.call("cuMemAlloc_v2", ctypes.byref(address), ctypes.c_size_t(max(1, size)))
        return address.value

    def free(self, address):
        self.call("cuMemFree_v2", ctypes.c_uint64(address))

    def upload(self, address, array):
        self.call("cuMemcpyHtoD_v2", ctypes.c_uint64(address), ctypes.c_void_p(array.ctypes.data),
                  ctypes.c_size_t(array.nbytes))

    def download(self, array, address):
        self.call("cuMemcpyDtoH_v2", ctypes.c_void_p(array.ctypes.data), ctypes.c_uint64(address),
                  ctypes.c_size_t(array.nbytes))

    def fill(self, address, size):
        self.call("cuMemsetD8Async", ctypes.c_uint64(address), ctypes.c_ubyte(0), ctypes.c_size_t(size), None)

    def copy(self, target, source, size):
        self.call("cuMemcpyDtoDAsync_v2", ctypes.c_uint64(target), ctypes.c_uint64(source), ctypes.c_size_t(size), None)

    def event(self):
        event = ctypes.c_void_p()
        self.call("cuEventCreate", ctypes.byref(event), 0)
        return event

    def record(self, event):
        """On the default stream."""
        self.call("cuEventRecord", event, None)

    def elapsed_ns(self, begin, end):
        """Between two events, the later of which has come."""
        milliseconds = ctypes.c_float()
        self.call("cuEventSynchronize", end)
        self.call("cuEventElapsedTime", ctypes.byref(milliseconds), begin, end)
        return 1e6 * milliseconds.value

    def synchronize(self):
        self.call("cuCtxSynchronize")
