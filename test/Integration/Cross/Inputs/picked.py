# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""picked.py LIBRARY LLVM-NM: fails unless the constructor of a library with several
versions has found the best one for this CPU, before any function was called."""
import ctypes
import subprocess
import sys

library, nm = sys.argv[1:]
symbols = subprocess.run([nm, library], text=True, check=True, stdout=subprocess.PIPE).stdout
offset = next(int(line.split()[0], 16) for line in symbols.splitlines()
              if line.endswith(" __softmax_cpu_version"))
loaded = ctypes.CDLL(library)
with open("/proc/self/maps") as maps:
    base = next(int(line.split("-")[0], 16) for line in maps if line.rstrip().endswith(library))
picked = ctypes.c_int32.from_address(base + offset).value

with open("/proc/cpuinfo") as info:
    flags = next(set(line.split(":", 1)[1].split()) for line in info if line.startswith("flags"))
levels = [
    {"avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"},
    {"avx", "avx2", "bmi1", "bmi2", "f16c", "fma", "abm", "movbe"},
    {"cx16", "lahf_lm", "popcnt", "pni", "sse4_1", "sse4_2", "ssse3"},
]
# The best first, counted from 1; 0 would mean that nobody has looked yet.
expected = len(levels) + 1
for number in range(len(levels) - 1, -1, -1):
    if not levels[number] <= flags:
        break
    expected = number + 1
if picked != expected:
    sys.exit("version %d is picked, not %d" % (picked, expected))
