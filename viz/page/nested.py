"""Scopes within scopes: the inside of each as a sheet of its own.

The page puts the sheets into one another, so that any scopes may be open at a time.
In the sheet of a scope stand its own values, the scopes in it, each as one node, and at
its sides the values that come in and go out.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import takewhile

from engine import Value
from engine.util.numbers import add_up
from viz.diagram.collapse import MOST_INPUTS
from viz.diagram.diagram import Diagram, Edge, Inside, Node, Part
from viz.labels import shorten
from viz.page.layout import Sheet

Name = tuple[str, ...]
End = tuple[str, int]
"""('value', 3) or ('scope', 2); ('entry', 3) and ('exit', 3) at the sides."""


@dataclass(slots=True)
class Scope:
    """A scope, or the whole graph: number 0, without a name."""

    number: int
    name: Name
    parent: int
    values: list[int] = field(default_factory=list)
    """Those that are in none of the scopes in it."""
    count: int = 0
    """How many values it holds, those of the scopes in it included."""
    outputs: list[int] = field(default_factory=list)
    """Those that are used outside, and the output of the whole."""
    parameters: list[int] = field(default_factory=list)
    sheet: Sheet | None = None


def nest(order: Sequence[Value], diagram: Diagram) -> list[Scope]:
    """The scopes of a graph, each with its sheet; the whole graph is the first.

    Args:
        order: all values, in topological order.
        diagram: that of the whole graph.
    """
    homes = _find_homes(order, diagram)
    names = {home[:depth] for home in homes for depth in range(len(home) + 1)}
    tree = {name: number for number, name in enumerate(sorted(names, key=_depth))}
    scopes = [Scope(number, name, tree[name[:-1]]) for name, number in tree.items()]
    for place, home in enumerate(homes):
        scopes[tree[home]].values.append(place)
        for depth in range(len(home) + 1):
            scope = scopes[tree[home[:depth]]]
            scope.count += 1
            if diagram.nodes[place].kind == "parameter":
                scope.parameters.append(place)
            if _is_output(place, home[:depth], homes, diagram):
                scope.outputs.append(place)
    sheets = _Sheets(diagram, homes, tree, scopes)
    for scope in scopes:
        scope.sheet = sheets.make_sheet(scope)
    return scopes


def _depth(name: Name) -> tuple[int, Name]:
    return len(name), name


def _is_output(place: int, name: Name, homes: Sequence[Name], diagram: Diagram) -> bool:
    """Whether a value is used outside of a scope that holds it."""
    uses = diagram.uses(f"n{place}")
    if not uses:
        return bool(name)
    return any(homes[int(u.target[1:])][: len(name)] != name for u in uses)


def _find_homes(order: Sequence[Value], diagram: Diagram) -> list[Name]:
    """The scope that each value is drawn in: leaves go where they are used."""
    homes = [tuple(shorten(part) or "scope" for part in value.scope) for value in order]
    inner: defaultdict[Name, list[int]] = defaultdict(list)
    for place, node in enumerate(diagram.nodes):
        if node.kind != "operation" and (uses := diagram.uses(node.id)):
            users = [homes[int(use.target[1:])] for use in uses]
            common = _find_common(users)
            if common[: len(homes[place])] == homes[place]:
                inner[common].append(place)
    for common, leaves in inner.items():
        named = [p for p in leaves if _is_input(diagram.nodes[p])]
        kept = set(named) if len(named) <= MOST_INPUTS else set()
        for place in leaves:
            if place not in kept:
                homes[place] = common
    held = Counter(home[:depth] for home in homes for depth in range(len(home) + 1))
    return [_leave_loners(home, held) for home in homes]


def _find_common(names: Sequence[Name]) -> Name:
    """The innermost scope that holds all of these."""
    first, last = min(names), max(names)
    depth = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(first, last)))  # noqa: B905
    return first[:depth]


def _is_input(node: Node) -> bool:
    return node.kind == "leaf" and bool(node.label)


def _leave_loners(home: Name, held: Counter[Name]) -> Name:
    """A scope that holds one value is no scope to draw."""
    while home and held[home] == 1:
        home = home[:-1]
    return home


class _Sheets:
    """Makes the sheets of all scopes."""

    def __init__(
        self,
        diagram: Diagram,
        homes: Sequence[Name],
        tree: dict[Name, int],
        scopes: Sequence[Scope],
    ) -> None:
        self.diagram, self.homes = diagram, homes
        self.tree, self.scopes = tree, scopes
        self.edges: list[defaultdict[tuple[End, End, int], list[int]]] = [
            defaultdict(list) for _ in scopes
        ]
        self.ends: list[dict[End, None]] = [{} for _ in scopes]
        for place, home in enumerate(homes):
            for depth in range(len(home) + 1):
                end = self._find_end(place, home[:depth])
                here = self.ends[tree[home[:depth]]]
                here.pop(end, None)  # a scope stands where its last value does
                here[end] = None
        for number, use in enumerate(diagram.edges):
            self._add(number, use)
        self._add_output()

    def _find_end(self, place: int, name: Name) -> End:
        """What stands for a value in the sheet of a scope: itself, or a scope in it."""
        home = self.homes[place]
        if home == name:
            return "value", place
        return "scope", self.tree[home[: len(name) + 1]]

    def _add(self, number: int, use: Edge) -> None:
        """Put a use into every sheet that shows a part of its way."""
        source, target = int(use.source[1:]), int(use.target[1:])
        start, end = self.homes[source], self.homes[target]
        for name in _find_around(start, end):
            tail: End = "entry", source
            head: End = "exit", source
            if start[: len(name)] == name:
                tail = self._find_end(source, name)
            if end[: len(name)] == name:
                head = self._find_end(target, name)
            if tail == head:
                continue
            alone = head[0] == "value" and tail[0] != "scope"
            key = tail, head, use.position if alone else 0
            self.edges[self.tree[name]][key].append(number)

    def _add_output(self) -> None:
        output = len(self.homes) - 1
        for depth in range(1, len(self.homes[output]) + 1):
            name = self.homes[output][:depth]
            key = self._find_end(output, name), ("exit", output), 0
            self.edges[self.tree[name]].setdefault(key, [])

    def make_sheet(self, scope: Scope) -> Sheet:
        """The inside of a scope."""
        edges = self.edges[scope.number]
        entries = list(
            dict.fromkeys(tail for tail, _, _ in edges if tail[0] == "entry")
        )
        exits = list(dict.fromkeys(head for _, head, _ in edges if head[0] == "exit"))
        ends = [*entries, *self.ends[scope.number], *exits]
        ids = {end: f"n{i}" for i, end in enumerate(ends)}
        drawn = [(self._make_edge(ids, key, uses), uses) for key, uses in edges.items()]
        names = [self._name_of(tail, uses) for (tail, _, _), uses in edges.items()]
        nodes = [self._make_node(ids[end], end) for end in ends]
        return Sheet(
            Diagram(tuple(nodes), tuple(edge for edge, _ in drawn)),
            {ids[kind, place]: place for kind, place in ends},
            {edge.key: uses for edge, uses in drawn},
            [ids[end] for end in entries],
            [ids[end] for end in exits],
            {
                edge.key: name
                for (edge, _), name in zip(drawn, names, strict=True)
                if name
            },
        )

    def _make_edge(
        self, ids: dict[End, str], key: tuple[End, End, int], uses: list[int]
    ) -> Edge:
        tail, head, position = key
        drawn = [self.diagram.edges[use] for use in uses]
        parts = self._make_parts(uses) if "scope" in (tail[0], head[0]) else ()
        edge = Edge(ids[tail], ids[head], position, 0.0, None, None, 1.0, parts)
        if len(drawn) == 1:
            [use] = drawn
            edge = replace(use, source=ids[tail], target=ids[head], parts=parts)
        elif drawn:
            total = add_up(use.gradient or 0.0 for use in drawn)
            edge = replace(edge, value=drawn[0].value, gradient=total)
        return edge

    def _name_of(self, tail: End, uses: Sequence[int]) -> str:
        """The label of a value all of whose uses leave a scope together."""
        sources = {self.diagram.edges[use].source for use in uses}
        [id_, *others] = sources or {self.diagram.output.id}
        node = self.diagram[id_]
        if tail[0] != "scope" or others or node.kind != "operation":
            return ""
        return node.label if len(self.diagram.uses(id_)) == len(uses) else ""

    def _make_parts(self, uses: Sequence[int]) -> tuple[Part, ...]:
        sources = dict.fromkeys(self.diagram.edges[use].source for use in uses)
        return tuple(_make_part(self.diagram[source]) for source in sources)

    def _make_node(self, id_: str, end: End) -> Node:
        kind, place = end
        if kind == "scope":
            return self._make_scope_node(id_, self.scopes[place])
        node = self.diagram.nodes[place]
        if kind == "value":
            return _rename(node, id_, node.kind, node.label)
        return _rename(node, id_, kind, node.label or node.symbol or kind)

    def _make_scope_node(self, id_: str, scope: Scope) -> Node:
        nodes = self.diagram.nodes
        outputs = tuple(_make_part(nodes[place]) for place in scope.outputs)
        norm = 1.0 if scope.parameters else None
        inside = Inside(scope.count, outputs, len(scope.parameters), norm)
        first = nodes[scope.outputs[0]]
        return Node(
            id_, "scope", first.value, first.gradient, scope.name[-1],
            scope=scope.name, inside=inside,
        )  # fmt: skip


def _find_around(start: Name, end: Name) -> Iterator[Name]:
    """Every scope that holds one end of a use or both."""
    names = [name[:depth] for name in (start, end) for depth in range(len(name) + 1)]
    return iter(dict.fromkeys(names))


def _make_part(node: Node) -> Part:
    return Part(node.label or node.symbol, node.value, node.gradient)


def _rename(node: Node, id_: str, kind: str, label: str) -> Node:
    if kind != "operation":
        node = replace(node, operation=None, symbol="")
    return replace(node, id=id_, kind=kind, label=label)
