"""Walks over the graph. None of them recurses: a million nodes are an ordinary graph.

Iterative depth-first search in the manner of Tarjan (1972).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from engine.value import Value

__all__ = ["Edge", "edges", "topological_order"]


def topological_order(*roots: Value) -> list[Value]:
    """Every node that the roots depend on, each once, parents before children.

    The order depends on the expressions alone; a single root comes last. Linear in
    the number of edges.

    >>> x = Value(2.0, label="x")
    >>> [node.data for node in topological_order(x * x + 1)]
    [2.0, 4.0, 1.0, 5.0]
    """
    order: list[Value] = []
    seen: set[Value] = set()
    stack: list[Value | None] = list(reversed(roots))
    emit, see, pop, push = order.append, seen.add, stack.pop, stack.append
    while stack:
        node = pop()
        if node is None:  # marks a node all of whose parents are now in the order
            emit(stack.pop())  # type: ignore[arg-type]
        elif node not in seen:
            see(node)
            first, second = node._x, node._y
            if first is not None:
                push(node)
                push(None)
                if second is not None and second not in seen:
                    push(second)
                if first not in seen:
                    push(first)
            elif second is not None:  # three operands or more
                push(node)
                push(None)
                stack.extend(reversed(second))
            else:
                emit(node)
    return order


class Edge(NamedTuple):
    """One use of a value: `child` has `parent` as its operand number `position`."""

    parent: Value
    child: Value
    position: int
    partial: float
    """∂child/∂parent through this operand alone."""


def edges(root: Value) -> Iterator[Edge]:
    """Every use of a value in the graph of `root`, in topological and operand order.

    >>> x = Value(3.0)
    >>> [(edge.position, edge.partial) for edge in edges(x * x)]
    [(0, 3.0), (1, 3.0)]
    """
    for child in topological_order(root):
        uses = zip(child.parents, child.partials, strict=True)
        for position, (parent, partial) in enumerate(uses):
            yield Edge(parent, child, position, partial)
