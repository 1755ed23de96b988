"""Directions, lines, highlights, and the picture of a difference."""

import contextlib
import math
import random
import re

import pytest
from graphs import apple_bill, differentiated, fan_out, mlp, softmax_with_loss
from hypothesis import given

import engine
import viz
from engine import Value, gradients, scope, topological_order
from engine.nn import parameter
from engine.testing import expressions
from viz import (
    STYLES,
    THEMES,
    ComparisonError,
    Diagram,
    OptionError,
    TooLargeError,
    draw,
    draw_diff,
)
from viz.diagram.collapse import collapse
from viz.diagram.diagram import gradient_of, value_of
from viz.drawing.diff import compare


@pytest.mark.parametrize("direction", ["LR", "RL", "TB", "BT"])
@pytest.mark.parametrize("style", ["wire", "card", "micrograd"])
def test_directions(direction, style):
    picture = draw(differentiated(fan_out()), direction=direction, style=style)
    svg = picture.pipe("svg").decode()
    box = re.search(r'viewBox="[\d.]+ [\d.]+ ([\d.]+) ([\d.]+)"', svg)
    width, height = map(float, box.groups())
    assert (width < height) == (direction in ("TB", "BT"))
    x = {
        id_: place(svg, id_, 0 if direction in ("LR", "RL") else 1)
        for id_ in ("n0", "n5")
    }
    assert (x["n0"] < x["n5"]) == (direction in ("LR", "TB"))


def place(svg, id_, axis):
    """Where the first text of a node stands."""
    node = svg[svg.index(f'id="{id_}"') :]
    node = node[: node.index("</g>")]
    text = re.search(r'<text[^>]* x="(-?[\d.]+)" y="(-?[\d.]+)"', node)
    return float(text.groups()[axis])


def texts(picture):
    svg = picture.pipe("svg").decode()
    return set(re.findall(r"<text[^>]*>([^<]*)</text>", svg))


def test_the_lines_to_show():
    fan = differentiated(fan_out())
    legend = {"legend": False, "style": "wire"}
    everything = texts(draw(fan, **legend))
    assert {"3", "22", "−11 × −2", "= 22 + 1"} <= everything
    values = texts(draw(fan, show=["value"], **legend))
    assert {"3", "36"} <= values
    assert not {"22", "−11 × −2", "= 22 + 1", "23"} & values
    assert not {"36", "= 22 + 1"} & texts(draw(fan, show="gradient", **legend))
    book = texts(draw(fan, style="book", show=["gradient", "chain"], legend=False))
    assert "−11 × −2" in book


def test_the_legend_tells_of_what_is_shown():
    fan = differentiated(fan_out())
    assert "upstream gradient" in draw(fan).source
    assert "upstream gradient" not in draw(fan, show=["value", "gradient"]).source
    assert "left of the wire" in draw(fan, direction="TB").source


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_what_is_not_highlighted_is_faint(theme):
    fan = differentiated(fan_out())
    x, _, q, *_ = nodes = topological_order(fan)
    assert [n.label for n in (x, q)] == ["x", "q"]
    plain = draw(fan, theme=theme).source.splitlines()
    lit = draw(fan, theme=theme, highlight=[x, q]).source.splitlines()
    same = {line.strip().split(" ")[0] for line, other in zip(plain, lit, strict=True)
            if line == other}  # fmt: skip
    assert {"n0", "n2", "wn0_0"} <= same
    assert not {"n1", "n3", "wn0_1", "wn1", "outn5"} & same
    assert (
        draw(fan, theme=theme, highlight=nodes).source == draw(fan, theme=theme).source
    )


def test_a_label_that_looks_like_a_colour_is_left_alone():
    x, y = Value(1.0, 'COLOR="#ff0000"'), Value(2.0, "y")
    source = draw(differentiated(x * y), highlight=[y], style="card").source
    assert "COLOR=&quot;#ff0000&quot;" in source


def test_a_second_derivative_is_drawn_like_any_graph():
    x = Value(0.5, "x")
    [slope] = gradients(x**3 * x.sin(), [x])
    source = draw(differentiated(slope)).source
    expected = 6 * 0.5 * math.sin(0.5) + 2 * 3 * 0.25 * math.cos(0.5)
    expected -= 0.125 * math.sin(0.5)
    assert x.grad == pytest.approx(expected, rel=1e-14)
    assert f"{expected:.4g}" in source


# -- differences ---------------------------------------------------------------------


def neuron(w):
    weight, x, b = Value(w, "w"), Value(2.0, "x"), Value(0.5, "b")
    return differentiated((weight * x + b).tanh())


def test_what_changed_is_shown_with_both_numbers():
    picture = draw_diff(neuron(-3.0), neuron(-2.5))
    shown = texts(picture)
    assert {"−3 → −2.5", "−6 → −5", "−5.5 → −4.5", "2", "0.5"} <= shown
    before, after = (1 - math.tanh(z) ** 2 for z in (-5.5, -4.5))
    assert f"{before:.4g} → {after:.4g}".replace("e-05", "e−5") in shown
    assert "4 of 6 values changed" in picture.source


def test_nothing_changed():
    picture = draw_diff(neuron(1.0), neuron(1.0))
    assert "0 of 6 values changed" in picture.source
    assert "→ " not in "".join(texts(picture) - {"before → after"})


