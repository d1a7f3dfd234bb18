# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""The table on stdout."""
import statistics

from .plan import ALL_BYTES as BYTES
from .records import best_peer, by_point, is_ours, kernel_text, shape_text


FAMILY_LIMITS = ["copy_ns", "read_ns", "triad_ns", "fill_ns", "read_mask_ns", "exp_ns"]


def elements(record):
    product = 1
    for size in record["shape"]:
        product *= size
    return product


class Table:
    """A row for each point: our time, what it is of the limit, and every peer's time over ours."""

    def __init__(self, peers, say):
        self.peers = peers
        self.say = say
        self.begun = False
        self.family_begun = False

    def header(self):
        self.begun = True
        self.say("")
        self.say("each peer's time over ours: above 1 we are faster; quartiles of the best one's in parentheses")
        self.say("%-28s %4s %11s %5s %5s %5s %4s | %-30s | %s"
                 % ("shape", "type", "ours ns", "e/ns", "GB/s", "limit", "ULP", "fastest peer",
                    " ".join("%*s" % (width(name), name) for name in self.peers)))

    def row(self, records):
        """Prints a point's records."""
        first = records[0]
        if first["kernel"] != "softmax":
            self.family(records)
            return
        if not self.begun:
            self.header()
        mode = "" if first["mode"] == "alone" else " " + first["mode"]
        count = elements(first)
        ratios = {record["peer"]: record["ratio"] for record in records if record["peer"] is not None}
        best = best_peer(records)
        if best is None:
            fastest = "none"
        else:
            fastest = "%s %.2f (%.2f, %.2f)" % ((best["peer"], best["ratio"]) + tuple(best["ratio_quartiles"]))
        ulp = first["ours_worst_ulp"]
        self.say("%-28s %4s %11.0f %5.2f %5.1f %4.0f%% %4s | %-30s | %s%s"
                 % (shape_text(first) + mode, first["type"], first["ours_ns"], count / first["ours_ns"],
                    2 * count * BYTES[first["type"]] / first["ours_ns"], 100 * first["fraction_of_limit"],
                    "-" if ulp is None else "%.1f" % ulp, fastest,
                    " ".join("%*s" % (width(name), "%.2f" % ratios[name] if name in ratios else "-")
                             for name in self.peers),
                    "".join("  [%s: %.2f]" % (record["peer"], record["ratio"])
                            for record in records if is_ours(record))))
        self.limits(first)

    def family(self, records):
        """A point of another kernel: our time beside its limit, and everybody else's over ours."""
        first = records[0]
        if not self.family_begun:
            self.family_begun = True
            self.say("")
            self.say("%-42s %4s %11s %5s %5s %6s | each time over ours" % ("kernel", "type", "ours ns", "e/ns", "limit", "bound"))
        self.say("%-42s %4s %11.0f %5.2f %4.0f%% %5.0f%% | %s"
                 % (kernel_text(first) + shape_text(first), first["type"], first["ours_ns"],
                    elements(first) / first["ours_ns"], 100 * first["fraction_of_limit"],
                    100 * first["ours_worst_of_bound"],
                    ", ".join("%s %.2f (%.2f, %.2f)" % ((record["peer"], record["ratio"]) + tuple(record["ratio_quartiles"]))
                              for record in records if record["peer"] is not None) or "none"))
        self.say("    limit: %.0f ns of %s; workspace %d bytes"
                 % (first["limit_ns"], ", ".join("%s %.0f" % (name[:-3], first[name]) for name in FAMILY_LIMITS
                                                if name in first), first["workspace_bytes"]))

    def limits(self, record):
        """The limits at a point, in GB/s and elements/ns."""
        size = elements(record) * BYTES[record["type"]]
        self.say("    limits: copy %.1f GB/s (%s), non-temporal copy %.1f, read %.1f, exponentials %.2f elements/ns"
                 % (2 * size / record["copy_ns"], record["limit_ways"]["copy"].replace("copy_", ""),
                    2 * size / record["nt_copy_ns"], size / record["read_ns"], elements(record) / record["exp_ns"]))

    def calls(self, records):
        """What a call costs, by itself."""
        self.say("a call on one element, checks included: ours %.1f ns%s"
                 % (records[0]["ours_ns"], "".join(", %s %.0f" % (record["peer"], record["peer_ns"])
                                                   for record in records if record["peer"] is not None)))

    def lengths(self, records):
        """The length that is slowest beside its neighbours."""
        worst = min(records, key=lambda record: record["ratio"])
        self.say("lengths beside their neighbours, %d of them: at worst %.2f of their speed, at %s"
                 % (len(records), worst["ratio"], shape_text(worst)))


def width(name):
    return max(5, len(name))


def summary(records):
    """Lines that sum up how our softmax fares against each peer at the points that were measured alone or
    with neighbours."""
    lines = []
    records = [record for record in records if record["kernel"] == "softmax"]
    threads = sorted({record["threads"] for record in records})
    names = list(dict.fromkeys(record["peer"] for record in records
                               if record["peer"] is not None and not is_ours(record)))
    for number in threads:
        for name in names:
            ratios = {}
            for record in records:
                if record["peer"] == name and record["threads"] == number and record["mode"] not in ("call", "lengths"):
                    ratios[shape_text(record), record["type"], record["mode"]] = record["ratio"]
            if not ratios:
                continue
            worst = min(ratios, key=ratios.get)
            lines.append("against %s, %d thread%s: median %.2f, smallest %.2f at %s %s, not slower at %d of %d points"
                         % (name, number, "" if number == 1 else "s", statistics.median(ratios.values()), ratios[worst],
                            worst[0], worst[1], sum(ratio >= 1 for ratio in ratios.values()), len(ratios)))
    return lines


def lost(records):
    """The points at which somebody is faster than we are, one line each."""
    lines = []
    for group in by_point(records).values():
        best = best_peer(group)
        if best is not None and best["ratio"] < 1 and best["mode"] not in ("lengths", "call"):
            mode = "" if best["mode"] == "alone" else ", " + best["mode"]
            lines.append("lost to %s: %s%s %s%s, %d thread%s: %.2f (%.2f, %.2f)"
                         % ((best["peer"], kernel_text(best), shape_text(best), best["type"], mode, best["threads"],
                             "" if best["threads"] == 1 else "s", best["ratio"]) + tuple(best["ratio_quartiles"])))
    return lines
