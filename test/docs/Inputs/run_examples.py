# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""Gives every ```mlir block of a page to softmax-opt.

    run_examples.py SOFTMAX_OPT PAGE...

A block that holds no function is put into one whose arguments are the values that
the block uses without defining them, with the types that the block itself states:
`ins(%x, %y : T, U)`.
"""
import re
import subprocess
import sys

NAME = re.compile(r"%[A-Za-z_][\w]*")


def blocks_of(path):
    with open(path, encoding="utf-8") as page:
        text = page.read()
    for match in re.finditer(r"^```mlir[^\n]*\n(.*?)^```", text, flags=re.M | re.S):
        yield text[:match.start()].count("\n") + 1, match.group(1)


def split_types(text):
    """`text` at its commas outside of brackets."""
    parts, depth, start = [], 0, 0
    for index, character in enumerate(text):
        if character in "<({[":
            depth += 1
        elif character in ">)}]":
            depth -= 1
        elif character == "," and depth == 0:
            parts.append(text[start:index].strip())
            start = index + 1
    return parts + [text[start:].strip()]


def as_module(block):
    """The block, in a function where it holds none."""
    if "func.func" in block or "module" in block:
        return block
    types = {}
    # Block arguments, ^bb0(%e: f32), are defined by the block itself.
    for names, kinds in re.findall(r"(?<!\^bb0)\(\s*(%[\w]+(?:\s*,\s*%[\w]+)*)\s*:\s*((?:[^()]|\([^()]*\))*)\)", block):
        for name, kind in zip(NAME.findall(names), split_types(kinds)):
            types[name] = kind
    defined = set()
    for line in block.splitlines():
        results = re.match(r"\s*((?:%[\w:]+\s*,?\s*)+)=", line)
        if results:
            defined.update(NAME.findall(results.group(1)))
    arguments = ", ".join("%s: %s" % (name, kind) for name, kind in types.items() if name not in defined)
    return "func.func @example(%s) {\n%s\n  return\n}\n" % (arguments, block)


def main():
    tool, pages = sys.argv[1], sys.argv[2:]
    wrong = count = 0
    for page in pages:
        for line, block in blocks_of(page):
            count += 1
            module = as_module(block)
            done = subprocess.run([tool, "-"], input=module, text=True, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE)
            if done.returncode != 0:
                wrong += 1
                print("%s:%d: softmax-opt rejects this example:\n%s\n%s" % (page, line, done.stderr, module))
    print("%d examples, %d wrong" % (count, wrong))
    return 1 if wrong or count == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
