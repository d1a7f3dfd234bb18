# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#
# REQUIRES: numpy
# RUN: %python %s %t.d warp_per_row | FileCheck %s
# RUN: %python %s %t.d block_per_row | FileCheck %s
# RUN: %python %s %t.d block_online | FileCheck %s
# RUN: %python %s %t.d cluster_per_row | FileCheck %s --check-prefixes=CHECK,CLUSTER
"""Breaks kernels of the lowering and checks that running them on emulated threads notices: every barrier dropped,
those of clusters too, the rank that a block reads from replaced by 0, the shuffles of each distance with another one, the parts received at each distance replaced by the own, and comparisons of
bounds off by one."""
import os
import re
import subprocess
import sys

import numpy

folder, strategy = sys.argv[1:]
os.makedirs(folder, exist_ok=True)
# Two blocks for a cluster.
ROWS, COLUMNS = 7, 9001 if strategy == "cluster_per_row" else 1001

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
block, grid = (re.search(r"gpu.known_%s_size = array<i32: (\d+), 1, 1>" % what, kernel).group(1)
               for what in ("block", "grid"))


def judge(text):
    path, y, l = (os.path.join(folder, name) for name in ("kernel.mlir", "y.npy", "l.npy"))
    with open(path, "w") as file:
        file.write(text)
    run = subprocess.run(["softmax-gpu-emulate", path, "--grid=" + grid, "--block=" + block, "--steps=100000",
                          "--arg=in:" + os.path.join(folder, "x.npy"),
                          "--arg=out:%s:%dx%dxf32" % (y, ROWS, COLUMNS), "--arg=out:%s:%dxf32" % (l, ROWS)],
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


SHUFFLE = r"(%\d+) = nvvm\.shfl\.sync +\w+ %\d+, (%\d+), (%\d+),"
# Values that are distances.
distances = sorted(set(match[2] for match in re.findall(SHUFFLE, kernel)))


def break_shuffles(distance):
    """Another distance in its place."""
    other = distances[(distances.index(distance) + 1) % len(distances)]
    return re.sub(SHUFFLE, lambda match: match.group(0) if match.group(3) != distance
                  else match.group(0).replace(distance + ",", other + ","), kernel)


def break_merges(distance):
    """A lane merges its own part twice."""
    own = {result: sent for result, sent, by in re.findall(SHUFFLE, kernel) if by == distance}
    return "\n".join(line if "shfl" in line else re.sub(r"%\d+", lambda match: own.get(match.group(0), match.group(0)), line)
                     for line in lines)


print("as it stands: %s" % judge(kernel))
for number, line in enumerate(lines):
    if re.search(r"nvvm\.(barrier|cluster\.)", line):
        print("barrier in line %d: %s" % (number, judge(replace(number, ""))))
    mapped = re.match(r"(.*nvvm\.mapa %\d+, )%\d+(.*)", line)
    if mapped:
        rank = "%rank = llvm.mlir.constant(0 : i32) : i32\n" + mapped.group(1) + "%rank" + mapped.group(2)
        print("rank in line %d: %s" % (number, judge(replace(number, rank))))
for distance in distances:
    print("shuffles at distance %s: %s" % (distance, judge(break_shuffles(distance))))
    print("merges at distance %s: %s" % (distance, judge(break_merges(distance))))


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
# CHECK: shuffles at
# CHECK-NOT: : right
# CHECK: comparisons noticed: some
