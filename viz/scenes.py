"""What is drawn on a page: the graph flat, and its scopes one in another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from engine import Value
from viz.checks import check, seconds
from viz.cut import chosen
from viz.diagram import Diagram
from viz.dot import Options
from viz.errors import OptionError
from viz.forms import BUDGET, CARDS, WIRES
from viz.nested import Scope, nested
from viz.scene import Scene, Sheet, laid_out
from viz.theme import STYLES, THEMES, Style, pick

__all__ = ["Artist", "scenes"]

WHOLE = 2_000
"""So many values are drawn as they are; larger graphs open collapsed."""


@dataclass(frozen=True, slots=True)
class Artist:
    """Lays out sheets of one graph."""

    whole: Diagram
    style: str | Style | None
    direction: str
    digits: int
    renderer: str | None
    time_limit: float

    def __post_init__(self) -> None:
        check("time_limit", self.time_limit, seconds, "a number of seconds above 0")
        if self._style(0).layout == "record":
            raise OptionError(
                f"style={self.style!r}: a page draws wires or cards; choose from wire, "
                "book, cs231n, card"
            )

    def _style(self, count: int) -> Style:
        default = "wire" if count <= WIRES else "card"
        return pick(self.style or default, STYLES, "style")

    def told(self) -> dict[str, Any]:
        """What the page has to know of the style."""
        style = self._style(0)
        return {
            "weighted": style.weighted,
            "bold": style.bold,
            "value": style.value,
            "gradient": style.gradient,
            "chain": style.chain,
            "vertical": self.direction in ("TB", "BT"),
        }

    def scene(self, sheet: Sheet) -> Scene:
        """The places of everything in a sheet."""
        style = self._style(len(sheet.diagram.nodes))
        if any(node.inside for node in sheet.diagram.nodes):
            style = self._style(WIRES + 1)
        options = Options(
            style, THEMES["light"], digits=self.digits, direction=self.direction
        )
        return laid_out(
            sheet, options, renderer=self.renderer, time_limit=self.time_limit
        )


def scenes(
    order: Sequence[Value], artist: Artist, depth: int | None, budget: int | None
) -> dict[str, Any]:
    """What is drawn: the whole graph or a part of it, and scopes one in another."""
    whole = artist.whole
    scopes = nested(order, whole) if any(value.scope for value in order) else []
    scopes = [] if len(scopes) == 1 or budget else scopes
    scopes = scopes if _fits(scopes[:1]) else []
    note, flat = "", None
    if budget is None and len(order) <= (WHOLE if not scopes else CARDS):
        flat = _flat(whole)
    elif not scopes:
        flat = _cut(order, whole, budget or BUDGET)
        note = (
            f"{len(order):,} values, the {len(flat.diagram.nodes)} with the largest "
            "gradients from the output back; all are computed"
        )
    if scopes and depth is None and (flat is None or len(order) > CARDS):
        depth = 1
    return {
        "note": note,
        "flat": artist.scene(flat) if flat else None,
        "begins": depth or 0,
        "scopes": [_told(scope, artist) for scope in scopes],
        "homes": _homes(len(order), scopes),
    }


def _fits(scopes: Sequence[Scope]) -> bool:
    """Whether the insides of these scopes can be drawn."""
    return all(s.sheet and len(s.sheet.diagram.nodes) <= WHOLE for s in scopes)


def _told(scope: Scope, artist: Artist) -> dict[str, Any]:
    sheet = scope.sheet
    return {
        "name": scope.name,
        "parent": scope.parent,
        "count": scope.count,
        "outputs": scope.outputs,
        "parameters": scope.parameters,
        "scene": artist.scene(sheet) if sheet and _fits([scope]) else None,
    }


def _homes(count: int, scopes: Sequence[Scope]) -> list[int]:
    """The number of the scope that each value is in."""
    homes = [0] * count
    for scope in scopes:
        for place in scope.values:
            homes[place] = scope.number
    return homes


def _flat(whole: Diagram) -> Sheet:
    return Sheet(
        whole,
        {node.id: place for place, node in enumerate(whole.nodes)},
        {(e.source, e.target, e.position): [i] for i, e in enumerate(whole.edges)},
    )


def _cut(order: Sequence[Value], whole: Diagram, budget: int) -> Sheet:
    """The values that matter most, with the gradients of the whole."""
    places = {value: place for place, value in enumerate(order)}
    gradients = [node.gradient or 0.0 for node in whole.nodes]
    drawn, hidden = chosen(order[-1], budget, lambda value: gradients[places[value]])
    shown = {f"n{places[value]}": hidden.get(value, 0) for value in drawn}
    nodes = [replace(n, hidden=shown[n.id]) for n in whole.nodes if n.id in shown]
    edges = {
        place: edge
        for place, edge in enumerate(whole.edges)
        if edge.target in shown and not shown[edge.target]
    }
    return Sheet(
        Diagram(tuple(nodes), tuple(edges.values())),
        {node.id: int(node.id[1:]) for node in nodes},
        {(e.source, e.target, e.position): [place] for place, e in edges.items()},
    )
