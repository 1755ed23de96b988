"""Explanations: their numbers add up, their stories name the culprit."""

import importlib
import math
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

import engine
from engine import (
    TABLE,
    OperandError,
    OptionError,
    Value,
    explain,
    no_grad,
    record_source,
    relu,
    sqrt,
    why_nan,
    why_zero,
)
from engine.explanation.contributions import MOST_USES, find_explanation
from engine.explanation.paths import count_paths, edges_between, largest_paths
from engine.graph import node, sweep
from engine.graph.context import extended_arithmetic
from engine.operation.latex import latex, latex_name
from engine.operation.symbol import Symbol
from engine.testing import expressions


def named(label, data):
    return Value(data, label=label)


def here():
    """The line of the caller."""
    return sys._getframe(1).f_lineno


@pytest.fixture
def fan_out():
    """∂g/∂x = 22 + 1: through the product 11 × 2, and through the sum."""
    x, y, q = named("x", 3.0), named("y", 2.0), named("q", 11.0)
    p = x * y
    p.label = "p"
    g = p * q + x
    g.label = "g"
    return x, p, g


# -- explain -------------------------------------------------------------------------


def test_the_apple_bill():
    apple, n, tax = named("apple", 100.0), named("n", 2.0), named("tax", 1.1)
    subtotal = apple * n
    subtotal.label = "subtotal"
    price = subtotal * tax
    price.label = "price"
    price.backward()
    assert explain(apple).splitlines() == [
        "∂price/∂apple = 2.2, where apple = 100 is used once:",
        "  subtotal = apple × n  1.1 × 2 (n) = 2.2",
    ]
    assert "∂price/∂subtotal = 1.1" in explain(subtotal)
    assert explain(price) == "∂price/∂price = 1: it is the output itself"


def test_a_fan_out_is_a_sum(fan_out):
    x, _, g = fan_out
    told = explain(x, g, paths=5)
    assert "11 × 2 (y) = 22" in told
    assert "22 + 1 = 23" in told
    assert "g ← (p × q) ← p ← x" in told
    assert "1 × 11 × 2 = 22" in told


def test_both_operands_of_a_square_are_told_apart():
    x = named("x", 3.0)
    told = explain(x, x * x)
    assert "x × x [operand 1]  1 × 3 (x) = 3" in told
    assert "x × x [operand 2]  1 × 3 (x) = 3" in told
    assert "3 + 3 = 6" in told


def test_it_is_about_the_last_backward(fan_out):
    x, p, g = fan_out
    p.backward()
    assert "∂p/∂x = 2" in explain(x)
    g.backward()
    assert "∂g/∂x = 23" in explain(x)
    assert "x.grad holds 25: other sweeps" in explain(x)


def test_the_last_output_is_not_kept_alive():
    x = named("x", 3.0)
    (x * 2).backward()
    with pytest.raises(OptionError, match="name the output"):
        explain(x)


@given(expressions())
def test_contributions_and_paths_add_up_to_the_gradient(expression):
    leaves = [Value(x) for x in expression.inputs]
    output = expression(*leaves)
    output.backward()
    for leaf in leaves:
        about = find_explanation(leaf, output, paths=64)
        if not math.isfinite(leaf.grad):
            assert repr(about.gradient) == repr(leaf.grad)
            continue
        assert about.gradient == leaf.grad
        terms = [use.contribution for use in about.uses]
        scale = math.fsum(map(abs, terms)) + 1e-300
        assert abs(math.fsum(terms) - leaf.grad) <= 1e-12 * scale
        products = [path.product for path in about.paths]
        if about.path_count <= 64 and all(map(math.isfinite, products)):
            assert len(products) == about.path_count
            scale = math.fsum(map(abs, products)) + 1e-300
            assert abs(math.fsum(products) - leaf.grad) <= 1e-11 * scale
        for form in ("text", "markdown", "latex"):
            assert explain(leaf, output, format=form, paths=2)


def all_paths(node, output):
    """Every path, by brute force."""
    if output is node:
        return [1.0]
    return [
        partial * rest
        for parent, partial in zip(output.parents, output.partials, strict=True)
        for rest in all_paths(node, parent)
    ]


