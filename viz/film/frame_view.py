"""The picture at one point of a film: what is not known yet is not to be seen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from viz.diagram.diagram import Diagram, Edge, Node
from viz.dot.highlight import lit_names
from viz.drawing.select import Form
from viz.film.frames import Frame, Frames, State
from viz.numbers import Hidden

__all__ = ["Stage", "completed", "stages"]


class Stage:
    """A diagram whose unknown numbers are hidden, and what stands out in it."""

    def __init__(self, whole: Diagram, state: State, frame: Frame) -> None:
        self.frame = frame
        self.known = frozenset(state.values)
        self.diagram = Diagram(
            tuple(_node(node, state) for node in whole.nodes),
            tuple(_edge(edge, state) for edge in whole.edges),
        )
        self.lit = lit_names(
            self.diagram,
            lambda node: node.id in self.known,
            lambda edge: edge.source in self.known,
        )

    def form(self, style: object) -> Form:
        """To be drawn in this style."""
        return Form(self.diagram, style)  # type: ignore[arg-type]


def stages(film: Frames) -> Iterator[Stage]:
    """One after the other; all have the same numbers, so that nothing moves."""
    whole = completed(film)
    state = State()
    for frame in film:
        yield Stage(whole, state.after(frame), frame)


def completed(film: Frames) -> Diagram:
    """The diagram with the gradients that the film ends with."""
    diagram, end = film.diagram, State()
    for frame in film:
        end.after(frame)
    nodes = tuple(
        replace(node, gradient=end.gradients[node.id], elsewhere=0.0)
        for node in diagram.nodes
    )
    edges = tuple(
        replace(
            edge,
            upstream=end.gradients[edge.target],
            gradient=end.contributions[edge.target, edge.position],
        )
        for edge in diagram.edges
    )
    return Diagram(nodes, edges)


def _node(node: Node, state: State) -> Node:
    if node.id in state.gradients:
        return node
    assert node.gradient is not None
    known = node.id in state.values
    value = node.value if known else Hidden(node.value)
    return replace(node, value=value, gradient=Hidden(node.gradient))


def _edge(edge: Edge, state: State) -> Edge:
    if (edge.target, edge.position) in state.contributions:
        return edge
    assert edge.gradient is not None
    return replace(edge, gradient=Hidden(edge.gradient))
