"""Where everything stands in a picture: the layout, without what is written there.

The picture's DOT is laid out by a renderer, which gives the places as JSON. The page
draws the rest itself, since there the numbers change.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from viz.diagram.diagram import Diagram, Edge, Node
from viz.diagram.flow import Flow, flows_of_cards, flows_of_wires
from viz.diagram.sentence import Place, Quantity, Sentence
from viz.dot.dot import to_dot
from viz.labels import format_number, text_width
from viz.style.lines import WireLine, tell
from viz.style.options import Options

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Sheet:
    """A diagram to lay out, and what its parts are in the graph."""

    diagram: Diagram
    refs: Mapping[str, int]
    """Ids of nodes, and the number of the value (or of the scope) that they show."""
    uses: Mapping[Place, Sequence[int]]
    """(source, target, position) of an edge: the numbers of the uses it stands for."""
    entries: Sequence[str] = ()
    """Ids of the nodes at the side where values come in."""
    exits: Sequence[str] = ()
    """Ids of the nodes at the side where values go out."""
    names: Mapping[tuple[str, str, int], str] = field(default_factory=dict)
    """Labels of values that leave a scope, by the edges that carry all their uses."""

    @classmethod
    def of(cls, whole: Diagram) -> Sheet:
        """The sheet of a whole graph."""
        return cls(
            whole,
            {node.id: place for place, node in enumerate(whole.nodes)},
            {edge.key: [place] for place, edge in enumerate(whole.edges)},
        )

    def refer(self, sentence: Sentence) -> list[Any]:
        """A sentence for the page: it finds a number as ["gradient", 3], by that of the
        value, or as ["gradient", [7, 8]], by those of the uses; a third entry marks one
        that is added to those before it."""
        return [
            part if isinstance(part, str) else self._refer_to(part) for part in sentence
        ]

    def _refer_to(self, quantity: Quantity) -> list[Any]:
        place = quantity.place
        number = self.refs[place] if isinstance(place, str) else self.uses[place]
        return [quantity.kind, number, *([True] if quantity.added else [])]


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
    kind: str
    """As of a `Flow`."""
    uses: tuple[int, ...]
    x: float
    y: float
    length: float
    sentences: tuple[list[Any], ...]
    """What each of the lines says that can be written on it."""


@dataclass(frozen=True, slots=True)
class Curve:
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
    curves: tuple[Curve, ...]


def lay_out(sheet: Sheet, options: Options, lines: Sequence[WireLine]) -> Scene:
    """The places of everything in a sheet.

    Raises:
        RendererError: no renderer could lay it out, or not in time.
    """
    picture = to_dot(_widen(sheet.diagram), options)
    if len(sheet.diagram.nodes) > MANY:
        picture.attr("graph", nslimit="0.2", nslimit1="1")
    for rank, names in (("min", sheet.entries), ("max", sheet.exits)):
        if names:
            with picture.subgraph() as side:
                side.attr(rank=rank)
                for name in names:
                    side.node(name)
    found = json.loads(picture.pipe("json0"))
    flows = flows_of_cards if options.style.layout == "card" else flows_of_wires
    return _Reader(sheet, found, flows(sheet.diagram), lines).read()


MANY = 150
"""With more nodes the network simplex method is stopped before its end: a chain of 300
values that share a leaf takes a second then, and minutes otherwise."""

ROOM = 88.88
"""Numbers have at least the room of this one, as they may change."""


def _widen(diagram: Diagram) -> Diagram:
    """The diagram with no number shorter than what may take its place."""
    nodes = tuple(
        replace(
            node, value=_widen_number(node.value), gradient=_widen_number(node.gradient)
        )
        for node in diagram.nodes
    )
    return Diagram(nodes, tuple(map(_widen_edge, diagram.edges)))


def _widen_edge(edge: Edge) -> Edge:
    value, gradient, partial = map(
        _widen_number, (edge.value, edge.gradient, edge.partial)
    )
    if edge.partial == 1:
        partial = edge.partial
    return replace(edge, value=value, gradient=gradient, partial=partial)


def _widen_number(x: float | None) -> Any:
    if x is None or text_width(format_number(x), 12) >= text_width("88.88", 12):
        return x
    return ROOM


class _Reader:
    """Reads what a renderer gives for `-Tjson0`."""

    def __init__(
        self,
        sheet: Sheet,
        found: dict[str, Any],
        flows: Iterable[Flow],
        lines: Sequence[WireLine],
    ) -> None:
        self.sheet, self.found, self.lines = sheet, found, lines
        self.flows = {flow.id: flow for flow in flows}
        self.arrows = {(flow.start, flow.end): flow for flow in self.flows.values()}
        self.left, self.bottom, self.right, self.top = _read_numbers(found["bb"])
        self.objects = {
            item["_gvid"]: item for item in found["objects"] if "pos" in item
        }

    def read(self) -> Scene:
        curves = tuple(self._read_curve(edge) for edge in self.found.get("edges", ()))
        before = {curve.head: curve.points[-1] for curve in curves}
        after = {curve.tail: curve.points[0] for curve in curves}
        bodies, wires = [], []
        for item in self.objects.values():
            name = item["name"]
            if name.startswith("w"):
                wires.append(self._read_wire(name, before[name], after[name]))
            else:
                bodies.append(self._read_body(item))
        width = _round(self.right - self.left)
        height = _round(self.top - self.bottom)
        return Scene(width, height, tuple(bodies), tuple(wires), curves)

    def _read_point(self, x: float, y: float) -> Point:
        return _round(x - self.left), _round(self.top - y)

    def _read_body(self, item: dict[str, Any]) -> Body:
        name = item["name"]
        node = self._find_node(name)
        width, height = float(item["width"]) * 72, float(item["height"]) * 72
        return Body(
            name,
            item["class"],
            _SHAPES.get(item["shape"], item["shape"]),
            self.sheet.refs[node.id],
            *self._read_point(*_read_numbers(item["pos"])),
            _round(width),
            _round(height),
        )

    def _find_node(self, name: str) -> Node:
        """The node that a name in DOT belongs to: kn3 and outn3 to n3."""
        return self.sheet.diagram[name[name.rindex("n") :]]

    def _read_wire(self, name: str, start: Point, end: Point) -> Wire:
        flow = self.flows[name]
        if flow.use and flow.use.key in self.sheet.names:
            flow = replace(flow, name=self.sheet.names[flow.use.key])
        x, y = _round((start[0] + end[0]) / 2), _round((start[1] + end[1]) / 2)
        length = _round(abs(end[0] - start[0]) + abs(end[1] - start[1]))
        diagram = self.sheet.diagram
        sentences = [self.sheet.refer(tell(line, flow, diagram)) for line in self.lines]
        return Wire(
            name, flow.kind, self._find_uses(flow), x, y, length, tuple(sentences)
        )

    def _find_uses(self, flow: Flow) -> tuple[int, ...]:
        """The uses of the whole graph that a wire stands for."""
        edges = [flow.use] if flow.use else self.sheet.diagram.uses(flow.start)
        return tuple(use for edge in edges for use in self.sheet.uses[edge.key])

    def _read_curve(self, edge: dict[str, Any]) -> Curve:
        tail, head = (self.objects[edge[end]]["name"] for end in ("tail", "head"))
        points, tip = [], None
        for part in edge["pos"].split():
            if part.startswith("e,"):
                tip = self._read_point(*_read_numbers(part[2:]))
            else:
                points.append(self._read_point(*_read_numbers(part)))
        arrow = self.arrows.get((tail, head))
        uses = self._find_uses(arrow) if arrow else ()
        return Curve(tail, head, tuple(points), tip, uses)


_SHAPES = {"plain": "card", "plaintext": "text"}


def _read_numbers(text: str) -> list[float]:
    return [float(part) for part in text.split(",")]


def _round(x: float) -> float:
    return round(x, 1)
