# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""Measures: everybody alternates in one process on the same random data, and is checked first."""
import gc
import os
import sys
import tempfile

from .. import cli as common
from ..options import UsageError
from .driver import Device, DriverError
from .options import parse


def complain(message, status):
    sys.stdout.flush()
    print("tools/dev bench-gpu: %s" % message, file=sys.stderr)
    return status


class Clock:
    """Times launches by events on the default stream, each behind a flush of the second level
    cache, which is written over."""

    def __init__(self, device, launches):
        self.device = device
        self.flush_bytes = max(2 * device.l2_bytes, 2 ** 20)
        self.flush = device.allocate(self.flush_bytes)
        self.events = [(device.event(), device.event()) for _ in range(launches)]

    def sample(self, launch):
        """Nanoseconds of a launch, the mean of some that follow one another."""
        device = self.device
        for begin, end in self.events:
            device.fill(self.flush, self.flush_bytes)
            device.record(begin)
            launch()
            device.record(end)
        return sum(device.elapsed_ns(begin, end) for begin, end in self.events) / len(self.events)

    def alternate(self, launches, repetitions, finished):
        """{name: samples}; nobody always follows the same one."""
        names, samples = list(launches), {name: [] for name in launches}
        for launch in launches.values():
            for _ in range(3):  # code, clocks
                launch()
        self.device.synchronize()
        gc.collect()
        gc.disable()
        try:
            for repetition in range(repetitions):
                for turn in range(len(names)):
                    name = names[(turn + repetition) % len(names)]
                    samples[name].append(self.sample(launches[name]))
                finished()
        finally:
            gc.enable()
        return samples


def make_peers(names, device):
    """{name: peer} of those that are there; the others are named as missing."""
    from ..peers import Missing
    from .peers import KINDS
    found = {}
    for name in names:
        try:
            found[name] = KINDS[name](device)
            print("peer %s: %s" % (name, found[name].version))
        except Missing as reason:
            print("missing: peer %s: %s" % (name, reason))
    sys.stdout.flush()
    return found


class Bench:
    def __init__(self, options, device, folder):
        from .ours import Ours
        self.options = options
        self.device = device
        self.version = common.version_of(options.softmaxc)
        print("%s for %s on %s" % (self.version, device.chip, device.describe()))
        print("%d turns of %d launches each, L2 flushed before each launch" % (options.repetitions, options.launches))
        self.ours = Ours(options.softmaxc, device, options.accuracy, folder)
        self.peers = make_peers(options.peers, device)
        self.clock = Clock(device, options.launches)
        self.missing = []

    def point(self, point, progress):
        """The records of a point."""
        from .. import elements
        x, y = elements.buffers(point)
        memory = []
        try:
            for _ in range(2):
                memory.append(self.device.allocate(point.bytes))
            return self.with_memory(point, x, y, memory, elements.Check(point, x), progress)
        finally:
            for address in memory:
                self.device.free(address)

    def with_memory(self, point, x, y, memory, check, progress):
        from ..contender import Contender
        from ..peers import Missing
        source, target = memory
        self.device.upload(source, x)
        try:
            launch = self.ours.prepare(point, source, target)
            launch()
            self.device.synchronize()
        except Missing as reason:
            raise common.Failure("our kernel at %s: %s" % (point, reason))
        self.device.download(y, target)
        accuracy = check(y)
        if not accuracy.worst_of_bound <= 1:
            raise common.Failure("our kernel is wrong at %s: off by %.1f ULP, %.2f of what it promises"
                                 % (point, accuracy.worst_ulp, accuracy.worst_of_bound))
        launches, contenders = {"ours": launch}, [Contender("ours", launch, accuracy)]
        launches["copy"] = lambda: self.device.copy(target, source, point.bytes)
        for name, peer in self.peers.items():
            try:
                call, output = peer.prepare(point, x)
                call()
                self.device.synchronize()
                accuracy = check(output())
                # Looser than ours: peers promise nothing.
                if not accuracy.worst_relative <= 0.05:
                    raise Missing("wrong: off by %.1f ULP" % accuracy.worst_ulp)
            except DriverError:
                raise
            except Exception as reason:
                self.missing.append("missing: peer %s at %s: %s" % (name, point, (str(reason) or repr(reason)).splitlines()[0]))
                continue
            launches[name] = call
            contenders.append(Contender(name, call, accuracy))
        samples = self.clock.alternate(launches, self.options.repetitions, progress.turn)
        return self.records(point, contenders, samples)

    def records(self, point, contenders, samples):
        """The fields of `tools/dev bench`, and what only a GPU has."""
        from ..measure import Quartiles, ratios
        from ..records import heading, rounded, three, with_peers
        ours, copy = Quartiles(samples["ours"]), Quartiles(samples["copy"])
        device, moved = self.device, 2 * point.bytes
        facts = {"threads": 1, "threading": "gpu", "clock": "events", "version": self.version,
                 "size_class": "memory" if moved > device.l2_bytes else "L2", "machine": device.describe(),
                 "versions": {name: peer.version for name, peer in self.peers.items()}}
        bandwidth = device.bandwidth
        record = dict(heading(point, ours, facts), accuracy=self.options.accuracy, device=device.name, chip=device.chip,
                      bytes=moved, ours_worst_ulp=rounded(contenders[0].accuracy.worst_ulp),
                      limit_ns=rounded(copy.median), copy_ns=rounded(copy.median),
                      fraction_of_limit=rounded(copy.median / ours.median),
                      fraction_quartiles=three(ratios(samples["copy"], samples["ours"])),
                      bandwidth_gb_per_s=rounded(bandwidth / 1e9) if bandwidth else None,
                      fraction_of_bandwidth=rounded(moved / (ours.median * 1e-9) / bandwidth) if bandwidth else None)
        return with_peers(record, contenders, samples, facts)


def measure(options, device):
    from . import report
    from ..progress import Progress
    points = []
    with tempfile.TemporaryDirectory(prefix="softmax-bench-gpu-") as folder:
        bench = Bench(options, device, folder)
        try:
            with Progress(len(options.points), options.repetitions) as progress:
                for point in options.points:
                    progress.start(str(point))
                    points.append(bench.point(point, progress))
        finally:
            # What was measured is shown, whatever ended the run.
            for line in bench.missing:
                print(line)
            if points:
                report.show(points, bench.peers)
                sys.stdout.flush()
            if options.json is not None:
                common.write_json(options.json, [record for records in points for record in records])


def main(arguments):
    """Returns the exit status: 0, 1 for what went wrong, 2 for wrong usage."""
    try:
        options = parse(arguments)
    except UsageError as error:
        return complain(error, 2)
    options.softmaxc = options.softmaxc or os.path.join(common.ROOT, "build", "bin", "softmaxc")
    try:
        device = Device(options.device)
        device.chip  # A device that is too old is refused first.
        measure(options, device)
    except (common.Failure, DriverError) as failure:
        return complain(failure, 1)
    except KeyboardInterrupt:
        return complain("interrupted", 130)
    return 0
