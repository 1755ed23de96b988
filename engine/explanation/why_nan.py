"""`why_nan`: where a value or a gradient stopped being finite, and what came of it."""

from __future__ import annotations

import math
from collections.abc import Iterator

from engine.errors import OperandError
from engine.explanation.wording import (
    Story,
    abridge,
    format_computation,
    format_contribution,
    format_number,
    format_term,
    locate,
    telling_apart,
)
from engine.graph.node import Edge, edges, topological_order
from engine.graph.sweep import adjoints
from engine.graph.value import Value

MOST_INPUTS = 8
"""The most inputs that are named whose gradients are not finite in the end."""
_INPUTS = {"leaf", "parameter"}


def why_nan(output: Value) -> Story:
    """Tell where nan or ±∞ first came up, in the values and in the gradients.

    Each story begins at the first value, or the first local derivative, that is not
    finite, and follows it to the output, or back to an input. With `record_source` on
    while the graph is built the lines of the program are named.

    >>> from engine import Value, sqrt
    >>> x = Value(0.0, label="x")
    >>> y = sqrt(x * x)
    >>> why_nan(y)
    Every value is finite.
    A gradient stopped being finite on the way back through sqrt(0):
      to (x × x): 1 × ∞ (1 ÷ (2 × 0)) = ∞
      to x: ∞ × 0 (x) = nan, through x × x
    Not finite in the end: ∂/∂x = nan.

    Raises:
        OperandError: `output` is not a Value.
    """
    if not isinstance(output, Value):
        raise OperandError(f"why_nan tells about a Value, not about {output!r}")
    order = topological_order(output)
    with telling_apart(output):
        return Story("\n".join([*_trace_values(order), *_trace_gradients(order)]))


def _trace_values(order: list[Value]) -> Iterator[str]:
    """How nan or ±∞ came into the values: from the first node to the last."""
    output = order[-1]
    wrong = [node for node in order if not math.isfinite(node.data)]
    if not wrong:
        yield "Every value is finite."
        return
    has_reached_output = not math.isfinite(output.data)
    way = [output if has_reached_output else wrong[0]]
    while before := [x for x in way[-1].parents if not math.isfinite(x.data)]:
        way.append(before[0])
    way.reverse()
    if has_reached_output:
        value = format_number(output.data)
        yield f"The value of {format_term(output)} is {value}. It began with"
    else:
        yield f"The output is finite, but on the way to {format_term(output)} there is"
    for node in abridge(way):
        yield "  …" if node is None else f"  {_describe_value(node)}"


def _describe_value(node: Value) -> str:
    if node.op is None:
        return locate(node) if node.label else f"an input = {format_number(node.data)}"
    computed = f"{locate(node)}: {format_computation(node)}"
    if not all(math.isfinite(x.data) for x in node.parents):
        return computed
    if math.isnan(node.data):
        return f"{computed}, which has no real value"
    return f"{computed}, too large for a float"


def _trace_gradients(order: list[Value]) -> Iterator[str]:
    """How nan or ±∞ came into the gradients: from the output back to an input."""
    found = adjoints(order[-1], order=order)
    first = _find_first(order, found)
    if first is None:
        yield "Every gradient is finite."
        return
    through = locate(first.child)
    yield f"A gradient stopped being finite on the way back through {through}:"
    way = [first]
    while after := _find_non_finite(way[-1].parent, found):
        way.append(after[0])
    for edge in abridge(way):
        if edge is None:
            yield "  …"
        else:
            step = format_contribution(edge, found[edge.child])
            through = "" if edge is first else f", through {locate(edge.child)}"
            yield f"  to {format_term(edge.parent)}: {step}{through}"
    leaves = [n for n in order if n.kind in _INPUTS and not math.isfinite(found[n])]
    named = ", ".join(
        f"∂/∂{format_term(n)} = {format_number(found[n])}" for n in leaves[:MOST_INPUTS]
    )
    more = len(leaves) - MOST_INPUTS
    if leaves:
        yield f"Not finite in the end: {named}{f' and {more} more' * (more > 0)}."


def _find_first(order: list[Value], found: dict[Value, float]) -> Edge | None:
    """The first use, from the output back, that makes a finite adjoint not finite."""
    for node in reversed(order):
        if math.isfinite(found[node]) and (uses := _find_non_finite(node, found)):
            return uses[0]
    return None


def _find_non_finite(child: Value, found: dict[Value, float]) -> list[Edge]:
    """The uses through which a contribution flows back that is nan or ±∞."""
    return [
        edge
        for edge in edges([child])
        if edge.parent.kind != "constant"
        and not math.isfinite(found[child] * edge.partial)
    ]
