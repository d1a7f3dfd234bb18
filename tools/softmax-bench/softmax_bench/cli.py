# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""The program: one process for each number of threads, then goals, JSON and plot."""
import json
import os
import signal
import subprocess
import sys
import tempfile

from . import machine, plan
from .options import UsageError, parse

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
MAIN = os.path.join(ROOT, "tools", "softmax-bench")


class Failure(Exception):
    """What ends the run, in a line."""


def environment(threads):
    """What the runtimes of other people's threads read when they are loaded.  Threads that have
    worked spin for about a millisecond, not for the 200 of one runtime's default: the next
    competitor would pay for it.  The C library keeps the memory it has, in huge pages: who returns
    a new tensor from each call would else pay for fresh pages every time."""
    memory = ":".join("glibc.malloc." + setting for setting in
                      ["mmap_max=0", "trim_threshold=68719476736", "top_pad=1073741824", "hugetlb=1"])
    return dict(os.environ, GLIBC_TUNABLES=memory, OMP_NUM_THREADS=str(threads), MKL_NUM_THREADS=str(threads), KMP_BLOCKTIME="1",
                GOMP_SPINCOUNT="20000", TF_CPP_MIN_LOG_LEVEL="3", TORCHINDUCTOR_COMPILE_THREADS="1",
                PYTHONWARNINGS="ignore")


def version_of(softmaxc):
    try:
        done = subprocess.run([softmaxc, "--version"], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    except OSError as error:
        raise Failure("cannot run '%s': %s; build it, or name it with --softmaxc" % (softmaxc, error.strerror))
    lines = [line.strip() for line in done.stdout.splitlines() if "softmax" in line]
    return lines[0] if lines else "softmaxc"


def takes_part(point, threads, options):
    """The family's goals are those of one thread: with more it is measured where it is asked for."""
    return point.kernel == plan.SOFTMAX or threads == 1 or options.kernels is not None


def measure(options, threads, folder, description, version):
    """The records of one process, and whether it came to its end."""
    results = os.path.join(folder, "results-%d.jsonl" % threads)
    spec = {"threads": threads, "folder": folder, "results": results, "repetitions": options.repetitions,
            "clock": options.clock, "quick": options.quick, "softmaxc": options.softmaxc, "peers": options.peers,
            "points": [[list(point.shape), point.type, point.axis, point.mode, point.kernel]
                       for point in options.points if takes_part(point, threads, options)],
            "sweep": options.sweep, "listed": options.shapes is None, "accuracy": options.accuracy,
            "variants": options.variants, "machine": description, "version": version}
    path = os.path.join(folder, "spec-%d.json" % threads)
    with open(path, "w") as target:
        json.dump(spec, target)
    status = subprocess.run([sys.executable, MAIN, "--worker", path], env=environment(threads)).returncode
    records = []
    if os.path.exists(results):
        with open(results) as lines:
            records = [json.loads(line) for line in lines]
    if status < 0:
        print("tools/dev bench: the process with %d threads was ended by %s" % (threads, signal.Signals(-status).name),
              file=sys.stderr)
    return records, status == 0


def header(options, description, version):
    print("%s on %s" % (version, description))
    print("%d turns each, %s" % (options.repetitions,
                                 "time of the calling thread" if options.clock == "cpu" else "time on the wall"))
    if machine.load() > 0.5:
        print("other programs are running (load %.1f): times will be blurred" % machine.load())
    sys.stdout.flush()


def measure_all(options):
    """All records, and whether every process came to its end."""
    description, version = machine.describe(), version_of(options.softmaxc)
    header(options, description, version)
    available = len(machine.processors())
    records, well = [], True
    with tempfile.TemporaryDirectory(prefix="softmax-bench-") as folder:
        for threads in options.threads:
            if threads > available:
                print("missing: %d threads: there are only %d processors" % (threads, available), flush=True)
                continue
            print("\n%d thread%s" % (threads, "" if threads == 1 else "s"), flush=True)
            found, ended = measure(options, threads, folder, description, version)
            records += found
            well = well and ended
            if not ended:
                break
    return records, well


def write_json(path, records):
    """A record a line; the file is there as a whole or not at all."""
    with open(path + ".part", "w") as target:
        target.write("[\n" + ",\n".join("  " + json.dumps(record) for record in records) + "\n]\n")
    os.replace(path + ".part", path)


def conclude(options, records):
    """What comes after the measurements."""
    from . import goals, report
    if records:
        print()
        for line in report.summary(records) + report.lost(records) + [""] + goals.lines(goals.judge(records)):
            print(line)
        sys.stdout.flush()
    if options.json is not None:
        write_json(options.json, records)
    if options.plot is not None:
        from . import plot
        if not records:
            raise Failure("there is nothing to draw")
        plot.draw(records, options.plot)


def read(path):
    """The records of an earlier run."""
    try:
        with open(path, encoding="utf-8") as source:
            records = json.load(source)
        return [record for record in records if record["kernel"] in plan.KERNELS]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise Failure("%s does not hold results: %s" % (path, error))


def main(arguments):
    """Returns the exit status: 0, 1 for what went wrong, 2 for wrong usage."""
    if arguments[:1] == ["--gpu"]:
        from .gpu import cli as gpu
        return gpu.main(arguments[1:])
    if arguments[:1] == ["--worker"]:
        from . import worker
        return worker.main(arguments[1])
    try:
        options = parse(arguments)
    except UsageError as error:
        print("tools/dev bench: %s" % error, file=sys.stderr)
        return 2
    options.softmaxc = options.softmaxc or os.path.join(ROOT, "build", "bin", "softmaxc")
    try:
        if options.source is not None:
            records, well = read(options.source), True
        else:
            records, well = measure_all(options)
        conclude(options, records)
    except Failure as failure:
        sys.stdout.flush()
        print("tools/dev bench: %s" % failure, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\ntools/dev bench: interrupted", file=sys.stderr)
        return 130
    return 0 if well else 1
