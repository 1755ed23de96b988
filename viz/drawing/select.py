"""The form of a picture: what was asked for, else what reads well at this size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from engine import Value, topological_order
from viz.diagram.collapse import collapse, is_crowded, measure_depth
from viz.diagram.crop import crop
from viz.diagram.diagram import Diagram, assemble, check_value
from viz.diagram.fuse import fuse
from viz.errors import OptionError, TooLargeError
from viz.style.options import Look
from viz.style.theme import Style

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
    order = topological_order(check_value(output))
    if depth := look.get("depth"):
        return _collapse(order, depth, look)
    if (budget := look.get("budget")) is not None:
        return _crop(order, budget, look)
    asked = look.get("style") is not None or depth is not None
    if asked or look.get("fuse") or len(order) <= CARDS:
        return _keep_whole(order, look, chosen=not asked)
    return _reduce(order, look)


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


def _keep_whole(order: Sequence[Value], look: Look, *, chosen: bool) -> Form:
    if len(order) > WHOLE:
        raise TooLargeError(
            f"{len(order):,} values are too many for one picture (the limit is "
            f"{WHOLE:,}): give depth=1 for a node a scope, or budget={BUDGET} for the "
            "values that matter most to the output"
        )
    form = _make_form(assemble(order), look)
    if chosen and form.style == "card":
        note = f'{len(order)} values, drawn as cards (as wires: style="wire")'
        return replace(form, note=note)
    return form


def _make_form(diagram: Diagram, look: Look) -> Form:
    """Fused if that was asked for; wires if it is small, unless a style was."""
    if look.get("fuse"):
        diagram = fuse(diagram)
    size = "wire" if len(diagram.nodes) <= WIRES else "card"
    return Form(diagram, look.get("style") or size)


def _reduce(order: Sequence[Value], look: Look) -> Form:
    """The first of the smaller forms that is small enough."""
    count = len(order)
    if look.get("fuse") is None and count <= 20 * CARDS:
        form = _make_form(assemble(order), {"fuse": True})
        if len(form.diagram.nodes) <= CARDS:
            note = f"{count} values; chains of + are one Σ (each +: fuse=False)"
            return replace(form, note=note)
    for depth in range(measure_depth(order), 0, -1):
        if len({value.scope[:depth] for value in order}) <= SCOPES:
            form = _collapse(order, depth, look)
            most = BUNDLES if is_crowded(form.diagram) else LABELLED
            nodes, edges = len(form.diagram.nodes), len(form.diagram.edges)
            if nodes <= SCOPES and edges <= most:
                return form
    return _crop(order, BUDGET, look)


def advise_scopes(depth: int) -> str:
    """What to do where scopes were asked for and there are none."""
    return (
        f"depth={depth}: no value here was made in a scope; name the parts of the "
        'graph as they are built, with engine.scope("layer 1")'
    )


def _collapse(order: Sequence[Value], depth: int, look: Look) -> Form:
    deepest = measure_depth(order)
    if not deepest:
        raise OptionError(advise_scopes(depth))
    depth = min(depth, deepest)
    levels = f", depth={depth} of {deepest}" if deepest > 1 else ""
    note = f"{len(order):,} values, a node for each scope{levels} (whole: depth=0)"
    return Form(collapse(order[-1], depth), look.get("style") or "card", note, depth)


def _crop(order: Sequence[Value], budget: int, look: Look) -> Form:
    diagram = crop(order[-1], budget)
    form, count = _make_form(diagram, look), len(diagram.nodes)
    if count == len(order):
        return form
    note = (
        f"{len(order):,} values, the {count} with the largest gradients from the "
        f"output back (more: budget={2 * budget})"
    )
    return replace(form, note=note)
