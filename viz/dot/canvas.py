"""Adding nodes and edges to a DOT graph, with ids that fit one picture of several."""

from __future__ import annotations

import re
from dataclasses import dataclass

from graphviz import Digraph

from viz.dot.highlight import fade
from viz.style.options import DIRECTIONS, Lit
from viz.style.paint import Pen
from viz.style.theme import Theme


@dataclass(frozen=True, slots=True)
class Canvas:
    """A DOT graph whose ids all begin with a prefix, when there is one."""

    graph: Digraph
    theme: Theme
    prefix: str = ""
    direction: str = "LR"
    lit: Lit | None = None
    """Which names stand out; None is all of them, equally."""
    focus: str = ""
    """The name of the node where something happens."""

    @property
    def vertical(self) -> bool:
        """Whether the picture goes up or down."""
        return self.direction in ("TB", "BT")

    def prefix_name(self, name: str) -> str:
        """A name as it stands in this picture.

        The hyphen keeps a wire of one picture (wn0) apart from a node of a picture
        with the prefix w.
        """
        return f"{self.prefix}-{name}" if self.prefix else name

    def add(self, name: str, class_: str, label: str, **attributes: str) -> None:
        """A node; its id and class are for those who style the SVG."""
        if name == self.focus:
            label, attributes = self._mark_focus(label, attributes)
        if not self._is_lit(name):
            label = fade(label, self.theme.background)
            attributes.setdefault("fontcolor", self.theme.ink)
            attributes = {
                k: fade(v, self.theme.background) for k, v in attributes.items()
            }
        name = self.prefix_name(name)
        self.graph.node(name, label, id=name, **attributes, **{"class": class_})

    def _mark_focus(
        self, label: str, attributes: dict[str, str]
    ) -> tuple[str, dict[str, str]]:
        """Where something happens, in the colours of an output; nothing moves."""
        fill, line = self.theme.output
        label = re.sub(r' COLOR="#\w+" BGCOLOR="#\w+"',
                       f' COLOR="{line}" BGCOLOR="{fill}"', label, count=1)  # fmt: skip
        return label, attributes | {"fillcolor": fill, "color": line}

    def _is_lit(self, *names: str) -> bool:
        return self.lit is None or all(self.lit(name) for name in names)

    def join(
        self, start: str, wire: str, end: str, pen: Pen, *, arrow: bool = True
    ) -> None:
        """Both ends of a wire with numbers, to what it leads from and to."""
        near, far = DIRECTIONS[self.direction]
        self.connect(start, f"{wire}:m:{near}", pen, arrow=False)
        self.connect(f"{wire}:m:{far}", end, pen, arrow=arrow)

    def connect(
        self, tail: str, head: str, pen: Pen, *, arrow: bool = True, ranks: int = 1
    ) -> None:
        """An edge between two names, each with a port or without, over some ranks."""
        name = self.prefix_name(f"{tail}--{head}".replace(":", "-"))
        lit = self._is_lit(
            *_select_deciding(tail.partition(":")[0], head.partition(":")[0])
        )
        self.graph.edge(
            self.prefix_name(tail),
            self.prefix_name(head),
            id=name,
            color=pen.color if lit else fade(pen.color, self.theme.background),
            penwidth=str(pen.width),
            arrowhead="normal" if arrow else "none",
            arrowsize=f"{0.67 - 0.06 * pen.width:.2f}",
            style="dashed" if pen.dashed else "solid",
            minlen=str(ranks) if ranks > 1 else None,
        )


def _select_deciding(tail: str, head: str) -> list[str]:
    """The names that have to stand out for an edge to do so: its wire, or both ends."""
    return [name for name in (tail, head) if name[0] == "w"] or [tail, head]
