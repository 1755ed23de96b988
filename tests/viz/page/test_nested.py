"""Scopes within scopes: the sheets of a page hold the whole graph, each part once."""

import itertools
import math

import graphs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine import Value, scope, topological_order
from viz import explore
from viz.diagram.collapse import collapse
from viz.diagram.diagram import Diagram
from viz.errors import OptionError
from viz.film.events import Film
from viz.page.nested import nest


def nested_of(output):
    return nest(topological_order(output), Film(Diagram.of(output)).diagram)


@st.composite
def scoped_graphs(draw):
    """Random operations in random scopes, up to three deep."""
    values = [Value(1.0 + i, label=f"x{i}") for i in range(3)]
    for _ in range(draw(st.integers(1, 14))):
        names = draw(st.lists(st.sampled_from("abc"), max_size=3))
        x = values[draw(st.integers(0, len(values) - 1))]
        y = values[draw(st.integers(0, len(values) - 1))]
        with scope(names[0]) if names else scope("top"):
            inner = names[1:]
            if not inner:
                values.append(x * y + 1)
            elif len(inner) == 1:
                with scope(inner[0]):
                    values.append(x - y)
            else:
                with scope(inner[0]), scope(inner[1]):
                    values.append((x + y).tanh())
    return sum(values)


@given(scoped_graphs())
def test_every_value_and_every_use_is_drawn(output):
    scopes = nested_of(output)
    diagram = Diagram.of(output)
    placed = list(itertools.chain.from_iterable(s.values for s in scopes))
    assert sorted(placed) == list(range(len(diagram.nodes)))
    homes = {v: s for s in scopes for v in s.values}
    shown = [set() for _ in diagram.edges]
    for s in scopes:
        for uses in s.sheet.uses.values():
            for use in uses:
                assert s.number not in shown[use]
                shown[use].add(s.number)
    for number, edge in enumerate(diagram.edges):
        ends = homes[int(edge.source[1:])], homes[int(edge.target[1:])]
        around = {n for end in ends for n in above(scopes, end)}
        # In every scope around one of its ends, but those where both ends are in one
        # scope further in.
        inner = {
            n
            for n in around
            if all(n in above(scopes, end) for end in ends)
            and len({inside(scopes, end, n) for end in ends}) == 1
            and inside(scopes, ends[0], n) is not None
        }
        assert shown[number] == around - inner


def above(scopes, s):
    """The numbers of a scope and of those around it."""
    found = [s.number]
    while found[-1] != 0:
        found.append(scopes[found[-1]].parent)
    return found


def inside(scopes, s, number):
    """The scope directly inside of `number` that holds s; None where that is s."""
    way = above(scopes, s)
    place = way.index(number)
    return way[place - 1] if place else None


@given(scoped_graphs())
def test_counts_and_outputs(output):
    scopes = nested_of(output)
    diagram = Diagram.of(output)
    for s in scopes[1:]:
        held = [v for t in scopes for v in t.values if s.number in above(scopes, t)]
        assert s.count == len(held) > 1
        used = {
            int(e.source[1:])
            for e in diagram.edges
            if int(e.source[1:]) in held and int(e.target[1:]) not in held
        }
        used |= {len(diagram.nodes) - 1} & set(held)
        assert set(s.outputs) == used != set()


def test_bundles_carry_what_collapsed_pictures_say():
    output = graphs.differentiated(graphs.mlp(3, 4, 2, 1))
    collapsed = collapse(output, 1)
    scopes = nested_of(output)
    names = {s.number: s.name[-1] for s in scopes[1:]}
    diagram = Film(Diagram.of(output)).diagram
    sheet = scopes[0].sheet
    for (source, target, _), uses in sheet.uses.items():
        ends = [sheet.diagram[end] for end in (source, target)]
        if not all(end.inside for end in ends):
            continue
        sums = {}
        for use in uses:
            edge = diagram.edges[use]
            sums[edge.source] = sums.get(edge.source, 0.0) + edge.gradient
        [same] = [
            e
            for e in collapsed.edges
            if collapsed[e.source].label == names[sheet.refs[source]]
            and collapsed[e.target].label == names[sheet.refs[target]]
        ]
        assert math.hypot(*sums.values()) == pytest.approx(
            abs(same.gradient), rel=1e-12
        )
        assert len(sums) == len(same.parts)


def test_a_depth_without_scopes_is_an_error(tmp_path):
    with pytest.raises(OptionError, match=r"engine\.scope"):
        explore(graphs.fan_out(), tmp_path / "page.html", depth=1)
    assert not list(tmp_path.iterdir())
