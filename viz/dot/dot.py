"""`Diagram` → DOT: a pure function, the same text for equal graphs."""

from __future__ import annotations

import re

from viz.diagram.collapse import is_crowded
from viz.diagram.diagram import Diagram
from viz.dot.canvas import Canvas
from viz.dot.card import CardEmitter
from viz.dot.record_style import RecordEmitter
from viz.dot.scopes import legend
from viz.dot.tables import rows, table
from viz.dot.wire import WireEmitter
from viz.labels import capped, cell
from viz.render.picture import Picture
from viz.style.options import Options
from viz.style.paint import Painter
from viz.style.words import Line, Words

__all__ = ["to_dot"]

EMITTERS: dict[str, type[WireEmitter] | type[CardEmitter] | type[RecordEmitter]] = {
    "wire": WireEmitter,
    "card": CardEmitter,
    "record": RecordEmitter,
}

_ROLES = "ink|small|positive|negative|neutral|zero|nonfinite"

VALUES_ONLY = "values only: call backward() to have gradients"


def to_dot(diagram: Diagram, options: Options) -> Picture:
    """The picture of a diagram, not rendered yet."""
    look = options.look
    picture = Picture()
    picture.renderer, picture.time_limit = look["renderer"], look["time_limit"]
    canvas = Canvas(
        picture,
        options.theme,
        options.look["id_prefix"],
        options.look["direction"],
        options.lit,
        options.focus,
    )
    crowded = is_crowded(diagram)
    picture.attr(
        "graph",
        id=canvas.called("graph"),
        rankdir=options.look["direction"],
        nodesep="0.18",
        ranksep="1.6" if crowded else f"{options.style.ranksep:g}",
        pad="0.25",
        outputorder="edgesfirst",
        bgcolor=options.theme.background,
        dpi=str(options.look["dpi"]),
        fontname=options.style.font,
        fontsize="10",
        fontcolor=options.theme.small,
    )
    picture.attr("node", fontname=options.style.font, fontcolor=options.theme.ink)
    picture.attr("edge", fontname=options.style.font)
    if caption := _caption(diagram, options):
        picture.attr("graph", label=caption, labelloc="b", labeljust="l")
    painter = Painter.of(diagram, options.style, options.theme)
    words = Words(painter, options.look["digits"], options.lines)
    EMITTERS[options.style.layout](canvas, diagram, words).emit()
    return picture


def _caption(diagram: Diagram, options: Options) -> str:
    """Title, note and legend below the picture; what is missing is always said."""
    title, lines = capped(options.look["title"] or "", 200), []
    if options.note:
        lines.append(cell(options.note))
    if not diagram.has_gradients:
        lines.append(cell(VALUES_ONLY))
    elif options.look["legend"]:
        for line in options.told or legend(diagram, options.style.legend):
            told = _legend_line(line, options)
            lines += [told] if told else []
    if not (title or lines):
        return ""
    cells = ['<TD HEIGHT="8"></TD>']
    if title:
        head = Line(title, 13, options.theme.ink, "B").html
        cells.append(f'<TD ALIGN="LEFT" CELLPADDING="2">{head}</TD>')
    if lines:
        text = "".join(f'{line}<BR ALIGN="LEFT"/>' for line in lines)
        cells.append(f'<TD ALIGN="LEFT" BALIGN="LEFT">{text}</TD>')
    return table(rows(cells))


def _legend_line(line: str, options: Options) -> str:
    """A line of a style's legend; {positive} is that word in its colour, and
    {ink:words} are the words in the colour of values. Other braces are text.

    Nothing, where it begins with {if ...} and not all of that is shown.
    """
    needs = re.match(r"\{if ([a-z ]+)\}", line)
    if needs:
        line = line[needs.end() :]
        if not options.lines.issuperset(needs[1].split()):
            return ""
    if options.look["direction"] in ("TB", "BT"):
        line = line.replace("above the wire", "left of the wire")
        line = line.replace("below:", "right of it:")

    def colored(match: re.Match[str]) -> str:
        role, _, words = match.group(1).partition(":")
        tag = "" if words else "B"
        return Line(words or role, 10, getattr(options.theme, role), tag).html

    return re.sub(rf"\{{((?:{_ROLES})(?::[^}}]*)?)\}}", colored, cell(line))
