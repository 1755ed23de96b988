"""The graph: nodes, how operations make them, and the sweep back over them."""
