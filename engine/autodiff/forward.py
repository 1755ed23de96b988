"""Forward mode: derivatives pushed from the inputs to the output, with the values.

Wengert (1964). The derivative of a node along a direction of the inputs is its
*tangent*.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from engine.autodiff.reverse import multiply, partials_as_values
from engine.graph.node import topological_order
from engine.graph.value import Value


def tangents(
    outputs: Value | Sequence[Value], directions: Mapping[Value, float]
) -> dict[Value, float]:
    """The tangent of every node: Σ ∂node/∂input × direction of the input.

    tangent(v) = Σ over the operands p of v of ∂v/∂p × tangent(p).

    >>> x, y = Value(3.0), Value(4.0)
    >>> z = x * y
    >>> tangents(z, {x: 1.0})[z]
    4.0
    """
    roots = (outputs,) if isinstance(outputs, Value) else tuple(outputs)
    found: dict[Value, float] = {}
    for node in topological_order(*roots):
        total = directions.get(node, 0.0)
        first = node._x
        if first is not None:
            total += node._dx * found[first]
            second = node._y
            if second is not None:
                total += node._dy * found[second]
        elif node._y is not None:
            for parent, partial in zip(node._y, node._dy, strict=True):
                total += partial * found[parent]
        found[node] = total
    return found


def pushforward(
    outputs: Sequence[Value], directions: Mapping[Value, float | Value]
) -> list[float | Value]:
    """The tangents of the outputs, as Values with a graph of their own.

    A tangent that no input reaches is the plain number 0.0.

    >>> x = Value(3.0)
    >>> [dx] = pushforward([x * x], {x: 1.0})
    >>> dx
    Value(6.0, op='+')
    """
    found: dict[Value, Any] = dict(directions)
    for node in topological_order(*outputs):
        if node in found or not any(parent in found for parent in node.parents):
            continue
        shares = [
            multiply(found[parent], partial)
            for parent, partial in zip(
                node.parents, partials_as_values(node), strict=True
            )
            if parent in found
        ]
        total = shares[0]
        for share in shares[1:]:
            total = total + share
        found[node] = total
    return [found.get(output, 0.0) for output in outputs]
