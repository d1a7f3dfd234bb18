# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""Whether all *.bits files below a folder have one SHA-256."""
import hashlib
import pathlib
import sys

files = sorted(pathlib.Path(sys.argv[1]).rglob("*.bits"))
digests = {file: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}
for file, digest in digests.items():
    print(digest, file.stat().st_size, file.name)
if len(set(digests.values())) != 1 or not all(file.stat().st_size for file in files):
    sys.exit("the files differ, or are empty")
print("one SHA-256 of %d files" % len(files))
