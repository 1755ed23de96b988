"""The HTML-like tables that labels are made of: a wire, a card, a caption."""

from __future__ import annotations

from collections.abc import Sequence

from viz.style.paint import Pen
from viz.style.words import Line

_PLAIN = 'BORDER="0" CELLBORDER="0" CELLSPACING="0" CELLPADDING="0"'


def make_table(inner: str, attributes: str = _PLAIN) -> str:
    """A table as the label of a node: the outer brackets mark it as HTML."""
    return f"<<TABLE {attributes}>{inner}</TABLE>>"


def make_rows(cells: Sequence[str]) -> str:
    """One row a cell."""
    return "".join(f"<TR>{cell_}</TR>" for cell_ in cells)


def make_row(words: Sequence[Line], attributes: str = "") -> str:
    """A cell with words beside each other, and room left and right of them.

    Graphviz has its own idea of how wide a text is, which is too small for some signs.
    """
    width = sum(line.width for line in words) + 3 * (len(words) - 1)
    text = " ".join(line.html for line in words)
    start = " ".join(filter(None, [f'WIDTH="{round(width) + 8}"', attributes]))
    return f"<TD {start}>{text}</TD>"


def make_wire(
    above: Sequence[Line], below: Sequence[Line], pen: Pen, *, vertical: bool = False
) -> str:
    """A piece of wire with text above and below, to stand between two edges.

    Edges meet it at its port m, on the left (m:w) and on the right (m:e). The line
    lies exactly in the middle, as both rows of text have the same height. A vertical
    one has its text on the left and on the right, and is met at m:n and m:s.
    """
    if vertical:
        return _make_vertical_wire(above, below, pen)
    lines = (*above, *below)
    small = lines and all(line.size <= 10 for line in lines)
    most = max(len(above), len(below), 1)
    height = 13 if small and most == 1 else 4 + 12 * most
    width = max([23.0, *(line.width for line in lines)])
    return make_table(
        make_rows(
            [
                _make_text(above, height, "BOTTOM"),
                _make_line(pen, round(width - 1)),
                _make_text(below, height, "TOP"),
            ]
        )
    )


def _make_vertical_wire(left: Sequence[Line], right: Sequence[Line], pen: Pen) -> str:
    width = round(max([12.0, *(line.width for line in (*left, *right))])) + 4
    height = 14 * max(1, len(left), len(right)) + 4

    def text(lines: Sequence[Line], align: str) -> str:
        inner = f'<BR ALIGN="{align}"/>'.join(line.html for line in lines)
        end = f'<BR ALIGN="{align}"/>' if lines else ""
        space = f'WIDTH="{width}" HEIGHT="{height}" CELLPADDING="3"'
        return f'<TD {space} ALIGN="{align}" BALIGN="{align}">{inner}{end}</TD>'

    size = f'WIDTH="{pen.width}"'
    end = f'<TD {size} HEIGHT="2"></TD>'
    dashes = ""
    if pen.dashed:
        gap, dash = f'<TD {size} HEIGHT="3"></TD>', f'<TD {size} HEIGHT="5"'
        dash += f' BGCOLOR="{pen.color}"></TD>'
        inner = make_rows([dash, gap] * max(1, height // 8 - 1) + [dash])
        dashes = f"<TABLE {_PLAIN}>{inner}</TABLE>"
    middle = f'<TD PORT="m" {size} HEIGHT="{height - 4}">{dashes}</TD>'
    color = "" if pen.dashed else f' BGCOLOR="{pen.color}"'
    inner = f"<TABLE {_PLAIN}>{make_rows([end, middle, end])}</TABLE>"
    line = f"<TD {size}{color}>{inner}</TD>"
    return make_table(f"<TR>{text(left, 'RIGHT')}{line}{text(right, 'LEFT')}</TR>")


def _make_text(lines: Sequence[Line], height: int, align: str) -> str:
    inner = "<BR/>".join(line.html for line in lines)
    return f'<TD HEIGHT="{height}" VALIGN="{align}" CELLPADDING="1">{inner}</TD>'


def _make_line(pen: Pen, width: int) -> str:
    """The coloured cell. The port is on an inner cell: on the outer one it would
    leave gaps of a point between the edges and the line."""
    size = f'HEIGHT="{pen.width}"'
    ends = f'<TD WIDTH="2" {size}></TD>'
    dashes = _make_dashes(pen, width) if pen.dashed else ""
    middle = f'<TD PORT="m" {size} WIDTH="{width}">{dashes}</TD>'
    inner = f"<TABLE {_PLAIN}><TR>{ends}{middle}{ends}</TR></TABLE>"
    if pen.dashed:
        return f"<TD {size}>{inner}</TD>"
    return f'<TD {size} BGCOLOR="{pen.color}">{inner}</TD>'


def _make_dashes(pen: Pen, width: int) -> str:
    """Cells that continue the dashes of an edge across the middle of a wire."""
    count = max(1, round((width + 3) / 8))
    gap = f'<TD WIDTH="3" HEIGHT="{pen.width}"></TD>'
    length = round((width - 3 * (count - 1)) / count)
    dash = f'<TD WIDTH="{length}" HEIGHT="{pen.width}" BGCOLOR="{pen.color}"></TD>'
    return f"<TABLE {_PLAIN}><TR>{gap.join([dash] * count)}</TR></TABLE>"
