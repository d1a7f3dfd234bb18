# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""oneDNN called from C: its softmax primitive, made once, executed in the timed loop."""
import ctypes
import os
import re
import sys

from .. import native
from ..measure import NativeCall
from ..peers import Missing

# As dnnl_types.h numbers them.
TYPES = {"f16": 1, "bf16": 2, "f32": 3, "f64": 7}


def find():
    """(include folder, library): of the Python packages, else of the system; of version 3."""
    found_old = False
    for prefix, libraries in [(sys.prefix, ["lib"]), ("/usr", ["lib/x86_64-linux-gnu", "lib/aarch64-linux-gnu", "lib"])]:
        include = os.path.join(prefix, "include")
        header = os.path.join(include, "oneapi", "dnnl", "dnnl_version.h")
        if not os.path.exists(header):
            header = os.path.join(include, "dnnl_version.h")
        if not os.path.exists(header):
            continue
        with open(header) as text:
            major = re.search(r"DNNL_VERSION_MAJOR\s+(\d+)", text.read())
        if major is None or int(major.group(1)) < 3:
            found_old = True
            continue
        for folder in libraries:
            library = os.path.join(prefix, folder, "libdnnl.so")
            if os.path.exists(library):
                return include, library
    raise Missing("the headers found are of version 2: version 3 is needed" if found_old
                  else "not installed (neither a Python package nor a system package has its headers)")


class OneDnn:
    interpreted = False

    def __init__(self, context):
        include, library = find()
        folder = os.path.dirname(library)
        path = native.build(context.folder, ["onednn.c"], ["-O2", "-I" + include],
                            [library, "-Wl,-rpath," + folder])
        self.library = ctypes.CDLL(path)
        self.library.onednn_softmax.restype = ctypes.c_void_p
        self.library.onednn_implementation.restype = ctypes.c_char_p
        self.library.onednn_version.restype = ctypes.c_char_p
        self.version = "oneDNN %s, GNU OpenMP" % self.library.onednn_version().decode()

    def prepare(self, point, x, y):
        sizes = (ctypes.c_int64 * len(point.shape))(*point.shape)
        made = self.library.onednn_softmax(ctypes.c_int64(len(point.shape)), sizes, ctypes.c_int64(TYPES[point.type]),
                                           ctypes.c_int64(point.axis), ctypes.c_void_p(x.ctypes.data),
                                           ctypes.c_void_p(y.ctypes.data))
        if not made:
            raise Missing("it has no softmax of %s" % point.type)
        handle = Handle(self.library, made)
        step = native.step(self.library.onednn_execute, made)
        return NativeCall([step], lambda: y, (handle, x, y), x.ctypes.data, y.ctypes.data)


class Handle:
    """A primitive, released with its last user."""

    def __init__(self, library, made):
        self.library = library
        self.made = made

    def __del__(self):
        self.library.onednn_release(ctypes.c_void_p(self.made))
