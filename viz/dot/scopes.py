"""How a scope that is drawn as one node looks: a card, or a circle among many."""

from __future__ import annotations

from dataclasses import dataclass, replace

from viz.diagram.collapse import is_crowded, is_simple
from viz.diagram.diagram import Diagram, Edge, Node, Part
from viz.dot.canvas import Canvas
from viz.dot.tables import row, rows, table
from viz.labels import bare, capped
from viz.style.paint import Pen
from viz.style.words import Line, Words

__all__ = ["ScopeEmitter", "legend"]

CIRCLES_LEGEND = (
    "{if value gradient}circle: a scope, its {ink:value}, its gradient ({positive},"
    " {negative})",
    "width, colour: |gradient| that flows back along an edge (log)",
)
CARDS_LEGEND = (
    "card: a scope, what it puts out, gradient ({positive}, {negative}), parameters",
    "on an edge: what is used of it; |grad| is √Σ gradient² of several values",
)
ROOM = 40
"""Points of text that fit into a circle."""

SMALLEST = 9
MOST_OUTPUTS = 2
_INPUTS = ("leaf", "entry", "exit")
MOST_IN_TOOLTIP = 12


def legend(diagram: Diagram, lines: tuple[str, ...]) -> tuple[str, ...]:
    """The legend of a diagram that may have scopes; these lines where it has none."""
    if not lines or all(node.inside is None for node in diagram.nodes):
        return lines
    return CIRCLES_LEGEND if is_crowded(diagram) else CARDS_LEGEND


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

    def body(self, node: Node) -> None:
        """The card or the circle of a node."""
        simple = is_simple(node) and node is not self.diagram.output
        if self.crowded and (simple or node.kind in _INPUTS):
            self._circle(node)
        else:
            self._card(node)

    def above(self, use: Edge) -> list[Line]:
        """What an edge carries forward."""
        if len(use.parts) < 2:
            return self.words.value(use.value)
        return [self.words.small(f"{len(use.parts)} values")]

    def below(self, use: Edge) -> list[Line]:
        """What flows back along it."""
        if use.gradient is None or len(use.parts) < 2:
            return self.words.gradient(use.gradient)
        return [self.words.small(f"|grad| {self.words.number(use.gradient)}")]

    def pen(self, use: Edge) -> Pen:
        """Several gradients together have a size, but no sign."""
        if len(use.parts) < 2:
            return self.words.painter.pen(use.gradient)
        return self.words.painter.signless(use.gradient)

    def _circle(self, node: Node) -> None:
        painter = self.words.painter
        lines = [self._fitted(self._short(node.value), 12)]
        fill, border = painter.theme.leaf
        color = painter.theme.ink
        if node.kind in _INPUTS:
            lines[:0] = [self._fitted(node.label, 12)] if node.label else []
        elif node.gradient is not None:
            fill, border = painter.pen(node.gradient).color, painter.theme.ink
            color = painter.on_band(node.gradient)
            lines.append(self._fitted(self._short(node.gradient), 10))
        text = "<BR/>".join(Line(line.text, line.size, color).html for line in lines)
        self.canvas.add(
            node.id, node.kind, f"<{text}>", shape="circle", width="0.66",
            fixedsize="true", style="filled", fillcolor=fill, color=border,
            margin="0", tooltip=self._tooltip(node),
        )  # fmt: skip

    def _short(self, x: float) -> str:
        return self.words.number(float(x), min(2, self.words.digits))

    def _fitted(self, text: str, size: float) -> Line:
        """A line that does not stick out of a circle: smaller, at last cut."""
        line = Line(text, size, self.words.painter.theme.ink)
        while line.width > ROOM and line.size > SMALLEST:
            line = replace(line, size=line.size - 1)
        while line.width > ROOM:
            line = replace(line, text=f"{line.text[:-2]}…")
        return line

    def _card(self, node: Node) -> None:
        theme = self.words.painter.theme
        band, line = theme.band
        if node is self.diagram.output:
            band, line = theme.output_band, theme.output[1]
        elif not self.diagram.into(node.id):
            band, line = theme.leaf_band, theme.leaf[1]
        title = Line(node.label, 14, theme.ink, "B")
        border = 2 if node is self.diagram.output else 1
        body = [row([line]) for line in self._lines(node)]
        label = table(
            rows([row([title], f'BGCOLOR="{band}"'), *body]),
            f'BORDER="{border}" CELLBORDER="0" CELLSPACING="0" CELLPADDING="3" '
            f'COLOR="{line}" BGCOLOR="{theme.operation[0]}"',
        )
        tooltip = self._tooltip(node)
        self.canvas.add(node.id, "scope", label, shape="plain", tooltip=tooltip)

    def _lines(self, node: Node) -> list[Line]:
        inside, theme = node.inside, self.words.painter.theme
        assert inside is not None
        outputs = inside.outputs
        if len(outputs) <= MOST_OUTPUTS:
            lines = [Line(self._named(part), 12, theme.ink) for part in outputs]
        else:
            least = min(float(part.value) for part in outputs)
            most = max(float(part.value) for part in outputs)
            span = f"{self.words.number(least)} … {self.words.number(most)}"
            lines = [Line(f"{len(outputs)} outputs", 12, theme.ink)]
            lines.append(Line(span, 12, theme.small))
        if node.gradient is not None and len(outputs) == 1:
            lines += self.words.gradient(node.gradient)
        elif node.gradient is not None:
            norm = f"|grad| {self.words.number(node.gradient)}"
            lines.append(Line(norm, 12, theme.ink))
        if inside.parameters:
            lines.append(Line(self._parameters(node), 11, theme.parameter[1]))
        plural = "s" * (inside.count != 1)
        return [*lines, self.words.small(f"{inside.count:,} value{plural}")]

    def _parameters(self, node: Node) -> str:
        assert node.inside is not None
        text = f"{node.inside.parameters:,} parameters"
        norm = node.inside.gradient_norm
        return text if norm is None else f"{text}, |grad| {self.words.number(norm)}"

    def _named(self, part: Part) -> str:
        return f"{part.name} = {self.words.number(part.value)}"

    def _tooltip(self, node: Node) -> str:
        if node.inside is None:
            return self.words.story(node, self.diagram)
        parts = node.inside.outputs[:MOST_IN_TOOLTIP]
        texts = [
            self._named(part)
            + (f" ({self.words.number(part.gradient)})" if part.gradient else "")
            for part in parts
        ]
        more = len(node.inside.outputs) - len(parts)
        texts += [f"and {more} more"] * (more > 0)
        return bare(f"{' / '.join(map(capped, node.scope))}: {', '.join(texts)}")
