"""Leaves that share a label are told apart by their scopes, wherever they are named."""

import random

import pytest

from engine import (
    Value,
    explain,
    gradient_table,
    path_labels,
    relu,
    scope,
    sqrt,
    topological_order,
    why_nan,
    why_zero,
)
from engine.nn import MLP, Affine, Sequential, Tanh
from viz import save, tree


def name(output):
    paths = path_labels(topological_order(output))
    return {" › ".join(path): leaf for leaf, path in paths.items()}


@pytest.fixture
def model():
    rng = random.Random(0)
    return Sequential(Affine(2, 2, rng=rng), Tanh(), Affine(2, 1, rng=rng))


def test_the_outermost_scope_is_enough_where_it_tells_them_apart(model):
    [y] = model([1.0, -2.0])
    found = name(y)
    first, last = model.layers[0], model.layers[2]
    assert found["Affine 1 › w11"] is first.weight[0][0]
    assert found["Affine 2 › w11"] is last.weight[0][0]
    assert first.weight[0][1] not in found.values(), "w12 is there once"


def test_else_as_many_scopes_as_are_needed():
    model = MLP(2, [2, 1], rng=random.Random(1))
    found = name(model([1.0, 2.0]))
    assert found["layer 1 › neuron 2 › w1"] is model.layers[0].neurons[1].w[0]
    assert len(found) == len(model.parameters()) == 9


def test_what_no_scope_tells_apart_keeps_its_label():
    one, other = Value(1.0, label="x"), Value(2.0, label="x")
    assert name(one * other) == {}
    with scope("a"):
        y = one * other
    assert name(y) == {}


def test_a_leaf_used_in_several_scopes_is_named_by_what_they_share():
    x, twin = Value(1.0, label="x"), Value(2.0, label="x")
    with scope("model"):
        with scope("left"):
            a = x * 2
        with scope("right"):
            b = x * 3
        total = a + b
    with scope("head"):
        y = total * twin
    assert name(y) == {"model › x": x, "head › x": twin}


def test_the_scope_a_leaf_was_made_in_comes_first():
    with scope("made"):
        x = Value(1.0, label="x")
    twin = Value(2.0, label="x")
    with scope("used"):
        y = x * twin
    assert name(y) == {"made › x": x, "used › x": twin}


def test_the_gradient_table_tells_layers_apart(model):
    table = gradient_table(lambda: model([1.0, -2.0]), parameters=model.parameters())
    names = [row.input for row in table.rows]
    assert len(set(names)) == len(model.parameters())
    assert {"Affine 1 › w11", "Affine 2 › w11", "w12"} <= set(names)


def test_stories_tell_layers_apart(model):
    [y] = model([1.0, -2.0])
    y.backward()
    weight = model.layers[0].weight[0][0]
    assert "/∂Affine 1 › w11 = " in explain(weight)
    assert r"Affine 1 $\triangleright$ w11" in explain(weight, format="latex")
    assert "Affine 1 › w11" in why_zero(weight, y)
    assert "Affine 1 › w11" not in explain(weight, weight * 1), "alone, it is w11"


def test_stories_of_nan_and_zero_name_the_leaf_that_is_meant():
    x, twin = Value(0.0, label="x"), Value(-1.0, label="x")
    with scope("first"):
        a = sqrt(x * x)
    with scope("second"):
        y = a + relu(twin)
    assert "to first › x: " in why_nan(y)
    assert "dead relu: relu(second › x) is flat" in why_zero(twin, y)


@pytest.mark.parametrize("ending", ["svg", "json", "mmd", "tex", "gv", "txt"])
def test_pictures_of_every_format_tell_layers_apart(model, tmp_path, ending):
    [y] = model([1.0, -2.0])
    path = tmp_path / f"model.{ending}"
    save(y, path)
    text = path.read_text(encoding="utf-8")
    text = text.replace("\\u203a", "›").replace("#8250;", "›")  # of JSON and Mermaid
    between = r"$\triangleright$" if ending == "tex" else "›"
    for layer in (1, 2):
        assert f"Affine {layer} {between} w11" in text.replace("&#160;", " ")


def test_of_a_long_path_the_label_is_shown():
    x, twin = Value(1.0, label="x"), Value(2.0, label="x")
    with scope("a name of a scope that is really long " * 2):
        y = x * 2
    assert "… › x" in tree(y * twin)