@given(expressions(max_steps=6), st.integers(1, 5))
def test_the_largest_paths_are_the_largest(expression, most):
    x, *_ = leaves = [Value(x) for x in expression.inputs]
    output = expression(*leaves)
    expected = all_paths(x, output)
    between = edges_between(x, engine.topological_order(output))
    assert count_paths(between, x, output) == len(expected)
    if all(map(math.isfinite, expected)) and len(expected) < 200:
        expected = sorted(map(abs, expected), reverse=True)[:most]
        found = [abs(path.product) for path in largest_paths(between, x, output, most)]
        assert found == pytest.approx(expected, rel=1e-12, abs=0)


def test_many_uses_are_capped_and_summed():
    w = named("w", 0.5)
    s = sum((w * i for i in range(1, 31)), Value(0.0))
    told = explain(w, s)
    assert "∂" in told and "= 465" in told
    assert f"… {30 - MOST_USES} more uses" in told
    assert str(sum(range(1, 31 - MOST_USES))) in told
    assert "w × 30" in told and "w × 2 " not in told


@pytest.mark.parametrize(
    ("count", "shown", "rest", "total"),
    [
        (11, 11, None, 66),
        (12, 12, None, 78),
        (13, 12, "… 1 more uses  1", 91),
        (30, 12, "… 18 more uses  171", 465),
    ],
)
def test_up_to_twelve_uses_are_written_and_the_sum_of_the_others(
    count, shown, rest, total
):
    """Of w, 2w, 3w, ... the largest, and 1 + 2 + ... of those that are left out."""
    w = named("w", 0.5)
    s = sum((w * i for i in range(1, count + 1)), Value(0.0))
    lines = [" ".join(line.split()) for line in explain(w, s).splitlines()]
    assert sum(line.startswith("w × ") for line in lines) == shown
    assert [line for line in lines if line[0] == "…"] == (
        [" ".join(rest.split())] if rest else []
    )
    assert lines[-1].startswith("sum ") and lines[-1].endswith(f"= {total}")
    about = find_explanation(w, s)
    assert about.hidden == count - shown
    assert about.hidden_sum == sum(range(1, count - shown + 1))


def test_many_paths_are_counted_not_walked():
    x = named("x", 1.0)
    y = x
    for _ in range(200):
        y = y + y
    told = explain(x, y, paths=3)
    assert "Along 3 of more than 1,000,000,000,000,000 paths" in told
    x = named("x", 1.0)
    y = (x + x) + (x + x)
    assert "Along 3 of 4 paths" in explain(x, y, paths=3)


def test_a_long_chain_is_no_trouble():
    x = named("x", 1.0)
    y = x
    for _ in range(100_000):
        y = y * 1.0
    told = explain(x, y, paths=1)
    assert len(told) < 1000 and "…" in told
    assert "Every value is finite" in why_nan(y)
    assert "not zero" in why_zero(x, y)


def test_a_path_names_nodes_whose_number_is_zero():
    x = named("x", 0.0)
    y = x * 3
    y.label = "y"
    assert explain(x, y, paths=1) == story(
        "∂y/∂x = 3, where x = 0 is used once:",
        "  y = x × 3  1 × 3 = 3",
        "Along the path to y:",
        "  y ← x      3",
    )


@pytest.fixture
def difference():
    """c = 3 a − a: ∂c/∂a = 3 − 1."""
    a = named("a", 2.0)
    b = a * 3
    c = b - a
    c.label = "c"
    return a, b, c


def test_the_whole_text_of_an_explanation(difference):
    a, b, c = difference
    assert explain(a, c, paths=3) == story(
        "∂c/∂a = 2, where a = 2 is used 2 times:",
        "  a × 3            1 × 3 = 3",
        "  c = 6 − a        1 × (−1) = −1",
        "  sum              3 − 1 = 2",
        "Along 2 paths to c:",
        "  c ← (a × 3) ← a  1 × 3 = 3",
        "  c ← a            −1",
    )
    assert explain(b, c) == story(
        "∂c/∂(a × 3) = 1, where a × 3 = 6 is used once:", "  c = 6 − a  1 × 1 = 1"
    )
    u = Value(2.0)
    assert explain(u, u * u).startswith("∂(2 × 2)/∂(2) = 4, where it is used 2 times:")
    c.backward(0.5)
    assert explain(a, c).endswith(
        "a.grad holds 1: other sweeps, or another seed, went into it"
    )


