# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""What is measured: points, and the listed ones of every run."""

from . import family

BYTES = {"f16": 2, "bf16": 2, "f32": 4, "f64": 8}
# Of one kernel alone.
ALL_BYTES = dict(BYTES, i8=1)
SOFTMAX = "softmax"
KERNELS = (SOFTMAX,) + tuple(family.KERNELS)
# Alone; with a producer that has just written the logits; with a consumer that reads
# the probabilities at once; of many lengths side by side; one call of next to nothing.
MODES = ("alone", "producer", "consumer", "lengths", "call")
KIB, MIB = 2 ** 10, 2 ** 20
# 16 GiB of f64: more is a slip of the keyboard.
MOST_ELEMENTS = 2 ** 31


class Point:
    """Softmax of a compact tensor of `type` over dimension `axis`, or another kernel of the family."""

    def __init__(self, shape, type="f32", axis=None, mode="alone", kernel=SOFTMAX):
        self.shape = tuple(shape)
        self.type = type
        self.axis = len(self.shape) - 1 if axis is None else axis
        self.mode = mode
        self.kernel = kernel

    @property
    def elements(self):
        product = 1
        for size in self.shape:
            product *= size
        return product

    @property
    def bytes(self):
        """Of the input, and of the output."""
        return self.elements * ALL_BYTES[self.type]

    @property
    def length(self):
        return self.shape[self.axis]

    @property
    def inner(self):
        """Elements between two neighbours along the axis."""
        product = 1
        for size in self.shape[self.axis + 1:]:
            product *= size
        return product

    @property
    def outer(self):
        return self.elements // self.length // self.inner

    def shape_text(self):
        """As --shapes takes it."""
        text = "x".join(map(str, self.shape))
        return text if self.axis == len(self.shape) - 1 else "%s@%d" % (text, self.axis)

    def __str__(self):
        kernel = "" if self.kernel == SOFTMAX else self.kernel + " "
        return "%s%s %s%s" % (kernel, self.shape_text(), self.type, "" if self.mode == "alone" else ", " + self.mode)

    def key(self):
        return self.shape, self.type, self.axis, self.mode, self.kernel

    def __eq__(self, other):
        return self.key() == other.key()

    def __hash__(self):
        return hash(self.key())


def parse_shape(text, type="f32", mode="alone"):
    """The point of 1024x4096, 1000x4096@0, 32x81x8732@1; raises ValueError."""
    shape_text, at, axis_text = text.partition("@")
    sizes = shape_text.split("x")
    good = len(sizes) in (2, 3) and all(size.isdecimal() and int(size) > 0 for size in sizes)
    axis = len(sizes) - 1
    if at:
        good = good and axis_text.isdecimal() and int(axis_text) < len(sizes)
        axis = int(axis_text) if good else 0
    if good:
        point = Point([int(size) for size in sizes], type, axis, mode)
        if point.elements <= MOST_ELEMENTS:
            return point
    raise ValueError("cannot use shape '%s': write ROWSxCOLUMNS, as in 1024x4096, or three sizes, with @0 or @1 "
                     "to normalize over another dimension than the last, and at most 2^31 elements" % text)


COLUMNS = [32, 64, 100, 128, 256, 512, 1000, 1024, 2048, 4096, 8192, 16384, 32768, 65536, 131072]
# Of f32: within L2, two sizes within L3, and memory.
CACHED_BYTES = [64 * KIB, MIB, 8 * MIB]
LONG_ROWS = [1048576, 8388608]
MEMORY_BYTES = 64 * MIB
NEIGHBOURED = [(4096, 1024), (256, 32768)]
OUTER = ["1000x4096@0", "32x81x8732@1"]
NARROW_COLUMNS = [128, 512, 1024, 4096, 16384]
WIDE_COLUMNS = [128, 1024, 4096, 16384]
# Where builds of other accuracies run beside the default one: in cache and out of it.
ACCURACY_POINTS = [Point((256, 1024)), Point((64, 4096)), Point((4096, 4096))]


def rows_of(columns, size, type="f32"):
    """Rows of so many columns that have about `size` bytes."""
    return Point((max(1, size // (columns * BYTES[type])), columns), type)


def listed(neighbours=("producer", "consumer")):
    """The points of a full run."""
    plan = [rows_of(columns, size) for size in CACHED_BYTES for columns in COLUMNS
            if columns * BYTES["f32"] <= size]
    plan += [rows_of(columns, MEMORY_BYTES) for columns in COLUMNS if columns >= 1000] \
        + [rows_of(columns, MEMORY_BYTES) for columns in LONG_ROWS]
    plan += [Point((65536, 10))]
    plan += [parse_shape(text) for text in OUTER]
    plan += [Point(shape, mode=mode) for shape in NEIGHBOURED for mode in neighbours]
    for type in ["f16", "bf16"]:
        plan += [rows_of(columns, MIB, type) for columns in NARROW_COLUMNS]
        plan += [rows_of(4096, MEMORY_BYTES, type)]
    plan += [rows_of(columns, MIB, "f64") for columns in WIDE_COLUMNS]
    plan += [rows_of(4096, size, "f64") for size in [8 * MIB, MEMORY_BYTES]]
    return plan


def quick(neighbours=("producer", "consumer")):
    """A few points: at least one for each goal that a point can decide."""
    plan = [rows_of(columns, size) for size in CACHED_BYTES for columns in [128, 1024, 8192]]
    plan += [rows_of(4096, MEMORY_BYTES), rows_of(LONG_ROWS[0], MEMORY_BYTES), Point((65536, 10))]
    plan += [parse_shape(OUTER[0])]
    plan += [Point(NEIGHBOURED[0], mode=mode) for mode in neighbours]
    plan += [rows_of(1024, MIB, type) for type in ["f16", "bf16", "f64"]]
    return plan


# Of the family's other kernels: between cache and memory, and out of cache.
FAMILY_SHAPES = [(1024, 4096), (16384, 4096)]


def of_family(names, shapes):
    """The points of kernels of the family."""
    return [Point(shape, family.TYPES.get(name, "f32"), kernel=name)
            for name in names for shape in shapes]


# The lengths whose time per element is compared with that of their neighbours.
SWEEP_ELEMENTS = 65536


def swept_lengths():
    """[(length, its neighbours)]: 17 to 300, each beside the four on either side; and around
    each power of two the five lengths from two less to two more."""
    result = []
    for length in range(17, 301):
        result.append((length, [other for other in range(max(17, length - 4), min(300, length + 4) + 1)
                                if other != length]))
    for power in range(9, 18):
        group = [2 ** power + offset for offset in (-2, -1, 0, 1, 2)]
        result += [(length, [other for other in group if other != length]) for length in group[1:4]]
    return result


def swept_point(length, threads):
    """About SWEEP_ELEMENTS in rows of a length: as many rows for each thread."""
    return Point((max(1, SWEEP_ELEMENTS // length // threads) * threads, length), mode="lengths")


def size_class(point, caches, threads):
    """Where input and output lie together: in the second level of the cores used, in the
    third (three quarters of which are enough), in memory (input of 64 MB or more), or `between`,
    partly in cache."""
    both = 2 * point.bytes
    if both <= caches["L2"] * threads:
        return "L2"
    if both <= caches["L3"] * 3 // 4:
        return "L3"
    return "memory" if point.bytes >= 64e6 else "between"
