"""The equations of backpropagation, in words and numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from viz.diagram.diagram import Diagram, Edge, Node
from viz.labels import capped, format_number

__all__ = ["Equations"]

_INFIX = {"add", "sub", "mul", "truediv", "floordiv", "mod", "pow"}
MOST_GIVEN = 8
MOST_SHARES = 5


@dataclass(frozen=True, slots=True)
class Equations:
    """Writes the equations of one diagram."""

    diagram: Diagram
    digits: int = 4

    def number(self, x: float) -> str:
        """A number, as in the picture."""
        return format_number(x, self.digits)

    def called(self, node: Node) -> str:
        """A node by its label, else by its symbol, else by its number."""
        return capped(node.label or node.symbol or self.number(node.value), 20)

    def given(self, nodes: Sequence[Node]) -> str:
        """The values that everything begins with."""
        named = [node for node in nodes if node.label] or list(nodes)
        parts = [
            f"{self.called(node)} = {self.number(node.value)}"
            for node in named[:MOST_GIVEN]
        ]
        more = len(named) - MOST_GIVEN
        return "given: " + ", ".join(parts) + (f" and {more} more" if more > 0 else "")

    def forward(self, node: Node) -> str:
        """What an operation computes."""
        made = f"{self.applied(node)} = {self.number(node.value)}"
        return f"forward through {self._operation(node)}: {made}"

    def applied(self, node: Node) -> str:
        """An operation on the numbers of its operands."""
        operands = [self.number(edge.value) for edge in self.diagram.into(node.id)]
        if node.operation in _INFIX and len(operands) == 2:
            return f"{operands[0]} {node.symbol} {operands[1]}"
        if node.operation == "pow":  # its exponent is part of the symbol
            return f"{operands[0]}{node.symbol}"
        if node.operation == "neg":
            return f"−({operands[0]})"
        return f"{node.symbol}({', '.join(operands)})"

    def _operation(self, node: Node) -> str:
        return f"{node.symbol} ({node.label})" if node.label else node.symbol

    def seed(self, output: Node) -> str:
        """How the way back begins."""
        name = output.label or "output"
        return f"the seed: ∂{name}/∂{name} = 1"

    def backward(self, node: Node, upstream: float, flows: Sequence[float]) -> str:
        """The chain rule at one operation: upstream × local = contribution."""
        parts = [
            f"{self.number(upstream)} × {self.number(_local(edge))} = "
            f"{self.number(flow)} to {self.called(self.diagram[edge.source])}"
            for edge, flow in zip(self.diagram.into(node.id), flows, strict=True)
        ]
        return f"backward through {self._operation(node)}: {', '.join(parts)}"

    def meeting(self, node: Node, shares: Sequence[float], total: float) -> str:
        """The contributions of several uses, added up."""
        parts = [self.number(share) for share in shares[:MOST_SHARES]]
        parts += ["…"] * (len(shares) > MOST_SHARES)
        summed = " + ".join(parts).replace("+ −", "− ")
        name = self.called(node)
        return f"contributions meet at {name}: {summed} = {self.number(total)}"


def _local(edge: Edge) -> float:
    return 0.0 if edge.partial is None else edge.partial