@given(expressions())
def test_a_difference_of_a_run_with_itself_is_zero(expression):
    a, b = (differentiated(expression.value()) for _ in range(2))
    diagram = compare(a, b, style=None, depth=None).diagram
    assert all(diagram.change(value_of(node)) == 0 for node in diagram.nodes)
    assert all(diagram.change(gradient_of(node)) == 0 for node in diagram.nodes)
    assert [n.value for n in diagram.nodes] == pytest.approx(
        [n.value for n in Diagram.of(b).nodes], nan_ok=True, abs=0, rel=0
    )


def test_what_is_faint_has_not_changed():
    source = draw_diff(neuron(-3.0), neuron(-2.5), style="card").source
    [w] = [line for line in source.splitlines() if line.strip().startswith("n0 [")]
    assert "−3 → −2.5" in w and "#1f2328" in w


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (lambda: differentiated(fan_out()), "not two runs of one expression"),
        (lambda: differentiated(softmax_with_loss()), "not two runs"),
        (lambda: Value(1.0), "not two runs"),
    ],
)
def test_other_expressions_cannot_be_compared(other, message):
    with pytest.raises(ComparisonError, match=message):
        draw_diff(differentiated(apple_bill()), other())


def test_options_of_size_have_no_place_in_a_difference():
    with pytest.raises(OptionError, match="leave budget= out"):
        draw_diff(neuron(1.0), neuron(2.0), budget=1)


def network(x, *, scoped=True, name="layer"):
    """A network 2-16-1 at x; the second layer is the mean."""
    rng, made = random.Random(1), []
    inputs = [Value(x, "x0"), Value(0.5, "x1")]
    for i in range(16):
        with scope(f"{name} {i}") if scoped else contextlib.nullcontext():
            terms = [parameter(rng.uniform(-1, 1), "w") * v for v in inputs]
            made.append((terms[0] + terms[1] + 0.1).tanh() * rng.uniform(-1, 1))
    return differentiated(sum(made[1:], made[0]) / 16)


def test_a_large_difference_has_a_node_for_each_scope():
    before, after = network(1.0), network(1.5)
    diagram = compare(before, after, style=None, depth=None).diagram
    then, now = collapse(before, 1), collapse(after, 1)
    assert sum(node.inside is not None for node in diagram.nodes) == 16
    for kind in ("nodes", "edges"):
        for found, expected in ((diagram.before, then), (diagram, now)):
            pairs = zip(getattr(found, kind), getattr(expected, kind), strict=True)
            for a, b in pairs:
                assert (a.value, a.gradient) == (b.value, b.gradient)
    for found, old in zip(diagram.before.nodes, then.nodes, strict=True):
        if found.inside:
            assert found.inside.gradient_norm == old.inside.gradient_norm
    picture = draw_diff(before, after)
    assert "values changed; a node for each scope (whole: depth=0)" in picture.source
    assert "circle: a scope" in picture.source
    assert draw_diff(before, after, depth=0).source.count("class=parameter") == 32


def test_without_scopes_a_large_difference_shows_what_changed_most():
    before, after = (network(x, scoped=False) for x in (1.0, 1.5))
    form = compare(before, after, style=None, depth=None)
    nodes = form.diagram.nodes
    assert len(nodes) <= 80 and "that changed most" in form.note
    known = {
        (a.data, b.data)
        for a, b in zip(*map(topological_order, (before, after)), strict=True)
    }
    before = form.diagram.before.nodes
    assert {(a.value, b.value) for a, b in zip(before, nodes, strict=True)} <= known
    assert any(node.label == "x0" for node in nodes)
    assert sum(node.hidden for node in nodes)


def test_differences_that_cannot_be_drawn(monkeypatch):
    with pytest.raises(ComparisonError, match="the scopes"):
        draw_diff(network(1.0), network(1.0, name="other"))
    monkeypatch.setattr("viz.drawing.select.WHOLE", 100)
    with pytest.raises(TooLargeError, match="depth=1"):
        draw_diff(network(1.0), network(2.0), depth=0)


@pytest.mark.parametrize("options", [{"depth": 1}, {"budget": 9}, {"fuse": True}])
@pytest.mark.parametrize("style", STYLES)
def test_every_style_draws_every_form(style, options):
    picture = draw(differentiated(mlp(2, 4, 1)), style=style, **options)
    drawn = set(re.findall(r"^\t(\S+) \[", picture.source, flags=re.M))
    ends = set(
        re.findall(r"^\t(\S+?)(?::\S+)? -> (\S+?)(?::\S+)? \[", picture.source, re.M)
    )
    assert {end for pair in ends for end in pair} <= drawn
    said = {"depth": "layer 1", "budget": "more", "fuse": "Σ"}
    assert said[next(iter(options))] in picture.source


def test_every_style_draws_a_difference_and_a_network():
    for style in STYLES:
        for theme in THEMES:
            assert draw_diff(neuron(1.0), neuron(2.0), style=style, theme=theme).pipe()
            loss = differentiated(mlp(2, 4, 1))
            assert draw(loss, style=style, theme=theme).pipe("svg")


def test_an_error_of_an_option_is_that_of_the_engine():
    assert viz.OptionError is engine.OptionError
    for error in (viz.VizError, viz.FormatError, viz.OptionError):
        assert issubclass(error, engine.EngineError)
    assert issubclass(viz.FormatError, viz.VizError)
    assert issubclass(viz.FormatError, viz.OptionError)
