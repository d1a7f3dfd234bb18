# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#
# lit suite of softmax-mlir.  A test is a .mlir, .test or .py file with RUN
# lines; whatever a test reads beside itself lives in a folder named Inputs.
#
# Substitutions beyond lit's own:
#   softmax-opt, softmaxc, softmax-run, softmax-gpu-emulate, softmax-vulkan-run   build/bin: a tool that has not
#                      been built fails its tests
#   FileCheck, not, count, split-file, mlir-opt, llvm-nm, ...   LLVM's own tools;
#                      mlir-opt-22, FileCheck-22 and so on mean the same
#   python3, %python   the interpreter of the build (with numpy where `tools/dev`
#                      made it)
#   %cc, %cxx          the compilers that the build was configured with
#   %softmax_src, %softmax_obj, %softmax_lib   source folder, build folder and
#                      the folder of the built libraries
#   %mlir_lib          the folder of MLIR's runner libraries
#   %cuda_stand_in     what plays NVIDIA's driver (test/CudaDriver/Driver.h)
#   %shlibext          .so
#   %mlir_include      the headers and TableGen files of MLIR
#
# Features for REQUIRES and UNSUPPORTED:
#   host-<machine>     host-x86_64, host-aarch64, ...
#   host-fma, host-f16c, host-avx2, host-avx512   what this CPU executes; host-avx2
#                      means x86-64-v3, host-avx512 x86-64-v4
#   numpy, mpmath, matplotlib, tvm_ffi, rich   modules of the interpreter
#   gcc, clang, clang++, g++               compilers on the PATH
#   lld                                    ld.lld beside LLVM's tools
#   qemu-x86_64, qemu-aarch64, qemu-riscv64   QEMU's user emulation of that CPU, and
#                      a compiler for it with a static C library
#   ptxas, fatbinary, nvdisasm             NVIDIA's programs, on the PATH or of packages of the interpreter
#   lavapipe                               Vulkan's loader and Mesa's driver for CPUs; VK_ICD_FILENAMES
#                                          names it in every test, so that no GPU is taken
#   softmax-vulkan-run                     built, as where Vulkan's headers are
#   spirv-val                              of SPIRV-Tools, on the PATH
#   full                                   only with `tools/dev test --full`
import ctypes.util
import glob
import importlib.util
import os
import platform
import shutil
import sysconfig

import lit.formats
from lit.llvm import llvm_config
from lit.llvm.subst import ToolSubst

