# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""Kernels that softmaxc makes, as a program calls them: by the launcher in their shared library."""
import ctypes
import os
import subprocess

from ..peers import Missing


class Ours:
    """Builds of softmaxc for a device; sizes are known when the kernel is launched."""

    def __init__(self, softmaxc, device, accuracy, folder):
        self.softmaxc = softmaxc
        self.device = device
        self.accuracy = accuracy
        self.folder = folder
        self.libraries = {}

    def library(self, point):
        """The library for a type, a rank and an axis, with its loaded kernels."""
        key = point.type, len(point.shape), point.axis
        if key not in self.libraries:
            path = os.path.join(self.folder, "softmax-%s-%d-%d.so" % key)
            done = subprocess.run(
                [self.softmaxc, "--op=softmax", "--type=" + point.type, "--shape=" + "x".join("?" * len(point.shape)),
                 "--axis=%d" % point.axis, "--accuracy=" + self.accuracy, "--target=nvptx:" + self.device.chip,
                 "--emit=shared", "-o", path], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            if done.returncode:
                raise Missing("softmaxc says: " + done.stdout.strip())
            library = ctypes.CDLL(path)
            library.softmax_cuda_load.restype = ctypes.c_void_p
            error = ctypes.create_string_buffer(512)
            kernels = library.softmax_cuda_load(error)
            if not kernels:
                raise Missing(error.value.decode())
            self.libraries[key] = library, kernels
        return self.libraries[key]

    def prepare(self, point, source, target):
        """What launches the kernel from one address of device memory to another."""
        library, kernels = self.library(point)
        error = ctypes.create_string_buffer(512)
        run = library.softmax_cuda_run
        arguments = [ctypes.c_void_p(kernels), ctypes.c_void_p(source), ctypes.c_void_p(target)]
        arguments += [ctypes.c_int64(size) for size in point.shape] + [None, error]

        def launch():
            if run(*arguments):
                raise Missing(error.value.decode())

        return launch
