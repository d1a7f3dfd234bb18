# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""Draws what softmax-bench measured.

    plot.py RESULTS.json PICTURE.png

Above, the time of each peer over ours, with its quartiles; below, the part of the
machine's limit that we reach; both over the length of a row, a line for each type,
axis, peer and size of the tensor.  Needs matplotlib.
"""
import json
import math
import sys

BYTES = {"f16": 2, "bf16": 2, "f32": 4, "f64": 8}


def size_name(entry):
    """The tensor's size to the nearest power of two."""
    exact = entry["shape"][0] * entry["shape"][1] * BYTES[entry["type"]]
    size = 2 ** round(math.log2(exact))
    for unit, name in [(2 ** 20, "MiB"), (2 ** 10, "KiB")]:
        if size >= unit:
            return "%d %s" % (size // unit, name)
    return "%d B" % size


def series(entries, with_peer):
    """The lines of one picture, {label: [(row length, entry)]}, in the order of the
    results; `with_peer` leaves out what was compared with nobody and tells peers apart."""
    lines = {}
    for entry in entries:
        if with_peer and entry["peer"] is None:
            continue
        axis = entry["axis"]
        label = "%s, axis %d, %s" % (entry["type"], axis, size_name(entry))
        if with_peer:
            label = "%s: %s" % (entry["peer"], label)
        line = lines.setdefault(label, {})
        # Ours is the same beside every peer.
        line.setdefault(entry["shape"][axis], entry)
    return {label: sorted(line.items()) for label, line in lines.items()}


def draw_ratios(axes, entries):
    for label, line in series(entries, with_peer=True).items():
        x = [length for length, _ in line]
        y = [entry["ratio"] for _, entry in line]
        lower = [entry["ratio"] - entry["ratio_quartiles"][0] for _, entry in line]
        upper = [entry["ratio_quartiles"][1] - entry["ratio"] for _, entry in line]
        axes.errorbar(x, y, yerr=[lower, upper], marker="o", markersize=3, linewidth=1, capsize=2, label=label)
    axes.axhline(1, color="black", linewidth=0.8)
    axes.set_yscale("log", base=2)
    axes.set_ylabel("time of the peer / ours")


def draw_limits(axes, entries):
    for label, line in series(entries, with_peer=False).items():
        axes.plot([length for length, _ in line], [100 * entry["fraction_of_limit"] for _, entry in line],
                  marker="o", markersize=3, linewidth=1, label=label)
    axes.set_ylabel("part of the limit, %")
    axes.set_ylim(0, 100)


def draw(entries, path):
    import matplotlib
    matplotlib.use("Agg")
    from matplotlib import pyplot

    compared = any(entry["peer"] is not None for entry in entries)
    figure, panels = pyplot.subplots(1 + compared, 1, sharex=True, squeeze=False,
                                     figsize=(9, 4.5 * (1 + compared)), layout="constrained")
    if compared:
        draw_ratios(panels[0][0], entries)
    draw_limits(panels[-1][0], entries)
    for axes in panels[:, 0]:
        axes.set_xscale("log", base=2)
        axes.grid(linewidth=0.3)
        axes.legend(fontsize="x-small")
    threads = max(entry["threads"] for entry in entries)
    panels[0][0].set_title("softmax, %d thread%s" % (threads, "" if threads == 1 else "s"))
    panels[-1][0].set_xlabel("length of a row")
    figure.savefig(path, dpi=150)


def main(arguments):
    results, path = arguments
    with open(results, encoding="utf-8") as source:
        entries = json.load(source)
    if not entries:
        raise SystemExit("plot.py: there is nothing to draw in " + results)
    draw(entries, path)


if __name__ == "__main__":
    main(sys.argv[1:])
