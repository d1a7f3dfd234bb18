# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#
# The benchmark's parts: the plan, the check of results, the timer, and that the C loops do
# what is claimed of them, with one thread and with two.
#
# REQUIRES: numpy, gcc
# RUN: rm -rf %t && mkdir %t
# RUN: %python %s %softmax_src %t
import ctypes
import os
import sys

import numpy

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(sys.argv[1], "tools", "softmax-bench"))
from softmax_bench import elements, limits, measure, native, options, ours, plan, records


def check_plan():
    point = plan.parse_shape("32x81x8732@1")
    assert (point.outer, point.length, point.inner) == (32, 81, 8732) and str(point) == "32x81x8732@1 f32"
    listed = plan.listed()
    assert len(set(listed)) == len(listed)
    for needed in [plan.Point((65536, 10)), plan.Point((1000, 4096), axis=0), plan.Point((16, 2 ** 20)),
                   plan.Point((256, 32768), mode="consumer"), plan.Point((128, 4096), "f16"),
                   plan.Point((2048, 4096), "f64")] + plan.ACCURACY_POINTS:
        assert needed in listed, needed
    caches = {"L2": 2 ** 20, "L3": 32 * 2 ** 20}
    classes = [plan.size_class(plan.Point((rows, 1024)), caches, 1) for rows in (128, 2048, 4096, 16384)]
    assert classes == ["L2", "L3", "between", "memory"], classes
    swept = dict(plan.swept_lengths())
    assert set(range(17, 301)) <= set(swept) and {1023, 1025, 131073} <= set(swept)
    assert swept[17] == [18, 19, 20, 21] and 1025 not in swept[1025] and 1024 in swept[1025]
    assert [plan.swept_point(length, threads).shape[0] for length, threads in [(17, 2), (32769, 1), (32769, 2), (131073, 2)]] \
        == [3854, 1, 2, 2]
    parsed = options.parse(["--shapes=4x8,2x3x4@1", "--types=f32,f16", "--neighbours=consumer", "--threads=2,1"])
    assert [str(point) for point in parsed.points] == ["4x8 f32", "2x3x4@1 f32", "4x8 f16", "2x3x4@1 f16",
                                                       "4x8 f32, consumer", "2x3x4@1 f32, consumer"]
    assert parsed.threads == [1, 2] and not parsed.sweep and options.parse([]).sweep


def check_streams():
    scheduled = ("schedule = <numeric = <exp = scaled>, alternatives = [<layout = inner, strategy = lanes_inner>, "
                 "<layout = row, max_columns = 100, strategy = registers>, <layout = row, max_columns = 5000, "
                 "min_bytes = 8388608, strategy = three_pass, stores = nontemporal>, <layout = row, strategy = three_pass>]>")
    for shape, axis, expected in [((8192, 100), 1, False), ((8192, 128), 1, True), ((8191, 128), 1, False),
                                  ((8192, 5001), 1, False), ((8192, 5000), 1, True), ((5000, 8192), 0, False)]:
        assert ours.streams(scheduled, plan.Point(shape, axis=axis)) == expected, shape
    assert not ours.streams("", plan.Point((8192, 128)))


def check_elements():
    bits = elements.store(numpy.array([1.0, 1.00390625, 1.01171875, -3.0]), "bf16")  # two ties: to even
    assert bits.tolist() == [0x3f80, 0x3f80, 0x3f82, 0xc040], bits
    assert elements.load(bits, "bf16").tolist() == [1.0, 1.0, 1.015625, -3.0]
    units = elements.ulp(numpy.array([1.0, 0.75, 1e-40, 0.0]), "f32")
    assert units.tolist() == [2.0 ** -23, 2.0 ** -24, 2.0 ** -149, 2.0 ** -149]
    for type in plan.BYTES:
        for shape, axis in [((5, 40), 1), ((40, 5), 0), ((3, 7, 4), 1)]:
            point = plan.Point(shape, type, axis)
            x, y = elements.buffers(point)
            assert x.ctypes.data % elements.HUGE_PAGE == 0
            check = elements.Check(point, x)
            wide = elements.load(x, type, numpy.longdouble)
            e = numpy.exp(wide - wide.max(axis=axis, keepdims=True))
            y[...] = elements.store((e / e.sum(axis=axis, keepdims=True)).astype(numpy.float64), type)
            good = check(y)
            assert good.worst_ulp <= 0.51 and good.worst_of_bound < 1, (type, good.worst_ulp)
            # Over the other dimension, scaled, or with a NaN: each is found out.
            wrong = numpy.array(y)
            wrong.reshape(-1)[3] = elements.store(numpy.array([numpy.nan]), type)[0]
            assert check(wrong).worst_of_bound > 1 and not check(wrong).worst_relative <= 1e-2
            half = elements.store(elements.load(y, type) * 0.97, type)
            assert check(half).worst_of_bound > 1 and not check(half).worst_relative <= 1e-2


class Counted:
    """A call that takes so many made-up nanoseconds, and notes its turns."""

    def __init__(self, name, once, log):
        self.name, self.once, self.log = name, once, log

    def time(self, runtime, rounds, cpu):
        self.log.append((self.name, rounds))
        return self.once * rounds


