# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""loops.py FILE.s REGISTER: checks the main loops of every kernel's body.

A main loop is an innermost loop with packed multiply-adds, which here only the
exponential has. There must be one, all its packed multiply-adds must use
REGISTER (ymm or zmm), and the whole body must neither call nor gather."""
import re
import sys

path, register = sys.argv[1:]
bodies = {}
name = None
for line in open(path):
    start = re.match(r"(__softmax_body_[\w.]+):", line)
    if start:
        name = start.group(1)
        bodies[name] = []
    elif line.startswith(".Lfunc_end"):
        name = None
    elif name:
        bodies[name].append(line.split("#")[0].strip())
if not bodies:
    sys.exit("no kernel body found")

for name, lines in bodies.items():
    labels = {line[:-1]: i for i, line in enumerate(lines) if line.endswith(":")}
    loops = set()
    for i, line in enumerate(lines):
        words = line.split()
        if not words:
            continue
        if words[0].startswith("call") or "gather" in words[0]:
            sys.exit(f"{name}: {line}")
        if words[0].startswith("j") and labels.get(words[-1], i) < i:
            loops.add((labels[words[-1]], i))
    innermost = [
        (a, b) for a, b in loops
        if not any((c, d) != (a, b) and a <= c and d <= b for c, d in loops)
    ]
    main = 0
    for a, b in innermost:
        fused = [l for l in lines[a:b] if re.match(r"vfn?m(add|sub)\d+p[sd]\b", l)]
        if not fused:
            continue
        main += 1
        for line in fused:
            if "%" + register not in line:
                sys.exit(f"{name}: not at full width: {line}")
    if not main:
        sys.exit(f"{name}: no loop with packed multiply-adds in {len(innermost)} loops")
    print(f"{name}: {main} main loops at full width")
