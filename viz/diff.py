"""Two runs of the same expression in one picture: what changed is what one sees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from engine import Value, topological_order
from viz.build import assembled, checked
from viz.diagram import Diagram
from viz.errors import ComparisonError
from viz.highlight import Lit, lit_names
from viz.numbers import Changed, change

__all__ = ["LEGEND", "compared", "count_changed", "lit_changes"]

LEGEND = (
    "{ink:before → after}\u00a0 (value above, gradient below); faint: has not changed",
    "width, colour: change of the gradient ({positive} or {negative}, log)",
)


def compared(before: Value, after: Value) -> Diagram:
    """The diagram of `after`, whose numbers remember what they were in `before`.

    Raises:
        ComparisonError: the two are not runs of the same expression.
    """
    old, new = topological_order(checked(before)), topological_order(checked(after))
    _check_same(old, new)
    then, now = assembled(old), assembled(new)
    nodes = tuple(
        replace(
            node,
            value=Changed(node.value, was.value),
            gradient=_changed(node.gradient, was.gradient),
            elsewhere=0.0,
        )
        for node, was in zip(now.nodes, then.nodes, strict=True)
    )
    edges = tuple(
        replace(
            edge,
            value=Changed(edge.value, was.value),
            gradient=_changed(edge.gradient, was.gradient),
        )
        for edge, was in zip(now.edges, then.edges, strict=True)
    )
    return Diagram(nodes, edges)


def count_changed(diagram: Diagram) -> int:
    """How many values have another number than before."""
    return sum(change(node.value) != 0 for node in diagram.nodes)


def _changed(now: float | None, before: float | None) -> float | None:
    if now is None or before is None:
        return now
    return Changed(now, before)


def _check_same(old: Sequence[Value], new: Sequence[Value]) -> None:
    shapes = [_shape(order) for order in (old, new)]
    for place, (a, b) in enumerate(zip(*shapes, strict=False)):
        if a != b:
            raise ComparisonError(
                f"not two runs of one expression: value {place + 1} in topological "
                f"order is {_told(old[place])} before and {_told(new[place])} after"
            )
    if len(old) != len(new):
        raise ComparisonError(
            "not two runs of one expression: "
            f"{len(old)} values before, {len(new)} after"
        )


def _shape(order: Sequence[Value]) -> list[tuple[str, list[int]]]:
    """For each value its operation, and where its operands are."""
    places = {value: i for i, value in enumerate(order)}
    return [
        (value.op.name if value.op else "", [places[x] for x in value.parents])
        for value in order
    ]


def _told(value: Value) -> str:
    return f"made by {value.op.name}" if value.op else "a leaf"


def lit_changes(diagram: Diagram) -> Lit:
    """What of a comparison stands out: where the value or the gradient changed."""
    return lit_names(
        diagram,
        lambda node: _differs(node.value) or _differs(node.gradient),
        lambda edge: _differs(edge.value) or _differs(edge.gradient),
    )


def _differs(x: float | None) -> bool:
    return x is not None and change(x) != 0  # nan is not 0
