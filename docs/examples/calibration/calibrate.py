#!/usr/bin/env python3
# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""Calibrates an over-trained digits classifier by temperature scaling (Guo et al. 2017,
arXiv 1706.04599), on kernels that softmaxc compiles.

    python3 calibrate.py [--softmaxc PATH] [--plot FILE.png]

Trains on 100 images until the weights are far too sure, finds the scale = 1/T of the least loss
on 500 others by Newton's method, and prints reliability diagrams of the 600 held-out images at
T = 1 and at that T.  Exits with 1 where Newton's method does not arrive, or a derivative of the
kernel is not that of the loss.
"""
import argparse
import os
import subprocess
import sys
import tempfile

import numpy

HERE = os.path.dirname(os.path.realpath(__file__))
EXAMPLES = os.path.dirname(HERE)
sys.path.insert(0, os.path.join(EXAMPLES, "digits"))
from kernels import Library

TRAINING, CALIBRATION = slice(0, 100), slice(100, 600)  # of the 1,197 that are not held out
STEPS, RATE, MOMENTUM = 2000, 0.5, 0.9
TOLERANCE = 1e-6  # of the slope, per unit of log(scale)
MOST_STEPS = 20
BINS = 10


class Failure(Exception):
    """What went wrong, in a line."""


def compiled(softmaxc, source, folder):
    """The kernels of an MLIR file of docs/examples."""
    path = os.path.join(folder, os.path.basename(source) + ".so")
    try:
        done = subprocess.run([softmaxc, os.path.join(EXAMPLES, source), "-o", path], text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    except OSError as error:
        raise Failure("%s cannot be run: %s; build it with tools/dev build" % (softmaxc, error.strerror))
    if done.returncode != 0:
        raise Failure("softmaxc failed with status %d:\n%s" % (done.returncode, done.stdout))
    return Library(path)


def load(name):
    return numpy.load(os.path.join(EXAMPLES, "digits", name), allow_pickle=False)


def digits(prefix):
    """Images as rows of 64 pixels and a constant 1, and their labels."""
    images, labels = load(prefix + "images.npy"), load(prefix + "labels.npy")
    rows = numpy.hstack([images / 16, numpy.ones((len(images), 1))])
    return rows.astype(numpy.float32), labels.astype(numpy.int64)


def numbers(*shape):
    return numpy.empty(shape, dtype=numpy.float32)


class Classifier:
    """The model of ../training, trained without a penalty and far too long."""

    def __init__(self, library):
        self.library = library
        self.weights = numpy.zeros((65, 10), dtype=numpy.float32)

    def forward(self, images, labels):
        """Logits, losses and lse."""
        results = numbers(len(images), 10), numbers(len(images)), numbers(len(images))
        return self.library.call("forward", [images, self.weights, labels], results)

    def train(self, images, labels):
        speed = numpy.zeros_like(self.weights)
        for _ in range(STEPS):
            logits, _, lse = self.forward(images, labels)
            gradient = self.library.call("backward", [images, logits, labels, lse], numbers(65, 10))
            speed = numpy.float32(MOMENTUM) * speed - numpy.float32(RATE) * gradient
            self.weights += speed
        return self


class Calibration:
    """The kernels of calibration.mlir on some rows of logits."""

    def __init__(self, library, logits, labels):
        self.library = library
        self.logits = logits
        self.labels = labels

    def probabilities(self, scale):
        return self.library.call("probabilities", [self.logits, numpy.array(scale, numpy.float32)],
                                 numpy.empty_like(self.logits))

    def derivatives(self, scale):
        """The mean loss at a scale, and its first and second derivative."""
        results = tuple(numbers(len(self.logits)) for _ in range(3))
        self.library.call("derivatives", [self.logits, self.labels, numpy.array(scale, numpy.float32)], results)
        return [float(result.mean(dtype=numpy.float64)) for result in results]


def check_derivatives(calibration, scale, step=1e-2):
    """Compares both derivatives with differences of what the kernel says at scale +- step."""
    before, here, after = [calibration.derivatives(scale + offset) for offset in (-step, 0, step)]
    for order in (1, 2):
        difference = (after[order - 1] - before[order - 1]) / (2 * step)
        if not abs(difference - here[order]) <= 1e-2 * abs(here[order]) + 1e-4:
            raise Failure("derivative %d at scale %g is %g, but differences give %g"
                          % (order, scale, here[order], difference))


def newton(calibration):
    """The scale of the least mean loss.  The steps are those in log(scale), where d/dlog(scale) =
    scale d/dscale: in scale itself the loss of sure mistakes is nearly straight, and the first
    step would end far below 0."""
    scale = 1.0
    for number in range(MOST_STEPS):
        loss, slope, curvature = calibration.derivatives(scale)
        print("%d  scale %.6f  mean loss %.6f  dloss/dscale %9.6f" % (number, scale, loss, slope))
        first = scale * slope
        second = scale * slope + scale ** 2 * curvature
        if abs(first) < TOLERANCE:
            return scale
        if not second > 0:
            raise Failure("the loss is not convex at scale %g" % scale)
        scale *= float(numpy.exp(-first / second))
    raise Failure("Newton's method has not arrived after %d steps" % MOST_STEPS)


class Reliability:
    """Rows in equal bins of confidence: how many, how sure and how often right they are."""

    def __init__(self, probabilities, labels):
        confidence = probabilities.max(axis=1).astype(float)
        right = probabilities.argmax(axis=1) == labels
        bins = numpy.minimum((confidence * BINS).astype(int), BINS - 1)
        self.count = numpy.bincount(bins, minlength=BINS)
        some = numpy.maximum(self.count, 1)
        self.confidence = numpy.bincount(bins, confidence, BINS) / some
        self.accuracy = numpy.bincount(bins, right, BINS) / some
        self.overall = right.mean()
        # Expected calibration error: the distance of the two, weighted by the bins' sizes.
        self.error = float((self.count * abs(self.accuracy - self.confidence)).sum() / self.count.sum())

    def show(self, title):
        """# up to the accuracy, | where the confidence is."""
        print("%s: accuracy %.3f, expected calibration error %.3f" % (title, self.overall, self.error))
        print("confidence   images  accuracy")
        for index in range(BINS):
            if self.count[index] == 0:
                continue
            bar = ["#" if cell < round(40 * self.accuracy[index]) else " " for cell in range(41)]
            bar[min(40, round(40 * self.confidence[index]))] = "|"
            print("%.1f to %.1f   %6d    %.3f  %s" % (index / BINS, (index + 1) / BINS, self.count[index],
                                                     self.accuracy[index], "".join(bar).rstrip()))


