# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#
# What the scorecard makes of figures: verdicts, tables, and the page.
#
# RUN: %python %s %softmax_src | FileCheck %s
import os
import sys

sys.dont_write_bytecode = True
root = sys.argv[1]
sys.path.insert(0, os.path.join(root, "tools", "softmax-score"))
import page
import report
import sweep


def record(peer, columns, instructions, share=1.0, read=4.0, chip="sm_80", type="f32"):
    return {"chip": chip, "type": type, "peer": peer, "name": "warp_per_row", "columns": columns,
            "bytes_read_per_element": read, "bytes_written_per_element": 4.0,
            "sectors_read_ratio": 1.0, "sectors_written_ratio": 1.0, "instructions_per_element": instructions,
            "registers": 40, "spilled_bytes_per_element": 0.0, "bytes_in_flight_per_multiprocessor": 2048,
            "barriers_per_row": 0.0, "cluster_barriers_per_row": 0.0, "modelled_share_of_memory_bound": share}


records = [
    # Within half a percent is equal; a length that the peer does not take is not compared.
    record("softmax-mlir", 64, 20.05), record("softmax-mlir", 128, 20.0, share=0.9),
    record("softmax-mlir", 256, 30.0, share=0.97), record("softmax-mlir", 70000, 99.0),
    record("softmax-mlir fast", 64, 10.0), record("softmax-mlir fast", 128, 10.0, read=8.0),
    record("triton", 64, 20.0, read=8.0), record("triton", 128, 25.0), record("triton", 256, 25.0),
    # Another chip, and another type, are not compared with these.
    record("triton", 64, 1.0, chip="sm_90"), record("triton", 64, 1.0, type="f16"),
]
print("\n".join(report.compare(records)))
# CHECK: f32 against triton, bytes: more at 0, fewer at 1 of 3 lengths
# CHECK-NEXT: f32 against triton, instructions: more at 1, fewer at 1 of 3 lengths; more at 256
# CHECK-NEXT: f32 against triton, modelled time: more by over 5% at 1, less by as much at 0 of 3 lengths; more at 128
# CHECK-NEXT: f32 fast against triton, bytes: more at 1, fewer at 1 of 2 lengths; more at 128
# CHECK-NEXT: f32 fast against triton, instructions: more at 0, fewer at 2 of 2 lengths
# CHECK-NEXT: f32 fast against triton, modelled time: more by over 5% at 0, less by as much at 0 of 2 lengths
print("\n".join(report.summary(records)))
# CHECK-NEXT: | chip | type | beside | lengths |
# CHECK-NEXT: | --- |
# CHECK-NEXT: | sm_80 | f32 | triton | 3 | 0, 1 | 1, 1 (256) | 1, 0 (128) |
# CHECK-NEXT: | sm_80 | f32 fast | triton | 2 | 1, 1 (128) | 0, 2 | 0, 0 |
print("\n".join(report.table(records, [64])))
# CHECK: | f32 | 64 | **warp_per_row** | 4.00 + 4.00 | 1.00/1.00 | 20.1 | 40 | 0.0 | 2.0 | 0.00 | 1.00 |
# CHECK-NEXT: | f32 | 64 | **warp_per_row** fast |

# Figures are written between the marks of the page, again and again.
with open(os.path.join(root, "docs", "Scorecard.md"), encoding="utf-8") as file:
    text = file.read()
lines = {name: ["| %s |" % name, "\\1 of %d" % i] for i, name in enumerate(page.parts(records))}
once = page.write_parts(text, lines)
print([once.count("\n\n| %s |\n\\1 of %d\n\n<!-- end -->" % (name, i)) for i, name in enumerate(lines)],
      page.write_parts(once, lines) == once, once.count("<!--") == text.count("<!--"))
# CHECK: [1, 1, 1] True True
try:
    page.write_parts(text.replace("<!-- figures: chips -->", ""), lines)
except sweep.Failure as failure:
    print(failure)
# CHECK-NEXT: the page has no place for 'chips': a line <!-- figures: chips --> and a line <!-- end -->

# What is swept: every chip, and the types that the page names.
jobs = list(page.jobs())
print(sorted({job.chip for job in jobs}), {job.type for job in jobs} == {"f32", "f16", "bf16"},
      {job.peer for job in jobs if job.chip == "sm_75"} == {"softmax-mlir", "softmax-mlir fast", "triton", "liger"})
# CHECK-NEXT: ['sm_100', 'sm_75', 'sm_80', 'sm_90'] True True
