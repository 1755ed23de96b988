"""A `Diagram` as JSON, for programs."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from typing import Any

from viz.diagram.diagram import Diagram

__all__ = ["json_text", "to_json"]


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
    return json_text({"nodes": nodes, "edges": edges})


def json_text(data: Any) -> str:
    """JSON of plain data, which has no numbers for nan and ∞: these become strings.

    >>> json_text([1.5, float("-inf")])
    '[\\n  1.5,\\n  "-inf"\\n]'
    """
    return json.dumps(_finite(data), indent=2, ensure_ascii=False, allow_nan=False)


def _finite(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: _finite(x) for key, x in data.items()}
    if isinstance(data, (list, tuple)):
        return [_finite(x) for x in data]
    if isinstance(data, float) and not math.isfinite(data):
        return str(data)
    return data
