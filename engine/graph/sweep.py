"""The reverse sweep on numbers: the chain rule, from the output back to the leaves.

Linnainmaa (1970); Griewank & Walther, Evaluating Derivatives (2008), ch. 3. The
derivative of the output by a node is the node's *adjoint* (others say cotangent).
"""

from __future__ import annotations

import threading
from array import array
from collections.abc import Iterable, Sequence
from contextvars import ContextVar
from typing import Any
from weakref import ref

from engine.graph import context
from engine.graph.node import N, Node, topological_order
from engine.native.core import core

_changing_gradients = threading.Lock()
"""Held while `grad`s are changed, so that threads that share leaves lose no update."""


def adjoints(
    output: N, seed: float = 1.0, *, order: Sequence[N] = ()
) -> dict[N, float]:
    """∂output/∂v × seed for every node v of the graph; changes no node.

    adjoint(v) = Σ over the uses of v of adjoint(child) × ∂child/∂v.

    Args:
        order: the topological order of `output`, where it is known already.

    >>> from engine import Value
    >>> x = Value(3.0)
    >>> adjoints(x * x)[x]
    6.0
    """
    if core is not None:
        return core.adjoints(output, seed)  # type: ignore[no-any-return]
    order = order or topological_order(output)
    found = dict.fromkeys(order, 0.0)
    found[output] = seed
    _sweep(order, found)
    return found


def _sweep(order: Sequence[N], found: dict[N, float]) -> None:
    """Add to the adjoint of each operand what flows to it."""
    for node in reversed(order):  # all uses of a node come before the node itself
        first = node._x
        if first is not None:
            adjoint = found[node]
            found[first] += adjoint * node._dx
            second = node._y
            if second is not None:
                found[second] += adjoint * node._dy
        elif node._y is not None:
            adjoint = found[node]
            for parent, partial in zip(node._y, node._dy, strict=True):
                found[parent] += adjoint * partial


def backward(output: Node, seed: float = 1.0) -> None:
    """Add ∂output/∂v × seed to `v.grad` for every node v of the graph.

    The sweep keeps its adjoints to itself until it ends, so sweeps in several
    threads may share nodes.
    """
    add_gradients([output], [seed])
    _last.set(ref(output))


def add_gradients(nodes: Sequence[Node], gradients: Iterable[float]) -> None:
    """Add to the `grad` of each node, and of all that it was made of.

    Args:
        gradients: one for each node; a memoryview or an array has doubles.
    """
    context.refuse_change("backward()")
    seeds = gradients
    if not isinstance(seeds, (array, memoryview)):
        seeds = array("d", map(float, gradients))
    if core is not None:
        core.add_gradients(nodes, seeds)
        return
    order = topological_order(*nodes)
    found = dict.fromkeys(order, 0.0)
    for node, seed in zip(nodes, seeds, strict=True):
        found[node] += seed
    _sweep(order, found)
    _add(found.items())


def _add(pairs: Iterable[tuple[Node, float]]) -> None:
    """Add to the `grad` of each node, and of all of them even where Ctrl-C comes."""
    left = iter(pairs)
    with _changing_gradients:
        try:
            for node, gradient in left:
                node._grad = (node._grad or 0.0) + gradient
        finally:
            for node, gradient in left:
                node._grad = (node._grad or 0.0) + gradient


_last: ContextVar[ref[Any] | None] = ContextVar("last output", default=None)


def last_output() -> Any:
    """The output of this thread's last `backward`, while it is alive.

    It is what explanations are about when nobody says of which output.

    >>> from engine import Value
    >>> y = Value(2.0) ** 2
    >>> y.backward()
    >>> last_output() is y
    True
    """
    output = _last.get()
    return None if output is None else output()


def zero_grad(output: Node) -> None:
    """Set `grad` to 0.0 for every node of the graph of `output`."""
    clear(topological_order(output))


def clear(nodes: Sequence[Node]) -> None:
    """Set `grad` to 0.0 for these nodes, as if no sweep had reached them."""
    context.refuse_change("zero_grad()")
    if core is not None:
        core.clear(nodes)
        return
    with _changing_gradients:
        for node in nodes:
            node._grad = None
