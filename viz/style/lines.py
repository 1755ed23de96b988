"""What can be written on a wire: one table, from which every picture takes its words.

DOT, Mermaid and TikZ, the page and the tree of text all show what stands here. To have
another line on the wires, add an entry to `LINES`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from viz.diagram.diagram import Diagram
from viz.diagram.flow import Flow
from viz.diagram.sentence import Quantity, Sentence


@dataclass(frozen=True, slots=True)
class WireLine:
    """One line beside a wire."""

    name: str
    """As in `show=`."""
    tell: Callable[[Flow], Sentence]
    """What it says of what a wire carries; an empty sentence where that is nothing."""
    above: bool = False
    """On which side of the wire it stands."""
    size: float = 9
    role: str = "small"
    """Whose colour it has: 'value', 'gradient' or 'small'."""
    tag: str = ""
    """"I" for italic; a gradient is bold where the style has it so."""
    not_where_one: str = ""
    """The kind of number that makes the line needless where it is 1."""
    always: bool = False
    """Whether it is there whatever `show=` says."""
    in_tree: bool = True
    """Whether the tree of text has it, too, at the end of a line; there the name, the
    value and the gradient stand in a form of their own."""
    legend: str = ""

    @property
    def is_small(self) -> bool:
        """Whether it is small print, which styles with `chain=False` leave out."""
        return self.role == "small" and not self.always


def tell(line: WireLine, flow: Flow, diagram: Diagram) -> Sentence:
    """What a line says of a flow: nothing where it has a number that is not known."""
    sentence = line.tell(flow)
    numbers = (part for part in sentence if isinstance(part, Quantity))
    known = all(diagram.number(number) is not None for number in numbers)
    return sentence if known else ()


def tell_now(line: WireLine, flow: Flow, diagram: Diagram) -> Sentence:
    """The same, and nothing where the line is needless, too."""
    sentence = tell(line, flow, diagram)
    is_needless = any(
        part.kind == line.not_where_one and diagram.number(part) == 1
        for part in sentence
        if isinstance(part, Quantity)
    )
    return () if is_needless else sentence


def _tell_value(flow: Flow) -> Sentence:
    if flow.kind == "share":
        return ()
    return (flow.of_use("count"), " values") if flow.count > 1 else (flow.value,)


def _tell_gradient(flow: Flow) -> Sentence:
    return ("|grad| ", flow.gradient) if flow.count > 1 else (flow.gradient,)


def _tell_chain(flow: Flow) -> Sentence:
    """How the gradient came about: by a sum, or by the chain rule."""
    if flow.total or flow.kind != "use" or flow.count > 1:
        return flow.total
    return (flow.of_use("upstream"), " × ", flow.of_use("partial"))


LINES = (
    WireLine(
        "name",
        lambda flow: (flow.name,) if flow.name else (),
        above=True,
        size=10,
        tag="I",
        always=True,
        in_tree=False,
    ),
    WireLine("value", _tell_value, above=True, size=12, role="value", in_tree=False),
    WireLine("gradient", _tell_gradient, size=12, role="gradient", in_tree=False),
    WireLine(
        "chain",
        _tell_chain,
        not_where_one="partial",
        in_tree=False,
        legend="small: upstream gradient × local derivative",
    ),
)
"""On each side from the top to the bottom."""

CHOICES = tuple(line.name for line in LINES if not line.always)
"""What `show=` chooses from."""
