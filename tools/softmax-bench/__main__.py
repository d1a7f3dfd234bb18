# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""`python tools/softmax-bench`: what `tools/dev bench` runs."""
import sys

sys.dont_write_bytecode = True

from softmax_bench import cli

if __name__ == "__main__":
    sys.exit(cli.main(sys.argv[1:]))
