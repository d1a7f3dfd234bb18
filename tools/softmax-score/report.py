# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""What a sweep comes to: a comparison as text, and a picture."""

OURS = "softmax-mlir"
FAST = "softmax-mlir fast"
# Counts of whole blocks differ by what the last block of a launch lacks.
TOLERANCE = 1.005


def is_ours(record):
    return record["peer"] in (OURS, FAST)


def moved(record):
    return record["bytes_read_per_element"] + record["bytes_written_per_element"]


def instructions(record):
    return record["instructions_per_element"]


def share(record):
    return record["modelled_share_of_memory_bound"]


def compare(records):
    """Lines that say at which lengths ours moves or executes more than each peer."""
    lines = []
    types = list(dict.fromkeys(record["type"] for record in records))
    names = list(dict.fromkeys(record["peer"] for record in records if not is_ours(record)))
    pairs = [(type, own, name) for type in types for own in (OURS, FAST) for name in names]
    for type, own, name in pairs:
        ours = {r["columns"]: r for r in records if r["type"] == type and r["peer"] == own}
        theirs = {r["columns"]: r for r in records if r["type"] == type and r["peer"] == name}
        both = [columns for columns in ours if columns in theirs]
        if not both:
            continue
        label = type if own == OURS else type + " fast"
        for what, value in [("bytes", moved), ("instructions", instructions)]:
            more = [c for c in both if value(ours[c]) > TOLERANCE * value(theirs[c])]
            fewer = [c for c in both if value(theirs[c]) > TOLERANCE * value(ours[c])]
            lines.append("%s against %s, %s: more at %d, fewer at %d of %d lengths%s" % (
                label, name, what, len(more), len(fewer), len(both),
                "; more at " + ", ".join(map(str, more)) if more else ""))
        slower = [c for c in both if share(ours[c]) < share(theirs[c]) / 1.05]
        lines.append("%s against %s, modelled time: slower by more than 5%% at %d of %d lengths%s" % (
            label, name, len(slower), len(both), "; " + ", ".join(map(str, slower)) if slower else ""))
    return lines


def table(records, lengths):
    """A table in Markdown of some lengths."""
    lines = ["| type | columns | kernel | bytes/element | sectors r/w | SASS/element | registers | spilled B/element "
             "| KB in flight | barriers/row | modelled share |",
             "| --- | ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"]
    for record in records:
        if record["columns"] not in lengths:
            continue
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
                          linewidth=2 if name in (OURS, FAST) else 1, label=name)
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
