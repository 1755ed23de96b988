"""The legends of the pictures, as data: words, some in a colour of the theme."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass
from typing import TypeAlias

from viz.style.lines import LINES

__all__ = [
    "CARDS",
    "CHANGED_CIRCLES",
    "CHANGES",
    "CIRCLES",
    "SCOPES",
    "WIRES",
    "Legend",
    "LegendLine",
]


@dataclass(frozen=True, slots=True)
class LegendLine:
    """A line of a legend.

    >>> line = LegendLine(("red: ", ("positive", "positive")), needs={"gradient"})
    >>> line.is_shown({"value"}, vertical=False)
    False
    """

    words: tuple[str | tuple[str, str], ...]
    """Text; and (text, role) for text in the colour that the theme has for a role."""
    needs: Set[str] = frozenset()
    """It is there where all of these lines are shown on the wires."""
    vertical: bool | None = None
    """Whether it is for pictures that go up or down only, or for the others only."""

    def is_shown(self, shown: Set[str], *, vertical: bool) -> bool:
        """Whether it belongs to a picture whose wires show these lines."""
        return self.needs <= shown and self.vertical in (None, vertical)


Legend: TypeAlias = tuple[str | LegendLine, ...]

_POSITIVE, _NEGATIVE = ("positive", "positive"), ("negative", "negative")
_SIGNS = (_POSITIVE, " or ", _NEGATIVE, " (dashed: 0)")
_BOTH = frozenset({"value", "gradient"})

WIRES: Legend = (
    LegendLine(
        (("above the wire: value", "ink"), ", below: gradient, ", *_SIGNS),
        _BOTH,
        vertical=False,
    ),
    LegendLine(
        (("left of the wire: value", "ink"), ", right of it: gradient, ", *_SIGNS),
        _BOTH,
        vertical=True,
    ),
    *(LegendLine((line.legend,), {line.name}) for line in LINES if line.legend),
    "width, colour: |gradient| (log); ● value used several times: gradients add up",
)
CARDS: Legend = (
    LegendLine(
        ("card: name, ", ("value", "ink"), ", gradient (", _POSITIVE, ", ", _NEGATIVE,
         ", grey: 0)"),
        _BOTH,
    ),
    LegendLine(
        ("number on an edge: this use's share of the gradient; shares add up on the"
         " card",),
        {"gradient"},
    ),
)  # fmt: skip
CIRCLES: Legend = (
    LegendLine(
        ("circle: a scope, its ", ("value", "ink"), ", its gradient (", _POSITIVE, ", ",
         _NEGATIVE, ")"),
        _BOTH,
    ),
    "width, colour: |gradient| that flows back along an edge (log)",
)  # fmt: skip
"""Of many scopes, each a circle."""

SCOPES: Legend = (
    LegendLine(
        ("card: a scope, what it puts out, gradient (", _POSITIVE, ", ", _NEGATIVE,
         "), parameters"),
    ),
    "on an edge: what is used of it; |grad| is √Σ gradient² of several values",
)  # fmt: skip
"""Of few scopes, each a card."""

_CHANGE = LegendLine(
    ("width, colour: change of the gradient (", _POSITIVE, " or ", _NEGATIVE, ", log)")
)
_FAINT = "; faint: has not changed"

CHANGES: Legend = (
    LegendLine(
        (("before → after", "ink"), f"\u00a0 (value above, gradient below){_FAINT}")
    ),
    _CHANGE,
)
"""Of a comparison of two runs."""

CHANGED_CIRCLES: Legend = (
    LegendLine(("circle: a scope, its value and gradient ", ("after", "ink"), _FAINT)),
    _CHANGE,
)
"""The same where a circle has no room for two numbers in a line."""
