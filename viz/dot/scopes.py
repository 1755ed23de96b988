"""How a scope that is drawn as one node looks: a card, or a circle among many."""

from __future__ import annotations

from dataclasses import dataclass, replace

from viz.diagram.collapse import is_crowded, is_simple
from viz.diagram.diagram import Diagram, Node, gradient_of
from viz.diagram.sentence import Quantity
from viz.dot.canvas import Canvas
from viz.dot.html_labels import make_row, make_rows, make_table
from viz.labels import escape_label, format_number, shorten
from viz.style.legends import CIRCLES, SCOPES, Legend
from viz.style.words import Line, Words

ROOM = 40
"""Points of text that fit into a circle."""

SMALLEST = 9
MOST_OUTPUTS = 2
_INPUTS = ("leaf", "entry", "exit")
MOST_IN_TOOLTIP = 12


def legend_of(diagram: Diagram, legend: Legend) -> Legend:
    """The legend of a diagram that may have scopes; this one where it has none."""
    if not legend or all(node.inside is None for node in diagram.nodes):
        return legend
    return CIRCLES if is_crowded(diagram) else SCOPES


@dataclass(frozen=True, slots=True)
class ScopeEmitter:
    """Draws the scopes of a diagram, and the edges that carry several values."""

    canvas: Canvas
    diagram: Diagram
    words: Words
    crowded: bool

    def draws(self, node: Node) -> bool:
        """Whether a node is drawn here; in a crowd, inputs are circles as well."""
        return node.inside is not None or (self.crowded and node.kind in _INPUTS)

    def draw(self, node: Node) -> None:
        """The card or the circle of a node."""
        simple = is_simple(node) and node is not self.diagram.output
        if self.crowded and (simple or node.kind in _INPUTS):
            self._draw_circle(node)
        else:
            self._draw_card(node)

    def _draw_circle(self, node: Node) -> None:
        painter = self.words.painter
        lines = [self._fit(self._write_short(node.value), 12)]
        fill, border = painter.theme.leaf
        color = painter.theme.ink
        if node.kind in _INPUTS:
            lines[:0] = [self._fit(node.label, 12)] if node.label else []
        elif node.gradient is not None:
            gradient = gradient_of(node)
            fill, border = self.words.choose_pen_of(gradient).color, painter.theme.ink
            color = painter.color_on_band(self.diagram.change(gradient) or 0.0)
            lines.append(self._fit(self._write_short(node.gradient), 10))
        text = "<BR/>".join(Line(line.text, line.size, color).html for line in lines)
        self.canvas.add(
            node.id, node.kind, f"<{text}>", shape="circle", width="0.66",
            fixedsize="true", style="filled", fillcolor=fill, color=border,
            margin="0", tooltip=self._write_tooltip(node),
        )  # fmt: skip

    def _write_short(self, x: float) -> str:
        return format_number(x, min(2, self.words.digits))

    def _fit(self, text: str, size: float) -> Line:
        """A line that does not stick out of a circle: smaller, at last cut."""
        line = Line(text, size, self.words.painter.theme.ink)
        while line.width > ROOM and line.size > SMALLEST:
            line = replace(line, size=line.size - 1)
        while line.width > ROOM:
            line = replace(line, text=f"{line.text[:-2]}…")
        return line

    def _draw_card(self, node: Node) -> None:
        theme = self.words.painter.theme
        band, line = theme.band
        if node is self.diagram.output:
            band, line = theme.output_band, theme.output[1]
        elif not self.diagram.into(node.id):
            band, line = theme.leaf_band, theme.leaf[1]
        title = Line(node.label, 14, theme.ink, "B")
        border = 2 if node is self.diagram.output else 1
        body = [make_row([line]) for line in self._write_lines(node)]
        label = make_table(
            make_rows([make_row([title], f'BGCOLOR="{band}"'), *body]),
            f'BORDER="{border}" CELLBORDER="0" CELLSPACING="0" CELLPADDING="3" '
            f'COLOR="{line}" BGCOLOR="{theme.operation[0]}"',
        )
        tooltip = self._write_tooltip(node)
        self.canvas.add(node.id, "scope", label, shape="plain", tooltip=tooltip)

    def _write_lines(self, node: Node) -> list[Line]:
        inside, theme = node.inside, self.words.painter.theme
        assert inside is not None
        outputs = inside.outputs
        if len(outputs) <= MOST_OUTPUTS:
            named = (self._describe_output(node, i) for i in range(len(outputs)))
            lines = [Line(text, 12, theme.ink) for text in named]
        else:
            values = [part.value for part in outputs]
            ends = (
                format_number(x, self.words.digits) for x in (min(values), max(values))
            )
            span = " … ".join(ends)
            lines = [Line(f"{len(outputs)} outputs", 12, theme.ink)]
            lines.append(Line(span, 12, theme.small))
        if node.gradient is not None and len(outputs) == 1:
            lines += self.words.write_gradient(gradient_of(node))
        elif node.gradient is not None:
            norm = f"|grad| {self.words.write_number(gradient_of(node))}"
            lines.append(Line(norm, 12, theme.ink))
        if inside.parameters:
            lines.append(Line(self._describe_parameters(node), 11, theme.parameter[1]))
        plural = "s" * (inside.count != 1)
        return [*lines, self.words.small(f"{inside.count:,} value{plural}")]

    def _describe_parameters(self, node: Node) -> str:
        assert node.inside is not None
        text = f"{node.inside.parameters:,} parameters"
        if node.gradient_norm is None:
            return text
        norm = self.words.write_number(Quantity("gradient_norm", node.id))
        return f"{text}, |grad| {norm}"

    def _describe_output(self, node: Node, i: int) -> str:
        """One of the outputs of a scope: h = 0.5."""
        assert node.inside is not None
        number = self.words.write_number(Quantity("value", (node.id, i)))
        return f"{node.inside.outputs[i].name} = {number}"

    def _write_tooltip(self, node: Node) -> str:
        if node.inside is None:
            return self.words.tell_story(node)
        texts = []
        for i, part in enumerate(node.inside.outputs[:MOST_IN_TOOLTIP]):
            texts.append(self._describe_output(node, i))
            if part.gradient:
                gradient = self.words.write_number(Quantity("gradient", (node.id, i)))
                texts[-1] += f" ({gradient})"
        more = len(node.inside.outputs) - len(texts)
        texts += [f"and {more} more"] * (more > 0)
        return escape_label(
            f"{' / '.join(map(shorten, node.scope))}: {', '.join(texts)}"
        )
