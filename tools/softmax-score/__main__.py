# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""`python tools/softmax-score`: what `tools/dev scorecard` runs.  Compares our GPU kernels with those of
Triton's tutorial, Liger and a textbook, from their machine code and without a GPU."""
import argparse
import json
import os
import sys
import tempfile

sys.dont_write_bytecode = True

import peers
import report
import sweep

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def a_list(known):
    def parse(text):
        items = [item for item in text.split(",") if item]
        for item in items:
            if item not in known:
                raise argparse.ArgumentTypeError("unknown '%s'; use %s" % (item, ", ".join(known)))
        return items
    return parse


def parse(arguments):
    parser = argparse.ArgumentParser(prog="tools/dev scorecard", description=__doc__)
    programs = os.path.join(ROOT, "build", "bin")
    parser.add_argument("--chip", default="sm_90", choices=sorted(sweep.MULTIPROCESSORS))
    parser.add_argument("--types", type=a_list(list(peers.BYTES)), default=["f32", "f16", "bf16"])
    parser.add_argument("--fast", type=a_list(list(peers.BYTES)), default=["f32"],
                        help="types of which ours is scored with --accuracy=fast too")
    parser.add_argument("--peers", type=a_list(list(peers.PEERS)), default=list(peers.PEERS))
    parser.add_argument("--lengths", type=lambda text: [int(item) for item in text.split(",")],
                        default=sweep.LENGTHS, help="elements of a row, a list")
    parser.add_argument("--softmaxc", default=os.path.join(programs, "softmaxc"))
    parser.add_argument("--scorer", default=os.path.join(programs, "softmax-gpu-score"))
    parser.add_argument("--folder", help="where the peers' machine code stays (a temporary folder)")
    parser.add_argument("--table", type=lambda text: [int(item) for item in text.split(",")], default=[],
                        metavar="LENGTHS", help="print a table of these lengths")
    parser.add_argument("--json", metavar="FILE")
    parser.add_argument("--plot", metavar="FILE.png")
    return parser.parse_args(arguments)


def main(arguments):
    options = parse(arguments)
    with tempfile.TemporaryDirectory() as temporary:
        options.folder = options.folder or temporary
        try:
            records = sweep.sweep(options, lambda text: print(text, file=sys.stderr, flush=True))
        except (sweep.Failure, peers.Missing) as failure:
            print("tools/dev scorecard: %s" % failure, file=sys.stderr)
            return 1
    if options.json:
        with open(options.json, "w") as file:
            json.dump({"chip": options.chip, "modelled": True, "scores": records}, file, indent=1)
    if options.plot:
        report.plot(records, options.chip, options.plot)
    print("modelled from machine code for %s; nothing is measured" % options.chip)
    print("\n".join(report.table(records, options.table) if options.table else []))
    print("\n".join(report.compare(records)))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
