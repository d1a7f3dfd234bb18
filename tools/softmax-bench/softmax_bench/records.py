# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""The objects of the JSON: one for each point and peer.  docs/Benchmarks.md lists the fields."""
from .limits import COPIES, NON_TEMPORAL, READS
from .measure import Quartiles, ratios


def rounded(value):
    """A nanosecond's thousandth is more than any clock tells; small fractions keep four digits."""
    return round(value, 3) if value >= 1 else float("%.4g" % value)


def three(quartiles):
    return [rounded(quartiles.lower), rounded(quartiles.median), rounded(quartiles.upper)]


def fastest(samples, names):
    """The samples of the one of `names` with the lowest median, and its name."""
    present = [name for name in names if name in samples]
    best = min(present, key=lambda name: Quartiles(samples[name]).median)
    return samples[best], best


def limits_of(samples):
    """Samples of the limits: copy, non-temporal copy, read and exponentials; and the ways that
    were fastest."""
    copy, copy_way = fastest(samples, ["copy_" + name for name in COPIES])
    # Where a machine has no such stores any copy stands for them.
    streams = ["copy_" + name for name in NON_TEMPORAL]
    stream, stream_way = fastest(samples, streams) if any(name in samples for name in streams) else (copy, copy_way)
    read, read_way = fastest(samples, READS)
    return {"copy": copy, "nt_copy": stream, "read": read, "exp": samples["exp"]}, \
        {"copy": copy_way, "nt_copy": stream_way, "read": read_way}


def heading(point, ours, facts):
    """What a record says first; `ours` are the quartiles of our time."""
    return {
        "kernel": point.kernel, "shape": list(point.shape), "type": point.type, "axis": point.axis, "mode": point.mode,
        "threads": facts["threads"], "accuracy": "default", "threading": facts["threading"],
        "size_class": facts["size_class"], "clock": facts["clock"], "ours_ns": rounded(ours.median),
        "ours_quartiles": [rounded(ours.lower), rounded(ours.upper)],
    }


def of_point(point, contenders, samples, facts):
    """The records of a point.  `contenders` begins with ours; `samples` are nanoseconds for each
    contender's name and each limit; `facts` are the same for all."""
    ours = samples["ours"]
    limits, ways = limits_of(samples)
    limit = [max(copy, exp) for copy, exp in zip(limits["copy"], limits["exp"])]
    both = [read + stream for read, stream in zip(limits["read"], limits["nt_copy"])]
    limit_ns = max(Quartiles(limits["copy"]).median, Quartiles(limits["exp"]).median)
    ours_quartiles = Quartiles(ours)
    common = dict(heading(point, ours_quartiles, facts), **{
        "ours_worst_ulp": rounded(contenders[0].accuracy.worst_ulp) if contenders[0].accuracy else None,
        "limit_ns": rounded(limit_ns), "fraction_of_limit": rounded(limit_ns / ours_quartiles.median),
        "fraction_quartiles": three(ratios(limit, ours)),
    })
    for name, times in limits.items():
        common[name + "_ns"] = rounded(Quartiles(times).median)
        common[name + "_fraction"] = three(ratios(times, ours))
    common["read_and_nt_copy_fraction"] = three(ratios(both, ours))
    common["limit_ways"] = ways
    return with_peers(common, contenders, samples, facts)


def with_peers(common, contenders, samples, facts):
    """A record for each contender but ours, or one without a peer."""
    ours = samples["ours"]
    common["version"] = facts["version"]
    common["machine"] = facts["machine"]
    result = []
    for contender in contenders[1:]:
        times = samples[contender.name]
        ratio = ratios(times, ours)
        record = dict(common)
        record.update(peer=contender.name, peer_version=facts["versions"].get(contender.name, facts["version"]),
                      peer_ns=rounded(Quartiles(times).median), ratio=rounded(ratio.median),
                      ratio_quartiles=[rounded(ratio.lower), rounded(ratio.upper)])
        result.append(record)
    if not result:
        result.append(dict(common, peer=None, peer_version=None, peer_ns=None, ratio=None, ratio_quartiles=None))
    return result


def of_kernel(work, contenders, samples, limits, facts):
    """The records of a point of the family.  `limits` are nanoseconds for each limit's name: what the
    work's passes name, and `exp`."""
    point, ours = work.point, Quartiles(samples["ours"])
    limit = [work.limit(dict(zip(limits, times))) for times in zip(*limits.values())]
    limit_ns = work.limit({name: Quartiles(times).median for name, times in limits.items()})
    common = dict(
        heading(point, ours, facts),
        ours_worst_of_bound=rounded(contenders[0].accuracy.worst_of_bound), workspace_bytes=facts["workspace_bytes"],
        limit_ns=rounded(limit_ns), fraction_of_limit=rounded(limit_ns / ours.median),
        fraction_quartiles=three(ratios(limit, samples["ours"])))
    for name, times in limits.items():
        common[name + "_ns"] = rounded(Quartiles(times).median)
    return with_peers(common, contenders, samples, facts)


def is_ours(record):
    """Whether the peer is another build of ours, or our kernel on other lengths."""
    return record["peer"] is not None and record["peer"].startswith("ours,")


def place(record):
    """What tells points apart."""
    return tuple(record["shape"]), record["type"], record["axis"], record["mode"], record["threads"], record["kernel"]


def by_point(records):
    """{place: its records}, in the order of the records."""
    points = {}
    for record in records:
        points.setdefault(place(record), []).append(record)
    return points


def best_peer(records):
    """Of a point's records the one with the smallest ratio, None where nobody else took part."""
    peers = [record for record in records if record["peer"] is not None and not is_ours(record)]
    return min(peers, key=lambda record: record["ratio"], default=None)


def kernel_text(record):
    """What stands before a shape: the kernel, where it is not softmax."""
    return "" if record["kernel"] == "softmax" else record["kernel"] + " "


def shape_text(record):
    text = "x".join(map(str, record["shape"]))
    return text if record["axis"] == len(record["shape"]) - 1 else "%s@%d" % (text, record["axis"])
