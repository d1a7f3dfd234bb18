#!/usr/bin/env python3
# Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.
"""Derives the constants of include/softmax/Math/Constants.inc and prints them.

Needs mpmath.  `derive-constants.py > Constants.inc` renews the file;
`derive-constants.py --check FILE` compares and exits 1 where it differs, 77
where mpmath is missing.

Polynomials: Remez exchange at 50 digits, relative error; every coefficient is
then rounded to the target type, and the error printed is that of the rounded
polynomial in exact arithmetic.
"""

import argparse
import sys

try:
    import mpmath
    from mpmath import mp, mpf
except ImportError:
    print("mpmath is missing: python3 -m pip install mpmath", file=sys.stderr)
    sys.exit(77)

mp.dps = 50
LN2 = mpmath.log(2)
LOG2E = 1 / LN2


def round_to(x, bits):
    """x rounded to `bits` significant bits, ties to even."""
    if x == 0:
        return mpf(0)
    mantissa, exponent = mpmath.frexp(x)
    scaled = mpmath.ldexp(mantissa, bits)
    return mpmath.ldexp(mpmath.nint(scaled), exponent - bits)


def chebyshev_grid(low, high, count):
    middle, half = (low + high) / 2, (high - low) / 2
    return [middle - half * mpmath.cos(mp.pi * i / (count - 1))
            for i in range(count)]


def remez(target, weight, powers, low, high, grid_size=700):
    """Coefficients of sum c_p x^p, p in powers, minimizing the largest
    |weight(x) (sum c_p x^p - target(x))| on [low, high]."""
    unknowns = len(powers)
    grid = chebyshev_grid(low, high, grid_size)
    targets = [target(x) for x in grid]
    weights = [weight(x) for x in grid]
    # Start at the extrema of a Chebyshev polynomial, well off the weight's
    # zeros: a point there would carry a meaningless level.
    largest = max(weights)
    step = (grid_size - 1) / mpf(unknowns)
    points = [int(mpmath.nint(i * step)) for i in range(unknowns + 1)]
    points = [p if weights[p] > largest / 1000 else int(p + step / 3)
              for p in points]
    coefficients = None
    for _ in range(40):
        matrix = mpmath.matrix(unknowns + 1, unknowns + 1)
        right = mpmath.matrix(unknowns + 1, 1)
        for row, p in enumerate(points):
            for column, power in enumerate(powers):
                matrix[row, column] = grid[p] ** power
            matrix[row, unknowns] = (-1) ** row / weights[p]
            right[row] = targets[p]
        solution = mpmath.lu_solve(matrix, right)
        coefficients = [solution[i] for i in range(unknowns)]
        level = abs(solution[unknowns])
        errors = [w * (sum(c * x ** p for c, p in zip(coefficients, powers)) - t)
                  for x, w, t in zip(grid, weights, targets)]
        # One extremum per run of equal sign.
        extrema = []
        for i, e in enumerate(errors):
            if extrema and (errors[extrema[-1]] > 0) == (e > 0):
                if abs(e) > abs(errors[extrema[-1]]):
                    extrema[-1] = i
            elif e != 0:
                extrema.append(i)
        while len(extrema) > unknowns + 1:
            drop = 0 if abs(errors[extrema[0]]) < abs(errors[extrema[-1]]) else -1
            extrema.pop(drop)
        worst = max(abs(e) for e in errors)
        if len(extrema) < unknowns + 1 or worst <= level * (1 + mpf(10) ** -6):
            break
        points = extrema
    return coefficients


def fit_rounded(target, weight, powers, low, high, bits):
    """remez, then every coefficient rounded; the error is of the rounded."""
    rounded = [round_to(c, bits)
               for c in remez(target, weight, powers, low, high)]
    error = max(abs(weight(x) * (sum(c * x ** p for c, p in zip(rounded, powers))
                                 - target(x)))
                for x in chebyshev_grid(low, high, 4001))
    return rounded, error


