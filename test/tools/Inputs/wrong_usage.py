# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""Runs a command; it must say one line on stderr, nothing on stdout, and end with status 2.
`--` is left out."""
import subprocess
import sys

done = subprocess.run([word for word in sys.argv[1:] if word != "--"], text=True, stdout=subprocess.PIPE,
                      stderr=subprocess.PIPE)
print(done.stderr, end="")
sys.exit(0 if done.returncode == 2 and not done.stdout and done.stderr.count("\n") == 1 else 1)
