#!/usr/bin/env python3
# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""Trains the digits classifier and writes its weights and the held-out images.

    pip install scikit-learn
    python3 train.py

Reads the Optical Recognition of Handwritten Digits set as scikit-learn ships it
(1,797 images of 8 x 8 pixels, values 0 to 16), keeps a third of it for the demo
and trains a multinomial logistic regression on the rest.  Every random choice has
a fixed seed: the same versions of scikit-learn and numpy write the same files.

Writes beside itself:
    weights.npy  float32 [64, 10]   one column per class
    bias.npy     float32 [10]
    images.npy   uint8   [600, 64]  held-out images, row-major, 0 to 16
    labels.npy   uint8   [600]      the digits on them
    training-images.npy, training-labels.npy    the same of the other 1,197
"""
import os

import numpy
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, StratifiedKFold, train_test_split

HERE = os.path.dirname(os.path.realpath(__file__))
HELD_OUT = 600
SEED = 0
# Pixels are given to the model as fractions of the darkest value.
DARKEST = 16.0


def main():
    images, labels = load_digits(return_X_y=True)
    train_images, test_images, train_labels, test_labels = train_test_split(
        images, labels, test_size=HELD_OUT, random_state=SEED, stratify=labels)

    # L2 penalty, L-BFGS.  The penalty's inverse weight C is the one of the best
    # likelihood in a cross-validation within the training part.
    search = GridSearchCV(LogisticRegression(max_iter=10000), {"C": [1, 3, 10, 30, 100]},
                          scoring="neg_log_loss", cv=StratifiedKFold(5, shuffle=True, random_state=SEED))
    search.fit(train_images / DARKEST, train_labels)
    model = search.best_estimator_

    write("weights.npy", model.coef_.T.astype(numpy.float32))
    write("bias.npy", model.intercept_.astype(numpy.float32))
    write("images.npy", test_images.astype(numpy.uint8))
    write("labels.npy", test_labels.astype(numpy.uint8))
    write("training-images.npy", train_images.astype(numpy.uint8))
    write("training-labels.npy", train_labels.astype(numpy.uint8))
    print("trained on %d images with C = %g: accuracy %.3f there, %.3f on the %d held out"
          % (len(train_labels), model.C, model.score(train_images / DARKEST, train_labels),
             model.score(test_images / DARKEST, test_labels), HELD_OUT))


def write(name, array):
    numpy.save(os.path.join(HERE, name), numpy.ascontiguousarray(array))


if __name__ == "__main__":
    main()
