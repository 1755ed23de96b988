"""`Diagram` → DOT: a pure function, the same text for equal graphs."""

from __future__ import annotations

import re
from dataclasses import dataclass

from viz.canvas import Canvas
from viz.card import CardEmitter
from viz.diagram import Diagram
from viz.errors import OptionError
from viz.labels import capped, cell
from viz.paint import Painter
from viz.picture import Picture
from viz.tables import Line, rows, table
from viz.theme import Style, Theme
from viz.wire import WireEmitter
from viz.words import Words

__all__ = ["Options", "to_dot"]

FONT = "Helvetica"  # one name: a list falls back to other metrics in some renderers

VALUES_ONLY = "values only: call backward() to have gradients"


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

    def __post_init__(self) -> None:
        if not (isinstance(self.digits, int) and 1 <= self.digits <= 17):
            raise OptionError(f"digits={self.digits!r}: a whole number from 1 to 17")
        if not 10 <= self.dpi <= 1200:
            raise OptionError(f"dpi={self.dpi!r}: a number from 10 to 1200")
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*|", self.id_prefix):
            raise OptionError(
                f"id_prefix={self.id_prefix!r}: letters, digits and _, a letter first"
            )


def to_dot(diagram: Diagram, options: Options) -> Picture:
    """The picture of a diagram, not rendered yet."""
    picture = Picture()
    picture.attr(
        "graph",
        id=options.id_prefix + "graph",
        rankdir="LR",
        nodesep="0.18",
        ranksep=f"{options.style.ranksep:g}",
        pad="0.25",
        outputorder="edgesfirst",
        bgcolor=options.theme.background,
        dpi=str(options.dpi),
        fontname=FONT,
        fontsize="10",
        fontcolor=options.theme.small,
    )
    picture.attr("node", fontname=FONT, fontcolor=options.theme.ink)
    picture.attr("edge", fontname=FONT)
    if caption := _caption(diagram, options):
        picture.attr("graph", label=caption, labelloc="b", labeljust="l")
    words = Words(Painter.of(diagram, options.style, options.theme), options.digits)
    emitter = CardEmitter if options.style.layout == "card" else WireEmitter
    emitter(Canvas(picture, options.id_prefix), diagram, words).emit()
    return picture


def _caption(diagram: Diagram, options: Options) -> str:
    """Title and legend below the picture; that gradients are missing is always said."""
    lines = []
    theme = options.theme
    if title := capped(options.title or "", 200):
        lines.append(Line(title, 13, theme.ink, "B").html)
    if not diagram.has_gradients:
        lines.append(cell(VALUES_ONLY))
    elif options.legend:
        lines += [_legend_line(line, theme) for line in options.style.legend]
    if not lines:
        return ""
    text = "".join(f'{line}<BR ALIGN="LEFT"/>' for line in lines)
    space, left = '<TD HEIGHT="8"></TD>', f'<TD ALIGN="LEFT" BALIGN="LEFT">{text}</TD>'
    return table(rows([space, left]))


def _legend_line(line: str, theme: Theme) -> str:
    """A line of a style's legend; {positive} is that word in its colour, and
    {ink:words} are the words in the colour of values."""

    def colored(match: re.Match[str]) -> str:
        role, _, words = match.group(1).partition(":")
        tag = "" if words else "B"
        return Line(words or role, 10, getattr(theme, role), tag).html

    return re.sub(r"\{([a-z]+(?::[^}]*)?)\}", colored, cell(line))