def draw(diagrams, path):
    """The same as a picture; needs matplotlib."""
    import matplotlib
    matplotlib.use("Agg")
    from matplotlib import pyplot
    figure, axes = pyplot.subplots(1, len(diagrams), figsize=(9, 4.5), sharey=True, layout="constrained")
    for axis, (title, diagram) in zip(axes, diagrams):
        some = diagram.count > 0
        centres = (numpy.arange(BINS)[some] + 0.5) / BINS
        axis.bar(centres, diagram.accuracy[some], 0.9 / BINS, label="accuracy")
        axis.plot(diagram.confidence[some], diagram.confidence[some], "k.", label="confidence")
        axis.plot([0, 1], [0, 1], "k--", linewidth=0.8)
        axis.set(title="%s\nexpected calibration error %.3f" % (title, diagram.error), xlabel="confidence",
                 xlim=(0, 1), ylim=(0, 1))
        axis.legend(loc="upper left")
    axes[0].set_ylabel("part of the images that is right")
    figure.savefig(path, dpi=100)


def run(softmaxc, plot):
    images, labels = digits("training-")
    unseen, unseen_labels = digits("")
    with tempfile.TemporaryDirectory() as folder:
        model = Classifier(compiled(softmaxc, "training/train.mlir", folder))
        model.train(images[TRAINING], labels[TRAINING])
        kernels = compiled(softmaxc, "calibration/calibration.mlir", folder)
        fitted = Calibration(kernels, model.forward(images[CALIBRATION], labels[CALIBRATION])[0], labels[CALIBRATION])
        check_derivatives(fitted, 0.7)
        print("Newton's method on %d images:" % len(fitted.labels))
        scale = newton(fitted)
        tried = Calibration(kernels, model.forward(unseen, unseen_labels)[0], unseen_labels)
        diagrams = []
        for temperature in (1.0, 1 / scale):
            diagram = Reliability(tried.probabilities(1 / temperature), unseen_labels)
            diagrams.append(("T = %.2f" % temperature, diagram))
            print()
            diagram.show(diagrams[-1][0])
    if plot is not None:
        draw(diagrams, plot)


def main():
    parser = argparse.ArgumentParser(description="Calibrates a classifier with compiled kernels.")
    parser.add_argument("--softmaxc", metavar="PATH", default=os.path.join(EXAMPLES, "..", "..", "build", "bin", "softmaxc"))
    parser.add_argument("--plot", metavar="FILE.png", help="draw the reliability diagrams, too")
    arguments = parser.parse_args()
    try:
        run(os.path.normpath(arguments.softmaxc), arguments.plot)
    except (Failure, RuntimeError) as failure:
        sys.stdout.flush()
        print("calibrate: %s" % failure, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
