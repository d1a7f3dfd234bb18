# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""Configures and builds into build/."""
import os
import shutil
import subprocess

import setup
from shell import BUILD, ROOT, Failure, run, say


def cached(variable):
    """A value of build/CMakeCache.txt, None where it is not there."""
    try:
        with open(os.path.join(BUILD, "CMakeCache.txt")) as cache:
            for line in cache:
                name, _, value = line.rstrip("\n").partition("=")
                if name.partition(":")[0] == variable:
                    return value
    except OSError:
        pass
    return None


def jobs():
    """As many as there are processors, but 1.5 GB of memory for each: MLIR's headers are large."""
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    try:
        with open("/proc/meminfo") as info:
            available = next(int(line.split()[1]) for line in info if line.startswith("MemAvailable"))
    except (OSError, StopIteration):
        return processors
    return max(1, min(processors, available // 1500000))


def configure(python):
    """Runs CMake; quick and without effect where nothing changed."""
    home = cached("CMAKE_HOME_DIRECTORY")
    if home is not None and os.path.realpath(home) != ROOT:
        say("build/ belongs to %s: configuring it anew" % home)
        shutil.rmtree(BUILD)
        home = None
    command = ["cmake", "-G", "Ninja", "-S", ROOT, "-B", BUILD, "-DPython3_EXECUTABLE=" + python]
    if os.environ.get("MLIR_DIR") or not cached("MLIR_DIR"):
        command.append("-DMLIR_DIR=" + setup.mlir_dir())
    if home is None:
        # The compilers of an existing build folder stay as they are.
        for variable, names in [("C", ["clang-22"]), ("CXX", ["clang++-22"])]:
            found = [path for path in map(shutil.which, names) if path]
            asked = os.environ.get({"C": "CC", "CXX": "CXX"}[variable])
            if found and not asked:
                command.append("-DCMAKE_%s_COMPILER=%s" % (variable, found[0]))
    log = os.path.join(ROOT, "build", "configure.log")
    os.makedirs(BUILD, exist_ok=True)
    say("configuring build/")
    with open(log, "w") as output:
        try:
            status = subprocess.run(command, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT).returncode
        except FileNotFoundError:
            raise Failure("cmake is not installed")
    if status != 0:
        with open(log) as output:
            print(output.read(), end="")
        raise Failure("CMake failed with status %d; its output is above and in build/configure.log" % status)


def build(targets=(), for_tests=False):
    """Installs, configures and builds `targets`, or everything.  Returns the
    Python interpreter that goes with the build."""
    setup.ensure_toolchain()
    if for_tests:
        setup.ensure_emulation()
    python = setup.ensure_python(for_tests)
    if for_tests:
        setup.ensure_cuda_programs(python)
    configure(python)
    count = jobs()
    say("building %s with %d jobs" % (" ".join(targets) if targets else "everything", count))
    run(["ninja", "-C", BUILD, "-j%d" % count] + list(targets), "the build")
    return python


def program(name):
    """The path of a built program."""
    path = os.path.join(BUILD, "bin", name)
    if not os.path.exists(path):
        raise Failure("%s was not built" % os.path.relpath(path, ROOT))
    return path
