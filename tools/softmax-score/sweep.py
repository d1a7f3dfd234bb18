# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""Scores kernels of rows of many lengths: ours through softmaxc, those of peers through
softmax-gpu-score."""
import json
import os
import subprocess

import peers
import report

# Powers of two, their neighbours, and lengths that nothing divides.
LENGTHS = [
    1, 2, 3, 7, 16, 31, 32, 33, 64, 100, 127, 128, 129, 200, 256, 257, 384, 500, 512, 513, 777, 1000, 1023, 1024,
    1025, 1536, 2000, 2048, 2049, 3000, 3072, 4095, 4096, 4097, 5000, 6144, 8191, 8192, 8193, 10000, 12288, 16384,
    16385, 20000, 24576, 32768, 32769, 40000, 50000, 65535, 65536, 65537, 70000,
]
ELEMENTS = 1 << 26
MULTIPROCESSORS = {"sm_75": 40, "sm_80": 108, "sm_90": 132, "sm_100": 148}


class Failure(Exception):
    """One line for the user."""


def rows_of(columns):
    return max(1, ELEMENTS // columns)


def run(command, text=None):
    folder = os.path.dirname(peers.cuda_program("nvdisasm"))
    environment = dict(os.environ, PATH=os.environ.get("PATH", "") + os.pathsep + folder)
    done = subprocess.run(command, input=text, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          env=environment)
    if done.returncode != 0:
        raise Failure(done.stderr.strip() or "%s fails" % command[0])
    return json.loads(done.stdout)["scores"]


def score_ours(softmaxc, chip, type, lengths, accuracy="default"):
    shapes = ",".join("%dx%d" % (rows_of(columns), columns) for columns in lengths)
    return run([softmaxc, "--op=softmax", "--shape=?x?", "--type=" + type, "--target=nvptx:" + chip,
                "--accuracy=" + accuracy, "--scorecard=json", "--scorecard-shape=" + shapes])


def problem(peer, compiled, type, columns, grid=None):
    """A request for rows of `columns`; `grid` blocks that stay, else one per row."""
    rows, repeat, blocks = rows_of(columns), 1, 4
    if grid is not None:
        # A few rows of each block are followed; the prologue counts once for them.
        walked = 16 if columns <= 4096 else 2
        grid = min(grid, rows)
        walked = min(walked, max(1, rows // grid))
        repeat = max(1, rows // (grid * walked))
        rows, blocks = grid * walked, 2 if columns <= 16384 else 1
    values = {"rows": rows, "columns": columns}
    bytes = rows * repeat * columns * peers.BYTES[type]
    return {"name": peer.name, "cubin": compiled.cubin, "rows": rows * repeat, "columns": columns, "read": bytes,
            "written": bytes, "repeat": repeat, "blocks": blocks,
            "launches": [{"kernel": compiled.kernel, "grid": [grid or rows], "block": [compiled.threads],
                          "shared": compiled.shared,
                          "arguments": [values.get(argument, argument) for argument in compiled.arguments]}]}


def score_peer(scorer, chip, peer, type, lengths):
    """Scores by length; lengths that the peer does not take are left out."""
    def ask(problems):
        request = json.dumps({"chip": chip, "problems": problems})
        return run([scorer, "--json", "-"], request) if problems else []

    compiled = {columns: peer.compile(columns, type) for columns in lengths}
    compiled = {columns: kernel for columns, kernel in compiled.items() if kernel is not None}
    grids = {}
    persistent = [columns for columns, kernel in compiled.items() if kernel.persistent]
    # As many blocks as fit at once: what one row per block says.
    probes = [dict(problem(peer, compiled[columns], type, columns, 1), blocks=1) for columns in persistent]
    for columns, score in zip(persistent, ask(probes)):
        grids[columns] = MULTIPROCESSORS[chip] * score["blocks_per_multiprocessor"]
    return ask([problem(peer, kernel, type, columns, grids.get(columns)) for columns, kernel in compiled.items()])


def sweep(options, say):
    """All scores, as dictionaries with the keys of softmax-gpu-score, `type` and `peer`."""
    os.makedirs(options.folder, exist_ok=True)
    records = []
    found = []
    for name in options.peers:
        try:
            found.append(peers.PEERS[name](options.chip, options.folder))
        except peers.Missing as missing:
            say("%s is missing: %s" % (name, missing))
    for type in options.types:
        for name, accuracy in [(report.OURS, "default"), (report.FAST, "fast")]:
            if name == report.FAST and type not in options.fast:
                continue
            say("%s %s" % (name, type))
            for score in score_ours(options.softmaxc, options.chip, type, options.lengths, accuracy):
                records.append(dict(score, type=type, peer=name))
        for peer in found:
            say("%s %s" % (peer.name, type))
            for score in score_peer(options.scorer, options.chip, peer, type, options.lengths):
                records.append(dict(score, type=type, peer=peer.name))
    return records
