"""`Diagram` → DOT: a pure function, the same text for equal graphs."""

from __future__ import annotations

from collections.abc import Iterator

from viz.diagram.collapse import is_crowded
from viz.diagram.diagram import Diagram
from viz.dot.canvas import Canvas
from viz.dot.card import CardEmitter
from viz.dot.html_labels import make_rows, make_table
from viz.dot.record_style import RecordEmitter
from viz.dot.scopes import ScopeEmitter, legend_of
from viz.dot.wire import WireEmitter
from viz.labels import escape_cell, shorten
from viz.render.picture import Picture
from viz.style.options import Options
from viz.style.paint import Painter
from viz.style.words import Line, Words

EMITTERS: dict[str, type[WireEmitter] | type[CardEmitter] | type[RecordEmitter]] = {
    "wire": WireEmitter,
    "card": CardEmitter,
    "record": RecordEmitter,
}

VALUES_ONLY = "values only: call backward() to have gradients"


def to_dot(diagram: Diagram, options: Options) -> Picture:
    """The picture of a diagram, not rendered yet."""
    look = options.look
    picture = Picture()
    picture.renderer, picture.time_limit = look["renderer"], look["time_limit"]
    picture.dpi, picture.transparent = look["dpi"], options.transparent
    canvas = Canvas(
        picture,
        options.theme,
        look["id_prefix"],
        look["direction"],
        options.lit,
        options.focus,
    )
    crowded = is_crowded(diagram)
    picture.attr(
        "graph",
        id=canvas.prefix_name("graph"),
        rankdir=look["direction"],
        nodesep="0.18",
        ranksep="1.6" if crowded else f"{options.style.ranksep:g}",
        pad="0.25",
        outputorder="edgesfirst",
        bgcolor="transparent" if options.transparent else options.theme.background,
        fontname=options.style.font,
        fontsize="10",
        fontcolor=options.theme.small,
    )
    picture.attr("node", fontname=options.style.font, fontcolor=options.theme.ink)
    picture.attr("edge", fontname=options.style.font)
    if caption := _write_caption(diagram, options):
        picture.attr("graph", label=caption, labelloc="b", labeljust="l")
    painter = Painter.of(diagram, options.style, options.theme)
    words = Words(painter, diagram, look["digits"], options.lines)
    layout = options.style.layout
    scopes = ScopeEmitter(canvas, diagram, words, crowded and layout == "card")
    EMITTERS[layout](canvas, diagram, words, scopes).emit()
    return picture


def _write_caption(diagram: Diagram, options: Options) -> str:
    """Title, note and legend below the picture; what is missing is always said."""
    look = options.look
    title, lines = shorten(look["title"] or "", 200), []
    if options.note:
        lines.append(escape_cell(options.note))
    if not diagram.has_gradients:
        lines.append(escape_cell(VALUES_ONLY))
    elif look["legend"]:
        lines += _write_legend(diagram, options)
    if not (title or lines):
        return ""
    cells = ['<TD HEIGHT="8"></TD>']
    if title:
        head = Line(title, 13, options.theme.ink, "B").html
        cells.append(f'<TD ALIGN="LEFT" CELLPADDING="2">{head}</TD>')
    if lines:
        text = "".join(f'{line}<BR ALIGN="LEFT"/>' for line in lines)
        cells.append(f'<TD ALIGN="LEFT" BALIGN="LEFT">{text}</TD>')
    return make_table(make_rows(cells))


def _write_legend(diagram: Diagram, options: Options) -> Iterator[str]:
    legend = options.own_legend or legend_of(diagram, options.style.legend)
    vertical = options.look["direction"] in ("TB", "BT")
    for line in legend:
        if isinstance(line, str):
            yield escape_cell(line)
        elif line.is_shown(options.lines, vertical=vertical):
            yield "".join(_write_words(words, options) for words in line.words)


def _write_words(words: str | tuple[str, str], options: Options) -> str:
    if isinstance(words, str):
        return escape_cell(words)
    text, role = words
    tag = "B" if role in ("positive", "negative") else ""
    return Line(text, 10, getattr(options.theme, role), tag).html
