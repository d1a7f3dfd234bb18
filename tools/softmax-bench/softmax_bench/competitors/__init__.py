# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""The peers, one file each.

A peer is a class that is made once in a process, with a Context, and raises Missing where it
cannot take part at all.  `version` says what it is, `interpreted` whether its calls go through
Python, and `prepare(point, x, y)` returns a call (measure.py) or raises Missing.
"""
import importlib

from ..peers import LISTINGS, Missing


class Context:
    """What peers are made with: the C runtime, a timer to choose between ways, the number of threads
    and a folder for files."""

    def __init__(self, runtime, timer):
        self.runtime = runtime
        self.timer = timer
        self.threads = runtime.threads
        self.folder = runtime.folder


def first_line(error):
    """An exception as a reason: one line, not too long."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    text = lines[0] if lines else type(error).__name__
    return text if len(text) <= 160 else text[:157] + "..."


def load(names, context):
    """({name: peer}, {name: reason}): the peers called so, and why the others are missing."""
    found, missing = {}, {}
    for listing in LISTINGS:
        if listing.name not in names:
            continue
        try:
            module = importlib.import_module("." + listing.module, __name__)
            peer = getattr(module, listing.kind)(context)
            peer.name = listing.name
            found[listing.name] = peer
        except ModuleNotFoundError as error:
            missing[listing.name] = "not installed (%s)" % error
        except Missing as error:
            missing[listing.name] = str(error)
        except Exception as error:  # Whatever goes wrong in somebody else's package.
            missing[listing.name] = "does not start: " + first_line(error)
    return found, missing
