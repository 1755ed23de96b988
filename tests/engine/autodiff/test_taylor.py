"""Taylor coefficients against mpmath's, and against closed forms."""

import math
import sys

import mpmath
import pytest
from hypothesis import assume, given

import engine
from engine import (
    TABLE,
    DomainError,
    EngineError,
    EscapeError,
    OperandError,
    Value,
    cos,
    derivative,
    exp,
    grad,
    log,
    sin,
    sqrt,
    tanh,
    taylor,
)
from engine.tape import jit
from engine.testing import expressions

ORDER = 20
COMPOSITE = {
    "exp(sin x) log(2 + x)": (
        lambda x: exp(sin(x)) * log(2 + x),
        lambda x: mpmath.exp(mpmath.sin(x)) * mpmath.log(2 + x),
        0.3,
    ),
    "√(1 + x²) ÷ cosh x": (
        lambda x: sqrt(1 + x * x) / engine.cosh(x),
        lambda x: mpmath.sqrt(1 + x * x) / mpmath.cosh(x),
        -0.4,
    ),
    "x^x": (lambda x: x**x, lambda x: x**x, 1.5),
    "atan2(x, 2 − x)": (
        lambda x: engine.atan2(x, 2 - x),
        lambda x: mpmath.atan2(x, 2 - x),
        0.5,
    ),
    "tanh(x³ − 1) × 2^x": (
        lambda x: tanh(x**3 - 1) * 2**x,
        lambda x: mpmath.tanh(x**3 - 1) * mpmath.mpf(2) ** x,
        0.25,
    ),
    "gelu": (engine.gelu, lambda x: x * mpmath.ncdf(x), 0.3),
    "(1 + x)^−2.5": (lambda x: (1 + x) ** -2.5, lambda x: (1 + x) ** -2.5, 0.1),
}


@pytest.mark.parametrize(("f", "reference", "x"), COMPOSITE.values(), ids=COMPOSITE)
def test_twenty_orders_are_those_of_mpmath(f, reference, x):
    with mpmath.workdps(60):
        expected = mpmath.taylor(reference, mpmath.mpf(x), ORDER)
    largest = max(map(abs, expected))
    for found, wanted in zip(taylor(f, x, ORDER), expected, strict=True):
        assert abs(found - wanted) <= 1e-12 * max(abs(wanted), 1e-3 * largest)


ANALYTIC = [op for op in TABLE.values() if op.arity == 1 and op.kinks is None]


@pytest.mark.parametrize("op", ANALYTIC, ids=lambda op: op.name)
@pytest.mark.parametrize("x", [0.3, 0.7])
def test_each_row_has_the_derivatives_that_it_has_one_by_one(op, x):
    x = x + 1 if op.name.startswith("acosh") else x
    found = taylor(op, x, 3)
    for n in range(4):
        wanted = derivative(op, n)(x) / math.factorial(n)
        assert found[n] == pytest.approx(wanted, rel=1e-12, abs=1e-13)


@given(expressions(max_inputs=1, smooth=True))
def test_random_expressions(expression):
    [x] = expression.inputs
    try:
        wanted = [derivative(expression, n)(x) / math.factorial(n) for n in range(4)]
        found = taylor(expression, x, 3)
    except EngineError:
        assume(False)
    assume(all(map(math.isfinite, wanted)))
    scale = max(1.0, *map(abs, wanted))
    for a, b in zip(found, wanted, strict=True):
        assert a == pytest.approx(b, rel=1e-9, abs=1e-9 * scale)


def test_polynomials_are_exact_also_at_zero():
    assert taylor(lambda x: 3 + x**2 - 2 * x**5, 0.0, 6) == [3, 0, 1, 0, 0, -2, 0]
    assert taylor(lambda x: (1 + x) ** 4, 0.0, 5) == [1, 4, 6, 4, 1, 0]
    assert taylor(lambda x: x**0 + x**1, 0.0, 2) == [1, 1, 0]


def test_nothing_times_infinity_is_nan_and_not_nothing():
    assert math.isnan(taylor(lambda x: 0 * (x * math.inf), 1.0, 0)[0])
    assert taylor(lambda x: 0 * x, 1.0, 1) == [0.0, 0.0]


def test_structures_and_constants():
    found = taylor(lambda x: {"a": [x * x, 3.0], "b": 1 / x}, 2.0, 2)
    assert found == {"a": [[4, 4, 1], [3, 0, 0]], "b": [0.5, -0.25, 0.125]}
    assert taylor(lambda x: 3.0, 1.0, 0) == [3.0]