def test_the_whole_markdown_of_an_explanation(difference):
    a, _, c = difference
    assert explain(a, c, format="markdown", paths=1) == story(
        "**∂c/∂a = 2, where a = 2 is used 2 times:**",
        "",
        "| use | upstream × local = contribution |",
        "|---|---|",
        "| a × 3 | 1 × 3 = 3 |",
        "| c = 6 − a | 1 × (−1) = −1 |",
        "| sum | 3 − 1 = 2 |",
        "",
        "Along 1 of 2 paths to c, those with the largest products:",
        "",
        "| path | product |",
        "|---|---|",
        "| c ← (a × 3) ← a | 1 × 3 = 3 |",
    )
    c.backward(0.5)
    told = explain(a, c, format="markdown").splitlines()
    assert told[-2:] == [
        "",
        "a.grad holds 1: other sweeps, or another seed, went into it",
    ]
    far = explain(named("far", 1.0), c, format="markdown")
    assert far == "**∂c/∂far = 0, where far = 1 is not used on the way to c**"


def test_the_whole_latex_of_an_explanation(difference):
    a, _, c = difference
    of_b = r"\partial \left(a \times 3\right)"
    assert explain(a, c, format="latex", paths=3) == story(
        r"\begin{align*}",
        r"\frac{\partial c}{\partial a}",
        rf"  &= \frac{{\partial c}}{{{of_b}}} \cdot \frac{{{of_b}}}{{\partial a}} \\",
        r"  &\quad + \frac{\partial c}{\partial c} \cdot "
        r"\frac{\partial c}{\partial a} \\",
        r"  &= 1 \cdot 3 + 1 \cdot \left(-1\right) \\",
        r"  &= 3 - 1 \\",
        r"  &= 2 \\",
        r"c \leftarrow \left(a \times 3\right) \leftarrow a &: \quad 1 \cdot 3 = 3 \\",
        r"c \leftarrow a &: \quad \left(-1\right) = -1",
        r"\end{align*}",
    )
    assert explain(c, c, format="latex", paths=1).splitlines()[2:4] == [
        r"  &= 1 \\",
        r"c &: \quad 1 = 1",
    ]


def test_latex_says_what_it_leaves_out():
    w = named("w", 0.5)
    s = sum((w * i for i in range(1, 15)), Value(0.0))
    s.label = "s"
    lines = explain(w, s, format="latex", paths=2).splitlines()
    numbers = " + ".join(map(str, range(3, 15)))
    assert rf"  &= {numbers} + \cdots \\" in lines
    assert r"  &= 105 \\" in lines
    assert lines[-2:] == [
        "% 2 more uses stand in the dots",
        "% 2 of 14 paths are shown",
    ]
    x = y = named("x", 1.0)
    for _ in range(60):
        y = y + y
    told = explain(x, y, format="latex", paths=1).splitlines()
    assert told[-1] == "% 1 of more than 1,000,000,000,000,000 paths are shown"


def test_the_middle_of_a_long_path_is_left_out():
    x = named("x", 1.0)
    y = x
    for _ in range(12):
        y = y * 1
    y.label = "y"
    ones = "1 × 1 × 1 × 1 × … × 1 × 1 × 1 × 1 = 1"
    nodes = "y ← (1 × 1) ← (1 × 1) ← (1 × 1) ← … ← (1 × 1) ← (1 × 1) ← (x × 1) ← x"
    assert explain(x, y, paths=1).splitlines()[-1] == f"  {nodes}  {ones}"
    [line] = [
        line
        for line in explain(x, y, format="latex", paths=1).splitlines()
        if "leftarrow" in line
    ]
    way, factors = line.split(r" &: \quad ")
    one = r"\left(1 \times 1\right)"
    first = r"\left(x \times 1\right)"
    dots = r"\cdots"
    assert way.split(r" \leftarrow ") == [
        "y", one, one, one, dots, one, one, first, "x"
    ]  # fmt: skip
    assert factors == r" \cdot ".join([*"1111", dots, *"1111"]) + " = 1"


