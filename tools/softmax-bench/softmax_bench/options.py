# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""The command line, read as a whole before anything is installed, built or measured."""
import argparse
import os

from . import peers, plan

FEWEST_REPETITIONS = 21
ACCURACIES = ("default", "strict", "fast")


class UsageError(Exception):
    """A command line that means nothing: one line that says what to write instead."""


class Parser(argparse.ArgumentParser):
    def error(self, message):
        raise UsageError(message)


def comma_list(allowed, what):
    def parse(text):
        values = text.split(",")
        for value in values:
            if value not in allowed:
                raise argparse.ArgumentTypeError("unknown %s '%s': %s are known"
                                                 % (what, value, ", ".join(allowed[:-1]) + " and " + allowed[-1]))
        return list(dict.fromkeys(values))
    return parse


def parser():
    result = Parser(prog="tools/dev bench", allow_abbrev=False,
                    description="softmax kernels against their peers and the machine's limits")
    add = result.add_argument
    add("--json", metavar="FILE", help="write the results as JSON")
    add("--plot", metavar="FILE.png", help="draw the part of the limit against row length")
    add("--shapes", metavar="SHAPE,...",
        help="shapes instead of the listed ones: ROWSxCOLUMNS or AxBxC, with @0 or @1 for another axis than the last")
    add("--types", metavar="TYPE,...", type=comma_list(tuple(plan.BYTES), "type"),
        help="f16, bf16, f32, f64 (default: f32 for --shapes, all for the listed points)")
    add("--kernels", metavar="KERNEL,...", type=comma_list(plan.KERNELS, "kernel"),
        help="kernels (default: all at the listed points, softmax with --shapes): %s" % ", ".join(plan.KERNELS))
    add("--peers", metavar="PEER,...", type=comma_list(tuple(peers.NAMES) + ("none",), "peer"),
        help="peers (default: all): %s; or none" % ", ".join(peers.NAMES))
    add("--threads", metavar="N,...", default="1,2", help="numbers of threads (default: 1,2)")
    add("--accuracy", metavar="MODE,...", type=comma_list(ACCURACIES, "accuracy"),
        help="builds of ours in other modes, beside the default one (default: strict,fast)")
    add("--neighbours", metavar="KIND,...", type=comma_list(("producer", "consumer", "none"), "neighbour"),
        help="producer, consumer, none (default: both at the listed points, none with --shapes)")
    add("--variants", metavar="NAME=FLAGS", action="append", default=[],
        help="another build of ours, with more flags for softmaxc; may repeat")
    add("--quick", action="store_true", help="fewer points and shorter samples")
    add("--clock", choices=("wall", "cpu"), default="wall",
        help="wall (default), or cpu: the time of the calling thread alone, for a busy machine")
    add("--repetitions", metavar="N", type=int, default=FEWEST_REPETITIONS,
        help="turns of each competitor, at least %d (default)" % FEWEST_REPETITIONS)
    add("--softmaxc", metavar="PROGRAM", help="the compiler (default: build/bin/softmaxc)")
    add("--from", metavar="FILE", dest="source", help="goals and plot of an earlier run's JSON; nothing is measured")
    return result


def parse_threads(text):
    numbers = text.split(",")
    if not all(number.isdecimal() and 1 <= int(number) <= 256 for number in numbers):
        raise UsageError("--threads takes numbers from 1 to 256, as in 1,2, not '%s'" % text)
    return sorted({int(number) for number in numbers})


def parse_variants(texts):
    variants = {}
    for text in texts:
        name, equals, flags = text.partition("=")
        if not name or not equals or name in variants:
            raise UsageError("--variants takes NAME=FLAGS with a name of its own, as in "
                             "packed=--force-strategy=packed, not '%s'" % text)
        variants[name] = flags.split()
    return variants


def points_of(options):
    """The plan that the options ask for."""
    kernels = options.kernels or (plan.KERNELS if options.shapes is None else (plan.SOFTMAX,))
    points = softmax_points(options) if plan.SOFTMAX in kernels else []
    names = [name for name in kernels if name != plan.SOFTMAX]
    return points + family_points(options, names)


def family_points(options, names):
    """The points of kernels of the family: of matrices, over the last dimension."""
    shapes = plan.FAMILY_SHAPES[:1] if options.quick else plan.FAMILY_SHAPES
    if options.shapes is not None and names:
        parsed = [plan.parse_shape(text) for text in options.shapes.split(",")]
        for point in parsed:
            if len(point.shape) != 2 or point.axis != 1 or point.length < 8:
                raise UsageError("--kernels: %s takes ROWSxCOLUMNS with 8 columns at least, not '%s'"
                                 % (names[0], point.shape_text()))
        shapes = [point.shape for point in parsed]
    return [point for point in plan.of_family(names, shapes)
            if options.types is None or point.type in options.types or (point.type == "i8" and options.kernels)]


def softmax_points(options):
    """The points of softmax itself."""
    if options.shapes is None:
        neighbours = ["producer", "consumer"] if options.neighbours is None else options.neighbours
        neighbours = [kind for kind in neighbours if kind != "none"]
        points = plan.quick(neighbours) if options.quick else plan.listed(neighbours)
        return [point for point in points if options.types is None or point.type in options.types]
    points = []
    for type in options.types or ["f32"]:
        for text in options.shapes.split(","):
            try:
                points.append(plan.parse_shape(text, type))
            except ValueError as error:
                raise UsageError("--shapes: %s" % error)
    for kind in options.neighbours or []:
        if kind != "none":
            points += [plan.Point(point.shape, point.type, point.axis, kind) for point in points
                       if point.type == "f32" and point.mode == "alone"]
    return list(dict.fromkeys(points))


def check_writable(option, path, ending=None):
    if ending and not path.endswith(ending):
        raise UsageError("%s writes a picture called %s, not '%s'" % (option, ending, path))
    folder = os.path.dirname(os.path.abspath(path))
    if os.path.isdir(path) or not os.path.isdir(folder) or not os.access(folder, os.W_OK):
        raise UsageError("%s: cannot write '%s'" % (option, path))


def parse(arguments):
    """The options, with `points` and `sweep` beside them; raises UsageError.  --help ends the
    program."""
    options = parser().parse_args(arguments)
    if options.repetitions < FEWEST_REPETITIONS:
        raise UsageError("--repetitions takes %d or more, not %d: fewer give no quartiles to trust"
                         % (FEWEST_REPETITIONS, options.repetitions))
    options.threads = parse_threads(options.threads)
    options.variants = parse_variants(options.variants)
    options.peers = [name for name in options.peers or peers.NAMES if name != "none"]
    options.accuracy = [mode for mode in options.accuracy or ACCURACIES if mode != "default"]
    options.points = points_of(options)
    # Lengths and the cost of a call belong to the listed points.
    options.sweep = (options.shapes is None and (options.types is None or "f32" in options.types)
                     and plan.SOFTMAX in (options.kernels or plan.KERNELS))
    if options.json is not None:
        check_writable("--json", options.json)
    if options.plot is not None:
        check_writable("--plot", options.plot, ".png")
    if options.source is not None and not os.path.isfile(options.source):
        raise UsageError("--from: there is no file '%s'" % options.source)
    return options
