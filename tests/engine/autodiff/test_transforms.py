"""Transforms, against algebra, mpmath, SciPy's Rosenbrock and one another."""

import functools
import inspect
import math
import pydoc
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import engine
from engine import (
    OperandError,
    Value,
    derivative,
    gauss_newton,
    grad,
    gradients,
    hessian,
    hessian_diagonal,
    hvp,
    jacfwd,
    jacobian,
    jacrev,
    jvp,
    no_grad,
    stop_gradient,
    value_and_grad,
    vjp,
)
from engine.tape import jit
from engine.testing import expressions

close = pytest.approx


def rosenbrock(x):
    return sum(100 * (b - a**2) ** 2 + (1 - a) ** 2 for a, b in pairwise(x))


def test_perturbation_confusion():
    assert grad(lambda x: x * grad(lambda y: x * y)(2.0))(3.0) == 6.0
    assert grad(lambda x: grad(lambda y: x * y)(x))(3.0) == 1.0
    assert grad(lambda x: x * derivative(lambda y: x + y)(1.0))(1.0) == 1.0
    assert derivative(lambda x: x * jvp(lambda y: x * y, (2.0,), (1.0,))[1])(3.0) == 6.0
    inner = lambda x: jacobian(lambda y: [x * y, x * x])(x)  # noqa: E731
    assert jacobian(inner)(3.0) == [1.0, 0.0]


def test_plain_numbers_in_and_out():
    for result in (
        grad(lambda x: x * x)(3), derivative(math.pow and (lambda x: x**3), 2)(2.0),
        value_and_grad(lambda x: x)(2.0)[0], jvp(lambda x: x, (1.0,), (2.0,))[1],
    ):  # fmt: skip
        assert type(result) is float


def test_structures_are_kept():
    class Point(NamedTuple):
        x: float
        y: float

    def f(p, q):
        return p["w"][0] * q.x + p["w"][1] * q.y + p["b"][0]

    p, q = {"w": [2.0, 3.0], "b": (1.0,)}, Point(5.0, 7.0)
    assert grad(f)(p, q) == {"w": [5.0, 7.0], "b": (1.0,)}
    slopes = grad(f, argnums=1)(p, q)
    assert slopes == Point(2.0, 3.0)
    assert isinstance(slopes, Point)
    assert grad(f, argnums=(1, 0))(p, q) == (slopes, grad(f)(p, q))
    assert grad(f, argnums=-1)(p, q) == slopes
    value, pullback = vjp(f, p, q)
    assert value == 32.0
    assert pullback(2.0)[1] == Point(4.0, 6.0)


def test_keyword_arguments_are_passed_on():
    assert grad(lambda x, *, power: x**power)(3.0, power=2) == 6.0


def test_unused_inputs_and_constant_outputs():
    assert grad(lambda _x, y: y, argnums=(0, 1))(1.0, 2.0) == (0.0, 1.0)
    assert grad(lambda _: 5)(1.0) == 0.0
    assert value_and_grad(lambda _: 5)(1.0) == (5.0, 0.0)
    assert jacobian(lambda x: [x[0], 7.0])([1.0, 2.0]) == [[1.0, 0.0], [0.0, 0.0]]
    assert hessian(lambda x: x[0])([1.0, 2.0]) == [[0.0, 0.0], [0.0, 0.0]]
    assert derivative(lambda _: 3.0, 2)(1.0) == 0.0
    assert derivative(lambda x: x, 2)(1.0) == 0.0
    assert derivative(lambda x: x * x, 0)(3.0) == 9.0
    assert jvp(lambda _: 4, (1.0,), (1.0,)) == (4.0, 0.0)
    assert vjp(lambda _: 4, 1.0)[1](1.0) == (0.0,)
    assert jacobian(lambda x: x)(2.0) == 1.0
    assert jacobian(lambda _: [1.0, 2.0])([]) == [[], []]


def test_rosenbrock_equals_scipy():
    optimize = pytest.importorskip("scipy.optimize", reason="SciPy is not installed")
    x = [1.3, 0.7, 0.8, 1.9, 1.2, -0.4, 0.1, -1.1, 0.5, 2.0]
    assert grad(rosenbrock)(x) == close(list(optimize.rosen_der(x)), rel=1e-13)
    for mine, theirs in zip(
        hessian(rosenbrock)(x), optimize.rosen_hess(x), strict=True
    ):
        assert mine == close(list(theirs), rel=1e-12, abs=1e-9)
    v = [0.1 * i for i in range(10)]
    product = hvp(rosenbrock, (x,), (v,))[0]
    assert product == close(list(optimize.rosen_hess_prod(x, v)), rel=1e-12)


