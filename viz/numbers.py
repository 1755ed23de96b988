"""Numbers that are drawn in a way of their own.

`Changed` remembers what it was in the run that is compared with; `Hidden` takes its
place in the picture, but is not to be seen yet.
"""

from __future__ import annotations

import math

__all__ = ["Changed", "Hidden", "change"]


class Changed(float):
    """A number of a comparison.

    >>> x = Changed(5.0, 3.0)
    >>> x + 1, x.before, change(x), change(2.0)
    (6.0, 3.0, 2.0, 2.0)
    """

    __slots__ = ("before",)

    def __new__(cls, now: float, before: float) -> Changed:
        """The number `now`, which was `before`."""
        made = super().__new__(cls, now)
        made.before = before
        return made

    before: float


class Hidden(float):
    """A number that is not known yet at this point of a film."""

    __slots__ = ()


def change(x: float) -> float:
    """What a picture weighs: the change of a number that has one, else the number."""
    if not isinstance(x, Changed):
        return x
    if float(x) == x.before or (math.isnan(x) and math.isnan(x.before)):
        return 0.0
    return float(x) - x.before
