# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""What a sweep comes to: a comparison as text, and a picture."""

import dataclasses

OURS = "softmax-mlir"
FAST = "softmax-mlir fast"
ACCURACIES = {OURS: "default", FAST: "fast"}
# Counts of whole blocks differ by what the last block of a launch lacks.
TOLERANCE = 1.005


def is_ours(record):
    return record["peer"] in ACCURACIES


def moved(record):
    return record["bytes_read_per_element"] + record["bytes_written_per_element"]


def instructions(record):
    return record["instructions_per_element"]


def share(record):
    return record["modelled_share_of_memory_bound"]


@dataclasses.dataclass
class Verdict:
    """Ours beside a peer: at which row lengths it does worse, and at how many better."""
    chip: str
    label: str
    peer: str
    lengths: int
    # Of "bytes", "instructions" and "time".
    worse: dict
    better: dict


def judge(records):
    """A Verdict for each chip, type, accuracy of ours and peer that have row lengths in common."""
    values = {}
    for record in records:
        key = (record["chip"], record["type"], record["peer"])
        values.setdefault(key, {})[record["columns"]] = {
            "bytes": moved(record), "instructions": instructions(record), "time": 1 / share(record)}
    tolerances = {"bytes": TOLERANCE, "instructions": TOLERANCE, "time": 1.05}
    verdicts = []
    for chip, type, own in [key for key in values if key[2] in ACCURACIES]:
        for name in [key[2] for key in values if key[:2] == (chip, type) and key[2] not in ACCURACIES]:
            ours, theirs = values[chip, type, own], values[chip, type, name]
            both = [columns for columns in ours if columns in theirs]
            if not both:
                continue
            worse, better = {}, {}
            for what, most in tolerances.items():
                worse[what] = [c for c in both if ours[c][what] > most * theirs[c][what]]
                better[what] = sum(theirs[c][what] > most * ours[c][what] for c in both)
            verdicts.append(Verdict(chip, type if own == OURS else type + " fast", name, len(both), worse, better))
    return verdicts


def compare(records):
    """Lines that say at which lengths ours moves or executes more than each peer."""
    lines = []
    for verdict in judge(records):
        def line(text, what):
            at = ", ".join(map(str, verdict.worse[what]))
            lines.append("%s against %s, %s of %d lengths%s" % (
                verdict.label, verdict.peer, text, verdict.lengths, "; more at " + at if at else ""))
        for what in ["bytes", "instructions"]:
            line("%s: more at %d, fewer at %d" % (what, len(verdict.worse[what]), verdict.better[what]), what)
        line("modelled time: more by over 5%% at %d, less by as much at %d" % (
            len(verdict.worse["time"]), verdict.better["time"]), "time")
    return lines


def summary(records):
    """A table in Markdown with a line per Verdict."""
    lines = ["| chip | type | beside | lengths | bytes: more at, fewer at | instructions: more at, fewer at "
             "| modelled time: more at, less at |",
             "| --- | --- | --- | ---: | --- | --- | --- |"]
    for verdict in judge(records):
        cells = []
        for what in ["bytes", "instructions", "time"]:
            at = verdict.worse[what]
            cells.append("%d, %d%s" % (len(at), verdict.better[what], " (%s)" % " ".join(map(str, at)) if at else ""))
        lines.append("| %s | %s | %s | %d | %s |" % (verdict.chip, verdict.label, verdict.peer, verdict.lengths,
                                                      " | ".join(cells)))
    return lines


def table(records, lengths):
    """A table in Markdown of some lengths."""
    lines = ["| type | columns | kernel | bytes/element | sectors r/w | SASS/element | registers | spilled B/element "
             "| KB in flight | barriers/row | modelled share |",
             "| --- | ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"]
    types = list(dict.fromkeys(record["type"] for record in records))
    chosen = [record for record in records if record["columns"] in lengths]
    # Those of one length together, ours first, as they were swept.
    for record in sorted(chosen, key=lambda record: (types.index(record["type"]), record["columns"])):
        name = record["peer"]
        if is_ours(record):
            name = "**%s**%s" % (record["name"], " fast" if name == FAST else "")
        lines.append("| %s | %d | %s | %.2f + %.2f | %.2f/%.2f | %.1f | %d | %.1f | %.1f | %.2f | %.2f |" % (
            record["type"], record["columns"], name, record["bytes_read_per_element"],
            record["bytes_written_per_element"], record["sectors_read_ratio"], record["sectors_written_ratio"],
            instructions(record), record["registers"], record["spilled_bytes_per_element"],
            record["bytes_in_flight_per_multiprocessor"] / 1024,
            record["barriers_per_row"] + record["cluster_barriers_per_row"], share(record)))
    return lines


def plot(records, chip, path):
    import matplotlib
    matplotlib.use("Agg")
    from matplotlib import pyplot
    types = list(dict.fromkeys(record["type"] for record in records))
    names = list(dict.fromkeys(record["peer"] for record in records))
    rows = [("bytes moved per element", moved, None),
            ("SASS instructions per element and lane", instructions, "log"),
            ("modelled TB/s of bytes moved once", lambda r: r["modelled_bytes_per_second"] / 1e12, None)]
    figure, axes = pyplot.subplots(len(rows), len(types), figsize=(5.2 * len(types), 9), squeeze=False, sharex=True)
    for column, type in enumerate(types):
        for row, (label, value, scale) in enumerate(rows):
            axis = axes[row][column]
            for name in names:
                points = sorted((r["columns"], value(r)) for r in records if r["type"] == type and r["peer"] == name)
                axis.plot([x for x, _ in points], [y for _, y in points], marker=".", markersize=4,
                          linewidth=2 if name in ACCURACIES else 1, label=name)
            axis.set_xscale("log", base=2)
            if scale:
                axis.set_yscale(scale)
            if row == 0:
                axis.set_title("softmax %s, %s" % (type, chip))
                axis.set_ylim(0, 20)
            axis.set_ylabel(label)
            axis.grid(alpha=0.3)
        axes[-1][column].set_xlabel("elements of a row")
    axes[0][0].legend()
    figure.suptitle("Modelled from machine code; nothing is measured")
    figure.tight_layout()
    figure.savefig(path, dpi=80)
