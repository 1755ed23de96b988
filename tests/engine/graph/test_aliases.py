"""Code for other engines: micrograd's notebook, its lecture, a small GPT."""

import math

import pytest

from engine import EscapeError, Value, grad, topological_order
from engine.tape import jit


def trace(root):
    """The notebook's: nodes and edges by `_prev`."""
    nodes, edges = set(), set()

    def build(v):
        if v not in nodes:
            nodes.add(v)
            for child in v._prev:
                edges.add((child, v))
                build(child)

    build(root)
    return nodes, edges


def draw_dot(root):
    """The notebook's, with lines of DOT in the place of the graphviz package."""
    lines = []
    nodes, edges = trace(root)
    for n in nodes:
        uid = str(id(n))
        label = f"{{ data {n.data:.4f} | grad {n.grad:.4f} }}"
        lines.append(f'{uid} [shape=record label="{label}"]')
        if n._op:
            lines.append(f'{uid + n._op} [label="{n._op}"]')
            lines.append(f"{uid + n._op} -> {uid}")
    lines += [f"{id(n1)} -> {str(id(n2)) + n2._op}" for n1, n2 in edges]
    return lines


def test_the_notebook_that_draws_a_neuron():
    """By hand: 0.5 · 2 + 1 = 2, relu 2, squared 4; ∂/∂x = 4 · 0.5, ∂/∂w = 4 · 2."""
    x, w, b = Value(2.0), Value(0.5), Value(1.0)
    y = (w * x + b).relu() ** 2
    y.backward()
    nodes, edges = trace(y)
    assert (len(nodes), len(edges)) == (7, 6)
    assert sorted(n._op for n in nodes) == ["", "", "", "*", "**2", "+", "ReLU"]
    lines = draw_dot(y)
    assert len(lines) == 7 + 2 * 4 + 6
    assert any("data 2.0000 | grad 2.0000" in line for line in lines)  # x
    assert any("data 0.5000 | grad 8.0000" in line for line in lines)  # w


def test_a_use_of_the_same_value_twice_is_one_entry_of_a_set():
    x = Value(3.0)
    assert (x * x)._prev == {x}
    assert x._prev == set()
    assert (x - 1)._prev >= {x}


@pytest.mark.parametrize(
    ("symbol", "make"),
    [
        ("", lambda x: x),
        ("+", lambda x: x + 1),
        ("-", lambda x: x - 1),
        ("*", lambda x: 2 * x),
        ("/", lambda x: 1 / x),
        ("//", lambda x: x // 2),
        ("%", lambda x: x % 2),
        ("**3", lambda x: x**3),
        ("**-0.5", lambda x: x**-0.5),
        ("**", lambda x: 2**x),
        ("neg", lambda x: -x),
        ("ReLU", lambda x: x.relu()),
        ("tanh", lambda x: x.tanh()),
        ("exp", lambda x: x.exp()),
    ],
)
def test_symbols(symbol, make):
    assert make(Value(2.0))._op == symbol


def test_the_lecture_goes_back_by_hand():
    def build():
        x1, w1, b = Value(2.0), Value(-3.0), Value(6.8813735870195432)
        return (x1 * w1 + x1 + b).tanh(), x1, w1, b

    o, *leaves = build()
    o.backward()
    again, *by_hand = build()
    again.grad = 1.0
    for node in reversed(topological_order(again)):
        node._backward()
    assert [v.grad for v in by_hand] == [v.grad for v in leaves]
    slope = 1 - math.tanh(2 * -3 + 2 + 6.8813735870195432) ** 2
    assert leaves[1].grad == pytest.approx(2 * slope, rel=1e-12)


def test_the_names_of_the_smallest_engines():
    def sweep(loss):
        topo, visited = [], set()

        def build(v):
            if v not in visited:
                visited.add(v)
                for child in v._children:
                    build(child)
                topo.append(v)

        build(loss)
        loss.grad = 1
        for v in reversed(topo):
            for child, local in zip(v._children, v._local_grads, strict=True):
                child.grad += local * v.grad

    x, y = Value(3.0), Value(4.0)
    z = x * y + x**2
    assert z._children == z.parents
    sweep(z)
    assert (x.grad, y.grad) == (4.0 + 2 * 3.0, 3.0)
    for name in ("_prev", "_op", "_children", "_local_grads"):
        with pytest.raises(AttributeError):
            setattr(z, name, ())


@pytest.mark.parametrize(
    ("run", "escape"),
    [
        (grad, lambda x: (x * x)._local_grads[0] * x),
        (grad, lambda x: (x * x)._backward() or x),
        (jit, lambda x: (x * x)._backward() or x),
    ],
)
def test_they_are_escapes_where_the_public_names_are(run, escape):
    with pytest.raises(EscapeError, match=r"test_aliases\.py:\d+ takes the number"):
        run(escape)(1.0)
