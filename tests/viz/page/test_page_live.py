"""Live leaves: what the browser computes is what the engine gives, to 1e-12."""

import itertools
import json
import math
import random
import re

import graphs
import pytest
from places import ROOT

from engine import TABLE, Value, gelu, register, tanh, topological_order, unregister
from engine.graph.build import local_derivatives
from engine.operation.extended import evaluate_extended
from viz import explore
from viz.labels import format_number

TOLERANCE = 1e-12
TEMPLATES = ROOT / "viz" / "page" / "web"

EDGES = [
    0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -3.0, 1 / 3, math.pi / 2, 6.5, 20.0, -20.0,
    28.5, 709.0, 711.0, -745.0, 1e-8, -1e-8, 1e-300, 5e-324, 1e10, 1e300, -1e300,
    1 - 2**-53, 1 + 2**-52, math.inf, -math.inf, math.nan,
]  # fmt: skip


def same(a, b):
    if a != a or b != b:
        return a != a and b != b
    if a == b:
        return True
    return math.isfinite(a) and math.isfinite(b) and abs(a - b) <= TOLERANCE * abs(a)


def encoded(numbers):
    """JSON without infinities: as the page's own data."""
    return [x if math.isfinite(x) else str(x) for x in numbers]


ASK = """(points) => points.map((point) => {
  const read = (x) => Number(String(x).replace("inf", "Infinity"));
  const told = (x) => (Number.isFinite(x) ? x : String(x).replace("Infinity", "inf"));
  window.dotgrad.set(Object.fromEntries(point.map((x, i) => ["abc"[i], read(x)])));
  return [window.dotgrad.values().map(told), window.dotgrad.partials().map(told),
    window.dotgrad.gradients().map(told), window.dotgrad.failures()];
})"""


def asked(page, points):
    """Values, partials, gradients and failures, for each point."""
    found = page.evaluate(ASK, [encoded(point) for point in points])
    return [
        [*([float(x) for x in numbers] for numbers in lists), failures]
        for *lists, failures in found
    ]


def points(arity):
    rng = random.Random(arity)

    def number():
        scale = rng.choice([1, 10, 30, math.exp(rng.gauss(0, 8))])
        return rng.gauss(0, 1) * scale

    some = [tuple(number() for _ in range(arity)) for _ in range(80)]
    few = EDGES if arity == 1 else [*EDGES[::2], math.inf, -math.inf, math.nan]
    return [*itertools.product(few, repeat=arity), *some]


@pytest.mark.parametrize("arity", [1, 2])
def test_the_whole_table(pages, tmp_path, arity):
    """Values and local derivatives of each row, also where Python raises."""
    leaves = [Value(1.25, label=name) for name in "ab"[:arity]]
    nodes = {}
    total = Value(0.0)
    with_no_error = {"asin", "acos", "atanh", "semicircle", "logit"}
    for op in [op for op in TABLE.values() if op.arity == arity]:
        half = [leaf / 2 for leaf in leaves] if op.name in with_no_error else leaves
        nodes[op] = op(*half)
        total = total + nodes[op]
    order = {value: place for place, value in enumerate(topological_order(total))}
    page = pages.open(explore(total, tmp_path / "table.html"))
    starts = itertools.accumulate((len(v.parents) for v in order), initial=0)
    first = dict(zip(order, starts, strict=False))
    wrong = []
    for values, partials, _, failures in asked(page, points(arity)):
        for op, node in nodes.items():
            used = tuple(values[order[parent]] for parent in node.parents)
            found = values[order[node]]
            if not same(evaluate_extended(op, used), found):
                wrong.append((op.name, used, evaluate_extended(op, used), found))
            rules = local_derivatives(op, found, used)
            got = partials[first[node] : first[node] + arity]
            if not all(map(same, rules, got)):
                wrong.append((op.name, "partials", used, rules, got))
            if raises(op, used) != (order[node] in failures):
                wrong.append((op.name, "raises", used))
    assert wrong == []
    assert len(nodes) == sum(op.arity == arity for op in TABLE.values())


def raises(op, xs):
    try:
        op(*xs)
    except (ArithmeticError, ValueError):
        return True
    return False


def test_no_row_has_more_operands():
    assert {op.arity for op in TABLE.values()} == {1, 2}  # those are tested above


