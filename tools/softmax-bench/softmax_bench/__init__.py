# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""Kernels that softmaxc makes against everybody else's, and against the machine's limits.

    options    the command line
    plan       points: shapes, types, axes, neighbours
    cli        one process for each number of threads, then goals, JSON and plot
    worker     one such process: all competitors alternate in it
    native     C sources, compiled when the benchmark starts, and the timed loop in C
    ours       builds of softmaxc
    competitors/   one file for each peer
    family/    the other kernels: gradients, losses, what is fused with a softmax
    gpu/       NVIDIA GPUs: `tools/dev bench-gpu`
    limits     copy, read and exponentials
    elements   element types, buffers and the check against a reference
    measure    alternation and quartiles
    records, report, goals, plot   what came of it
"""
