"""The nodes of a graph, and walks over it.

No walk recurses: a million nodes are an ordinary graph. Iterative depth-first search in
the manner of Tarjan (1972).
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple, SupportsFloat, TypeVar

from engine.errors import OperandError
from engine.graph import context
from engine.graph.callsite import find_source
from engine.graph.metadata import CONSTANT, NO_METADATA, Metadata
from engine.native.core import core
from engine.operation.op import Op
from engine.util.numbers import as_float


class Node:
    """The fields of a node, its number and its gradient; not yet its arithmetic.

    The compiled core has a class that does the same, see below.
    """

    # One or two operands, the usual case, are held in slots of their own: a node is
    # then one object instead of three, which is a quarter faster to build and sweep
    # than with tuples. More operands are tuples in _y and _dy, with _x None.
    __slots__ = (
        "__weakref__",
        "_dx",
        "_dy",
        "_grad",
        "_metadata",
        "_number",
        "_x",
        "_y",
        "op",
    )

    op: Op | None
    """The row of the table that made this node; None for a leaf."""

    _number: float
    _grad: float | None
    """None until a sweep reaches the node."""
    _x: Any
    _y: Any
    _dx: Any
    _dy: Any
    _metadata: Metadata

    def __init__(self, data: SupportsFloat, label: str | None = None) -> None:
        if isinstance(data, Node):
            raise OperandError(
                f"Value wants a number, not {data!r}; use it as it is, or its detach()"
            )
        self._number = as_float(data)
        self._grad = None
        self.op = None
        self._x = self._y = self._dx = self._dy = None
        self._metadata = _collect_metadata() if context.active else NO_METADATA
        if label is not None:
            self._metadata = replace(self._metadata, label=check_label(label))

    @property
    def data(self) -> float:
        """The number."""
        if context.active or context.watchers:
            context.report_escape(self, "v.data", sys._getframe(1))
        return self._number

    @data.setter
    def data(self, number: float) -> None:
        if context.active:
            context.refuse_change("v.data = ...")
        self._number = number if number.__class__ is float else _as_data(number)

    @property
    def grad(self) -> float:
        """∂output/∂self, summed over all `backward` calls since the last `zero_grad`.

        0.0 until a `backward` reaches the node.
        """
        if context.active:
            context.report_gradient(self, sys._getframe(1))
        return 0.0 if self._grad is None else self._grad

    @grad.setter
    def grad(self, gradient: float | None) -> None:
        if context.active:
            context.refuse_change("v.grad = ...")
        if gradient is not None and gradient.__class__ is not float:
            gradient = as_float(gradient, where="v.grad")
        self._grad = gradient

    @property
    def has_gradient(self) -> bool:
        """Whether a `backward` has reached this node since it was made or cleared.

        It tells a gradient that is zero from one that nobody has computed.
        """
        if context.active:
            context.report_gradient(self, sys._getframe(1))
        return self._grad is not None

    @property
    def parents(self) -> tuple[Any, ...]:
        """The operands in order, one entry per use: x * x has two parents."""
        if self._x is None:
            return self._y or ()
        return (self._x,) if self._y is None else (self._x, self._y)

    @property
    def partials(self) -> tuple[float, ...]:
        """∂self/∂parent for each parent, as recorded when this node was made."""
        if context.active or context.watchers:
            context.report_escape(self, "v.partials", sys._getframe(1))
        if self._x is None:
            found = self._dy or ()
        else:
            found = (self._dx,) if self._y is None else (self._dx, self._dy)
        return tuple(map(float, found))


def _collect_metadata() -> Metadata:
    """What the blocks that run now want a new node to remember."""
    here = context.current()
    if not here.sources:
        return here.metadata
    return replace(here.metadata, source=find_source())


def check_label(label: Any) -> str | None:
    """The label, if it can be one.

    Raises:
        TypeError: it is no string.
    """
    if not (label is None or isinstance(label, str)):
        raise TypeError(f"a label is a string or None, not {label!r}")
    return label


def _as_data(number: Any) -> float:
    if isinstance(number, Node):
        raise OperandError(
            f"v.data wants a number, not {number!r:.80}: write v.data = other.data, or "
            "v = other"
        )
    return as_float(number, where="v.data")


if core is not None:
    core.configure(
        Node,
        context.active,
        context.watchers,
        context.recorders,
        context.variable,
        NO_METADATA,
        CONSTANT,
    )
    if not TYPE_CHECKING:
        Node = core.Node

N = TypeVar("N", bound=Node)


def topological_order(*roots: N) -> list[N]:
    """Every node that the roots depend on, each once, parents before children.

    The order depends on the expressions alone; a single root comes last. Linear in
    the number of edges.

    >>> from engine import Value
    >>> x = Value(2.0, label="x")
    >>> [node.data for node in topological_order(x * x + 1)]
    [2.0, 4.0, 1.0, 5.0]
    """
    if core is not None:
        return core.topological_order(*roots)  # type: ignore[no-any-return]
    order: list[N] = []
    seen: set[N] = set()
    stack: list[N | None] = list(reversed(roots))
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

    parent: Any
    child: Any
    position: int
    partial: float
    """∂child/∂parent through this operand alone."""


def edges(root: Node | Iterable[Node]) -> Iterator[Edge]:
    """Every use of a value in the graph of `root`, in topological and operand order.

    Args:
        root: the output of a graph; or several nodes: then only the uses that they
            make of their own operands, in the order of the nodes.

    >>> from engine import Value
    >>> x = Value(3.0)
    >>> y = x * x + 1
    >>> [(edge.position, edge.partial) for edge in edges(y)]
    [(0, 3.0), (1, 3.0), (0, 1.0), (1, 1.0)]
    >>> [edge.parent.data for edge in edges([y])]
    [9.0, 1.0]
    """
    children = topological_order(root) if isinstance(root, Node) else list(root)
    if context.active or context.watchers:
        for child in children:
            context.report_escape(child, "edges(v)", sys._getframe(1))
    for child in children:
        uses = zip(child.parents, child.partials, strict=True)
        for position, (parent, partial) in enumerate(uses):
            yield Edge(parent, child, position, partial)


def link(node: Node, parents: tuple[Node, ...], partials: tuple[float, ...]) -> None:
    """Make `node` remember its operands and local derivatives."""
    if len(parents) > 2:
        node._y, node._dy = parents, partials
        return
    node._x, node._dx = parents[0], partials[0]
    if len(parents) == 2:
        node._y, node._dy = parents[1], partials[1]
