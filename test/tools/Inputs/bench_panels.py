# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""Prints what the benchmark's picture shows."""
import json
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(sys.argv[1], "tools", "softmax-bench"))
from softmax_bench import plot

with open(sys.argv[2]) as source:
    lines, points = plot.panels(json.load(source))
for kind, panels in [("lines", lines), ("points", points)]:
    for (title, threads), panel in panels.items():
        print("%s, %d thread(s), %s" % (title, threads, kind))
        for name, marks in panel.items():
            if kind == "points":
                marks = sorted(marks, key=lambda mark: mark.at)
            print("%s: %s" % (name, ", ".join("%s %.2f%s" % (mark.at, mark.fraction, " lost" if mark.lost else "")
                                              for mark in marks)))
