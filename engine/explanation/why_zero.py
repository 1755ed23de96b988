"""`why_zero`: what keeps a gradient from reaching a node."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from engine.explanation.contributions import find_output
from engine.explanation.paths import edges_between
from engine.explanation.wording import (
    Story,
    format_factor,
    format_number,
    format_partial,
    format_sum,
    format_term,
    locate,
    telling_apart,
)
from engine.graph.node import Edge, topological_order
from engine.graph.sweep import adjoints, last_output
from engine.graph.value import Value
from engine.util.numbers import add_up

MOST_CAUSES = 8
"""The most causes that are written down."""

Uses = dict[Value, list[Edge]]


def why_zero(node: Value, output: Value | None = None) -> Story:
    """Tell why ∂output/∂node is 0.

    It may be stopped by local derivatives that are 0 (a dead relu, a factor 0), be a
    sum that cancels, be too small for a float, or `node` may have no part in the
    output at all: because of `detach`, `no_grad`, or altogether.

    Args:
        output: whose derivative is meant; that of the last `backward` otherwise.

    >>> from engine import Value, relu
    >>> x = Value(-2.0, label="x")
    >>> why_zero(x, relu(x) * 3)
    ∂(0 × 3)/∂x = 0, because
      dead relu: relu(x) is flat where x = −2
    >>> why_zero(x, x * 3 - x * 3)
    ∂(−6 − (−6))/∂x = 0, because
      contributions cancel at x: 3 − 3 = 0

    Raises:
        OperandError: `node` or `output` is not a Value.
    """
    if output is None and last_output() is None and isinstance(node, Value):
        return Story(
            f"{format_term(node)}.grad is {format_number(node.grad)}: no backward() "
            "has run in this thread, or its output is gone. Name the output: "
            "why_zero(x, y)"
        )
    output = find_output(node, output)
    with telling_apart(output):
        return Story("\n".join(_explain(node, output)))


def _explain(node: Value, output: Value) -> Iterator[str]:
    order = topological_order(output)
    found = adjoints(output, order=order)
    if node not in found:
        yield from _explain_absence(node, order)
        return
    head = f"∂{format_term(output)}/∂{format_term(node)} = {format_number(found[node])}"
    if found[node] != 0:
        yield f"{head}, which is not zero{_explain_grad(node)}"
        return
    yield f"{head}, because"
    causes = list(_find_causes(node, edges_between(node, order), found))
    yield from (f"  {cause}" for cause in causes[:MOST_CAUSES])
    if len(causes) > MOST_CAUSES:
        yield f"  … and {len(causes) - MOST_CAUSES:,} more like these"


def _explain_grad(node: Value) -> str:
    if node.has_gradient or node.grad:
        return "."
    return (
        f". {format_term(node)}.grad is 0 because no backward() has reached it since."
    )


def _find_causes(
    node: Value, between: list[Edge], found: dict[Value, float]
) -> Iterator[str]:
    """What stops the gradient on each way from the output to the node."""
    uses: Uses = defaultdict(list)
    for edge in between:
        uses[edge.parent].append(edge)
    waiting, seen = [node], {node}
    while waiting:
        here = waiting.pop(0)
        shares = [found[edge.child] * edge.partial for edge in uses[here]]
        if any(shares):
            sums = format_sum(shares, add_up(shares))
            yield f"contributions cancel at {format_term(here)}: {sums}"
            continue
        for edge in uses[here]:
            if edge.partial == 0:
                yield _explain_zero_partial(edge)
            elif found[edge.child] != 0:
                yield _explain_underflow(edge, found[edge.child])
            elif edge.child not in seen:
                seen.add(edge.child)
                waiting.append(edge.child)


def _explain_zero_partial(edge: Edge) -> str:
    parent, child = edge.parent, edge.child
    assert child.op is not None
    operand = f"{format_term(parent)} = {format_number(parent.data)}"
    if child.op.name == "relu":
        return f"dead relu: {locate(child)} is flat where {operand}"
    written = format_partial(child, edge.position)
    by = f"∂{format_term(child)}/∂{format_term(parent)} = {written}"
    value = "" if written == "0" else ", which is 0"
    return f"{locate(child)} passes nothing back to {operand}: {by}{value}"


def _explain_underflow(edge: Edge, upstream: float) -> str:
    factors = f"{format_number(upstream)} × {format_factor(edge.partial)}"
    return f"{locate(edge.child)}: {factors} is too small for a float"


def _explain_absence(node: Value, order: list[Value]) -> Iterator[str]:
    """Why a node is not in the graph of the output."""
    to, by = format_term(order[-1]), format_term(node)
    yield f"∂{to}/∂{by} = 0: {by} has no part in {to}."
    cuts = [leaf for leaf in order if leaf.cut[0]]
    for leaf in cuts[:MOST_CAUSES]:
        how, origin = leaf.cut
        if origin is not None and node in set(topological_order(origin)):
            yield f"  {locate(leaf)} was cut off from it by {how}"
        else:
            yield f"  {locate(leaf)} was cut off by {how}: what it came from is unknown"
    if len(cuts) > MOST_CAUSES:
        yield f"  … and {len(cuts) - MOST_CAUSES:,} more"
    if not cuts:
        yield (
            "  It was not used, or a number was taken out of it on the way: "
            "float(x), x.data and x.item() do not remember where they came from."
        )