class Still:
    def settle(self):
        return 0

    def pin(self):
        assert "pinned" not in vars(self)
        self.pinned = True

    def unpin(self):
        del self.pinned


def check_timer():
    quartiles = measure.Quartiles([5, 1, 4, 2, 3, 6])
    assert (quartiles.lower, quartiles.median, quartiles.upper) == (2.25, 3.5, 4.75)
    assert measure.ratios([2, 6], [1, 2]).median == 2.5  # pair by pair
    log = []
    calls = [Counted("a", 1000, log), Counted("b", 5e6, log), Counted("c", 0.001, log)]
    samples = measure.Timer(Still(), 4).alternate(calls)
    assert samples == [[1000] * 4, [5e6] * 4, [0.001] * 4], samples
    timed = [name for name, rounds in log if rounds > 1 or name == "b"]
    assert "".join(timed)[-12:] == "abcbcacababc", timed
    assert ("a", 200) in log and ("c", 200000) in log
    assert measure.Timer(Still(), 4).fastest(calls) == 2


def check_records():
    point = plan.Point((4, 8))
    facts = {"threads": 1, "clock": "wall", "machine": "m", "version": "v", "versions": {"gcc": "12"},
             "threading": "one thread", "size_class": "L2"}
    samples = {"ours": [10, 20], "gcc": [30, 30], "copy_memcpy": [4, 4], "copy_movsb": [5, 5], "copy_stream": [6, 6],
               "read": [3, 3], "read_far": [1, 1], "exp": [5, 5]}

    class Ours:
        name, accuracy = "ours", elements.Accuracy(1.5, 0.2, 1e-7)

    class Gcc:
        name, accuracy = "gcc", None

    record, = records.of_point(point, [Ours, Gcc], samples, facts)
    assert record["ours_ns"] == 15 and record["ratio"] == 2.25 and record["ratio_quartiles"] == [1.875, 2.625]
    assert record["copy_ns"] == 4 and record["nt_copy_ns"] == 6 and record["read_ns"] == 1
    assert record["limit_ns"] == 5 and record["fraction_of_limit"] == 0.3333
    assert record["nt_copy_fraction"] == [0.375, 0.45, 0.525], record["nt_copy_fraction"]
    assert record["read_and_nt_copy_fraction"][1] == 0.525 and record["peer_version"] == "12"
    alone, = records.of_point(point, [Ours], samples, facts)
    assert alone["peer"] is None and alone["ratio"] is None


def check_native(folder, threads):
    runtime = native.Runtime(folder, threads)
    # Every unit is done once, whatever the grain.
    done = []
    part = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64, ctypes.c_int64)(
        lambda argument, begin, end, thread: done.extend(range(begin, end)))
    for units, grain in [(10, 4), (1, 1), (7, 1), (4096, 4096), (5000, 1024)]:
        measure.NativeCall([runtime.pooled(part, native.Copy(), units, grain)], None).time(runtime, 2, False)
        assert sorted(done) == sorted(2 * list(range(units))), (units, grain)
        done.clear()
    timer = measure.Timer(runtime, 2, sample_ns=1000)
    bounds = limits.Limits(runtime, timer)
    for columns in (5, 64, 70001):
        point = plan.Point((3, columns))
        x, y = elements.buffers(point)
        for name, call in bounds.copies(x, y).items():
            y[...] = -1
            call.time(runtime, 1, False)
            assert name.startswith("read") or (x == y).all(), (name, columns)
        kept = numpy.array(x)
        neighbours = runtime.neighbours
        argument = native.Produced(x.ctypes.data, 2.0, 1.0)
        produced = measure.NativeCall([runtime.pooled(neighbours.neighbour_produce_f32, argument, point.elements, 1024)],
                                      lambda: x)
        produced.time(runtime, 1, False)
        assert (x == kept * 2 + 1).all()
    for wide, tolerance in [(False, 5e-6), (True, 1e-14)]:
        ways = list(bounds.candidates(wide))
        assert len(ways) >= 4
        for way in ways:
            argument, x, y = way.call.keep
            y[:] = 0
            way.call.time(runtime, 1, False)
            assert abs(y / numpy.exp(x) - 1).max() < tolerance, way.name
            assert way.count == limits.ROUNDS * x.size
    # A softmax between neighbours, in C and in Python, works on what the producer made.
    log = []
    append = ctypes.CFUNCTYPE(None, ctypes.c_ssize_t)(lambda number: log.append(number))
    steps = [native.step(append, number) for number in (1, 2)]
    for call in [measure.NativeCall(steps[1:], None, output_address=3),
                 measure.PythonCall(lambda: log.append(2), None, output_address=3),
                 measure.PythonCall(lambda: log.append(2) or 3, None, output_address=lambda result: result)]:
        call.between(steps[:1], lambda address: [native.step(append, address)]).time(runtime, 2, False)
        assert log == [1, 2, 3, 1, 2, 3], log
        log.clear()
    assert runtime.settle() >= 0
    runtime.close()


check_plan()
check_streams()
check_elements()
check_timer()
check_records()
for number in (1, 2, 3):
    check_native(sys.argv[2], number)
