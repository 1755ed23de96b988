"""Pickling and copying of graphs of any depth.

Plain pickling follows parents from child to child and would run out of stack on a
long chain. So the node that is pickled first carries the list of its ancestors,
parents first: each ancestor then finds its parents pickled already. Identity is
kept as always: Values pickled together share what they shared.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

from engine.graph.metadata import NO_METADATA
from engine.graph.node import Node, topological_order
from engine.util.moved import find_moved_modules

find_moved_modules()


class _Announced(threading.local):
    """The nodes in the list of ancestors that was given to `pickle` last.

    They are pickled next, in their order, and need no lists of their own. Should a
    pickling break off half way, what is left here is harmless: a node that comes out
    of order gets a list of its own.
    """

    def __init__(self) -> None:
        self.start([])

    def start(self, ancestors: list[Node]) -> None:
        self.places = {id(node): place for place, node in enumerate(ancestors)}
        self.last = -1

    def visit(self, node: Node) -> bool:
        """Whether this node is one of them, and comes in its order."""
        place = self.places.get(id(node), -1)
        announced = place > self.last
        if announced:
            self.last = place
        return announced


_announced = _Announced()


def reduce(node: Node) -> tuple[Any, ...]:
    """What `__reduce_ex__` gives `pickle` and `copy`: how to make this node again."""
    ancestors: list[Node] = []
    if not _announced.visit(node) and any(parent.parents for parent in node.parents):
        ancestors = topological_order(node)[:-1]
        _announced.start(ancestors)
    metadata = node._metadata
    if metadata.origin:  # a weak reference does not travel
        metadata = replace(metadata, origin=None)
    fields = (node.op, node._x, node._y, node._dx, node._dy, metadata)
    return _restore, (ancestors, type(node), node._number, node._grad, *fields)


def _restore(
    _ancestors: list[Node],
    kind: type[Node],
    data: float,
    grad: float | None,
    *fields: Any,
) -> Node:
    """A node from its fields; the ancestors only had to be there before it.

    In pickles of before, nodes without metadata have None.
    """
    node = kind.__new__(kind)
    node._number, node._grad = data, grad
    node.op, node._x, node._y, node._dx, node._dy, metadata = fields
    node._metadata = metadata or NO_METADATA
    return node
