"""The emitter of the wire styles: the numbers stand on the edges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from viz.diagram.diagram import Diagram, Edge, Node
from viz.dot.canvas import Canvas
from viz.dot.scopes import ScopeEmitter
from viz.dot.tables import wire
from viz.labels import bare
from viz.style.paint import Pen
from viz.style.words import Line, Words

__all__ = ["WireEmitter"]

ORDERED = {"sub", "truediv", "floordiv", "mod", "pow", "atan2", "leaky_relu"}
"""Operations whose operands Graphviz has to keep in order."""


@dataclass(frozen=True, slots=True)
class WireEmitter:
    """Draws a diagram with its numbers on wires between the operations."""

    canvas: Canvas
    diagram: Diagram
    words: Words
    scopes: ScopeEmitter = field(init=False)

    def __post_init__(self) -> None:
        scopes = ScopeEmitter(self.canvas, self.diagram, self.words, crowded=False)
        object.__setattr__(self, "scopes", scopes)

    def emit(self) -> None:
        """First everything that is computed, then the wires between."""
        for node in self.diagram.nodes:
            if node.inside:
                self.scopes.body(node)
            else:
                self._body(node)
        for node in self.diagram.nodes:
            uses = self.diagram.uses(node.id)
            if node.inside:
                self._bundles(node, uses)
            elif len(uses) == 1:
                self._only_use(node, uses[0])
            elif uses:
                self._fork(node, uses)
        if not self.diagram.output.inside and self.diagram.output.kind != "exit":
            self._output(self.diagram.output)

    def _bundles(self, node: Node, uses: Sequence[Edge]) -> None:
        for i, use in enumerate(uses):
            above, below = self.scopes.above(use), self.scopes.below(use)
            pen = self.scopes.pen(use)
            self._wire(node.id, f"w{node.id}_{i}", use.target, pen, above, below)

    def _body(self, node: Node) -> None:
        theme = self.words.painter.theme
        if node.hidden:
            self._box(node.id, "stub", self.words.hidden(node), theme.band)
        elif node.kind == "operation":
            self._operation(node)
        elif node.kind == "constant" and not node.label:
            self.canvas.add(
                node.id, "constant", "", shape="point", width="0.05",
                color=theme.small, tooltip=self.words.number(node.value),
            )  # fmt: skip
        else:
            colors = theme.parameter if node.kind == "parameter" else theme.leaf
            name = node.label or self.words.number(node.value)
            self._box(node.id, node.kind, name, colors)

    def _operation(self, node: Node) -> None:
        fill, line = self.words.painter.theme.operation
        symbol = node.symbol
        shape = {"shape": "circle", "width": "0.44", "fixedsize": "true"}
        shape["style"] = "filled"
        if len(symbol) > 5:  # more than fits into the circle
            shape = {"shape": "box", "height": "0.44", "style": "rounded,filled"}
        self.canvas.add(
            node.id, "operation", bare(symbol), **shape, margin="0.08,0",
            penwidth="1.4", fontsize="18" if len(symbol) == 1 else "12",
            color=line, fillcolor=fill, tooltip=self.words.story(node, self.diagram),
            ordering="in" if node.operation in ORDERED else "",
        )  # fmt: skip

    def _box(
        self, id_: str, kind: str, name: str, colors: tuple[str, str], pen: str = "1"
    ) -> None:
        self.canvas.add(
            id_, kind, bare(name), shape="box", style="rounded,filled", height="0.32",
            width="0.36", margin="0.1,0.03", fontsize="13", fillcolor=colors[0],
            color=colors[1], penwidth=pen, tooltip=bare(name),
        )  # fmt: skip

    def _output(self, node: Node) -> None:
        """The result goes into a box of its own, over a last wire."""
        named = node.label if node.kind == "operation" else ""
        box = f"out{node.id}"
        self._box(
            box, "output", named or "output", self.words.painter.theme.output, "2"
        )
        below = self.words.gradient(node.gradient)
        pen = self.words.painter.pen(node.gradient)
        self._wire(
            node.id, f"w{node.id}", box, pen, self.words.value(node.value), below
        )

    def _only_use(self, node: Node, use: Edge) -> None:
        """One wire does for a value used once: it bears the name as well."""
        shown: float | None
        if node.elsewhere:
            shown, small = node.gradient, self.words.total(node, [use])
        else:
            shown, small = use.gradient, self.words.chain(use)
        pen = self.words.painter.pen(shown)
        above, below = self._above(node), self._below(shown, small)
        self._wire(node.id, f"w{node.id}", use.target, pen, above, below)

    def _fork(self, node: Node, uses: Sequence[Edge]) -> None:
        """The trunk with the whole gradient, a dot, and a branch for each use."""
        pen = self.words.painter.pen(node.gradient)
        fork = f"k{node.id}"
        self.canvas.add(fork, "fork", "", shape="point", width="0.09", color=pen.color)
        below = self._below(node.gradient, self.words.total(node, uses))
        self._wire(
            node.id, f"w{node.id}", fork, pen, self._above(node), below, arrow=False
        )
        for i, use in enumerate(uses):
            pen = self.words.painter.pen(use.gradient)
            above = self.words.value(node.value)
            below = self._below(use.gradient, self.words.chain(use))
            self._wire(fork, f"w{node.id}_{i}", use.target, pen, above, below)

    def _above(self, node: Node) -> list[Line]:
        named = node.kind == "operation" and node.label
        name = [self.words.name(node.label)] if named else []
        return [*name, *self.words.value(node.value)]

    def _below(self, gradient: float | None, small: str) -> list[Line]:
        if gradient is None:
            return []
        return [*self.words.gradient(gradient), *self.words.reason(small, gradient)]

    def _wire(
        self,
        start: str,
        id_: str,
        end: str,
        pen: Pen,
        above: list[Line],
        below: list[Line],
        *,
        arrow: bool = True,
    ) -> None:
        label = wire(above, below, pen, vertical=self.canvas.vertical)
        self.canvas.add(id_, "wire", label, shape="plain")
        self.canvas.join(start, id_, end, pen, arrow=arrow)
