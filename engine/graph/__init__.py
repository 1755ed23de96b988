"""The graph: nodes, how operations make them, and the sweep back over them."""

from engine.graph.node import Edge

__all__ = ["Edge"]
