# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#
# The scorecard's instructions are those that llvm-objdump prints, by what their
# names begin with.  Padding behind a function is control, and so is what empties caches.
#
# RUN: rm -rf %t && mkdir %t
# RUN: %python %s softmaxc llvm-objdump %t | FileCheck %s
# CHECK: gfx90a f32 {{1[0-9]}} kernels agree
# CHECK: gfx942 f16 {{1[0-9]}} kernels agree
# CHECK: gfx1100 bf16 {{1[0-9]}} kernels agree
import collections
import json
import re
import subprocess
import sys

compiler, objdump, folder = sys.argv[1:]
TRANSCENDENTAL = re.compile(r"v_(exp|log|rcp|rsq|sqrt|sin|cos)_")


def unit(name):
    if name.startswith("v_"):
        return "transcendental" if TRANSCENDENTAL.match(name) else "vector"
    if name.startswith("ds_"):
        return "lds"
    if name.startswith("global_"):
        return "global_memory"
    if name.startswith("s_load"):
        return "scalar_memory"
    control = re.match(r"buffer_gl|s_(c?branch|wait|barrier|endpgm|nop|delay|clause|code_end|setprio|sleep|sendmsg|set_inst)", name)
    return "control" if control else "scalar"


for chip, kind in [("gfx90a", "f32"), ("gfx942", "f16"), ("gfx1100", "bf16")]:
    path = f"{folder}/{chip}.hsaco"
    card = json.loads(subprocess.run(
        [compiler, "--op=softmax", "--shape=?x?", "--type=" + kind, "--accuracy=default", "--target=amdgcn:" + chip,
         "--scorecard=json", "--emit=hsaco", "-o", path], check=True, stdout=subprocess.PIPE).stdout)
    text = subprocess.run([objdump, "-d", path], check=True, stdout=subprocess.PIPE, text=True).stdout
    counts, function = collections.defaultdict(collections.Counter), None
    for line in text.splitlines():
        label = re.match(r"[0-9a-f]+ <(\w+)>:", line)
        if label:
            function = label[1]
        elif re.match(r"\t[a-z]", line):
            counts[function][unit(line.split()[0])] += 1
    for score in card["scores"]:
        mine, theirs = score["static_instructions_by_unit"], counts[score["kernels"][0]]
        assert mine["control"] > 0 and mine["vector"] > 0 and mine["transcendental"] > 0, score
        for name in mine:
            if name != "control":
                assert mine[name] == theirs[name], (chip, score["name"], name, mine, theirs)
        assert 0 < mine["control"] <= theirs["control"], (chip, score["name"], mine, theirs)
    print(chip, kind, len(card["scores"]), "kernels agree")
