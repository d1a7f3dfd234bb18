# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""C: compiling the sources of c/ when the benchmark starts, and calling what came of it."""
import ctypes
import hashlib
import os
import shutil
import subprocess

from . import machine

SOURCES = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "c")
FLAGS = ["-std=gnu11", "-march=native", "-fPIC", "-shared", "-w"]


class Failure(Exception):
    """What ends the run, in a line or two."""


def run(command, cwd=None):
    """The standard output of a program; raises Failure with what it said where it fails."""
    try:
        done = subprocess.run(command, cwd=cwd, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              stdin=subprocess.DEVNULL)
    except OSError as error:
        raise Failure("cannot run '%s': %s" % (command[0], error.strerror))
    if done.returncode != 0:
        said = (done.stderr.strip() or done.stdout.strip() or "no message").splitlines()
        raise Failure("'%s' failed with status %d: %s" % (" ".join(command), done.returncode, said[0]))
    return done.stdout


def find_gcc():
    """The path of gcc; the harness itself needs a C compiler."""
    return shutil.which("gcc")


def gcc_version(gcc):
    return run([gcc, "--version"]).splitlines()[0]


def build(folder, sources, flags=(), links=()):
    """The path of a library made of `sources` of c/, in `folder`; made once."""
    gcc = find_gcc()
    if gcc is None:
        raise Failure("gcc is not installed, and the benchmark's own loops are written in C")
    sources = [os.path.join(SOURCES, source) for source in sources]
    digest = hashlib.sha256()
    for source in sources:
        with open(source, "rb") as text:
            digest.update(text.read())
    digest.update(repr((sources, list(flags), list(links))).encode())
    path = os.path.join(folder, "%s-%s.so" % (os.path.splitext(os.path.basename(sources[0]))[0],
                                              digest.hexdigest()[:12]))
    if not os.path.exists(path):
        run([gcc] + FLAGS + list(flags) + sources + ["-o", path + ".part"] + list(links))
        os.replace(path + ".part", path)
    return path


def imports(path):
    """The names of the dynamic symbols that a library takes from others."""
    lines = run(["nm", "-D", "--undefined-only", path]).splitlines()
    return [line.split()[-1].partition("@")[0] for line in lines if line.strip()]


def address(function):
    return ctypes.cast(function, ctypes.c_void_p).value


def pointer(structure):
    return ctypes.addressof(structure)


class Step(ctypes.Structure):
    """A C call with integers and pointers for arguments, six at most."""
    _fields_ = [("call", ctypes.c_void_p), ("arguments", ctypes.c_ssize_t * 6)]


def step(function, *arguments):
    padded = list(arguments) + [0] * (6 - len(arguments))
    return Step(address(function), (ctypes.c_ssize_t * 6)(*padded))


class Copy(ctypes.Structure):
    _fields_ = [("source", ctypes.c_void_p), ("target", ctypes.c_void_p)]


class Exponentials(ctypes.Structure):
    _fields_ = [("x", ctypes.c_void_p), ("y", ctypes.c_void_p), ("elements", ctypes.c_int64)]


class TextbookArguments(ctypes.Structure):
    _fields_ = [("x", ctypes.c_void_p), ("y", ctypes.c_void_p), ("outer", ctypes.c_int64),
                ("length", ctypes.c_int64), ("inner", ctypes.c_int64)]


class Range(ctypes.Structure):
    _fields_ = [("call", ctypes.c_void_p), ("input", ctypes.c_void_p), ("output", ctypes.c_void_p),
                ("workspace", ctypes.c_void_p), ("workspace_bytes", ctypes.c_int64)]


class Blocks(ctypes.Structure):
    _fields_ = [("call", ctypes.c_void_p), ("input", ctypes.c_void_p), ("output", ctypes.c_void_p),
                ("bytes", ctypes.c_int64)]


class Produced(ctypes.Structure):
    _fields_ = [("x", ctypes.c_void_p), ("scale", ctypes.c_float), ("bias", ctypes.c_float)]


class Runtime:
    """The timed loop and the pool of threads."""

    def __init__(self, folder, threads):
        self.folder = folder
        self.threads = threads
        self.library = ctypes.CDLL(build(folder, ["timing.c", "pool.c"], ["-O2", "-pthread"]))
        self.library.bench_time.restype = ctypes.c_double
        self.library.bench_settle.restype = ctypes.c_double
        self.processors = machine.processors()
        places = (ctypes.c_int64 * threads)(*[self.processors[i % len(self.processors)] for i in range(threads)])
        status = self.library.bench_pool_start(ctypes.c_int64(threads), places)
        if status != 0:
            raise Failure("cannot start %d threads: %s" % (threads, os.strerror(abs(status))))
        self.neighbours = ctypes.CDLL(build(folder, ["neighbours.c"], ["-Ofast", "-mprefer-vector-width=512"]))

    def close(self):
        self.library.bench_pool_stop()

    def pooled(self, part, argument, units, grain=1):
        """A step that has the pool do `part`, a function of c/, on a structure."""
        return step(self.library.bench_pool_run, address(part), pointer(argument), units, grain)

    def pin(self):
        """Keeps the calling thread on the first processor, where no worker of the pool is."""
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, self.processors[:1])

    def unpin(self):
        """Lets it run on all of them again, and so the threads that it makes."""
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, self.processors)

    def nothing(self):
        return step(self.library.bench_nothing)

    def time(self, steps, rounds, cpu):
        """Nanoseconds of `rounds` rounds of an array of steps."""
        return self.library.bench_time(steps, ctypes.c_int64(len(steps)), ctypes.c_int64(rounds), ctypes.c_int64(cpu))

    def settle(self):
        """Waits until no thread of anybody's pool spins any more, 20 ms at most."""
        return self.library.bench_settle(ctypes.c_double(2e7))
