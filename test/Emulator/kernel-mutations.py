# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#
# REQUIRES: numpy
# RUN: %python %s %t.d warp_per_row | FileCheck %s
# RUN: %python %s %t.d block_per_row | FileCheck %s
# RUN: %python %s %t.d block_online | FileCheck %s
# RUN: %python %s %t.d cluster_per_row | FileCheck %s --check-prefixes=CHECK,CLUSTER,MERGE
# RUN: %python %s %t.d block_per_row 9001 | FileCheck %s --check-prefixes=CHECK,MERGE
# RUN: %python %s %t.d split_row 9001 | FileCheck %s --check-prefixes=CHECK,MERGE
"""Breaks kernels of the lowering and checks that running them on emulated threads notices: every barrier dropped,
those of clusters too, the rank that a block reads from replaced by 0, parts of a row merged out of turn, the shuffles
of each distance with another one, the parts received at each distance replaced by the own, and comparisons of bounds
off by one."""
import os
import re
import subprocess
import sys

import numpy

folder, strategy = sys.argv[1:3]
os.makedirs(folder, exist_ok=True)
# Rows of two blocks, or of one.
ROWS, COLUMNS = 8, int(sys.argv[3]) if len(sys.argv) > 3 else 9001 if strategy == "cluster_per_row" else 1001

