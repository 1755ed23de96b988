"""dotgrad's pictures: a graph of Values with its values and gradients on every edge.

>>> from engine import Value
>>> from viz import draw
>>> x = Value(3.0, label="x")
>>> y = x * x
>>> y.backward()
>>> picture = draw(y)  # shows itself in a notebook; picture.render() makes a file
>>> print(picture.source.splitlines()[0])
digraph {
"""

from __future__ import annotations

import os
from pathlib import Path

from engine import Value
from viz.checks import check, seconds
from viz.diagram import Diagram, Edge, Node
from viz.dot import Options, to_dot
from viz.errors import (
    FormatError,
    OptionError,
    RendererError,
    TooLargeError,
    VizError,
)
from viz.files import write_atomically
from viz.micrograd import draw_dot, trace
from viz.picture import Picture
from viz.renderers import TIME_LIMIT
from viz.theme import STYLES, THEMES, Style, Theme, pick

__all__ = [
    "STYLES",
    "THEMES",
    "Diagram",
    "Edge",
    "FormatError",
    "Node",
    "OptionError",
    "Picture",
    "RendererError",
    "Style",
    "Theme",
    "TooLargeError",
    "VizError",
    "draw",
    "draw_dot",
    "save",
    "trace",
]

WIRE_LIMIT = 40
"""Graphs of more values are drawn as cards unless a style is asked for."""

_SOURCE = ("gv", "dot")
_FORMATS = ("png", "svg", "jpg", "jpeg", "pdf", *_SOURCE)


def draw(
    value: Value,
    *,
    style: str | Style | None = None,
    theme: str | Theme = "light",
    digits: int = 4,
    legend: bool = True,
    title: str | None = None,
    dpi: int = 120,
    id_prefix: str = "",
    renderer: str | None = None,
    time_limit: float = TIME_LIMIT,
) -> Picture:
    """The computational graph of `value`, as a `graphviz.Digraph`.

    On every edge stand the forward value (above) and the gradient that flows back
    along this edge (below); in the wire style, a small third line shows the chain
    rule: upstream gradient × local derivative. Without gradients (before any
    `backward`) the values stand alone, and the caption says so.

    Args:
        style: "wire", "book", "cs231n", "micrograd" or "card", or a Style; by default
            wire, and card above 40 values.
        theme: "light" or "dark", or a Theme.
        digits: significant digits of the numbers.
        legend: whether the legend is drawn.
        title: a line below the picture.
        dpi: dots per inch of a png or jpg.
        id_prefix: letters and digits before all ids, for several SVGs in one page.
        renderer: "graphviz-pure", "dot" or "pygraphviz"; else the first that fits.
        time_limit: seconds that the renderer may take (pygraphviz, which runs
            inside Python, cannot be stopped).

    Raises:
        engine.OperandError: `value` is not a Value.
        OptionError: an option has a value that it cannot have.
    """
    check("time_limit", time_limit, seconds, "a number of seconds above 0")
    diagram = Diagram.of(value)
    note = ""
    if style is None:
        style, note = _form(len(diagram.nodes))
    options = Options(
        style=pick(style, STYLES, "style"),
        theme=pick(theme, THEMES, "theme"),
        digits=digits,
        legend=legend,
        title=title,
        dpi=dpi,
        id_prefix=id_prefix,
        note=note,
    )
    picture = to_dot(diagram, options)
    picture.renderer, picture.time_limit = renderer, time_limit
    return picture


def _form(count: int) -> tuple[str, str]:
    """The style for so many values, and what the caption says of the choice."""
    if count <= WIRE_LIMIT:
        return "wire", ""
    return "card", f'{count} values, drawn as cards (as wires: style="wire")'


def save(
    value: Value,
    path: str | os.PathLike[str],
    *,
    style: str | Style | None = None,
    theme: str | Theme = "light",
    digits: int = 4,
    legend: bool = True,
    title: str | None = None,
    dpi: int = 120,
    id_prefix: str = "",
    renderer: str | None = None,
    time_limit: float = TIME_LIMIT,
) -> Path:
    """Draw `value` into a file: png, svg, jpg, pdf, or gv for the DOT source.

    The options are those of `draw`. The file is written whole or not at all.

    Raises:
        FormatError: the path has no suffix that is a picture format.
        TooLargeError: a png or jpg of so many nodes is refused.
        RendererError: no program here could make the picture.
        OSError: the file cannot be written.
    """
    target = Path(path)
    format_ = target.suffix[1:].lower()
    if format_ not in _FORMATS:
        raise FormatError(
            f"{os.fspath(path)!r} does not say what to make: end it in one of "
            + ", ".join(f".{name}" for name in _FORMATS)
        )
    picture = draw(
        value,
        style=style,
        theme=theme,
        digits=digits,
        legend=legend,
        title=title,
        dpi=dpi,
        id_prefix=id_prefix,
        renderer=renderer,
        time_limit=time_limit,
    )
    data = picture.source.encode() if format_ in _SOURCE else picture.pipe(format_)
    assert isinstance(data, bytes)
    write_atomically(target, data)
    return target
