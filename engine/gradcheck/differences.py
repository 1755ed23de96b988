"""Numerical differentiation of functions on floats, with an estimate of its error.

Differences with shrinking steps, extrapolated to step 0 in a table after Richardson
(1911); the entry that agrees best with its neighbours is taken (Ridders, 1982). The
left and the right derivative are found as well: where they differ there is a kink.

A limit that large steps suggest counts only if no smaller step is farther from it, but
for noise: where smaller steps disagree, there are jumps or a kink beside the point.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise, takewhile

from engine.gradcheck.rounding import EPSILON

METHODS = ("richardson", "central")
_RATIO = 4.0


@dataclass(frozen=True, slots=True)
class Reach:
    """The steps: the largest, over the size of the input, and how many there are, each
    a quarter of the one before."""

    largest: float
    levels: int


USUAL = Reach(0.1, 12)
NEAR = Reach(0.1, 40)
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
    at_point: bool = False
    """Whether a kink is at the point itself, and not only as near as can be seen."""


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
    found = [
        _estimate_slope(points, steps, here, i, error) for i, error in enumerate(errors)
    ]
    if x == 0 or steps[-1] <= 2 * math.ulp(x):  # no number lies between
        return found
    return [replace(slope, at_point=False) for slope in found]


def _choose_steps(x: float, reach: Reach) -> list[float]:
    """Powers of two: x ± h is exact, so that no rounding is divided by h."""
    # 1/x at 1e-20 varies over 1e-20; a point that near to 0 may be 0 but for rounding
    size = abs(x) if reach is NEAR and 0 < abs(x) < 1e-15 else max(abs(x), 1e-3)
    largest = 2.0 ** round(math.log2(size * reach.largest))
    steps = [largest / _RATIO**k for k in range(reach.levels)]
    return [h for h in steps if h >= math.ulp(x)]


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

    noise = [error / h for h in steps]
    both = [(value(h) - value(-h)) / (2 * h) for h in steps]
    right = [(value(h) - middle) / h for h in steps]
    left = [(middle - value(-h)) / h for h in steps]
    return _judge(
        _extrapolate(both, noise, 2),
        _find_side(left, right, noise),
        _find_side(right, left, noise),
        noise[-1],
    )


@dataclass(frozen=True, slots=True)
class Limit:
    """The limit of differences, with its error; nan where there is none."""

    value: float
    error: float
    rough: bool = False
    jump: bool = False
    """Whether there is none because the value jumps at the point."""


def _judge(both: Limit, left: Limit, right: Limit, noise: float) -> Slope:
    """The slope that follows from the limits of differences over both sides of the
    point, over the left and over the right; `noise` is that of the smallest step."""
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
    doubt = left.error + right.error
    rough = both.rough or left.rough or right.rough
    if gap > 50 * doubt + 1e-5 * size:
        low, high = sorted((left.value, right.value))
        seen = noise < 1e-2 * gap
        return Slope(both.value, doubt, low, high, "kink", rough, seen)
    # Between a kink and none: one a little beside the point, which steps that are
    # smaller would show, but these are noise.
    error = max(both.error, gap) if gap > 3 * doubt + 1e-5 * size else both.error
    return Slope(both.value, error, both.value, both.value, "", rough)


def _find_side(
    differences: Sequence[float], other: Sequence[float], noise: Sequence[float]
) -> Limit:
    """The limit from one side; of an infinite one, the steepest difference for an
    error."""
    seen = _take_what_is_seen(differences, noise)
    if len(seen) > 3 and _are_jumping(seen):
        # Beside a kink the value seems to jump, too, by a small step's worth.
        if abs(seen[-1]) > 10 * abs(other[len(seen) - 1]):
            return Limit(math.nan, math.nan, jump=True)
    elif len(seen) > 3 and _are_growing(seen):
        return Limit(math.copysign(math.inf, seen[-1]), abs(seen[-1]))
    return _extrapolate(differences, noise, 1)


def _take_what_is_seen(
    differences: Sequence[float], noise: Sequence[float]
) -> list[float]:
    """Those of the largest steps on which are much more than noise; none where smaller
    steps see that it does not go on like this: a jump lies beside the point."""
    pairs = list(zip(differences, noise, strict=True))
    seen = [
        d for d, _ in takewhile(lambda pair: not abs(pair[0]) <= 10 * pair[1], pairs)
    ]
    last = abs(seen[-1]) if seen else 0.0
    ends = any(abs(d) + 10 * n < last for d, n in pairs[len(seen) :])
    return [] if ends else seen


def _are_growing(differences: Sequence[float]) -> bool:
    """Whether they grow at every step, as those of √x at 0 do."""
    return all(b / a > 1.3 for a, b in pairwise(differences) if a) and all(differences)


def _are_jumping(differences: Sequence[float]) -> bool:
    """Whether they grow as one over the step: then the value itself jumps here."""
    return all(3.9 < b / a < 4.1 if a else False for a, b in pairwise(differences[-4:]))


def _extrapolate(
    differences: Sequence[float], noise: Sequence[float], order: int
) -> Limit:
    """The limit of differences whose errors go with step**order, and its error."""
    noise = [n + 4 * EPSILON * abs(d) for n, d in zip(noise, differences, strict=True)]
    last = len(differences) - 1
    scatter = abs(differences[last] - differences[last - 1])
    best, best_error, level = differences[last], scatter + noise[last], last
    previous: list[float] = []
    for k, difference in enumerate(differences):
        row = [difference]
        for m, coarse in enumerate(previous):
            weight = _RATIO ** (order * (m + 1))
            entry = (weight * row[m] - coarse) / (weight - 1)
            row.append(entry)
            error = max(abs(entry - row[m]), abs(entry - coarse)) + noise[k]
            # a comparison with nan is false: such entries are passed over
            if error < best_error and _is_confirmed(
                entry, error, differences, noise, k
            ):
                best, best_error, level = entry, error, k
        previous = row
    rough = level == last > 1 and scatter > max(
        10 * (noise[last] + noise[last - 1]),
        abs(differences[last - 1] - differences[last - 2]),
        1e-6 * abs(best),
    )
    return Limit(best, best_error, rough)


def _is_confirmed(
    limit: float,
    error: float,
    differences: Sequence[float],
    noise: Sequence[float],
    level: int,
) -> bool:
    """Whether no later difference is farther from a limit than the last two that it is
    made of: large steps may reach over poles and jumps and agree by chance."""
    reach = error + max(abs(d - limit) for d in differences[level - 1 : level + 1])
    later = zip(differences[level + 1 :], noise[level + 1 :], strict=True)
    return all(abs(d - limit) <= reach + 10 * rounding for d, rounding in later)
