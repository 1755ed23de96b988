"""The words and numbers of a picture, as lines of text with size and colour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from viz.diagram.crop import MOST_COUNTED
from viz.diagram.diagram import Diagram, Edge, Node
from viz.labels import bare, capped, cell, format_number, text_width
from viz.numbers import Hidden
from viz.style.paint import Painter

__all__ = ["Line", "Words", "behind"]


@dataclass(frozen=True, slots=True)
class Line:
    """One line of text."""

    text: str
    size: float
    color: str
    tag: str = ""
    """"B" for bold, "I" for italic."""

    @property
    def width(self) -> float:
        """In points."""
        return text_width(self.text, self.size, bold=self.tag == "B")

    @property
    def html(self) -> str:
        """The line as it stands in a cell."""
        text = cell(self.text)
        if not text:  # Graphviz knows no empty FONT
            return ""
        if self.tag:
            text = f"<{self.tag}>{text}</{self.tag}>"
        return f'<FONT POINT-SIZE="{self.size:g}" COLOR="{self.color}">{text}</FONT>'


@dataclass(frozen=True, slots=True)
class Words:
    """What is written, in the colours of a painter, with so many digits."""

    painter: Painter
    digits: int
    lines: frozenset[str] = frozenset({"value", "gradient", "chain"})
    """What is written of these three."""

    def number(self, x: float, digits: int = 0) -> str:
        """A number as text."""
        return format_number(x, digits or self.digits)

    def value(self, x: float) -> list[Line]:
        """A forward value, where values are shown."""
        if "value" not in self.lines:
            return []
        return [Line(self.number(x), 12, self.painter.ink(x))]

    def gradient(self, x: float | None) -> list[Line]:
        """A backward gradient, where there is one to show."""
        if x is None or "gradient" not in self.lines:
            return []
        return [Line(self.number(x), 12, self.painter.text(x), self._weight)]

    @property
    def _weight(self) -> str:
        return "B" if self.painter.style.bold else ""

    def name(self, label: str) -> Line:
        """A label on a wire."""
        return Line(label, 10, self.painter.theme.small, "I")

    def small(self, text: str) -> Line:
        """Small print."""
        return Line(text, 9, self.painter.theme.small)

    def reason(self, text: str, gradient: float) -> list[Line]:
        """How a gradient came about, where the chain rule is shown."""
        if not text or "chain" not in self.lines:
            return []
        hidden = isinstance(gradient, Hidden)
        line = self.small(text)
        return [replace(line, color=self.painter.text(gradient)) if hidden else line]

    def chain(self, use: Edge) -> str:
        """The chain rule at work, where the local derivative is not 1."""
        if use.upstream is None or use.partial in (None, 1):
            return ""
        assert use.partial is not None
        return f"{self.number(use.upstream)} × {self.number(use.partial)}"

    def total(self, node: Node, uses: Sequence[Edge]) -> str:
        """How the shares of several uses add up to the gradient of a node."""
        shares = [self.number(use.gradient or 0.0) for use in uses]
        text = " + ".join(shares) if len(uses) <= 3 else f"Σ of {len(uses)}"
        if node.elsewhere:
            text += f" + {self.number(node.elsewhere)} elsewhere"
        return "= " + text.replace("+ −", "− ")

    def story(self, node: Node, diagram: Diagram) -> str:
        """The tooltip of a node: what was computed, and what came back."""
        operands = ", ".join(
            f"{self.called(diagram[edge.source])} = {self.number(edge.value)}"
            for edge in diagram.into(node.id)
        )
        made = f": {node.symbol}({operands})" if node.symbol else ""
        text = f"{self.called(node)}{made} = {self.number(node.value)}"
        if node.gradient is not None:
            text += f"; gradient {self.number(node.gradient)}"
        return bare(text)

    def hidden(self, node: Node) -> str:
        """How many values are not drawn that a node depends on."""
        return behind(node.hidden)

    def called(self, node: Node) -> str:
        """A node in a sentence."""
        return capped(node.label or node.symbol or "constant", 20)


def behind(hidden: int) -> str:
    """How many values are hidden behind a node.

    >>> behind(179), behind(10_000)
    ('… 179 more', '… over 10,000 more')
    """
    return f"… {'over ' if hidden >= MOST_COUNTED else ''}{hidden:,} more"