def test_a_path_of_eight_nodes_is_told_in_full():
    x = named("x", 1.0)
    y = x
    for _ in range(7):
        y = y * 1
    assert "…" not in explain(x, y, paths=1)
    assert "…" in explain(x, y * 1, paths=1)


def test_what_is_nan_is_shown_however_much_there_is_beside_it():
    """√x · 0 at 0 is ∞ · 0: it spoils the sum of the others, and is to be seen."""
    for place in range(20):
        x, zero = named("x", 0.0), named("zero", 0.0)
        terms = [x * 1e6 for _ in range(20)]
        terms.insert(place, sqrt(x) * zero)
        about = find_explanation(x, sum(terms), paths=2)
        assert any(math.isnan(use.contribution) for use in about.shown)
        first, second = [path.product for path in about.paths]
        assert math.isnan(first)
        assert second == 1e6


def test_labels_are_told_on_one_line_and_not_at_length():
    long = "a" * 41
    for label, told in (
        ("two\n  lines", "two lines"),
        ("a" * 40, "a" * 40),
        (long, "'" + "a" * 39 + "…'"),  # quoted, as what is no plain name is
        ("a+b", "'a+b'"),
        ("layer 1.w[0]′", "layer 1.w[0]′"),
    ):
        x = named(label, 1.0)
        assert explain(x, x * 2).splitlines()[0].startswith(f"∂({told} × 2)/∂{told} =")


def test_markdown_is_a_table_whatever_the_labels_are():
    x = named("a|b*c_<img>", 2.0)
    told = explain(x, x * 3, format="markdown", paths=1)
    rows = [line for line in told.splitlines() if line.startswith("|")]
    assert len(rows) == 6
    assert all(len(re.findall(r"(?<!\\)\|", row)) == 3 for row in rows)
    assert "<img" not in told.replace(r"\<img", "")


def test_latex_has_balanced_braces_and_environments(fan_out):
    x, _, g = fan_out
    told = explain(x, g, format="latex", paths=1)
    assert r"\frac{\partial g}{\partial p} \cdot \frac{\partial p}{\partial x}" in told
    assert r"= 11 \cdot y + 1 \cdot 1" in told
    assert "&= 22 + 1" in told and "&= 23" in told
    assert told.startswith(r"\begin{align*}") and r"\end{align*}" in told
    assert "% 1 of 2 paths are shown" in told


@pytest.mark.parametrize("op", TABLE.values(), ids=lambda op: op.name)
def test_every_formula_is_written_in_latex(op):
    symbols = [Symbol(latex_name(name)) for name in op.operands]
    for partial in op.partials(Symbol("out"), *symbols):
        text = latex(partial)
        assert text.isascii()
        assert text.count("{") == text.count("}")
        assert text.count(r"\begin") == text.count(r"\end")
        assert text.count(r"\left") == text.count(r"\right") + text.count(r"\leftarrow")


def test_labels_cannot_break_out_of_latex():
    for label in (r"\input{/etc/passwd}", "$x$", "a_b^c", "50%", "{", "~&#"):
        text = latex_name(label)
        assert r"\input" not in text
        assert text.replace(r"\{", "").replace(r"\}", "").count("{") == (
            text.replace(r"\{", "").replace(r"\}", "").count("}")
        )
        assert not re.search(r"(?<!\\)[%&#$]", text)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda x: explain(3.0, x), OperandError, "not 3.0"),
        (lambda x: explain(x, "y"), OperandError, "not 'y'"),
        (lambda x: explain(x, x, format="html"), OptionError, "text, markdown, latex"),
        (lambda x: explain(x, x, paths=-1), OptionError, "0 or more"),
        (lambda x: why_nan(math.nan), OperandError, "not about nan"),
        (lambda x: why_zero(0.0, x), OperandError, "not 0.0"),
    ],
)
def test_wrong_arguments_are_told(call, error, message):
    with pytest.raises(error, match=message):
        call(Value(1.0))


# -- why_nan -------------------------------------------------------------------------


def test_an_infinite_derivative_times_zero_is_followed():
    z = named("z", 0.0)
    r = sqrt(z) * 0
    lines = why_nan(r).splitlines()
    assert lines[0] == "Every value is finite."
    assert "back through sqrt(z)" in lines[1]
    assert "to z: 0 × ∞" in lines[2] and lines[2].endswith("= nan")
    assert lines[3] == "Not finite in the end: ∂/∂z = nan."
    r.backward()
    assert math.isnan(z.grad)


