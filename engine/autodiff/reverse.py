"""Reverse mode: the chain rule, applied from the output back to the leaves.

Linnainmaa (1970); Griewank & Walther, Evaluating Derivatives (2008), ch. 3. The
derivative of the output by a node is the node's *adjoint* (others say cotangent).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from engine.errors import OperandError, StaleGraphError
from engine.graph import context
from engine.graph.node import topological_order
from engine.graph.value import Value, constant
from engine.util.numbers import as_float


def gradients(
    output: Value, inputs: Iterable[Value], *, seed: float | Value = 1.0
) -> list[Value]:
    """∂output/∂input × seed for each input, as Values with a graph of their own.

    They can be drawn and differentiated again, to any order. An input that `output`
    does not depend on has the gradient 0. No node's `grad` is changed.

    >>> x = Value(2.0, label="x")
    >>> [dy] = gradients(x**3, [x])
    >>> [d2y] = gradients(dy, [x])
    >>> dy.data, d2y.data
    (12.0, 12.0)

    Raises:
        OperandError: `output` or one of the inputs is not a Value.
        StaleGraphError: a leaf's `data` was changed after the graph was built.
    """
    wanted = _check_values(output, inputs)
    order = topological_order(output)
    relevant = _find_dependents(set(wanted), order)
    found: dict[Value, Any] = {output: _check_seed(seed)}
    for node in reversed(order):
        if node.op is None or node not in relevant or node not in found:
            continue
        uses = zip(node.parents, partials_as_values(node), strict=True)
        for parent, partial in uses:
            if parent in relevant:
                share = multiply(found[node], partial)
                found[parent] = found[parent] + share if parent in found else share
    results = [found.get(value, 0.0) for value in wanted]
    return [r if isinstance(r, Value) else constant(r) for r in results]


def _check_values(output: Value, inputs: Iterable[Value]) -> list[Value]:
    if isinstance(inputs, Value):
        raise OperandError("gradients wants a list of inputs: write [x], not x")
    wanted = list(inputs)
    for value in (output, *wanted):
        if not isinstance(value, Value):
            raise OperandError(f"gradients works on Values, not on {value!r}")
    return wanted


def _check_seed(seed: float | Value) -> float | Value:
    return seed if isinstance(seed, Value) else as_float(seed, where="seed")


def _find_dependents(inputs: set[Value], order: list[Value]) -> set[Value]:
    relevant = inputs.intersection(order)
    for node in order:
        if not relevant.isdisjoint(node.parents):
            relevant.add(node)
    return relevant


def partials_as_values(node: Value) -> tuple[Any, ...]:
    """The row's own derivative rule, run on the nodes instead of on their numbers."""
    assert node.op is not None
    partials: tuple[Any, ...]
    try:
        partials = node.op.partials(node, *node.parents)
    except (ArithmeticError, ValueError):  # ±∞ or nan at this point, as recorded
        with context.extended_arithmetic():
            partials = node.op.partials(node, *node.parents)
    for now, recorded in zip(map(float, partials), node.partials, strict=True):
        if now != recorded and (now == now or recorded == recorded):
            raise StaleGraphError(
                f"∂({node!r}) was {recorded!r} when the graph was built and is {now!r} "
                "now: the data of a leaf was changed in between. Build the expression "
                "again before asking for gradients with a graph"
            )
    return partials


def multiply(adjoint: Any, partial: Any) -> Any:
    """adjoint × partial, without a node where one factor is the plain number 1."""
    if not isinstance(adjoint, Value) and adjoint == 1:
        return partial
    if not isinstance(partial, Value) and partial == 1:
        return adjoint
    return adjoint * partial
