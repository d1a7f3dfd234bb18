# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""The figures of docs/Scorecard.md: what is swept for them, and where they stand in the page."""
import re

import report
import sweep

# The chip whose figures the page has in full, and those of which it has what they come to.
CHIP, OTHERS = "sm_90", ["sm_75", "sm_80", "sm_100"]
TYPES, FAST = ["f32", "f16", "bf16"], ["f32"]
TABLE = [128, 1024, 4096, 4097, 16384, 65536]
TABLE_TYPES = ["f32", "f16"]
# Each strategy, at lengths that vectors divide and at others.
OTHER_LENGTHS = [64, 100, 256, 1000, 1024, 2048, 4096, 4097, 8192, 10000, 16384, 20000, 32768, 40000, 65536, 70000]
# Those that keep their rows; textbook.cu is there for the picture.
JUDGED = ["triton", "liger"]


def jobs():
    yield from sweep.plan(CHIP, TYPES, FAST, ["triton", "liger", "textbook"], sweep.LENGTHS)
    for chip in OTHERS:
        yield from sweep.plan(chip, TYPES, FAST, JUDGED, OTHER_LENGTHS)


def parts(records):
    """The lines of each part of the page."""
    full = [record for record in records if record["chip"] == CHIP]
    judged = [record for record in records if record["peer"] != "textbook"]
    return {
        "table": report.table([record for record in full if record["type"] in TABLE_TYPES], TABLE),
        "verdicts": ["- " + line for line in report.compare([r for r in judged if r["chip"] == CHIP])],
        "chips": report.summary([record for record in judged if record["chip"] != CHIP]),
    }


def write_parts(text, lines_of):
    """The page `text` with other lines between `<!-- figures: NAME -->` and `<!-- end -->`."""
    for name, lines in lines_of.items():
        pattern = re.compile(r"(<!-- figures: %s -->\n).*?(\n?<!-- end -->)" % name, re.DOTALL)
        if len(pattern.findall(text)) != 1:
            raise sweep.Failure("the page has no place for '%s': a line <!-- figures: %s --> and a line <!-- end -->"
                                % (name, name))
        text = pattern.sub(lambda place: place[1] + "\n" + "\n".join(lines) + "\n" + place[2], text)
    return text
