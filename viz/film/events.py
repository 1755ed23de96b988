"""Backpropagation as data: what happens, in which order, and its equations."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from engine.util.numbers import add_up
from viz.diagram.diagram import Diagram, Edge, Node
from viz.diagram.sentence import Sentence
from viz.film.equations import Equations

Use = tuple[str, int]
"""An operand of a node: (target, position)."""


@dataclass(frozen=True, slots=True)
class Event:
    """One event, and what is known after it that was not known before."""

    kind: str
    """'start', 'forward', 'seed', 'backward' or 'meet'."""
    sentence: Sentence = field(repr=False)
    """Its equation."""
    focus: str = ""
    """The id of the node where it happens."""
    values: dict[str, float] = field(default_factory=dict)
    """Ids of nodes, and their values."""
    gradients: dict[str, float] = field(default_factory=dict)
    """Ids of nodes whose gradient is now complete."""
    contributions: dict[Use, float] = field(default_factory=dict)
    """Uses through which a gradient has now flowed."""


class Film:
    """All that happens in a graph, forward and back."""

    def __init__(self, diagram: Diagram) -> None:
        self.equations = Equations(diagram)
        self._gradients = {diagram.output.id: 1.0}
        self._contributions: dict[Use, float] = {}
        self._uses: dict[str, list[Edge]] = {}  # as the gradients flow through them
        self.events = [*self._go_forward(diagram), *self._go_back(diagram)]
        self.diagram = self._complete(diagram)
        """With the gradients that the film ends with."""

    def _go_forward(self, diagram: Diagram) -> Iterator[Event]:
        given = {n.id: n.value for n in diagram.nodes if n.kind != "operation"}
        yield Event("start", self.equations.give(), values=given)
        for node in diagram.nodes:
            if node.kind == "operation":
                equation = self.equations.go_forward(node)
                yield Event("forward", equation, node.id, {node.id: node.value})

    def _go_back(self, diagram: Diagram) -> Iterator[Event]:
        output = diagram.output
        seed = self.equations.seed(output)
        yield Event("seed", seed, output.id, gradients={output.id: 1.0})
        for node in reversed(diagram.nodes):
            if diagram.into(node.id):
                yield from self._go_through(diagram, node)

    def _go_through(self, diagram: Diagram, node: Node) -> Iterator[Event]:
        """From one operation back to its operands."""
        upstream, through = self._gradients[node.id], {}
        for edge in diagram.into(node.id):
            assert edge.partial is not None  # the diagram is that of a whole graph
            through[edge.target, edge.position] = upstream * edge.partial
            self._uses.setdefault(edge.source, []).append(edge)
        self._contributions |= through
        sources = dict.fromkeys(edge.source for edge in diagram.into(node.id))
        done = [s for s in sources if len(self._uses[s]) == len(diagram.uses(s))]
        self._gradients |= {source: self._add_up(source) for source in done}
        alone = {s: self._gradients[s] for s in done if len(self._uses[s]) == 1}
        equation = self.equations.go_back(node)
        yield Event(
            "backward", equation, node.id, gradients=alone, contributions=through
        )
        for source in done:
            if source not in alone:
                equation = self.equations.meet(diagram[source], self._uses[source])
                complete = {source: self._gradients[source]}
                yield Event("meet", equation, source, gradients=complete)

    def _add_up(self, source: str) -> float:
        """In the order in which the engine's sweep adds."""
        return add_up(
            self._contributions[e.target, e.position] for e in self._uses[source]
        )

    def _complete(self, diagram: Diagram) -> Diagram:
        nodes = tuple(
            replace(node, gradient=self._gradients[node.id], elsewhere=0.0)
            for node in diagram.nodes
        )
        edges = tuple(
            replace(
                edge,
                upstream=self._gradients[edge.target],
                gradient=self._contributions[edge.target, edge.position],
            )
            for edge in diagram.edges
        )
        return Diagram(nodes, edges)
