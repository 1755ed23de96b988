"""Every size: fused sums, scopes as nodes, cuts; what is drawn adds up to the whole."""

import inspect
import math
import re
from collections import defaultdict

import mpmath
import pytest
from graphs import apple_bill, differentiated, mlp
from hypothesis import given
from hypothesis import strategies as st

from engine import Value, scope, topological_order
from engine.nn import parameter
from engine.testing import expressions
from viz import Diagram, Look, OptionError, TooLargeError, draw, save
from viz.diagram.collapse import collapse
from viz.diagram.crop import crop
from viz.diagram.fuse import fuse
from viz.drawing.select import BUDGET, CARDS, SCOPES, WIRES
from viz.labels import text_width

PATHS = [(), ("a",), ("b",), ("a", "c"), ("a", "d"), ("b", "c"), ("b", "c", "e")]


@st.composite
def scoped_graphs(draw_):
    """Random graphs with sharing, whose values are made in random scopes."""
    pool = [
        Value(draw_(st.floats(-2, 2)), label=draw_(st.sampled_from([None, f"x{i}"])))
        for i in range(3)
    ]
    for _ in range(draw_(st.integers(1, 25))):
        a, b = (draw_(st.sampled_from(pool[-8:])) for _ in range(2))
        operation = draw_(st.sampled_from(["add", "mul", "tanh", "square", "weigh"]))
        with InScope(draw_(st.sampled_from(PATHS))):
            pool.append(
                {
                    "add": lambda a=a, b=b: a + b,
                    "mul": lambda a=a, b=b: a * b * 0.5,
                    "tanh": lambda a=a: a.tanh(),
                    "square": lambda a=a: a * a + 1,
                    "weigh": lambda a=a: a * parameter(0.75) + parameter(-0.5),
                }[operation]()
            )
    return differentiated(pool[-1])


class InScope:
    def __init__(self, path):
        self.blocks = [scope(name) for name in path]

    def __enter__(self):
        for block in self.blocks:
            block.__enter__()

    def __exit__(self, *error):
        for block in reversed(self.blocks):
            block.__exit__(*error)


def norm_of(numbers):
    """√Σ x², in numbers whose squares neither overflow nor vanish."""
    return float(mpmath.sqrt(mpmath.fsum(mpmath.mpf(x) ** 2 for x in numbers)))


def close(found, expected, scale=1.0):
    least = 1e-322  # some units of what floats round to near 0
    return abs(found - expected) <= 1e-12 * max(scale, abs(expected)) + least


# -- scopes --------------------------------------------------------------------------


@given(scoped_graphs(), st.integers(1, 3))
def test_collapsed_numbers_are_sums_over_the_full_graph(root, depth):
    """Checked against a naive walk that only knows which values are in which node."""
    diagram = collapse(root, depth)
    order = topological_order(root)
    drawn_in = members(diagram, order, depth)
    crossing = defaultdict(lambda: defaultdict(list))
    for child in order:
        for parent, partial in zip(child.parents, child.partials, strict=True):
            start, end = drawn_in[parent], drawn_in[child]
            if start != end:
                crossing[start, end][parent].append(child.grad * partial)
    edges = {(edge.source, edge.target): edge for edge in diagram.edges}
    assert set(edges) == set(crossing)
    for ends, sums in crossing.items():
        parts = edges[ends].parts
        assert [part.value for part in parts] == [value.data for value in sums]
        for part, shares in zip(parts, sums.values(), strict=True):
            assert close(part.gradient, math.fsum(shares), sum(map(abs, shares)))
        norm = norm_of(math.fsum(shares) for shares in sums.values())
        assert close(abs(edges[ends].gradient), norm, norm)
    used = {root} | {value for sums in crossing.values() for value in sums}
    for node in diagram.nodes:
        held = [value for value in order if drawn_in[value] == node.id]
        if node.inside:
            check_inside(node, held, used)
        else:
            assert [(v.data, v.grad) for v in held] == [(node.value, node.gradient)]


def check_inside(node, held, used):
    """A scope tells of what it puts out, and of its parameters together."""
    outputs = [value for value in held if value in used]
    told = [(part.value, part.gradient) for part in node.inside.outputs]
    assert told == [(value.data, value.grad) for value in outputs]
    if len(outputs) == 1:
        assert (node.value, node.gradient) == told[0]
    else:
        norm = norm_of(value.grad for value in outputs)
        assert close(node.gradient, norm, norm)
    weights = [v.grad for v in held if v.kind == "parameter" and v not in used]
    assert node.inside.parameters == len(weights)
    if weights:
        norm = norm_of(weights)
        assert close(node.inside.gradient_norm, norm, norm)


