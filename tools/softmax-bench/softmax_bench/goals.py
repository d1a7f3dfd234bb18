# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""What we want to reach, and what a run says about it.

A goal is a least ratio at a set of points.  It counts as met where the ratio's lower quartile
reaches 0.95 of it, at every point.
"""
import math

from .plan import ALL_BYTES
from .records import best_peer, by_point, shape_text

ENOUGH = 0.95


class Goal:
    """`select(record)` chooses points; `value(records of a point)` gives the lower quartile, the
    median and against whom, or None where that was not measured."""

    def __init__(self, where, what, least, select, value, threads=(1, 2), text=None, kernel="softmax"):
        self.where = where
        self.what = what
        self.least = least
        self.kernel = kernel
        self.select = select
        self.value = value
        self.threads = threads
        self.text = text or "at least %g %s" % (least, what)


class Verdict:
    """`state` is met, not met or not measured; `measured` a line on the points."""

    def __init__(self, goal, threads, state, measured):
        self.goal = goal
        self.threads = threads
        self.state = state
        self.measured = measured


def of(field):
    """A fraction of a limit."""
    return lambda records: (records[0][field][0], records[0][field][1], "")


def of_best_peer(records):
    best = best_peer(records)
    return None if best is None else (best["ratio_quartiles"][0], best["ratio"], "against " + best["peer"])


def of_peer(name):
    def value(records):
        for record in records:
            if record["peer"] == name:
                return record["ratio_quartiles"][0], record["ratio"], ""
        return None
    return value


def speed_of(name):
    """The speed of another build as a part of the default one's: the other way round."""
    def value(records):
        for record in records:
            if record["peer"] == name:
                return 1 / record["ratio_quartiles"][1], 1 / record["ratio"], ""
        return None
    return value


def of_workspace(records):
    """A hundredth of the logits over the scratch that the kernel asks for."""
    first = records[0]
    share = 0.01 * math.prod(first["shape"]) * ALL_BYTES[first["type"]] / max(1, first["workspace_bytes"])
    return share, share, "%d bytes" % first["workspace_bytes"]


def last(record):
    return record["axis"] == len(record["shape"]) - 1


def rows(types, classes, shortest=1, longest=2 ** 40):
    """Points alone over the last dimension, except for 10 columns, which have goals of their own."""
    return lambda record: (record["mode"] == "alone" and last(record) and record["type"] in types
                           and record["size_class"] in classes and shortest <= record["shape"][-1] <= longest
                           and record["shape"][-1] != 10)


CACHED = ("L2", "L3")
EVERYWHERE = ("L2", "L3", "between", "memory")
OUT_OF_CACHE = rows(["f32"], ["memory"], 1000, 131072)
IN_CACHE = rows(["f32"], CACHED, 128, 131072)
NARROW = rows(["f16", "bf16"], EVERYWHERE, 128)
UPSTREAM = rows(["f32"], EVERYWHERE, 128, 131072)


def digits(record):
    return record["mode"] == "alone" and record["shape"] == [65536, 10] and record["type"] == "f32" and last(record)


def long_rows(record):
    return record["mode"] == "alone" and last(record) and record["type"] == "f32" and record["shape"][-1] >= 2 ** 20


def outer(record):
    return record["mode"] == "alone" and not last(record) and record["type"] == "f32"


def neighboured(record):
    return record["mode"] in ("producer", "consumer") and record["type"] == "f32"


def streamed(record):
    return record["mode"] in ("alone", "producer", "consumer")


