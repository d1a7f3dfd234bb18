#!/usr/bin/env python3
# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""Tries a function of ideas.mlir on numbers of the command line.

    try_function.py FUNCTION ROW... [--scale S]

A ROW is a comma-separated list such as 1,2.5,-inf.  Prints the result row by row,
and the sum of each row where the function gives probabilities.  Needs softmax-run
on the PATH and numpy.
"""
import argparse
import os
import re
import subprocess
import sys
import tempfile

import numpy

HERE = os.path.dirname(os.path.realpath(__file__))


def evaluate(function, rows, scale=None):
    """What `function` of ideas.mlir gives for the rows, an array of numbers; `scale`
    is its second operand where it takes one."""
    wide = function.endswith("_f64")
    with tempfile.TemporaryDirectory() as folder:
        inputs = [numpy.array(rows, dtype=numpy.float64 if wide else numpy.float32)]
        if scale is not None:
            inputs.append(numpy.array(scale, dtype=numpy.float32))
        command = ["softmax-run", os.path.join(HERE, "ideas.mlir"), "--entry=" + function]
        for number, array in enumerate(inputs):
            path = os.path.join(folder, "input%d.npy" % number)
            numpy.save(path, array)
            command += ["--input", path]
        output = os.path.join(folder, "output.npy")
        done = subprocess.run(command + ["--output", output], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True)
        if done.returncode != 0:
            sys.exit("try_function.py: softmax-run failed with status %d:\n%s" % (done.returncode, done.stdout))
        return numpy.load(output)


def numbers(text):
    return [float(word) for word in text.split(",")]


def main():
    parser = argparse.ArgumentParser(description="Tries a function of ideas.mlir on numbers.")
    parser.add_argument("function")
    parser.add_argument("rows", nargs="+", type=numbers, metavar="ROW")
    parser.add_argument("--scale", type=float)
    # -1,2 and -inf,0 are rows, not options: a blank in front says so to argparse.
    words = [" " + word if re.match(r"-[\d.i]", word) else word for word in sys.argv[1:]]
    arguments = parser.parse_args(words)
    if len({len(row) for row in arguments.rows}) != 1:
        parser.error("the rows have different lengths")
    results = evaluate(arguments.function, arguments.rows, arguments.scale)
    for row in results:
        text = " ".join("%9.6f" % value for value in numpy.atleast_1d(row))
        if arguments.function.startswith("softmax"):
            text += "   sum %.6f" % row.astype(float).sum()
        print(text)


if __name__ == "__main__":
    main()
