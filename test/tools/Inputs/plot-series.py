# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""Prints the lines that tools/softmax-bench/plot.py draws."""
import json
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(sys.argv[1], "tools", "softmax-bench"))
import plot

entries = json.load(open(sys.argv[2]))
for with_peer, value in [(True, "ratio"), (False, "fraction_of_limit")]:
    if not with_peer:
        print("below")
    for label, line in plot.series(entries, with_peer).items():
        print("%s: %s" % (label, ", ".join("%d %s" % (length, entry[value]) for length, entry in line)))