def exp_polynomial(degree, bits):
    """c2..c_degree of exp(f) ~ 1 + f + c2 f^2 + ...; |f| a little above
    ln2 / 2, for the rounding of n is not exact at its boundary."""
    bound = LN2 / 2 * (1 + mpf(2) ** -10)

    def target(f):
        if abs(f) < mpf(10) ** -12:
            return mpf(1) / 2 + f / 6
        return (mpmath.exp(f) - 1 - f) / f ** 2

    return fit_rounded(target, lambda f: f ** 2 / mpmath.exp(f),
                       list(range(degree - 1)), -bound, bound, bits)


def table_polynomial(powers, entries, bits):
    """The coefficients of `powers` of exp(f) ~ 1 + f + ..., |f| a little above
    ln2 / (2 entries): what a table of 2^(j / entries) leaves."""
    bound = LN2 / (2 * entries) * (1 + mpf(2) ** -8)

    def target(f):
        if abs(f) < mpf(10) ** -12:
            return mpf(1) / 2 + f / 6
        return (mpmath.exp(f) - 1 - f) / f ** 2

    return fit_rounded(target, lambda f: f ** 2 / mpmath.exp(f),
                       [p - 2 for p in powers], -bound, bound, bits)


def table_error(entries, shift, bits):
    """Largest rounding error of 2^(j / entries + shift), in ULP."""
    worst = mpf(0)
    for j in range(entries):
        value = mpf(2) ** (mpf(j) / entries + shift) * mpf(2) ** (bits - 1)
        worst = max(worst, abs(value - mpmath.nint(value)))
    return worst


def search_shift(entries, bits, count):
    """The best shift (i + 1/2) / (entries count), 0 <= i < count, and its
    error: numbers of f32 that stand close to a geometric sequence.  Takes
    minutes; what it found stands in TABLE_SHIFTS."""
    best = (mpf(1), None)
    for i in range(count):
        shift = (mpf(i) + mpf(1) / 2) / (entries * count)
        best = min(best, (table_error(entries, shift, bits), shift))
    return best


# Found by search_shift(entries, 24, 2 ** 22).
TABLE_SHIFTS = {8: (4070168, 2 ** 22), 16: (606131, 2 ** 22)}


def table_constants(lines, entries):
    position, count = TABLE_SHIFTS[entries]
    shift = (mpf(position) + mpf(1) / 2) / (entries * count)
    kind = f"table{entries}"
    lines.append(f"// f32 with a table of {entries} entries, each within "
                 f"{mpmath.nstr(table_error(entries, shift, 24), 3)} ULP.")
    line(lines, kind, "InverseStep", round_to(entries * LOG2E, 24))
    step_high = round_to(LN2 / entries, 24)
    line(lines, kind, "StepHigh", step_high)
    line(lines, kind, "StepLow", round_to(LN2 / entries - step_high, 24))
    line(lines, kind, "Shift", round_to(shift, 53))
    lines.append(f"inline constexpr double {kind}Entries[] = {{")
    for j in range(entries):
        lines.append(f"    {hex_float(round_to(mpf(2) ** (mpf(j) / entries + shift), 24))},")
    lines.append("};")
    half_unit = mpf(2) ** -24
    for name, powers in [("Polynomial", [2, 3]), ("FastPolynomial", [2])]:
        values, error = table_polynomial(powers, entries, 24)
        array(lines, kind, name, values, error, half_unit)
    lines.append("")


def log_polynomial(terms, bits):
    """l1..l_terms of log(1 + f) = 2 s + s (l1 z + l2 z^2 + ...), z = s^2,
    s = f / (2 + f), sqrt(1/2) <= 1 + f < sqrt(2); error relative to log."""
    bound = ((mpmath.sqrt(2) - 1) / (mpmath.sqrt(2) + 1)) ** 2 * (1 + mpf(2) ** -8)

    def target(z):
        if z < mpf(10) ** -12:
            return mpf(2) / 3 + 2 * z / 5
        s = mpmath.sqrt(z)
        return (2 * mpmath.atanh(s) - 2 * s) / (s * z)

    return fit_rounded(target, lambda z: z / 2, list(range(terms)),
                       mpf(0), bound, bits)


