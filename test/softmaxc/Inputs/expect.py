# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""expect.py STATUS command...: runs the command in an empty folder and prints
its output. Fails unless the exit status is STATUS and, where that is not 0,
standard output is empty, the folder is still empty, and, for status 2,
standard error is exactly one line."""
import os
import subprocess
import sys
import tempfile

expected = int(sys.argv[1])
with tempfile.TemporaryDirectory() as folder:
    result = subprocess.run(sys.argv[2:], cwd=folder, stdin=subprocess.DEVNULL,
                            capture_output=True, text=True, timeout=120)
    left = os.listdir(folder)
sys.stdout.write(result.stdout + result.stderr)
problems = []
if result.returncode != expected:
    problems.append(f"exit status {result.returncode}, not {expected}")
if expected != 0:
    if result.stdout:
        problems.append("text on standard output")
    if left:
        problems.append(f"files were left: {left}")
    if not result.stderr.strip():
        problems.append("no message")
if expected == 2 and len(result.stderr.splitlines()) != 1:
    problems.append("the message is not one line")
if problems:
    sys.exit("expect.py: " + "; ".join(problems))
