"""Where everything stands in a picture: the layout, without what is written there.

The picture's DOT is laid out by a renderer, which gives the places as JSON. The page
draws the rest itself, since there the numbers change.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from viz.diagram.diagram import Diagram, Edge, Node
from viz.dot.dot import to_dot
from viz.labels import format_number, text_width
from viz.style.options import Options

__all__ = ["Body", "Path", "Scene", "Sheet", "Wire", "laid_out"]

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A diagram to lay out, and what its parts are in the graph."""

    diagram: Diagram
    refs: Mapping[str, int]
    """Ids of nodes, and the number of the value (or of the scope) that they show."""
    uses: Mapping[tuple[str, str, int], Sequence[int]]
    """(source, target, position) of an edge: the numbers of the uses it stands for."""
    entries: Sequence[str] = ()
    """Ids of the nodes at the side where values come in."""
    exits: Sequence[str] = ()
    """Ids of the nodes at the side where values go out."""


@dataclass(frozen=True, slots=True)
class Body:
    """A value, a scope, a fork, or the box of the output."""

    name: str
    kind: str
    shape: str
    ref: int
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Wire:
    """The middle of an edge, where its numbers are."""

    name: str
    what: str
    """'use', 'share' (a use with no more than its gradient written on it), 'trunk'
    (before a fork) or 'output'."""
    uses: tuple[int, ...]
    x: float
    y: float
    length: float


@dataclass(frozen=True, slots=True)
class Path:
    """A curve: the ends of cubic splines and what bends them, and an arrow's tip."""

    tail: str
    head: str
    points: tuple[Point, ...]
    tip: Point | None
    uses: tuple[int, ...]
    """Of an edge without a wire."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A picture that is laid out: points (1/72 inch), y downwards."""

    width: float
    height: float
    bodies: tuple[Body, ...]
    wires: tuple[Wire, ...]
    paths: tuple[Path, ...]


def laid_out(sheet: Sheet, options: Options) -> Scene:
    """The places of everything in a sheet.

    Raises:
        RendererError: no renderer could lay it out, or not in time.
    """
    picture = to_dot(_roomy(sheet.diagram), options)
    if len(sheet.diagram.nodes) > MANY:
        picture.attr("graph", nslimit="0.2", nslimit1="1")
    for rank, names in (("min", sheet.entries), ("max", sheet.exits)):
        if names:
            with picture.subgraph() as side:
                side.attr(rank=rank)
                for name in names:
                    side.node(name)
    found = json.loads(picture.pipe("json0"))
    return _Reader(sheet, found, cards=options.style.layout == "card").scene()


MANY = 150
"""With more nodes the network simplex method is stopped before its end: a chain of 300
values that share a leaf takes a second then, and minutes otherwise."""

ROOM = 88.88
"""Numbers have at least the room of this one, as they may change."""


def _roomy(diagram: Diagram) -> Diagram:
    """The diagram with no number shorter than what may take its place."""
    nodes = [
        replace(n, value=_wide(n.value), gradient=_wide(n.gradient))
        for n in diagram.nodes
    ]
    edges = [_roomy_edge(edge) for edge in diagram.edges]
    return Diagram(tuple(nodes), tuple(edges))


def _roomy_edge(edge: Edge) -> Edge:
    partial = edge.partial if edge.partial in (None, 1) else _wide(edge.partial)
    return replace(
        edge, value=_wide(edge.value), gradient=_wide(edge.gradient), partial=partial
    )


def _wide(x: float | None) -> Any:
    if x is None or text_width(format_number(x), 12) >= text_width("88.88", 12):
        return x
    return ROOM


class _Reader:
    """Reads what a renderer gives for `-Tjson0`."""

    def __init__(self, sheet: Sheet, found: dict[str, Any], *, cards: bool) -> None:
        self.sheet, self.found, self.cards = sheet, found, cards
        self.left, self.bottom, self.right, self.top = _numbers(found["bb"])
        self.objects = {
            item["_gvid"]: item for item in found["objects"] if "pos" in item
        }

    def scene(self) -> Scene:
        paths = tuple(self._path(edge) for edge in self.found.get("edges", ()))
        before = {path.head: path.points[-1] for path in paths}
        after = {path.tail: path.points[0] for path in paths}
        bodies, wires = [], []
        for item in self.objects.values():
            name = item["name"]
            if name.startswith("w"):
                wires.append(self._wire(name, before[name], after[name]))
            else:
                bodies.append(self._body(item))
        width = _rounded(self.right - self.left)
        height = _rounded(self.top - self.bottom)
        return Scene(width, height, tuple(bodies), tuple(wires), paths)

    def _point(self, x: float, y: float) -> Point:
        return _rounded(x - self.left), _rounded(self.top - y)

    def _body(self, item: dict[str, Any]) -> Body:
        name = item["name"]
        node = self._node(name)
        width, height = float(item["width"]) * 72, float(item["height"]) * 72
        return Body(
            name,
            item["class"],
            _SHAPES.get(item["shape"], item["shape"]),
            self.sheet.refs[node.id],
            *self._point(*_numbers(item["pos"])),
            _rounded(width),
            _rounded(height),
        )

    def _node(self, name: str) -> Node:
        """The node that a name in DOT belongs to: kn3 and outn3 to n3."""
        return self.sheet.diagram[name[name.rindex("n") :]]

    def _wire(self, name: str, start: Point, end: Point) -> Wire:
        id_, _, place = name[1:].partition("_")
        drawn = self.sheet.diagram.uses(id_)
        x, y = _rounded((start[0] + end[0]) / 2), _rounded((start[1] + end[1]) / 2)
        length = _rounded(abs(end[0] - start[0]) + abs(end[1] - start[1]))
        if place or len(drawn) == 1:
            edge = drawn[int(place or 0)]
            what = "share" if self.cards and not edge.parts else "use"
            return Wire(name, what, self._uses(edge), x, y, length)
        what = "trunk" if drawn else "output"
        every = tuple(use for edge in drawn for use in self._uses(edge))
        return Wire(name, what, every, x, y, length)

    def _uses(self, edge: Edge) -> tuple[int, ...]:
        return tuple(self.sheet.uses[edge.source, edge.target, edge.position])

    def _path(self, edge: dict[str, Any]) -> Path:
        tail, head = (self.objects[edge[end]]["name"] for end in ("tail", "head"))
        points, tip = [], None
        for part in edge["pos"].split():
            if part.startswith("e,"):
                tip = self._point(*_numbers(part[2:]))
            else:
                points.append(self._point(*_numbers(part)))
        uses: tuple[int, ...] = ()
        if "w" not in (tail[0], head[0]) and tail[0] != "k":
            [drawn] = [u for u in self.sheet.diagram.uses(tail) if u.target == head]
            uses = self._uses(drawn)
        return Path(tail, head, tuple(points), tip, uses)


_SHAPES = {"plain": "card", "plaintext": "text"}


def _numbers(text: str) -> list[float]:
    return [float(part) for part in text.split(",")]


def _rounded(x: float) -> float:
    return round(x, 1)
