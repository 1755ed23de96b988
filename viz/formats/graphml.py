"""`Diagram` → GraphML, for the tools that read graphs as data."""

from __future__ import annotations

from typing import Any

from viz.diagram.diagram import Diagram, Edge, Node
from viz.labels import shorten


def to_graphml(diagram: Diagram) -> str:
    """All that the diagram tells, as attributes of nodes and edges.

    Nodes have kind, value, gradient, label, operation, symbol and scope (joined by /);
    edges value, gradient, partial, upstream and position. What is not known is left
    out. Written by networkx, which `networkx.parse_graphml` reads back.

    Raises:
        ModuleNotFoundError: networkx is missing (extra `graphml`).
    """
    try:
        import networkx
    except ModuleNotFoundError:
        raise ModuleNotFoundError(
            "GraphML needs networkx: pip install 'dotgrad[graphml]'"
        ) from None
    graph = networkx.MultiDiGraph(output=diagram.output.id)
    for node in diagram.nodes:
        graph.add_node(node.id, **_drop_unknown(_describe_node(node)))
    for edge in diagram.edges:
        graph.add_edge(edge.source, edge.target, **_drop_unknown(_describe_edge(edge)))
    return "\n".join(networkx.generate_graphml(graph)) + "\n"


def _describe_node(node: Node) -> dict[str, Any]:
    return {
        "kind": node.kind,
        "value": node.value,
        "gradient": node.gradient,
        "label": node.label or None,
        "operation": node.operation,
        "symbol": node.symbol or None,
        "scope": "/".join(map(shorten, node.scope)) or None,
        "hidden": node.hidden or None,
        "values": node.inside.count if node.inside else None,
    }


def _describe_edge(edge: Edge) -> dict[str, Any]:
    return {
        "position": edge.position,
        "value": edge.value,
        "gradient": edge.gradient,
        "partial": edge.partial,
        "upstream": edge.upstream,
        "values": len(edge.parts) or None,
    }


def _drop_unknown(attributes: dict[str, Any]) -> dict[str, Any]:
    return {name: x for name, x in attributes.items() if x is not None}
