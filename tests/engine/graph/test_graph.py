"""Walks and the reverse sweep."""

import gc
import math
import sys
import threading

import pytest
from graphs import micrograd
from hypothesis import given
from hypothesis import strategies as st
from oracle import leaves_of

from engine import (
    OperandError,
    StaleGraphError,
    Value,
    edges,
    gradients,
    register,
    topological_order,
    unregister,
)
from engine.testing import expressions


@given(expressions())
def test_topological_order(expression):
    root = expression.value()
    order = topological_order(root)
    place = {node: i for i, node in enumerate(order)}
    assert order[-1] is root
    assert len(place) == len(order)
    assert all(place[p] < place[node] for node in order for p in node.parents)
    assert {node for node in order if not node.parents} == set(leaves_of(root))


@given(expressions())
def test_the_order_depends_on_the_expression_alone(expression):
    first, second = (topological_order(expression.value()) for _ in range(2))
    assert [repr(node) for node in first] == [repr(node) for node in second]


def test_edges_have_order_and_multiplicity():
    x, y = Value(3.0), Value(5.0)
    z = x - y
    found = list(edges(z * z))
    assert [(e.parent, e.position) for e in found] == [(x, 0), (y, 1), (z, 0), (z, 1)]
    assert [e.partial for e in found] == [1.0, -1.0, -2.0, -2.0]


def test_backward_accumulates_over_uses_and_calls():
    x, y = Value(3.0), Value(-2.0)
    q = x * y
    output = x + (q * q + q)
    output.backward()
    assert (x.grad, y.grad, q.grad, output.grad) == (23.0, -33.0, -11.0, 1.0)
    output.backward()
    assert (x.grad, y.grad, q.grad, output.grad) == (46.0, -66.0, -22.0, 2.0)
    q.backward(seed=10)
    assert (x.grad, q.grad) == (46.0 - 20.0, -12.0)
    output.zero_grad()
    assert [v.grad for v in (x, y, q, output)] == [0.0] * 4


@given(expressions())
def test_a_second_backward_exactly_doubles(expression):
    root = expression.value()
    root.backward()
    once = [node.grad for node in topological_order(root)]
    root.backward()
    twice = [node.grad for node in topological_order(root)]
    assert [repr(2 * g) for g in once] == [repr(g) for g in twice]


def test_backward_of_a_leaf_and_bad_seed():
    x = Value(3.0)
    x.backward(2)
    assert x.grad == 2.0
    with pytest.raises(OperandError, match="seed"):
        x.backward("1")


def test_has_gradient_tells_zero_from_never():
    x = Value(-3.0)
    y = x.relu() * 2
    assert not x.has_gradient
    y.backward()
    assert x.has_gradient
    assert x.grad == 0.0
    y.zero_grad()
    assert not x.has_gradient


def test_micrograd_example():
    g = micrograd()
    g.backward()
    grads = {v.label: v.grad for v in topological_order(g)}
    assert f"{g.data:.4f}" == "24.7041"
    assert f"{grads['a']:.4f}" == "138.8338"
    assert f"{grads['b']:.4f}" == "645.5773"


@given(expressions(smooth=True))
def test_gradients_are_those_of_backward(expression):
    root = expression.value()
    inputs = leaves_of(root)
    root.backward()
    for x, g in zip(inputs, gradients(root, inputs), strict=True):
        assert g.data == pytest.approx(x.grad, rel=1e-12, abs=1e-280, nan_ok=True)


def test_gradients_change_nothing_and_reach_any_order():
    x = Value(1.3)
    derivative = x.sin()
    for n in range(1, 9):
        [derivative] = gradients(derivative, [x])
        assert derivative.data == pytest.approx(
            math.sin(1.3 + n * math.pi / 2), rel=1e-14
        )
    assert x.grad == 0.0
    assert not x.has_gradient


def test_gradients_for_interior_nodes_and_strangers():
    x, stranger = Value(2.0), Value(5.0)
    y = x * x
    z = y * y
    dy, dx, other, itself = gradients(z, [y, x, stranger, z])
    assert (dy.data, dx.data, other.data, itself.data) == (8.0, 32.0, 0.0, 1.0)
    assert [g.data for g in gradients(z, [x], seed=3)] == [96.0]


def test_gradients_at_a_singular_point():
    x = Value(0.0)
    [dx] = gradients(x.sqrt(), [x])
    assert dx.data == math.inf
    [second] = gradients(dx, [x])
    assert second.data == -math.inf


def test_gradients_say_what_is_wrong():
    x = Value(2.0)
    y = x * x
    with pytest.raises(OperandError, match=r"\[x\]"):
        gradients(y, x)
    with pytest.raises(OperandError, match=r"2\.0"):
        gradients(y, [2.0])
    x.data = 5.0
    with pytest.raises(StaleGraphError, match="Build the expression again"):
        gradients(y, [x])


def test_an_operation_with_three_operands():
    fma = register(
        "fma", "×+", lambda x, y, z: x * y + z, lambda out, x, y, z: (y, x, 1)
    )
    try:
        x, y, z = Value(2.0), Value(3.0), Value(4.0)
        out = fma(x, y, z)
        assert (out.data, out.parents, out.partials) == (
            10.0,
            (x, y, z),
            (3.0, 2.0, 1.0),
        )
        assert x.fma(y, 4).data == 10.0
        square = fma(x, x, x)
        square.backward()
        assert x.grad == 5.0
        assert [g.data for g in gradients(out, [x, y, z])] == [3.0, 2.0, 1.0]
        assert topological_order(out) == [x, y, z, out]
    finally:
        unregister("fma")


def test_a_million_operations():
    """Build, differentiate and free a chain; nothing recurses."""
    limit = sys.getrecursionlimit()
    x = Value(1.0)
    y = x
    for _ in range(1_000_000):
        y = -y
    y.backward()
    assert x.grad == 1.0
    assert len(topological_order(y)) == 1_000_001
    del y
    gc.collect()
    assert sys.getrecursionlimit() == limit


def test_sharing_is_linear_and_not_exponential():
    y = Value(1.0)
    x = y
    for _ in range(1000):
        y = y + y
    y.backward()
    assert x.grad == 2.0**1000


def test_threads_that_share_leaves_lose_no_update():
    x = Value(2.0)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)

    def work():
        for _ in range(300):
            y = x * 3 + x
            y.backward()

    threads = [threading.Thread(target=work) for _ in range(4)]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert x.grad == 4 * 300 * 4.0


@given(expressions(), st.sampled_from([-4.0, -1.0, 0.5, 2.0]))
def test_the_seed_scales(expression, seed):
    """By powers of two exactly, short of numbers that underflow."""
    root = expression.value()
    root.backward(seed)
    scaled = [x.grad for x in leaves_of(root)]
    root.zero_grad()
    root.backward()
    for got, once in zip(scaled, (x.grad for x in leaves_of(root)), strict=True):
        assert got == pytest.approx(seed * once, rel=0, abs=1e-300, nan_ok=True)
