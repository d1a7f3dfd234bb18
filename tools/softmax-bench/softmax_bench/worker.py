# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""One process that measures with one number of threads: all competitors alternate in it."""
import json
import os
import sys

from . import competitors, elements, limits, machine, native, ours, plan, records, report, sweep
from .family import measure as family
from .measure import QUICK_SAMPLE_NS, SAMPLE_NS, Timer
from .native import Failure
from .peers import LISTINGS, Missing
from .progress import Progress
from .contender import Contender

# Peers promise nothing; this only finds one that computes something else.
TOLERANCE = {"f16": 1e-2, "bf16": 1e-2, "f32": 1e-3, "f64": 1e-3}


class Worker:
    def __init__(self, spec):
        self.spec = spec
        self.threads = spec["threads"]
        self.runtime = native.Runtime(spec["folder"], self.threads)
        self.timer = Timer(self.runtime, spec["repetitions"], spec["clock"] == "cpu",
                           QUICK_SAMPLE_NS if spec["quick"] else SAMPLE_NS)
        self.builds = ours.Builds(self.runtime, spec["softmaxc"])
        self.limits = limits.Limits(self.runtime, self.timer)
        self.caches = machine.caches()
        self.points = [plan.Point(*fields) for fields in spec["points"]]
        self.noted = set()
        self.progress = None
        self.peers = {}
        self.versions = {}

    def say(self, text):
        if self.progress is None:
            print(text, flush=True)
        else:
            self.progress.say(text)

    def note(self, who, reason, point=None):
        """Names who is missing and why: once for each reason, with the first place."""
        if (who, reason) not in self.noted:
            self.noted.add((who, reason))
            self.say("missing: %s%s: %s" % (who, "" if point is None else " at %s" % point, reason))

    def load_peers(self):
        context = competitors.Context(self.runtime, self.timer)
        self.peers, missing = competitors.load(self.spec["peers"], context)
        for listing in LISTINGS:
            if listing.name in self.peers:
                self.versions[listing.name] = self.peers[listing.name].version
                self.say("peer %s: %s" % (listing.name, self.versions[listing.name]))
            elif listing.name in missing:
                self.note("peer " + listing.name, missing[listing.name])

    def our_builds(self, point):
        """[(name, flags)] of our builds beside the default one at a point."""
        chosen = list(self.spec["variants"].items())
        listed = self.spec["listed"]
        if not listed or point in plan.ACCURACY_POINTS:
            chosen += [(mode, ["--accuracy=" + mode]) for mode in self.spec["accuracy"]]
        if self.builds.streams(point):
            chosen.append((ours.ORDINARY, []))
        return chosen

    def judge(self, name, call, check, point, x, y):
        """The accuracy of what a competitor computes, before anything is timed."""
        # What is not written is NaN.
        y.reshape(-1).view("u1")[:] = 0xff
        call.time(self.runtime, 1, False)
        return check(call.output())

    def our_contenders(self, point, x, y, check):
        found = []
        for name, flags in [(ours.DEFAULT, [])] + self.our_builds(point):
            try:
                call = self.builds.prepare(name, flags, point, x, y)
            except Missing as missing:
                if name == ours.DEFAULT:
                    raise Failure("softmaxc refuses our kernel: %s" % missing)
                self.note("ours, " + name, str(missing), point)
                continue
            accuracy = self.judge(name, call, check, point, x, y)
            # Other modes may promise less; what they promise is not known here.
            if not accuracy.worst_of_bound <= 1 and name != "fast":
                raise Failure("our kernel (%s) is wrong at %s: off by %.1f ULP, %.2f times what it promises"
                              % (name, point, accuracy.worst_ulp, accuracy.worst_of_bound))
            found.append(Contender("ours" if name == ours.DEFAULT else "ours, " + name, call, accuracy))
        return found

    def their_contenders(self, point, x, y, check):
        found = []
        for name, peer in self.peers.items():
            try:
                call = peer.prepare(point, x, y)
                accuracy = self.judge(name, call, check, point, x, y)
                if not accuracy.worst_relative <= TOLERANCE[point.type]:
                    raise Missing("wrong: off by %.1e" % accuracy.worst_relative)
                found.append(Contender(name, call, accuracy))
            except Missing as missing:
                self.note("peer " + name, str(missing), point)
            except Exception as error:  # Whatever goes wrong in somebody else's package.
                self.note("peer " + name, "refuses: " + competitors.first_line(error), point)
        return found

    def with_neighbours(self, contenders, point):
        """The same calls between a producer and a consumer, as the point's mode says."""
        if point.mode not in ("producer", "consumer"):
            return contenders
        library = self.runtime.neighbours
        found = []
        for contender in contenders:
            before, after = [], None
            call = contender.call
            if point.mode == "producer":
                if call.input_address is None:
                    self.note("peer " + contender.name, "a producer cannot reach its input", point)
                    continue
                argument = native.Produced(call.input_address, 1.0, 0.0)
                before = [self.runtime.pooled(library.neighbour_produce_f32, argument, point.elements, 1024)]
                call.keep = (call.keep, argument)
            else:
                if call.output_address is None:
                    self.note("peer " + contender.name, "a consumer cannot reach its output", point)
                    continue

                def after(address):
                    return [native.step(self.runtime.library.bench_pool_run,
                                        native.address(library.neighbour_consume_f32), address, point.elements, 1024)]

            found.append(Contender(contender.name, call.between(before, after), contender.accuracy))
        return found

    def exponentials(self, type):
        """Chooses and prints the limit of exponentials of a type, once."""
        key = "f64" if type == "f64" else "f32"
        if key in self.limits.exponentials:
            return self.limits.exponentials[key]
        point = plan.Point((1, limits.BLOCK[key]), key)
        x, y = elements.buffers(point)
        call = self.builds.prepare(ours.DEFAULT, [], point, x, y) if self.threads == 1 else None
        ways = self.limits.choose(key, None if call is None else (call, point.elements))
        shown = {}
        for way in ways:
            shown.setdefault(way.name.partition(",")[0], way)
        self.say("exponentials in %s, elements/ns: %s" % (key, "; ".join("%.2f %s" % (way.rate, way.name)
                                                                        for way in shown.values())))
        return self.limits.exponentials[key]

    def measure(self, point):
        """The records of a point."""
        if point.kernel != plan.SOFTMAX:
            return family.measure(self, point)
        exponential = self.exponentials(point.type)
        x, y = elements.buffers(point)
        check = elements.Check(point, x)
        our = self.our_contenders(point, x, y, check)
        contenders = our[:1] + self.their_contenders(point, x, y, check) + our[1:]
        del check
        reading = [Contender(name, call) for name, call in self.limits.copies(x, y).items()]
        for limit in reading:
            limit.call.input_address, limit.call.output_address = x.ctypes.data, y.ctypes.data
        contenders = self.with_neighbours(contenders, point)
        bounds = self.with_neighbours(reading, point) + [Contender("exp", exponential.call)]
        names = [contender.name for contender in contenders + bounds]
        samples = self.timer.alternate([contender.call for contender in contenders + bounds],
                                       finished=self.progress.turn if self.progress else None)
        samples = dict(zip(names, samples))
        samples["exp"] = [time / exponential.count * point.elements for time in samples["exp"]]
        return records.of_point(point, contenders, samples, self.facts(point))

    def common_facts(self, point):
        """What every record of a point says, whatever the kernel."""
        return {"threads": self.threads, "clock": self.spec["clock"], "machine": self.spec["machine"],
                "version": self.spec["version"], "versions": self.versions,
                "size_class": plan.size_class(point, self.caches, self.threads)}

    def facts(self, point):
        """The same with how our softmax comes by its threads."""
        return dict(self.common_facts(point), threading=self.builds.kernel(ours.DEFAULT, [], point).threading)

    def run(self):
        """Measures everything; returns the records."""
        found = []
        self.load_peers()
        with Progress(len(self.points) + 2 * self.spec["sweep"], self.spec["repetitions"]) as self.progress, \
                open(self.spec["results"], "w") as results:

            def keep(new):
                found.extend(new)
                for record in new:
                    results.write(json.dumps(record) + "\n")
                results.flush()

            for type in dict.fromkeys("f64" if point.type == "f64" else "f32" for point in self.points):
                self.exponentials(type)
            table = report.Table(list(self.peers), self.say)
            if self.spec["sweep"]:
                self.progress.start("the cost of a call")
                keep(sweep.calls(self, table))
            for point in self.points:
                self.progress.start("%s, %d thread%s" % (point, self.threads, "" if self.threads == 1 else "s"))
                new = self.measure(point)
                table.row(new)
                keep(new)
            if self.spec["sweep"]:
                self.progress.start("lengths side by side")
                keep(sweep.lengths(self, table))
            self.say("interrupted by other programs: %d of %d samples" % (self.timer.interrupted, self.timer.taken))
        self.runtime.close()
        return found


def main(path):
    with open(path) as source:
        spec = json.load(source)
    processors = machine.processors()
    if hasattr(os, "sched_setaffinity"):
        # Who asks the system how many processors there are starts as many threads.  The last ones:
        # the first has most interrupts.
        os.sched_setaffinity(0, processors[-spec["threads"]:])
    try:
        Worker(spec).run()
    except Failure as failure:
        print("tools/dev bench: %s" % failure, file=sys.stderr)
        return 1
    return 0