def test_rosenbrock_by_hand():
    """∂/∂x = −400 x (y − x²) − 2 (1 − x), and its derivatives."""
    x, y = -1.2, 1.0
    slope = [-400 * x * (y - x * x) - 2 * (1 - x), 200 * (y - x * x)]
    assert grad(rosenbrock)([x, y]) == close(slope, rel=1e-14)
    curvature = [[1200 * x * x - 400 * y + 2, -400 * x], [-400 * x, 200]]
    for mine, true in zip(hessian(rosenbrock)([x, y]), curvature, strict=True):
        assert mine == close(true, rel=1e-14)


@pytest.mark.parametrize("n", range(8))
def test_nth_derivatives(n):
    assert derivative(engine.exp, n)(0.3) == close(math.exp(0.3), rel=1e-14)
    assert derivative(engine.sin, n)(0.3) == close(math.sin(0.3 + n * math.pi / 2))
    power = math.prod(range(8 - n, 8)) * 2.0 ** (7 - n)
    assert derivative(lambda x: x**7, n)(2.0) == close(power, rel=1e-14)


def test_every_nesting_gives_the_second_derivative():
    """Forward over reverse, reverse over forward, and the like over the like."""

    def f(x):
        return engine.sin(x) * engine.exp(x)

    true = 2 * math.cos(0.7) * math.exp(0.7)

    def forward(g):
        return lambda x: jvp(g, (x,), (1.0,))[1]

    def pulled(g):
        return lambda x: vjp(g, x)[1](1.0)[0]

    ways = (grad, derivative, forward, pulled, jacobian)
    for outer in ways:
        for inner in ways:
            assert outer(inner(f))(0.7) == close(true, rel=1e-13), (outer, inner)
    assert hessian(f)(0.7) == close(true, rel=1e-13)
    third = 2 * math.exp(0.7) * (math.cos(0.7) - math.sin(0.7))
    for way in ways:
        assert way(hessian(f))(0.7) == close(third, rel=1e-13)


@given(expressions(smooth=True), st.lists(st.floats(-2, 2), min_size=3, max_size=3))
def test_forward_and_reverse_are_dual(expression, direction):
    """⟨c, J t⟩ = ⟨Jᵀ c, t⟩."""
    xs = list(expression.inputs)
    t = direction[: len(xs)]
    everything = lambda xs: expression.all(*xs)  # noqa: E731
    value, moved = jvp(everything, (xs,), (t,))
    c = [math.sin(i + 1.0) for i in range(len(value))]
    _, pullback = vjp(everything, xs)
    terms = [a * b for a, b in zip(c, moved, strict=True)]
    pulled = [a * b for a, b in zip(pullback(c)[0], t, strict=True)]
    if all(map(math.isfinite, terms + pulled)):
        scale = max(map(abs, [*terms, *pulled, *_shares(expression, c, t)]), default=0)
        tiny = 1e-322  # of numbers that small a rounding is all of a digit
        assert abs(math.fsum(terms) - math.fsum(pulled)) <= 1e-11 * scale + tiny


def _shares(expression, c, t):
    """What the two sums are made of: their cancellation is not an error."""
    rows = jacobian(lambda xs: expression.all(*xs))(list(expression.inputs))
    return [a * x * b for a, row in zip(c, rows, strict=True)
            for x, b in zip(row, t, strict=True)]  # fmt: skip


@given(expressions(smooth=True))
def test_modes_of_the_jacobian_agree(expression):
    xs = list(expression.inputs)
    everything = lambda xs: expression.all(*xs)  # noqa: E731
    forward = jacobian(everything, mode="forward")(xs)
    reverse = jacobian(everything, mode="reverse")(xs)
    scale = max((abs(x) for row in forward for x in row if math.isfinite(x)), default=0)
    for a, b in zip(forward, reverse, strict=True):
        assert a == close(b, rel=1e-10, abs=1e-13 * scale, nan_ok=True)


