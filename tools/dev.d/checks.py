# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""Format and lint."""
import os
import re
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor

import build
import setup
from shell import BUILD, ROOT, Failure, ask, call, say

CXX_SUFFIXES = (".h", ".cpp", ".c")
SOURCE_SUFFIXES = CXX_SUFFIXES + (".td", ".py")
LICENSE_LINE = "Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions."
MAX_LINES = 500


def sources(suffixes):
    """The repository's files with one of `suffixes`, tracked or new."""
    listed = ask(["git", "-C", ROOT, "ls-files", "--cached", "--others", "--exclude-standard"])
    if listed is None:
        raise Failure("git cannot list the files of " + ROOT)
    return [path for path in listed.splitlines()
            if path.endswith(suffixes) and os.path.isfile(os.path.join(ROOT, path))]


def tool(name):
    """One of LLVM's programs, from the PATH or from where MLIR is."""
    setup.ensure_toolchain()
    for path in [shutil.which(name + "-22"), os.path.join(setup.llvm_bin(), name)]:
        if path and os.path.exists(path):
            return path
    raise Failure("%s 22 is not installed" % name)


def format_sources(check):
    """Formats the C and C++ sources, or only says which ones differ."""
    mode = ["--dry-run", "-Werror"] if check else ["-i"]
    files = sources(CXX_SUFFIXES)
    if not files:
        return 0
    status = call([tool("clang-format")] + mode + files)
    say("%d files %s" % (len(files), "checked" if check else "formatted"))
    return 1 if status != 0 else 0


def repository_complaints():
    """What the house rules find wrong, one line each."""
    complaints = []
    for path in sources(SOURCE_SUFFIXES):
        if "/Inputs/" in path:
            continue
        with open(os.path.join(ROOT, path), encoding="utf-8") as source:
            lines = source.read().splitlines()
        if len(lines) > MAX_LINES:
            complaints.append("%s: %d lines, more than %d" % (path, len(lines), MAX_LINES))
        if lines and not any(LICENSE_LINE in line for line in lines[:3]):
            complaints.append("%s:1: the license line is missing" % path)
        for number, line in enumerate(lines, 1):
            if line != line.rstrip():
                complaints.append("%s:%d: blanks at the end of the line" % (path, number))
            if re.search(r"\b(TO" r"DO|FIX" r"ME|X" r"XX)\b", line):
                complaints.append("%s:%d: unfinished work goes into an issue" % (path, number))
            if re.search(r"\bbuilder\.create<|\b(rewriter|b)\.create<", line):
                complaints.append("%s:%d: write Op::create(builder, ...)" % (path, number))
    return complaints


def tidy(files):
    """Runs clang-tidy over `files`, as many at once as the build runs jobs, and
    prints what it finds; returns 1 where it found something."""
    command = [tool("clang-tidy"), "--quiet", "-p", BUILD]
    say("clang-tidy over %d files" % len(files))

    def check(path):
        return subprocess.run(command + [path], cwd=ROOT, text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)

    worst = 0
    with ThreadPoolExecutor(build.jobs()) as pool:
        for number, (path, done) in enumerate(zip(files, pool.map(check, files)), 1):
            say("[%d/%d] %s" % (number, len(files), os.path.relpath(path, ROOT)))
            if done.returncode != 0:
                worst = 1
                # stderr counts the warnings of other headers as well.
                print(done.stdout or done.stderr, end="", flush=True)
    return worst


def lint(files):
    """Checks formatting and house rules everywhere, then runs clang-tidy over
    `files`, or over all of lib/ and tools/."""
    format_status = format_sources(check=True)
    complaints = repository_complaints()
    for complaint in complaints:
        print(complaint)
    build.build(["softmax-headers"])
    if not files:
        files = [os.path.join(ROOT, path) for path in sources((".cpp",))
                 if path.startswith(("lib/", "tools/"))]
    worst = tidy(files)
    failed = format_status != 0 or complaints or worst
    print("lint: %s" % ("failed" if failed else "passed"), flush=True)
    return 1 if failed else 0
