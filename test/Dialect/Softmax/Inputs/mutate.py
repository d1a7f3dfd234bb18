# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""Feeds mutated test files to softmax-opt, which may refuse them but not crash.

usage: mutate.py --count=N [--seed=S] softmax-opt [options ... --] file.mlir ...

Prints `no crash in N modules`, or the module that crashed and how, and exits 1.
"""
import random
import re
import subprocess
import sys

TYPES = ["f32", "f64", "f16", "bf16", "i1", "i8", "index", "none", "complex<f32>", "f8E4M3FN",
         "vector<4xf32>", "vector<[4]xf32>", "vector<f32>", "tensor<*xf32>", "memref<*xf32>",
         "tensor<f32>", "memref<f32>", "tensor<4x8xf32>", "memref<4x8xf32>", "memref<?x?xf32, 3>",
         "tensor<?x?x?xf16>", "memref<4x8xcomplex<f32>>", "memref<0x8xf32>", "tuple<f32>",
         "memref<?x?xf32, strided<[?, 0], offset: ?>>", "memref<4xvector<2xf32>>"]
MAPS = ["affine_map<() -> ()>", "affine_map<(i) -> (i)>", "affine_map<(i, j)[s] -> (i, s)>",
        "affine_map<(i, j) -> (i floordiv 2, j)>", "affine_map<(i, j) -> (0, 0)>",
        "affine_map<(i, j, k) -> (k, i, j)>", "affine_map<(i, j) -> (7)>", "affine_map<(i, j) -> (j, i)>"]
VALUES = ["-1", "0", "1", "2", "3", "64", "9223372036854775807", "-9223372036854775808"]
# Not in array<i64: ...>: MLIR's own parser crashes on array<index: 1>.
TYPE = re.compile(r"(?:tensor|memref|vector)<[^<>]*(?:<[^<>]*>[^<>]*)*>|(?<!array<)\b(?:[if]\d+|bf16|index)\b")
MAP = re.compile(r"affine_map<[^>]*-> \([^)]*\)>|#[a-z]\w*\b(?![<.])")
NUMBER = re.compile(r"(?<![\w#%.])-?\d+(?!\w)")
TOKEN = re.compile(r"\w+|%\w+|#[\w.]+|\S")


def replace_one(rng, pattern, choices, text):
    hits = list(pattern.finditer(text))
    if not hits:
        return text
    hit = rng.choice(hits)
    return text[:hit.start()] + rng.choice(choices) + text[hit.end():]


def mutate(rng, text):
    kind = rng.randrange(8)
    if kind <= 1:
        return replace_one(rng, TYPE, TYPES, text)
    if kind == 2:
        return replace_one(rng, MAP, MAPS, text)
    if kind == 3:
        return replace_one(rng, NUMBER, VALUES, text)
    if kind == 4:  # the same type everywhere
        hits = TYPE.findall(text)
        return text.replace(rng.choice(hits), rng.choice(TYPES)) if hits else text
    if kind == 5:
        return replace_one(rng, TOKEN, [""], text)
    if kind == 6:
        tokens = TOKEN.findall(text)
        return replace_one(rng, TOKEN, [rng.choice(tokens)], text)
    lines = text.split("\n")
    at = rng.randrange(len(lines))
    if rng.random() < 0.5:
        del lines[at]
    else:
        lines.insert(rng.randrange(len(lines)), lines[at])
    return "\n".join(lines)


def run(command, module):
    return subprocess.run(command + ["-"], input=module, text=True, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, timeout=300)


def main(arguments):
    count, seed = 1000, 0
    while arguments[0].startswith("--"):
        name, value = arguments.pop(0)[2:].split("=")
        if name == "count":
            count = int(value)
        else:
            seed = int(value)
    split = arguments.index("--") if "--" in arguments else 1
    command, files = arguments[:split], arguments[split:]
    if files[0] == "--":
        files = files[1:]
    chunks = []
    for name in files:
        with open(name) as file:
            for chunk in file.read().split("// -----"):
                # Aliases that the chunk uses, then its functions one by one.
                lines = [l for l in chunk.split("\n") if not l.lstrip().startswith("//")]
                aliases = [l for l in lines if l.startswith("#")]
                body = "\n".join(l for l in lines if not l.startswith("#"))
                for function in re.split(r"^(?=func\.func)", body, flags=re.M):
                    if function.startswith("func"):
                        chunks.append("\n".join(aliases + [function]))
    rng = random.Random(seed)
    for start in range(0, count, 100):
        modules = []
        for _ in range(min(100, count - start)):
            module = rng.choice(chunks)
            for _ in range(rng.randint(1, 3)):
                module = mutate(rng, module)
            modules.append(module)
        joined = "\n// -----\n".join(modules)
        together = run(command + ["--split-input-file"], joined)
        if together.returncode in (0, 1):
            continue
        for module in modules:
            result = run(command, module)
            if result.returncode not in (0, 1):
                print(module)
                print("\n".join(result.stderr.split("\n")[:40]))
                print(f"exit code {result.returncode} (seed {seed})")
                return 1
        print(joined)
        print("\n".join(together.stderr.split("\n")[-40:]))
        print(f"a batch of modules crashed, but none of them alone (seed {seed})")
        return 1
    print(f"no crash in {count} modules")
    return 0


sys.exit(main(sys.argv[1:]))
