# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#
# Every form of test/Dialect/Softmax/generic-forms.mlir becomes PTX without a
# reference to a library, and a code object of AMD's, which is linked without
# one.
#
# RUN: %python %s softmaxc %S/../Dialect/Softmax/generic-forms.mlir nvptx:sm_80 %t.ptx | FileCheck %s
# RUN: %python %s softmaxc %S/../Dialect/Softmax/generic-forms.mlir amdgcn:gfx942 %t.s | FileCheck %s
# CHECK: compiled: {{.*}}softmax{{.*}}causal{{.*}}attention_sink{{.*}}int8{{.*}}softmax_backward{{.*}}cross_entropy_indices{{.*}}topk topk_probabilities
import re
import subprocess
import sys

compiler, source, target, output = sys.argv[1:]
with open(source) as file:
    pieces = re.split(r"(?m)^(?=func\.func)", file.read())
maps = "\n".join(line for line in pieces[0].splitlines() if line.startswith("#"))
compiled = []
for piece in pieces[1:]:
    name = re.match(r"func\.func @(\w+)", piece).group(1)
    # One kernel each: the strategy for rows of any length.
    for strategy in ["block_online", "lanes_inner"]:
        run = subprocess.run(
            [compiler, "-", "--target=" + target,
             "--force-strategy=" + strategy, "-o", output],
            input=maps + "\n" + piece, capture_output=True, text=True)
        if "use lanes_inner" not in run.stderr:
            break
    assert run.returncode == 0, (name, run.stderr)
    with open(output) as file:
        text = file.read()
    if target.startswith("nvptx"):
        assert ".visible .entry " + name in text and ".extern" not in text, name
    else:
        assert ".amdhsa_kernel " + name in text and "scratch_" not in text, name
    compiled.append(name)
print("compiled:", " ".join(compiled))
