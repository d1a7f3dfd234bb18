# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""The table on stdout; by rich where it is installed."""
from ..records import shape_text

TITLE = "each peer's time over ours: above 1 we are faster"


def gigabytes(record):
    """What our kernel moves, in GB/s: the input once and the output once."""
    return record["bytes"] / record["ours_ns"]


def cells(records, peers):
    """The row of a point."""
    first = records[0]
    ratios = {record["peer"]: record for record in records}
    row = [shape_text(first), first["type"], "%.1f" % (first["ours_ns"] / 1000), "%.0f" % gigabytes(first),
           "%.0f%%" % (100 * first["fraction_of_limit"]),
           "%.0f%%" % (100 * first["fraction_of_bandwidth"]) if first["fraction_of_bandwidth"] else "-",
           "%.1f" % first["ours_worst_ulp"]]
    for name in peers:
        record = ratios.get(name)
        row.append("%.2f (%.2f, %.2f)" % ((record["ratio"],) + tuple(record["ratio_quartiles"])) if record else "-")
    return row


def show(points, peers):
    """Prints the table of `points`, lists of records."""
    heads = ["shape", "type", "ours us", "GB/s", "of copy", "of bus", "ULP"] + list(peers)
    rows = [cells(records, peers) for records in points]
    try:
        from rich.console import Console
        from rich.table import Table
    except ImportError:
        widths = [max(len(row[i]) for row in [heads] + rows) for i in range(len(heads))]
        print(TITLE)
        for row in [heads] + rows:
            print("  ".join(text.ljust(width) for text, width in zip(row, widths)).rstrip())
        return
    table = Table(title=TITLE)
    for i, head in enumerate(heads):
        table.add_column(head, justify="left" if i < 2 else "right", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    console = Console()
    # A file or a pipe has no width that a row must fit into.
    Console(width=None if console.is_terminal else 200).print(table)
