"""Backpropagation as data, one frame an event, each with its equation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from engine import Value, topological_order
from viz.diagram.diagram import Diagram, Edge, Node, check_value
from viz.film.equations import Equations

__all__ = ["Frame", "Frames", "State", "count_frames", "frames"]

Use = tuple[str, int]
"""Operand number such-and-such of a node: (target, position)."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One event, and what is known after it that was not known before."""

    number: int
    total: int
    kind: str
    """'start', 'forward', 'seed', 'backward' or 'meet'."""
    equation: str
    focus: str = ""
    """The id of the node where it happens."""
    values: dict[str, float] = field(default_factory=dict)
    """Ids of nodes, and their values."""
    gradients: dict[str, float] = field(default_factory=dict)
    """Ids of nodes whose gradient is now complete."""
    contributions: dict[Use, float] = field(default_factory=dict)
    """Uses through which a gradient has now flowed."""

    def __str__(self) -> str:
        width = len(str(self.total))
        return f"{self.number:{width}}/{self.total}  {self.equation}"


@dataclass(slots=True)
class State:
    """All that is known after a frame."""

    values: dict[str, float] = field(default_factory=dict)
    gradients: dict[str, float] = field(default_factory=dict)
    contributions: dict[Use, float] = field(default_factory=dict)

    def after(self, frame: Frame) -> State:
        """This state with what a frame makes known; changes itself."""
        self.values |= frame.values
        self.gradients |= frame.gradients
        self.contributions |= frame.contributions
        return self


class Frames(Sequence[Frame]):
    """The frames of a graph, and the diagram whose ids they speak of."""

    def __init__(self, diagram: Diagram, digits: int) -> None:
        self.diagram = diagram
        made = list(_events(diagram, Equations(diagram, digits)))
        self._frames = [
            Frame(number, len(made), *event) for number, event in enumerate(made, 1)
        ]

    def __getitem__(self, place):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN204
        return self._frames[place]

    def __len__(self) -> int:
        return len(self._frames)

    def __repr__(self) -> str:
        return "\n".join(map(str, self._frames))


def frames(value: Value, *, digits: int = 4) -> Frames:
    """Forward and back through the graph of `value`, step by step.

    The derivatives are those that `value.backward()` would add, found here from the
    recorded local derivatives; no gradient is needed before and none is changed.

    >>> x, y = Value(3.0, label="x"), Value(-2.0, label="y")
    >>> for frame in frames(x * y + x):
    ...     print(frame)
    1/7  given: x = 3, y = −2
    2/7  forward through ×: 3 × −2 = −6
    3/7  forward through +: −6 + 3 = −3
    4/7  the seed: ∂output/∂output = 1
    5/7  backward through +: 1 × 1 = 1 to ×, 1 × 1 = 1 to x
    6/7  backward through ×: 1 × −2 = −2 to x, 1 × 3 = 3 to y
    7/7  contributions meet at x: 1 − 2 = −1

    Raises:
        engine.OperandError: `value` is not a Value.
    """
    return Frames(Diagram.of(value), digits)


def count_frames(value: Value) -> int:
    """How many frames `value` has, without making them.

    The values that are given and the seed, forward and back through each operation,
    and where contributions meet.
    """
    order = topological_order(check_value(value))
    uses = Counter(operand for node in order for operand in node.parents)
    operations = sum(node.op is not None for node in order)
    return 2 + 2 * operations + sum(count > 1 for count in uses.values())


Event = tuple[
    str, str, str, dict[str, float], dict[str, float], dict[tuple[str, int], float]
]


def _events(diagram: Diagram, equations: Equations) -> Iterator[Event]:
    """The fields of every frame but its number."""
    given = [node for node in diagram.nodes if node.kind != "operation"]
    start = {node.id: node.value for node in given}
    yield "start", equations.given(given), "", start, {}, {}
    for node in diagram.nodes:
        if node.kind == "operation":
            told = equations.forward(node)
            yield "forward", told, node.id, {node.id: node.value}, {}, {}
    output = diagram.output
    yield "seed", equations.seed(output), output.id, {}, {output.id: 1.0}, {}
    yield from _backward(diagram, equations)


def _backward(diagram: Diagram, equations: Equations) -> Iterator[Event]:
    gradients = {diagram.output.id: 1.0}
    shares: dict[str, list[float]] = {}
    for node in reversed(diagram.nodes):
        operands = diagram.into(node.id)
        if not operands:
            continue
        upstream = gradients[node.id]
        flows = [upstream * _local(edge) for edge in operands]
        for edge, flow in zip(operands, flows, strict=True):
            shares.setdefault(edge.source, []).append(flow)
        full = [
            diagram[source]
            for source in dict.fromkeys(edge.source for edge in operands)
            if len(shares[source]) == len(diagram.uses(source))
        ]
        gradients |= {n.id: _total(shares[n.id]) for n in full}
        alone = {n.id: gradients[n.id] for n in full if len(shares[n.id]) == 1}
        through = {
            (node.id, edge.position): flow
            for edge, flow in zip(operands, flows, strict=True)
        }
        told = equations.backward(node, upstream, flows)
        yield "backward", told, node.id, {}, alone, through
        yield from _meetings(full, shares, gradients, equations)


def _meetings(
    nodes: list[Node],
    shares: dict[str, list[float]],
    gradients: dict[str, float],
    equations: Equations,
) -> Iterator[Event]:
    for node in nodes:
        if len(shares[node.id]) > 1:
            told = equations.meeting(node, shares[node.id], gradients[node.id])
            yield "meet", told, node.id, {}, {node.id: gradients[node.id]}, {}


def _local(edge: Edge) -> float:
    assert edge.partial is not None  # the diagram is that of a whole graph
    return edge.partial


def _total(shares: list[float]) -> float:
    """In the order in which the engine's sweep adds."""
    return sum(shares)
