"""The form of a picture, chosen by the size of the graph."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from engine import Value, topological_order
from viz.checks import check, whole_number
from viz.diagram.collapse import collapse, depths, is_crowded
from viz.diagram.crop import cut
from viz.diagram.diagram import Diagram, assembled, checked
from viz.diagram.fuse import fuse
from viz.errors import OptionError, TooLargeError
from viz.style.theme import Style

__all__ = ["Form", "check_choice", "formed", "no_scopes"]

WIRES = 40
CARDS = 150
SCOPES = 60
"""So many values are drawn as wires, so many as cards, and so many scopes."""

BUNDLES = 400
LABELLED = 80
"""With so many edges between scopes, bare or with numbers, one can still read."""

BUDGET = 80
WHOLE = 20_000
"""Graphviz would need hours for more."""


@dataclass(frozen=True, slots=True)
class Form:
    """What is to be drawn, in which style, and what the caption says of the choice."""

    diagram: Diagram
    style: str | Style
    note: str = ""
    depth: int = 0
    """Of the scopes that are drawn as one node each; 0 where there are none."""


def formed(
    output: Value,
    *,
    style: str | Style | None,
    depth: int | None,
    fuse_sums: bool | None,
    budget: int | None,
) -> Form:
    """What was asked for; where nothing was, what reads well at this size.

    Up to 40 values wires, up to 150 cards, then cards with fused sums, then scopes,
    at last a cut from the output back.

    Raises:
        OptionError: options that exclude each other, or have no such value.
        TooLargeError: the whole graph was asked for, and is too large to lay out.
    """
    check_choice(depth, fuse_sums, budget)
    order = topological_order(checked(output))
    if depth:
        return _collapsed(output, order, depth, style)
    if budget is not None:
        return _cut(output, order, budget, style, fuse_sums)
    if depth == 0 or style is not None or fuse_sums or len(order) <= CARDS:
        return _whole(order, style, fuse_sums, chosen=style is None and depth is None)
    return _reduced(output, order, fuse_sums)


def check_choice(depth: int | None, fuse_sums: bool | None, budget: int | None) -> None:
    """Nothing, if these options choose what is drawn.

    Raises:
        OptionError: they exclude each other, or have no such value.
    """
    choices = "a number of scopes, 0 for the whole graph, or None"
    check("depth", depth, lambda x: x is None or whole_number(0, 99)(x), choices)
    check("fuse", fuse_sums, lambda x: x in (None, True, False), "True, False or None")
    choices = "a number of values from 1, or None"
    check("budget", budget, lambda x: x is None or whole_number(1, 10**5)(x), choices)
    if depth is not None and budget is not None:
        raise OptionError("depth= and budget= are two ways to draw less: give one")
    if depth and fuse_sums:
        raise OptionError("fuse=True is about values, depth= draws scopes: give one")


def _whole(
    order: Sequence[Value],
    style: str | Style | None,
    fuse_sums: bool | None,
    *,
    chosen: bool,
) -> Form:
    if len(order) > WHOLE:
        raise TooLargeError(
            f"{len(order):,} values are too many for one picture (the limit is "
            f"{WHOLE:,}): give depth=1 for a node a scope, or budget={BUDGET} for the "
            "values that matter most to the output"
        )
    diagram = assembled(order)
    if fuse_sums:
        diagram = fuse(diagram)
    if style is None:
        style = _style(diagram)
    note = ""
    if chosen and style == "card":
        note = f'{len(order)} values, drawn as cards (as wires: style="wire")'
    return Form(diagram, style, note)


def _style(diagram: Diagram) -> str:
    return "wire" if len(diagram.nodes) <= WIRES else "card"


def _reduced(output: Value, order: Sequence[Value], fuse_sums: bool | None) -> Form:
    """The first of the smaller forms that is small enough."""
    count = len(order)
    if fuse_sums is None and count <= 20 * CARDS:
        fused = fuse(assembled(order))
        if len(fused.nodes) <= CARDS:
            note = f"{count} values; chains of + are one Σ (each +: fuse=False)"
            return Form(fused, _style(fused), note)
    for depth in range(depths(order), 0, -1):
        if len({value.scope[:depth] for value in order}) <= SCOPES:
            form = _collapsed(output, order, depth, None)
            most = BUNDLES if is_crowded(form.diagram) else LABELLED
            nodes, edges = len(form.diagram.nodes), len(form.diagram.edges)
            if nodes <= SCOPES and edges <= most:
                return form
    return _cut(output, order, BUDGET, None, fuse_sums)


def no_scopes(depth: int) -> str:
    """What to do where scopes were asked for and there are none."""
    return (
        f"depth={depth}: no value here was made in a scope; name the parts of the "
        'graph as they are built, with engine.scope("layer 1")'
    )


def _collapsed(
    output: Value, order: Sequence[Value], depth: int, style: str | Style | None
) -> Form:
    deepest = depths(order)
    if not deepest:
        raise OptionError(no_scopes(depth))
    depth = min(depth, deepest)
    levels = f", depth={depth} of {deepest}" if deepest > 1 else ""
    note = f"{len(order):,} values, a node for each scope{levels} (whole: depth=0)"
    return Form(collapse(output, depth), style or "card", note, depth)


def _cut(
    output: Value,
    order: Sequence[Value],
    budget: int,
    style: str | Style | None,
    fuse_sums: bool | None,
) -> Form:
    diagram = cut(output, budget)
    count = len(diagram.nodes)
    if fuse_sums:
        diagram = fuse(diagram)
    note = ""
    if count < len(order):
        note = (
            f"{len(order):,} values, the {count} with the largest gradients from the "
            f"output back (more: budget={2 * budget})"
        )
    return Form(diagram, style or _style(diagram), note)
