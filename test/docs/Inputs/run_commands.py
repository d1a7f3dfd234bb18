# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""Runs the commands of a Markdown page and compares their output with the page.

    run_commands.py --source DIR --bin DIR --scratch DIR PAGE...

In a page
  ```sh           is run by one bash for the whole page, with `set -e`;
  ```text         right after it is what it must print, on stdout and stderr together;
  ```LANG file=X  is written to the file X first.
A page starts in a scratch folder of its own that holds links to what lies in the
source folder, with the built programs first on the PATH.  `tools/dev demo` runs the
demo on the programs that are already built.

In the expected text `...` stands for anything within a line and, alone on its line,
for any number of lines; runs of blanks count as one.  With ```text numbers=near a
number with a decimal point may be a quarter off: what a measurement gives.
"""
import argparse
import os
import re
import shutil
import subprocess
import sys

FENCE = re.compile(r"^(\s*)```(.*)$")
TIME_LIMIT = 300  # seconds for one block


class Block:
    """A fenced block: its line in the page, its info string and its text."""

    def __init__(self, line, info, text):
        self.line = line
        words = info.split()
        self.language = words[0] if words else ""
        self.options = dict(word.split("=", 1) for word in words[1:] if "=" in word)
        self.text = text
        self.expected = None  # of an sh block


def blocks_of(path):
    """The fenced blocks of a page; a text block is handed to the sh block before it."""
    blocks, inside, info, start, indent = [], None, "", 0, 0
    last_end = -1
    with open(path, encoding="utf-8") as page:
        lines = page.read().splitlines()
    for number, line in enumerate(lines, 1):
        fence = FENCE.match(line)
        if inside is None:
            if fence:
                inside, info, start, indent = [], fence.group(2).strip(), number, len(fence.group(1))
        elif fence and not fence.group(2).strip():
            block = Block(start, info, "\n".join(inside) + "\n")
            between = [text for text in lines[last_end:start - 1] if text.strip()] if last_end >= 0 else ["x"]
            follows = blocks and blocks[-1].language == "sh" and blocks[-1].expected is None and not between
            if block.language == "text" and follows:
                blocks[-1].expected = block
            else:
                blocks.append(block)
            inside, last_end = None, number
        else:
            inside.append(line[indent:])
    if inside is not None:
        raise SystemExit("%s:%d: this block is never closed" % (path, start))
    return blocks


def normal(line):
    return re.sub(r"\s+", " ", line).strip()


def line_matches(expected, actual, near):
    """Whether a line is that of the page; `near` allows decimal numbers to differ."""
    parts = re.split(r"(\.\.\.|\d+\.\d+)", normal(expected)) if near else re.split(r"(\.\.\.)", normal(expected))
    pattern, numbers = "", []
    for index, part in enumerate(parts):
        if index % 2 == 0:
            pattern += re.escape(part)
        elif part == "...":
            pattern += ".*"
        else:
            pattern += r"(\d+\.\d+)"
            numbers.append(float(part))
    match = re.fullmatch(pattern, normal(actual))
    return match is not None and all(abs(float(found) - number) <= abs(number) / 4
                                     for found, number in zip(match.groups(), numbers))


def text_matches(expected, actual, near):
    """Whether the lines `actual` are those of the page, `...` standing for anything."""
    if not expected:
        return not actual
    if expected[0].strip() == "...":
        return any(text_matches(expected[1:], actual[skip:], near) for skip in range(len(actual) + 1))
    return (bool(actual) and line_matches(expected[0], actual[0], near)
            and text_matches(expected[1:], actual[1:], near))


def lines_of(text):
    lines = [line.rstrip() for line in text.splitlines()]
    while lines and not lines[-1]:
        lines.pop()
    while lines and not lines[0]:
        lines.pop(0)
    return lines


class Shell:
    """The environment of one page, kept between its blocks."""

    def __init__(self, arguments, page):
        name = os.path.basename(page)[:-3]
        self.folder = os.path.join(arguments.scratch, name)
        shutil.rmtree(self.folder, ignore_errors=True)
        os.makedirs(self.folder)
        for entry in os.listdir(arguments.source):
            if not entry.startswith(".") and not entry.startswith("build"):
                os.symlink(os.path.join(arguments.source, entry), os.path.join(self.folder, entry))
        # The pages call the build folder build/, whatever this one is called.
        os.symlink(os.path.dirname(arguments.bin), os.path.join(self.folder, "build"))
        programs = os.path.join(arguments.scratch, name + ".bin")
        shutil.rmtree(programs, ignore_errors=True)
        os.makedirs(programs)
        with open(os.path.join(programs, "python3"), "w") as wrapper:
            wrapper.write('#!/bin/sh\nexec "%s" "$@"\n' % sys.executable)
        os.chmod(wrapper.name, 0o755)
        self.environment = dict(os.environ, PYTHONDONTWRITEBYTECODE="1", LC_ALL="C.UTF-8",
                                PATH=os.pathsep.join([programs, arguments.bin, os.environ["PATH"]]))
        self.demo = ('python3 "%s/docs/examples/digits/demo.py" --softmaxc "%s/softmaxc"'
                     % (arguments.source, arguments.bin))
        # Functions and variables of earlier blocks live on in this file.
        self.state = programs + ".state"
        open(self.state, "w").close()

    def run(self, text):
        """The exit status and the output of a block."""
        text = re.sub(r"^tools/dev demo$", lambda match: self.demo, text, flags=re.M)
        script = ("set -e\n. '%s'\n%s\n{ declare -f; } > '%s'\n" % (self.state, text, self.state))
        try:
            done = subprocess.run(["bash", "-c", script], cwd=self.folder, env=self.environment,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  timeout=TIME_LIMIT)
        except subprocess.TimeoutExpired:
            return 124, "no end after %d seconds" % TIME_LIMIT
        return done.returncode, done.stdout.decode("utf-8", "replace")


def check_page(arguments, page):
    """The complaints about a page, and how many commands it ran."""
    complaints, count = [], 0
    shell = Shell(arguments, page)
    for block in blocks_of(page):
        if "file" in block.options:
            path = os.path.join(shell.folder, block.options["file"])
            with open(path, "w", encoding="utf-8") as output:
                output.write(block.text)
        if block.language != "sh":
            continue
        count += 1
        where = "%s:%d" % (page, block.line)
        status, output = shell.run(block.text)
        if status != 0:
            complaints.append("%s: ends with status %d\n%s" % (where, status, output))
            continue
        if block.expected is None:
            continue
        near = block.expected.options.get("numbers") == "near"
        if not text_matches(lines_of(block.expected.text), lines_of(output), near):
            complaints.append("%s: prints something else:\n--- the page\n%s--- the command\n%s"
                              % (where, block.expected.text, output))
    return complaints, count


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--source", required=True)
    parser.add_argument("--bin", required=True)
    parser.add_argument("--scratch", required=True)
    parser.add_argument("pages", nargs="+")
    arguments = parser.parse_args()
    arguments.source = os.path.realpath(arguments.source)
    arguments.bin = os.path.realpath(arguments.bin)
    failed = False
    for page in arguments.pages:
        complaints, count = check_page(arguments, page)
        for complaint in complaints:
            print(complaint)
        print("%s: %d commands, %d wrong" % (page, count, len(complaints)))
        failed = failed or bool(complaints)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