def members(diagram, order, depth):
    """The id of the node that each value is drawn in, told by counting alone."""
    nodes = {node.scope: node for node in diagram.nodes if node.inside}
    users = defaultdict(set)
    for child in order:
        for parent in child.parents:
            users[parent].add(child.scope[:depth])
    found, plain = {}, []
    for value in order:
        path = value.scope[:depth]
        if value.op is None and len(users[value]) == 1 and not path:
            [path] = users[value]
            path = () if value.label else path  # named inputs are drawn
        if path in nodes:
            found[value] = nodes[path].id
        else:
            plain.append(value)
    alone = [node for node in diagram.nodes if not node.inside]
    assert [node.value for node in alone] == [value.data for value in plain]
    counts = defaultdict(int)
    for id_ in found.values():
        counts[id_] += 1
    for node in nodes.values():
        assert node.inside.count == counts[node.id]
    return found | {v: node.id for v, node in zip(plain, alone, strict=True)}


def test_a_network_collapses_to_layers_and_neurons():
    loss = differentiated(mlp(2, 16, 16, 1))
    layers = collapse(loss, 1)
    held = {node.label: node.inside for node in layers.nodes if node.inside}
    assert list(held) == ["layer 1", "layer 2", "layer 3", "loss"]
    assert [held[f"layer {i}"].parameters for i in (1, 2, 3)] == [48, 272, 17]
    assert [len(held[f"layer {i}"].outputs) for i in (1, 2, 3)] == [16, 16, 1]
    weights = [
        v for v in topological_order(loss)
        if v.kind == "parameter" and v.scope[0] == "layer 2"
    ]  # fmt: skip
    norm = math.sqrt(math.fsum(w.grad**2 for w in weights))
    assert close(held["layer 2"].gradient_norm, norm)
    assert len(collapse(loss, 2).nodes) > 33


def test_a_scope_that_is_entered_twice_is_one_node():
    p = Value(2.0, "p")
    with scope("a"):
        q = p * 3
    with scope("b"):
        r = q * q + 1
    with scope("a"):
        z = r * q
    diagram = collapse(differentiated(z), 1)
    assert [node.label for node in diagram.nodes] == ["p", "b", "a"]
    assert draw(z, depth=1).pipe("svg")


def test_without_backward_a_collapsed_picture_has_values_only():
    diagram = collapse(mlp(2, 4, 1), 1)
    assert not diagram.has_gradients
    assert all(part.gradient is None for e in diagram.edges for part in e.parts)
    assert "values only" in draw(mlp(2, 4, 1), depth=1).source


# -- sums ----------------------------------------------------------------------------


@given(expressions(max_steps=12))
def test_fusing_changes_no_number(expression):
    root = differentiated(expression.value())
    whole, fused = Diagram.of(root), fuse(Diagram.of(root))
    known = {node.id: node for node in whole.nodes}
    for node in fused.nodes:
        assert repr(node.value) == repr(known[node.id].value)
        assert repr(node.gradient) == repr(known[node.id].gradient)
        summands = [edge.value for edge in fused.into(node.id)]
        if node.operation == "sum" and math.isfinite(math.fsum(map(abs, summands))):
            scale = math.fsum(map(abs, summands))
            assert abs(math.fsum(summands) - node.value) <= 1e-13 * scale
            assert len(summands) > 2
    assert fused.output.id == whole.output.id


def test_what_has_a_name_or_two_uses_is_not_fused():
    x = [Value(float(i), f"x{i}") for i in range(4)]
    s = x[0] + x[1] + x[2]
    assert len(fuse(Diagram.of(s + x[3])).into("n6")) == 4
    s.label = "s"
    assert len(fuse(Diagram.of(s + x[3])).nodes) == 6
    s.label = None
    twice = fuse(Diagram.of((s + x[3]) * s))
    assert [n.symbol for n in twice.nodes if n.operation] == ["Σ", "+", "×"]


# -- cuts ----------------------------------------------------------------------------


@given(expressions(max_steps=30), st.integers(1, 20))
def test_a_cut_keeps_values_gradients_and_whole_operations(expression, budget):
    root = differentiated(expression.value())
    order = topological_order(root)
    diagram = crop(root, budget)
    assert len(diagram.nodes) <= max(budget, 1 + len(root.parents))
    assert repr(diagram.output.value) == repr(root.data)
    numbers = {(repr(v.data), repr(v.grad)) for v in order}
    for node in diagram.nodes:
        assert (repr(node.value), repr(node.gradient)) in numbers
        assert (node.hidden > 0) <= (not diagram.into(node.id))
    if len(order) <= budget:
        assert not any(node.hidden for node in diagram.nodes)
        assert len(diagram.nodes) == len(order)


def test_a_stub_counts_what_it_hides():
    y = x = Value(1.0)
    for _ in range(50):
        y = y.sin()
    diagram = crop(differentiated(y * x), 5)
    assert [node.hidden for node in diagram.nodes if node.hidden] == [47]
    assert "… 47 more" in draw(y * x, budget=5).source


def test_the_largest_gradients_are_kept():
    big, small = Value(1.0, "big"), Value(1.0, "small")
    root = differentiated(big.sin() * 100 + small.sin() * 0.01)
    drawn = {node.label for node in crop(root, 8).nodes}
    assert "big" in drawn and "small" not in drawn


def test_a_million_values_give_a_picture():
    y = Value(0.5, "x")
    for _ in range(333_333):
        y = (y * 1.000001).sin()
    y.backward()
    picture = draw(y)
    assert "1,000,000 values" in picture.source
    assert len(picture.body) < 10 * BUDGET
    assert "over 10,000 more" in picture.source


