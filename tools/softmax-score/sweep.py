# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""Scores kernels of rows of many lengths: ours through softmaxc, those of peers through
softmax-gpu-score."""
import concurrent.futures
import dataclasses
import json
import os
import subprocess
import time

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
    return {"name": peer.name, "cubin": compiled.cubin, "sass": compiled.sass, "rows": rows * repeat,
            "columns": columns, "read": bytes, "written": bytes, "repeat": repeat, "blocks": blocks,
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


@dataclasses.dataclass(frozen=True)
class Job:
    """The kernels of one peer, or ours, of one type for one chip."""
    peer: str
    chip: str
    type: str
    lengths: tuple

    def __str__(self):
        return "%s, %s, %s" % (self.peer, self.type, self.chip)


def run_job(job, softmaxc, scorer, folder):
    """Records of a job, which are scores with the keys of softmax-gpu-score, `chip`, `type` and `peer`; or why a
    peer cannot take part, as text."""
    try:
        if job.peer in report.ACCURACIES:
            scores = score_ours(softmaxc, job.chip, job.type, job.lengths, report.ACCURACIES[job.peer])
        else:
            peer = peers.PEERS[job.peer](job.chip, folder)
            scores = score_peer(scorer, job.chip, peer, job.type, job.lengths)
    except peers.Missing as missing:
        if job.peer in report.ACCURACIES:
            raise Failure("%s: %s" % (job, missing))
        return str(missing)
    except Failure as failure:
        raise Failure("%s: %s" % (job, failure))
    return [dict(score, chip=job.chip, type=job.type, peer=job.peer) for score in scores]


def plan(chip, types, fast, names, lengths):
    """The jobs of one chip: by type, ours and then those of the peers called `names`."""
    for type in types:
        for peer in [report.OURS] + ([report.FAST] if type in fast else []) + list(names):
            yield Job(peer, chip, type, tuple(lengths))


def sweep(jobs, options, say):
    """The records of all `jobs` in their order, of which some run at a time.  A peer that is missing is said and
    left out, but for --refresh, where it is a failure."""
    os.makedirs(options.folder, exist_ok=True)
    jobs, results = list(jobs), {}
    # Those that take longest first.
    order = sorted(jobs, key=lambda job: (job.peer in report.ACCURACIES, -len(job.lengths)))
    start = time.monotonic()
    with concurrent.futures.ProcessPoolExecutor(options.jobs) as pool:
        running = {pool.submit(run_job, job, options.softmaxc, options.scorer, options.folder): job for job in order}
        for done in concurrent.futures.as_completed(running):
            job = running[done]
            try:
                results[job] = done.result()
                missing = results[job] if isinstance(results[job], str) else ""
                if missing and options.refresh:
                    raise Failure("%s is missing, so that nothing is written: %s" % (job, missing))
            except Failure:
                pool.shutdown(cancel_futures=True)
                raise
            say("[%d/%d, %.0f s] %s%s" % (len(results), len(jobs), time.monotonic() - start, job,
                                          " is missing: " + missing if missing else ""))
    return [record for job in jobs if not isinstance(results[job], str) for record in results[job]]
