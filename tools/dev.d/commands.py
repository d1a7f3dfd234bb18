# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""The subcommands of tools/dev."""
import os
import sys

import build
import checks
import packaging
import setup
import tests
from shell import ROOT, Failure, call, say

USAGE = """\
usage: tools/dev COMMAND [arguments]

  demo            build, then compile and run the digits classifier on real data
  test [--full]   build, then run the tests; --full adds those that take long
  build [TARGET...]  build only; programs go to build/bin
  bench [ARGS]    the benchmark against its peers; bench --help lists the arguments
  scorecard [ARGS]   figures of GPU kernels beside those of Triton and Liger, without a GPU;
                  scorecard --help lists the arguments
  bench-gpu [ARGS]   the same on an NVIDIA GPU, beside what is installed of PyTorch,
                  Triton and Liger; bench-gpu --help lists the arguments
  package         a relocatable tarball in dist/
  docs            the reference pages, into build/docs
  format [--check]   clang-format over the C++ sources
  lint [FILE...]  format and repository checks, then clang-tidy over FILEs or all
  help            this text

Each command first installs what is missing (on Debian and Ubuntu, with sudo when
not root) and can be repeated safely.  Variables: MLIR_DIR, the folder of
MLIRConfig.cmake of an LLVM 22 of your own; CC and CXX, the compilers of a new
build folder.
"""


class UsageError(Exception):
    """A command line that means nothing."""


def no_arguments(name, arguments):
    if arguments:
        raise UsageError("%s takes no argument, but got %s" % (name, arguments[0]))


def demo(arguments):
    no_arguments("demo", arguments)
    python = build.build(["softmaxc", "softmax-run"])
    return call([python, os.path.join(ROOT, "docs", "examples", "digits", "demo.py")])


def test(arguments):
    for argument in arguments:
        if argument != "--full":
            raise UsageError("test takes --full and nothing else, but got " + argument)
    return tests.test(full="--full" in arguments)


def build_command(arguments):
    for argument in arguments:
        if argument.startswith("-"):
            raise UsageError("build takes names of targets, but got " + argument)
    build.build(arguments)
    return 0


def parse(options, command, arguments):
    """What the program's module `options` makes of them; None, with a message, for wrong usage."""
    try:
        return options.parse(arguments)
    except options.UsageError as error:
        print("tools/dev %s: %s" % (command, error), file=sys.stderr)
        return None


def bench(arguments):
    folder = os.path.join(ROOT, "tools", "softmax-bench")
    sys.path.insert(0, folder)
    from softmax_bench import options, peers
    chosen = parse(options, "bench", arguments)
    if chosen is None:
        return 2
    measures = chosen.source is None
    python = setup.ensure_bench_python(peers.packages_of(chosen.peers) if measures else [])
    if measures and chosen.softmaxc is None:
        build.build(["softmaxc"])
    return call([python, folder] + arguments, cwd=os.getcwd())


def bench_gpu(arguments):
    folder = os.path.join(ROOT, "tools", "softmax-bench")
    sys.path.insert(0, folder)
    from softmax_bench.gpu import driver, options
    chosen = parse(options, "bench-gpu", arguments)
    if chosen is None:
        return 2
    # Before anything is installed or built for a machine that cannot run it.
    try:
        driver.Device(chosen.device).chip
    except driver.DriverError as error:
        print("tools/dev bench-gpu: %s" % error, file=sys.stderr)
        return 1
    python = setup.ensure_gpu_bench_python()
    if chosen.softmaxc is None:
        build.build(["softmaxc"])
    return call([python, folder, "--gpu"] + arguments, cwd=os.getcwd())


def scorecard(arguments):
    folder = os.path.join(ROOT, "tools", "softmax-score")
    sys.path.insert(0, folder)
    import options
    chosen = parse(options, "scorecard", arguments)
    if chosen is None:
        return 2
    python = setup.ensure_bench_python(["numpy", "matplotlib", "torch", "triton", "liger-kernel", "nvidia-cuda-nvcc",
                                        "nvidia-cuda-nvdisasm"])
    programs = [name for name, given in [("softmaxc", chosen.softmaxc), ("softmax-gpu-score", chosen.scorer)]
                if given is None]
    if programs:
        build.build(programs)
    return call([python, folder] + arguments, cwd=os.getcwd())


def package(arguments):
    no_arguments("package", arguments)
    packaging.package()
    return 0


def docs(arguments):
    no_arguments("docs", arguments)
    build.build(["mlir-doc"])
    say("the pages are in build/docs")
    return 0


def format_command(arguments):
    if arguments not in ([], ["--check"]):
        raise UsageError("format takes --check and nothing else, but got " + " ".join(arguments))
    return checks.format_sources(check=bool(arguments))


def lint(arguments):
    for argument in arguments:
        if not os.path.isfile(argument):
            raise UsageError("lint: there is no file " + argument)
    return checks.lint([os.path.abspath(argument) for argument in arguments])


def help_command(arguments):
    print(USAGE, end="")
    return 0


COMMANDS = {
    "demo": demo, "test": test, "build": build_command, "bench": bench, "bench-gpu": bench_gpu, "scorecard": scorecard,
    "package": package,
    "docs": docs, "format": format_command, "lint": lint, "help": help_command,
    "--help": help_command, "-h": help_command,
}


def main(arguments):
    """Runs one subcommand; returns the exit status: 0, 1 for what went wrong, 2 for wrong usage."""
    if not arguments:
        print(USAGE, end="", file=sys.stderr)
        return 2
    name, rest = arguments[0], arguments[1:]
    if name not in COMMANDS:
        print("tools/dev: there is no command %s\n" % name, file=sys.stderr)
        print(USAGE, end="", file=sys.stderr)
        return 2
    try:
        return COMMANDS[name](rest)
    except UsageError as error:
        print("tools/dev: %s; see tools/dev help" % error, file=sys.stderr)
        return 2
    except Failure as error:
        sys.stdout.flush()
        print("tools/dev: error: %s" % error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ntools/dev: interrupted", file=sys.stderr)
        return 130
