# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""Compares the table of forms in a page with the functions of a test file.

    check_forms.py PAGE FILE
"""
import re
import sys


def main():
    with open(sys.argv[1], encoding="utf-8") as page:
        text = page.read()
    section = text.split("## Every operation as softmax.generic")[1].split("\n## ")[0]
    listed = set()
    for line in section.splitlines():
        if line.startswith("| `"):
            listed.update(re.findall(r"`(\w+)`", line.split("|")[1]))
    with open(sys.argv[2], encoding="utf-8") as file:
        written = set(re.findall(r"^func\.func @(\w+)", file.read(), flags=re.M))
    wrong = sorted(listed ^ written)
    for name in wrong:
        print("%s is only %s" % (name, "in the table" if name in listed else "in the test"))
    print("%d forms, %d wrong" % (len(listed), len(wrong)))
    return 1 if wrong or not listed else 0


sys.exit(main())
