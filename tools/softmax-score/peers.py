# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""Kernels of others, compiled for a chip without a GPU.

A peer's `compile(columns, type)` returns a Compiled, or None for rows that it does not take."""
import contextlib
import dataclasses
import hashlib
import io
import json
import os
import shutil
import subprocess
import sysconfig

BYTES = {"f16": 2, "bf16": 2, "f32": 4}
TRITON_TYPES = {"f16": "*fp16", "bf16": "*bf16", "f32": "*fp32"}

# Bytes of shared memory that a block may have.
MOST_SHARED = {75: 65536, 80: 166912, 90: 232448, 100: 232448}


class Missing(Exception):
    """What a peer is compiled with is not there."""


@dataclasses.dataclass
class Compiled:
    """A kernel for rows of one length.  `arguments` are "buffer", "columns", "rows" or an integer."""
    cubin: str
    # What nvdisasm prints of it.
    sass: str
    kernel: str
    threads: int
    shared: int
    arguments: list
    # Blocks stay and take row after row, as many as fit on the chip at once.
    persistent: bool = False


def replace(path, contents):
    """Writes a file that others see whole or not at all."""
    temporary = "%s.%d" % (path, os.getpid())
    with open(temporary, "wb") as file:
        file.write(contents)
    os.replace(temporary, path)


def next_power_of_two(number):
    return 1 << (number - 1).bit_length()


def cuda_program(name):
    """The path of one of NVIDIA's programs: on the PATH, or of a package of this interpreter."""
    folder = os.path.join(sysconfig.get_path("purelib"), "nvidia")
    versions = sorted(os.listdir(folder)) if os.path.isdir(folder) else []
    folders = [os.path.join(folder, version, "bin") for version in versions]
    found = shutil.which(name, path=os.pathsep.join(folders)) or shutil.which(name)
    if found is None:
        raise Missing("%s was not found: pip install nvidia-cuda-nvcc nvidia-cuda-nvdisasm" % name)
    return found


