# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#
# Links within the repository lead to files and headings that exist.
#
# RUN: %python %s %softmax_src
import os
import re
import sys


def anchors(path):
    """The anchors that GitHub gives to a page's headings."""
    found = set()
    inside = False
    with open(path, encoding="utf-8") as page:
        for line in page:
            if line.startswith("```"):
                inside = not inside
            heading = re.match(r"#+\s+(.*)", line)
            if heading and not inside:
                text = re.sub(r"[`*]|\]\([^)]*\)|\[", "", heading.group(1)).strip().lower()
                found.add(re.sub(r"[^\w\- ]", "", text).replace(" ", "-"))
    return found


def broken_links(root, page):
    folder = os.path.dirname(os.path.join(root, page))
    with open(os.path.join(root, page), encoding="utf-8") as source:
        text = re.sub(r"^```.*?^```", "", source.read(), flags=re.M | re.S)
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = os.path.normpath(os.path.join(folder, path)) if path else os.path.join(root, page)
        if not os.path.exists(target):
            yield "%s: there is no %s" % (page, link)
        elif anchor and target.endswith(".md") and anchor not in anchors(target):
            yield "%s: there is no heading for %s" % (page, link)


root = sys.argv[1]
pages = [os.path.join(folder, name)[len(root) + 1:]
         for top in ("docs",) for folder, _, names in os.walk(os.path.join(root, top))
         for name in names if name.endswith(".md")]
pages += [name for name in os.listdir(root) if name.endswith(".md")]
assert {"README.md", "CONTRIBUTING.md"} <= set(pages), pages
complaints = [complaint for page in sorted(pages) for complaint in broken_links(root, page)]
print("\n".join(complaints))
sys.exit(1 if complaints else 0)
