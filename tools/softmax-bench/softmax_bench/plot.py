# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""The picture: the part of the machine's limit against the length of a row.

A panel for each type, size of the tensor and number of threads, our line with its quartiles
beside everybody's; a cross on ours marks where somebody is faster.  Points that make no line
(other dimensions, neighbours, single shapes, other kernels) stand side by side in panels below.
"""
import math

from .plan import ALL_BYTES as BYTES
from .records import best_peer, by_point, is_ours, kernel_text, shape_text

FEWEST = 3  # points of a line
OTHERS, FAMILY = "other points", "the family"


def size_name(record):
    """The tensor's size to the nearest power of two."""
    exact = BYTES[record["type"]]
    for size in record["shape"]:
        exact *= size
    size = 2 ** round(math.log2(exact))
    for unit, name in [(2 ** 20, "MiB"), (2 ** 10, "KiB")]:
        if size >= unit:
            return "%d %s" % (size // unit, name)
    return "%d B" % size


class Mark:
    """One competitor at one point: where it stands on the axis, the part of the limit, its
    quartiles for ours, and whether ours is beaten there."""

    def __init__(self, at, fraction, quartiles=None, lost=False):
        self.at = at
        self.fraction = fraction
        self.quartiles = quartiles
        self.lost = lost


def marks(group, at):
    """{competitor: mark} at a point."""
    first = group[0]
    best = best_peer(group)
    found = {"ours": Mark(at, first["fraction_of_limit"], first["fraction_quartiles"],
                          best is not None and best["ratio"] < 1)}
    for record in group:
        if record["peer"] is not None and not is_ours(record):
            found[record["peer"]] = Mark(at, record["limit_ns"] / record["peer_ns"])
    return found


def panels(records):
    """{(title, threads): {competitor: [marks]}} of the lines, in order of length; and of the points
    that belong to none."""
    groups = {}
    for group in by_point(records).values():
        first = group[0]
        if first["mode"] in ("lengths", "call"):
            continue
        line = first["mode"] == "alone" and first["axis"] == len(first["shape"]) - 1
        title = "%s, %s" % (first["type"], size_name(first)) if line else OTHERS
        if first["kernel"] != "softmax":
            title = FAMILY
        groups.setdefault((title, first["threads"]), []).append(group)
    lines, others = {}, {}
    for (title, threads), members in groups.items():
        if title in (OTHERS, FAMILY) or len(members) < FEWEST:
            others.setdefault((FAMILY if title == FAMILY else OTHERS, threads), []).extend(members)
            continue
        panel = lines.setdefault((title, threads), {})
        for group in sorted(members, key=lambda group: group[0]["shape"][-1]):
            for name, mark in marks(group, group[0]["shape"][-1]).items():
                panel.setdefault(name, []).append(mark)
    points = {}
    for key, members in others.items():
        panel = points.setdefault(key, {})
        for group in members:
            mode = "" if group[0]["mode"] == "alone" else " " + group[0]["mode"]
            for name, mark in marks(group, "%s%s %s%s" % (kernel_text(group[0]), shape_text(group[0]),
                                                            group[0]["type"], mode)).items():
                panel.setdefault(name, []).append(mark)
    return lines, points


def draw_panel(axes, panel, colours, lines):
    for name, found in panel.items():
        ours = name == "ours"
        x = [mark.at for mark in found]
        y = [100 * mark.fraction for mark in found]
        style = {"color": colours[name], "label": name, "marker": "o" if ours else ".",
                 "linewidth": (2.5 if ours else 1) if lines else 0, "markersize": 6 if ours else 5,
                 "zorder": 3 if ours else 2}
        if ours:
            below = [max(0, 100 * (mark.fraction - mark.quartiles[0])) for mark in found]
            above = [max(0, 100 * (mark.quartiles[2] - mark.fraction)) for mark in found]
            axes.errorbar(x, y, yerr=[below, above], capsize=2, elinewidth=1, **style)
            lost = [mark for mark in found if mark.lost]
            axes.plot([mark.at for mark in lost], [100 * mark.fraction for mark in lost], "x", color="red",
                      markersize=11, markeredgewidth=2, zorder=4)
        else:
            axes.plot(x, y, **style)
    axes.set_ylim(0, 105)
    axes.axhline(100, color="black", linewidth=0.8)
    axes.grid(linewidth=0.3)


def draw(records, path):
    """Writes the picture; needs matplotlib."""
    import matplotlib
    matplotlib.use("Agg")
    from matplotlib import pyplot
    from matplotlib.lines import Line2D

    lines, points = panels(records)
    threads = sorted({number for _, number in list(lines) + list(points)})
    titles = list(dict.fromkeys(title for title, _ in list(lines) + list(points)))
    names = ["ours"] + [name for name in dict.fromkeys(
        name for panel in list(lines.values()) + list(points.values()) for name in panel) if name != "ours"]
    palette = pyplot.get_cmap("tab20").colors
    colours = {name: "black" if name == "ours" else palette[(2 * index - 2) % 20 + (index > 10)]
               for index, name in enumerate(names)}
    figure, grid = pyplot.subplots(len(titles), len(threads), squeeze=False, layout="constrained",
                                   figsize=(8 * len(threads), 3.4 * len(titles) + 1))
    for row, title in enumerate(titles):
        for column, number in enumerate(threads):
            axes = grid[row][column]
            panel = lines.get((title, number), points.get((title, number), {}))
            is_line = (title, number) in lines
            draw_panel(axes, panel, colours, is_line)
            axes.set_title("%s, %d thread%s" % (title, number, "" if number == 1 else "s"))
            axes.set_ylabel("part of the limit, %")
            if is_line:
                axes.set_xscale("log", base=2)
                axes.set_xlabel("length of a row")
            else:
                axes.tick_params(axis="x", rotation=60, labelsize="x-small")
    legend = [Line2D([], [], color=colours[name], linewidth=2.5 if name == "ours" else 1, marker=".", label=name)
              for name in names]
    legend.append(Line2D([], [], color="red", linewidth=0, marker="x", markersize=10, label="a peer is faster"))
    figure.legend(handles=legend, loc="outside lower center", ncols=7, fontsize="small")
    figure.savefig(path, dpi=110)
    pyplot.close(figure)
