"""`Diagram` → Mermaid, the diagrams that Markdown pages draw by themselves."""

from __future__ import annotations

from collections.abc import Iterator

from viz.diagram.diagram import Diagram, Node, value_of
from viz.diagram.flow import Flow, flow_of, flow_of_output
from viz.errors import TooLargeError
from viz.style.options import Options
from viz.style.paint import Painter
from viz.style.words import Words, describe_hidden

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
    text = (
        "\n".join(["flowchart " + options.look["direction"], *writer.write_lines()])
        + "\n"
    )
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
        self.words = Words(painter, diagram, options.look["digits"], options.lines)

    def write_lines(self) -> Iterator[str]:
        for node in self.diagram.nodes:
            yield f"  {node.id}{self._write_shape(node)}:::{_CLASSES[node.kind]}"
        output = self.diagram.output
        yield f'  out(["{escape(self._name_output(output))}"]):::output'
        flows = [flow_of(edge, "", edge.source) for edge in self.diagram.edges]
        flows.append(flow_of_output(self.diagram.output))
        for flow in flows:
            end = "out" if flow.kind == "output" else flow.end
            yield f"  {flow.start} --{self._write_text(flow)}--> {end}"
        for place, flow in enumerate(flows):
            pen = self.words.choose_pen(flow)
            dashes = ",stroke-dasharray:4" if pen.dashed else ""
            look = f"stroke:{pen.color},stroke-width:{pen.width}px{dashes}"
            yield f"  linkStyle {place} {look}"
        for name in ("leaf", "parameter", "operation", "output", "band"):
            fill, line = getattr(self.theme, name)
            look = f"fill:{fill},stroke:{line},color:{self.theme.ink}"
            yield f"  classDef {name} {look}"

    def _write_shape(self, node: Node) -> str:
        if node.inside:
            return f'["{escape(node.label)}<br/>{node.inside.count:,} values"]'
        if node.hidden:
            return f'["{escape(describe_hidden(node.hidden))}"]'
        if node.kind == "operation":
            named = f" {escape(node.label)}" if node.label else ""
            return f'(("{escape(node.symbol)}{named}"))'
        return f'(["{escape(node.label or self.words.write_number(value_of(node)))}"])'

    def _name_output(self, output: Node) -> str:
        return output.label if output.kind == "operation" and output.label else "output"

    def _write_text(self, flow: Flow) -> str:
        above, below = self.words.write_wire(flow)
        lines = [escape(line.text) for line in (*above, *below)]
        return f' "{"<br/>".join(lines)}" ' if lines else ""


def escape(text: str) -> str:
    """A text inside of Mermaid's quotes, its own signs as numbered entities.

    >>> escape('<b>"x"#1')
    '#60;b#62;#34;x#34;#35;1'
    """
    plain = "".join(c if c.isalnum() or c in _PLAIN else f"#{ord(c)};" for c in text)
    return plain or " "


_PLAIN = frozenset(" .,:+−×÷^=()′…√Σ∞")