# -- the choice ----------------------------------------------------------------------


def chain(count):
    y = Value(1.0)
    for _ in range(count - 1):
        y = y.sin()
    return differentiated(y)


@pytest.mark.parametrize(
    ("graph", "says", "holds"),
    [
        (lambda: chain(WIRES), "above the wire", ""),
        (lambda: chain(WIRES + 1), "drawn as cards", ""),
        (lambda: chain(CARDS), "drawn as cards", ""),
        (lambda: chain(CARDS + 1), f"the {BUDGET} with the largest", "more</B>"),
        (lambda: differentiated(mlp(3, 12, 1)), "chains of + are one Σ", "Σ"),
        (lambda: differentiated(mlp(2, 16, 16, 1)), "depth=2 of 2", "circle"),
        (lambda: differentiated(mlp(2, 99, 1)), "depth=1 of 2", "layer 1"),
        (lambda: differentiated(mlp(2, 99, 1, scoped=False)), "largest grad", "more"),
    ],
)
def test_the_form_follows_the_size(graph, says, holds):
    source = draw(graph()).source
    assert says in source
    assert holds in source


def test_choices_can_be_overridden():
    loss = differentiated(mlp(2, 16, 16, 1))
    count = len(topological_order(loss))
    assert draw(loss, depth=0).source.count("class=operation") > 500
    assert draw(loss, style="wire").source.count("class=wire") >= count
    assert draw(loss, budget=10).source.count("class=") < 30
    assert draw(loss, depth=1).source.count("class=scope") == 4
    assert "depth=2 of 2" in draw(loss, depth=9).source
    small = differentiated(apple_bill())
    assert "values, " not in draw(small, budget=99).source


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"depth": -1}, "a number of scopes"),
        ({"depth": 1, "budget": 3}, "give one"),
        ({"depth": 1, "fuse": True}, "give one"),
        ({"budget": 0}, "a number of values from 1"),
        ({"budget": 2.5}, "a number of values from 1"),
        ({"fuse": "yes"}, "True, False or None"),
        ({"depth": 1}, 'engine.scope("layer 1")'),
        ({"direction": "up"}, "LR, RL, TB, BT"),
        ({"show": ["values"]}, "value, gradient, chain"),
        ({"highlight": [3]}, "no value of this graph"),
        ({"highlight": [Value(1.0)]}, "no value of this graph"),
    ],
)
def test_bad_choices_are_told(options, message):
    with pytest.raises(OptionError, match=re.escape(message)):
        draw(differentiated(apple_bill()), **options)


def test_highlighting_needs_the_whole_graph():
    loss = differentiated(mlp(2, 4, 1))
    with pytest.raises(OptionError, match="depth=0"):
        draw(loss, depth=1, highlight=[loss])


def test_too_large_to_draw_whole(monkeypatch):
    monkeypatch.setattr("viz.drawing.select.WHOLE", 100)
    with pytest.raises(TooLargeError, match=r"depth=1 .* budget=80"):
        draw(chain(101), depth=0)


def test_too_large_for_a_png(tmp_path):
    with pytest.raises(TooLargeError, match="svg"):
        save(chain(4000), tmp_path / "x.png", depth=0)
    assert not list(tmp_path.iterdir())


def test_a_look_has_the_options_of_draw():
    options = list(inspect.signature(draw).parameters)[1:]
    assert list(Look.__annotations__) == options


def test_numbers_and_names_fit_into_circles():
    xs = [Value(-0.00123 * i, "a name that is long" * (i > 4)) for i in range(1, 9)]
    for i, x in enumerate(xs):
        x.label = x.label or f"x{i}"
    made = []
    for i in range(16):
        with scope(f"neuron {i}"):
            made.append(sum(x * (i - 8.00123) for x in xs) * 1e-3)
    picture = draw(differentiated(sum(made)), depth=1)
    circles = [line for line in picture.body if "shape=circle" in line]
    assert len(circles) == 24
    for circle in circles:
        for size, text in re.findall(r'POINT-SIZE="(\d+)"[^>]*>([^<]*)<', circle):
            assert text_width(text, float(size)) <= 40 < 0.9 * 0.66 * 72
            assert float(size) >= 9


def test_a_poster_is_no_tower():
    """The summands stand in steps: in one rank it would be 28 times as tall as wide."""
    poster = draw(differentiated(mlp(2, 16, 16, 1)), fuse=True, depth=0)
    box = re.search(r'viewBox="\S+ \S+ (\S+) (\S+)"', poster.pipe("svg").decode())
    width, height = map(float, box.groups())
    assert height < 5 * width
    assert "minlen" not in draw(differentiated(mlp(2, 4, 1)), fuse=True).source


def test_few_scopes_are_cards_many_are_circles():
    assert SCOPES > 30
    few = draw(differentiated(mlp(2, 4, 1)), depth=2).source
    many = draw(differentiated(mlp(2, 16, 1)), depth=2).source
    assert "shape=circle" not in few and "neuron 1" in few
    assert many.count("shape=circle") >= 17
