"""A `Diagram` as JSON, for programs."""

from __future__ import annotations

from dataclasses import asdict

from engine.util.json import json_text
from viz.diagram.diagram import Diagram


def to_json(diagram: Diagram) -> str:
    """Nodes and edges with all that a picture knows of them.

    >>> from engine import Value
    >>> print(to_json(Diagram.of(Value(3.0, label="x"))))
    {
      "nodes": [
        {
          "id": "n0",
          "kind": "leaf",
          "value": 3.0,
          "gradient": null,
          "label": "x",
    ...
    """
    nodes, edges = (
        [asdict(part) for part in parts] for parts in (diagram.nodes, diagram.edges)
    )
    return json_text({"nodes": nodes, "edges": edges}, indent=2)
