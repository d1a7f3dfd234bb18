# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""The command line of `tools/dev scorecard`."""
import argparse
import os

import peers
import sweep

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(ROOT, "build")


class UsageError(Exception):
    """A command line that means nothing."""


class Parser(argparse.ArgumentParser):
    def error(self, message):
        raise UsageError(message)


def a_list(known):
    def parse(text):
        items = [item for item in text.split(",") if item]
        for item in items:
            if item not in known:
                raise argparse.ArgumentTypeError("unknown '%s'; use %s" % (item, ", ".join(known)))
        return items
    return parse


def lengths(text):
    try:
        numbers = [int(item) for item in text.split(",")]
    except ValueError:
        numbers = [0]
    if not all(1 <= number <= sweep.ELEMENTS for number in numbers):
        raise argparse.ArgumentTypeError("'%s' is no list of row lengths from 1 to 2^26, as 128,1024" % text)
    return numbers


def count(text):
    if not text.isdigit() or not 1 <= int(text) <= 256:
        raise argparse.ArgumentTypeError("'%s' is no number from 1 to 256" % text)
    return int(text)


def processors():
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def parse(arguments):
    parser = Parser(prog="tools/dev scorecard", description="Figures of our GPU kernels beside those of Triton's "
                    "tutorial, Liger and a textbook, from their machine code and without a GPU.")
    chips, types, names = sorted(sweep.MULTIPROCESSORS), list(peers.BYTES), list(peers.PEERS)
    parser.add_argument("--chip", type=a_list(chips), default=["sm_90"], metavar="CHIP,...",
                        help="%s (sm_90)" % ", ".join(chips))
    parser.add_argument("--types", type=a_list(types), default=types, metavar="TYPE,...",
                        help="%s (all)" % ", ".join(types))
    parser.add_argument("--fast", type=a_list(types), default=["f32"], metavar="TYPE,...",
                        help="types of which ours is scored with --accuracy=fast too (f32)")
    parser.add_argument("--peers", type=a_list(names), default=names, metavar="PEER,...",
                        help="%s (all); empty for none" % ", ".join(names))
    parser.add_argument("--lengths", type=lengths, default=sweep.LENGTHS, metavar="N,...",
                        help="elements of a row (%d lengths from 1 to 70000)" % len(sweep.LENGTHS))
    parser.add_argument("--table", type=lengths, default=[], metavar="N,...",
                        help="print a table of these lengths beside the judgement")
    parser.add_argument("--json", metavar="FILE", help="write all figures")
    parser.add_argument("--plot", metavar="FILE.png", help="draw them, for one chip")
    parser.add_argument("--refresh", action="store_true",
                        help="write the figures of docs/Scorecard.md and docs/scorecard.png anew, for all chips and "
                        "types; the options above but for --json have no part in it")
    parser.add_argument("--docs", metavar="FOLDER", default=os.path.join(ROOT, "docs"),
                        help="where --refresh finds the page (docs)")
    parser.add_argument("--jobs", type=count, default=processors(), metavar="N",
                        help="how many run at a time (as many as there are processors)")
    parser.add_argument("--folder", default=os.path.join(BUILD, "scorecard"),
                        help="where the peers' machine code stays (build/scorecard)")
    parser.add_argument("--softmaxc", metavar="PROGRAM", help="the compiler (build/bin/softmaxc)")
    parser.add_argument("--scorer", metavar="PROGRAM", help="what scores peers (build/bin/softmax-gpu-score)")
    options = parser.parse_args(arguments)
    if options.plot and len(options.chip) > 1:
        raise UsageError("--plot draws one chip, and --chip names %d" % len(options.chip))
    return options
