"""`why_zero`: what keeps a gradient from reaching a node."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from engine.explanation.contributions import output_of
from engine.explanation.paths import between
from engine.explanation.story import Story
from engine.explanation.wording import number, placed, rule, signed, term, total
from engine.graph.node import Edge, topological_order
from engine.graph.sweep import adjoints, last_output
from engine.graph.value import Value
from engine.operation.symbol import formula

__all__ = ["why_zero"]

MOST_CAUSES = 8

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
            f"{term(node)}.grad is {number(node.grad)}: no backward() has run in this "
            "thread, or its output is gone. Name the output: why_zero(x, y)"
        )
    output = output_of(node, output)
    if node not in set(topological_order(output)):
        return Story("\n".join(_unreachable(node, output)))
    found = adjoints(output)
    head = f"∂{term(output)}/∂{term(node)} = {number(found[node])}"
    if found[node] != 0:
        return Story(f"{head}, which is not zero{_unswept(node)}")
    causes = list(_causes(node, output, found))
    lines = [f"  {cause}" for cause in causes[:MOST_CAUSES]]
    if len(causes) > MOST_CAUSES:
        lines.append(f"  … and {len(causes) - MOST_CAUSES:,} more causes like these")
    return Story("\n".join([f"{head}, because", *lines]))


def _unswept(node: Value) -> str:
    if node.has_gradient or node.grad:
        return "."
    return f". {term(node)}.grad is 0 because no backward() has reached it since."


def _causes(node: Value, output: Value, found: dict[Value, float]) -> Iterator[str]:
    """What stops the gradient on each way from the output to the node."""
    uses: Uses = defaultdict(list)
    for edge in between(node, output):
        uses[edge.parent].append(edge)
    waiting, seen = [node], {node}
    while waiting:
        here = waiting.pop(0)
        shares = [found[edge.child] * edge.partial for edge in uses[here]]
        if any(shares):
            yield f"contributions cancel at {term(here)}: {total(shares, sum(shares))}"
            continue
        for edge in uses[here]:
            if edge.partial == 0:
                yield _stopped(edge)
            elif found[edge.child] != 0:
                yield _underflow(edge, found[edge.child])
            elif edge.child not in seen:
                seen.add(edge.child)
                waiting.append(edge.child)


def _stopped(edge: Edge) -> str:
    parent, child = edge.parent, edge.child
    assert child.op is not None
    operand = f"{term(parent)} = {number(parent.data)}"
    if child.op.name == "relu":
        return f"dead relu: {placed(child)} is flat where {operand}"
    written = formula(rule(child, edge.position))
    by = f"∂{term(child)}/∂{term(parent)} = {written}"
    value = "" if written == "0" else ", which is 0"
    return f"{placed(child)} passes nothing back to {operand}: {by}{value}"


def _underflow(edge: Edge, upstream: float) -> str:
    factors = f"{number(upstream)} × {signed(edge.partial)}"
    return f"{placed(edge.child)}: {factors} is too small for a float"


def _unreachable(node: Value, output: Value) -> Iterator[str]:
    to, by = term(output), term(node)
    yield f"∂{to}/∂{by} = 0: {by} has no part in {to}."
    cuts = [leaf for leaf in topological_order(output) if leaf.cut[0]]
    for leaf in cuts[:MOST_CAUSES]:
        how, origin = leaf.cut
        if origin is not None and node in set(topological_order(origin)):
            yield f"  {placed(leaf)} was cut off from it by {how}"
        else:
            yield f"  {placed(leaf)} was cut off by {how}: what it came from is unknown"
    if len(cuts) > MOST_CAUSES:
        yield f"  … and {len(cuts) - MOST_CAUSES:,} more"
    if not cuts:
        yield (
            "  It was not used, or a number was taken out of it on the way: "
            "float(x), x.data and x.item() do not remember where they came from."
        )
