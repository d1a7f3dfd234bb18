# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""Prints tools/dev's summary of the lit.xml and ctest.xml beside this file.

    summary.py SOURCE_DIR LIT_STATUS CTEST_STATUS [empty]
"""
import os
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(sys.argv[1], "tools", "dev.d"))
import tests

here = os.path.dirname(os.path.realpath(__file__))
statuses = [int(sys.argv[2]), int(sys.argv[3])]
if len(sys.argv) > 4:
    results = [tests.Result("lit"), tests.Result("ctest")]
else:
    results = [tests.read_junit(os.path.join(here, name + ".xml"), name) for name in ("lit", "ctest")]
sys.exit(tests.report(results, statuses))