@given(expressions(max_steps=5, smooth=True, bound=10.0))
def test_hessians_are_symmetric_and_products_match(expression):
    xs = list(expression.inputs)
    h = hessian(lambda xs: expression(*xs))(xs)
    flat = [x for row in h for x in row]
    if not all(map(math.isfinite, flat)) or max(map(abs, flat)) > 1e12:
        return
    scale = max(1.0, *map(abs, flat))
    for i, row in enumerate(h):
        assert row == close([other[i] for other in h], rel=1e-9, abs=1e-9 * scale)
    ones = [1.0] * len(xs)
    [product] = hvp(lambda xs: expression(*xs), (xs,), (ones,))
    assert product == close([math.fsum(row) for row in h], rel=1e-9, abs=1e-9 * scale)


def test_values_as_arguments_give_values_with_a_graph():
    x = Value(3.0, label="x")
    slope = grad(lambda y: y**3)(x)
    assert isinstance(slope, Value)
    assert slope == 27.0
    [second] = gradients(slope, [x])
    assert second == 18.0
    slope.backward()
    assert x.grad == 18.0


def test_closed_over_values_are_constants_at_the_top():
    w = Value(5.0)
    assert grad(lambda x: w * x)(2.0) == 5.0
    assert type(grad(lambda x: w * x)(2.0)) is float
    assert w.grad == 0.0


def test_no_grad_does_not_reach_into_a_transform():
    with no_grad():
        assert grad(lambda x: x * x)(3.0) == 6.0
        assert hessian(lambda x: x * x)(3.0) == 2.0


def test_a_failing_function_leaves_no_trace():
    with pytest.raises(ZeroDivisionError):
        grad(lambda x: x / 0)(1.0)
    assert type(grad(lambda x: x)(1.0)) is float


def test_errors():
    with pytest.raises(OperandError, match=r"gave \[.*Use jacobian"):
        grad(lambda x: [x])(1.0)
    with pytest.raises(OperandError, match="None"):
        grad(lambda _: None)(1.0)
    with pytest.raises(OperandError, match=r"argnums=2: there are 1 positional"):
        grad(lambda x: x, argnums=2)(1.0)
    with pytest.raises(OperandError, match=r"args\[0\]\['w'\] is 'a'"):
        grad(lambda x: x)({"w": "a"})
    with pytest.raises(OperandError, match=r"args\[0\]\[1\] is 'b'"):
        grad(lambda x: x)(np.array([1.0, "b"], dtype=object))
    with pytest.raises(
        OperandError, match="with has_aux=True the function gives a pair"
    ):
        grad(lambda x: x, has_aux=True)(1.0)
    with pytest.raises(OperandError, match="tangents have another structure"):
        jvp(lambda x: x[0], ([1.0, 2.0],), ([1.0],))
    with pytest.raises(OperandError, match="the cotangents have"):
        vjp(lambda x: x, 1.0)[1]([1.0])
    with pytest.raises(ValueError, match="mode='backward'"):
        jacobian(lambda x: x, mode="backward")
    with pytest.raises(ValueError, match="n=-1"):
        derivative(lambda x: x, -1)


def test_a_long_chain_in_both_modes():
    def f(x):
        for _ in range(50_000):
            x = -x
        return x

    assert grad(f)(1.0) == 1.0
    assert jvp(f, (1.0,), (2.0,)) == (1.0, 2.0)


def area(radius, height=2.0):
    """The side of a cylinder, but for 2 π."""
    return radius * height


@pytest.mark.parametrize(
    "transform",
    [grad, engine.value_and_grad, engine.derivative, engine.jacobian, engine.hessian,
     jit],
    ids=lambda transform: transform.__name__,
)  # fmt: skip
def test_the_name_and_the_words_of_a_function_stay(transform):
    made = transform(area)
    assert (made.__name__, made.__qualname__, made.__doc__, made.__module__) == (
        "area", "area", "The side of a cylinder, but for 2 π.", __name__,
    )  # fmt: skip
    assert list(inspect.signature(made).parameters) == ["radius", "height"]
    assert "The side of a cylinder" in pydoc.render_doc(made)
    twice = transform(made)
    assert twice.__name__ == "area"


def test_a_function_without_a_name_needs_none():
    class Square:
        def __init__(self):
            self.calls = 0

        def __call__(self, x):
            self.calls += 1
            return x * x

    square = Square()
    slope = grad(square)
    assert slope(3.0) == 6.0
    assert not hasattr(slope, "calls")
    assert grad(functools.partial(area, height=5.0))(3.0) == 5.0


# -- what a function gives beside its result -----------------------------------------


