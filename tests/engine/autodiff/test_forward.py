"""Forward mode: what does not move has no share in a derivative."""

import math

import pytest

from engine import (
    Value,
    atan2,
    cbrt,
    check_gradients,
    hvp,
    hypot,
    jacobian,
    jvp,
    log,
    sqrt,
    vjp,
)

CONSTANT = Value(0.0)


@pytest.mark.parametrize(
    ("f", "x", "expected"),
    [
        # the derivative by the constant operand is nan or infinite at each of these
        (lambda x: x ** Value(2.0), -3.0, -6.0),
        (lambda x: x ** Value(-1.0), -2.0, -0.25),
        (lambda x: 0.0**x, 2.0, 0.0),
        (lambda x: x + cbrt(CONSTANT), 2.0, 1.0),
        (lambda x: x * 3 + sqrt(CONSTANT), 2.0, 3.0),
        (lambda x: x - Value(0.0) ** 0.5, 2.0, 1.0),
        (lambda x: x + atan2(CONSTANT, Value(0.0)), 2.0, 1.0),
        (lambda x: hypot(x, CONSTANT), -2.0, -1.0),
        (lambda x: x / Value(2.0**-1000), 2.0**40, 2.0**1000),
        (lambda x: log(x) + sqrt(sqrt(CONSTANT)), 2.0, 0.5),
    ],
)
def test_constants_have_no_share(f, x, expected):
    """The expected numbers are the textbook's derivatives by x alone."""
    assert jvp(f, (x,), (1.0,))[1] == expected
    assert vjp(f, x)[1](1.0) == (expected,)
    for mode in ("forward", "reverse", "auto"):
        assert jacobian(f, mode=mode)(x) == expected
        assert jacobian(lambda x: [f(x)] * 3, mode=mode)(x) == [expected] * 3


def test_the_check_raises_no_false_alarm():
    check_gradients(lambda x: x ** Value(2.0), -3.0)
    check_gradients(lambda x: x + cbrt(CONSTANT), 2.0)


def test_an_input_that_does_not_move_is_a_constant():
    f = lambda x, y: [x * 2 + sqrt(y), y + 1]  # noqa: E731
    assert jvp(f, (3.0, 0.0), (1.0, 0.0))[1] == [2.0, 0.0]
    assert jvp(f, (3.0, 0.0), (1.0, 1.0))[1] == [math.inf, 1.0]
    assert vjp(f, 3.0, 0.0)[1]([0.0, 1.0]) == (0.0, 1.0)
    g = lambda v: v[0] ** 2 + v[1] ** 1.5  # noqa: E731
    assert hvp(g, ([3.0, 0.0],), ([1.0, 0.0],)) == ([2.0, 0.0],)


def test_a_tangent_of_0_that_depends_on_the_input_is_no_constant():
    """√(x²) has no derivative at 0, and forward mode must not call it 0."""
    assert math.isnan(jvp(lambda x: sqrt(x * x), (0.0,), (1.0,))[1])
    assert math.isnan(vjp(lambda x: sqrt(x * x), 0.0)[1](1.0)[0])
