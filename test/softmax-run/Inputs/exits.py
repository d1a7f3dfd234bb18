# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""Runs a command and fails unless it ends with the status that is named first.

    python3 exits.py STATUS COMMAND...
"""
import subprocess
import sys

status = subprocess.run(sys.argv[2:], stderr=subprocess.STDOUT).returncode
if status != int(sys.argv[1]):
    print("exit status %d instead of %s" % (status, sys.argv[1]))
    sys.exit(1)
