"""The two functions of micrograd's notebook for drawing, with their signatures."""

from __future__ import annotations

from engine import Value, edges, topological_order
from viz.diagram.diagram import Diagram
from viz.dot.dot import to_dot
from viz.errors import OptionError
from viz.render.picture import Picture
from viz.style.options import Options


def trace(root: Value) -> tuple[set[Value], set[tuple[Value, Value]]]:
    """All the nodes of a graph, and its edges as pairs (parent, child).

    >>> a, b = Value(2.0), Value(3.0)
    >>> nodes, pairs = trace(a * b)
    >>> len(nodes), len(pairs)
    (3, 2)
    """
    return set(topological_order(root)), {(e.parent, e.child) for e in edges(root)}


def draw_dot(root: Value, format: str = "svg", rankdir: str = "LR") -> Picture:  # noqa: A002
    """The graph in micrograd's look; `rankdir` is "LR" or "TB".

    >>> draw_dot(Value(2.0) + 1).format
    'svg'

    Raises:
        OptionError: `rankdir` is neither.
    """
    if rankdir not in ("LR", "TB"):
        raise OptionError(f"rankdir={rankdir!r}: choose LR or TB")
    look = {"legend": False, "direction": rankdir}
    picture = to_dot(Diagram.of(root), Options.of(look, "micrograd"))
    picture.format = format
    return picture