config.name = "softmax"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test", ".py"]
config.excludes = ["Inputs", "Unit", "CudaDriver", "lit.cfg.py", "CMakeLists.txt"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = os.path.join(config.softmax_obj_root, "test")

llvm_config.with_system_environment(["HOME", "TMP", "TEMP", "TMPDIR", "CCACHE_DIR"])
llvm_config.with_environment("PATH", config.llvm_tools_dir, append_path=True)
llvm_config.with_environment("PATH", config.softmax_tools_dir, append_path=True)


def tool_path(directory, name):
    return os.path.join(directory, name)


own_tools = ["softmax-opt", "softmaxc", "softmax-run", "softmax-gpu-emulate", "softmax-gpu-score", "softmax-vulkan-run",
             "softmax-lsp-server"]
llvm_tools = [
    "FileCheck", "count", "not", "split-file", "mlir-opt", "mlir-tblgen", "mlir-translate", "mlir-runner",
    "llc", "lli", "opt", "llvm-ar", "llvm-as", "llvm-dis", "llvm-mc", "llvm-mca", "llvm-nm",
    "llvm-objdump", "llvm-readelf", "llvm-readobj",
]

tools = []
for name in own_tools:
    tools.append(ToolSubst(name, command=tool_path(config.softmax_tools_dir, name)))
for name in llvm_tools:
    path = tool_path(config.llvm_tools_dir, name)
    # The versioned spelling first: the plain one refuses to match in front of "-".
    tools.append(ToolSubst(name + "-22", command=path))
    tools.append(ToolSubst(name, command=path))
tools.append(ToolSubst("python3", command=config.python_executable))
llvm_config.add_tool_substitutions(tools, [config.softmax_tools_dir, config.llvm_tools_dir])

config.substitutions.append(("%python", config.python_executable))
config.substitutions.append(("%cxx", config.host_cxx))
config.substitutions.append(("%cc", config.host_cc))
config.substitutions.append(("%softmax_src", config.softmax_src_root))
config.substitutions.append(("%softmax_obj", config.softmax_obj_root))
config.substitutions.append(("%softmax_lib", config.softmax_lib_dir))
config.substitutions.append(("%mlir_lib", config.llvm_lib_dir))
config.substitutions.append(("%shlibext", config.llvm_shlib_ext))
config.substitutions.append(("%mlir_include", config.mlir_include_dir))
config.substitutions.append(("%cuda_stand_in", os.path.join(config.test_exec_root, "cuda-stand-in", "libcuda.so.1")))


def cpu_flags():
    """The flags of the first processor, empty where /proc does not tell."""
    try:
        with open("/proc/cpuinfo") as info:
            for line in info:
                if line.startswith(("flags", "Features")):
                    return set(line.split(":", 1)[1].split())
    except OSError:
        pass
    return set()


flags = cpu_flags()
machine = {"AMD64": "x86_64", "arm64": "aarch64"}.get(platform.machine(), platform.machine())
config.available_features.add("host-" + machine)
host_features = {
    "host-fma": {"fma"},
    "host-f16c": {"f16c"},
    "host-avx2": {"avx2", "fma", "f16c", "bmi2"},
    "host-avx512": {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"},
}
for feature, needed in host_features.items():
    if needed <= flags:
        config.available_features.add(feature)

# lit itself runs in the interpreter that the tests use.
for module in ["numpy", "mpmath", "matplotlib", "tvm_ffi", "rich"]:
    if importlib.util.find_spec(module):
        config.available_features.add(module)

search_path = config.environment["PATH"]
for compiler in ["gcc", "g++", "clang", "clang++"]:
    if shutil.which(compiler, path=search_path):
        config.available_features.add(compiler)
# What compiles and runs programs for another CPU.
for cpu in ["aarch64", "riscv64"]:
    prefix = cpu + "-linux-gnu"
    if (all(shutil.which(program, path=search_path) for program in ["qemu-" + cpu, prefix + "-gcc"])
            and os.path.exists("/usr/%s/lib/libc.a" % prefix)):
        config.available_features.add("qemu-" + cpu)
if machine == "x86_64" and shutil.which("qemu-x86_64", path=search_path):
    config.available_features.add("qemu-x86_64")
# NVIDIA's programs: those of the system first, then those of Python packages, wherever a test or
# softmaxc looks for them.
search_path = os.pathsep.join([search_path] + glob.glob(sysconfig.get_path("purelib") + "/nvidia/*/bin"))
config.environment["PATH"] = search_path
for program in ["ptxas", "fatbinary", "nvdisasm"]:
    if shutil.which(program, path=search_path):
        config.available_features.add(program)
# Vulkan on the CPU.
if shutil.which("spirv-val", path=search_path):
    config.available_features.add("spirv-val")
if os.path.exists(tool_path(config.softmax_tools_dir, "softmax-vulkan-run")):
    config.available_features.add("softmax-vulkan-run")
lavapipe = [path for folder in ["/usr/share/vulkan/icd.d", "/usr/local/share/vulkan/icd.d", "/etc/vulkan/icd.d"]
            for path in sorted(glob.glob(folder + "/lvp_icd*.json"))]
if lavapipe and ctypes.util.find_library("vulkan"):
    config.available_features.add("lavapipe")
    config.environment["VK_ICD_FILENAMES"] = config.environment["VK_DRIVER_FILES"] = lavapipe[0]
if os.path.exists(tool_path(config.llvm_tools_dir, "ld.lld")):
    config.available_features.add("lld")

# What kernels with threads ask the loader for.
if ctypes.util.find_library("omp") or os.path.exists("/usr/lib/x86_64-linux-gnu/libomp.so.5"):
    config.available_features.add("libomp")
    # Threads that wait do not take the processor from other tests.
    config.environment["OMP_WAIT_POLICY"] = "passive"

if lit_config.params.get("full", "0") not in ("", "0"):
    config.available_features.add("full")
