# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#
# The benchmark's other kernels: references that are right and find errors out, limits, loops in C.
#
# REQUIRES: numpy, gcc
# RUN: rm -rf %t && mkdir %t
# RUN: %python %s %softmax_src %t
import os
import sys

import numpy

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(sys.argv[1], "tools", "softmax-bench"))
from softmax_bench import elements, family, limits, measure, native, options, plan, records
from softmax_bench.family import measure as points
from softmax_bench.family.work import Check, Pass

ROWS, COLUMNS = 5, 33


def check_plan():
    everywhere = options.parse([]).points
    assert {point.kernel for point in everywhere} == set(plan.KERNELS) and len(set(everywhere)) == len(everywhere)
    assert {point.kernel for point in options.parse(["--shapes=4x8"]).points} == {"softmax"}
    chosen = options.parse(["--shapes=4x8,2x9", "--kernels=quantized,valid_lengths"])
    assert [str(point) for point in chosen.points] \
        == ["quantized 4x8 i8", "quantized 2x9 i8", "valid_lengths 4x8 f32", "valid_lengths 2x9 f32"] and not chosen.sweep
    assert not options.parse(["--kernels=valid_lengths"]).sweep
    assert plan.Point((4, 8)) != plan.Point((4, 8), kernel="valid_lengths")


def made(name):
    return family.load(name)(plan.of_family([name], [(ROWS, COLUMNS)])[0])


