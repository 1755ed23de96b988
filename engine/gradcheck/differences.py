"""Numerical differentiation of functions on floats, with an estimate of its error.

Differences with shrinking steps, extrapolated to step 0 in a table after Richardson
(1911); the entry that agrees best with its neighbours is taken (Ridders, 1982). The
left and the right derivative are found as well: where they differ there is a kink.

The smallest steps that are more than noise are the witnesses: where they scatter by
more than rounding explains, the values jump beside the point, and nothing is claimed.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from engine.gradcheck.rounding import EPSILON

METHODS = ("richardson", "central")
_RATIO = 4.0
_KEPT = 4
"""Steps that count even where all is noise."""


@dataclass(frozen=True, slots=True)
class Reach:
    """The steps: the largest, over the size of the input, and how many there are, each
    a quarter of the one before."""

    largest: float
    levels: int


USUAL = Reach(0.1, 12)
NEAR = Reach(0.1, 26)
"""For functions that are wild beside the point."""
FAR = Reach(1e4, 20)
"""For values that are known to few digits."""
CENTRAL = Reach(4 * EPSILON ** (1 / 3), 2)

Points = dict[float, list[float] | None]


@dataclass(frozen=True, slots=True)
class Slope:
    """A derivative that was found numerically.

    At a kink `low` and `high` are the one-sided derivatives; where it seems infinite,
    the steepest difference and ±∞; elsewhere both are `value`. At a jump that is the
    slope of the side that joins on. `note` says what is unusual, and is empty when
    nothing is.
    """

    value: float
    error: float
    low: float
    high: float
    note: str = ""
    rough: bool = False
    """Whether the values scatter beside the point, so that the slope says nothing."""


def estimate_slopes(
    f: Callable[[float], list[float]],
    x: float,
    *,
    method: str = "richardson",
    errors: Sequence[float] | None = None,
    reach: Reach = USUAL,
) -> list[Slope]:
    """The derivatives at `x` of a function with several results.

    Args:
        f: may raise ArithmeticError or ValueError, or give nan, where it is not
            defined: then the other side of `x` is used alone.
        method: "richardson", or "central": the textbook's one central difference
            with a step of about the cube root of the rounding error.
        errors: how wrong each result may be; one rounding of it otherwise.
        reach: how large and how small the steps are.

    >>> [slope] = estimate_slopes(lambda x: [x**3], 2.0)
    >>> round(slope.value, 9), slope.error < 1e-9
    (12.0, True)
    >>> [slope] = estimate_slopes(lambda x: [abs(x)], 0.0)
    >>> slope.low, slope.high, slope.note
    (-1.0, 1.0, 'kink')
    """
    here = f(x)
    errors = errors or [EPSILON * abs(y) for y in here]
    steps = _choose_steps(x, CENTRAL if method == "central" else reach)
    points = {h: _try(f, x + h) for step in steps for h in (step, -step)}
    return [
        _estimate_slope(points, steps, here, i, error) for i, error in enumerate(errors)
    ]


def _choose_steps(x: float, reach: Reach) -> list[float]:
    """Powers of two: x ± h is exact, so that no rounding is divided by h."""
    # 1/x at 1e-20 varies over 1e-20; a point that near to 0 may be 0 but for rounding
    size = abs(x) if reach is NEAR and 0 < abs(x) < 1e-15 else max(abs(x), 1e-3)
    largest = 2.0 ** round(math.log2(size * reach.largest))
    steps = [largest / _RATIO**k for k in range(reach.levels)]
    return [h for h in steps if h >= 2 * math.ulp(x)]


def _try(f: Callable[[float], list[float]], x: float) -> list[float] | None:
    """f(x), or None where it is not defined."""
    try:
        return f(x)
    except (ArithmeticError, ValueError):
        return None


def _estimate_slope(
    points: Points, steps: Sequence[float], here: list[float], i: int, error: float
) -> Slope:
    """The derivative of result number i, which is right to within `error`."""
    middle = here[i]
    if not math.isfinite(middle):
        return Slope(math.nan, math.nan, math.nan, math.nan, "the value is not finite")

    def value(h: float) -> float:
        results = points[h]
        return math.nan if results is None else results[i]

    def limit(differences: list[float], order: int) -> Limit:
        noise = [error / h for h in steps]
        count = _count_witnesses(differences, noise)
        return _extrapolate(differences[:count], noise[:count], order)

    both = limit([(value(h) - value(-h)) / (2 * h) for h in steps], 2)
    right = limit([(value(h) - middle) / h for h in steps], 1)
    left = limit([(middle - value(-h)) / h for h in steps], 1)
    return _judge(both, left, right)


def _count_witnesses(differences: Sequence[float], noise: Sequence[float]) -> int:
    """How many steps, from the largest on, show more than noise."""
    size = max((abs(d) for d in differences[: USUAL.levels] if d == d), default=0.0)
    return max(_KEPT, sum(rounding < 1e-2 * size for rounding in noise))


@dataclass(frozen=True, slots=True)
class Limit:
    """The limit of differences, with its error; nan where there is none."""

    value: float
    error: float
    rough: bool = False
    jump: bool = False
    """Whether there is none because the value jumps at the point."""


def _judge(both: Limit, left: Limit, right: Limit) -> Slope:
    """The slope that follows from the limits of differences over both sides of the
    point, over the left and over the right."""
    sides = [side for side in (left, right) if not math.isnan(side.value)]
    if not sides:
        return Slope(math.nan, math.nan, math.nan, math.nan, "not defined around here")
    steep = [side for side in sides if math.isinf(side.value)]
    if steep:  # somewhere between the steepest that was seen and infinity
        value, seen = steep[-1].value, steep[-1].error
        low, high = sorted((math.copysign(seen, value), value))
        return Slope(value, 0.0, low, high, "infinite")
    if len(sides) == 1:
        [side] = sides
        note = "jump" if left.jump or right.jump else "one-sided"
        return Slope(side.value, side.error, side.value, side.value, note, side.rough)
    gap = abs(left.value - right.value)
    size = max(abs(left.value), abs(right.value))
    if gap > 50 * (left.error + right.error) + 1e-5 * size:
        low, high = sorted((left.value, right.value))
        rough = left.rough or right.rough
        return Slope(both.value, left.error + right.error, low, high, "kink", rough)
    # a kink a little beside the point has no limit from its side, yet a mean of both
    rough = both.rough or left.rough or right.rough
    return Slope(both.value, both.error, both.value, both.value, "", rough)


def _are_growing(differences: Sequence[float]) -> bool:
    """Whether they grow at every step, as those of √x at 0 do."""
    pairs = pairwise(differences)
    return (
        len(differences) > 2
        and all(b / a > 1.3 for a, b in pairs if a)
        and all(differences)
    )


def _are_jumping(differences: Sequence[float]) -> bool:
    """Whether they grow as one over the step: then the value itself jumps here."""
    last = differences[-4:]
    return len(last) == 4 and all(
        3.9 < b / a < 4.1 if a else False for a, b in pairwise(last)
    )


def _extrapolate(
    differences: Sequence[float], noise: Sequence[float], order: int
) -> Limit:
    """The limit of differences whose errors go with step**order, and its error.

    For an infinite limit the steepest difference stands in the place of the error.
    """
    if _are_jumping(differences):
        return Limit(math.nan, math.nan, jump=True)
    if _are_growing(differences):
        return Limit(math.copysign(math.inf, differences[-1]), abs(differences[-1]))
    finest = differences[-1]
    scatter, floor = abs(finest - differences[-2]), noise[-1] + noise[-2]
    # Large steps may reach over poles and jumps and agree by chance: a limit counts
    # only if it is what the smallest steps say, to within their own scatter.
    slack = 10 * (scatter + floor)
    best, best_error = finest, scatter + noise[-1]
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
    rough = len(differences) > 2 and scatter > max(
        10 * floor, abs(differences[-2] - differences[-3]), 1e-6 * abs(best)
    )
    return Limit(best, best_error, rough)
