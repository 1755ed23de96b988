"""The legends of the pictures, as data: words, some in a colour of the theme."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass, replace
from typing import TypeAlias

from viz.style.lines import LINES


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
_EITHER, _BOTH = (_POSITIVE, " or ", _NEGATIVE), (_POSITIVE, ", ", _NEGATIVE)
_NUMBERS = frozenset({"value", "gradient"})


def _line(*words: str | tuple[str, str]) -> LegendLine:
    """A line about values and gradients, for pictures that show them."""
    return LegendLine(words, _NUMBERS)


_SIGNS = (*_EITHER, " (dashed: 0)")
_ACROSS = _line(("above the wire: value", "ink"), ", below: gradient, ", *_SIGNS)
_DOWN = _line(("left of the wire: value", "ink"), ", right of it: gradient, ", *_SIGNS)

WIRES: Legend = (
    replace(_ACROSS, vertical=False),
    replace(_DOWN, vertical=True),
    *(LegendLine((line.legend,), {line.name}) for line in LINES if line.legend),
    "width, colour: |gradient| (log); ● value used several times: gradients add up",
)
CARDS: Legend = (
    _line("card: name, ", ("value", "ink"), ", gradient (", *_BOTH, ", grey: 0)"),
    LegendLine(
        ("number on an edge: this use's share of the gradient;"
         " shares add up on the card",), {"gradient"},
    ),
)  # fmt: skip
CIRCLES: Legend = (
    _line("circle: a scope, its ", ("value", "ink"), ", its gradient (", *_BOTH, ")"),
    "width, colour: |gradient| that flows back along an edge (log)",
)
"""Of many scopes, each a circle."""

SCOPES: Legend = (
    LegendLine(
        ("card: a scope, what it puts out, gradient (", *_BOTH, "), parameters")
    ),
    "on an edge: what is used of it; |grad| is √Σ gradient² of several values",
)
"""Of few scopes, each a card."""

_FAINT = "; faint: has not changed"
_CHANGE = LegendLine(("width, colour: change of the gradient (", *_EITHER, ", log)"))
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
