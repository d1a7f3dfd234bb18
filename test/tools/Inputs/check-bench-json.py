# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""Checks that each entry of softmax-bench's JSON has every field, and that the
figures agree with each other."""
import json
import sys

NUMBERS = ["ours_ns", "peer_ns", "ratio", "limit_ns", "fraction_of_limit"]

entries = json.load(open(sys.argv[1]))
for entry in entries:
    assert entry["kernel"] == "softmax" and entry["threads"] == 1, entry
    assert entry["type"] in ("f16", "bf16", "f32", "f64"), entry
    assert entry["axis"] in (0, 1), entry
    assert len(entry["shape"]) == 2, entry
    assert isinstance(entry["peer"], str), entry
    for name in NUMBERS:
        assert entry[name] > 0, (name, entry)
    low, high = entry["ratio_quartiles"]
    assert low <= entry["ratio"] <= high, entry
    assert abs(entry["fraction_of_limit"] - entry["limit_ns"] / entry["ours_ns"]) < 2e-3, entry
print(len(entries), "entries are complete")
