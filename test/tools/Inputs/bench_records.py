# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""Writes a benchmark's JSON with made-up figures, for what judges and draws them."""
import json
import sys


def record(shape, peer, ratio, **changes):
    """A point at which we take 1000 ns and reach half of every limit."""
    ratio_quartiles = None if ratio is None else [ratio - 0.1, ratio + 0.1]
    result = {
        "kernel": "softmax", "shape": shape, "type": "f32", "axis": len(shape) - 1, "mode": "alone", "threads": 1,
        "accuracy": "default", "threading": "one thread", "size_class": "L2", "clock": "wall", "ours_ns": 1000.0,
        "ours_quartiles": [990.0, 1010.0], "ours_worst_ulp": 1.5, "limit_ns": 500.0, "fraction_of_limit": 0.5,
        "fraction_quartiles": [0.45, 0.5, 0.55], "exp_fraction": [0.45, 0.5, 0.55], "nt_copy_fraction": [0.45, 0.5, 0.55],
        "read_and_nt_copy_fraction": [0.45, 0.5, 0.55], "peer": peer, "peer_version": "1",
        "peer_ns": None if ratio is None else 1000.0 * ratio, "ratio": ratio, "ratio_quartiles": ratio_quartiles,
    }
    result.update(changes)
    return result


MEMORY = {"size_class": "memory"}
RECORDS = [
    # In cache: 64 KiB at four lengths.  gcc is beaten everywhere, onednn beats us once.
    record([512, 32], "gcc", 1.5), record([512, 32], "onednn", 1.25),
    record([128, 128], "gcc", 2.0), record([128, 128], "onednn", 3.0),
    record([64, 256], "gcc", 2.5), record([64, 256], "onednn", 0.75),
    record([16, 1024], "gcc", 2.0), record([16, 1024], "ours, strict", 1.25),
    # Out of cache one point is just good enough: the lower quartiles are 0.95 of the goals.
    record([4096, 4096], "gcc", 2.0, nt_copy_fraction=[0.875, 0.9, 0.95], **MEMORY),
    record([4096, 4096], "ours, ordinary stores", 1.06, nt_copy_fraction=[0.875, 0.9, 0.95], **MEMORY),
    # Over an outer dimension just not.
    record([1000, 4096], "gcc", 16.0, axis=0, nt_copy_fraction=[0.569, 0.6, 0.7]),
    record([1000, 4096], "gcc-interchanged", 3.89, axis=0, nt_copy_fraction=[0.569, 0.6, 0.7]),
    # Two threads, with a consumer; no peer took part with the producer.
    record([4096, 1024], "gcc", 1.4, mode="consumer", threads=2),
    record([4096, 1024], None, None, mode="producer", threads=2),
    record([1, 1], "gcc", 0.5, mode="call", ours_ns=55.0, ours_quartiles=[54.0, 56.0]),
    record([3855, 17], "ours, neighbouring lengths", 0.9, mode="lengths"),
    record([3640, 18], "ours, neighbouring lengths", 0.7, mode="lengths"),
    # Other kernels: a gradient that is fast enough beside PyTorch, and loses to JAX; a loss with little
    # scratch; bytes; what costs just a tenth more than the valid part.
    record([1024, 4096], "pytorch", 2.2, kernel="softmax_backward", workspace_bytes=64),
    record([1024, 4096], "jax", 0.8, kernel="softmax_backward", workspace_bytes=64),
    record([16384, 4096], "pytorch", 2.1, kernel="softmax_backward", workspace_bytes=64),
    record([1024, 4096], "pytorch", 2.5, kernel="cross_entropy", workspace_bytes=2 ** 17),
    record([1024, 4096], "ours, separate kernels", 2.5, kernel="quantized", type="i8", workspace_bytes=64),
    record([1024, 4096], "ours, softmax of the valid part", 0.98, kernel="valid_lengths", workspace_bytes=64),
]

if __name__ == "__main__":
    with open(sys.argv[1], "w") as target:
        json.dump(RECORDS, target)