def test_an_overflow_is_followed_to_the_output():
    a = named("a", 1e200)
    t = (a * a - a * a) / 3
    lines = why_nan(t).splitlines()
    assert "is nan. It began with" in lines[0]
    assert "a × a: 1e+200 × 1e+200 = ∞, too large for a float" in lines[1]
    assert "∞ − ∞ = nan" in lines[2]


def story(*lines):
    return "\n".join(lines)


def test_the_story_of_an_overflow():
    a = named("a", 1e200)
    s = a * a
    s.label = "s"
    t = (s - s) / 3
    t.label = "t"
    assert why_nan(t) == story(
        "The value of t is nan. It began with",
        "  s = a × a: 1e+200 × 1e+200 = ∞, too large for a float",
        "  s − s: ∞ − ∞ = nan",
        "  t = nan ÷ 3: nan ÷ 3 = nan",
        "Every gradient is finite.",
    )


def test_an_input_that_was_not_finite_is_named():
    assert why_nan(named("p", math.nan) * 2).splitlines()[:2] == [
        "The value of (p × 2) is nan. It began with",
        "  p = nan",
    ]
    assert why_nan(Value(math.inf) * 2).splitlines()[:2] == [
        "The value of (∞ × 2) is ∞. It began with",
        "  an input = ∞",
    ]


def test_a_value_outside_of_a_domain_is_told_from_an_overflow():
    x = named("x", -1.0)
    with extended_arithmetic():
        y = x.log()
    assert "  log(x): log(−1) = nan, which has no real value" in why_nan(y).splitlines()


def test_what_does_not_reach_the_output_is_said_to():
    a = named("a", 1e200)
    assert why_nan(1 / (a * a)) == story(
        "The output is finite, but on the way to (1 ÷ ∞) there is",
        "  a × a: 1e+200 × 1e+200 = ∞, too large for a float",
        "Every gradient is finite.",
    )


def test_the_middle_of_a_long_way_is_left_out():
    x = named("x", 1e308)
    y = x
    for _ in range(12):
        y = y * 10
    lines = why_nan(y).splitlines()
    assert lines[1] == "  x × 10: 1e+308 × 10 = ∞, too large for a float"
    assert (
        lines[2:10]
        == ["  ∞ × 10: ∞ × 10 = ∞"] * 3 + ["  …"] + ["  ∞ × 10: ∞ × 10 = ∞"] * 4
    )
    z = named("z", 0.0)
    y = z
    for _ in range(12):
        y = y * 2
    lines = why_nan(sqrt(y)).splitlines()
    assert lines[2] == "  to (0 × 2): 1 × ∞ (1 ÷ (2 × 0)) = ∞"
    assert lines[3:11] == ["  to (0 × 2): ∞ × 2 = ∞, through 0 × 2"] * 3 + ["  …"] + [
        "  to (0 × 2): ∞ × 2 = ∞, through 0 × 2"
    ] * 2 + [
        "  to (z × 2): ∞ × 2 = ∞, through 0 × 2",
        "  to z: ∞ × 2 = ∞, through z × 2",
    ]


def test_the_story_goes_back_to_an_input_and_not_to_a_constant():
    x = named("x", 0.0)
    assert why_nan(sqrt(3 * x)) == story(
        "Every value is finite.",
        "A gradient stopped being finite on the way back through sqrt(0):",
        "  to (3 × x): 1 × ∞ (1 ÷ (2 × 0)) = ∞",
        "  to x: ∞ × 3 = ∞, through 3 × x",
        "Not finite in the end: ∂/∂x = ∞.",
    )


@pytest.mark.parametrize(
    ("count", "rest"), [(8, "."), (9, " and 1 more."), (10, " and 2 more.")]
)
def test_inputs_without_a_finite_gradient_are_named_and_many_are_counted(count, rest):
    xs = [named(f"x{i}", 0.0) for i in range(count)]
    y = sum(map(sqrt, xs), named("fine", 1.0))
    listed = ", ".join(f"∂/∂x{i} = ∞" for i in range(8))
    assert why_nan(y).splitlines()[-1] == f"Not finite in the end: {listed}{rest}"


