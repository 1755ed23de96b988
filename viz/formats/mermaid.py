"""`Diagram` → Mermaid, the diagrams that Markdown pages draw by themselves."""

from __future__ import annotations

from collections.abc import Iterator

from viz.diagram.diagram import Diagram, Node
from viz.errors import TooLargeError
from viz.style.options import Options
from viz.style.paint import Painter
from viz.style.words import Words

__all__ = ["to_mermaid"]

MOST_EDGES = 500
MOST_TEXT = 50_000
"""Mermaid's own limits, which a text cannot change."""

_CLASSES = {"leaf": "leaf", "parameter": "parameter", "constant": "leaf",
            "operation": "operation", "scope": "band"}  # fmt: skip


def to_mermaid(diagram: Diagram, options: Options) -> str:
    """The text of a flowchart: values and gradients on every edge.

    >>> from engine import Value
    >>> from viz.style.theme import STYLES, THEMES
    >>> y = Value(3.0, label="x") * 2
    >>> y.backward()
    >>> options = Options(STYLES["wire"], THEMES["light"])
    >>> print("\\n".join(to_mermaid(Diagram.of(y), options).splitlines()[:4]))
    flowchart LR
      n0(["x"]):::leaf
      n1(["2"]):::leaf
      n2(("×")):::operation

    Raises:
        TooLargeError: a page with Mermaid would show an error instead.
    """
    writer = _Writer(diagram, options)
    text = "\n".join(["flowchart " + options.look["direction"], *writer.lines()]) + "\n"
    edges = len(diagram.edges) + 1
    if edges > MOST_EDGES or len(text) > MOST_TEXT:
        raise TooLargeError(
            f"{edges:,} edges in {len(text):,} characters are too many for Mermaid, "
            f"which draws at most {MOST_EDGES:,} in {MOST_TEXT:,}: give depth=1 or "
            "budget=80, or save an svg"
        )
    return text


class _Writer:
    def __init__(self, diagram: Diagram, options: Options) -> None:
        self.diagram = diagram
        self.theme = options.theme
        painter = Painter.of(diagram, options.style, options.theme)
        self.words = Words(painter, options.look["digits"], options.lines)

    def lines(self) -> Iterator[str]:
        for node in self.diagram.nodes:
            yield f"  {node.id}{self._shape(node)}:::{_CLASSES[node.kind]}"
        output = self.diagram.output
        yield f'  out(["{escaped(self._result(output))}"]):::output'
        styles = []
        for edge in self.diagram.edges:
            text = self._text(edge.value, edge.gradient, self.words.chain(edge))
            yield f"  {edge.source} --{text}--> {edge.target}"
            styles.append(edge.gradient)
        yield f"  {output.id} --{self._text(output.value, output.gradient)}--> out"
        for place, gradient in enumerate([*styles, output.gradient]):
            pen = self.words.painter.pen(gradient)
            dashes = ",stroke-dasharray:4" if pen.dashed else ""
            look = f"stroke:{pen.color},stroke-width:{pen.width}px{dashes}"
            yield f"  linkStyle {place} {look}"
        for name in ("leaf", "parameter", "operation", "output", "band"):
            fill, line = getattr(self.theme, name)
            look = f"fill:{fill},stroke:{line},color:{self.theme.ink}"
            yield f"  classDef {name} {look}"

    def _shape(self, node: Node) -> str:
        if node.inside:
            return f'["{escaped(node.label)}<br/>{node.inside.count:,} values"]'
        if node.hidden:
            return f'["{escaped(self.words.hidden(node))}"]'
        if node.kind == "operation":
            named = f" {escaped(node.label)}" if node.label else ""
            return f'(("{escaped(node.symbol)}{named}"))'
        return f'(["{escaped(node.label or self.words.number(node.value))}"])'

    def _result(self, output: Node) -> str:
        return output.label if output.kind == "operation" and output.label else "output"

    def _text(self, value: float, gradient: float | None, chain: str = "") -> str:
        lines = [line.text for line in self.words.value(value)]
        lines += [line.text for line in self.words.gradient(gradient)]
        if lines and gradient is not None:
            lines += [line.text for line in self.words.reason(chain, gradient)]
        return f' "{"<br/>".join(map(escaped, lines))}" ' if lines else ""


def escaped(text: str) -> str:
    """A text inside of Mermaid's quotes, its own signs as numbered entities.

    >>> escaped('<b>"x"#1')
    '#60;b#62;#34;x#34;#35;1'
    """
    plain = "".join(c if c.isalnum() or c in _PLAIN else f"#{ord(c)};" for c in text)
    return plain or " "


_PLAIN = frozenset(" .,:+−×÷^=()′…√Σ∞")
