"""`Diagram` → DOT: a pure function, the same text for equal graphs."""

from __future__ import annotations

import re
from dataclasses import dataclass

from viz.canvas import Canvas
from viz.card import CardEmitter
from viz.checks import check, plain_name, text_or_none, whole_number
from viz.diagram import Diagram
from viz.labels import capped, cell
from viz.paint import Painter
from viz.picture import Picture
from viz.record import RecordEmitter
from viz.tables import Line, rows, table
from viz.theme import Style, Theme
from viz.wire import WireEmitter
from viz.words import Words

__all__ = ["Options", "to_dot"]

EMITTERS: dict[str, type[WireEmitter] | type[CardEmitter] | type[RecordEmitter]] = {
    "wire": WireEmitter,
    "card": CardEmitter,
    "record": RecordEmitter,
}

_ROLES = "ink|small|positive|negative|neutral|zero|nonfinite"

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
    note: str = ""
    """A line of the caption that is there without the legend, too."""

    def __post_init__(self) -> None:
        check("digits", self.digits, whole_number(1, 17), "a whole number from 1 to 17")
        check("dpi", self.dpi, whole_number(10, 1200), "a whole number from 10 to 1200")
        check("title", self.title, text_or_none, "a string or None")
        # No underscore: Graphviz calls the link of a node x in an SVG a_x.
        check("id_prefix", self.id_prefix, plain_name, "letters and digits, or nothing")


def to_dot(diagram: Diagram, options: Options) -> Picture:
    """The picture of a diagram, not rendered yet."""
    picture = Picture()
    canvas = Canvas(picture, options.id_prefix)
    picture.attr(
        "graph",
        id=canvas.called("graph"),
        rankdir="LR",
        nodesep="0.18",
        ranksep=f"{options.style.ranksep:g}",
        pad="0.25",
        outputorder="edgesfirst",
        bgcolor=options.theme.background,
        dpi=str(options.dpi),
        fontname=options.style.font,
        fontsize="10",
        fontcolor=options.theme.small,
    )
    picture.attr("node", fontname=options.style.font, fontcolor=options.theme.ink)
    picture.attr("edge", fontname=options.style.font)
    if caption := _caption(diagram, options):
        picture.attr("graph", label=caption, labelloc="b", labeljust="l")
    words = Words(Painter.of(diagram, options.style, options.theme), options.digits)
    EMITTERS[options.style.layout](canvas, diagram, words).emit()
    return picture


def _caption(diagram: Diagram, options: Options) -> str:
    """Title, note and legend below the picture; what is missing is always said."""
    lines = []
    theme = options.theme
    if title := capped(options.title or "", 200):
        lines.append(Line(title, 13, theme.ink, "B").html)
    if options.note:
        lines.append(cell(options.note))
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
    {ink:words} are the words in the colour of values. Other braces are text."""

    def colored(match: re.Match[str]) -> str:
        role, _, words = match.group(1).partition(":")
        tag = "" if words else "B"
        return Line(words or role, 10, getattr(theme, role), tag).html

    return re.sub(rf"\{{((?:{_ROLES})(?::[^}}]*)?)\}}", colored, cell(line))
