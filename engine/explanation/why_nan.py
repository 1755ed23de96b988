"""`why_nan`: where a value or a gradient stopped being finite, and what came of it."""

from __future__ import annotations

import math
from collections.abc import Iterator

from engine.errors import OperandError
from engine.explanation.story import Story
from engine.explanation.wording import (
    abridged,
    computed,
    number,
    placed,
    rule,
    signed,
    term,
)
from engine.graph.node import Edge, topological_order
from engine.graph.sweep import adjoints
from engine.graph.value import Value
from engine.operation.symbol import formula

__all__ = ["why_nan"]

MOST_INPUTS = 8
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
    return Story("\n".join([*_values(output), *_gradients(output)]))


def _values(output: Value) -> Iterator[str]:
    odd = [node for node in topological_order(output) if not math.isfinite(node.data)]
    if not odd:
        yield "Every value is finite."
        return
    reached = not math.isfinite(output.data)
    way = [output if reached else odd[0]]
    while before := [x for x in way[-1].parents if not math.isfinite(x.data)]:
        way.append(before[0])
    way.reverse()
    if reached:
        yield f"The value of {term(output)} is {number(output.data)}. It began with"
    else:
        yield f"The output is finite, but on the way to {term(output)} there is"
    for node in abridged(way):
        yield "  …" if node is None else f"  {_made(node)}"


def _made(node: Value) -> str:
    if node.op is None:
        return f"{placed(node) if node.label else 'an input'} = {number(node.data)}"
    remark = ""
    if all(math.isfinite(x.data) for x in node.parents):
        pole = ", which has no real value" if node.data != node.data else ""
        remark = pole or ", too large for a float"
    return f"{placed(node)}: {computed(node)}{remark}"


def _gradients(output: Value) -> Iterator[str]:
    found = adjoints(output)
    order = topological_order(output)
    first = _first(order, found)
    if first is None:
        yield "Every gradient is finite."
        return
    child = first.child
    yield f"A gradient stopped being finite on the way back through {placed(child)}:"
    way = [first]
    while after := _odd(way[-1].parent, found):
        way.append(after[0])
    for edge in abridged(way):
        yield "  …" if edge is None else f"  {_passed(edge, found, edge is not first)}"
    leaves = [n for n in order if n.kind in _INPUTS and not math.isfinite(found[n])]
    named = ", ".join(
        f"∂/∂{term(n)} = {number(found[n])}" for n in leaves[:MOST_INPUTS]
    )
    more = len(leaves) - MOST_INPUTS
    if leaves:
        yield f"Not finite in the end: {named}{f' and {more} more' * (more > 0)}."


def _first(order: list[Value], found: dict[Value, float]) -> Edge | None:
    """The first use, from the output back, that makes a finite adjoint not finite."""
    for node in reversed(order):
        if math.isfinite(found[node]) and (odd := _odd(node, found)):
            return odd[0]
    return None


def _odd(child: Value, found: dict[Value, float]) -> list[Edge]:
    """The operands to which no finite contribution goes."""
    uses = zip(child.parents, child.partials, strict=True)
    return [
        Edge(parent, child, position, partial)
        for position, (parent, partial) in enumerate(uses)
        if parent.kind != "constant" and not math.isfinite(found[child] * partial)
    ]


def _passed(edge: Edge, found: dict[Value, float], through: bool) -> str:
    upstream, local = found[edge.child], edge.partial
    written = formula(rule(edge.child, edge.position))
    reason = "" if written == number(local) else f" ({written})"
    step = (
        f"to {term(edge.parent)}: {number(upstream)} × {signed(local)}{reason} "
        f"= {number(upstream * local)}"
    )
    return f"{step}, through {placed(edge.child)}" if through else step
