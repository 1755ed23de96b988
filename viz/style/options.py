"""The options of `draw` as a type, so that editors complete them elsewhere, too."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypedDict

from engine import Value
from viz.checks import check, plain_name, some_of, text_or_none, whole_number
from viz.style.theme import Style, Theme

__all__ = ["DIRECTIONS", "LINES", "Lit", "Look", "Options"]


class Look(TypedDict, total=False):
    """What `viz.draw` explains."""

    style: str | Style | None
    theme: str | Theme
    depth: int | None
    fuse: bool | None
    budget: int | None
    direction: str
    show: Sequence[str] | None
    highlight: Iterable[Value] | None
    digits: int
    legend: bool
    title: str | None
    font: str | None
    dpi: int
    id_prefix: str
    renderer: str | None
    time_limit: float


Lit = Callable[[str], bool]
"""Whether a part of the picture stands out, by its name in DOT."""

DIRECTIONS = {"LR": ("w", "e"), "RL": ("e", "w"), "TB": ("n", "s"), "BT": ("s", "n")}
"""From where to where a picture goes, and the sides at which a wire is met."""

LINES = ("value", "gradient", "chain")
"""What can be written on a wire."""

_OF_DIRECTIONS = ", ".join(DIRECTIONS)


@dataclass(frozen=True, slots=True)
class Options:
    """What a picture looks like, apart from what it tells."""

    style: Style
    theme: Theme
    digits: int = 4
    legend: bool = True
    title: str | None = None
    dpi: int = 120
    id_prefix: str = ""
    direction: str = "LR"
    show: tuple[str, ...] | None = None
    lit: Lit | None = None
    """Which names stand out; None is all of them, equally."""
    focus: str = ""
    """The id of the node where something happens."""
    told: tuple[str, ...] | None = None
    """The lines of the legend, instead of the style's."""
    note: str = ""
    """A line of the caption that is there without the legend, too."""

    def __post_init__(self) -> None:
        check("digits", self.digits, whole_number(1, 17), "a whole number from 1 to 17")
        check("dpi", self.dpi, whole_number(10, 1200), "a whole number from 10 to 1200")
        check("direction", self.direction, DIRECTIONS.__contains__, _OF_DIRECTIONS)
        check("show", self.show, some_of(LINES), f"some of {', '.join(LINES)}")
        check("title", self.title, text_or_none, "a string or None")
        # No underscore: Graphviz calls the link of a node x in an SVG a_x.
        check("id_prefix", self.id_prefix, plain_name, "letters and digits, or nothing")

    @property
    def lines(self) -> frozenset[str]:
        """What is written on a wire or a card: what was asked for, or by the style."""
        if self.show is not None:
            return frozenset(self.show)
        return frozenset(LINES if self.style.chain else LINES[:2])
