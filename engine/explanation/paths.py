"""The paths from a node to an output, and what the chain rule gives along each.

The gradient of a node is the sum, over all paths to the output, of the product of
the local derivatives along the path (Bauer, 1974). There may be exponentially many:
they are counted without being listed, and only the largest are made. All of it is
read off the edges between the node and the output.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engine.graph.node import Edge, edges
from engine.graph.value import Value

MANY = 10**15
"""The largest number of paths that is told; more are "more than" so many."""


@dataclass(frozen=True, slots=True)
class Path:
    """One way from a node to the output.

    >>> from engine import topological_order
    >>> x = Value(3.0, label="x")
    >>> y = x**2 * 5
    >>> [path] = largest_paths(edges_between(x, topological_order(y)), x, y, 1)
    >>> [node.data for node in path.nodes], path.partials, path.product
    ([45.0, 9.0, 3.0], (5.0, 6.0), 30.0)
    """

    nodes: tuple[Value, ...]
    """The output first, the node last."""
    partials: tuple[float, ...]
    """The local derivative of each node by the next."""
    product: float
    """What this path contributes to the gradient."""


def edges_between(node: Value, order: Sequence[Value]) -> list[Edge]:
    """Every use of a value on the way from `node` to an output, in topological order.

    Args:
        order: the topological order of the output.

    >>> from engine import topological_order
    >>> x, y = Value(3.0), Value(5.0)
    >>> order = topological_order((x + y) * y)
    >>> [(e.position, e.partial) for e in edges_between(x, order)]
    [(0, 1.0), (0, 5.0)]
    """
    found: list[Edge] = []
    dependent = {node}
    for child in order:
        if child is not node and not dependent.isdisjoint(child.parents):
            found += [edge for edge in edges([child]) if edge.parent in dependent]
            dependent.add(child)
    return found


def count_paths(between: Sequence[Edge], node: Value, output: Value) -> int:
    """How many paths lead from `node` to `output`, counted up to `MANY`.

    >>> from engine import topological_order
    >>> x = Value(1.0)
    >>> z = (x + x) * (x + x)
    >>> count_paths(edges_between(x, topological_order(z)), x, z)
    4
    """
    counts: defaultdict[Value, int] = defaultdict(int, {node: 1})
    for edge in between:
        counts[edge.child] = min(MANY, counts[edge.child] + counts[edge.parent])
    return counts[output]


def largest_paths(
    between: Sequence[Edge], node: Value, output: Value, most: int
) -> list[Path]:
    """The `most` paths whose products are largest in magnitude, the largest first.

    Each node keeps its best `most` tails only, so the work is that of `most` sweeps,
    however many paths there are.
    """
    # A tail is (product, node, local derivative of the node before, tail after).
    tails: defaultdict[Value, list[tuple[Any, ...]]] = defaultdict(list)
    tails[output] = [(1.0, output, None, None)]
    for edge in reversed(between):
        # All uses of the child come later in the order: its tails are complete.
        best = tails[edge.child] = heapq.nlargest(most, tails[edge.child], _magnitude)
        tails[edge.parent] += [
            (tail[0] * edge.partial, edge.parent, edge.partial, tail) for tail in best
        ]
    return [
        _collect_path(tail) for tail in heapq.nlargest(most, tails[node], _magnitude)
    ]


def _magnitude(tail: tuple[Any, ...]) -> float:
    product: float = tail[0]
    return float("inf") if product != product else abs(product)


def _collect_path(tail: tuple[Any, ...]) -> Path:
    product = tail[0]
    nodes, partials = [], []
    while tail is not None:
        _, node, partial, tail = tail
        nodes.append(node)
        partials.append(partial)
    return Path(tuple(nodes[::-1]), tuple(partials[-2::-1]), product)
