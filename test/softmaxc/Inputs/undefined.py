# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""undefined.py < `llvm-nm -u`: fails if a symbol other than those that every
process has is needed; weak ones may be."""
import sys

allowed = {"malloc", "free", "memcpy", "memset"}
bad = []
for line in sys.stdin:
    words = line.split()
    if len(words) == 2 and words[0] == "U" and words[1] not in allowed:
        bad.append(words[1])
sys.exit(f"undefined: {bad}" if bad else 0)