def several(a, b, c):
    """Rows with a number inside, functions made of rows, and values used again."""
    q = a**3 - b / c + abs(c) ** 0.5 + 2**a
    r = gelu(q * 0.01) + (a - b).softplus() + (a * b - 3).leaky_relu(0.2)
    return (q % 3 + r.tanh() * q // 2 + TABLE["max"](a, c)) * (r - q) + (c - 7) ** -2


GRAPHS = {"several": several, "neuron": lambda a, b, c: (a * b + c).tanh() ** 2}


@pytest.mark.parametrize("name", GRAPHS)
def test_values_and_gradients_of_whole_graphs(pages, tmp_path, name):
    def built(point):
        y = GRAPHS[name](*map(Value, point, "abc"))
        y.backward()
        return y

    rng = random.Random(7)
    chosen = [tuple(rng.uniform(0.1, 4) for _ in "abc") for _ in range(60)]
    page = pages.open(explore(built((1.0, 2.0, 3.0)), tmp_path / "graph.html"))
    for point, (values, _, gradients, failures) in zip(
        chosen, asked(page, chosen), strict=True
    ):
        order = topological_order(built(point))
        assert failures == []
        for value, found, gradient in zip(order, values, gradients, strict=True):
            assert found == pytest.approx(value.data, rel=TOLERANCE, abs=0)
            assert gradient == pytest.approx(value.grad, rel=TOLERANCE, abs=0)


# -- by hand ---------------------------------------------------------------------------


def wires(page):
    texts = page.locator("#picture .wire").evaluate_all(
        "all => all.map(e => [...e.querySelectorAll('text')].map(t => t.textContent))"
    )
    return sorted(tuple(lines) for lines in texts)


def test_typing_a_leaf_changes_everything(pages, tmp_path):
    page = pages.open(explore(graphs.fan_out(), tmp_path / "fan.html"))
    page.fill("#sliders li:nth-child(1) input[type=text]", "5e-1")
    page.keyboard.press("Tab")
    page.fill("#sliders li:nth-child(2) input[type=text]", "−4")
    page.keyboard.press("Enter")
    x, y = Value(0.5, "x"), Value(-4, "y")
    q = x * y
    fresh = (q * q + q) + x
    fresh.label, q.label = "L", "q"
    expected = pages.open(explore(fresh, tmp_path / "fresh.html"))
    assert wires(page) == wires(expected)
    assert page.text_content("#caption") == expected.text_content("#caption")

    def look(page):
        return page.locator("#picture .edge").evaluate_all(
            "all => all.map(e => [e.getAttribute('class'), e.style.cssText,"
            " e.querySelector('path').getAttribute('stroke-width')].join()).sort()"
        )

    assert look(page) == look(expected)
    page.click("#reset")
    assert ("", "33", "1", "") in wires(page)
    assert page.locator("#reset").is_hidden()


def test_dragging_a_leaf_changes_everything(pages, tmp_path):
    page = pages.open(explore(graphs.fan_out(), tmp_path / "fan.html"))
    slider = page.locator("#sliders input[type=range]").first
    box = slider.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.8, box["y"] + box["height"] / 2)
    x = float(slider.input_value())
    assert x > 4
    values = page.evaluate("window.dotgrad.values()")
    assert values[0] == x and values[2] == x * -2
    assert page.evaluate("location.hash") == ""  # not before it is let go
    page.mouse.up()
    assert page.evaluate("location.hash") == f"#set=0:{x}"
    page.keyboard.press("ArrowRight")  # the slider's, not the film's
    assert float(slider.input_value()) > x
    assert page.text_content("#caption").startswith("12/12")


def test_what_is_no_number_is_refused(pages, tmp_path):
    page = pages.open(explore(graphs.fan_out(), tmp_path / "fan.html"))
    field = page.locator("#sliders input[type=text]").first
    for wrong in ("", "two", "1;2", "0x10", "1e", "alert(1)"):
        field.fill(wrong)
        page.keyboard.press("Tab")
        assert page.evaluate("window.dotgrad.values()")[0] == 3
    field.fill("-inf")
    field.press("Enter")
    assert "−∞" in {line for lines in wires(page) for line in lines}


def test_where_the_engine_raises_the_page_says_so(pages, tmp_path):
    a = Value(2.0, label="a")
    y = 1 / a
    y.label = "inverse"
    page = pages.open(explore(y, tmp_path / "inverse.html"))
    field = page.locator("#sliders input[type=text]")
    field.fill("0")
    field.press("Enter")
    assert "inverse" in page.inner_text("#failed")
    assert page.locator("#picture .operation.failed").count() == 1
    field.fill("4")
    field.press("Enter")
    assert page.locator("#failed").is_hidden()


def test_a_row_of_ones_own(pages, tmp_path):
    row = register(  # its operands are called like words of JavaScript
        "élan", "é", lambda var, new: tanh(var * new) + new, lambda out, var, new: (
            new * (1 - (out - new) ** 2), 1 + var * (1 - (out - new) ** 2)),
    )  # fmt: skip
    try:
        a, b = Value(0.3, label="a"), Value(0.7, label="b")
        page = pages.open(explore(row(a, b), tmp_path / "own.html"))
        [[values, _, gradients, _]] = asked(page, [(0.5, -0.25)])
        a, b = Value(0.5), Value(-0.25)
        y = row(a, b)
        y.backward()
    finally:
        unregister("élan")
    assert values[-1] == pytest.approx(y.data, rel=TOLERANCE)
    assert gradients[:2] == pytest.approx([a.grad, b.grad], rel=TOLERANCE)


def test_a_row_that_is_no_formula_still_has_a_page(pages, tmp_path):
    row = register("stairs", "stairs", lambda x: float(math.floor(x)), (0,))
    try:
        page = pages.open(explore(row(Value(2.5, "a")), tmp_path / "own.html"))
    finally:
        unregister("stairs")
    assert "stairs" in page.inner_text("#frozen")
    assert page.locator("#sliders input:enabled").count() == 0
    page.click("#back")
    assert page.text_content("#caption").startswith("3/4")


def test_numbers_are_written_as_in_python(pages, tmp_path):
    """The page's formatNumber, taken by itself, and viz.labels.format_number."""
    rng = random.Random(2)
    numbers = [x for x in EDGES if x == x]
    numbers += [1234.5, 1235.5, 0.00012345, 9999.5, 99995.0, 1e7, 9999999.0, 2.5, 0.125]
    numbers += [rng.gauss(0, 1) * 10 ** rng.randint(-12, 12) for _ in range(400)]
    numbers += [rng.randint(-9999, 9999) / 2 ** rng.randint(1, 12) for _ in range(400)]
    source = (TEMPLATES / "graph" / "numbers.js").read_text(encoding="utf-8")
    source = re.sub(r"(?m)^export ", "", source)
    page = pages.open(explore(Value(1.0), tmp_path / "one.html"))
    for digits in (1, 4, 17):
        given = json.dumps(encoded(numbers))
        written = page.evaluate(
            f"() => {{ {source}; return {given}.map((x) => "
            f"formatNumber(parse(x), {digits})) }}"
        )
        assert written == [format_number(x, digits) for x in numbers]
