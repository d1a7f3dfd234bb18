# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#
# Every strategy and type on every AMD chip, each kernel with as many elements
# per thread as it ever has: no scratch, no spills, nothing undefined, and as
# many wavefronts as a block needs.
#
# RUN: %python %s softmaxc %t.json | FileCheck %s
# CHECK: {{[0-9]+}} kernels of {{[5-9]}} strategies
import json
import subprocess
import sys

compiler, output = sys.argv[1:]
shapes = ["4x128", "4x256", "4x2048", "4x8192", "4x20000"]
count, strategies = 0, set()
for chip in ["gfx90a", "gfx942", "gfx1100"]:
    for kind in ["f32", "f16", "bf16", "f64"]:
        arguments = [compiler, "--target=amdgcn:" + chip, "--type=" + kind]
        for i, shape in enumerate(shapes):
            arguments += ["--op=softmax", "--shape=" + shape, f"--name=s{i}"]
        arguments += ["--op=softmax", "--shape=40x32x64", "--axis=1", "--name=inner"]
        arguments += ["--op=softmax_backward", "--shape=4x8192", "--name=backward"]
        subprocess.run(arguments + ["--emit=manifest", "-o", output], check=True)
        with open(output) as file:
            manifest = json.load(file)
        for function in manifest["functions"]:
            for kernel in function["kernels"]:
                for launch in kernel["launches"]:
                    resources = launch["resources"]
                    place = (chip, kind, launch["name"], resources)
                    assert resources["scratch_bytes"] == 0, place
                    assert resources["vgpr_spills"] == 0, place
                    assert resources["wave_size"] == manifest["target"]["warp_size"], place
                    assert resources["waves_per_simd"] > 0, place
                    count += 1
                    strategies.add(kernel["strategy"])
print(count, "kernels of", len(strategies), "strategies")
