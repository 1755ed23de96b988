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

    line = _make_line(pen, height - 4, vertical=True)
    return make_table(f"<TR>{text(left, 'RIGHT')}{line}{text(right, 'LEFT')}</TR>")


def _make_text(lines: Sequence[Line], height: int, align: str) -> str:
    inner = "<BR/>".join(line.html for line in lines)
    return f'<TD HEIGHT="{height}" VALIGN="{align}" CELLPADDING="1">{inner}</TD>'


def _make_line(pen: Pen, length: int, *, vertical: bool = False) -> str:
    """The line itself, exactly in the middle between the texts.

    The port is on the inner one of three cells: on the outer one it would leave gaps
    of a point between the edges and the line.
    """
    along, across = ("HEIGHT", "WIDTH") if vertical else ("WIDTH", "HEIGHT")
    size = f'{across}="{4 if pen.width == 1 else pen.width}"'
    cells = [
        f'<TD {port}{along}="{part}" {size}>{_make_thin(pen, part, vertical)}</TD>'
        for port, part in (("", 2), ('PORT="m" ', length), ("", 2))
    ]
    inner = make_rows(cells) if vertical else f"<TR>{''.join(cells)}</TR>"
    color = "" if pen.width == 1 else f' BGCOLOR="{pen.color}"'
    return f"<TD {size}{color}><TABLE {_PLAIN}>{inner}</TABLE></TD>"


def _make_thin(pen: Pen, length: int, vertical: bool) -> str:
    """A line of 1 point as the border between two cells; nothing for a thicker one.

    That lies on a whole point, and the middle of a cell of 1 point does not.
    """
    if pen.width != 1:
        return ""
    along, across, side = (
        ("HEIGHT", "WIDTH", "R") if vertical else ("WIDTH", "HEIGHT", "B")
    )
    half = f'{along}="{length}" {across}="2"'
    look = f'BORDER="1" SIDES="{side}" COLOR="{pen.color}"'
    look += ' STYLE="dashed"' * pen.dashed
    halves = [f"<TD {half} {look}></TD>", f"<TD {half}></TD>"]
    inner = f"<TR>{''.join(halves)}</TR>" if vertical else make_rows(halves)
    return f"<TABLE {_PLAIN}>{inner}</TABLE>"
