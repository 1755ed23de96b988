"""Schedules: the learning rate as a function of the step, counted from 0.

An optimizer's `lr` is a number or any such function.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from engine.errors import OptionError

Schedule = Callable[[int], float]


def linear(first: float, last: float, count: int) -> Schedule:
    """From `first` to `last` in `count` steps, in a straight line, then `last`.

    >>> schedule = linear(1.0, 0.1, 100)
    >>> schedule(0), round(schedule(50), 3), schedule(1000)
    (1.0, 0.55, 0.1)
    """
    _check_count(count)

    def schedule(step: int) -> float:
        part = min(step / count, 1)
        return first * (1 - part) + last * part

    return schedule


def exponential(first: float, factor: float) -> Schedule:
    """first · factorᵗ at step t.

    >>> exponential(0.1, 0.5)(2)
    0.025
    """
    return lambda step: first * factor**step


def steps(first: float, factor: float, every: int) -> Schedule:
    """`first`, times `factor` after every so many steps.

    >>> schedule = steps(0.1, 0.5, every=10)
    >>> schedule(9), schedule(10)
    (0.1, 0.05)
    """
    _check_count(every)
    return lambda step: first * factor ** (step // every)


def cosine(first: float, last: float, count: int, *, warmup: int = 0) -> Schedule:
    """From `first` to `last` along half a cosine, after a straight rise from 0.

    last + (first − last) · (1 + cos(π t / count)) / 2. Loshchilov & Hutter (2017).

    Args:
        count: the steps of the descent.
        warmup: the steps of the rise before it.

    >>> schedule = cosine(1.0, 0.0, 100, warmup=10)
    >>> schedule(4), schedule(10), round(schedule(60), 3), schedule(500)
    (0.5, 1.0, 0.5, 0.0)
    """
    _check_count(count)

    def schedule(step: int) -> float:
        if step < warmup:
            return first * (step + 1) / warmup
        part = min((step - warmup) / count, 1)
        return last + (first - last) * (1 + math.cos(math.pi * part)) / 2

    return schedule


def _check_count(count: int) -> None:
    if not count > 0:
        raise OptionError(f"a schedule takes one step or more, not {count!r}")