def disassemble(cubin, sass):
    """Writes what softmax-gpu-score would ask nvdisasm for, each time anew."""
    done = subprocess.run([cuda_program("nvdisasm"), "-c", cubin], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    if done.returncode != 0:
        raise Missing("nvdisasm fails: " + done.stderr.decode().strip())
    replace(sass, done.stdout)


class TritonPeer:
    """Compiles with Triton; kernels stay in `folder`, by what they are specialized for."""

    def __init__(self, chip, folder):
        try:
            import triton
        except ImportError:
            raise Missing("triton is not installed: pip install triton")
        self.triton = triton
        self.chip = int(chip.split("_")[1])
        self.folder = folder

    def build(self, function, signature, constants, aligned, warps):
        """The path of the kernel's files without their endings, its name, bytes of shared memory, and parameters
        in all."""
        key = (self.triton.__version__, self.chip, function.cache_key, tuple(signature.items()),
               tuple(constants.items()), tuple(aligned), warps)
        stem = os.path.join(self.folder, "%s-sm_%d-%s" % (
            self.name, self.chip, hashlib.sha256(repr(key).encode()).hexdigest()[:16]))
        if not os.path.exists(stem + ".json"):
            self.compile_to(stem, function, signature, constants, aligned, warps)
        with open(stem + ".json") as file:
            known = json.load(file)
        return stem, known["kernel"], known["shared"], known["parameters"]

    def compile_to(self, stem, function, signature, constants, aligned, warps):
        from triton.backends.compiler import GPUTarget
        from triton.compiler import ASTSource
        names = list(signature)
        attributes = {(names.index(name),): [["tt.divisibility", 16]] for name in aligned}
        source = ASTSource(fn=function, signature=signature, constexprs=constants, attrs=attributes)
        try:
            with contextlib.redirect_stderr(io.StringIO()):
                result = self.triton.compile(source, target=GPUTarget("cuda", self.chip, 32),
                                             options={"num_warps": warps})
        except Exception as error:  # Its parts fail in ways of their own.
            reason = (str(error).strip() or type(error).__name__).splitlines()[0]
            raise Missing("Triton does not compile it for sm_%d: %s" % (self.chip, reason))
        replace(stem + ".cubin", result.asm["cubin"])
        disassemble(stem + ".cubin", stem + ".sass")
        # Triton adds parameters of its own.
        parameters = result.asm["ptx"].split(".entry", 1)[1].split(")", 1)[0].count(".param")
        # What says that the kernel is there comes last.
        known = {"kernel": result.metadata.name, "shared": result.metadata.shared, "parameters": parameters}
        replace(stem + ".json", json.dumps(known).encode())


class Tutorial(TritonPeer):
    """The schedule of Triton's tutorial."""
    name = "triton"

    def compile(self, columns, type):
        from triton_kernel import persistent_softmax
        padded = next_power_of_two(columns)
        pointer = TRITON_TYPES[type]
        signature = {"probabilities": pointer, "logits": pointer, "columns": "i32", "rows": "i32",
                     "PADDED": "constexpr", "STAGES": "constexpr"}
        aligned = ["probabilities", "logits"] + (["columns"] if columns % 16 == 0 else [])
        warps = 8
        # As many stages of the pipeline as shared memory has room for.
        for stages in [4, 2, 1]:
            stem, kernel, shared, parameters = self.build(persistent_softmax, signature,
                                                          {"PADDED": padded, "STAGES": stages}, aligned, warps)
            if shared <= MOST_SHARED[self.chip]:
                break
        arguments = ["buffer", "buffer", "columns", "rows"]
        return Compiled(stem + ".cubin", stem + ".sass", kernel, 32 * warps, shared,
                        arguments + ["buffer"] * (parameters - len(arguments)), persistent=True)


class Liger(TritonPeer):
    """Liger's kernel for rows in one block, as its launcher would take it."""
    name = "liger"

    def __init__(self, chip, folder):
        super().__init__(chip, folder)
        try:
            from liger_kernel.ops import softmax, utils
        except ImportError as error:
            raise Missing("liger-kernel cannot be imported (%s): pip install liger-kernel torch" % error)
        self.softmax, self.utils = softmax, utils

    def compile(self, columns, type):
        try:
            padded, warps = self.utils.calculate_settings(columns)
        except RuntimeError:
            return None
        pointer = TRITON_TYPES[type]
        sizes = ["Y_row_stride", "X_row_stride", "n_cols"]
        signature = {"Y_ptr": pointer, "Y_row_stride": "i32", "X_ptr": pointer, "X_row_stride": "i32",
                     "n_cols": "i32", "BLOCK_SIZE": "constexpr"}
        aligned = ["Y_ptr", "X_ptr"] + (sizes if columns % 16 == 0 else [])
        stem, kernel, shared, parameters = self.build(self.softmax._softmax_single_block_forward_kernel,
                                                      signature, {"BLOCK_SIZE": padded}, aligned, warps)
        arguments = ["buffer", "columns", "buffer", "columns", "columns"]
        return Compiled(stem + ".cubin", stem + ".sass", kernel, 32 * warps, shared,
                        arguments + ["buffer"] * (parameters - len(arguments)))


class Textbook:
    """nvcc on textbook.cu."""
    name = "textbook"

    def __init__(self, chip, folder):
        self.chip, self.stem = chip, os.path.join(folder, "textbook-%s" % chip)

    def compile(self, columns, type):
        if type != "f32":
            return None
        source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "textbook.cu")
        sass = self.stem + ".sass"
        if not os.path.exists(sass) or os.path.getmtime(sass) < os.path.getmtime(source):
            self.build(source)
        return Compiled(self.stem + ".cubin", sass, "textbook_softmax", 256, 0, ["buffer", "buffer", "columns"])

    def build(self, source):
        command = [cuda_program("nvcc"), "-cubin", "-O3", "-arch=" + self.chip, source, "-o", self.stem + ".cubin"]
        done = subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode != 0:
            raise Missing("nvcc fails: " + done.stdout.strip())
        disassemble(self.stem + ".cubin", self.stem + ".sass")


PEERS = {peer.name: peer for peer in [Tutorial, Liger, Textbook]}
