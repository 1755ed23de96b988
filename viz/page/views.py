"""What is drawn on a page: the graph flat, and its scopes one in another."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from engine import Value
from viz.diagram.crop import select_values
from viz.diagram.diagram import Diagram
from viz.drawing.select import BUDGET, CARDS, WIRES, advise_scopes
from viz.errors import OptionError, RendererError
from viz.page.layout import Scene, Sheet, lay_out
from viz.page.nested import Scope, nest
from viz.style.lines import LINES, WireLine
from viz.style.options import Look, Options, find_style
from viz.style.theme import Style
from viz.style.words import describe_hidden

WHOLE = 2_000
"""The most values that are drawn one by one; larger graphs open collapsed."""

_OF_A_LINE = ("name", "above", "size", "role", "tag", "not_where_one")
"""What the page has to know of a line on a wire."""


@dataclass(frozen=True, slots=True)
class Layouts:
    """Lays out sheets of one graph."""

    whole: Diagram
    look: Look
    """The options of the page; where it has no `direction`, there are two layouts: one
    across, and one downwards for narrow screens."""

    def __post_init__(self) -> None:
        if self._choose_style(0).layout == "record":
            raise OptionError(
                f"style={self.look['style']!r}: a page draws wires or cards"
            )

    def _choose_style(self, count: int) -> Style:
        style = self.look["style"] or ("wire" if count <= WIRES else "card")
        return find_style(style)

    @property
    def lines(self) -> list[WireLine]:
        """What is written on the wires of the page."""
        shown = Options.of({}, self._choose_style(0)).lines
        return [line for line in LINES if line.name in shown]

    def describe_style(self) -> dict[str, Any]:
        """What the page has to know of the style."""
        style = self._choose_style(0)
        return {
            "weighted": style.weighted,
            "bold": style.bold,
            "value": style.value,
            "gradient": style.gradient,
            "lines": [
                {name: getattr(line, name) for name in _OF_A_LINE}
                for line in self.lines
            ],
        }

    def lay_out_all(
        self, flat: Sheet | None, scopes: Sequence[Sheet | None]
    ) -> list[dict[str, Any]]:
        """The scenes of these sheets, in each direction."""
        directions = [self.look["direction"] or "LR"]
        if not self.look["direction"] and len(self.whole.nodes) <= WHOLE:
            directions.append("TB")
        small = flat and len(flat.diagram.nodes) <= CARDS  # others stay as they are
        jobs = [
            (sheet, way)
            for i, way in enumerate(directions)
            for sheet in (flat if small or i == 0 else None, *scopes)
        ]
        with ThreadPoolExecutor(os.cpu_count()) as pool:  # of renderers, which wait
            found = list(pool.map(lambda job: self._try(*job), jobs))
        made = [None if isinstance(each, RendererError) else each for each in found]
        begin = found[1] if scopes else found[0]
        if isinstance(begin, RendererError):
            raise begin  # a page can do without others
        count = 1 + len(scopes)
        views: list[dict[str, Any]] = [
            {
                "vertical": way in ("TB", "BT"),
                "flat": made[count * i],
                "scopes": made[count * i + 1 : count * (i + 1)],
            }
            for i, way in enumerate(directions)
        ]
        return [view for view in views if view["flat"] or any(view["scopes"][:1])]

    def _try(self, sheet: Sheet | None, direction: str) -> Scene | RendererError | None:
        try:
            return self._make_scene(sheet, direction)
        except RendererError as error:
            return error

    def _make_scene(self, sheet: Sheet | None, direction: str) -> Scene | None:
        """The places of everything in a sheet, if it can be drawn."""
        if sheet is None or len(sheet.diagram.nodes) > WHOLE:
            return None
        style = self._choose_style(len(sheet.diagram.nodes))
        if any(node.inside for node in sheet.diagram.nodes):
            style = self._choose_style(WIRES + 1)
        look = {name: self.look[name] for name in ("digits", "renderer", "time_limit")}
        shown = {"direction": direction, "legend": False}
        return lay_out(sheet, Options.of(look | shown, style), self.lines)


def make_views(
    order: Sequence[Value], layouts: Layouts, depth: int | None, budget: int | None
) -> dict[str, Any]:
    """What is drawn: the whole graph or a part of it, and scopes one in another."""
    whole = layouts.whole
    scopes = _select_drawable(nest(order, whole)) if budget is None else []
    if depth and len(scopes) < 2:
        raise OptionError(advise_scopes(depth))
    note, flat = "", None
    if budget is None and len(order) <= WHOLE:
        flat = Sheet.of(whole)
    elif not scopes:
        flat = _crop(order, whole, budget or BUDGET)
        note = (
            f"{len(order):,} values, the {len(flat.diagram.nodes)} with the largest "
            "gradients from the output back; all are computed"
        )
    if depth is None:
        depth = int(bool(scopes) and (flat is None or len(order) > CARDS))
    return {
        "note": note,
        "hidden": _describe_hidden(flat),
        "begins": depth if scopes else 0,
        "views": layouts.lay_out_all(flat, [scope.sheet for scope in scopes]),
        "scopes": [_describe(scope) for scope in scopes],
        "homes": _find_homes(len(order), scopes),
    }


def _describe_hidden(flat: Sheet | None) -> dict[int, str]:
    """For each value whose operands are not drawn, how many values that hides."""
    nodes = flat.diagram.nodes if flat else ()
    return {int(n.id[1:]): describe_hidden(n.hidden) for n in nodes if n.hidden}


def _select_drawable(scopes: list[Scope]) -> list[Scope]:
    """The scopes, if there are any and the outermost can be drawn."""
    sheet = scopes[0].sheet
    few = sheet is not None and len(sheet.diagram.nodes) <= WHOLE
    return scopes if few and len(scopes) > 1 else []


def _describe(scope: Scope) -> dict[str, Any]:
    return {
        "name": scope.name,
        "parent": scope.parent,
        "count": scope.count,
        "outputs": scope.outputs,
        "parameters": scope.parameters,
    }


def _find_homes(count: int, scopes: Sequence[Scope]) -> list[int]:
    """The number of the scope that each value is in."""
    homes = [0] * count
    for scope in scopes:
        for place in scope.values:
            homes[place] = scope.number
    return homes


def _crop(order: Sequence[Value], whole: Diagram, budget: int) -> Sheet:
    """The values that matter most, with the gradients of the whole."""
    places = {value: place for place, value in enumerate(order)}
    gradients = [node.gradient or 0.0 for node in whole.nodes]
    drawn, hidden = select_values(
        order[-1], budget, lambda value: gradients[places[value]]
    )
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
        {edge.key: [place] for place, edge in edges.items()},
    )
