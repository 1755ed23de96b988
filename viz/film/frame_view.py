"""The picture at one point of a film: what is not known yet is not to be seen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from viz.diagram.diagram import Diagram, gradient_of, value_of
from viz.diagram.sentence import Quantity
from viz.dot.highlight import light
from viz.drawing.select import Form
from viz.film.frames import Frame, Frames, State


class FrameView:
    """A diagram whose unknown numbers are hidden, and what stands out in it."""

    def __init__(self, whole: Diagram, state: State, frame: Frame) -> None:
        self.frame = frame
        self.known = frozenset(state.values)
        self.diagram = replace(whole, hidden=frozenset(_find_unknown(whole, state)))
        self.lit = light(
            self.diagram,
            lambda node: node.id in self.known,
            lambda edge: edge.source in self.known,
        )

    def make_form(self, style: object) -> Form:
        """To be drawn in this style."""
        return Form(self.diagram, style)  # type: ignore[arg-type]


def view_frames(film: Frames) -> Iterator[FrameView]:
    """One after the other; all have the same numbers, so that nothing moves."""
    state = State()
    for frame in film:
        yield FrameView(film.complete, state.after(frame), frame)


def _find_unknown(diagram: Diagram, state: State) -> Iterator[Quantity]:
    """The numbers that are not known yet."""
    for node in diagram.nodes:
        if node.id not in state.gradients:
            yield gradient_of(node)
        if node.id not in state.values:
            yield value_of(node)
            yield from (value_of(use) for use in diagram.uses(node.id))
    for edge in diagram.edges:
        if (edge.target, edge.position) not in state.contributions:
            yield gradient_of(edge)
