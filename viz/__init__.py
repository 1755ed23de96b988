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
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from engine import Value
from engine.files import write_atomically
from viz.animate import animate
from viz.diagram import Diagram, Edge, Node
from viz.diff import compared, lit_changes, told_of
from viz.drawing import drawn
from viz.errors import (
    ComparisonError,
    FormatError,
    OptionError,
    RendererError,
    TooLargeError,
    VizError,
)
from viz.explorer import explore
from viz.formats import FORMATS, written
from viz.forms import formed
from viz.frames import Frame, Frames, frames
from viz.highlight import highlighted
from viz.look import Look
from viz.micrograd import draw_dot, trace
from viz.notebook import load_ipython_extension, unload_ipython_extension
from viz.picture import Picture
from viz.renderers import TIME_LIMIT
from viz.text import show, tree
from viz.theme import STYLES, THEMES, Style, Theme
from viz.widget import widget

if TYPE_CHECKING:
    from typing_extensions import Unpack

__all__ = [
    "STYLES",
    "THEMES",
    "ComparisonError",
    "Diagram",
    "Edge",
    "FormatError",
    "Frame",
    "Frames",
    "Look",
    "Node",
    "OptionError",
    "Picture",
    "RendererError",
    "Style",
    "Theme",
    "TooLargeError",
    "VizError",
    "animate",
    "draw",
    "draw_diff",
    "draw_dot",
    "explore",
    "frames",
    "load_ipython_extension",
    "save",
    "show",
    "trace",
    "tree",
    "unload_ipython_extension",
    "widget",
]


def draw(
    value: Value,
    *,
    style: str | Style | None = None,
    theme: str | Theme = "light",
    depth: int | None = None,
    fuse: bool | None = None,
    budget: int | None = None,
    direction: str = "LR",
    show: Sequence[str] | None = None,
    highlight: Iterable[Value] | None = None,
    digits: int = 4,
    legend: bool = True,
    title: str | None = None,
    font: str | None = None,
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

    Up to 40 values are drawn as wires and up to 150 as cards; larger graphs with sums
    fused, then a node for each scope, at last only the part that matters most to the
    output. The caption says which; `style`, `depth`, `fuse` and `budget` choose.

    Args:
        style: "wire", "book", "cs231n", "micrograd" or "card", or a Style.
        theme: "light" or "dark", or a Theme.
        depth: draw each scope of so many names as one node; 0 draws the whole graph.
        fuse: whether chains of unnamed + are drawn as one Σ.
        budget: draw about so many values, from the output back along the largest
            gradients.
        direction: "LR", "RL", "TB" or "BT": from where to where values flow.
        show: the lines to write, some of "value", "gradient" and "chain".
        highlight: values that stand out, for instance along a path.
        digits: significant digits of the numbers.
        legend: whether the legend is drawn.
        title: a line below the picture.
        font: the name of a font, instead of the style's.
        dpi: dots per inch of a png or jpg.
        id_prefix: letters and digits before all ids, for several SVGs in one page.
        renderer: "graphviz-pure", "dot" or "pygraphviz"; else the first that fits.
        time_limit: seconds that the renderer may take (pygraphviz, which runs
            inside Python, cannot be stopped).

    Raises:
        engine.OperandError: `value` is not a Value.
        OptionError: an option has a value that it cannot have.
        TooLargeError: the whole of a graph was asked for that is too large.
    """
    look: Look = {
        "theme": theme,
        "direction": direction,
        "show": show,
        "digits": digits,
        "legend": legend,
        "title": title,
        "font": font,
        "dpi": dpi,
        "id_prefix": id_prefix,
        "renderer": renderer,
        "time_limit": time_limit,
    }
    form = formed(value, style=style, depth=depth, fuse_sums=fuse, budget=budget)
    return drawn(form, look, lit=highlighted(value, form.diagram, highlight))


def draw_diff(before: Value, after: Value, **look: Unpack[Look]) -> Picture:
    """Two runs of the same expression in one picture, which shows what changed.

    Numbers that changed are written before → after; width and colour follow the change
    of the gradient; what stayed as it was is faint. Large graphs have a node for each
    scope (`depth` chooses), or only the values that changed most. The other options are
    those of `draw`, but for fuse, budget and highlight. Where both runs share leaves
    whose `data` has moved between them, give `copy.deepcopy` of the first, made then.

    >>> def run(x):
    ...     y = Value(x, label="x") * 3 + Value(1.0, label="b")
    ...     y.backward()
    ...     return y
    >>> "1 → 2" in draw_diff(run(1.0), run(2.0)).source
    True

    Raises:
        ComparisonError: the two are not runs of the same expression.
        OptionError: an option has a value that it cannot have.
        TooLargeError: the whole of a graph was asked for that is too large.
    """
    for name in ("fuse", "budget", "highlight"):
        if look.get(name) is not None:
            raise OptionError(f"draw_diff shows what changed: leave {name}= out")
    form = compared(before, after, style=look.get("style"), depth=look.get("depth"))
    look.setdefault("show", ("value", "gradient"))
    told = told_of(form.diagram)
    return drawn(form, look, lit=lit_changes(form.diagram), told=told)


def save(value: Value, path: str | os.PathLike[str], **look: Unpack[Look]) -> Path:
    """Draw `value` into a file, whose suffix says the format.

    png, svg, jpg, pdf: a picture. gv, dot: its source for Graphviz. tex: the same
    picture in TikZ. mmd: a flowchart for Mermaid. graphml, json: the graph as data.
    txt: a tree of text. The options are those of `draw`, where a format has a use for
    them. The file is written whole or not at all.

    Raises:
        FormatError: the path has no suffix that is a format.
        TooLargeError: a png or jpg of so many nodes is refused.
        RendererError: no program here could make the picture.
        OSError: the file cannot be written.
    """
    target = Path(path)
    format_ = target.suffix[1:].lower()
    if format_ not in FORMATS:
        raise FormatError(
            f"{os.fspath(path)!r} does not say what to make: end it in one of "
            + ", ".join(f".{name}" for name in FORMATS)
        )
    write_atomically(target, written(value, format_, look))
    return target
