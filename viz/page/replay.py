"""What a page computes with: the graph as flat lists, its film, and its rows in
JavaScript."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engine import Op, TapeError, Value
from engine.tape import javascript
from viz.film.frames import Frames
from viz.page.slots import slotted

__all__ = ["Replay", "replayed"]


@dataclass(frozen=True, slots=True)
class Replay:
    """A graph that can be computed anew elsewhere."""

    data: dict[str, Any]
    """As JSON, but for numbers that are not finite."""
    script: str
    """An expression of JavaScript; "null" where the graph cannot be computed there."""


def replayed(order: Sequence[Value], film: Frames) -> Replay:
    """The graph of these values, in topological order.

    A number of a value is its place in the order. The uses are numbered as they come:
    operand by operand, value by value.
    """
    places = {value: place for place, value in enumerate(order)}
    ops = list(dict.fromkeys(value.op for value in order if value.op))
    rows = {op: row for row, op in enumerate(ops)}
    script, reason = _script(ops)
    nodes = film.diagram.nodes
    equations, computed = slotted(film)
    data = {
        "labels": [node.label for node in nodes],
        "kinds": [node.kind for node in nodes],
        "symbols": [node.symbol for node in nodes],
        "rows": [rows[value.op] if value.op else -1 for value in order],
        "operands": [[places[x] for x in value.parents] for value in order],
        "values": [float(value.data) for value in order],
        "partials": [partial for value in order for partial in value.partials],
        "ops": [_told(op) for op in ops],
        "frozen": reason,
        "computed": computed,
        "film": {"equations": equations, **_film(film)},
    }
    return Replay(data, script)


def _script(ops: Sequence[Op]) -> tuple[str, str]:
    try:
        return javascript(ops), ""
    except TapeError as error:
        return "null", f"live leaves are off: {error}"


def _told(op: Op) -> dict[str, Any]:
    return {"name": op.name, "operands": op.operands, "rules": op.formulas}


def _film(film: Frames) -> dict[str, Any]:
    """The frames, and the number of the frame from which on each thing is known."""
    places = {
        (edge.target, edge.position): place
        for place, edge in enumerate(film.diagram.edges)
    }
    values, gradients = [0] * len(film.diagram.nodes), [0] * len(film.diagram.nodes)
    uses = [0] * len(places)
    for frame in film:
        for known, where in ((frame.values, values), (frame.gradients, gradients)):
            for id_ in known:
                where[int(id_[1:])] = frame.number
        for use in frame.contributions:
            uses[places[use]] = frame.number
    return {
        "kinds": [frame.kind for frame in film],
        "focus": [int(frame.focus[1:]) if frame.focus else -1 for frame in film],
        "values": values,
        "gradients": gradients,
        "uses": uses,
    }
