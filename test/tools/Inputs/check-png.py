# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""Checks that a file is a PNG at least so many pixels wide that is not of one colour."""
import struct
import sys
import zlib

data = open(sys.argv[1], "rb").read()
assert data[:8] == b"\x89PNG\r\n\x1a\n", data[:8]
width, height = struct.unpack(">II", data[16:24])
assert width >= int(sys.argv[2]) and height > 0, (width, height)
pixels, at = b"", 8
while at < len(data):
    length, kind = struct.unpack(">I4s", data[at:at + 8])
    if kind == b"IDAT":
        pixels += data[at + 8:at + 8 + length]
    at += length + 12
assert len(set(zlib.decompress(pixels))) > 10
