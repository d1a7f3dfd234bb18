# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""Stands for a Python without Triton, where there is one."""
raise ImportError("no Triton")
