# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""A point of one of the family's kernels: results are checked, then all take turns."""
import ctypes

from .. import competitors, limits, native, ours, plan, records
from ..contender import Contender
from ..measure import NativeCall
from ..peers import Missing
from . import load
from .work import Check

# Peers promise nothing: so far from the reference, beside the largest result, they compute something else.
TOLERANCE = 1e-3
TRIADS = ["triad", "triad_stream", "triad_stream_ahead", "triad_stream_far"]


class Triad(ctypes.Structure):
    _fields_ = [("a", ctypes.c_void_p), ("b", ctypes.c_void_p), ("to", ctypes.c_void_p)]


class Measurement:
    """Calls and limits of a work."""

    def __init__(self, worker, work):
        self.worker = worker
        self.work = work
        self.runtime = worker.runtime
        self.library = ctypes.CDLL(native.build(self.runtime.folder, ["family.c"],
                                                ["-Ofast", "-mprefer-vector-width=512"]))
        self.threading = None
        self.workspace = 0

    def ours(self, name=ours.DEFAULT, flags=()):
        """The call of our kernels, built with further flags for softmaxc, their statuses checked once."""
        work = self.work
        stem = "family-%s-%s" % (work.point.kernel, "".join(c if c.isalnum() else "_" for c in name))
        path, self.threading = self.worker.builds.library(stem, work.source + list(flags), None)
        if self.threading is None:
            raise Missing("softmaxc has no --threads, and the benchmark's pool drives softmax alone")
        library = ctypes.CDLL(path)
        tensors = {name: ours.view(array, work.codes.get(name)) for name, array in work.arrays.items()}
        steps = []
        for function, operands in work.launches:
            pointers = [native.pointer(tensors[name]) for name in operands]
            kernel, size = getattr(library, function), getattr(library, function + "_workspace_size")
            kernel.restype, size.restype = ctypes.c_int32, ctypes.c_size_t
            arguments = [ctypes.c_void_p(pointer) for pointer in pointers]
            status = kernel(*arguments)
            if status != 0:
                raise native.Failure("our kernel %s returned status %d at %s" % (function, status, work.point))
            self.workspace = max(self.workspace, size(*arguments))
            steps.append(native.step(kernel, *pointers))
        return NativeCall(steps, lambda: work.outputs, (library, tensors, work))

    def softmax(self, x, y):
        """Our plain softmax of f32 on two matrices."""
        return self.worker.builds.prepare(ours.DEFAULT, [], plan.Point(x.shape), x, y)

    def chain(self, calls):
        """Several calls, one after the other, as one."""
        return NativeCall([step for call in calls for step in call.steps], lambda: self.work.outputs, calls)

    def fastest_read(self, array):
        reads = [call for name, call in self.worker.limits.copies(array, array).items() if name in limits.READS]
        return reads[self.worker.timer.fastest(reads)]

    def tensors(self):
        """The operands that are as large as the first one, which is an input; the last one is an output
        where there is one."""
        size = next(iter(self.work.inputs.values())).nbytes
        return [array for array in self.work.arrays.values() if array.nbytes == size]

    def triads(self):
        """Of two inputs as large as the output."""
        tensors = self.tensors()
        argument = Triad(*[array.ctypes.data for array in tensors])
        for name in TRIADS:
            part = getattr(self.library, "limit_" + name, None)
            if part is not None:
                yield name, NativeCall([self.runtime.pooled(part, argument, tensors[0].nbytes, limits.PAGE)],
                                       lambda: self.work.outputs, (argument, tensors))

    def bounds(self):
        """{limit: {way: call}} of what limits the work, exponentials left out."""
        wanted = {name for each in self.work.passes for name in each.traffic}
        # As large as the first input are other inputs and what has an element for each of it.
        tensors = self.tensors()
        source, target = tensors[0], tensors[-1]
        found = dict(getattr(self.work, "bounds", lambda measurement: {})(self))
        result = {name: {name: call} for name, call in found.items()}
        if "copy" in wanted:
            result["copy"] = {way: call for way, call in self.worker.limits.copies(source, target).items()
                              if way not in limits.READS}
        if "read" in wanted:
            result["read"] = {way: call for way, call in self.worker.limits.copies(source, source).items()
                              if way in limits.READS}
        if "read_mask" in wanted:
            result["read_mask"] = {"read_mask": self.fastest_read(self.work.inputs["mask"])}
        if "triad" in wanted:
            result["triad"] = dict(self.triads())
        return result


def judge(call, check, runtime):
    """The accuracy of what a call computes."""
    check.work.spoil()
    call.time(runtime, 1, False)
    return check(call.output())


def our_contender(measurement, check, name=ours.DEFAULT, flags=()):
    """A build of ours whose results are right, or the end of the run."""
    call = measurement.ours(name, flags)
    accuracy = judge(call, check, measurement.runtime)
    if not accuracy.worst_of_bound <= 1:
        raise native.Failure("our kernel (%s) is wrong at %s: off by %.2f times what it promises"
                             % (name, measurement.work.point, accuracy.worst_of_bound))
    return Contender("ours" if name == ours.DEFAULT else "ours, " + name, call, accuracy)


def contenders(measurement, check):
    """Ours, the peers that have the kernel, and ours in other ways."""
    worker, work = measurement.worker, measurement.work
    variants = []
    for name, flags in worker.spec["variants"].items():
        try:
            variants.append(our_contender(measurement, check, name, flags))
        except Missing as missing:
            worker.note("ours, " + name, str(missing), work.point)
    try:
        found = [our_contender(measurement, check)]
    except Missing as missing:
        raise native.Failure("softmaxc refuses our kernel %s: %s" % (work.point.kernel, missing))
    for name, peer in worker.peers.items():
        if not hasattr(peer, "prepare_kernel"):
            continue
        try:
            call = peer.prepare_kernel(work)
            accuracy = judge(call, check, worker.runtime)
            if not accuracy.worst_relative <= TOLERANCE:
                raise Missing("wrong: off by %.1e of the largest result" % accuracy.worst_relative)
            found.append(Contender(name, call, accuracy))
        except Missing as missing:
            worker.note("peer " + name, str(missing), work.point)
        except Exception as error:  # Whatever goes wrong in somebody else's package.
            worker.note("peer " + name, "refuses: " + competitors.first_line(error), work.point)
    for name, call in work.rivals(measurement).items():
        found.append(Contender(name, call))
    return found + variants


def measure(worker, point):
    """The records of a point."""
    exponential = worker.exponentials("f32")
    work = load(point.kernel)(point)
    measurement = Measurement(worker, work)
    check = Check(work)
    found = contenders(measurement, check)
    del check
    bounds = measurement.bounds()
    ways = [(limit, way, call) for limit, group in bounds.items() for way, call in group.items()]
    calls = [contender.call for contender in found] + [call for _, _, call in ways] + [exponential.call]
    samples = worker.timer.alternate(calls, finished=worker.progress.turn if worker.progress else None)
    named = dict(zip([contender.name for contender in found], samples))
    groups = {}
    for (limit, way, _), times in zip(ways, samples[len(found):]):
        groups.setdefault(limit, {})[way] = times
    limited = {limit: records.fastest(group, list(group))[0] for limit, group in groups.items()}
    limited["exp"] = [time / exponential.count * point.elements for time in samples[-1]]
    return records.of_kernel(work, found, named, limited, {**worker.common_facts(point), "threading": measurement.threading,
                                                            "workspace_bytes": measurement.workspace})
