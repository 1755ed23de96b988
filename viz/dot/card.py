"""The emitter of the card style: a card per value, its numbers inside."""

from __future__ import annotations

from dataclasses import dataclass

from viz.diagram.diagram import Diagram, Edge, Node, gradient_of, value_of
from viz.diagram.flow import Flow, flows_of_cards
from viz.diagram.sentence import Quantity
from viz.dot.canvas import Canvas
from viz.dot.html_labels import make_row, make_rows, make_table, make_wire
from viz.dot.scopes import ScopeEmitter
from viz.dot.wire import ORDERED
from viz.style.paint import Pen
from viz.style.words import Line, Words, describe_hidden

POSTER = 150
"""A picture of more cards is a poster."""

STEPS = 16


@dataclass(frozen=True, slots=True)
class CardEmitter:
    """Draws a diagram as cards: a band with the name, the value, the gradient."""

    canvas: Canvas
    diagram: Diagram
    words: Words
    scopes: ScopeEmitter

    def emit(self) -> None:
        """The cards, then the edges between them."""
        for node in self.diagram.nodes:
            if self.scopes.draws(node):
                self.scopes.draw(node)
            elif node.kind == "constant" and not node.label:
                self._draw_constant(node)
            else:
                self._draw_card(node)
        for flow in flows_of_cards(self.diagram):
            self._draw_use(flow)

    def _draw_constant(self, node: Node) -> None:
        number = self.words.write_number(value_of(node))
        self.canvas.add(
            node.id, "constant", number, shape="plaintext", margin="0.04,0.02",
            fontsize="12", fontcolor=self.words.painter.theme.small,
            height="0.2", width="0.2",
        )  # fmt: skip

    def _draw_card(self, node: Node) -> None:
        fill, line = self._choose_colors(node)
        cells = [
            make_row(self._write_title(node), f'BGCOLOR="{fill}"'),
            *(make_row([line]) for line in self.words.write_value(value_of(node))),
        ]
        if node.gradient is not None and "gradient" in self.words.shown:
            cells.append(self._write_gradient(gradient_of(node)))
        border = 2 if node is self.diagram.output else 1
        label = make_table(
            make_rows(cells),
            f'BORDER="{border}" CELLBORDER="0" CELLSPACING="0" CELLPADDING="3" '
            f'COLOR="{line}" BGCOLOR="{self.words.painter.theme.operation[0]}"',
        )
        self.canvas.add(
            node.id, node.kind, label, shape="plain",
            tooltip=self.words.tell_story(node),
            ordering="in" if node.operation in ORDERED else "",
        )  # fmt: skip

    def _choose_colors(self, node: Node) -> tuple[str, str]:
        theme = self.words.painter.theme
        if node is self.diagram.output:
            return theme.output_band, theme.output[1]
        if node.kind == "operation":
            return theme.band
        if node.kind == "parameter":
            return theme.parameter_band, theme.parameter[1]
        return theme.leaf_band, theme.leaf[1]

    def _write_title(self, node: Node) -> list[Line]:
        ink = self.words.painter.theme.ink
        if node.hidden:
            return [Line(describe_hidden(node.hidden), 13, ink, "B")]
        head = Line(node.symbol or node.label or "·", 13, ink, "B")
        named = node.symbol and node.label
        return [head, Line(node.label, 11, ink, "I")] if named else [head]

    def _write_gradient(self, gradient: Quantity) -> str:
        painter = self.words.painter
        color = painter.color_on_band(self.diagram.change(gradient) or 0.0)
        if gradient in self.diagram.hidden:
            color = painter.theme.zero
        line = Line(self.words.write_number(gradient), 12, color)
        fill = self.words.choose_pen_of(gradient).color
        return make_row([line], f'BGCOLOR="{fill}" CELLPADDING="1"')

    def _draw_use(self, flow: Flow) -> None:
        """An arrow; only a use among several needs its share of the gradient on it."""
        assert flow.use
        source = self.diagram[flow.start]
        pen = self.words.choose_pen(flow)
        is_bare = self.scopes.crowded if flow.use.parts else not flow.is_one_of_several
        if source.kind == "constant" and not source.label:
            pen, is_bare = Pen(self.words.painter.theme.zero, 1), True
        above, below = ([], []) if is_bare else self.words.write_wire(flow)
        if not (above or below):
            self.canvas.connect(
                flow.start, flow.end, pen, ranks=self._count_ranks(flow.use)
            )
            return
        label = make_wire(above, below, pen, vertical=self.canvas.vertical)
        self.canvas.add(flow.id, "wire", label, shape="plain")
        self.canvas.join(flow.start, flow.id, flow.end, pen)

    def _count_ranks(self, use: Edge) -> int:
        """Over how many ranks an arrow goes: the summands of a large picture stand in
        steps, as all in one rank would be a very long column."""
        large = len(self.diagram.nodes) > POSTER
        summand = self.diagram[use.target].operation == "sum"
        return 1 + use.position % STEPS if large and summand else 1
