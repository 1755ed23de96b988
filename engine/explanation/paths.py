"""The paths from a node to an output, and what the chain rule gives along each.

The gradient of a node is the sum, over all paths to the output, of the product of
the local derivatives along the path (Bauer, 1974). There may be exponentially many:
they are counted without being listed, and only the largest are made.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from engine.graph.node import Edge, topological_order
from engine.graph.value import Value

__all__ = ["MANY", "Path", "between", "count_paths", "largest_paths"]

MANY = 10**15
"""Paths are counted up to here."""


@dataclass(frozen=True, slots=True)
class Path:
    """One way from a node to the output.

    >>> x = Value(3.0, label="x")
    >>> [path] = largest_paths(x, x**2 * 5, 1)
    >>> [node.data for node in path.nodes], path.partials, path.product
    ([45.0, 9.0, 3.0], (5.0, 6.0), 30.0)
    """

    nodes: tuple[Value, ...]
    """The output first, the node last."""
    partials: tuple[float, ...]
    """The local derivative of each node by the next."""
    product: float
    """What this path contributes to the gradient."""


def between(node: Value, output: Value) -> list[Edge]:
    """Every use of a value on the way from `node` to `output`, in topological order.

    >>> x, y = Value(3.0), Value(5.0)
    >>> [(e.position, e.partial) for e in between(x, (x + y) * y)]
    [(0, 1.0), (0, 5.0)]
    """
    found: list[Edge] = []
    dependent = {node}
    for child in topological_order(output):
        parents = child.parents
        if dependent.isdisjoint(parents) or child is node:
            continue
        dependent.add(child)
        uses = zip(parents, child.partials, strict=True)
        found += [
            Edge(parent, child, position, partial)
            for position, (parent, partial) in enumerate(uses)
            if parent in dependent
        ]
    return found


def count_paths(node: Value, output: Value) -> int:
    """How many paths lead from `node` to `output`, counted up to `MANY`.

    >>> x = Value(1.0)
    >>> y = x + x
    >>> count_paths(x, y * y), count_paths(x, Value(2.0)), count_paths(x, x)
    (4, 0, 1)
    """
    counts: defaultdict[Value, int] = defaultdict(int, {node: 1})
    for edge in between(node, output):
        counts[edge.child] = min(MANY, counts[edge.child] + counts[edge.parent])
    return counts[output]


def largest_paths(node: Value, output: Value, most: int) -> list[Path]:
    """The `most` paths whose products are largest in magnitude, the largest first.

    Each node keeps its best `most` tails only, so the work is that of `most` sweeps,
    however many paths there are.
    """
    # A tail is (product, node, local derivative of the node before, tail after).
    tails: defaultdict[Value, list[tuple[Any, ...]]] = defaultdict(list)
    tails[output] = [(1.0, output, None, None)]
    for edge in reversed(between(node, output)):
        # All uses of the child come later in the order: its tails are complete.
        best = tails[edge.child] = heapq.nlargest(most, tails[edge.child], _magnitude)
        tails[edge.parent] += [
            (tail[0] * edge.partial, edge.parent, edge.partial, tail) for tail in best
        ]
    return [_path(tail) for tail in heapq.nlargest(most, tails[node], _magnitude)]


def _magnitude(tail: tuple[Any, ...]) -> float:
    product: float = tail[0]
    return float("inf") if product != product else abs(product)


def _path(tail: tuple[Any, ...]) -> Path:
    product = tail[0]
    nodes, partials = [], []
    while tail is not None:
        _, node, partial, tail = tail
        nodes.append(node)
        partials.append(partial)
    return Path(tuple(nodes[::-1]), tuple(partials[-2::-1]), product)
