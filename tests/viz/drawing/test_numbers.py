"""Each number, colour and end of a wire is the right one, as worked out by hand."""

import math
import re

import pytest
from graphs import differentiated

from engine import Value, scope
from engine.nn import parameter
from viz import THEMES, Diagram, draw, draw_diff
from viz.diagram.collapse import CROWD, MOST_INPUTS, collapse, is_crowded
from viz.diagram.fuse import fuse

LIGHT = THEMES["light"]


def lines(picture, text):
    return [line for line in picture.body if text in line]


def texts(line):
    """What stands in a label, from the top to the bottom."""
    return re.findall(r">([^<>\n]+)<", line)


def ends(picture):
    """From where to where each wire leads, ports left out."""
    edges = [re.match(r'\s*"?(\S+?)"? -> (\S+)', line) for line in picture.body]
    pairs = [(e[1].split(":")[0], e[2].split(":")[0]) for e in edges if e]
    wires = dict(pair[::-1] for pair in pairs if pair[1].startswith("w"))
    return {(wires[tail], head) for tail, head in pairs if tail.startswith("w")} | {
        pair for pair in pairs if "w" not in pair[0] + pair[1]
    }


# -- shares --------------------------------------------------------------------------


def test_shares_of_a_difference_of_a_product_and_a_quotient():
    """L = a·b − a/c at (6, 5, 2): ∂/∂a = 5 − ½, ∂/∂b = 6, ∂/∂c = 6/4."""
    a, b, c = Value(6.0, "a"), Value(5.0, "b"), Value(2.0, "c")
    root = differentiated((a * b - a / c) * 10)
    diagram = Diagram.of(root)
    names = {n.id: n.label or n.symbol or f"{n.value:g}" for n in diagram.nodes}
    shares = {
        (names[e.source], names[e.target], e.position): e.gradient
        for e in diagram.edges
    }
    assert shares == {
        ("a", "×", 0): 50.0, ("b", "×", 1): 60.0, ("a", "÷", 0): -5.0,
        ("c", "÷", 1): 15.0, ("×", "−", 0): 10.0, ("÷", "−", 1): -10.0,
        ("−", "×", 0): 10.0, ("10", "×", 1): 27.0,
    }  # fmt: skip


def test_a_wire_tells_of_uses_that_are_not_drawn():
    x = Value(3.0, "x")
    once, twice = x * 2, (x * 4) * x
    once.backward()
    (x * 5).backward()
    [wire] = lines(draw(once, legend=False), "id=wn0 ")
    assert texts(wire)[1:] == ["7", "= 2 + 5 elsewhere"]
    assert Diagram.of(once).nodes[0].elsewhere == 5.0
    twice.backward()
    [trunk] = lines(draw(twice, legend=False), "id=wn0 ")
    assert texts(trunk)[1:] == ["31", "= 12 + 12 + 7 elsewhere"]
    (x * -100).backward()
    [trunk] = lines(draw(twice, legend=False), "id=wn0 ")
    assert texts(trunk)[1:] == ["−69", "= 12 + 12 − 93 elsewhere"]


def test_many_uses_beside_some_that_are_not_drawn():
    x = Value(2.0, "x")
    root = differentiated(x * 1 + x * 2 + x * 3 + x * 4)
    (x * 5).backward()
    [trunk] = lines(draw(root, legend=False), "id=wn0 ")
    assert texts(trunk)[1:] == ["15", "= Σ of 4 + 5 elsewhere"]


def test_a_value_that_is_used_several_times_has_a_fork():
    """x at 3 goes into a product and a difference: 4 − 1, and back 3 and −1."""
    x, y = Value(3.0, "x"), Value(4.0, "y")
    root = differentiated(x * y - x)  # n0 x, n1 y, n2 ×, n3 −
    picture = draw(root, legend=False)
    [fork] = lines(picture, "class=fork")
    assert "kn0" in fork and "shape=point" in fork
    assert ends(picture) == {
        ("n0", "kn0"), ("kn0", "n2"), ("kn0", "n3"), ("n1", "n2"), ("n2", "n3"),
        ("n3", "outn3"),
    }  # fmt: skip
    [trunk], [first], [second] = (
        lines(picture, f" id={name} shape") for name in ("wn0", "wn0_0", "wn0_1")
    )
    assert texts(trunk) == ["3", "3", "= 4 − 1"]
    assert texts(first)[:2] == ["3", "4"] and texts(second)[:2] == ["3", "−1"]
    wires = [line.split("->") for line in lines(picture, "wn0_") if "->" in line]
    assert [head.split("[")[0].strip() for tail, head in wires if "wn0_" in tail] == [
        "n2", "n3",
    ]  # fmt: skip


