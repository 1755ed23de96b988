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
from engine.util.numbers import add_up


def tangents(
    outputs: Value | Sequence[Value], directions: Mapping[Value, float]
) -> dict[Value, float]:
    """The tangent of every node: Σ ∂node/∂input × direction of the input.

    tangent(v) = Σ over the operands p of v of ∂v/∂p × tangent(p). A node that depends
    on no input that moves is a constant: it has no share, even where a local derivative
    by it is infinite or does not exist, and it is left out of the result.

    >>> x, y = Value(3.0), Value(4.0)
    >>> z = x * y
    >>> tangents(z, {x: 1.0})[z]
    4.0
    """
    roots = (outputs,) if isinstance(outputs, Value) else tuple(outputs)
    found = {value: step for value, step in directions.items() if step != 0}
    for node in topological_order(*roots):
        shares = [
            partial * found[parent]
            for parent, partial in zip(node.parents, node.partials, strict=True)
            if parent in found
        ]
        if shares:
            found[node] = add_up(shares, found.get(node, 0.0))
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
    found: dict[Value, Any] = {
        value: step
        for value, step in directions.items()
        if isinstance(step, Value) or step != 0
    }
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
