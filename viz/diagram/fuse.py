"""Chains of + that nobody has named, drawn as one Σ."""

from __future__ import annotations

from dataclasses import replace

from viz.diagram.diagram import Diagram, Edge, Node


def fuse(diagram: Diagram) -> Diagram:
    """The same diagram with one Σ for each chain of unnamed + used only once.

    Exact: Σ has the value of the whole sum, and each summand the contribution that it
    had. The 0 that `sum()` begins with is left out.

    >>> from engine import Value
    >>> x = Value(2.0, label="x")
    >>> fused = fuse(Diagram.of(sum([x * 1, x * 2, x * 3])))
    >>> fused.output.symbol, [edge.value for edge in fused.into(fused.output.id)]
    ('Σ', [2.0, 4.0, 6.0])
    """
    inner = {node.id for node in diagram.nodes if _is_inner(diagram, node)}
    nodes: list[Node] = []
    edges: list[Edge] = []
    for node in diagram.nodes:
        if node.id in inner:
            continue
        operands = diagram.into(node.id)
        if inner.isdisjoint(edge.source for edge in operands):
            nodes.append(node)
            edges += operands
        else:
            nodes.append(replace(node, operation="sum", symbol="Σ"))
            edges += _find_summands(diagram, node, inner)
    used = {edge.source for edge in edges}
    kept = [n for n in nodes if n.id in used or n is nodes[-1]]
    return Diagram(tuple(kept), tuple(edges))


def _is_inner(diagram: Diagram, node: Node) -> bool:
    """Whether a node is a + that only another + uses, with nothing to say of itself."""
    uses = diagram.uses(node.id)
    if node.operation != "add" or node.label or node.hidden or len(uses) != 1:
        return False
    return diagram[uses[0].target].operation == "add" and not node.elsewhere


def _find_summands(diagram: Diagram, node: Node, inner: set[str]) -> list[Edge]:
    found: list[Edge] = []
    waiting = list(reversed(diagram.into(node.id)))
    while waiting:
        edge = waiting.pop()
        if edge.source in inner:
            waiting += reversed(diagram.into(edge.source))
        elif not _is_nothing(diagram[edge.source]):
            found.append(replace(edge, target=node.id, position=len(found)))
    return found


def _is_nothing(node: Node) -> bool:
    return node.kind == "constant" and not node.label and node.value == 0