GOALS = [
    Goal("out of cache, rows of 1K to 128K", "of the non-temporal copy", 0.92, OUT_OF_CACHE, of("nt_copy_fraction")),
    Goal("out of cache, rows of 1K to 128K", "times the best peer", 2, OUT_OF_CACHE, of_best_peer, (1,)),
    Goal("out of cache, rows of 1K to 128K", "times the best peer", 1.4, OUT_OF_CACHE, of_best_peer, (2,)),
    Goal("in L2 and L3, rows of 128 and more", "of the exponentials' limit", 0.75, IN_CACHE, of("exp_fraction")),
    Goal("in L2 and L3, rows of 128 and more", "times the best peer", 1.8, IN_CACHE, of_best_peer),
    Goal("65536x10", "of the exponentials' limit", 0.42, digits, of("exp_fraction")),
    Goal("65536x10", "times the best peer", 4, digits, of_best_peer),
    Goal("rows of 1M and 8M", "of a read and a non-temporal copy", 0.9, long_rows, of("read_and_nt_copy_fraction")),
    Goal("over an outer dimension", "of the non-temporal copy", 0.6, outer, of("nt_copy_fraction")),
    Goal("over an outer dimension", "times the best peer", 4, outer, of_best_peer, (1,)),
    Goal("with a producer or a consumer", "times the best peer", 1.3, neighboured, of_best_peer),
    Goal("where non-temporal stores are chosen", "times ordinary stores", 1, streamed, of_peer("ours, ordinary stores")),
    Goal("f16 and bf16, rows of 128 and more", "of the exponentials' limit", 0.65, NARROW, of("exp_fraction")),
    Goal("f16 and bf16, rows of 128 and more", "times the best peer", 1.8, NARROW, of_best_peer),
    Goal("f64", "of its limit", 0.8, rows(["f64"], EVERYWHERE), of("fraction_quartiles")),
    Goal("strict mode in cache", "of the default's speed", 0.7, rows(["f32"], CACHED), speed_of("ours, strict")),
    Goal("strict mode out of cache", "of the default's speed", 1, rows(["f32"], ["memory"]), speed_of("ours, strict")),
    Goal("lengths 17 to 300 and 2^k +- 1", "of their neighbours' speed", 0.8,
         lambda record: record["mode"] == "lengths", of_peer("ours, neighbouring lengths")),
    Goal("a call, checks included", "of 60 ns", 1, lambda record: record["mode"] == "call",
         lambda records: (60 / records[0]["ours_quartiles"][1], 60 / records[0]["ours_ns"],
                          "%.1f ns" % records[0]["ours_ns"]), (1,), "at most 60 ns"),
    Goal("upstream MLIR, tuned", "times its speed", 2.2, UPSTREAM, of_peer("mlir"), (1,)),
    Goal("upstream MLIR, tuned", "times its speed", 1.6, UPSTREAM, of_peer("mlir"), (2,)),
    Goal("upstream MLIR, to loops", "times its speed", 15, UPSTREAM, of_peer("mlir-loops"), (1,)),
] + [
    Goal(kernel, what, least, lambda record: True, value, (1,), text, kernel) for kernel, what, least, value, text in [
        ("softmax_backward", "of two reads and a write", 0.9, of("fraction_quartiles"), None),
        ("softmax_backward", "times PyTorch", 2, of_peer("pytorch"), None),
        ("softmax_backward", "times JAX", 2, of_peer("jax"), None),
        ("log_softmax_backward", "of two reads, a write, exponentials", 0.9, of("fraction_quartiles"), None),
        ("log_softmax_backward", "times PyTorch", 2, of_peer("pytorch"), None),
        ("log_softmax_backward", "times JAX", 2, of_peer("jax"), None),
        ("cross_entropy", "of the read or the exponentials", 0.9, of("fraction_quartiles"), None),
        ("cross_entropy", "times PyTorch", 3, of_peer("pytorch"), None),
        ("cross_entropy", "of the logits", 1, of_workspace, "scratch of 1% of the logits at most"),
        ("loss_and_gradient", "times PyTorch", 2.5, of_peer("pytorch"), None),
        ("scale_mask_softmax", "", 1 / 1.1, of_peer("ours, softmax and the mask's traffic"),
         "at most 1.1 of softmax and the mask's read"),
        ("valid_lengths", "", 1 / 1.1, of_peer("ours, softmax of the valid part"), "at most 1.1 of the valid part alone"),
        ("quantized", "times separate kernels", 2, of_peer("ours, separate kernels"), None),
        ("softmax_top8", "", 1 / 1.15, of_peer("ours, softmax alone"), "at most 1.15 of softmax alone"),
    ]
]


def judge_one(goal, threads, records):
    """The verdict on a goal."""
    values = []
    for group in by_point([record for record in records
                           if record["threads"] == threads and record["kernel"] == goal.kernel
                           and goal.select(record)]).values():
        value = goal.value(group)
        if value is not None:
            mode = "" if group[0]["mode"] in ("alone", "call", "lengths") else " " + group[0]["mode"]
            values.append((value[0], value[1], " ".join(filter(None, [
                "%s %s%s" % (shape_text(group[0]), group[0]["type"], mode), value[2]]))))
    if not values:
        return Verdict(goal, threads, "not measured", "")
    met = sum(lower >= ENOUGH * goal.least for lower, _, _ in values)
    lower, median, where = min(values)
    measured = "at %d of %d; least %.2f (lower quartile %.2f) at %s" % (met, len(values), median, lower, where)
    return Verdict(goal, threads, "met" if met == len(values) else "not met", measured)


def judge(records):
    """All verdicts, for the numbers of threads that the goals name."""
    return [judge_one(goal, threads, records) for goal in GOALS for threads in goal.threads]


def lines(verdicts):
    """The table of goals."""
    result = ["goals: met where the lower quartile reaches %g of them at every point" % ENOUGH]
    for verdict in verdicts:
        result.append("%-13s %-37s %-42s %d thread%s  %s"
                      % (verdict.state, verdict.goal.where, verdict.goal.text, verdict.threads,
                         " " if verdict.threads == 1 else "s", verdict.measured))
    counts = {state: sum(verdict.state == state for verdict in verdicts)
              for state in ("met", "not met", "not measured")}
    result.append("goals: %(met)d met, %(not met)d not met, %(not measured)d not measured" % counts)
    return [line.rstrip() for line in result]
