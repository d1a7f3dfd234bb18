# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""`python tools/softmax-score`: what `tools/dev scorecard` runs."""
import json
import os
import sys

sys.dont_write_bytecode = True

import options as command_line
import page
import peers
import report
import sweep


def refresh(records, folder):
    """Writes the figures of the page in `folder`, and its picture."""
    path = os.path.join(folder, "Scorecard.md")
    with open(path, encoding="utf-8") as file:
        text = page.write_parts(file.read(), page.parts(records))
    peers.replace(path, text.encode())
    picture = os.path.join(folder, "scorecard.png")
    report.plot([record for record in records if record["chip"] == page.CHIP], page.CHIP, picture)
    print("wrote %s and %s" % (path, picture))


def work(options):
    programs = os.path.join(command_line.BUILD, "bin")
    options.softmaxc = options.softmaxc or os.path.join(programs, "softmaxc")
    options.scorer = options.scorer or os.path.join(programs, "softmax-gpu-score")
    jobs = page.jobs() if options.refresh else [
        job for chip in options.chip
        for job in sweep.plan(chip, options.types, options.fast, options.peers, options.lengths)]
    records = sweep.sweep(jobs, options, lambda text: print(text, file=sys.stderr, flush=True))
    if options.json:
        with open(options.json, "w") as file:
            json.dump({"modelled": True, "scores": records}, file, indent=1)
    if options.refresh:
        refresh(records, options.docs)
        return
    if options.plot:
        report.plot(records, options.chip[0], options.plot)
    print("modelled from machine code; nothing is measured")
    for chip in options.chip:
        of_chip = [record for record in records if record["chip"] == chip]
        if options.table:
            print("\n%s\n\n%s" % (chip, "\n".join(report.table(of_chip, options.table))))
    print()
    print("\n".join(report.compare(records) if len(options.chip) == 1 else report.summary(records)))


def main(arguments):
    try:
        work(command_line.parse(arguments))
    except command_line.UsageError as error:
        print("tools/dev scorecard: %s" % error, file=sys.stderr)
        return 2
    except (sweep.Failure, peers.Missing, OSError) as failure:
        print("tools/dev scorecard: %s" % failure, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
