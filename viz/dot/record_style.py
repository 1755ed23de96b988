"""The emitter of the record style: what micrograd's users know."""

from __future__ import annotations

from dataclasses import dataclass

from viz.diagram.diagram import Diagram, Node, gradient_of, value_of
from viz.diagram.sentence import Quantity
from viz.dot.canvas import Canvas
from viz.dot.html_labels import make_table
from viz.dot.scopes import ScopeEmitter
from viz.dot.wire import ORDERED
from viz.labels import escape_cell, escape_label
from viz.style.paint import Pen
from viz.style.words import Words, describe_hidden


@dataclass(frozen=True, slots=True)
class RecordEmitter:
    """Draws a record `label | data | grad` per value, an ellipse per operation."""

    canvas: Canvas
    diagram: Diagram
    words: Words
    scopes: ScopeEmitter

    def emit(self) -> None:
        """The records, each with its operation before it, then the edges."""
        pen = Pen(self.words.painter.theme.ink, 1)
        for node in self.diagram.nodes:
            if node.inside:
                self.scopes.draw(node)
            else:
                self._draw_record(node)
            if node.kind == "operation":
                self._draw_operation(node)
                self.canvas.connect(f"{node.id}op", node.id, pen)
        for edge in self.diagram.edges:
            scope = self.diagram[edge.target].inside
            self.canvas.connect(
                edge.source, f"{edge.target}{'' if scope else 'op'}", pen
            )

    def _draw_record(self, node: Node) -> None:
        parts = [describe_hidden(node.hidden) if node.hidden else node.label]
        if "value" in self.words.shown:
            parts.append(f"data {self._write_number(value_of(node))}")
        if node.gradient is not None and "gradient" in self.words.shown:
            parts.append(f"grad {self._write_number(gradient_of(node))}")
        theme = self.words.painter.theme
        cells = "".join(
            f'<TD><FONT COLOR="{theme.ink}">{escape_cell(part)}</FONT></TD>'
            for part in parts
            if part
        )
        attributes = (
            f'BORDER="0" CELLBORDER="1" CELLSPACING="0" CELLPADDING="6" '
            f'COLOR="{theme.ink}"'
        )
        label = make_table(f"<TR>{cells}</TR>", attributes)
        self.canvas.add(node.id, node.kind, label, shape="plain", fontsize="14")

    def _write_number(self, quantity: Quantity) -> str:
        """With as many decimals as digits, the way micrograd writes it."""
        x = self.diagram.number(quantity)
        assert x is not None
        if not abs(x) < 1e7:
            return self.words.write_number(quantity)
        return f"{x:.{self.words.digits}f}".replace("-", "−")

    def _draw_operation(self, node: Node) -> None:
        theme = self.words.painter.theme
        self.canvas.add(
            f"{node.id}op", "op", escape_label(node.symbol), shape="ellipse",
            color=theme.ink, fontsize="14", tooltip=self.words.tell_story(node),
            ordering="in" if node.operation in ORDERED else "",
        )  # fmt: skip
