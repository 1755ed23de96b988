"""What a page computes with: the graph as flat lists, its film, and its rows in
JavaScript."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine import Op, TapeError, Value
from engine.tape import javascript
from viz.film.events import Film
from viz.page.layout import Sheet


def make_replay(order: Sequence[Value], film: Film) -> tuple[dict[str, Any], str]:
    """The graph of these values, in topological order, as data for JSON; and its rows
    as an expression of JavaScript, "null" where the graph cannot be computed there.

    A number of a value is its place in the order. The uses are numbered as they come:
    operand by operand, value by value.
    """
    places = {value: place for place, value in enumerate(order)}
    ops = list(dict.fromkeys(value.op for value in order if value.op))
    rows = {op: row for row, op in enumerate(ops)}
    script, reason = _write_script(ops)
    nodes, applied = film.diagram.nodes, film.equations.applied
    sheet = Sheet.of(film.diagram)
    data = {
        "labels": [node.label for node in nodes],
        "kinds": [node.kind for node in nodes],
        "symbols": [node.symbol for node in nodes],
        "rows": [rows[value.op] if value.op else -1 for value in order],
        "operands": [[places[x] for x in value.parents] for value in order],
        "values": [float(value.data) for value in order],
        "partials": [partial for value in order for partial in value.partials],
        "ops": [_describe(op) for op in ops],
        "frozen": reason,
        "computed": [sheet.refer(applied.get(node.id, ())) for node in nodes],
        "film": {
            "equations": [sheet.refer(event.sentence) for event in film.events],
            **_describe_film(film),
        },
    }
    return data, script


def _write_script(ops: Sequence[Op]) -> tuple[str, str]:
    try:
        return javascript(ops), ""
    except TapeError as error:
        return "null", f"live leaves are off: {error}"


def _describe(op: Op) -> dict[str, Any]:
    return {"name": op.name, "operands": op.operands, "rules": op.formulas}


def _describe_film(film: Film) -> dict[str, Any]:
    """The frames, and the number of the frame from which on each thing is known."""
    places = {
        (edge.target, edge.position): place
        for place, edge in enumerate(film.diagram.edges)
    }
    values, gradients = [0] * len(film.diagram.nodes), [0] * len(film.diagram.nodes)
    uses = [0] * len(places)
    for number, event in enumerate(film.events, 1):
        for known, where in ((event.values, values), (event.gradients, gradients)):
            for id_ in known:
                where[int(id_[1:])] = number
        for use in event.contributions:
            uses[places[use]] = number
    focuses = [event.focus for event in film.events]
    return {
        "kinds": [event.kind for event in film.events],
        "focus": [int(focus[1:]) if focus else -1 for focus in focuses],
        "values": values,
        "gradients": gradients,
        "uses": uses,
    }
