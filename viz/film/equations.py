"""The equations of backpropagation, as sentences."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from viz.diagram.diagram import Diagram, Edge, Node, gradient_of, value_of
from viz.diagram.sentence import Quantity, Sentence, add_up
from viz.labels import shorten

_INFIX = {"add", "sub", "mul", "truediv", "floordiv", "mod", "pow"}

MOST_GIVEN = 8
MOST_SHARES = 5
"""The most leaves that are listed, and the most contributions that are added up."""


class Equations:
    """Makes the equations of one diagram."""

    def __init__(self, diagram: Diagram) -> None:
        self.diagram = diagram
        self.applied = {
            node.id: self.apply(node)
            for node in diagram.nodes
            if node.kind == "operation"
        }
        """Each operation on its operands, by the id of its node."""

    def name(self, node: Node) -> Sentence:
        """A node by its label, else by its symbol, else by its number."""
        name = node.label or node.symbol
        return (shorten(name, 20),) if name else (value_of(node),)

    def give(self) -> Sentence:
        """The values that everything begins with."""
        leaves = [node for node in self.diagram.nodes if node.kind != "operation"]
        named = [node for node in leaves if node.label] or leaves
        parts = [
            (*self.name(node), " = ", value_of(node)) for node in named[:MOST_GIVEN]
        ]
        more = len(named) - MOST_GIVEN
        end = (f" and {more} more",) if more > 0 else ()
        return ("given: ", *_join(parts), *end)

    def apply(self, node: Node) -> Sentence:
        """An operation on its operands: 3 × −2."""
        operands: list[Quantity] = [
            value_of(self.diagram[edge.source]) for edge in self.diagram.into(node.id)
        ]
        if node.operation in _INFIX and len(operands) == 2:
            return (operands[0], f" {node.symbol} ", operands[1])
        if node.operation == "pow":  # its exponent is part of the symbol
            return (operands[0], node.symbol)
        if node.operation == "neg":
            return ("−(", operands[0], ")")
        return (f"{node.symbol}(", *_join([(x,) for x in operands]), ")")

    def go_forward(self, node: Node) -> Sentence:
        """What an operation computes."""
        start = f"forward through {_describe(node)}: "
        return (start, *self.applied[node.id], " = ", value_of(node))

    def seed(self, output: Node) -> Sentence:
        """How the way back begins."""
        name = output.label or "output"
        return (f"the seed: ∂{name}/∂{name} = 1",)

    def go_back(self, node: Node) -> Sentence:
        """The chain rule at one operation: upstream × local = contribution."""
        parts = [
            (
                gradient_of(node), " × ", Quantity("partial", edge.key), " = ",
                gradient_of(edge), " to ", *self.name(self.diagram[edge.source]),
            )
            for edge in self.diagram.into(node.id)
        ]  # fmt: skip
        return (f"backward through {_describe(node)}: ", *_join(parts))

    def meet(self, node: Node, uses: Sequence[Edge]) -> Sentence:
        """The contributions of several uses, added up."""
        terms = [gradient_of(use) for use in uses[:MOST_SHARES]]
        more = (" + …",) if len(uses) > MOST_SHARES else ()
        start = ("contributions meet at ", *self.name(node), ": ")
        return (*start, *add_up(terms), *more, " = ", gradient_of(node))


def _describe(node: Node) -> str:
    return f"{node.symbol} ({node.label})" if node.label else node.symbol


def _join(sentences: Iterable[Sentence]) -> Sentence:
    """The sentences with commas in between."""
    return tuple(part for each in sentences for part in (", ", *each))[1:]
