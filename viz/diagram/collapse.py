"""Scopes drawn as one node each, with the sums over what they hold."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable

from engine import Value, edges, path_labels, topological_order
from viz.diagram.diagram import (
    Diagram,
    Edge,
    Inside,
    Node,
    Part,
    Reading,
    check_value,
)
from viz.labels import shorten

Key = tuple[str, ...] | Value
"""What a value is drawn in: a scope, or a node of its own."""

MOST_INPUTS = 8
"""The most named leaves of one scope that are drawn on their own, beside it."""

CROWD = 9
"""The least number of scopes with one output that are drawn as circles."""


def measure_depth(order: Iterable[Value]) -> int:
    """How deep the scopes of these values go."""
    return max((len(value.scope) for value in order), default=0)


def collapse(output: Value, depth: int) -> Diagram:
    """The graph with each scope of `depth` names, or fewer, drawn as one node.

    A leaf that only one scope uses, such as a weight, is drawn inside of it; but a few
    named inputs of a scope are drawn. An edge between two scopes stands for all values
    that the one uses of the other, each with the sum of its contributions there: sums
    over the full graph.

    >>> from engine import scope
    >>> x = Value(2.0, label="x")
    >>> with scope("layer"):
    ...     h = (3 * x + 1) ** 2
    >>> y = h + x
    >>> y.backward()
    >>> diagram = collapse(y, 1)
    >>> [(node.kind, node.value, node.gradient) for node in diagram.nodes]
    [('leaf', 2.0, 43.0), ('scope', 49.0, 1.0), ('operation', 51.0, 1.0)]
    >>> [edge.gradient for edge in diagram.uses("n0")]
    [42.0, 1.0]
    """
    order = topological_order(check_value(output))
    keys = _assign_keys(order, depth)
    members: dict[Key, list[Value]] = {}
    for value in order:  # a scope stands where its last value does
        held = members.pop(keys[value], [])
        held.append(value)
        members[keys[value]] = held
    reading = Reading(output.has_gradient, path_labels(order))
    crossing = _find_crossing(output, keys, reading)
    used = {value for values in crossing.values() for value in values} | {output}
    ids = {key: f"n{i}" for i, key in enumerate(members)}
    bundles = tuple(
        _make_edge(ids[start], ids[end], position, parts, reading)
        for position, ((start, end), parts) in enumerate(crossing.items())
    )
    nodes = tuple(
        _make_node(ids[key], key, held, used, reading) for key, held in members.items()
    )
    return Diagram(nodes, bundles)


def _assign_keys(order: list[Value], depth: int) -> dict[Value, Key]:
    """For each value, what it is drawn in: its scope, or a node of its own."""
    keys: dict[Value, Key] = {}
    only_user: dict[Value, Key | None] = {}
    for value in order:
        key = keys[value] = value.scope[:depth] or value
        for operand in value.parents:
            if operand.op is None and not _is_same(
                only_user.setdefault(operand, key), key
            ):
                only_user[operand] = None
    for key, leaves in _find_inner_leaves(only_user).items():
        named = [v for v in leaves if v.label and v.kind == "leaf"]
        visible = named if len(named) <= MOST_INPUTS else []
        keys |= dict.fromkeys(leaves, key) | {v: v for v in visible}
    held: defaultdict[Key, int] = defaultdict(int)
    for key in keys.values():
        held[key] += 1
    # An operation outside of all scopes swallows no leaves, and one value no name.
    alone = {
        v: v for v, key in keys.items() if key.__class__ is Value or held[key] == 1
    }
    return keys | alone


def _is_same(a: Key | None, b: Key | None) -> bool:
    """Whether two values are drawn in the same node; == of Values compares numbers."""
    return a is b or (isinstance(a, tuple) and isinstance(b, tuple) and a == b)


def _find_inner_leaves(only_user: dict[Value, Key | None]) -> dict[Key, list[Value]]:
    """For each scope, the leaves that only it uses; they were made in it or outside."""
    leaves: defaultdict[Key, list[Value]] = defaultdict(list)
    for leaf, key in only_user.items():
        if isinstance(key, tuple) and key[: len(leaf.scope)] == leaf.scope:
            leaves[key].append(leaf)
    return leaves


def _find_crossing(
    output: Value, keys: dict[Value, Key], reading: Reading
) -> dict[tuple[Key, Key], dict[Value, float | None]]:
    """For each two nodes, the values that the one uses of the other, and what each use
    contributes to their gradients."""
    crossing: dict[tuple[Key, Key], dict[Value, float | None]] = {}
    for use in edges(output):
        start, end = keys[use.parent], keys[use.child]
        if _is_same(start, end):
            continue
        parts = crossing.setdefault((start, end), {})
        upstream = reading.gradient(use.child)
        if upstream is None:
            parts.setdefault(use.parent, None)
        else:
            share = upstream * use.partial
            parts[use.parent] = (parts.get(use.parent) or 0.0) + share
    return crossing


def _make_edge(
    source: str,
    target: str,
    position: int,
    parts: dict[Value, float | None],
    reading: Reading,
) -> Edge:
    shown = tuple(
        reading.make_part(value, gradient) for value, gradient in parts.items()
    )
    value, gradient = _combine(shown)
    return Edge(source, target, position, value, None, None, gradient, shown)


def _combine(parts: tuple[Part, ...]) -> tuple[float, float | None]:
    """One value and one gradient for all parts: of several parts, the norms √Σ x²."""
    if len(parts) == 1:
        return parts[0].value, parts[0].gradient
    return _norm(part.value for part in parts) or 0.0, _norm(p.gradient for p in parts)


def _norm(numbers: Iterable[float | None]) -> float | None:
    known = [x for x in numbers if x is not None]
    return math.hypot(*known) if known else None


def _make_node(
    id_: str, key: Key, held: list[Value], used: set[Value], reading: Reading
) -> Node:
    if key.__class__ is Value:
        return reading.make_node(held[0], id_, None)
    assert isinstance(key, tuple)
    outputs = tuple(
        reading.make_part(v, reading.gradient(v)) for v in held if v in used
    )
    parameters = [v for v in held if v.kind == "parameter" and v not in used]
    value, gradient = _combine(outputs)
    norm = _norm(map(reading.gradient, parameters))
    inside = Inside(len(held), outputs, len(parameters), norm)
    return Node(
        id_,
        "scope",
        value,
        gradient,
        shorten(key[-1]) or "scope",
        scope=key,
        inside=inside,
    )


def is_crowded(diagram: Diagram) -> bool:
    """Whether there are so many scopes that they are drawn small."""
    return sum(is_simple(node) for node in diagram.nodes) >= CROWD


def is_simple(node: Node) -> bool:
    """Whether a node is a scope that puts out one value."""
    return node.inside is not None and len(node.inside.outputs) == 1
