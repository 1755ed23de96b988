"""Adding nodes and edges to a DOT graph, with ids that fit one picture of several."""

from __future__ import annotations

from dataclasses import dataclass

from graphviz import Digraph

from viz.paint import Pen

__all__ = ["Canvas"]


@dataclass(frozen=True, slots=True)
class Canvas:
    """A DOT graph whose ids all begin with a prefix."""

    graph: Digraph
    prefix: str = ""

    def add(self, name: str, class_: str, label: str, **attributes: str) -> None:
        """A node; its id and class are for those who style the SVG."""
        name = self.prefix + name
        self.graph.node(name, label, id=name, **attributes, **{"class": class_})

    def connect(self, tail: str, head: str, pen: Pen, *, arrow: bool = True) -> None:
        """An edge between two names, each with a port or without."""
        name = f"{self.prefix}{tail}--{head}".replace(":", "-")
        self.graph.edge(
            self.prefix + tail,
            self.prefix + head,
            id=name,
            color=pen.color,
            penwidth=str(pen.width),
            arrowhead="normal" if arrow else "none",
            arrowsize=f"{0.67 - 0.06 * pen.width:.2f}",
            style="dashed" if pen.dashed else "solid",
        )