def test_cards_show_the_shares_of_a_value_that_is_used_twice():
    x, y = Value(3.0, "x"), Value(4.0, "y")
    picture = draw(differentiated(x * y - x), style="card", legend=False)
    found = [texts(line)[-1] for line in lines(picture, "class=wire")]
    assert found == ["4", "−1"]


def test_summands_keep_their_order_and_named_sums_their_node():
    xs = [Value(float(i), f"x{i}") for i in range(5)]
    total = xs[0] + xs[1] + xs[2] + xs[3]
    fused = fuse(Diagram.of(differentiated(total + xs[4])))
    assert [edge.value for edge in fused.into(fused.output.id)] == [0, 1, 2, 3, 4]
    assert [edge.position for edge in fused.into(fused.output.id)] == [0, 1, 2, 3, 4]
    total.label = "total"
    fused = fuse(Diagram.of(total + xs[4]))
    assert [(n.label, n.symbol) for n in fused.nodes if n.operation] == [
        ("total", "Σ"), ("", "+"),
    ]  # fmt: skip


# -- scopes --------------------------------------------------------------------------


def test_an_edge_between_scopes_is_the_sum_over_all_uses():
    """b = 4p − 10p + p, so −5; with the weights 3 and 4 a norm of 5, not a sum of 7."""
    x = Value(2.0, "x")
    with scope("a"):
        p = x * 3
    with scope("b"):
        b = p * 4 - p * 10 + p
    diagram = collapse(differentiated(b), 1)
    [edge] = diagram.uses("n1")
    assert (edge.value, edge.gradient, edge.count) == (6.0, -5.0, 1)
    with scope("a"):
        p, q = x * 3, x * 5
    with scope("b"):
        b = p * 3 + q * -4
    diagram = collapse(differentiated(b), 1)
    [edge] = diagram.uses("n1")
    assert [part.gradient for part in edge.parts] == [3.0, -4.0]
    assert edge.gradient == 5.0 and edge.value == math.hypot(6, 10)


def test_a_scope_counts_its_parameters_and_their_norm():
    x = Value(1.0, "x")
    with scope("layer"):
        y = parameter(2.0, "w") * x * 3 + parameter(1.0, "b") * 4 + Value(7.0) * 12
    diagram = collapse(differentiated(y), 1)
    assert diagram.output.inside.parameters == 2
    assert diagram.output.gradient_norm == 5.0
    assert "2 parameters, |grad| 5<" in draw(y, depth=1, legend=False).source


def test_many_outputs_are_told_from_the_least_to_the_greatest():
    x = Value(2.0, "x")
    with scope("a"):
        made = [x * factor for factor in (5, -1, 3)]
    with scope("b"):
        y = made[0] + made[1] + made[2]
    source = draw(differentiated(y), depth=1, legend=False).source
    assert "3 outputs" in source and "−2 … 10" in source


def neurons(count):
    made = []
    for i in range(count):
        with scope(f"neuron {i}"):
            made.append(Value(1.0, "x") * (i + 1))
    return differentiated(sum(made[1:], made[0]))


@pytest.mark.parametrize(
    ("count", "crowded"), [(2, False), (CROWD - 1, False), (CROWD, True), (60, True)]
)
def test_nine_scopes_are_a_crowd_of_circles(count, crowded):
    assert CROWD == 9
    diagram = collapse(neurons(count), 1)
    assert is_crowded(diagram) is crowded
    picture = draw(neurons(count), depth=1)
    circles = [line for line in picture.body if "shape=circle" in line]
    assert bool(circles) is crowded
    assert ("circle: a scope" in picture.source) is crowded
    assert ("card: a scope" in picture.source) is not crowded


@pytest.mark.parametrize("count", [1, 2, 3, MOST_INPUTS, MOST_INPUTS + 1, 30])
def test_up_to_eight_named_inputs_are_drawn_beside_their_scope(count):
    """Weights are inside of it, names or not; more inputs would hide the picture."""
    assert MOST_INPUTS == 8
    with scope("layer"):
        xs = [Value(1.0, f"x{i}") for i in range(count)]
        y = sum(x * parameter(2.0, f"w{i}") for i, x in enumerate(xs))
        z = y + Value(1.0)
    diagram = collapse(differentiated(z), 1)
    drawn = [node.label for node in diagram.nodes if node.kind == "leaf"]
    assert drawn == ([x.label for x in xs] if count <= 8 else [])
    inside = 2 + 4 * count - len(drawn) + (count > 0)
    assert diagram.output.inside.count == inside


