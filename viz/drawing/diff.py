"""Two runs of the same expression in one picture: what changed is what one sees."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from engine import Value, topological_order
from viz.diagram.collapse import collapse, is_crowded
from viz.diagram.crop import chosen
from viz.diagram.diagram import Diagram, Inside, Part, assembled, checked
from viz.dot.highlight import lit_names
from viz.drawing.select import BUDGET, Form, select_form
from viz.errors import ComparisonError
from viz.numbers import Changed, change
from viz.style.options import Lit
from viz.style.theme import Style

__all__ = ["compared", "lit_changes", "told_of"]

_COLORS = "width, colour: change of the gradient ({positive} or {negative}, log)"
_NUMBERS = (
    "{ink:before → after}\u00a0 (value above, gradient below); faint: has not changed"
)
_CIRCLES = "circle: a scope, its value and gradient {ink:after}; faint: has not changed"


def compared(
    before: Value, after: Value, *, style: str | Style | None, depth: int | None
) -> Form:
    """The form of `after`, whose numbers remember what they were in `before`.

    Large graphs are reduced as by `viz.draw`; where there are no scopes, to the values
    that changed most.

    Raises:
        ComparisonError: the two are not runs of the same expression.
        OptionError, TooLargeError: as by `viz.drawing.select.select_form`.
    """
    old, new = topological_order(checked(before)), topological_order(checked(after))
    _check_same(old, new)
    form = select_form(after, {"style": style, "depth": depth, "fuse": False})
    changed = sum(
        change(Changed(a.data, b.data)) != 0 for a, b in zip(new, old, strict=True)
    )
    note = f"{changed:,} of {len(new):,} values changed"
    if form.depth:
        then, now = collapse(before, form.depth), form.diagram
        note += f"; {form.note.partition(', ')[2]}"
    elif len(form.diagram.nodes) == len(new):
        then, now = assembled(old), form.diagram
    else:
        then, now = _most_changed(old, new)
        note += f", drawn are the {len(now.nodes)} that changed most"
    return replace(form, diagram=_together(then, now), note=note)


def _most_changed(
    old: Sequence[Value], new: Sequence[Value]
) -> tuple[Diagram, Diagram]:
    places = {value: i for i, value in enumerate(new)}

    def moved(value: Value) -> float:
        was = old[places[value]]
        return math.hypot(value.grad - was.grad, value.data - was.data)

    drawn, hidden = chosen(new[-1], BUDGET, moved)
    then = assembled(
        [old[places[value]] for value in drawn],
        {old[places[value]]: count for value, count in hidden.items()},
    )
    return then, assembled(drawn, hidden)


def _together(then: Diagram, now: Diagram) -> Diagram:
    if _outline(then) != _outline(now):
        raise ComparisonError(
            "not two runs of one expression: the scopes or the names of inputs differ; "
            "give depth=0"
        )
    nodes = tuple(
        replace(
            node,
            value=Changed(node.value, was.value),
            gradient=_changed(node.gradient, was.gradient),
            elsewhere=0.0,
            inside=_inside(node.inside, was.inside),
        )
        for node, was in zip(now.nodes, then.nodes, strict=True)
    )
    edges = tuple(
        replace(
            edge,
            value=Changed(edge.value, was.value),
            gradient=_changed(edge.gradient, was.gradient),
            parts=_parts(edge.parts, was.parts),
        )
        for edge, was in zip(now.edges, then.edges, strict=True)
    )
    return Diagram(nodes, edges)


def _outline(diagram: Diagram) -> list[tuple[object, ...]]:
    """What of a diagram is the same in every run."""
    nodes = [(n.kind, n.inside and (n.scope, n.inside.count)) for n in diagram.nodes]
    return [*nodes, *((e.source, e.target, len(e.parts)) for e in diagram.edges)]


def _inside(now: Inside | None, was: Inside | None) -> Inside | None:
    if now is None or was is None:
        return now
    norm = _changed(now.gradient_norm, was.gradient_norm)
    return replace(now, outputs=_parts(now.outputs, was.outputs), gradient_norm=norm)


def _parts(now: Sequence[Part], was: Sequence[Part]) -> tuple[Part, ...]:
    return tuple(
        replace(
            part,
            value=Changed(part.value, before.value),
            gradient=_changed(part.gradient, before.gradient),
        )
        for part, before in zip(now, was, strict=True)
    )


def _changed(now: float | None, before: float | None) -> float | None:
    if now is None or before is None:
        return now
    return Changed(now, before)


def _check_same(old: Sequence[Value], new: Sequence[Value]) -> None:
    twins: dict[Value, Value] = {}
    for place, (a, b) in enumerate(zip(old, new, strict=False)):
        if not _is_twin(a, b, twins):
            raise ComparisonError(
                f"not two runs of one expression: value {place + 1} in topological "
                f"order is {_told(a)} before and {_told(b)} after"
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


def _told(value: Value) -> str:
    return f"made by {value.op.name}" if value.op else "a leaf"


def told_of(diagram: Diagram) -> tuple[str, ...]:
    """The legend of a comparison; a circle has no room for two numbers in a line."""
    return (_CIRCLES if is_crowded(diagram) else _NUMBERS, _COLORS)


def lit_changes(diagram: Diagram) -> Lit:
    """What of a comparison stands out: where the value or the gradient changed."""
    return lit_names(
        diagram,
        lambda node: _differs(node.value) or _differs(node.gradient),
        lambda edge: _differs(edge.value) or _differs(edge.gradient),
    )


def _differs(x: float | None) -> bool:
    return x is not None and change(x) != 0  # nan is not 0
