"""Adding nodes and edges to a DOT graph, with ids that fit one picture of several."""

from __future__ import annotations

from dataclasses import dataclass

from graphviz import Digraph

from viz.paint import Pen

__all__ = ["Canvas"]


@dataclass(frozen=True, slots=True)
class Canvas:
    """A DOT graph whose ids all begin with a prefix, when there is one."""

    graph: Digraph
    prefix: str = ""

    def called(self, name: str) -> str:
        """A name as it stands in this picture.

        The hyphen keeps a wire of one picture (wn0) apart from a node of a picture
        with the prefix w.
        """
        return f"{self.prefix}-{name}" if self.prefix else name

    def add(self, name: str, class_: str, label: str, **attributes: str) -> None:
        """A node; its id and class are for those who style the SVG."""
        name = self.called(name)
        self.graph.node(name, label, id=name, **attributes, **{"class": class_})

    def connect(self, tail: str, head: str, pen: Pen, *, arrow: bool = True) -> None:
        """An edge between two names, each with a port or without."""
        name = self.called(f"{tail}--{head}".replace(":", "-"))
        self.graph.edge(
            self.called(tail),
            self.called(head),
            id=name,
            color=pen.color,
            penwidth=str(pen.width),
            arrowhead="normal" if arrow else "none",
            arrowsize=f"{0.67 - 0.06 * pen.width:.2f}",
            style="dashed" if pen.dashed else "solid",
        )
