"""The words and numbers of a picture, as lines of text with size and colour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from viz.diagram import Diagram, Edge, Node
from viz.labels import bare, capped, format_number
from viz.paint import Painter
from viz.tables import Line

__all__ = ["Words"]


@dataclass(frozen=True, slots=True)
class Words:
    """What is written, in the colours of a painter, with so many digits."""

    painter: Painter
    digits: int

    def number(self, x: float) -> str:
        """A number as text."""
        return format_number(x, self.digits)

    def value(self, x: float) -> Line:
        """A forward value."""
        return Line(self.number(x), 12, self.painter.ink(x))

    def gradient(self, x: float) -> Line:
        """A backward gradient."""
        return Line(self.number(x), 12, self.painter.text(x), self._weight)

    @property
    def _weight(self) -> str:
        return "B" if self.painter.style.bold else ""

    def name(self, label: str) -> Line:
        """A label on a wire."""
        return Line(label, 10, self.painter.theme.small, "I")

    def small(self, text: str) -> Line:
        """How a gradient came about."""
        return Line(text, 9, self.painter.theme.small)

    def chain(self, use: Edge) -> str:
        """The chain rule at work, where the local derivative is not 1."""
        if use.upstream is None or use.partial == 1:
            return ""
        return f"{self.number(use.upstream)} × {self.number(use.partial)}"

    def total(self, node: Node, uses: Sequence[Edge]) -> str:
        """How the shares of several uses add up to the gradient of a node."""
        shares = [self.number(use.gradient or 0.0) for use in uses]
        text = " + ".join(shares) if len(uses) <= 3 else f"Σ of {len(uses)}"
        if node.elsewhere:
            text += f" + {self.number(node.elsewhere)} elsewhere"
        return "= " + text.replace("+ −", "− ")

    def story(self, node: Node, diagram: Diagram) -> str:
        """The tooltip of an operation: what was computed, and what came back."""
        operands = ", ".join(
            f"{self.called(diagram[edge.source])} = {self.number(edge.value)}"
            for edge in diagram.into(node.id)
        )
        text = f"{self.called(node)}: {node.symbol}({operands})"
        text += f" = {self.number(node.value)}"
        if node.gradient is not None:
            text += f"; gradient {self.number(node.gradient)}"
        return bare(text)

    def called(self, node: Node) -> str:
        """A node in a sentence."""
        return capped(node.label or node.symbol or "constant", 20)
