"""`Diagram`: what a picture tells, as plain data.

It is made from a graph of Values and knows nothing of Graphviz, colours or text.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import engine
from engine import OperandError, Value, topological_order
from viz.diagram.sentence import Place, Quantity
from viz.labels import shorten, shorten_path


@dataclass(frozen=True, slots=True)
class Part:
    """One of several values that stand together, on an edge or in a scope."""

    name: str
    """Its label, else its symbol."""
    value: float
    gradient: float | None
    """On an edge: the sum of the contributions of all its uses there."""


@dataclass(frozen=True, slots=True)
class Inside:
    """What a scope holds that is drawn as one node."""

    count: int
    """How many values."""
    outputs: tuple[Part, ...]
    """Those that are used outside, and the output of the whole."""
    parameters: int
    gradient_norm: float | None
    """√Σ gradient² over the parameters."""


@dataclass(frozen=True, slots=True)
class Node:
    """A value: a leaf, parameter, constant or the result of an operation."""

    id: str
    """n0, n1, ... in topological order."""
    kind: str
    """'leaf', 'parameter', 'constant', 'operation', or 'scope' for a whole scope; in
    the inside of a scope 'entry' and 'exit' for a value that comes in or goes out."""
    value: float
    gradient: float | None
    """None where no `backward` has reached the node since it was made or cleared."""
    label: str = ""
    """On one line and cut when long; empty when there is none to show."""
    operation: str | None = None
    symbol: str = ""
    scope: tuple[str, ...] = ()
    elsewhere: float = 0.0
    """The part of the gradient that came through uses that are not drawn."""
    hidden: int = 0
    """How many values it depends on that are not drawn."""
    inside: Inside | None = None

    @property
    def key(self) -> str:
        """Its place in the diagram."""
        return self.id

    @property
    def gradient_norm(self) -> float | None:
        """√Σ gradient² over the parameters of a scope."""
        return self.inside.gradient_norm if self.inside else None


@dataclass(frozen=True, slots=True)
class Edge:
    """One use of a value: operand number `position` of the operation `target`."""

    source: str
    target: str
    position: int
    value: float
    partial: float | None
    """The local derivative ∂target/∂source of this use; None between scopes."""
    upstream: float | None
    """The gradient of `target`."""
    gradient: float | None
    """upstream × partial: the contribution of this use; of several values, the norm
    √Σ gradient²."""
    parts: tuple[Part, ...] = ()
    """The values that are used in the target, where one of the ends is a scope."""

    @property
    def key(self) -> tuple[str, str, int]:
        """Its place in the diagram."""
        return self.source, self.target, self.position

    @property
    def count(self) -> int:
        """How many values are used."""
        return len(self.parts) or 1


def value_of(part: Node | Edge) -> Quantity:
    """The value of a node, or the one that a use passes on."""
    return Quantity("value", part.key)


def gradient_of(part: Node | Edge) -> Quantity:
    """The gradient of a node, or the contribution of a use."""
    return Quantity("gradient", part.key)


@dataclass(frozen=True, slots=True)
class Diagram:
    """The nodes in topological order, the output last, and every use of a value.

    Gradients are None throughout when no `backward` has reached the output.

    >>> x = Value(3.0, label="x")
    >>> y = x * x
    >>> y.backward()
    >>> [(e.source, e.target, e.gradient) for e in Diagram.of(y).edges]
    [('n0', 'n1', 3.0), ('n0', 'n1', 3.0)]
    """

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    before: Diagram | None = None
    """That of an earlier run, which this one is compared with."""
    hidden: frozenset[Quantity] = frozenset()
    """Numbers that are not known yet at this point of a film. They take their place in
    the picture, but are not to be seen."""
    _parts: dict[Place, Node | Edge] = field(init=False, repr=False, compare=False)
    _into: dict[str, list[Edge]] = field(init=False, repr=False, compare=False)
    _uses: dict[str, list[Edge]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        into: dict[str, list[Edge]] = {node.id: [] for node in self.nodes}
        uses: dict[str, list[Edge]] = {node.id: [] for node in self.nodes}
        for edge in self.edges:
            into[edge.target].append(edge)
            uses[edge.source].append(edge)
        parts: dict[Place, Node | Edge] = {node.id: node for node in self.nodes}
        parts |= {edge.key: edge for edge in self.edges}
        object.__setattr__(self, "_parts", parts)
        object.__setattr__(self, "_into", into)
        object.__setattr__(self, "_uses", uses)

    def __getitem__(self, id_: str) -> Node:
        node = self._parts[id_]
        assert isinstance(node, Node)
        return node

    def number(self, quantity: Quantity) -> float | None:
        """A number, or None where it is not known."""
        place = quantity.place
        part: Node | Edge | Part
        if len(place) == 2 and isinstance(place[1], int):
            inside = self[place[0]].inside
            assert inside is not None
            part = inside.outputs[place[1]]
        else:
            part = self._parts[place]
        number: float | None = getattr(part, quantity.kind)
        return number

    def change(self, quantity: Quantity) -> float | None:
        """What a picture weighs: by how much a number has changed since the run before.
        Where there is nothing to compare with, the number itself."""
        now = self.number(quantity)
        was = self.before.number(quantity) if self.before else None
        if now is None or was is None:
            return now
        return now - was if differ(now, was) else 0.0

    def into(self, id_: str) -> list[Edge]:
        """The operands of a node, in order."""
        return self._into[id_]

    def uses(self, id_: str) -> list[Edge]:
        """The uses of a node, in the order they were made."""
        return self._uses[id_]

    @property
    def output(self) -> Node:
        """The value that the picture is of."""
        return self.nodes[-1]

    @property
    def has_gradients(self) -> bool:
        """Whether there are gradients to show."""
        return self.output.gradient is not None

    @classmethod
    def of(cls, output: Value) -> Diagram:
        """The diagram of the graph that `output` is computed by.

        Raises:
            OperandError: `output` is not a Value.
        """
        return assemble(topological_order(check_value(output)))


def differ(a: float, b: float) -> bool:
    """Whether two numbers are not the same; nan is the same as nan.

    >>> differ(1.0, 2.0), differ(math.nan, math.nan)
    (True, False)
    """
    return a != b and not (math.isnan(a) and math.isnan(b))


def check_value(output: Value) -> Value:
    """`output`, if it can be drawn.

    Raises:
        OperandError: it is not a Value.
    """
    if isinstance(output, Value):
        return output
    order = ": the value comes first, then the path"
    raise OperandError(
        f"a picture is drawn of a Value, not of {output!r:.80} "
        f"({type(output).__name__}){order if isinstance(output, (str, Path)) else ''}"
    )


def assemble(order: Sequence[Value], hidden: Mapping[Value, int] = {}) -> Diagram:
    """The diagram of these values, in topological order, the output last.

    Args:
        hidden: values whose operands are left out, and how many values that hides.
    """
    reading = Reading(order[-1].has_gradient, engine.path_labels(order))
    ids = {value: f"n{i}" for i, value in enumerate(order)}
    edges = tuple(
        reading.make_edge(use, ids[use.parent], ids[use.child])
        for use in engine.edges(order[-1])
        if use.child in ids and use.child not in hidden
    )
    shares: defaultdict[str, list[float]] = defaultdict(list)
    for edge in edges:
        shares[edge.source].append(edge.gradient or 0.0)
    nodes = tuple(
        reading.make_node(
            value, ids[value], shares.get(ids[value]), hidden.get(value, 0)
        )
        for value in order
    )
    return Diagram(nodes, edges)


@dataclass(frozen=True, slots=True)
class Reading:
    """How the numbers of Values are read for one picture."""

    swept: bool
    """Whether `backward` has reached the output: else no gradient is shown."""
    paths: Mapping[Value, tuple[str, ...]]
    """What tells leaves of one label apart."""

    def gradient(self, value: Value) -> float | None:
        """What is known of the gradient of a value."""
        return value.grad if self.swept and value.has_gradient else None

    def label(self, value: Value) -> str:
        """The label as it is drawn, with scopes where leaves would be alike."""
        return shorten_path(self.paths.get(value, (value.label or "",)))

    def make_part(self, value: Value, gradient: float | None) -> Part:
        """A value as one of several that an edge or a scope stands for."""
        return Part(self.label(value) or symbol(value), value.data, gradient)

    def make_edge(self, use: engine.Edge, source: str, target: str) -> Edge:
        """The edge of a use."""
        upstream = self.gradient(use.child)
        return Edge(
            source=source,
            target=target,
            position=use.position,
            value=use.parent.data,
            partial=use.partial,
            upstream=upstream,
            gradient=None if upstream is None else upstream * use.partial,
        )

    def make_node(
        self, value: Value, id_: str, shares: Sequence[float] | None, hidden: int = 0
    ) -> Node:
        """The node of a value, which contributes these shares to the drawn uses."""
        gradient = self.gradient(value)
        return Node(
            id=id_,
            kind=value.kind,
            value=value.data,
            gradient=gradient,
            label=self.label(value),
            operation=value.op.name if value.op else None,
            symbol=symbol(value),
            scope=value.scope,
            elsewhere=_find_rest(gradient, shares),
            hidden=hidden,
        )


def symbol(value: Value) -> str:
    """The symbol of the operation that made a value, or nothing."""
    return shorten(value.op.symbol, 16) or value.op.name if value.op else ""


def _find_rest(gradient: float | None, shares: Sequence[float] | None) -> float:
    """What the drawn uses leave unexplained, 0.0 if it is rounding only."""
    if gradient is None or shares is None or not math.isfinite(gradient):
        return 0.0
    here = math.fsum(shares) if all(map(math.isfinite, shares)) else 0.0
    scale = max(abs(gradient), *map(abs, shares))
    rest = gradient - here
    return rest if abs(rest) > 1e-9 * scale else 0.0