@given(expressions(bound=math.inf))
def test_it_says_finite_exactly_when_all_is(expression):
    leaves = [Value(x) for x in expression.inputs]
    output = expression(*leaves)
    output.backward()
    nodes = engine.topological_order(output)
    told = why_nan(output)
    values_finite = all(math.isfinite(node.data) for node in nodes)
    assert ("Every value is finite" in told) == values_finite
    reached = [node for node in nodes if node.kind != "constant"]
    if "Every gradient is finite" in told:
        assert all(math.isfinite(node.grad) for node in reached)


# -- why_zero ------------------------------------------------------------------------


def test_a_dead_relu():
    x = named("x", -2.0)
    h = relu(x)
    h.label = "h"
    assert "dead relu: h = relu(x) is flat where x = −2" in why_zero(x, h * 3)


def test_what_cancels_is_shown():
    x = named("x", 5.0)
    assert "contributions cancel at x: 3 − 3 = 0" in why_zero(x, x * 3 - x * 3)
    h = x * 2
    h.label = "h"
    assert "cancel at h: 4 − 4 = 0" in why_zero(x, h * 4 - h * 4)


def test_a_factor_that_is_zero():
    x, m = named("x", 5.0), named("m", 0.0)
    assert "∂(x × m)/∂x = m, which is 0" in why_zero(x, x * m)


def test_underflow():
    u = named("u", 1e-200)
    assert "1e−200 × 1e−200 is too small for a float" in why_zero(u, u * u * u)


def test_every_branch_is_told():
    x = named("x", -2.0)
    told = why_zero(x, relu(x) + x * 0 + relu(x * 2))
    assert told.count("dead relu") == 2
    assert "passes nothing back" in told


def test_detached_and_unrecorded_values_are_found():
    x, y = named("x", 2.0), named("y", 3.0)
    h = x * 3
    h.label = "h"
    assert "h = 6 was cut off from it by detach()" in why_zero(x, h.detach() * y)
    with no_grad():
        k = x * 2
    assert "by no_grad()" in why_zero(x, k * y)
    assert "y has no part" not in why_zero(x, k * y)
    assert "It was not used" in why_zero(x, y * y)
    assert "It was not used" in why_zero(x, y * x.data)


def test_a_branch_that_cancels_does_not_hide_the_next():
    x = named("x", -2.0)
    both = x * 2
    assert why_zero(x, (both * 4 - both * 4) + relu(x * 5)) == story(
        "∂(0 + 0)/∂x = 0, because",
        "  contributions cancel at (x × 2): 4 − 4 = 0",
        "  dead relu: relu(−10) is flat where (x × 5) = −10",
    )


def test_what_is_reached_on_two_ways_is_told_once():
    x = named("x", 3.0)
    assert why_zero(x, relu(-(x * x))) == story(
        "∂(relu(−9))/∂x = 0, because",
        "  dead relu: relu(−9) is flat where (−9) = −9",
    )


def test_the_formula_of_a_derivative_is_told_where_it_says_more():
    x, m = named("x", 5.0), named("m", 0.0)
    assert why_zero(x, x * m) == story(
        "∂(x × m)/∂x = 0, because",
        "  x × m passes nothing back to x = 5: ∂(x × m)/∂x = m, which is 0",
    )
    assert why_zero(x, x * 0) == story(
        "∂(x × 0)/∂x = 0, because",
        "  x × 0 passes nothing back to x = 5: ∂(x × 0)/∂x = 0",
    )


@pytest.mark.parametrize("count", [8, 9, 10])
def test_many_causes_are_counted(count):
    x = named("x", -1.0)
    y = sum((relu(x * i) for i in range(1, count + 1)), Value(0.0))
    lines = why_zero(x, y).splitlines()[1:]
    assert lines[:8] == [
        f"  dead relu: relu(−{i}) is flat where (x × {i}) = −{i}" for i in range(1, 9)
    ]
    more = f"  … and {count - 8} more like these"
    assert lines[8:] == ([more] if count > 8 else [])


