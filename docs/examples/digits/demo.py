#!/usr/bin/env python3
# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""Classifies handwritten digits with a model that softmaxc compiles.

    python3 demo.py [--softmaxc PATH]

Compiles digits.mlir to a shared library, runs it on the 600 held-out images and
compares every probability with softmax in higher precision.  Exits with 1 where
one leaves its bound, or where softmax did not reach a vector kernel.
"""
import argparse
import json
import os
import re
import subprocess
import sys
import tempfile

import numpy

from kernels import Library, ulps

HERE = os.path.dirname(os.path.realpath(__file__))
SHADES = " .:-=+*#%@"
DARKEST = 16
BINS = 15
WARM = 3.0  # The higher of the two temperatures.


class DemoFailure(Exception):
    """Why the demo cannot be believed."""


def load(name):
    return numpy.load(os.path.join(HERE, name), allow_pickle=False)


class Model:
    """digits.mlir with the trained weights."""

    def __init__(self, path):
        self.library = Library(path)
        self.weights = load("weights.npy")
        self.bias = load("bias.npy")

    def run(self, function, pixels, temperature):
        """`function` of digits.mlir on `pixels` (N x 64, 0 to 16); float32, N x 10."""
        images = numpy.ascontiguousarray(pixels / DARKEST, dtype=numpy.float32)
        inverse = numpy.array(1 / temperature, dtype=numpy.float32)
        output = numpy.full((len(images), 10), numpy.nan, dtype=numpy.float32)
        return self.library.call(function, [images, self.weights, self.bias, inverse], output)


class Checked:
    """A model whose every answer is compared with a reference."""

    def __init__(self, model):
        self.model = model
        self.count = 0
        self.worst = 0.0
        self.worst_share = 0.0

    def __call__(self, pixels, temperature=1.0):
        """Probabilities of the ten digits, float32, N x 10."""
        probabilities = self.model.run("classify", pixels, temperature)
        logits = self.model.run("logits", pixels, temperature).astype(numpy.longdouble)
        # default accuracy: (4 + 1.25 |x - m|) ULP of the result.
        shifted = logits - logits.max(axis=1, keepdims=True)
        exponentials = numpy.exp(shifted)
        reference = exponentials / exponentials.sum(axis=1, keepdims=True)
        error = ulps(probabilities, reference)
        share = error / (4 + 1.25 * numpy.abs(shifted))
        self.count += probabilities.size
        self.worst = max(self.worst, float(error.max()))
        self.worst_share = max(self.worst_share, float(share.max()))
        if not share.max() <= 1:
            row, column = numpy.unravel_index(int(numpy.argmax(share)), share.shape)
            raise DemoFailure(
                "image %d, class %d: the probability is %.9g, the reference %.9g: %.1f ULP apart, "
                "%.1f are allowed" % (row, column, probabilities[row, column], reference[row, column],
                                      error[row, column], error[row, column] / share[row, column]))
        return probabilities


def compile_model(softmaxc, folder):
    """Compiles digits.mlir into `folder`: the library's path, the manifest, what --explain says."""
    command = [softmaxc, os.path.join(HERE, "digits.mlir"), "--target=native", "--emit=shared,header,manifest",
               "--explain", "-o", folder + os.sep]
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    except OSError as error:
        raise DemoFailure("%s cannot be run: %s; build it with tools/dev build" % (softmaxc, error.strerror))
    if done.returncode != 0:
        raise DemoFailure("softmaxc failed with status %d:\n%s" % (done.returncode, done.stderr))
    with open(the_one_file(folder, ".json")) as manifest:
        return the_one_file(folder, ".so"), json.load(manifest), done.stdout + done.stderr


def the_one_file(folder, suffix):
    found = [name for name in os.listdir(folder) if name.endswith(suffix)]
    if len(found) != 1:
        raise DemoFailure("softmaxc wrote %d files *%s instead of one" % (len(found), suffix))
    return os.path.join(folder, found[0])


def strategies(manifest):
    """How the softmax in `classify` runs: the strategies that the manifest names."""
    kernels = {kernel["name"]: kernel for kernel in manifest["kernels"]}
    if "classify" not in kernels:
        raise DemoFailure("the manifest lists no kernel classify")
    # An op that is decomposed instead has no schedule.
    found = [name for op in kernels["classify"]["schedule"] for name in op["strategies"]]
    if not found:
        raise DemoFailure("no softmax in classify became a vector kernel: it was not raised, or it was decomposed")
    return found


def used_strategy(explanation, names):
    """The first alternative of `classify` in what --explain says: its rows lie side by side."""
    inside = False
    for line in explanation.splitlines():
        if line.startswith("kernel "):
            inside = line == "kernel classify:"
        match = re.match(r"\s+(rows contiguous.*): (\w+ \(.*?\))", line) if inside else None
        if match and match.group(2).split()[0] in names:
            return "%s, %s" % (match.group(2), match.group(1))
    raise DemoFailure("softmaxc --explain names no strategy for contiguous rows:\n" + explanation)


