# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#
# What the pages mention exists: subcommands of tools/dev, presets, targets and
# options of the programs, also in commands that no test runs because they
# install, build everything or take long.
#
# RUN: %python %s %softmax_src %softmax_obj
import json
import os
import re
import subprocess
import sys

SOURCE, BUILD = sys.argv[1:3]
# Options of programs that are not ours.
FOREIGN = {"--preset", "--test-dir", "--filter", "--load-dialect-plugin", "--load-pass-plugin",
           "--pass-pipeline", "--inline"}


def output(command):
    return subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, cwd=SOURCE).stdout


def pages():
    found = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"]
    for folder, _, names in os.walk(os.path.join(SOURCE, "docs")):
        found += [os.path.relpath(os.path.join(folder, name), SOURCE) for name in names if name.endswith(".md")]
    return sorted(found)


def known_options():
    """Every option that a program's help names."""
    options = set(FOREIGN)
    for command in [[os.path.join(BUILD, "bin", program)] for program in ["softmax-opt", "softmaxc", "softmax-run",
                                                                           "softmax-gpu-emulate"]] \
            + [[sys.executable, "tools/softmax-bench"], [sys.executable, "tools/softmax-bench", "--gpu"],
               [sys.executable, "tools/softmax-score"]]:
        options.update(re.findall(r"(?<!\w)--[a-z][\w-]*", output(command + ["--help"])))
    options.update(re.findall(r"--[a-z][\w-]*", output([sys.executable, "tools/dev", "help"])))
    options.update(re.findall(r'"(--[a-z]+)"', open(os.path.join(SOURCE, "docs/examples/try_function.py")).read()))
    return options


def check(page, text):
    for command in re.findall(r"tools/dev ([a-z]+)", text):
        if not re.search(r"^  %s\b" % command, HELP, flags=re.M):
            yield "tools/dev has no %s" % command
    for preset in re.findall(r"--preset (\w+)", text):
        if preset not in PRESETS:
            yield "there is no preset %s" % preset
    for target in re.findall(r"ninja -C build ([\w-]+)", text):
        if target + ":" not in TARGETS:
            yield "there is no target %s" % target
    code = re.findall(r"^```(?:sh)?\n(.*?)^```", text, flags=re.M | re.S)
    code += re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S))
    for option in sorted(set(re.findall(r"(?<![\w-])--[a-z][\w-]*", "\n".join(code)))):
        if option not in OPTIONS:
            yield "no program has the option %s" % option


HELP = output([sys.executable, "tools/dev", "help"])
with open(os.path.join(SOURCE, "CMakePresets.json"), encoding="utf-8") as source:
    PRESETS = {preset["name"] for preset in json.load(source)["configurePresets"]}
TARGETS = set(output(["ninja", "-C", BUILD, "-t", "targets", "all"]).split())
OPTIONS = known_options()

complaints = ["%s: %s" % (page, complaint) for page in pages()
              for complaint in check(page, open(os.path.join(SOURCE, page), encoding="utf-8").read())]
assert list(check("", "tools/dev fly, `--no-such-option`, cmake --preset none, ninja -C build nothing-here"))[3:], \
    "the checks themselves"
print("\n".join(complaints))
sys.exit(1 if complaints else 0)
