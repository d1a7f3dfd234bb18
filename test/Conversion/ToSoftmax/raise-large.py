# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#
# Bodies whose expressions double 60 times over, or are a hundred thousand ops
# deep, take neither for ever nor the stack: they are left alone.
#
# RUN: %python %s doubling | softmax-opt --softmax-raise=report -o - 2>&1 | FileCheck %s --check-prefixes=DOUBLING,CHECK
# RUN: %python %s deep | softmax-opt --softmax-raise=report -o - 2>&1 | FileCheck %s
# DOUBLING: remark: not raised: the sum is not over the exponentials that it divides
# CHECK-NOT: softmax.softmax
# CHECK: func.func @f
import sys

steps = 60 if sys.argv[1] == "doubling" else 100000


def body(end):
    """x doubled, or added, so many times, and then `end`, which reads it as %v."""
    lines = ["  ^bb0(%x: f32, %o: f32):"]
    value = "%x"
    for i in range(steps):
        lines.append("    %%v%d = arith.addf %s, %s : f32" % (i, value, value if steps == 60 else "%x"))
        value = "%%v%d" % i
    return "\n".join(lines + [line.replace("%v ", value + " ") for line in end])


ROWS, ROW = "affine_map<(d0, d1) -> (d0, d1)>", "affine_map<(d0, d1) -> (d0)>"
print("func.func @f(%%t: tensor<4x8xf32>, %%r: tensor<4xf32>) -> tensor<4x8xf32> {\n"
      "  %%zero = arith.constant dense<0.0> : tensor<4xf32>\n"
      "  %%e = linalg.generic {indexing_maps = [%s, %s], iterator_types = [\"parallel\", \"parallel\"]}\n"
      "      ins(%%t : tensor<4x8xf32>) outs(%%t : tensor<4x8xf32>) {\n%s\n  } -> tensor<4x8xf32>\n"
      "  %%s = linalg.generic {indexing_maps = [%s, %s], iterator_types = [\"parallel\", \"reduction\"]}\n"
      "      ins(%%t : tensor<4x8xf32>) outs(%%zero : tensor<4xf32>) {\n%s\n  } -> tensor<4xf32>\n"
      "  %%w = linalg.broadcast ins(%%s : tensor<4xf32>) outs(%%t : tensor<4x8xf32>) dimensions = [1]\n"
      "  %%p = linalg.div ins(%%e, %%w : tensor<4x8xf32>, tensor<4x8xf32>) outs(%%t : tensor<4x8xf32>) -> tensor<4x8xf32>\n"
      "  return %%p : tensor<4x8xf32>\n}" %
      (ROWS, ROWS, body(["    %d = arith.subf %v , %x : f32", "    %exp = math.exp %d : f32", "    linalg.yield %exp : f32"]),
       ROWS, ROW, body(["    %d = arith.subf %v , %x : f32", "    %exp = math.exp %d : f32", "    %more = arith.addf %exp, %o : f32",
                              "    linalg.yield %more : f32"])))
