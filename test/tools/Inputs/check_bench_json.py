# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""Checks that each record of the benchmark's JSON has every field, and that the figures agree
with each other."""
import json
import sys

NUMBERS = ["ours_ns", "limit_ns", "fraction_of_limit"]
PEER = ["peer_ns", "ratio"]
LIMITS = ["copy_ns", "nt_copy_ns", "read_ns", "exp_ns"]

with open(sys.argv[1]) as source:
    records = json.load(source)
for record in records:
    softmax = record["kernel"] == "softmax"
    assert record["threads"] in (1, 2) and record["mode"] in ("alone", "producer", "consumer"), record
    assert record["type"] == "f32" and record["accuracy"] == "default" and record["size_class"] == "L2", record
    assert 0 <= record["axis"] < len(record["shape"]), record
    for name in NUMBERS + (PEER if record["peer"] else []) + (LIMITS if softmax else []):
        assert record[name] > 0, (name, record)
    if record["peer"]:
        low, high = record["ratio_quartiles"]
        assert low <= record["ratio"] <= high and record["peer_version"], record
    fractions = ["nt_copy_fraction", "exp_fraction", "read_and_nt_copy_fraction"] if softmax else []
    for name in ["fraction_quartiles"] + fractions:
        assert record[name] == sorted(record[name]) and len(record[name]) == 3, record
    fraction = record["fraction_of_limit"]
    assert abs(fraction - record["limit_ns"] / record["ours_ns"]) < 2e-3 * max(1, fraction), record
    assert record["machine"] and record["version"] and record["threading"], record
    if softmax:
        assert record["peer"] and record["limit_ns"] == max(record["copy_ns"], record["exp_ns"]), record
        assert 0 < record["ours_worst_ulp"] < 20, record
    else:
        assert 0 < record["ours_worst_of_bound"] <= 1 and record["workspace_bytes"] >= 0 and record["exp_ns"] > 0, record
print("%d records are complete; peers %s; modes %s"
      % (len(records), ", ".join(sorted({record["peer"] for record in records if record["peer"]})),
         ", ".join(sorted({record["mode"] for record in records}))))
