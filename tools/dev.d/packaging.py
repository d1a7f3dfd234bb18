# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""A tarball that runs from any folder."""
import os
import platform
import shutil
import subprocess
import tarfile

import build
from shell import BUILD, ROOT, Failure, run, say


def package():
    """Installs into dist/NAME and packs that folder as dist/NAME.tar.gz."""
    build.build()
    version = build.cached("CMAKE_PROJECT_VERSION")
    if not version:
        raise Failure("build/CMakeCache.txt names no project version")
    name = "softmax-mlir-%s-%s-%s" % (version, platform.system(), platform.machine())
    dist = os.path.join(ROOT, "dist")
    folder = os.path.join(dist, name)
    if os.path.exists(folder):
        shutil.rmtree(folder)
    run(["cmake", "--install", BUILD, "--prefix", folder, "--strip"], "the installation")
    for document in ["LICENSE", "README.md", "CHANGELOG.md"]:
        source = os.path.join(ROOT, document)
        if os.path.exists(source):
            shutil.copy(source, folder)
    try_elsewhere(folder)
    archive = folder + ".tar.gz"
    with tarfile.open(archive + ".part", "w:gz") as output:
        output.add(folder, arcname=name)
    os.replace(archive + ".part", archive)
    say("made %s; it runs where Debian's libmlir-22, zlib1g and libzstd1 are installed"
        % os.path.relpath(archive, ROOT))


def try_elsewhere(folder):
    """Starts every program of the package from a folder that is not its own."""
    programs = os.path.join(folder, "bin")
    for name in sorted(os.listdir(programs)):
        status = subprocess.run([os.path.join(programs, name), "--help"], cwd="/", stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL).returncode
        if status != 0:
            raise Failure("the packaged %s does not start (status %d)" % (name, status))
