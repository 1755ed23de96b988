"""The same graph at another point: its operations once more, on other numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.errors import OperandError
from engine.graph import context
from engine.graph.build import evaluate, local_derivatives
from engine.graph.node import link, topological_order
from engine.graph.value import Value
from engine.util.numbers import as_float


def recompute(output: Value, numbers: Mapping[Value, Any] | None = None) -> None:
    """Compute the graph of `output` again, in place, from the numbers in its leaves.

    Every value and local derivative becomes what building the expression at this point
    would give, bit for bit, as long as Python's control flow would take the same way:
    what was recorded is which operations, not why. Gradients stay as they are; clear
    them with `zero_grad` before the next `backward`.

    Args:
        numbers: what to put into leaves first. Leaves left out keep their numbers,
            or have those that were assigned to their `data`.

    >>> x = Value(3.0, label="x")
    >>> y = x * x
    >>> recompute(y, {x: 5.0})
    >>> y, x, y.partials
    (Value(25.0, op='×'), Value(5.0, label='x'), (5.0, 5.0))

    Raises:
        OperandError: a key of `numbers` is no leaf of the graph.
        DomainError, DivisionByZeroError, RangeError: an operation has no value at this
            point. Nothing is changed then.
    """
    context.refuse_change("recompute()")
    order = topological_order(output)
    data = _select_leaf_data(order, numbers or {})
    partials: dict[Value, tuple[float, ...]] = {}
    for node in order:
        if node.op is not None:
            parents = node.parents
            xs = tuple(data[parent] for parent in parents)
            data[node] = evaluate(node.op, xs, parents)
            partials[node] = local_derivatives(node.op, data[node], xs)
    for node, number in data.items():
        node._number = number
    for node, slopes in partials.items():
        link(node, node.parents, slopes)


def _select_leaf_data(
    order: list[Value], numbers: Mapping[Value, Any]
) -> dict[Value, float]:
    """The numbers that the leaves are to have."""
    data = {leaf: as_float(leaf.data) for leaf in order if leaf.op is None}
    for leaf, number in numbers.items():
        if leaf not in data:
            what = "the result of an operation" if leaf in set(order) else "not in it"
            raise OperandError(f"{leaf!r} is no leaf of the graph: it is {what}")
        data[leaf] = as_float(number, where=f"the leaf {leaf.label or leaf!r}")
    return data
