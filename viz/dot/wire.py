"""The emitter of the wire styles: the numbers stand on the edges."""

from __future__ import annotations

from dataclasses import dataclass

from viz.diagram.diagram import Diagram, Node, value_of
from viz.diagram.flow import Flow, flows_of_wires
from viz.dot.canvas import Canvas
from viz.dot.html_labels import make_wire
from viz.dot.scopes import ScopeEmitter
from viz.labels import escape_label
from viz.style.words import Line, Words, describe_hidden

ORDERED = {
    "sub", "truediv", "floordiv", "mod", "pow", "atan2", "leaky_relu", "elu", "xlogy",
    "xlog1py",
}  # fmt: skip
"""Operations whose operands Graphviz has to keep in order."""

ROOM_IN_CIRCLE = 27
"""Points of text that fit into the circle of an operation, with air around them."""


@dataclass(frozen=True, slots=True)
class WireEmitter:
    """Draws a diagram with its numbers on wires between the operations."""

    canvas: Canvas
    diagram: Diagram
    words: Words
    scopes: ScopeEmitter

    def emit(self) -> None:
        """First everything that is computed, then the wires between."""
        for node in self.diagram.nodes:
            if node.inside:
                self.scopes.draw(node)
            else:
                self._draw_body(node)
        for flow in flows_of_wires(self.diagram):
            if flow.kind == "trunk":
                self._draw_fork(flow)
            elif flow.kind == "output":
                self._draw_output(self.diagram.output)
            self._draw_wire(flow)

    def _draw_body(self, node: Node) -> None:
        theme = self.words.painter.theme
        if node.hidden:
            self._draw_box(node.id, "stub", describe_hidden(node.hidden), theme.band)
        elif node.kind == "operation":
            self._draw_operation(node)
        elif node.kind == "constant" and not node.label:
            self.canvas.add(
                node.id, "constant", "", shape="point", width="0.05",
                color=theme.small, tooltip=self.words.write_number(value_of(node)),
            )  # fmt: skip
        else:
            colors = theme.parameter if node.kind == "parameter" else theme.leaf
            name = node.label or self.words.write_number(value_of(node))
            self._draw_box(node.id, node.kind, name, colors)

    def _draw_operation(self, node: Node) -> None:
        fill, line = self.words.painter.theme.operation
        symbol = node.symbol
        shape = {"shape": "circle", "width": "0.44", "fixedsize": "true"}
        shape["style"] = "filled"
        if Line(symbol, 12, line).width > ROOM_IN_CIRCLE:
            shape = {"shape": "box", "height": "0.44", "style": "rounded,filled"}
        self.canvas.add(
            node.id, "operation", escape_label(symbol), **shape, margin="0.08,0",
            penwidth="1.4", fontsize="18" if len(symbol) == 1 else "12",
            color=line, fillcolor=fill, tooltip=self.words.tell_story(node),
            ordering="in" if node.operation in ORDERED else "",
        )  # fmt: skip

    def _draw_box(
        self, id_: str, kind: str, name: str, colors: tuple[str, str], pen: str = "1"
    ) -> None:
        self.canvas.add(
            id_, kind, escape_label(name), shape="box", style="rounded,filled",
            height="0.32", width="0.36", margin="0.1,0.03", fontsize="13",
            fillcolor=colors[0], color=colors[1], penwidth=pen,
            tooltip=escape_label(name),
        )  # fmt: skip

    def _draw_output(self, node: Node) -> None:
        """The box of its own that the result goes into."""
        name = (node.label if node.kind == "operation" else "") or "output"
        colors = self.words.painter.theme.output
        self._draw_box(f"out{node.id}", "output", name, colors, "2")

    def _draw_fork(self, flow: Flow) -> None:
        """The dot between a trunk and its branches."""
        color = self.words.choose_pen(flow).color
        self.canvas.add(flow.end, "fork", "", shape="point", width="0.09", color=color)

    def _draw_wire(self, flow: Flow) -> None:
        pen = self.words.choose_pen(flow)
        label = make_wire(
            *self.words.write_wire(flow), pen, vertical=self.canvas.vertical
        )
        self.canvas.add(flow.id, "wire", label, shape="plain")
        arrow = flow.kind != "trunk"
        self.canvas.join(flow.start, flow.id, flow.end, pen, arrow=arrow)
