# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""What concerns our kernel alone: the cost of a call, and every length beside its neighbours."""
import statistics

from . import elements, ours, plan, records
from .measure import NativeCall, Timer
from .contender import Contender

# So many lengths take turns that a short sample of each must do.
SAMPLE_NS = 1e5


def calls(worker, table):
    """One call on a tensor of a single element: checks, and next to no work.  The peers' calls
    beside it say what of their times on small shapes is their interface."""
    point = plan.Point((1, 1), mode="call")
    x, y = elements.buffers(point)
    contenders = [Contender("ours", worker.builds.prepare(ours.DEFAULT, [], point, x, y))]
    for name, peer in worker.peers.items():
        try:
            contenders.append(Contender(name, peer.prepare(point, x, y)))
        except Exception:  # It is named where it matters, at the listed points.
            continue
    nothing = NativeCall([worker.runtime.nothing()], lambda: y)
    samples = worker.timer.alternate([contender.call for contender in contenders] + [nothing])
    named = dict(zip([contender.name for contender in contenders], samples))
    # Neither a copy nor an exponential is the limit of a call, but a call of nothing is.
    for name in ["copy_memcpy", "read", "exp"]:
        named[name] = samples[-1]
    found = records.of_point(point, contenders, named, worker.facts(point))
    table.calls(found)
    return found


def lengths(worker, table):
    """A record for each length: its time per element beside the median of its neighbours'."""
    timer = Timer(worker.runtime, worker.timer.repetitions, worker.timer.cpu,
                  min(SAMPLE_NS, worker.timer.sample_ns))
    swept = plan.swept_lengths()
    numbers = sorted({length for length, _ in swept} | {other for _, others in swept for other in others})
    points = {length: plan.swept_point(length, worker.threads) for length in numbers}
    x, y = elements.buffers(plan.Point((max(point.elements for point in points.values()),)))
    prepared = {}
    for length, point in points.items():
        cut = [array[:point.elements].reshape(point.shape) for array in (x, y)]
        prepared[length] = worker.builds.prepare(ours.DEFAULT, [], point, *cut)
    exponential = worker.exponentials("f32")
    samples = timer.alternate([prepared[length] for length in numbers] + [exponential.call], settle=False,
                              finished=worker.progress.turn if worker.progress else None)
    per_element = {length: [time / points[length].elements for time in times]
                   for length, times in zip(numbers, samples)}
    exp = [time / exponential.count for time in samples[-1]]
    found = []
    for length, others in swept:
        point = points[length]
        neighbours = [statistics.median(times) * point.elements
                      for times in zip(*[per_element[other] for other in others])]
        scaled = {"ours": [time * point.elements for time in per_element[length]],
                  NEIGHBOURS: neighbours, "exp": [time * point.elements for time in exp]}
        for name in ["copy_memcpy", "read"]:
            scaled[name] = scaled["exp"]
        found += records.of_point(point, [Contender("ours", None), Contender(NEIGHBOURS, None)], scaled,
                                  worker.facts(point))
    table.lengths(found)
    return found


NEIGHBOURS = "ours, neighbouring lengths"
