# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""Messages, and running other programs."""
import os
import shlex
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
BUILD = os.path.join(ROOT, "build")


class Failure(Exception):
    """What goes wrong, in one line that says how to mend it."""


def say(message):
    print("tools/dev: " + message, flush=True)


def show(command):
    return " ".join(shlex.quote(word) for word in command)


def run(command, what, env=None, cwd=ROOT):
    """Runs a program with its output on the terminal; `what` names it where it fails."""
    status = call(command, env, cwd)
    if status != 0:
        raise Failure("%s failed with status %d: %s" % (what, status, show(command)))


def call(command, env=None, cwd=ROOT):
    """Runs a program with its output on the terminal and returns its exit status."""
    environment = dict(os.environ, **(env or {}))
    sys.stdout.flush()
    try:
        return subprocess.run(command, cwd=cwd, env=environment).returncode
    except FileNotFoundError:
        raise Failure("%s is not installed" % command[0])
    except PermissionError:
        raise Failure("%s cannot be executed" % command[0])


def ask(command):
    """The standard output of a quick program, None where it fails or is missing."""
    try:
        done = subprocess.run(command, cwd=ROOT, text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, stdin=subprocess.DEVNULL)
    except OSError:
        return None
    return done.stdout if done.returncode == 0 else None
