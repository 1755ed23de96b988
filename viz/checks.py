"""What an option may be: one error for all that are wrong."""

from __future__ import annotations

import math
import re
from collections.abc import Callable

from viz.errors import OptionError

__all__ = [
    "check",
    "color",
    "font_name",
    "plain_name",
    "seconds",
    "some_of",
    "text_or_none",
    "whole_number",
]


def check(
    name: str, given: object, allowed: Callable[[object], bool], is_: str
) -> None:
    """Nothing, if `given` is allowed.

    Raises:
        OptionError: it is not; the message says what `is_` allowed.

    >>> check("digits", 99, whole_number(1, 17), "a whole number from 1 to 17")
    Traceback (most recent call last):
    engine.errors.OptionError: digits=99: give a whole number from 1 to 17
    """
    if not allowed(given):
        raise OptionError(f"{name}={given!r}: give {is_}")


def whole_number(low: int, high: int) -> Callable[[object], bool]:
    """An int from `low` to `high`."""

    def allowed(x: object) -> bool:
        return isinstance(x, int) and not isinstance(x, bool) and low <= x <= high

    return allowed


def some_of(known: tuple[str, ...]) -> Callable[[object], bool]:
    """None, or a tuple of some of these words."""

    def allowed(x: object) -> bool:
        return x is None or (isinstance(x, tuple) and set(x) <= set(known))

    return allowed


def seconds(x: object) -> bool:
    """A length of time that passes."""
    return isinstance(x, (int, float)) and not isinstance(x, bool) and 0 < x < math.inf


def text_or_none(x: object) -> bool:
    """A string, or None."""
    return x is None or isinstance(x, str)


def plain_name(x: object) -> bool:
    """Letters and digits, a letter first; or nothing."""
    return isinstance(x, str) and bool(re.fullmatch("[A-Za-z][A-Za-z0-9]*|", x))


def font_name(x: object) -> bool:
    """Words of letters and digits; a list of fonts, with commas, is none."""
    return isinstance(x, str) and bool(re.fullmatch(r"\w[\w -]*", x))


def color(x: object) -> bool:
    """A colour as #rrggbb."""
    return isinstance(x, str) and bool(re.fullmatch("#[0-9A-Fa-f]{6}", x))
