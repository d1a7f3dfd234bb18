# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""Runs lit and ctest and sums up."""
import os
import xml.etree.ElementTree as ElementTree

import build
from shell import BUILD, Failure, call, say


class Result:
    """What one runner found: counts, and (test, reason) of each that was skipped."""

    def __init__(self, runner):
        self.runner = runner
        self.passed = 0
        self.failed = []
        self.skipped = []


def read_junit(path, runner):
    """The result in a JUnit file, as lit and ctest write them."""
    result = Result(runner)
    try:
        root = ElementTree.parse(path).getroot()
    except (OSError, ElementTree.ParseError) as error:
        raise Failure("%s left no readable result in %s: %s" % (runner, path, error))
    for case in root.iter("testcase"):
        name = case.get("name", "?")
        folder = case.get("classname", "")
        if runner == "lit":
            # "softmax.Dialect/IR"; the suite's own folder is "softmax.softmax".
            inner = folder.partition(".")[2]
            name = name if inner in ("", "softmax") else inner + "/" + name
        skipped = case.find("skipped")
        reason = skipped.get("message", "") if skipped is not None else ""
        if reason.startswith("Unable to find"):
            # ctest calls this skipped: a suite that was not built, or not found.
            result.failed.append(name)
        elif skipped is not None or case.get("status") in ("notrun", "disabled"):
            if reason.startswith("SKIP_"):
                reason = skip_reason(case.findtext("system-out", ""))
            result.skipped.append((name, reason or case.get("status") or "no reason given"))
        elif case.find("failure") is not None or case.find("error") is not None:
            result.failed.append(name)
        else:
            result.passed += 1
    return result


def skip_reason(output):
    """What a GoogleTest case says when it skips itself: the line after "FILE:LINE: Skipped"."""
    lines = output.splitlines()
    for line, reason in zip(lines, lines[1:]):
        if line.endswith(": Skipped") and reason.strip():
            return reason.strip()
    return "the test says that it cannot run here"


def run_lit(python, full):
    lit = build.cached("SOFTMAX_LIT")
    if not lit or not os.path.exists(lit):
        raise Failure("lit was not found: install llvm-22-tools, or configure with -DSOFTMAX_LIT=/path/to/lit")
    output = os.path.join(BUILD, "test", "lit.xml")
    remove(output)
    command = [python, lit, "-sv", "-j%d" % build.jobs(), "--xunit-xml-output", output]
    if full:
        command += ["--param", "full=1"]
    status = call(command + [os.path.join(BUILD, "test")])
    return status, read_junit(output, "lit")


def run_ctest(full):
    output = os.path.join(BUILD, "test", "ctest.xml")
    remove(output)
    command = ["ctest", "--test-dir", BUILD, "--output-on-failure", "--no-tests=error",
               "-j%d" % build.jobs(), "--timeout", "3600" if full else "600", "--output-junit", output]
    # Unit tests that take long look for this variable.
    status = call(command, {"SOFTMAX_FULL": "1"} if full else None)
    return status, read_junit(output, "ctest")


def remove(path):
    if os.path.exists(path):
        os.remove(path)


def test(full):
    """Builds, tests and prints the summary; returns the exit status."""
    python = build.build(for_tests=True)
    say("running the lit tests" + (", the long ones too" if full else ""))
    lit_status, lit = run_lit(python, full)
    say("running the unit tests")
    ctest_status, ctest = run_ctest(full)

    return report([lit, ctest], [lit_status, ctest_status])


def missing_features(skipped):
    """(feature, how many tests it skipped) for lit's reasons, the names in order."""
    counts = {}
    for _, _, reason in skipped:
        _, found, features = reason.partition("Missing required feature(s): ")
        if found:
            for feature in features.split(", "):
                counts[feature] = counts.get(feature, 0) + 1
    return sorted(counts.items())


def report(results, statuses):
    """Prints counts, what failed and what was skipped; returns the exit status."""
    print()
    for result in results:
        print("%-6s %4d passed, %d failed, %d skipped"
              % (result.runner + ":", result.passed, len(result.failed), len(result.skipped)))
    failed = [(result.runner, name) for result in results for name in result.failed]
    skipped = [(result.runner, name, reason) for result in results for name, reason in result.skipped]
    if failed:
        print("failed:")
        for runner, name in failed:
            print("  %s: %s" % (runner, name))
    if skipped:
        print("skipped:")
        for runner, name, reason in skipped:
            print("  %s: %s: %s" % (runner, name, reason))
        features = missing_features(skipped)
        if features:
            print("features that are missing: %s"
                  % ", ".join("%s (%d)" % feature for feature in features))
    else:
        print("skipped: nothing")
    broken = len(failed)
    if broken == 0 and any(statuses):
        # A runner that gives up without naming a test must not look like a pass.
        for result, status in zip(results, statuses):
            say("%s ended with status %d" % (result.runner, status))
        broken = 1
    passed = sum(result.passed for result in results)
    print("%d passed, %d failed, %d skipped" % (passed, broken, len(skipped)), flush=True)
    return 0 if broken == 0 else 1
