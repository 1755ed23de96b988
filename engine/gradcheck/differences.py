"""Numerical differentiation of functions on floats, with an estimate of its error.

Differences with shrinking steps, extrapolated to step 0 in a table after Richardson
(1911); the entry that agrees best with its neighbours is taken (Ridders, 1982). The
left and the right derivative are found as well: where they differ there is a kink.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

METHODS = ("richardson", "central")
_RATIO = 4.0
_LEVELS = 12
_EPSILON = 2.0**-52

Points = dict[float, list[float] | None]


@dataclass(frozen=True, slots=True)
class Slope:
    """A derivative that was found numerically.

    At a kink `low` and `high` are the one-sided derivatives; where it seems infinite,
    the steepest difference and ±∞; elsewhere both are `value`. `note` says what is
    unusual, and is empty when nothing is.
    """

    value: float
    error: float
    low: float
    high: float
    note: str = ""


def estimate_slopes(
    f: Callable[[float], list[float]], x: float, *, method: str = "richardson"
) -> list[Slope]:
    """The derivatives at `x` of a function with several results.

    Args:
        f: may raise ArithmeticError or ValueError, or give nan, where it is not
            defined: then the other side of `x` is used alone.
        method: "richardson", or "central": the textbook's one central difference
            with a step of about the cube root of the rounding error.

    >>> [slope] = estimate_slopes(lambda x: [x**3], 2.0)
    >>> round(slope.value, 9), slope.error < 1e-9
    (12.0, True)
    >>> [slope] = estimate_slopes(lambda x: [abs(x)], 0.0)
    >>> slope.low, slope.high, slope.note
    (-1.0, 1.0, 'kink')
    """
    here = f(x)
    scale = max(abs(x), 1e-3)
    largest = 0.1 if method == "richardson" else 4 * _EPSILON ** (1 / 3)
    levels = _LEVELS if method == "richardson" else 2
    steps = [scale * largest / _RATIO**k for k in range(levels)]
    points = {h: _try(f, x + h) for step in steps for h in (step, -step)}
    return [_estimate_slope(points, steps, i, here[i]) for i in range(len(here))]


def _try(f: Callable[[float], list[float]], x: float) -> list[float] | None:
    """f(x), or None where it is not defined."""
    try:
        return f(x)
    except (ArithmeticError, ValueError):
        return None


def _estimate_slope(
    points: Points, steps: Sequence[float], i: int, here: float
) -> Slope:
    """The derivative of result number i."""
    if not math.isfinite(here):
        return Slope(math.nan, math.nan, math.nan, math.nan, "the value is not finite")

    def value(h: float) -> float:
        results = points[h]
        return math.nan if results is None else results[i]

    # The rounding error of a difference: the value's own, over the step.
    noise = [_EPSILON * abs(here) / h for h in steps]
    both = _extrapolate([(value(h) - value(-h)) / (2 * h) for h in steps], noise, 2)
    right = _extrapolate([(value(h) - here) / h for h in steps], noise, 1)
    left = _extrapolate([(here - value(-h)) / h for h in steps], noise, 1)
    return _judge(both, left, right)


def _judge(
    both: tuple[float, float], left: tuple[float, float], right: tuple[float, float]
) -> Slope:
    """The slope that follows from three limits: of differences over both sides of the
    point, over the left and over the right, each with its error."""
    sides = [side for side in (left, right) if not math.isnan(side[0])]
    if not sides:
        return Slope(math.nan, math.nan, math.nan, math.nan, "not defined around here")
    steep = [side for side in sides if math.isinf(side[0])]
    if steep:  # somewhere between the steepest that was seen and infinity
        value, seen = steep[-1]
        low, high = sorted((math.copysign(seen, value), value))
        return Slope(value, 0.0, low, high, "infinite")
    if len(sides) == 1:
        [(value, error)] = sides
        return Slope(value, error, value, value, "one-sided")
    gap = abs(left[0] - right[0])
    size = max(abs(left[0]), abs(right[0]))
    if gap > 50 * (left[1] + right[1]) + 1e-5 * size:
        low, high = sorted((left[0], right[0]))
        return Slope(both[0], left[1] + right[1], low, high, "kink")
    return Slope(both[0], both[1], both[0], both[0])


def _are_growing(differences: Sequence[float]) -> bool:
    """Whether they grow at every step, as those of √x at 0 do."""
    pairs = pairwise(differences)
    return (
        len(differences) > 2
        and all(b / a > 1.3 for a, b in pairs if a)
        and all(differences)
    )


def _extrapolate(
    differences: Sequence[float], noise: Sequence[float], order: int
) -> tuple[float, float]:
    """The limit of differences whose errors go with step**order, and its error.

    For an infinite limit the steepest difference stands in the place of the error.
    """
    if _are_growing(differences):
        return math.copysign(math.inf, differences[-1]), abs(differences[-1])
    finest = differences[-1]
    # Large steps may reach over poles and jumps and agree by chance: a limit counts
    # only if it is what the smallest steps say, to within their own scatter.
    slack = 10 * (abs(finest - differences[-2]) + noise[-1] + noise[-2])
    best, best_error = finest, abs(finest - differences[-2]) + noise[-1]
    previous: list[float] = []
    for difference, rounding in zip(differences, noise, strict=True):
        row = [difference]
        for k, coarse in enumerate(previous):
            weight = _RATIO ** (order * (k + 1))
            row.append((weight * row[k] - coarse) / (weight - 1))
            error = max(abs(row[-1] - row[k]), abs(row[-1] - coarse)) + rounding
            # a comparison with nan is false: such entries are passed over
            if error < best_error and abs(row[-1] - finest) <= slack:
                best, best_error = row[-1], error
        previous = row
    return best, best_error
