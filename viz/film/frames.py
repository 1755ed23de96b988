"""The frames of a film: one for each event, with its equation as text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from engine import Value, topological_order
from viz.diagram.diagram import Diagram, check_value
from viz.diagram.sentence import Quantity, write
from viz.film.events import Event, Film, Use
from viz.labels import format_number


@dataclass(frozen=True, slots=True)
class Frame(Event):
    """An event of a film, with its equation as text."""

    number: int = 0
    total: int = 0
    equation: str = ""

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
        film = Film(diagram)
        self.diagram = diagram
        self.complete = film.diagram
        """The diagram with the gradients that the film ends with."""
        self._digits = digits
        total = len(film.events)
        self._frames = [
            self._make_frame(number, total, event)
            for number, event in enumerate(film.events, 1)
        ]

    def _make_frame(self, number: int, total: int, event: Event) -> Frame:
        equation = write(event.sentence, self._write_number)
        return Frame(
            event.kind, event.sentence, event.focus, event.values, event.gradients,
            event.contributions, number, total, equation,
        )  # fmt: skip

    def _write_number(self, quantity: Quantity) -> str:
        x = self.complete.number(quantity)
        assert x is not None
        return format_number(x, self._digits)

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
