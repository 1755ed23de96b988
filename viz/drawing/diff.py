"""Two runs of the same expression in one picture: what changed is what one sees."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from engine import Value, topological_order
from viz.diagram.collapse import collapse, is_crowded
from viz.diagram.crop import select_values
from viz.diagram.diagram import (
    Diagram,
    Edge,
    Node,
    assemble,
    check_value,
    differ,
    gradient_of,
    value_of,
)
from viz.dot.highlight import light
from viz.drawing.select import BUDGET, Form, select_form
from viz.errors import ComparisonError
from viz.style.legends import CHANGED_CIRCLES, CHANGES, Legend
from viz.style.options import Lit
from viz.style.theme import Style


def compare(
    before: Value, after: Value, *, style: str | Style | None, depth: int | None
) -> Form:
    """The form of `after`, which is compared with `before`.

    Large graphs are reduced as by `viz.draw`; where there are no scopes, to the values
    that changed most.

    Raises:
        ComparisonError: the two are not runs of the same expression.
        OptionError, TooLargeError: as by `viz.drawing.select.select_form`.
    """
    old, new = (
        topological_order(check_value(before)),
        topological_order(check_value(after)),
    )
    _check_same(old, new)
    form = select_form(after, {"style": style, "depth": depth, "fuse": False})
    changed = sum(differ(a.data, b.data) for a, b in zip(new, old, strict=True))
    note = f"{changed:,} of {len(new):,} values changed"
    if form.depth:
        then, now = collapse(before, form.depth), form.diagram
        note += f"; {form.note.partition(', ')[2]}"
    elif len(form.diagram.nodes) == len(new):
        then, now = assemble(old), form.diagram
    else:
        then, now = _select_most_changed(old, new)
        note += f", drawn are the {len(now.nodes)} that changed most"
    return replace(form, diagram=_combine(then, now), note=note)


def _select_most_changed(
    old: Sequence[Value], new: Sequence[Value]
) -> tuple[Diagram, Diagram]:
    places = {value: i for i, value in enumerate(new)}

    def measure_change(value: Value) -> float:
        was = old[places[value]]
        return math.hypot(value.grad - was.grad, value.data - was.data)

    drawn, hidden = select_values(new[-1], BUDGET, measure_change)
    then = assemble(
        [old[places[value]] for value in drawn],
        {old[places[value]]: count for value, count in hidden.items()},
    )
    return then, assemble(drawn, hidden)


def _combine(then: Diagram, now: Diagram) -> Diagram:
    if _outline(then) != _outline(now):
        raise ComparisonError(
            "not two runs of one expression: the scopes or the names of inputs differ; "
            "give depth=0"
        )
    nodes = tuple(replace(node, elsewhere=0.0) for node in now.nodes)
    return Diagram(nodes, now.edges, before=then)


def _outline(diagram: Diagram) -> list[tuple[object, ...]]:
    """What of a diagram is the same in every run."""
    nodes = [(n.kind, n.inside and (n.scope, n.inside.count)) for n in diagram.nodes]
    return [*nodes, *((e.source, e.target, len(e.parts)) for e in diagram.edges)]


def _check_same(old: Sequence[Value], new: Sequence[Value]) -> None:
    twins: dict[Value, Value] = {}
    for place, (a, b) in enumerate(zip(old, new, strict=False)):
        if not _is_twin(a, b, twins):
            raise ComparisonError(
                f"not two runs of one expression: value {place + 1} in topological "
                f"order is {_describe(a)} before and {_describe(b)} after"
            )
        twins[a] = b
    if len(old) != len(new):
        raise ComparisonError(
            "not two runs of one expression: "
            f"{len(old)} values before, {len(new)} after"
        )


def _is_twin(a: Value, b: Value, twins: Mapping[Value, Value]) -> bool:
    """Whether two values are made by the same operation of the same operands."""
    names = [value.op.name if value.op else "" for value in (a, b)]
    if names[0] != names[1] or len(a.parents) != len(b.parents):
        return False
    return all(twins[x] is y for x, y in zip(a.parents, b.parents, strict=True))


def _describe(value: Value) -> str:
    return f"made by {value.op.name}" if value.op else "a leaf"


def legend_of_changes(diagram: Diagram) -> Legend:
    """The legend of a comparison."""
    return CHANGED_CIRCLES if is_crowded(diagram) else CHANGES


def light_changes(diagram: Diagram) -> Lit:
    """What of a comparison stands out: where the value or the gradient changed."""

    def has_changed(part: Node | Edge) -> bool:
        changes = map(diagram.change, (value_of(part), gradient_of(part)))
        return any(x is not None and x != 0 for x in changes)  # nan is not 0

    return light(diagram, has_changed, has_changed)
