"""How far rounding may have moved the results of a graph, and its derivatives.

A running error bound after Wilkinson (1963): each operation adds one rounding of its
own result, and passes on the errors of its operands by its local derivatives. So the
noise of 1 − cos(x) is that of the 1, however small the difference is.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from engine.graph.node import topological_order
from engine.graph.sweep import adjoints
from engine.graph.value import Value

EPSILON = 2.0**-52
TINY = 2.0**-1074
"""The smallest float: what one of the numbers below 2e−308 is rounded by."""


@dataclass(frozen=True, slots=True)
class Rounding:
    """What rounding does to the results of a graph."""

    errors: list[float]
    """A bound on that of each result, given exact inputs; ∞ where there is none."""
    unsure: list[Value]
    """Nodes whose operands it may have moved across a kink or a jump."""
    at_kinks: list[Value]
    """Nodes that are at a kink or a jump to the last digit."""


def bound_rounding(results: Sequence[Any]) -> Rounding:
    """How far rounding may have moved results.

    >>> x = Value(1e-4)
    >>> [error] = bound_rounding([(1e6 + x**2) - 1e6]).errors
    >>> 1e-10 < error < 1e-9
    True
    """
    nodes = [result for result in results if isinstance(result, Value)]
    found: dict[Value, float] = {}
    unsure, at_kinks = [], []
    for node in topological_order(*nodes):
        errors = [found[parent] for parent in node.parents]
        found[node] = _bound_node(node, errors)
        if _may_cross_a_kink(node, errors):
            unsure.append(node)
        if _may_cross_a_kink(node, [0.0 for _ in errors]):
            at_kinks.append(node)
    own = [_round_off(float(result)) for result in results]
    errors = [
        min(found[result], _add_up(result)) or error
        if isinstance(result, Value)
        else error
        for result, error in zip(results, own, strict=True)
    ]
    return Rounding(errors, unsure, at_kinks)


def _add_up(result: Value) -> float:
    """Σ |∂result/∂node| × one rounding of the node.

    Errors of the same operand that cancel further on do so here; the running bound
    takes them for strangers, and doubles with every step of an iteration.
    """
    swept = adjoints(result).items()
    shares = [
        abs(found) * _round_off(node._number)
        for node, found in swept
        if node.op is not None
    ]
    total = sum(shares)
    return total if total == total else math.inf


def _round_off(x: float) -> float:
    """How far one rounding may move a number."""
    return max(EPSILON * abs(x), TINY)


def _bound_node(node: Value, errors: list[float]) -> float:
    if not errors:
        return 0.0
    total = _round_off(node.data) + sum(
        abs(partial) * error
        for partial, error in zip(node.partials, errors, strict=True)
        if error and partial != 0
    )
    return total if total == total else math.inf


def _may_cross_a_kink(node: Value, errors: list[float]) -> bool:
    """Whether the exact operands may be on the other side of a kink or a jump."""
    if node.op is None or node.op.kinks is None:
        return False
    reach = [
        (parent.data - error, parent.data + error)
        for parent, error in zip(node.parents, errors, strict=True)
    ]
    try:
        found = [node.op.kinks(*corner) for corner in product(*reach)]
    except (ArithmeticError, ValueError):
        return True
    return bool(min(found) <= 0 <= max(found))


def sum_paths(result: Any, variables: Sequence[Value]) -> list[float]:
    """Σ |contribution| over all paths from each variable to the result; 0 where it is
    not finite.

    >>> x = Value(3.0)
    >>> sum_paths(x * 2 - x * 2, [x])
    [4.0]
    """
    if not isinstance(result, Value):
        return [0.0] * len(variables)
    order = topological_order(result)
    found = dict.fromkeys(order, 0.0)
    found[result] = 1.0
    for node in reversed(order):
        for parent, partial in zip(node.parents, node.partials, strict=True):
            found[parent] += found[node] * abs(partial)
    sizes = [found.get(variable, 0.0) for variable in variables]
    return [size if math.isfinite(size) else 0.0 for size in sizes]
