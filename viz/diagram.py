"""`Diagram`: what a picture tells, as plain data.

It is made from a graph of Values and knows nothing of Graphviz, colours or text.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field

from engine import OperandError, Value, topological_order
from viz.labels import capped

__all__ = ["Diagram", "Edge", "Node"]


@dataclass(frozen=True, slots=True)
class Node:
    """A value: a leaf, parameter, constant or the result of an operation."""

    id: str
    """n0, n1, ... in topological order."""
    kind: str
    """'leaf', 'parameter', 'constant' or 'operation'."""
    value: float
    gradient: float | None
    """None where no `backward` has reached the node since it was made or cleared."""
    label: str = ""
    """On one line and cut when long; empty when there is none to show."""
    operation: str | None = None
    symbol: str = ""
    scope: tuple[str, ...] = ()
    elsewhere: float = 0.0
    """The part of the gradient that came through uses outside this graph."""


@dataclass(frozen=True, slots=True)
class Edge:
    """One use of a value: operand number `position` of the operation `target`."""

    source: str
    target: str
    position: int
    value: float
    partial: float
    """The local derivative ∂target/∂source of this use."""
    upstream: float | None
    """The gradient of `target`."""
    gradient: float | None
    """upstream × partial: the contribution of this use."""


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
    _by_id: dict[str, Node] = field(init=False, repr=False, compare=False)
    _into: dict[str, list[Edge]] = field(init=False, repr=False, compare=False)
    _uses: dict[str, list[Edge]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        into: dict[str, list[Edge]] = {node.id: [] for node in self.nodes}
        uses: dict[str, list[Edge]] = {node.id: [] for node in self.nodes}
        for edge in self.edges:
            into[edge.target].append(edge)
            uses[edge.source].append(edge)
        object.__setattr__(self, "_by_id", {node.id: node for node in self.nodes})
        object.__setattr__(self, "_into", into)
        object.__setattr__(self, "_uses", uses)

    def __getitem__(self, id_: str) -> Node:
        return self._by_id[id_]

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
        if not isinstance(output, Value):
            raise OperandError(
                f"a picture is drawn of a Value, not of {output!r} "
                f"({type(output).__name__})"
            )
        order = topological_order(output)
        ids = {node: f"n{i}" for i, node in enumerate(order)}
        swept = output.has_gradient
        edges = tuple(
            edge for child in order for edge in _edges_into(child, ids, swept=swept)
        )
        contributions: defaultdict[str, list[float]] = defaultdict(list)
        for edge in edges:
            contributions[edge.source].append(edge.gradient or 0.0)
        nodes = tuple(
            _node(value, ids[value], contributions.get(ids[value]), swept=swept)
            for value in order
        )
        return cls(nodes, edges)


def _edges_into(child: Value, ids: dict[Value, str], *, swept: bool) -> list[Edge]:
    upstream = _gradient(child, swept=swept)
    return [
        Edge(
            source=ids[parent],
            target=ids[child],
            position=position,
            value=parent.data,
            partial=partial,
            upstream=upstream,
            gradient=None if upstream is None else upstream * partial,
        )
        for position, (parent, partial) in enumerate(
            zip(child.parents, child.partials, strict=True)
        )
    ]


def _node(
    value: Value, id_: str, contributions: list[float] | None, *, swept: bool
) -> Node:
    return Node(
        id=id_,
        kind=value.kind,
        value=value.data,
        gradient=_gradient(value, swept=swept),
        label=capped(value.label or ""),
        operation=value.op.name if value.op else None,
        symbol=capped(value.op.symbol, 16) or value.op.name if value.op else "",
        scope=value.scope,
        elsewhere=_elsewhere(_gradient(value, swept=swept), contributions),
    )


def _gradient(value: Value, *, swept: bool) -> float | None:
    return value.grad if swept and value.has_gradient else None


def _elsewhere(gradient: float | None, contributions: list[float] | None) -> float:
    """What the uses in this graph leave unexplained, 0.0 if it is rounding only."""
    if gradient is None or contributions is None or not math.isfinite(gradient):
        return 0.0
    here = math.fsum(contributions) if all(map(math.isfinite, contributions)) else 0.0
    scale = max(abs(gradient), *map(abs, contributions))
    rest = gradient - here
    return rest if abs(rest) > 1e-9 * scale else 0.0
