# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""The names of the peers, and what each needs to be installed.  Imports nothing."""


class Listing:
    """A peer's name; its module and class in competitors/; the Python packages that it needs;
    and a word or two on what it is."""

    def __init__(self, name, module, kind, packages, what):
        self.name = name
        self.module = module
        self.kind = kind
        self.packages = packages
        self.what = what


LISTINGS = [
    Listing("pytorch", "pytorch", "Eager", ["torch"], "PyTorch, eager"),
    Listing("pytorch-mkldnn", "pytorch", "Mkldnn", ["torch"], "PyTorch on oneDNN's tensors (to_mkldnn)"),
    Listing("torch-compile", "pytorch", "Compiled", ["torch"], "torch.compile"),
    Listing("onnxruntime", "onnx_runtime", "OnnxRuntime", ["onnxruntime", "onnx"], "ONNX Runtime"),
    Listing("jax", "jax_xla", "Jax", ["jax", "jaxlib"], "JAX (XLA CPU)"),
    Listing("openvino", "openvino_cpu", "OpenVino", ["openvino"], "OpenVINO"),
    Listing("iree", "iree_cpu", "Iree", ["iree-base-compiler", "iree-base-runtime"], "IREE"),
    Listing("onednn", "onednn", "OneDnn", ["onednn-devel-cpu-gomp"], "oneDNN, called from C"),
    Listing("gcc", "gcc", "Textbook", [], "gcc -Ofast on the textbook loop"),
    Listing("gcc-interchanged", "gcc", "Interchanged", [], "the same with the loops over an outer dimension interchanged"),
    Listing("mlir", "upstream_mlir", "Tuned", [], "upstream MLIR, the best pipeline for linalg.softmax"),
    Listing("mlir-loops", "upstream_mlir", "Loops", [], "upstream MLIR, linalg.softmax to loops"),
]
NAMES = [listing.name for listing in LISTINGS]


def packages_of(names):
    """The Python packages that the peers called so need."""
    return sorted({package for listing in LISTINGS if listing.name in names for package in listing.packages})


class Missing(Exception):
    """Why a competitor does not take part, in a few words: it is not installed, or refuses a type,
    a shape or a neighbour."""