@pytest.mark.parametrize("count", [8, 9, 10])
def test_many_cuts_are_counted(count):
    x = named("x", 1.0)
    origins = [x * i for i in range(count)]
    y = sum((origin.detach() for origin in origins), named("b", 1.0))
    y.label = "y"
    lines = why_zero(x, y).splitlines()
    assert lines[0] == "∂y/∂x = 0: x has no part in y."
    assert lines[1:9] == [f"  {i} was cut off from it by detach()" for i in range(8)]
    assert lines[9:] == ([f"  … and {count - 8} more"] if count > 8 else [])


def test_the_story_of_what_was_not_used():
    x, a, b = named("x", 1.0), named("a", 2.0), named("b", 3.0)
    y = a * b + a
    y.label = "y"
    assert why_zero(x, y) == story(
        "∂y/∂x = 0: x has no part in y.",
        "  It was not used, or a number was taken out of it on the way: float(x), "
        "x.data and x.item() do not remember where they came from.",
    )


def test_sweeps_that_cancel_have_reached_the_node():
    x = named("x", 2.0)
    y = x * 3
    y.label = "y"
    y.backward()
    y.backward(-1.0)
    assert x.grad == 0.0
    assert why_zero(x, y) == "∂y/∂x = 3, which is not zero."


def test_a_thread_without_a_sweep_is_told_to_name_the_output():
    with ThreadPoolExecutor(1) as pool:
        told = pool.submit(lambda: why_zero(named("x", 2.0))).result()
    assert told == (
        "x.grad is 0: no backward() has run in this thread, or its output is gone. "
        "Name the output: why_zero(x, y)"
    )


def test_nobody_has_run_backward():
    x = named("x", 2.0)
    y = x * 3
    assert "which is not zero. x.grad is 0 because no backward()" in why_zero(x, y)
    y.backward()
    assert why_zero(x).endswith("= 3, which is not zero.")


@given(expressions())
def test_every_zero_has_a_reason(expression):
    leaves = [Value(x) for x in expression.inputs]
    output = expression(*leaves)
    output.backward()
    for leaf in leaves:
        told = why_zero(leaf, output)
        if leaf.grad == 0:
            assert "\n" in told
        else:
            assert "not zero" in told or "nan" in told


# -- source lines --------------------------------------------------------------------


def test_stories_name_the_line():
    x = named("x", -2.0)
    with record_source():
        h = relu(x)
        line = here() - 1
    where = f"test_explanation.py:{line}]"
    assert where in explain(x, h)
    assert where in why_zero(x, h)
    with record_source():
        r = sqrt(h)
        line = here() - 1
    assert f"test_explanation.py:{line}]" in why_nan(r)


def test_lines_inside_of_functions_of_the_engine_are_the_users():
    x = named("x", 0.3)
    with record_source():
        y = engine.softmax([x, 1.0])[0]
    assert y.source[0] == __file__
    assert Value(1.0).source is None


def test_a_script_is_named_relative_to_where_it_runs(tmp_path):
    script = tmp_path / "model.py"
    script.write_text(
        "from engine import *\n"
        "x = Value(0.0, label='x')\n"
        "with record_source():\n"
        "    y = sqrt(x)\n"
        "print(why_nan(y))\n"
    )
    ran = subprocess.run(
        [sys.executable, "model.py"], cwd=tmp_path, capture_output=True, text=True,
        check=True, encoding="utf-8", env={"PYTHONIOENCODING": "utf-8"},
    )  # fmt: skip
    assert "back through sqrt(x) [model.py:4]:" in ran.stdout


@pytest.mark.parametrize("tell", ["explain", "why_nan", "why_zero"])
def test_the_graph_is_walked_once(tell, monkeypatch):
    walks = []

    def walk(*roots):
        walks.append(roots)
        return engine.topological_order(*roots)

    for name in ("contributions", "why_nan", "why_zero"):
        module = importlib.import_module(f"engine.explanation.{name}")
        monkeypatch.setattr(module, "topological_order", walk)
    for module in (sweep, node):
        monkeypatch.setattr(module, "topological_order", walk)
    x = Value(-2.0, label="x")
    y = relu(x) * 3 + relu(x)
    options = {"explain": (x, y), "why_nan": (y,), "why_zero": (x, y)}
    getattr(engine, tell)(*options[tell], **{"paths": 9} if tell == "explain" else {})
    assert walks == [(y,)]
