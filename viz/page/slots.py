"""Equations with slots in the place of numbers, for a page that fills them in."""

from __future__ import annotations

from dataclasses import dataclass, replace

from viz.diagram.diagram import Diagram, Node
from viz.film.equations import Equations
from viz.film.frames import Frame, Frames

__all__ = ["slotted"]

OPEN, CLOSE = "\ue000", "\ue001"
"""Around a slot; a label cannot have them, as `capped` takes them out of it."""


class Slot(float):
    """A number that knows its place: v3 is a value, g3 a gradient, and by the number
    of a use p3 is a local derivative, c3 a contribution."""

    __slots__ = ("place",)

    def __new__(cls, place: str) -> Slot:
        """The slot of this place."""
        made = super().__new__(cls)
        made.place = place
        return made

    place: str


@dataclass(frozen=True, slots=True)
class SlottedEquations(Equations):
    """Writes a slot for each number."""

    def number(self, x: float) -> str:
        """The slot."""
        assert isinstance(x, Slot)
        return f"{OPEN}{x.place}{CLOSE}"

    def called(self, node: Node) -> str:
        """A node by its label, else by its symbol, else by its number."""
        if node.label or node.symbol:
            return Equations(self.diagram).called(node)
        return self.number(node.value)


def slotted(film: Frames) -> tuple[list[str], list[str]]:
    """With slots: the equation of each frame, and how each value is computed."""
    diagram = _with_slots(film.diagram)
    equations = SlottedEquations(diagram)
    places = {
        (edge.target, edge.position): place for place, edge in enumerate(diagram.edges)
    }
    computed = [
        equations.applied(node) if node.kind == "operation" else ""
        for node in diagram.nodes
    ]
    return [_equation(frame, equations, places) for frame in film], computed


def _with_slots(diagram: Diagram) -> Diagram:
    nodes = [replace(n, value=Slot(f"v{n.id[1:]}")) for n in diagram.nodes]
    edges = [
        replace(edge, value=Slot(f"v{edge.source[1:]}"), partial=Slot(f"p{place}"))
        for place, edge in enumerate(diagram.edges)
    ]
    return Diagram(tuple(nodes), tuple(edges))


def _equation(
    frame: Frame, equations: SlottedEquations, places: dict[tuple[str, int], int]
) -> str:
    diagram = equations.diagram
    if frame.kind == "start":
        return equations.given([n for n in diagram.nodes if n.kind != "operation"])
    node = diagram[frame.focus]
    if frame.kind == "forward":
        return equations.forward(node)
    if frame.kind == "seed":
        return equations.seed(node)
    gradient = Slot(f"g{node.id[1:]}")
    edges = diagram.into(node.id)
    if frame.kind == "meet":  # those of the last operations come first
        edges = sorted(
            diagram.uses(node.id), key=lambda e: (-int(e.target[1:]), e.position)
        )
    flows = [Slot(f"c{places[edge.target, edge.position]}") for edge in edges]
    if frame.kind == "backward":
        return equations.backward(node, gradient, flows)
    return equations.meeting(node, flows, gradient)
