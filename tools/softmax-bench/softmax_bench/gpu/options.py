# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""The command line of `tools/dev bench-gpu`."""
from .. import plan
from ..options import FEWEST_REPETITIONS, Parser, UsageError, check_writable, comma_list

PEERS = ("torch", "torch-compile", "triton", "liger")
# Short rows and long ones, round and odd lengths, some 100 million elements each.
COLUMNS = [128, 512, 1000, 1024, 2048, 4096, 5000, 8192, 16384, 32768, 65536, 131072, 262144]
ELEMENTS = 2 ** 27


def parser():
    result = Parser(prog="tools/dev bench-gpu", allow_abbrev=False,
                    description="softmax kernels on this machine's NVIDIA GPU, beside what is installed of %s"
                                % ", ".join(PEERS))
    add = result.add_argument
    add("--json", metavar="FILE", help="write the results as JSON")
    add("--shapes", metavar="SHAPE,...", help="shapes instead of the listed ones: ROWSxCOLUMNS or AxBxC, with @0 or @1 "
                                             "for another axis than the last")
    add("--types", metavar="TYPE,...", type=comma_list(tuple(plan.BYTES), "type"),
        help="f16, bf16, f32, f64 (default: f32, bf16)")
    add("--peers", metavar="PEER,...", type=comma_list(PEERS + ("none",), "peer"),
        help="peers (default: all): %s; or none" % ", ".join(PEERS))
    add("--repetitions", metavar="N", type=int, default=FEWEST_REPETITIONS,
        help="turns of each competitor, at least %d (default)" % FEWEST_REPETITIONS)
    add("--launches", metavar="N", type=int, default=10, help="launches of a turn, each behind a flush of L2 (10)")
    add("--device", metavar="N", type=int, default=0, help="which GPU (0)")
    add("--accuracy", choices=("default", "strict", "fast"), default="default", help="softmaxc's mode (default)")
    add("--softmaxc", metavar="PROGRAM", help="the compiler (default: build/bin/softmaxc)")
    return result


def listed(types):
    return [plan.Point((ELEMENTS // columns, columns), type) for type in types for columns in COLUMNS]


def parse(arguments):
    """The options, with `points` beside them; raises UsageError.  --help ends the program."""
    options = parser().parse_args(arguments)
    if options.repetitions < FEWEST_REPETITIONS:
        raise UsageError("--repetitions takes %d or more, not %d: fewer give no quartiles to trust"
                         % (FEWEST_REPETITIONS, options.repetitions))
    for name in ("launches", "device"):
        if getattr(options, name) < (name == "launches"):
            raise UsageError("--%s cannot be %d" % (name, getattr(options, name)))
    options.peers = [name for name in options.peers or PEERS if name != "none"]
    types = options.types or ["f32", "bf16"]
    if options.shapes is None:
        options.points = listed(types)
    else:
        try:
            options.points = [plan.parse_shape(text, type) for type in types for text in options.shapes.split(",")]
        except ValueError as error:
            raise UsageError("--shapes: %s" % error)
    if options.json is not None:
        check_writable("--json", options.json)
    return options
