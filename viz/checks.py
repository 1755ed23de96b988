"""What an option may be, and the one error for all that are wrong."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace

from viz.errors import OptionError


@dataclass(frozen=True, slots=True)
class Allowed:
    """What an option may be: a test, and what to do where something else is given."""

    test: Callable[[object], bool]
    advice: str
    names: tuple[str, ...] = ()
    """The words that it may be, where it is a matter of words."""
    listed: str = ""
    """These words as help lists them."""


def check(name: str, given: object, allowed: Allowed) -> None:
    """Do nothing if `given` is allowed.

    Raises:
        OptionError: it is not; the message says what is.

    >>> check("digits", 99, whole_number(1, 17))
    Traceback (most recent call last):
    engine.errors.OptionError: digits=99: give a whole number from 1 to 17
    """
    if not allowed.test(given):
        raise OptionError(f"{name}={given!r}: {allowed.advice}")


def whole_number(low: int, high: int, advice: str = "") -> Allowed:
    """An int from `low` to `high`."""

    def test(x: object) -> bool:
        return isinstance(x, int) and not isinstance(x, bool) and low <= x <= high

    return Allowed(test, advice or f"give a whole number from {low} to {high}")


def one_of(names: Iterable[str], what: str, kind: type | None = None) -> Allowed:
    """One of these names, or an instance of this class of viz."""
    known = tuple(names)

    def test(x: object) -> bool:
        return x in known if isinstance(x, str) else bool(kind and isinstance(x, kind))

    advice = f"there is no such {what}; choose from {', '.join(known)}"
    listed = ", ".join(f'"{name}"' for name in known)
    if kind:
        advice += f", or give a viz.{kind.__name__}"
        listed += f", or a {kind.__name__}"
    return Allowed(test, advice, known, listed)


def some_of(known: tuple[str, ...]) -> Allowed:
    """One or several of these words."""

    def test(x: object) -> bool:
        words = [x] if isinstance(x, str) else x
        return isinstance(words, Collection) and all(each in known for each in words)

    listed = "some of " + ", ".join(f'"{word}"' for word in known)
    return Allowed(test, f"give some of {', '.join(known)}", known, listed)


def or_none(allowed: Allowed, words: str = "") -> Allowed:
    """The same, or None; `words` say what it is instead."""

    def test(x: object) -> bool:
        return x is None or allowed.test(x)

    advice = f"give {words}" if words else allowed.advice
    return replace(allowed, test=test, advice=f"{advice} or None")


def _lasts(x: object) -> bool:
    return isinstance(x, (int, float)) and not isinstance(x, bool) and 0 < x < math.inf


def _text_like(pattern: str) -> Callable[[object], bool]:
    return lambda x: isinstance(x, str) and bool(re.fullmatch(pattern, x))


SECONDS = Allowed(_lasts, "give a number of seconds above 0")
TEXT = Allowed(lambda x: isinstance(x, str), "give a string")
SWITCH = Allowed(lambda x: x in (True, False), "give True or False")
VALUES = Allowed(lambda x: isinstance(x, Iterable), "give some Values of the graph")
COLOR = Allowed(_text_like("#[0-9A-Fa-f]{6}"), "give a colour as #rrggbb")
BACKGROUND = Allowed(
    lambda x: x in ("theme", "transparent", None) or COLOR.test(x),
    "give a colour as #rrggbb, None for a transparent one, or 'theme'",
)
# No underscore: Graphviz calls the link of a node x in an SVG a_x.
PREFIX = Allowed(
    _text_like("[A-Za-z][A-Za-z0-9]*|"), "give letters and digits, or nothing"
)
# A list of fonts, with commas, falls back to other metrics in some renderers.
FONT = Allowed(_text_like(r"\w[\w -]*"), "give one name of a font")
