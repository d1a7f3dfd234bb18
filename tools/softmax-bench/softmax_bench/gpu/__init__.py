# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""The benchmark on a GPU, `tools/dev bench-gpu`.

    options    the command line and its points
    driver     NVIDIA's driver: memory, events
    ours       softmaxc's shared libraries
    peers      PyTorch, Triton, Liger
    cli        everybody alternates in one process, on the same data
    report     the table

Nothing but `ours`, `peers` and `cli` imports more than Python's own library.
"""
