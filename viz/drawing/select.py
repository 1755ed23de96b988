"""The form of a picture: what was asked for, else what reads well at this size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine import Value, topological_order
from viz.diagram.collapse import collapse, depths, is_crowded
from viz.diagram.crop import crop
from viz.diagram.diagram import Diagram, assemble, check_value
from viz.diagram.fuse import fuse
from viz.errors import OptionError, TooLargeError
from viz.style.options import Look
from viz.style.theme import Style

__all__ = ["Form", "advise_scopes", "check_choice", "select_form"]

WIRES = 40
CARDS = 150
SCOPES = 60
"""The most values that are drawn as wires, the most as cards, and the most scopes."""

BUNDLES = 400
LABELLED = 80
"""The most edges between scopes that can be read: without numbers, and with them."""

BUDGET = 80
"""How many values of a larger graph without scopes are drawn."""

WHOLE = 20_000
"""The most values that are drawn at all: Graphviz would need hours for more."""


@dataclass(frozen=True, slots=True)
class Form:
    """What is to be drawn, in which style, and what the caption says of the choice."""

    diagram: Diagram
    style: str | Style
    note: str = ""
    depth: int = 0
    """Of the scopes that are drawn as one node each; 0 where there are none."""


def select_form(output: Value, look: Look) -> Form:
    """The form that `style`, `depth`, `fuse` and `budget` of a look ask for.

    Where they ask for nothing: up to 40 values wires, up to 150 cards, then cards with
    fused sums, then scopes, at last the part that matters most to the output.

    Raises:
        OptionError: options that exclude each other, or scopes where there are none.
        TooLargeError: the whole graph was asked for, and is too large to lay out.
    """
    check_choice(look)
    style, depth, fused = look.get("style"), look.get("depth"), look.get("fuse")
    order = topological_order(check_value(output))
    if depth:
        return _collapse(output, order, depth, style)
    if (budget := look.get("budget")) is not None:
        return _crop(output, order, budget, style, fused)
    if depth == 0 or style is not None or fused or len(order) <= CARDS:
        return _keep_whole(order, style, fused, chosen=style is None and depth is None)
    return _reduce(output, order, fused)


def check_choice(look: Look) -> None:
    """Do nothing unless options exclude each other.

    Raises:
        OptionError: they do.
    """
    depth = look.get("depth")
    if depth is not None and look.get("budget") is not None:
        raise OptionError("depth= and budget= are two ways to draw less: give one")
    if depth and look.get("fuse"):
        raise OptionError("fuse=True is about values, depth= draws scopes: give one")


def _keep_whole(
    order: Sequence[Value],
    style: str | Style | None,
    fused: bool | None,
    *,
    chosen: bool,
) -> Form:
    if len(order) > WHOLE:
        raise TooLargeError(
            f"{len(order):,} values are too many for one picture (the limit is "
            f"{WHOLE:,}): give depth=1 for a node a scope, or budget={BUDGET} for the "
            "values that matter most to the output"
        )
    diagram = assemble(order)
    if fused:
        diagram = fuse(diagram)
    style = style or _style(diagram)
    note = ""
    if chosen and style == "card":
        note = f'{len(order)} values, drawn as cards (as wires: style="wire")'
    return Form(diagram, style, note)


def _style(diagram: Diagram) -> str:
    return "wire" if len(diagram.nodes) <= WIRES else "card"


def _reduce(output: Value, order: Sequence[Value], fused: bool | None) -> Form:
    """The first of the smaller forms that is small enough."""
    count = len(order)
    if fused is None and count <= 20 * CARDS:
        diagram = fuse(assemble(order))
        if len(diagram.nodes) <= CARDS:
            note = f"{count} values; chains of + are one Σ (each +: fuse=False)"
            return Form(diagram, _style(diagram), note)
    for depth in range(depths(order), 0, -1):
        if len({value.scope[:depth] for value in order}) <= SCOPES:
            form = _collapse(output, order, depth, None)
            most = BUNDLES if is_crowded(form.diagram) else LABELLED
            nodes, edges = len(form.diagram.nodes), len(form.diagram.edges)
            if nodes <= SCOPES and edges <= most:
                return form
    return _crop(output, order, BUDGET, None, fused)


def advise_scopes(depth: int) -> str:
    """What to do where scopes were asked for and there are none."""
    return (
        f"depth={depth}: no value here was made in a scope; name the parts of the "
        'graph as they are built, with engine.scope("layer 1")'
    )


def _collapse(
    output: Value, order: Sequence[Value], depth: int, style: str | Style | None
) -> Form:
    deepest = depths(order)
    if not deepest:
        raise OptionError(advise_scopes(depth))
    depth = min(depth, deepest)
    levels = f", depth={depth} of {deepest}" if deepest > 1 else ""
    note = f"{len(order):,} values, a node for each scope{levels} (whole: depth=0)"
    return Form(collapse(output, depth), style or "card", note, depth)


def _crop(
    output: Value,
    order: Sequence[Value],
    budget: int,
    style: str | Style | None,
    fused: bool | None,
) -> Form:
    diagram = crop(output, budget)
    count = len(diagram.nodes)
    if fused:
        diagram = fuse(diagram)
    note = ""
    if count < len(order):
        note = (
            f"{len(order):,} values, the {count} with the largest gradients from the "
            f"output back (more: budget={2 * budget})"
        )
    return Form(diagram, style or _style(diagram), note)