# Pictures.

def picture(pixels):
    """Eight lines of sixteen characters."""
    levels = pixels.reshape(8, 8).astype(int) * (len(SHADES) - 1) // DARKEST
    return ["".join(SHADES[level] * 2 for level in row) for row in levels]


def bars(row, count=3, width=10):
    """A line for each of the `count` likeliest classes."""
    lines = []
    for digit in numpy.argsort(-row, kind="stable")[:count]:
        bar = "#" * int(round(float(row[digit]) * width))
        lines.append("%d %-*s %5.1f%%" % (digit, width, bar, 100 * row[digit]))
    return lines


def side_by_side(blocks, width=24):
    for lines in zip(*blocks):
        print("   ".join("%-*s" % (width, line) for line in lines).rstrip())


def show_some(images, labels, probabilities):
    """A clear digit, a doubtful one and the surest mistake."""
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    clear = int(numpy.argmax(numpy.where(right, confidence, -1)))
    doubtful = int(numpy.argmin(numpy.where(right, confidence, 2)))
    mistaken = int(numpy.argmax(numpy.where(right, -1, confidence)))
    blocks = []
    for title, index in [("sure and right", clear), ("in doubt, but right", doubtful),
                         ("sure and wrong", mistaken)]:
        blocks.append(["%s: a %d" % (title, labels[index])] + picture(images[index])
                      + bars(probabilities[index]))
    side_by_side(blocks)


# Statistics.

def accuracy(probabilities, labels):
    return float((probabilities.argmax(axis=1) == labels).mean())


def calibration_error(probabilities, labels):
    """The mean distance of confidence and accuracy over equal bins of confidence, weighted by
    their sizes (expected calibration error; Guo et al. 2017, arXiv 1706.04599)."""
    confidence = probabilities.max(axis=1).astype(float)
    right = probabilities.argmax(axis=1) == labels
    bins = numpy.minimum((confidence * BINS).astype(int), BINS - 1)
    error = 0.0
    for index in range(BINS):
        inside = bins == index
        if inside.any():
            error += inside.mean() * abs(right[inside].mean() - confidence[inside].mean())
    return error


def blurred(images):
    """Every pixel replaced by the mean of its 3 x 3 neighbourhood, twice."""
    blurry = images.reshape(-1, 8, 8).astype(float)
    for _ in range(2):
        padded = numpy.pad(blurry, ((0, 0), (1, 1), (1, 1)))
        blurry = sum(padded[:, i:i + 8, j:j + 8] for i in range(3) for j in range(3)) / 9
    return blurry.reshape(len(images), 64)


def drowned(images):
    """Normal noise on every pixel, as strong as the darkest ink; a fixed seed."""
    noise = numpy.random.RandomState(0).normal(0, DARKEST, images.shape)
    return images + noise


def show_confidence(model, images, labels):
    print("%-22s %8s   confidence at T = 1   at T = %g" % ("", "accuracy", WARM))
    for name, pixels in [("as written", images), ("blurred", blurred(images)),
                         ("drowned in noise", drowned(images))]:
        sharp = model(pixels)
        soft = model(pixels, WARM)
        print("%-22s %8.3f   %19.3f   %8.3f"
              % (name, accuracy(sharp, labels), sharp.max(axis=1).mean(), soft.max(axis=1).mean()))


def run(softmaxc):
    images, labels = load("images.npy"), load("labels.npy")
    with tempfile.TemporaryDirectory() as folder:
        library, manifest, explanation = compile_model(softmaxc, folder)
        names = strategies(manifest)
        model = Checked(Model(library))
        probabilities = model(images)
        show_some(images, labels, probabilities)
        print()
        print("accuracy: %.3f (%d images)" % (accuracy(probabilities, labels), len(images)))
        print("mean confidence: %.3f" % probabilities.max(axis=1).mean())
        print("expected calibration error: %.3f (%d bins)" % (calibration_error(probabilities, labels), BINS))
        print()
        show_confidence(model, images, labels)
        print()
        print("strategy: %s" % used_strategy(explanation, names))
        print("worst error: %.2f ULP, %.0f%% of the bound (4 + 1.25 |x - m|) ULP, over %d probabilities"
              % (model.worst, 100 * model.worst_share, model.count))


def main():
    parser = argparse.ArgumentParser(description="Classifies handwritten digits with a compiled model.")
    parser.add_argument("--softmaxc", metavar="PATH",
                        default=os.path.join(HERE, "..", "..", "..", "build", "bin", "softmaxc"))
    arguments = parser.parse_args()
    try:
        run(os.path.normpath(arguments.softmaxc))
    except (DemoFailure, RuntimeError) as error:
        sys.stdout.flush()
        print("demo: %s" % error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
