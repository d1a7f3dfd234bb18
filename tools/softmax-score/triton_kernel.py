# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""The schedule of Triton's tutorial on fused softmax: programs that stay and take row after row,
each row at once and padded to a power of two."""
import triton
import triton.language as tl


@triton.jit
def persistent_softmax(probabilities, logits, columns, rows, PADDED: tl.constexpr, STAGES: tl.constexpr):
    lanes = tl.arange(0, PADDED)
    inside = lanes < columns
    for row in tl.range(tl.program_id(0), rows, tl.num_programs(0), num_stages=STAGES):
        start = row.to(tl.int64) * columns
        x = tl.load(logits + start + lanes, mask=inside, other=-float("inf")).to(tl.float32)
        exponentials = tl.exp(x - tl.max(x, axis=0))
        result = exponentials / tl.sum(exponentials, axis=0)
        tl.store(probabilities + start + lanes, result.to(probabilities.dtype.element_ty), mask=inside)