# -- cuts ----------------------------------------------------------------------------


def test_a_stub_hides_only_what_is_not_drawn():
    """Behind the sum stand cos, sin, y, × and 0.001, and x, which is drawn."""
    x, y = Value(2.0, "x"), Value(0.5, "y")
    root = differentiated((y.sin().cos() + x * 0.001) * x * 100)
    source = draw(root, budget=5, legend=False).source
    assert "label=x class=leaf" in source
    assert "… 5 more" in source


# -- colours and widths --------------------------------------------------------------


def pens(picture):
    """The colour, width and style of the edge that leaves each node."""
    found = {}
    for line in picture.body:
        if match := re.match(r"\s*(n\d+) -> w", line):
            found[match[1]] = (
                re.search('color="(#.{6})"', line)[1],
                int(re.search(r"penwidth=(\d)", line)[1]),
                re.search(r"style=(\w+)", line)[1],
            )
    return found


def test_signs_have_their_colours_and_sizes_their_widths():
    numbers = (1000.0, -1000.0, 10.0, 0.001, 0.0, math.inf, math.nan)
    xs = [Value(1.0, f"x{i}") for i in range(len(numbers))]
    root = Value(1.0)
    for x, number in zip(xs, numbers, strict=True):
        root = root + x * number
    root.backward()
    order = {node.label: node.id for node in Diagram.of(root).nodes}
    found = pens(draw(root, style="wire"))
    big, minus, middle, small, zero, infinite, nan = (found[order[x.label]] for x in xs)
    assert big == (LIGHT.positive, 4, "solid")
    assert minus == (LIGHT.negative, 4, "solid")
    assert middle[1] == 2 and small[1] == 1
    assert zero == (LIGHT.zero, 1, "dashed")
    assert infinite == nan == (LIGHT.nonfinite, 4, "solid")


def test_the_number_of_a_gradient_has_the_colour_of_its_sign():
    picture = draw(differentiated(Value(2.0, "x") * -3 + Value(1.0, "y") * 5))
    for name, color in (("−3", LIGHT.negative), ("5", LIGHT.positive)):
        assert f'COLOR="{color}"><B>{name}</B>' in picture.source


def test_a_norm_has_no_sign_and_so_no_colour_of_one():
    x = Value(2.0, "x")
    with scope("a"):
        p, q = x * 3, x * 5
    with scope("b"):
        y = p * 3 + q * -4
    picture = draw(differentiated(y), depth=1)
    colors = {
        re.search('color="(#.{6})"', line)[1]
        for line in picture.body
        if re.match(r"\s*n1 -> w", line)
    }
    assert colors == {LIGHT.plain_wire}


@pytest.mark.parametrize(
    "operation", ["sub", "truediv", "floordiv", "mod", "pow", "atan2"]
)
def test_operands_that_cannot_be_swapped_keep_their_order(operation):
    from engine import TABLE

    for style in ("wire", "card"):
        root = TABLE[operation](Value(5.0, "x"), Value(2.0, "y"))
        [line] = lines(draw(root, style=style), "class=operation")
        assert "ordering=in" in line
        root = TABLE["add"](Value(5.0, "x"), Value(2.0, "y"))
        [line] = lines(draw(root, style=style), "class=operation")
        assert "ordering=in" not in line


# -- comparisons and highlights ------------------------------------------------------


def run(x):
    return differentiated(Value(x, "x") * Value(3.0, "y") + Value(1.0, "b"))


def test_a_comparison_reads_from_before_to_after():
    source = draw_diff(run(1.0), run(2.0)).source
    assert "1 → 2" in source and "4 → 7" in source
    assert "2 → 1" not in source
    up, down = (
        f'color="{LIGHT.positive}"' in draw_diff(a, b, legend=False).source
        for a, b in ((run(1.0), run(2.0)), (run(2.0), run(1.0)))
    )
    assert (up, down) == (True, False)  # ∂/∂y = x has grown, and has become less


def test_only_wires_between_two_highlighted_values_stand_out():
    x, y = Value(2.0, "x"), Value(3.0, "y")
    product = x * y
    root = differentiated(product + y)
    found = pens(draw(root, highlight=[x, product]))
    plain = pens(draw(root))
    assert found["n0"] == plain["n0"]  # x into the product
    assert found["n2"][0] != plain["n2"][0]  # the product into the sum
    assert found["n1"][0] != plain["n1"][0]