generator = numpy.random.default_rng(1)
logits = generator.normal(0, 3, (ROWS, COLUMNS)).astype("float32")
logits[0, COLUMNS - 1] = 90
logits[0, 126] = 95  # Of a warp's last lane: no distance reaches it alone.
logits[1, 5] = -95
logits[1] += 80
logits[2] -= 1000
logits[3, 7] = numpy.inf  # A way through the kernel of its own.
logits[4] = generator.normal(0, 30, COLUMNS)
logits[5, :] = -numpy.inf
logits[5, COLUMNS // 2] = 3
logits[6, 7] = numpy.inf
logits[6, COLUMNS - 1] = numpy.nan
logits[7, COLUMNS - 3] = 700  # One block of the row is subtracted from, and another one not.
numpy.save(os.path.join(folder, "x.npy"), logits)
with numpy.errstate(invalid="ignore"):
    exponentials = numpy.exp(logits.astype("float64") - logits.max(axis=1, keepdims=True))
sums = exponentials.sum(axis=1)
expected = exponentials / sums[:, None]
expected[3] = numpy.nan
lse = logits.max(axis=1) + numpy.log(sums)
lse[3] = numpy.inf
lse[6] = numpy.nan

SOURCE = """
func.func @f(%x: tensor<RxCxf32>) -> (tensor<RxCxf32>, tensor<Rxf32>) {
  %i = tensor.empty() : tensor<RxCxf32>
  %j = tensor.empty() : tensor<Rxf32>
  %p, %l = softmax.softmax dimensions = [1] ins(%x : tensor<RxCxf32>) outs(%i, %j : tensor<RxCxf32>, tensor<Rxf32>)
    -> tensor<RxCxf32>, tensor<Rxf32>
  return %p, %l : tensor<RxCxf32>, tensor<Rxf32>
}
""".replace("R", str(ROWS)).replace("C", str(COLUMNS))
lowered = subprocess.run(["softmax-opt", "-", "--softmax-to-gpu-binary=format=dialect force-strategy=" + strategy],
                         input=SOURCE, text=True, stdout=subprocess.PIPE, check=True).stdout
# Without the host's function.
kernel = "module attributes {gpu.container_module} {\n" + lowered[lowered.index("  gpu.module"):]
LAUNCHES = [(match[0], re.search(r"gpu.known_block_size = array<i32: (\d+)", match[2]).group(1),
             re.search(r"gpu.known_grid_size = array<i32: (\d+)", match[2]).group(1), match[1].count("llvm.ptr"))
            for match in re.findall(r"llvm.func @(\w+)\((.*?)\) attributes {(.*)}", kernel)]


def judge(text):
    path, y, l, w = (os.path.join(folder, name) for name in ("kernel.mlir", "y.npy", "l.npy", "w.npy"))
    with open(path, "w") as file:
        file.write(text)
    results = ["--arg=out:%s:%dx%dxf32" % (y, ROWS, COLUMNS), "--arg=out:%s:%dxf32" % (l, ROWS)]
    workspace = "%s:%dxf64" % (w, ROWS * 16)
    for number, (name, block, grid, operands) in enumerate(LAUNCHES):
        # Row, probabilities, workspace, lse, as far as the kernel takes them.
        given = list(results)
        if len(LAUNCHES) > 1:
            given.insert(1, "--arg=out:" + workspace if number == 0 else "--arg=in:" + w)
        run = subprocess.run(["softmax-gpu-emulate", path, "--kernel=" + name, "--grid=" + grid, "--block=" + block,
                              "--steps=100000", "--arg=in:" + os.path.join(folder, "x.npy")] + given[:operands - 1],
                             stderr=subprocess.PIPE)
        if run.returncode == 1:
            assert b"): " in run.stderr, run.stderr
            return "reported"
        assert run.returncode == 0, run.stderr
    good = (numpy.allclose(numpy.load(y), expected, rtol=1e-5, atol=1e-36, equal_nan=True)
            and numpy.allclose(numpy.load(l), lse, rtol=1e-6, equal_nan=True))
    return "right" if good else "wrong"


lines = kernel.split("\n")


def replace(number, line):
    return "\n".join(lines[:number] + [line] + lines[number + 1:])


# What each kernel begins with, and where the last one ends.
BEGINS = [number for number, line in enumerate(lines) if "llvm.func @" in line] + [len(lines)]
SHUFFLE = r"(%\d+) = nvvm\.shfl\.sync +bfly %\d+, (%\d+), (%\d+),"
BROADCAST = r"(.* = nvvm\.shfl\.sync +idx %\d+, %\d+, )%\d+(,.*)"


def in_kernel(begin, end, change):
    """The module with the lines of one kernel changed."""
    return "\n".join(lines[:begin] + [change(line) for line in lines[begin:end]] + lines[end:])


def break_shuffles(begin, end, distance, other):
    """Another distance in its place."""
    return in_kernel(begin, end, lambda line: re.sub(
        SHUFFLE, lambda match: match.group(0) if match.group(3) != distance
        else match.group(0)[:match.start(3) - match.start(0)] + other + ",", line))


def break_merges(begin, end, distance):
    """A lane merges its own part twice."""
    own = {result: sent for result, sent, by in re.findall(SHUFFLE, "\n".join(lines[begin:end])) if by == distance}
    return in_kernel(begin, end, lambda line: line if "shfl" in line else re.sub(
        r"%\d+", lambda match: own.get(match.group(0), match.group(0)), line))


print("as it stands: %s" % judge(kernel))
for number, line in enumerate(lines):
    if re.search(r"nvvm\.(barrier|cluster\.)", line):
        print("barrier in line %d: %s" % (number, judge(replace(number, ""))))
    mapped = re.match(r"(.*nvvm\.mapa %\d+, )%\d+(.*)", line)
    if mapped:
        rank = "%rank = llvm.mlir.constant(0 : i32) : i32\n" + mapped.group(1) + "%rank" + mapped.group(2)
        print("rank in line %d: %s" % (number, judge(replace(number, rank))))
# All values of a part come from the first one.
if any(re.match(BROADCAST, line) for line in lines):
    zero = "%lane = llvm.mlir.constant(0 : i32) : i32\n"
    print("turn: %s" % judge("\n".join(re.sub(BROADCAST, lambda match: "%lane_" + str(number) + zero[5:] + match.group(1)
                                             + "%lane_" + str(number) + match.group(2), line)
                                      for number, line in enumerate(lines))))
for begin, end in zip(BEGINS, BEGINS[1:]):
    text = "\n".join(lines[begin:end])
    # Values that are distances.
    distances = sorted(set(match[2] for match in re.findall(SHUFFLE, text)))
    for distance, other in zip(distances, distances[1:] + distances[:1]):
        # Lanes without a part agree with any other one: a vote on two parts, which is all that the second kernel of
        # split_row shuffles, is settled at distance 1.
        if begin != BEGINS[0] and not re.search(distance + r" = llvm\.mlir\.constant\(1 : i32\)", text):
            continue
        print("shuffles at distance %s: %s" % (distance, judge(break_shuffles(begin, end, distance, other))))
        print("merges at distance %s: %s" % (distance, judge(break_merges(begin, end, distance))))


def break_comparisons():
    for number, line in enumerate(lines):
        match = re.match(r'(.* llvm\.icmp "[us][lg])([te])(".*)', line)
        if match:
            yield replace(number, match.group(1) + {"t": "e", "e": "t"}[match.group(2)] + match.group(3))


# Most guard what these rows do not reach.
print("comparisons noticed: %s" % ("some" if any(judge(text) != "right" for text in break_comparisons()) else "none"))

# CHECK: as it stands: right
# CHECK-NOT: : right
# CLUSTER: rank in line
# CHECK-NOT: : right
# MERGE: turn:
# CHECK-NOT: : right
# CHECK: shuffles at
# CHECK-NOT: : right
# CHECK: comparisons noticed: some
