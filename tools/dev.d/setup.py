# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""Installs what is missing: Debian packages and a Python environment."""
import os
import re
import shutil
import subprocess
import sys

from shell import ROOT, Failure, ask, call, run, say, show

LLVM_VERSION = 22
LLVM_PREFIX = "/usr/lib/llvm-%d" % LLVM_VERSION

# LLVM, MLIR and what their CMake files look for.
LLVM_PACKAGES = [
    "clang-22", "clang-format-22", "clang-tidy-22", "lld-22", "llvm-22-dev", "llvm-22-tools",
    "libmlir-22-dev", "mlir-22-tools", "liblld-22-dev", "libomp-22-dev", "zlib1g-dev",
    "libzstd-dev",
]
# gcc is a competitor of the benchmark and compiles the generated header in tests.
BUILD_PACKAGES = ["cmake", "ninja-build", "ccache", "gcc", "g++", "libc6-dev", "libgtest-dev"]
PYTHON_PACKAGES = ["python3-venv"]
# Kernels for other CPUs are compiled into programs and run under emulation.  Tests
# that need these are skipped where they cannot be installed.
CROSS_PACKAGES = [
    "gcc-aarch64-linux-gnu", "libc6-dev-arm64-cross", "gcc-riscv64-linux-gnu", "libc6-dev-riscv64-cross",
    "qemu-user",
]
# Vulkan kernels run on Mesa's lavapipe.  Tests that need it are skipped where it cannot be
# installed.
VULKAN_PACKAGES = ["mesa-vulkan-drivers", "libvulkan-dev", "libvulkan1", "spirv-tools"]

VENV = os.path.join(ROOT, ".venv")
REQUIREMENTS = os.path.join(ROOT, "tools", "dev.d", "requirements.txt")
MODULES = ["numpy", "mpmath"]
# Tests that need these are skipped where they cannot be installed.
TEST_REQUIREMENTS = os.path.join(ROOT, "tools", "dev.d", "requirements-test.txt")
TEST_MODULES = ["tvm_ffi", "matplotlib", "rich"]
# NVIDIA's assembler and disassembler, programs without modules, of which nothing that they
# depend on is needed; tests that need them are skipped where they cannot be installed.
CUDA_REQUIREMENTS = os.path.join(ROOT, "tools", "dev.d", "requirements-cuda.txt")
CUDA_PROGRAMS = ["ptxas", "fatbinary", "nvdisasm"]
# The benchmark's own environment.
BENCH_VENV = os.path.join(ROOT, ".venv-bench")
BENCH_REQUIREMENTS = os.path.join(ROOT, "tools", "dev.d", "requirements-bench.txt")
BENCH_MODULES = ["numpy", "matplotlib", "rich"]


def is_debian():
    """True on Debian, Ubuntu and what derives from them."""
    try:
        with open("/etc/os-release") as release:
            fields = dict(line.rstrip().split("=", 1) for line in release if "=" in line)
    except OSError:
        return False
    family = (fields.get("ID", "") + " " + fields.get("ID_LIKE", "")).replace('"', "").split()
    return bool({"debian", "ubuntu"} & set(family)) and shutil.which("apt-get") is not None


