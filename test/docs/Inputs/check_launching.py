# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""The C code of docs/Launching.md stands in the example that is compiled.

    check_launching.py PAGE EXAMPLE
"""
import re
import sys

page, example = (open(path, encoding="utf-8").read() for path in sys.argv[1:3])
blocks = re.findall(r"^```c\n(.*?)^```", page, flags=re.M | re.S)
print("%d blocks, %d wrong" % (len(blocks), sum(block not in example for block in blocks)))
