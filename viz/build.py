"""Graphs of Values → `Diagram`: whole, or the part that is to be drawn."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine import OperandError, Value, topological_order
from viz.diagram import Diagram, Edge, Node
from viz.labels import capped

__all__ = ["Reading", "assembled", "checked", "whole"]


def whole(output: Value) -> Diagram:
    """Every value and every use."""
    return assembled(topological_order(checked(output)))


def checked(output: Value) -> Value:
    """`output`, if it can be drawn.

    Raises:
        OperandError: it is not a Value.
    """
    if isinstance(output, Value):
        return output
    raise OperandError(
        f"a picture is drawn of a Value, not of {output!r} ({type(output).__name__})"
    )


def assembled(order: Sequence[Value], hidden: Mapping[Value, int] = {}) -> Diagram:
    """The diagram of these values, in topological order, the output last.

    Args:
        hidden: values whose operands are left out, and how many values that hides.
    """
    reading = Reading(order[-1].has_gradient)
    ids = {value: f"n{i}" for i, value in enumerate(order)}
    edges = tuple(
        edge
        for child in order
        if child not in hidden
        for edge in reading.edges_into(child, ids)
    )
    shares: defaultdict[str, list[float]] = defaultdict(list)
    for edge in edges:
        shares[edge.source].append(edge.gradient or 0.0)
    nodes = tuple(
        reading.node(value, ids[value], shares.get(ids[value]), hidden.get(value, 0))
        for value in order
    )
    return Diagram(nodes, edges)


@dataclass(frozen=True, slots=True)
class Reading:
    """How the numbers of Values are read for one picture."""

    swept: bool
    """Whether `backward` has reached the output: else no gradient is shown."""

    def gradient(self, value: Value) -> float | None:
        """What is known of the gradient of a value."""
        return value.grad if self.swept and value.has_gradient else None

    def edges_into(self, child: Value, ids: Mapping[Value, str]) -> list[Edge]:
        """The uses that a value makes of its operands."""
        upstream = self.gradient(child)
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

    def node(
        self, value: Value, id_: str, shares: Sequence[float] | None, hidden: int = 0
    ) -> Node:
        """The node of a value, which contributes these shares to the drawn uses."""
        gradient = self.gradient(value)
        return Node(
            id=id_,
            kind=value.kind,
            value=value.data,
            gradient=gradient,
            label=capped(value.label or ""),
            operation=value.op.name if value.op else None,
            symbol=symbol(value),
            scope=value.scope,
            elsewhere=_elsewhere(gradient, shares),
            hidden=hidden,
        )


def symbol(value: Value) -> str:
    """The symbol of the operation that made a value, or nothing."""
    return capped(value.op.symbol, 16) or value.op.name if value.op else ""


def _elsewhere(gradient: float | None, shares: Sequence[float] | None) -> float:
    """What the drawn uses leave unexplained, 0.0 if it is rounding only."""
    if gradient is None or shares is None or not math.isfinite(gradient):
        return 0.0
    here = math.fsum(shares) if all(map(math.isfinite, shares)) else 0.0
    scale = max(abs(gradient), *map(abs, shares))
    rest = gradient - here
    return rest if abs(rest) > 1e-9 * scale else 0.0
