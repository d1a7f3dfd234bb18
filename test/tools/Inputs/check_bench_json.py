# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""Checks that each record of the benchmark's JSON has every field, and that the figures agree
with each other."""
import json
import sys

NUMBERS = ["ours_ns", "peer_ns", "ratio", "limit_ns", "fraction_of_limit", "copy_ns", "nt_copy_ns", "read_ns", "exp_ns"]

with open(sys.argv[1]) as source:
    records = json.load(source)
for record in records:
    assert record["kernel"] == "softmax" and record["threads"] in (1, 2), record
    assert record["type"] == "f32" and record["accuracy"] == "default" and record["size_class"] == "L2", record
    assert 0 <= record["axis"] < len(record["shape"]), record
    for name in NUMBERS:
        assert record[name] > 0, (name, record)
    low, high = record["ratio_quartiles"]
    assert low <= record["ratio"] <= high, record
    for name in ["fraction_quartiles", "nt_copy_fraction", "exp_fraction", "read_and_nt_copy_fraction"]:
        assert record[name] == sorted(record[name]) and len(record[name]) == 3, record
    assert abs(record["fraction_of_limit"] - record["limit_ns"] / record["ours_ns"]) < 2e-3, record
    assert record["limit_ns"] == max(record["copy_ns"], record["exp_ns"]), record
    assert record["machine"] and record["version"] and record["peer_version"] and record["threading"], record
    assert 0 < record["ours_worst_ulp"] < 20, record
print("%d records are complete; peers %s; modes %s"
      % (len(records), ", ".join(sorted({record["peer"] for record in records})),
         ", ".join(sorted({record["mode"] for record in records}))))