def softmax(x):
    e = numpy.exp(x - x.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def by_hand(name, i):
    """The outputs of a kernel in f64, in formulas of their own where that is possible."""
    i = {key: array.astype(numpy.float64) if array.dtype.kind == "f" else array for key, array in i.items()}
    if name == "softmax_backward":
        jacobians = [numpy.diag(y) - numpy.outer(y, y) for y in i["output"]]
        return {"grad_input": numpy.array([j @ dy for j, dy in zip(jacobians, i["grad_output"])])}
    if name == "log_softmax_backward":
        jacobians = [numpy.eye(COLUMNS) - numpy.exp(y)[:, None] for y in i["output"]]
        return {"grad_input": numpy.array([dy @ j.T for j, dy in zip(jacobians, i["grad_output"])])}
    x = i["logits"]
    if name in ("cross_entropy", "loss_and_gradient"):
        p, rows = softmax(x), numpy.arange(ROWS)
        found = {"loss": -numpy.log(p[rows, i["labels"]]), "lse": numpy.log(numpy.exp(x).sum(axis=1))}
        if name == "loss_and_gradient":
            p[rows, i["labels"]] -= 1
            found["grad_logits"] = p / ROWS
        return found
    if name == "scale_mask_softmax":
        weights = numpy.where(i["mask"], numpy.exp(x / 8), 0)
        return {"probabilities": weights / weights.sum(axis=1, keepdims=True)}
    if name == "valid_lengths":
        rows = [numpy.append(softmax(row[None, :n])[0], numpy.zeros(COLUMNS - n)) for row, n in zip(x, i["lengths"])]
        return {"probabilities": numpy.array(rows)}
    if name == "quantized":
        return {"probabilities": numpy.rint(255 * softmax((x.astype(float) - 3) / 16))}
    order = numpy.array([sorted(range(COLUMNS), key=lambda j: (-row[j], j))[:8] for row in x])
    return {"probabilities": softmax(x), "values": numpy.take_along_axis(x, order, axis=1), "columns": order}


def check_references():
    for name in family.KERNELS:
        work = made(name)
        check = Check(work)
        right = by_hand(name, work.inputs)
        assert set(right) == set(work.outputs), name
        stored = {key: right[key].astype(array.dtype) for key, array in work.outputs.items()}
        good = check(stored)
        assert good.worst_of_bound <= 1 and good.worst_relative <= 1e-3, (name, good.worst_of_bound, good.worst_relative)
        for key in stored:
            # What was not written, an element of another row, and all a little too large.
            work.spoil()
            assert not check({**stored, key: work.outputs[key]}).worst_of_bound <= 1, (name, key)
            assert not check({**stored, key: numpy.roll(stored[key], 1, axis=0)}).worst_of_bound <= 1, (name, key)
            if stored[key].dtype == numpy.float32:
                off = check({**stored, key: stored[key] * numpy.float32(1.01)})
                assert off.worst_of_bound > 1 and not off.worst_relative <= 1e-3, (name, key)


def check_wrong_kernel():
    """A kernel that computes something else ends the run."""
    work = made("cross_entropy")
    right = by_hand("cross_entropy", work.inputs)

    class Made:
        runtime = None

        def __init__(self, factor):
            self.work, self.factor = work, factor

        def ours(self, name, flags):
            return self

        def time(self, runtime, rounds, cpu):
            for key, array in work.outputs.items():
                array[...] = right[key] * self.factor

        def output(self):
            return work.outputs

    assert points.our_contender(Made(1), Check(work)).accuracy.worst_of_bound <= 1
    try:
        points.our_contender(Made(1.001), Check(work))
    except native.Failure as failure:
        assert "our kernel (default) is wrong at cross_entropy 5x33 f32: off by" in str(failure), failure
    else:
        assert False, "nobody noticed"


def check_limits():
    two = [Pass({"read": 1}), Pass({"copy": 0.5, "fill": 1}, 2)]
    assert [each.time({"read": 7, "copy": 4, "fill": 1, "exp": 5}) for each in two] == [7, 10]

    class Ours:
        name, accuracy = "ours", elements.Accuracy(None, 0.5, 1e-7)

    class Peer:
        name, accuracy = "pytorch", None

    work = made("loss_and_gradient")
    facts = {"threads": 1, "clock": "wall", "machine": "m", "version": "v", "versions": {}, "threading": "one thread",
             "size_class": "L2", "workspace_bytes": 8}
    record, = records.of_kernel(work, [Ours, Peer], {"ours": [20, 40], "pytorch": [60, 60]},
                                {"read": [2, 2], "copy": [4, 4], "exp": [3, 3]}, facts)
    assert record["kernel"] == "loss_and_gradient" and record["limit_ns"] == 7 and record["fraction_of_limit"] == 0.2333
    assert record["ratio"] == 2.25 and record["workspace_bytes"] == 8 and record["copy_ns"] == 4


class Worker:
    """What a measurement asks of a worker, without softmaxc."""

    def __init__(self, folder):
        self.runtime = native.Runtime(folder, 1)
        self.timer = measure.Timer(self.runtime, 2, sample_ns=1000)
        self.limits = limits.Limits(self.runtime, self.timer)


def check_loops(folder):
    worker = Worker(folder)
    work = made("softmax_backward")
    measurement = points.Measurement(worker, work)
    triads = dict(measurement.triads())
    assert len(triads) >= 1
    for name, call in triads.items():
        work.outputs["grad_input"][...] = -1
        call.time(worker.runtime, 1, False)
        assert (work.outputs["grad_input"] == work.inputs["grad_output"] + work.inputs["output"]).all(), name
    # Every limit that a work names is measured, and writes nothing but its output.
    for name in family.KERNELS:
        work = made(name)
        measurement = points.Measurement(worker, work)
        bounds = measurement.bounds()
        assert set(bounds) == {limit for each in work.passes for limit in each.traffic}, name
        kept = {key: array.copy() for key, array in work.inputs.items()}
        for group in bounds.values():
            for call in group.values():
                call.time(worker.runtime, 1, False)
        assert all((kept[key] == array).all() for key, array in work.inputs.items()), name
    work = made("valid_lengths")
    work.outputs["probabilities"][...] = 1
    work.rest(points.Measurement(worker, work)).time(worker.runtime, 1, False)
    assert (work.outputs["probabilities"].sum(axis=1) == work.inputs["lengths"]).all()
    assert abs(work.inputs["lengths"][:4].sum() - 2 * COLUMNS) == 0

    class Plain:
        """Rivals without a softmax: the two loops around it alone."""
        runtime, library = worker.runtime, points.Measurement(worker, made("quantized")).library
        calls = []

        def softmax(self, x, p):
            return measure.NativeCall([self.runtime.nothing()], None, (x, p))

        def chain(self, calls):
            self.calls = calls
            return calls

    work, plain = made("quantized"), Plain()
    work.rivals(plain)
    before, between, after = plain.calls
    x, p = between.keep
    before.time(worker.runtime, 1, False)
    assert (x == (work.inputs["logits"].astype(numpy.float32) - 3) / 16).all()
    p[...] = numpy.linspace(0, 1, p.size, dtype=numpy.float32).reshape(p.shape)
    after.time(worker.runtime, 1, False)
    assert (work.outputs["probabilities"] == numpy.rint(p * numpy.float32(255))).all()
    worker.runtime.close()


check_plan()
check_references()
check_wrong_kernel()
check_limits()
check_loops(sys.argv[2])
