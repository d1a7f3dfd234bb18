# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""Checks what the specification and the architecture page point to.

    check_references.py SOURCE_FOLDER

Every constraint number (C-NAME-1) that a source file, test or page uses is defined in
docs/Spec.md, every one defined there names a test, and every file of the project that
Spec.md and Architecture.md name exists.
"""
import os
import re
import sys

ID = re.compile(r"\bC-[A-Z]+-\d+\b")
DEFINITION = re.compile(r"^\*\*(C-[A-Z]+-\d+)\*\*", flags=re.M)


def read(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def main():
    source = sys.argv[1]
    wrong = []
    spec = read(os.path.join(source, "docs", "Spec.md"))
    parts = DEFINITION.split(spec)[1:]
    defined = dict(zip(parts[::2], parts[1::2]))
    for name, text in defined.items():
        if "*Tested in*" not in text:
            wrong.append("docs/Spec.md: %s names no test" % name)

    used = 0
    for folder in ["include", "lib", "tools", "test", "docs"]:
        for place, folders, files in os.walk(os.path.join(source, folder)):
            folders[:] = [f for f in folders if f not in ("build", "__pycache__")]
            for file in files:
                if not re.search(r"\.(td|h|cpp|mlir|test|py|md|c|inc)$", file):
                    continue
                path = os.path.join(place, file)
                for name in sorted(set(ID.findall(read(path)))):
                    used += 1
                    if name not in defined and not path.endswith("check_references.py"):
                        wrong.append("%s: %s is not defined in docs/Spec.md" % (os.path.relpath(path, source), name))

    named = 0
    for page in ["Spec.md", "Architecture.md"]:
        text = read(os.path.join(source, "docs", page))
        folder = ""
        for path in re.findall(r"`((?:[\w-]+/)*[\w-]+\.(?:mlir|test|cpp|td|h|py))`", text):
            # A bare name stands in the folder of the path before it.
            if "/" in path:
                folder = os.path.dirname(path)
            candidates = [path, os.path.join(folder, path)]
            if not path.startswith("test/"):
                candidates += ["lib/" + path, "include/softmax/" + path, "include/softmax/Dialect/IR/" + path]
            named += 1
            if not any(os.path.exists(os.path.join(source, c)) for c in candidates):
                wrong.append("docs/%s: there is no %s" % (page, path))
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text):
            named += 1
            if not os.path.exists(os.path.join(source, "docs", link)):
                wrong.append("docs/%s: there is no %s" % (page, link))
    for line in wrong:
        print(line)
    print("%d constraints, %d uses, %d files named, %d wrong" % (len(defined), used, named, len(wrong)))
    return 1 if wrong or not defined or not used or not named else 0


sys.exit(main())
