# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
#
# The files of the demo are what its README says.
#
# REQUIRES: numpy
# RUN: %python %s %softmax_src/docs/examples/digits
import os
import sys

import numpy


def load(name):
    return numpy.load(os.path.join(sys.argv[1], name), allow_pickle=False)


images, labels = load("images.npy"), load("labels.npy")
weights, bias = load("weights.npy"), load("bias.npy")
assert images.dtype == numpy.uint8 and images.shape == (600, 64) and images.max() == 16
assert labels.dtype == numpy.uint8 and labels.shape == (600,)
assert sorted(set(labels.tolist())) == list(range(10))
training_images, training_labels = load("training-images.npy"), load("training-labels.npy")
assert training_images.dtype == numpy.uint8 and training_images.shape == (1197, 64) and training_images.max() == 16
assert training_labels.dtype == numpy.uint8 and training_labels.shape == (1197,)
# No image is on both sides.
assert not {image.tobytes() for image in images} & {image.tobytes() for image in training_images}
assert weights.dtype == numpy.float32 and weights.shape == (64, 10)
assert bias.dtype == numpy.float32 and bias.shape == (10,)

logits = images / 16 @ weights.astype(float) + bias
right = (logits.argmax(axis=1) == labels).mean()
assert 0.96 < right < 1, right
