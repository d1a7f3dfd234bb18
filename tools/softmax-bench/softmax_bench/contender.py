# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""Who takes part."""


class Contender:
    """Somebody who takes part at a point: a name, a call, and the accuracy of its result."""

    def __init__(self, name, call, accuracy=None):
        self.name = name
        self.call = call
        self.accuracy = accuracy
