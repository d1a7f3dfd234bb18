# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""spills.py DIRECTORY [CHIP:TYPE[:OPTION...]]...: what ptxas says of softmaxc's
kernels.  Fails where one spills.  Without combinations it takes all chips, types
and modes, which takes minutes."""
import itertools
import os
import re
import subprocess
import sys

CHIPS = ["sm_75", "sm_80", "sm_90", "sm_100"]
TYPES = ["f32", "f16", "bf16", "f64"]
OPTIONS = [[], ["--accuracy=fast"], ["--accuracy=strict"], ["--with=lse"], ["--op=softmax_backward"]]


def assemble(directory, chip, element, options):
    """(kernel, registers, bytes spilled) of every kernel."""
    ptx = os.path.join(directory, "kernels.ptx")
    op = [] if any(o.startswith("--op=") for o in options) else ["--op=softmax"]
    subprocess.run(
        ["softmaxc"] + op + options
        + ["--shape=?x?", "--type=" + element, "--target=nvptx:" + chip, "--emit=ptx", "-o", ptx],
        check=True)
    said = subprocess.run(
        ["ptxas", "-v", "-arch=" + chip, ptx, "-o", os.path.join(directory, "kernels.cubin")],
        check=True, capture_output=True, text=True).stderr
    kernels = re.findall(
        r"Compiling entry function '(\w+)'.*?(\d+) bytes spill stores.*?Used (\d+) registers", said,
        re.S)
    return [(name, int(registers), int(spilled)) for name, spilled, registers in kernels]


def main():
    directory, combinations = sys.argv[1], [c.split(":") for c in sys.argv[2:]]
    os.makedirs(directory, exist_ok=True)
    if not combinations:
        combinations = [[c, t] + o for c, t, o in itertools.product(CHIPS, TYPES, OPTIONS)]
    failed = False
    for chip, element, *options in combinations:
        kernels = assemble(directory, chip, element, options)
        most = max(registers for _, registers, _ in kernels)
        print(chip, element, *options, ": %d kernels, up to %d registers" % (len(kernels), most))
        for name, _, spilled in kernels:
            if spilled:
                failed = True
                print("  %s spills %d bytes" % (name, spilled))
    return failed


sys.exit(main())
