"""What a picture tells: the diagram, the numbers and the names."""

import math

import pytest
from graphs import apple_bill, differentiated, fan_out
from hypothesis import given
from hypothesis import strategies as st

from engine import OperandError, Value, edges, scope, topological_order
from engine.testing import expressions
from viz import STYLES, Diagram, draw
from viz.labels import escape_cell, escape_label, format_number, shorten, text_width


@given(expressions())
def test_the_drawn_numbers_are_the_engines(expression):
    root = differentiated(expression.value())
    diagram = Diagram.of(root)
    nodes = topological_order(root)
    assert [n.value for n in diagram.nodes] == [v.data for v in nodes]
    assert list(map(repr, (n.gradient for n in diagram.nodes))) == [
        repr(v.grad) for v in nodes
    ]
    place = {v: f"n{i}" for i, v in enumerate(nodes)}
    drawn = [(e.source, e.target, e.position, e.partial) for e in diagram.edges]
    known = [
        (place[e.parent], place[e.child], e.position, e.partial) for e in edges(root)
    ]
    assert list(map(repr, drawn)) == list(map(repr, known))


@given(expressions())
def test_shares_add_up_to_the_gradient(expression):
    diagram = Diagram.of(differentiated(expression.value()))
    for node in diagram.nodes[:-1]:
        shares = [edge.gradient for edge in diagram.uses(node.id)]
        if all(map(math.isfinite, shares)):
            scale = max(map(abs, shares))
            assert abs(math.fsum(shares) - node.gradient) <= 1e-12 * scale
            assert node.elsewhere == 0.0


def test_a_use_in_another_graph_is_told():
    x = Value(3.0, "x")
    y = x * x
    y.backward()
    (x * 5).backward()
    diagram = Diagram.of(y)
    assert diagram.nodes[0].gradient == 11.0
    assert diagram.nodes[0].elsewhere == 5.0


def test_without_backward_there_are_no_gradients():
    diagram = Diagram.of(fan_out())
    assert not diagram.has_gradients
    assert {n.gradient for n in diagram.nodes} == {None}
    assert {e.gradient for e in diagram.edges} == {None}
    x = Value(1.0)
    other = x * 2
    other.backward()  # a leaf's gradient from elsewhere is not this picture's
    assert Diagram.of(x + 1).nodes[0].gradient is None


@pytest.mark.parametrize("style", STYLES)
def test_a_gradient_that_was_cleared_is_no_zero(style):
    x = Value(3.0, "x")
    y = differentiated(x * 2 + x)
    x.zero_grad()
    diagram = Diagram.of(y)
    assert diagram.nodes[0].gradient is None
    assert diagram.nodes[0].elsewhere == 0.0
    assert [edge.gradient for edge in diagram.uses("n0")] == [2.0, 1.0]
    source = draw(y, style=style, legend=False).source
    assert "elsewhere" not in source
    assert ">0<" not in source


def test_a_gradient_of_zero_is_shown():
    y = differentiated(Value(-1.0).relu())
    assert [n.gradient for n in Diagram.of(y).nodes] == [0.0, 1.0]


def test_nodes_say_what_they_are():
    with scope("bill"):
        price = apple_bill() * 2
    diagram = Diagram.of(price)
    assert [n.kind for n in diagram.nodes].count("constant") == 1
    assert {n.scope for n in diagram.nodes} == {("bill",)}
    assert diagram.output.symbol == "×"
    assert diagram.output.operation == "mul"


def test_only_values_are_drawn():
    with pytest.raises(OperandError, match=r"drawn of a Value, not of 3\.0 \(float\)"):
        Diagram.of(3.0)


def test_a_long_chain_is_no_problem():
    y = Value(1.0)
    for _ in range(100_000):
        y = y + 1
    assert len(Diagram.of(y).nodes) == 200_001


@pytest.mark.parametrize(
    ("x", "text"),
    [
        (0.0, "0"), (-0.0, "0"), (1.0, "1"), (-11.0, "−11"), (2.2, "2.2"),
        (138.83381924, "138.8"), (9999999.0, "9999999"), (10000000.0, "1e7"),
        (12345678.0, "1.235e7"), (0.00012345, "0.0001234"), (1.2345e-5, "1.234e−5"),
        (-1e24, "−1e24"), (1e-12, "1e−12"), (math.nan, "nan"), (math.inf, "∞"),
        (-math.inf, "−∞"), (5e-324, "4.941e−324"), (3.5e8, "3.5e8"), (99999.6, "1e5"),
        (-1e-300, "−1e−300"),
    ],
)  # fmt: skip
def test_numbers(x, text):
    assert format_number(x) == text


@given(st.floats(-1e307, 1e307), st.integers(1, 17))
def test_numbers_mean_what_they_say(x, digits):
    text = format_number(x, digits)
    assert "-" not in text
    back = float(text.replace("−", "-"))
    assert back == pytest.approx(x, rel=0.51 * 10 ** (1 - digits), abs=0)
    assert not text.startswith("−0") or back != 0


@given(st.text())
def test_labels_are_one_line_without_control_characters(text):
    shown = shorten(text)
    assert len(shown) <= 40
    assert not set(shown) & set(map(chr, [*range(32), 127, 0x202E, 0x2028]))


def test_escapes():
    assert escape_cell("<b>&\"'") == "&lt;b&gt;&amp;&quot;&#x27;"
    assert escape_label(r"\N <b>") == r"\\N &lt;b&gt;"


def test_text_width_is_helveticas():
    assert text_width("100", 10) == pytest.approx(3 * 5.56)
    assert text_width("Hi", 1000) == 722 + 222
    assert text_width("りんご", 10) == 30