def missing_packages(packages):
    """Those of `packages` that dpkg does not have."""
    listed = subprocess.run(["dpkg-query", "-W", "-f", "${Package} ${db:Status-Status}\\n"] + packages,
                            text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    installed = {line.split()[0] for line in listed.stdout.splitlines()
                 if line.endswith(" installed")}
    return [package for package in packages if package not in installed]


def as_root(command):
    """`command` as the superuser runs it."""
    if os.geteuid() == 0:
        return command
    if shutil.which("sudo") is None:
        raise Failure("packages are missing and there is neither root nor sudo; as root, run: "
                      + show(command))
    # sudo drops the environment; env sets what apt must see.
    return ["sudo", "env", "DEBIAN_FRONTEND=noninteractive"] + command


def ensure_emulation():
    """Other CPUs' compilers and emulators, and Vulkan's, where Debian offers them."""
    if not is_debian():
        return
    for packages, what in [(CROSS_PACKAGES, "other CPUs"), (VULKAN_PACKAGES, "Vulkan")]:
        try:
            install_packages(packages)
        except Failure as failure:
            say("%s; going on, and the tests for %s are skipped" % (failure, what))


def install_packages(packages):
    """Installs the missing ones of Debian's `packages`, which may be none."""
    missing = missing_packages(packages)
    if not missing:
        return
    install = ["apt-get", "install", "--yes", "--no-install-recommends"] + missing
    say("installing %d packages: %s" % (len(missing), " ".join(missing)))
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    install_as_root = as_root(install)
    if call(as_root(["apt-get", "update", "--quiet"]), quiet) != 0:
        say("apt-get update failed; going on with the package lists there are")
    unknown = [package for package in missing if not has_candidate(package)]
    if unknown:
        raise Failure(
            "this system's package sources offer no %s: add a source that does (Debian 12 has them in "
            "bookworm-security, others at apt.llvm.org), or set MLIR_DIR to the folder of "
            "MLIRConfig.cmake of an LLVM %d built with shared libraries" % (", ".join(unknown), LLVM_VERSION))
    run(install_as_root, "installing packages", quiet)


def has_candidate(package):
    """True where apt could install `package`."""
    policy = ask(["apt-cache", "policy", package]) or ""
    return any(line.strip().startswith("Candidate:") and "(none)" not in line
               for line in policy.splitlines())


def mlir_dir():
    """The folder of MLIRConfig.cmake: $MLIR_DIR, or where Debian puts it."""
    folder = os.environ.get("MLIR_DIR")
    if folder:
        if not os.path.exists(os.path.join(folder, "MLIRConfig.cmake")):
            raise Failure("MLIR_DIR is %s, but there is no MLIRConfig.cmake in it" % folder)
        return folder
    return LLVM_PREFIX + "/lib/cmake/mlir"


def llvm_bin():
    """The folder of LLVM's own programs that belongs to mlir_dir()."""
    return os.path.normpath(os.path.join(mlir_dir(), "..", "..", "..", "bin"))


def check_by_hand():
    """Where nothing can be installed: says all that is missing at once."""
    missing = []
    for program, meaning in [("cmake", "CMake 3.22 or later"), ("ninja", "Ninja")]:
        if shutil.which(program) is None:
            missing.append(meaning)
    if not any(shutil.which(compiler) for compiler in ["clang++-22", "clang++", "g++"]):
        missing.append("a C++17 compiler (clang 22 or g++ 12)")
    if not os.path.exists(os.path.join(mlir_dir(), "MLIRConfig.cmake")):
        missing.append("LLVM, MLIR and LLD 22.1 with shared libraries (set MLIR_DIR to the folder "
                       "of MLIRConfig.cmake)")
    if missing:
        raise Failure("this is not Debian or Ubuntu, so nothing is installed for you; missing: "
                      + "; ".join(missing))


def ensure_toolchain():
    """Compilers, CMake and LLVM are there when this returns."""
    mlir_dir()  # A wrong MLIR_DIR is reported before anything is installed.
    if not is_debian():
        check_by_hand()
        return
    # A toolchain of the user's own replaces Debian's.
    own_llvm = bool(os.environ.get("MLIR_DIR"))
    install_packages(BUILD_PACKAGES + ([] if own_llvm else LLVM_PACKAGES))


def has_modules(python, modules):
    return ask([python, "-c", "import " + ", ".join(modules)]) is not None


def venv_python(folder=VENV):
    return os.path.join(folder, "bin", "python")


def cuda_folders(python):
    """The folders of NVIDIA's programs that come with packages of the interpreter `python`."""
    found = ask([python, "-c", "import glob, sysconfig; print('\\n'.join(glob.glob("
                 "sysconfig.get_path('purelib') + '/nvidia/*/bin')))"]) or ""
    return [folder for folder in found.splitlines() if folder]


def ensure_cuda_programs(python):
    """NVIDIA's assembler and disassembler on the PATH or, where pip can have them, in .venv."""
    folders = cuda_folders(python)
    there = os.pathsep.join([os.environ.get("PATH", os.defpath)] + folders)
    if all(shutil.which(program, path=there) for program in CUDA_PROGRAMS):
        return
    if python != venv_python():
        say("ptxas and nvdisasm are not installed; the tests that need them are skipped")
        return
    install_requirements(VENV, CUDA_REQUIREMENTS, needed=False, options=["--no-deps"])


def ensure_python(for_tests=False):
    """An interpreter that has the modules of the demo and, `for_tests`, those of
    every test: the running one, or that of .venv, which is made where it is
    missing.  What only a test needs may be missing, which is said."""
    modules = MODULES + (TEST_MODULES if for_tests else [])
    if os.path.exists(venv_python()) and has_modules(venv_python(), modules):
        return venv_python()
    if not os.path.exists(VENV) and has_modules(sys.executable, modules):
        return sys.executable
    make_venv(VENV, REQUIREMENTS)
    if not has_modules(venv_python(), MODULES):
        raise Failure("%s cannot import %s: remove %s and try again"
                      % (venv_python(), " and ".join(MODULES), VENV))
    if for_tests and not has_modules(venv_python(), TEST_MODULES):
        install_requirements(VENV, TEST_REQUIREMENTS, needed=False)
    return venv_python()


def ensure_bench_python(packages):
    """An interpreter in an environment of its own that can run the benchmark.  Those of its
    requirements that are among `packages`, what the peers need, are installed one by one: who
    cannot be installed is missing there, and the others go on."""
    python = venv_python(BENCH_VENV)
    if not (os.path.exists(python) and has_modules(python, BENCH_MODULES)):
        make_venv(BENCH_VENV, None)
        for requirement in bench_requirements(BENCH_MODULES):
            run(pip_install(BENCH_VENV) + [requirement], "pip")
    if not has_modules(python, BENCH_MODULES):
        raise Failure("%s cannot import %s: remove %s and try again"
                      % (python, " and ".join(BENCH_MODULES), BENCH_VENV))
    listed = ask([python, "-m", "pip", "list", "--format=freeze", "--disable-pip-version-check"]) or ""
    installed = {line.partition("==")[0].lower().replace("_", "-") for line in listed.splitlines()}
    for requirement in bench_requirements([package for package in packages if package not in installed]):
        say("installing %s into %s" % (requirement, os.path.relpath(BENCH_VENV, ROOT)))
        if call(pip_install(BENCH_VENV) + ["--retries", "1", requirement]) != 0:
            say("that failed; going on without it")
    if "torch" in packages:
        ensure_python_headers(python)
    return python


def ensure_gpu_bench_python():
    """An interpreter for the benchmark on GPUs: the running one if it has NumPy, for the peers are
    what the user has installed there; else the benchmark's own."""
    if has_modules(sys.executable, ["numpy"]):
        return sys.executable
    say("this Python has no NumPy, so none of the peers: using the benchmark's own environment")
    return ensure_bench_python([])


def ensure_python_headers(python):
    """torch.compile compiles against Python's headers; without them it is missing."""
    include = ask([python, "-c", "import sysconfig; print(sysconfig.get_path('include'))"]) or ""
    if os.path.exists(os.path.join(include.strip(), "Python.h")) or not is_debian():
        return
    try:
        install_packages(["python3-dev"])
    except Failure as failure:
        say("%s; going on without it" % failure)


def bench_requirements(packages):
    """The lines of requirements-bench.txt that ask for one of `packages`."""
    with open(BENCH_REQUIREMENTS) as source:
        lines = [line.strip() for line in source]
    return [line for line in lines if line and not line.startswith("#")
            and re.split(r"[<>=!~\[; ]", line)[0] in packages]


def make_venv(folder, requirements):
    """Makes or completes a virtual environment and installs the file `requirements`, if any."""
    python = sys.executable
    if ask([python, "-c", "import ensurepip, venv"]) is None:
        if not is_debian():
            raise Failure("Python's venv module is missing: install it and try again")
        install_packages(PYTHON_PACKAGES)
        if ask([python, "-c", "import ensurepip, venv"]) is None:
            python = "/usr/bin/python3"
    if ask([venv_python(folder), "-m", "pip", "--version"]) is None:
        say("making a Python environment in " + os.path.relpath(folder, ROOT))
        run([python, "-m", "venv", "--clear", folder], "making the Python environment")
    if requirements is not None:
        install_requirements(folder, requirements)


def pip_install(folder):
    """The command that installs what follows it into a virtual environment."""
    return [venv_python(folder), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]


def install_requirements(folder, requirements, needed=True, options=()):
    """Installs a list of Python packages into a virtual environment; says so where
    that fails, and goes on where they are not `needed`."""
    say("installing %s into %s" % (os.path.relpath(requirements, ROOT), os.path.relpath(folder, ROOT)))
    pip = pip_install(folder) + list(options) + ["--requirement", requirements]
    if needed:
        run(pip, "pip")
    elif call(pip + ["--retries", "1"]) != 0:
        say("that failed; going on, and the tests that need it are skipped")
