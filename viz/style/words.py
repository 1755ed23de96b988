"""The words and numbers of a picture, as lines of text with size and colour."""

from __future__ import annotations

from dataclasses import dataclass, replace

from viz.diagram.crop import MOST_COUNTED
from viz.diagram.diagram import Diagram, Node, differ, gradient_of, value_of
from viz.diagram.flow import Flow
from viz.diagram.sentence import Quantity, write
from viz.labels import escape_cell, escape_label, format_number, shorten, text_width
from viz.style.lines import LINES, WireLine, tell_now
from viz.style.paint import Painter, Pen


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
        text = escape_cell(self.text)
        if not text:  # Graphviz knows no empty FONT
            return ""
        if self.tag:
            text = f"<{self.tag}>{text}</{self.tag}>"
        return f'<FONT POINT-SIZE="{self.size:g}" COLOR="{self.color}">{text}</FONT>'


@dataclass(frozen=True, slots=True)
class Words:
    """What is written of a diagram, in the colours of a painter."""

    painter: Painter
    diagram: Diagram
    digits: int
    shown: frozenset[str]
    """The names of the lines that are written."""

    def write_number(self, quantity: Quantity) -> str:
        """A number as text; in a comparison `before → after` where it has changed."""
        now = self.diagram.number(quantity)
        assert now is not None
        text = format_number(now, self.digits)
        before = self.diagram.before
        was = before.number(quantity) if before else None
        if was is None or not differ(now, was):
            return text
        return f"{format_number(was, self.digits)} → {text}"

    def write_wire(self, flow: Flow) -> tuple[list[Line], list[Line]]:
        """What is written above a wire, and below it."""
        above: list[Line] = []
        below: list[Line] = []
        for line in LINES:
            if line.name not in self.shown:
                continue
            if sentence := tell_now(line, flow, self.diagram):
                text = write(sentence, self.write_number)
                side = above if line.above else below
                side.append(self._choose_look(line, flow, text))
        return above, below

    def _choose_look(self, line: WireLine, flow: Flow, text: str) -> Line:
        if flow.count > 1:
            return self.small(text)
        if line.role == "value":
            return Line(text, line.size, self.value_color(flow.value))
        if line.role == "gradient":
            color = self.gradient_color(flow.gradient)
            if flow.kind == "share":
                return Line(text, 10, color, "B")
            return Line(text, line.size, color, self._weight)
        is_hidden = not line.above and flow.gradient in self.diagram.hidden
        theme = self.painter.theme
        color = theme.background if is_hidden else theme.small
        return Line(text, line.size, color, line.tag)

    def write_value(self, quantity: Quantity) -> list[Line]:
        """A forward value, where values are shown."""
        if "value" not in self.shown:
            return []
        return [Line(self.write_number(quantity), 12, self.value_color(quantity))]

    def write_gradient(self, quantity: Quantity) -> list[Line]:
        """A backward gradient, where there is one to show."""
        if "gradient" not in self.shown or self.diagram.number(quantity) is None:
            return []
        color = self.gradient_color(quantity)
        return [Line(self.write_number(quantity), 12, color, self._weight)]

    @property
    def _weight(self) -> str:
        return "B" if self.painter.style.bold else ""

    def small(self, text: str) -> Line:
        """Small print."""
        return Line(text, 9, self.painter.theme.small)

    def value_color(self, quantity: Quantity) -> str:
        """The colour of a value's number."""
        theme, now = self.painter.theme, self.diagram.number(quantity)
        assert now is not None
        if quantity in self.diagram.hidden:
            return theme.background
        is_same = self.diagram.before and self.diagram.change(quantity) == 0
        return theme.small if is_same else self.painter.color_value(now)

    def gradient_color(self, quantity: Quantity) -> str:
        """The colour of a gradient's number."""
        if quantity in self.diagram.hidden:
            return self.painter.theme.background
        return self.painter.color_gradient(self.diagram.change(quantity) or 0.0)

    def choose_pen(self, flow: Flow) -> Pen:
        """The pen of a wire; several gradients together have a size, but no sign."""
        return self.choose_pen_of(flow.gradient, signed=flow.count == 1)

    def choose_pen_of(self, gradient: Quantity, *, signed: bool = True) -> Pen:
        """The pen that shows a gradient."""
        pen = self.painter.choose_pen(self.diagram.change(gradient), signed=signed)
        is_hidden = gradient in self.diagram.hidden
        return replace(pen, color=self.painter.theme.zero) if is_hidden else pen

    def tell_story(self, node: Node) -> str:
        """The tooltip of a node: what was computed, and what came back."""
        names = (self.name(self.diagram[e.source]) for e in self.diagram.into(node.id))
        numbers = (self.write_number(value_of(e)) for e in self.diagram.into(node.id))
        operands = ", ".join(map(" = ".join, zip(names, numbers, strict=True)))
        made = f": {node.symbol}({operands})" if node.symbol else ""
        text = f"{self.name(node)}{made} = {self.write_number(value_of(node))}"
        if node.gradient is not None:
            text += f"; gradient {self.write_number(gradient_of(node))}"
        return escape_label(text)

    def name(self, node: Node) -> str:
        """A node in a sentence."""
        return shorten(node.label or node.symbol or "constant", 20)


def describe_hidden(hidden: int) -> str:
    """How many values are hidden behind a node.

    >>> describe_hidden(179), describe_hidden(10_000)
    ('… 179 more', '… over 10,000 more')
    """
    return f"… {'over ' if hidden >= MOST_COUNTED else ''}{hidden:,} more"