def test_aux():
    def f(x):
        return x**3, {"twice": 2 * x, "name": "f", "steps": [1, x]}

    aux = {"twice": 4.0, "name": "f", "steps": [1, 2.0]}
    assert grad(f, has_aux=True)(2.0) == (12.0, aux)
    assert value_and_grad(f, has_aux=True)(2.0) == ((8.0, aux), 12.0)
    assert jacobian(f, has_aux=True)(2.0) == (12.0, aux)
    assert jacfwd(f, has_aux=True)(2.0) == jacrev(f, has_aux=True)(2.0) == (12.0, aux)
    assert type(grad(f, has_aux=True)(2.0)[1]["twice"]) is float
    inner = grad(lambda x: grad(f, has_aux=True)(x)[1]["twice"] * x)
    assert inner(3.0) == 12.0  # d/dx of 2x · x


# -- second derivatives --------------------------------------------------------------


def test_the_diagonal_of_a_hessian_is_its_diagonal():
    def f(p):
        return p["a"] ** 3 * engine.exp(p["b"][0]) + p["b"][1] * p["a"]

    point = {"a": 1.5, "b": [0.3, 2.0]}
    found = hessian_diagonal(f)(point)
    assert found["a"] == pytest.approx(6 * 1.5 * math.exp(0.3))
    assert found["b"] == pytest.approx([1.5**3 * math.exp(0.3), 0.0])
    assert hessian_diagonal(lambda x, y: x**2 * y**3, argnums=(0, 1))(2.0, 3.0) == (
        54.0,
        72.0,
    )


def test_gauss_newton_is_the_hessian_where_residuals_are_linear():
    def residuals(x):
        return [2 * x[0] - x[1], x[0] + 3 * x[1] - 1]

    def loss(x):
        return sum(r * r for r in residuals(x)) / 2

    assert gauss_newton(residuals)([5.0, 7.0]) == hessian(loss)([5.0, 7.0])
    assert gauss_newton(lambda x: [x**2, x])(3.0) == 37.0  # (2x)² + 1
    blocks = gauss_newton(lambda x, y: [x * y], argnums=(0, 1))(2.0, 3.0)
    assert blocks == ((9.0, 6.0), (6.0, 4.0))


# -- arrays --------------------------------------------------------------------------


A = np.array([[1.0, 2.0], [3.0, -1.0]])


def test_arrays_keep_their_shape_in_every_transform():
    def f(x):
        return (x**3).sum()

    assert grad(f)(A).tolist() == (3 * A**2).tolist()
    value, slopes = value_and_grad(f)(A)
    assert (value, slopes.shape) == ((A**3).sum(), (2, 2))
    found = hessian(f)(A)
    assert found.shape == (2, 2, 2, 2)
    assert found.reshape(4, 4).tolist() == np.diag((6 * A).ravel()).tolist()
    assert hessian_diagonal(f)(A).tolist() == (6 * A).tolist()
    for transform in (jacobian, jacfwd, jacrev):
        found = transform(lambda x: A @ x)(np.array([5.0, 7.0]))
        assert found.tolist() == A.tolist()
        assert transform(lambda x: A @ x)([5.0, 7.0]).tolist() == A.tolist()
    value, moved = jvp(lambda x: x * x, (A,), (np.ones((2, 2)),))
    assert (value.tolist(), moved.tolist()) == ((A * A).tolist(), (2 * A).tolist())
    value, pull = vjp(lambda x: x * x, A)
    assert pull(np.ones((2, 2)))[0].tolist() == (2 * A).tolist()
    [product] = hvp(f, (A,), (A,))
    assert product.tolist() == (6 * A * A).tolist()
    assert (
        grad(lambda p: (p["w"] ** 2).sum())({"w": A})["w"].tolist() == (2 * A).tolist()
    )
    assert gauss_newton(lambda x: A @ x)(np.zeros(2)).tolist() == (A.T @ A).tolist()


def test_arrays_nest_and_may_be_empty_or_of_ints():
    inner = grad(lambda a: grad(lambda x: (a * x**3).sum())(A).sum())
    assert inner(2.0) == (3 * A**2).sum()
    assert grad(lambda x: (x * x).sum())(np.array([1, 2])).tolist() == [2.0, 4.0]
    assert grad(lambda x: x.sum() + 0.0)(np.empty((0, 2))).shape == (0, 2)
    assert stop_gradient(A).tolist() == A.tolist()
    assert grad(lambda x: (x * stop_gradient(x)).sum())(A).tolist() == A.tolist()
