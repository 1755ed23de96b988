"""The emitter of the card style: a card per value, its numbers inside."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from viz.diagram.collapse import is_crowded
from viz.diagram.diagram import Diagram, Edge, Node
from viz.dot.canvas import Canvas
from viz.dot.scopes import ScopeEmitter
from viz.dot.tables import row, rows, table, wire
from viz.dot.wire import ORDERED
from viz.style.paint import Pen
from viz.style.words import Line, Words

__all__ = ["CardEmitter"]

POSTER = 150
"""A picture of more cards is a poster."""

STEPS = 16


@dataclass(frozen=True, slots=True)
class CardEmitter:
    """Draws a diagram as cards: a band with the name, the value, the gradient."""

    canvas: Canvas
    diagram: Diagram
    words: Words
    scopes: ScopeEmitter = field(init=False)

    def __post_init__(self) -> None:
        crowded = is_crowded(self.diagram)
        scopes = ScopeEmitter(self.canvas, self.diagram, self.words, crowded)
        object.__setattr__(self, "scopes", scopes)

    def emit(self) -> None:
        """The cards, then the edges between them."""
        for node in self.diagram.nodes:
            if self.scopes.draws(node):
                self.scopes.body(node)
            elif node.kind == "constant" and not node.label:
                self._constant(node)
            else:
                self._card(node)
        for node in self.diagram.nodes:
            uses = self.diagram.uses(node.id)
            for i, use in enumerate(uses):
                self._use(node, use, f"w{node.id}_{i}" if len(uses) > 1 else "")

    def _constant(self, node: Node) -> None:
        self.canvas.add(
            node.id, "constant", self.words.number(node.value), shape="plaintext",
            fontsize="12", fontcolor=self.words.painter.theme.small, margin="0.04,0.02",
            height="0.2", width="0.2",
        )  # fmt: skip

    def _card(self, node: Node) -> None:
        fill, line = self._colors(node)
        cells = [
            row(self._title(node), f'BGCOLOR="{fill}"'),
            *(row([line]) for line in self.words.value(node.value)),
        ]
        if node.gradient is not None and "gradient" in self.words.lines:
            cells.append(self._gradient(node.gradient))
        border = 2 if node is self.diagram.output else 1
        label = table(
            rows(cells),
            f'BORDER="{border}" CELLBORDER="0" CELLSPACING="0" CELLPADDING="3" '
            f'COLOR="{line}" BGCOLOR="{self.words.painter.theme.operation[0]}"',
        )
        self.canvas.add(
            node.id, node.kind, label, shape="plain",
            tooltip=self.words.story(node, self.diagram),
            ordering="in" if node.operation in ORDERED else "",
        )  # fmt: skip

    def _colors(self, node: Node) -> tuple[str, str]:
        theme = self.words.painter.theme
        if node is self.diagram.output:
            return theme.output_band, theme.output[1]
        if node.kind == "operation":
            return theme.band
        if node.kind == "parameter":
            return theme.parameter_band, theme.parameter[1]
        return theme.leaf_band, theme.leaf[1]

    def _title(self, node: Node) -> list[Line]:
        ink = self.words.painter.theme.ink
        if node.hidden:
            return [Line(self.words.hidden(node), 13, ink, "B")]
        head = Line(node.symbol or node.label or "·", 13, ink, "B")
        named = node.symbol and node.label
        return [head, Line(node.label, 11, ink, "I")] if named else [head]

    def _gradient(self, gradient: float) -> str:
        painter = self.words.painter
        line = Line(self.words.number(gradient), 12, painter.on_band(gradient))
        return row([line], f'BGCOLOR="{painter.pen(gradient).color}" CELLPADDING="1"')

    def _use(self, node: Node, use: Edge, wire_id: str) -> None:
        """An arrow; only a use among several needs its share of the gradient on it."""
        above, below = self._numbers(use, alone=not wire_id)
        if node.kind == "constant" and not node.label:
            pen = Pen(self.words.painter.theme.zero, 1)
            above = below = []
        else:
            pen = self.scopes.pen(use)
        if not (above or below):
            self.canvas.connect(node.id, use.target, pen, ranks=self._ranks(use))
            return
        wire_id = wire_id or f"w{node.id}"
        label = wire(above, below, pen, vertical=self.canvas.vertical)
        self.canvas.add(wire_id, "wire", label, shape="plain")
        self.canvas.join(node.id, wire_id, use.target, pen)

    def _ranks(self, use: Edge) -> int:
        """Over how many ranks an arrow goes: the summands of a large picture stand in
        steps, where all in one rank would be a column that nobody can see whole."""
        large = len(self.diagram.nodes) > POSTER
        summand = self.diagram[use.target].operation == "sum"
        return 1 + use.position % STEPS if large and summand else 1

    def _numbers(self, use: Edge, *, alone: bool) -> tuple[list[Line], list[Line]]:
        if use.parts and not self.scopes.crowded:
            return self.scopes.above(use), self.scopes.below(use)
        if use.parts or alone:
            return [], []
        return [], [
            replace(line, size=10, tag="B")
            for line in self.words.gradient(use.gradient)
        ]
