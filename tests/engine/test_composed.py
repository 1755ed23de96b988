"""Functions that are composed of rows, against mpmath and by differences."""

import math

import mpmath
import pytest
from hypothesis import given
from hypothesis import strategies as st

import engine
from engine import DomainError, OptionError, ShapeError, Value, check_gradients, grad

X = st.floats(-30, 30).filter(lambda x: abs(x) > 1e-3)
SELU = (mpmath.mpf("1.0507009873554805"), mpmath.mpf("1.6732632423543773"))


def elu(x, alpha=1):
    return x if x > 0 else alpha * mpmath.expm1(x)


REFERENCES = {
    "reciprocal": lambda x: 1 / x,
    "sec": lambda x: mpmath.sec(x),
    "csc": lambda x: mpmath.csc(x),
    "cot": lambda x: mpmath.cot(x),
    "hardtanh": lambda x: min(max(x, -1), 1),
    "hardsigmoid": lambda x: min(max(x / 6 + 0.5, 0), 1),
    "log_sigmoid": lambda x: -mpmath.log1p(mpmath.exp(-x)),
    "selu": lambda x: SELU[0] * elu(x, SELU[1]),
    "celu": lambda x: elu(x),
    "mish": lambda x: x * mpmath.tanh(mpmath.log1p(mpmath.exp(x))),
    "huber": lambda x: x * x / 2 if abs(x) < 1 else abs(x) - 0.5,
}


@pytest.mark.parametrize("name", REFERENCES)
@given(x=X)
def test_values_and_derivatives(name, x):
    f, reference = getattr(engine, name), REFERENCES[name]
    edges = {"hardtanh": (1,), "huber": (1,), "hardsigmoid": (3,)}.get(name, ())
    with mpmath.workdps(60):
        value = reference(mpmath.mpf(x))
        slope = mpmath.diff(reference, mpmath.mpf(x), h=mpmath.mpf(10) ** -25)
    scale = 1e-13 * (1 + abs(x))  # of angles the error of x counts
    assert f(x) == pytest.approx(float(value), rel=scale * (1 + abs(f(x))), abs=1e-300)
    assert f(Value(x)).data == f(x)
    if all(abs(abs(x) - edge) > 1e-6 for edge in edges):
        tolerance = scale * (1 + abs(float(slope)))
        assert grad(f)(x) == pytest.approx(float(slope), rel=tolerance, abs=1e-15)


def test_clamp():
    assert [engine.clamp(x, -1.0, 2.0) for x in (-5.0, 0.5, 7.0)] == [-1.0, 0.5, 2.0]
    assert [grad(lambda x: engine.clamp(x, -1, 2))(x) for x in (-5.0, 0.5, 7.0)] == [
        0.0, 1.0, 0.0,
    ]  # fmt: skip
    assert engine.clamp(3.0) == 3.0
    assert grad(lambda w: engine.clamp(5.0, high=w))(2.0) == 1.0
    with pytest.raises(OptionError, match="low is above high"):
        engine.clamp(1.0, 2.0, 1.0)


def test_celu_is_smooth_and_huber_has_its_width():
    assert engine.celu(-1.5, 2.0) == pytest.approx(2 * math.expm1(-0.75), rel=1e-15)
    assert grad(lambda x: engine.celu(x, 2.0))(-1e-9) == pytest.approx(1.0)
    assert engine.huber(-5.0, 2.0) == 2 * (5 - 1)
    assert grad(lambda x: engine.huber(x, 2.0))(-5.0) == -2.0
    assert grad(lambda x: engine.huber(x, 2.0))(1.5) == 1.5
    for f in (engine.celu, engine.huber):
        with pytest.raises(OptionError, match="positive"):
            f(1.0, 0.0)


@given(st.lists(X, min_size=1, max_size=6), st.data())
def test_functions_of_lists(xs, data):
    ys = data.draw(st.lists(X, min_size=len(xs), max_size=len(xs)))
    assert engine.prod(xs) == pytest.approx(math.prod(xs), rel=1e-14)
    size = sum(abs(x * y) for x, y in zip(xs, ys, strict=True))
    exact = math.fsum(x * y for x, y in zip(xs, ys, strict=True))
    assert engine.dot(xs, ys) == pytest.approx(exact, abs=1e-14 * size)
    assert engine.norm(xs) == pytest.approx(math.hypot(*xs), rel=1e-14)
    top = mpmath.log(sum(mpmath.exp(x) for x in xs))
    for found, x in zip(engine.log_softmax(xs), xs, strict=True):
        assert found == pytest.approx(float(x - top), rel=1e-13, abs=1e-13)
    assert engine.logaddexp(xs[0], ys[0]) == pytest.approx(
        float(mpmath.log(mpmath.exp(xs[0]) + mpmath.exp(ys[0]))), rel=1e-13, abs=1e-13
    )


def test_gradients_of_functions_of_lists():
    xs, ys = [0.5, -2.0, 3.0], [1.5, 0.25, -1.0]
    assert grad(engine.prod)(xs) == [-6.0, 1.5, -1.0]
    assert grad(engine.dot, argnums=(0, 1))(xs, ys) == (ys, xs)
    length = math.hypot(*xs)
    assert grad(engine.norm)(xs) == pytest.approx([x / length for x in xs], rel=1e-15)
    assert grad(engine.norm)([0.0, 0.0]) == [0.0, 0.0]
    check_gradients(lambda x: engine.log_softmax(x)[1], xs)
    p, q = [0.2, 0.3, 0.5], [0.4, 0.4, 0.2]
    by_p, by_q = grad(engine.kl_divergence, argnums=(0, 1))(p, q)
    wanted = [math.log(a / b) + 1 for a, b in zip(p, q, strict=True)]
    assert by_p == pytest.approx(wanted, rel=1e-14)
    assert by_q == pytest.approx([-a / b for a, b in zip(p, q, strict=True)], rel=1e-14)


def test_divergence_at_the_edge():
    assert engine.kl_divergence([0.0, 1.0], [0.0, 1.0]) == 0.0
    with pytest.raises(DomainError):
        engine.kl_divergence([0.5, 0.5], [0.0, 1.0])
    with pytest.raises(ShapeError, match="2 and 1 numbers"):
        engine.kl_divergence([0.5, 0.5], [1.0])
    with pytest.raises(ShapeError, match="1 and 2 numbers"):
        engine.dot([1.0], [1.0, 2.0])
    with pytest.raises(ValueError, match="prod of no operands"):
        engine.prod([])
