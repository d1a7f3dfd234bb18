# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""The machine that measures: its processor, its caches and who else is on it."""
import os
import platform


def processor():
    """The processor's name as the system tells it."""
    fields = {}
    try:
        with open("/proc/cpuinfo") as info:
            for line in info:
                name, _, value = line.partition(":")
                fields.setdefault(name.strip(), value.strip())
                if not line.strip():
                    break
    except OSError:
        pass
    name = fields.get("model name") or fields.get("Model") or platform.machine()
    if "cpu family" in fields:
        name += " (family %s, model %s)" % (fields["cpu family"], fields.get("model", "?"))
    return name


def wide_vectors():
    """The widest of the vector extensions that matter here, or an empty text."""
    try:
        with open("/proc/cpuinfo") as info:
            flags = next((line.split() for line in info if line.startswith("flags")), [])
    except OSError:
        return ""
    for flag, name in [("avx512f", "AVX-512"), ("avx2", "AVX2"), ("sse4_2", "SSE 4.2")]:
        if flag in flags:
            return name
    return ""


def caches():
    """Bytes of a core's second level, {"L2": ...}, and of the third."""
    sizes = {"L2": 2 ** 20, "L3": 32 * 2 ** 20}
    folder = "/sys/devices/system/cpu/cpu0/cache"
    units = {"K": 2 ** 10, "M": 2 ** 20, "G": 2 ** 30}
    try:
        for index in os.listdir(folder):
            if not index.startswith("index"):
                continue
            with open(os.path.join(folder, index, "level")) as text:
                level = "L" + text.read().strip()
            with open(os.path.join(folder, index, "size")) as text:
                size = text.read().strip()
            if level in sizes and size[-1] in units:
                sizes[level] = int(size[:-1]) * units[size[-1]]
    except (OSError, ValueError):
        pass
    return sizes


def processors():
    """Those that this process may use, in order."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


def describe():
    size = caches()
    return "%s, %s, %d processors, %d KiB of L2, %d MiB of L3" % (
        processor(), wide_vectors() or platform.machine(), len(processors()), size["L2"] // 2 ** 10,
        size["L3"] // 2 ** 20)


def load():
    """How many programs were running in the last minute."""
    return os.getloadavg()[0]