def test_values_that_it_closes_over_are_constants_and_arguments_are_not():
    w = Value(2.0)
    assert taylor(lambda x: w * x * w + x / w, 1.0, 2) == [4.5, 4.5, 0.0]
    # d/da of a³/6, the third coefficient of exp(a x)
    assert grad(lambda a: taylor(lambda x: exp(a * x), 0.0, 3)[3])(2.0) == 2.0
    coefficients = taylor(exp, Value(0.5, "x"), 2)
    assert [type(c) for c in coefficients] == [Value] * 3
    assert coefficients[2].data == math.exp(0.5) / 2


def test_loops_and_branches():
    def f(x):
        while x < 10:
            x = x * x
        return x if x > 100 else -x

    assert taylor(f, 2.0, 4) == [-16.0, -32.0, -24.0, -8.0, -1.0]


def test_a_chain_that_is_longer_than_pythons_stack():
    def f(x):
        for _ in range(2 * sys.getrecursionlimit()):
            x = x * 1.0 + 0.0
        return sin(x)

    assert taylor(f, 0.0, 3) == pytest.approx([0, 1, 0, -1 / 6])


def test_the_work_grows_with_the_square_of_the_order():
    def f(x):
        return tanh(exp(sin(x)) * x) / (1 + x**2.5) + sqrt(x)

    def count(n):
        calls = 0

        def trace(_, event, __):
            nonlocal calls
            calls += event == "call"

        sys.setprofile(trace)
        try:
            taylor(f, 0.3, n)
        finally:
            sys.setprofile(None)
        return calls

    few, many = count(20), count(80)
    assert many < 4 * 4 * few * 1.3, "16 times for 4 times the order, not 64"


def test_where_there_is_no_series():
    with pytest.raises(engine.DivisionByZeroError):
        taylor(sqrt, 0.0, 1)
    assert taylor(sqrt, 0.0, 0) == [0.0]
    with pytest.raises(DomainError):
        taylor(log, -1.0, 2)
    with pytest.raises(EscapeError, match=r"engine\.sin for math"):
        taylor(math.sin, 1.0, 2)
    with pytest.raises(OperandError, match="gave 'text'"):
        taylor(lambda x: "text", 1.0, 2)
    with pytest.raises(OperandError, match="at one number"):
        taylor(sin, [1.0], 2)
    for n in (-1, 1.5):
        with pytest.raises(ValueError, match="0, 1, 2"):
            taylor(sin, 1.0, n)
    with pytest.raises(OperandError, match="taylor takes a function"):
        taylor(3.0, 1.0, 2)


def test_it_may_be_nested_and_taped():
    # exp(x y) has x² ÷ 2 at y²
    inner = lambda x: taylor(lambda y: exp(x * y), 0.0, 2)[2]  # noqa: E731
    assert taylor(inner, 0.5, 3) == pytest.approx([0.125, 0.5, 0.5, 0.0])
    both = lambda x: taylor(lambda y: (x + y) ** 3 / x, x, 1)[1]  # noqa: E731
    assert taylor(both, 2.0, 1) == pytest.approx([24.0, 12.0])  # 3 (2x)² ÷ x = 12 x
    assert taylor(jit(lambda x: x**3), 0.5, 2) == [0.125, 0.75, 1.5]
    f = jit(lambda x: taylor(exp, x, 3)[3])
    assert f.value_and_grad(0.5) == pytest.approx((math.exp(0.5) / 6,) * 2)


def test_what_takes_a_number_out_is_refused_and_what_shows_it_is_not():
    for take in (float, int, round):
        with pytest.raises(EscapeError, match=rf"{take.__name__}\(x\) takes"):
            taylor(lambda x, take=take: x * take(x), 1.0, 1)
    shown = []
    taylor(lambda x: shown.append(f"{x:.2f} {x!r}") or x, 0.5, 1)
    assert shown == ["0.50 Series([0.5])"]
    with pytest.raises(OperandError, match="turn them around"):
        taylor(lambda x: grad(lambda y: y**3 * x)(2.0), 0.5, 2)
    with pytest.raises(OperandError, match="turn them around"):
        taylor(grad(sin), 0.5, 2)


def test_odd_and_even():
    assert taylor(cos, 0.0, 4) == pytest.approx([1, 0, -1 / 2, 0, 1 / 24])