def hex_float(x):
    """x, exactly a double, as a C++17 hexadecimal literal."""
    value = float(x)
    assert mpf(value) == x
    mantissa, exponent = value.hex().split("p")
    if "." in mantissa:
        mantissa = mantissa.rstrip("0").rstrip(".")
    return f"{mantissa}p{int(exponent)}"


def line(lines, kind, name, value, comment=""):
    text = f"inline constexpr double {kind}{name} = {hex_float(value)};"
    lines.append(text + (f" // {comment}" if comment else ""))


def array(lines, kind, name, values, error, unit):
    lines.append(f"// Largest error {mpmath.nstr(error, 4)} relative, "
                 f"{mpmath.nstr(error / unit, 3)} half units in the last place.")
    lines.append(f"inline constexpr double {kind}{name}[] = {{")
    for value in values:
        lines.append(f"    {hex_float(value)},")
    lines.append("};")


def type_constants(lines, kind, bits, ln2_bits, degree, log_terms):
    half_unit = mpf(2) ** -bits
    lines.append(f"// {kind}: {bits} significant bits; ln2 split after "
                 f"{ln2_bits} bits.")
    line(lines, kind, "Log2E", round_to(LOG2E, bits))
    line(lines, kind, "Ln2", round_to(LN2, bits))
    ln2_high = round_to(LN2, ln2_bits)
    ln2_low = round_to(LN2 - ln2_high, bits)
    line(lines, kind, "Ln2High", ln2_high)
    line(lines, kind, "Ln2Low", ln2_low,
         f"error {mpmath.nstr(abs(LN2 - ln2_high - ln2_low), 3)}")
    # log2(e) for log2: the high part times a number of half the bits is exact.
    log2e_high = round_to(LOG2E, bits // 2)
    line(lines, kind, "Log2EHigh", log2e_high)
    line(lines, kind, "Log2ELow", round_to(LOG2E - log2e_high, bits))
    line(lines, kind, "Magic", mpf(3) * mpf(2) ** (bits - 2),
         "adding it rounds to an integer")
    values, error = exp_polynomial(degree, bits)
    array(lines, kind, "ExpPolynomial", values, error, half_unit)
    if bits == 24:
        values, error = exp_polynomial(4, bits)
        array(lines, kind, "FastExpPolynomial", values, error, half_unit)
    values, error = log_polynomial(log_terms, bits)
    array(lines, kind, "LogPolynomial", values, error, half_unit)
    lines.append("")


def derive():
    lines = [
        "// Part of softmax-mlir, under the Apache License v2.0 with LLVM Exceptions.",
        "// Printed by lib/Math/scripts/derive-constants.py; do not edit.",
        "// clang-format off",
        "",
    ]
    # f32: |n| < 2^10 in the scaled core, so 14 bits of ln2 keep n * ln2 exact.
    type_constants(lines, "f32", 24, 14, 6, 4)
    # f64: |n| < 2^13, so 40 bits.
    type_constants(lines, "f64", 53, 40, 11, 7)
    for entries in [8, 16]:
        table_constants(lines, entries)
    lines.append("// clang-format on")
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", metavar="FILE",
                        help="compare FILE with what this script prints")
    options = parser.parse_args()
    text = derive()
    if not options.check:
        sys.stdout.write(text)
        return 0
    with open(options.check, encoding="utf-8") as file:
        held = file.read()
    if held == text:
        print(f"{options.check} holds the derived constants")
        return 0
    for number, (a, b) in enumerate(zip(held.splitlines(), text.splitlines()), 1):
        if a != b:
            print(f"{options.check}:{number}: holds   {a}\n"
                  f"{options.check}:{number}: derived {b}")
    print(f"{options.check} differs from what the script derives; renew it with "
          "derive-constants.py > Constants.inc")
    return 1


if __name__ == "__main__":
    sys.exit(main())
