"""Right, wrong, kink or inconclusive: nothing passes that cannot be decided."""

import itertools
import math
import operator
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath import mp, mpf

import engine
from engine import (
    GradientError,
    OptionError,
    Value,
    check_gradients,
    cos,
    erf,
    erfc,
    exp,
    gradient_table,
    log,
    mod,
    sin,
    sqrt,
)
from engine.gradcheck.rounding import bound_rounding
from engine.testing import expressions

SQRT2 = math.sqrt(2)


def verdicts(f, *xs, **options):
    return {row.verdict for row in gradient_table(f, *xs, **options).rows}


def call(normal):
    """Black & Scholes (1973): the price of a call, as a function of its volatility."""
    spot, strike, years, rate = 50, 90.51398654575928, 1.9007771485142988, 0.061
    rate = 0.0611021225768731

    def price(sigma):
        root = sigma * math.sqrt(years)
        d1 = (math.log(spot / strike) + (rate + sigma * sigma / 2) * years) / root
        discounted = strike * math.exp(-rate * years)
        return spot * normal(d1) - discounted * normal(d1 - root)

    return price


@pytest.mark.parametrize(
    ("f", "x", "expected"),
    [
        # the derivatives by hand, that of the price from its closed form, 40 digits
        (lambda x: 1 - cos(x), 1e-7, 1e-7),
        (lambda x: 1 - cos(x), 0.0, 0.0),
        (lambda x: (1e6 + x**2) - 1e6, 1e-4, 2e-4),
        (lambda x: (1e6 + sin(x)) - 1e6, 1.0, math.cos(1)),
        (lambda x: exp(x) - 1 - x, 1e-5, math.expm1(1e-5)),
        (lambda x: (x + 1) ** 3 - 3 * x**2 - 3 * x - 1, 1e-3, 3e-6),
        (call(lambda z: erfc(z / -SQRT2) / 2), 0.05, 1.350941004e-09),
        (call(lambda z: (1 + erf(z / SQRT2)) / 2), 0.05, 1.350941004e-09),
    ],
)
def test_cancellation_is_no_fault_of_the_rule(f, x, expected):
    assert verdicts(f, x) == {"right"}
    [row] = gradient_table(f, x, modes=["reverse"]).rows
    assert row.analytic == pytest.approx(expected, rel=1e-9, abs=1e-15)


def test_a_wrong_rule_does_not_hide_in_a_large_result():
    """x² with a derivative of x: 3 for 6."""
    for offset in (0.0, 1e3, 1e9, 1e12, 1e15, 1e18):
        f = lambda x, offset=offset: x * x.detach() + offset  # noqa: E731
        found = verdicts(f, 3.0)
        assert found <= {"wrong", "inconclusive"}, offset
        if offset <= 1e12:
            assert found == {"wrong"}, offset
        with pytest.raises(GradientError):
            check_gradients(f, 3.0)


ERRORS = {
    "factor 2": lambda out, x, y: (2 * y, x),
    "1 % off": lambda out, x, y: (1.01 * y, x),
    "1e-4 off": lambda out, x, y: (y, 1.0001 * x + 1e-4 * x),
    "sign": lambda out, x, y: (y, -x),
    "missing": lambda out, x, y: (0, x),
    "swapped": lambda out, x, y: (x, y + 1),
    "for a negative x only": lambda out, x, y: (engine.where(x < 0, -y, y), 1.01 * x),
}


@pytest.mark.parametrize("error", ERRORS)
@settings(max_examples=60)
@given(
    x=st.floats(0.01, 1e3) | st.floats(-1e3, -0.01),
    y=st.floats(0.01, 1e3) | st.floats(-1e3, -0.01),
    offset=st.sampled_from([0.0, 1.0, 1e6, 1e12, 1e16]),
)
def test_no_wrong_rule_is_ever_right(error, x, y, offset):
    wrong = engine.Op("wrong", "×", operator.mul, ERRORS[error])
    table = gradient_table(lambda x, y: wrong(x, y) + offset, x, y)
    true = {"args[0]": y, "args[1]": x}
    for row in table.rows:
        if abs(row.analytic - true[row.input]) > 5e-5 * abs(true[row.input]) + 1e-8:
            assert row.verdict in ("wrong", "inconclusive"), table
            if offset <= 1.0:
                assert row.verdict == "wrong", table


@settings(max_examples=300)
@given(expressions(smooth=False))
def test_no_right_rule_is_ever_wrong(expression):
    """Kinks, jumps, poles and cancellation included."""
    try:
        table = gradient_table(expression, *expression.inputs)
    except engine.EngineError:
        return
    # The sign of an infinite slope at −0.0 (√ divides by −0.0 there) is not judged.
    wrong = [row for row in table.wrong if math.isfinite(row.analytic)]
    assert not wrong, f"{expression}\n{table}"


def test_fast_oscillations_are_no_kinks():
    f, x = (lambda x: sin(7 * x**2)), 244.7476654547172
    assert verdicts(f, x) == {"right"}
    [row] = gradient_table(f, x, modes=["reverse"]).rows
    assert row.analytic == pytest.approx(13.884752, rel=1e-7)
    with pytest.raises(GradientError, match="WRONG"):
        check_gradients(lambda x: sin(7 * x * x.detach()), x)


def test_dense_jumps_beside_the_point():
    """The rule's −4088.902 is right; steps that are too large see the mean, −0.77."""
    f, x = (lambda x: mod(x, sin(x))), -28.28125
    assert verdicts(f, x) <= {"right", "inconclusive"}
    table = gradient_table(lambda x: mod(x, x.detach() * 0 + 1e-37), 1.0)
    assert {row.verdict for row in table.rows} == {"inconclusive"}
    with pytest.raises(GradientError, match=r"2 of 2 derivatives are inconclusive"):
        table.require()
    table.require(allow_inconclusive=True)


def test_what_helps_is_said():
    f = lambda x: mod(x, x.detach() * 0 + 1e-37)  # noqa: E731
    with pytest.raises(GradientError) as caught:
        check_gradients(f, 1.0)
    text = str(caught.value)
    for word in ("farther from jumps", "noise=", "rtol=", "allow_inconclusive=True"):
        assert word in text
    assert "WRONG" not in text
    assert caught.value.table.inconclusive == caught.value.table.rows
    check_gradients(f, 1.0, allow_inconclusive=True)
    with pytest.raises(GradientError, match="2 of 4 derivatives are wrong"):
        check_gradients(
            lambda x, y: [f(x) + y * y.detach()], 1.0, 2.0, allow_inconclusive=True
        )


def test_random_functions_are_not_deterministic():
    rng = random.Random(0)
    for spread in (1.0, 1e-3, 1e-12):
        for _ in range(20):
            with pytest.raises(GradientError, match="not deterministic: output is"):
                check_gradients(lambda x, s=spread: x * (1 + s * rng.random()), 3.0)
    calls = itertools.count()
    with pytest.raises(GradientError, match="not deterministic"):
        check_gradients(lambda x: x + next(calls), 1.0)
    w = Value(2.0)
    with pytest.raises(GradientError, match=r"not deterministic: output\[1\]"):
        check_gradients(lambda: [w, w * rng.random()], parameters=[w])
    check_gradients(lambda x: x * (1 + 1e-6 * rng.random()), 3.0, noise=1e-5)


def iterated(rule, tolerance):
    """√a by Newton's method, cut at a tolerance; `rule` is its derivative."""

    def value(a):
        x = a + 1
        while abs(x * x - a) > tolerance * (1 + a):
            x = (x + a / x) / 2
        return round(x / tolerance) * tolerance  # an iteration that ends unevenly

    return engine.Op("root", "√", value, rule)


def test_functions_that_are_computed_to_a_tolerance():
    right = iterated(lambda out, a: (1 / (2 * sqrt(a)),), 1e-4)
    wrong = iterated(lambda out, a: (1 / sqrt(a),), 1e-4)
    for a in (0.5, 2.0, 30.0):
        check_gradients(right, a, noise=1e-4)
        with pytest.raises(GradientError, match="WRONG"):
            check_gradients(wrong, a, noise=1e-4)
    for noise in (-1.0, math.nan, math.inf, "much", None):
        with pytest.raises(OptionError, match="noise="):
            check_gradients(right, 1.0, noise=noise)


def test_second_order_of_several_results():
    f = lambda x: {"a": x[0] ** 2 * x[1], "b": [sin(x[1]), x[0]]}  # noqa: E731
    check_gradients(f, [2.0, 3.0], order=2)
    check_gradients(lambda x, y: (x * y, exp(x)), 2.0, 3.0, order=2)
    twice = engine.Op("twice", "w", lambda x: x**3, lambda out, x: (3 * x.detach() * x
                      if isinstance(x, Value) else 3 * x * x,))  # fmt: skip
    check_gradients(lambda x: [twice(x), x], 2.0)
    with pytest.raises(GradientError, match="WRONG"):
        check_gradients(lambda x: [twice(x), x], 2.0, order=2)
    check_gradients(lambda x: engine.atan2(x, x), 1e-6, order=2)


def test_close_to_the_end_of_a_domain_a_factor_is_seen():
    for x in (1e-12, 1e-6):
        check_gradients(sqrt, x)
        check_gradients(log, x)
        with pytest.raises(GradientError):
            check_gradients(lambda x: sqrt(x) + sqrt(x.detach()), x)
    for distance in (1e-3, 1e-6, 1e-9):  # a kink beside the point
        f = lambda x, d=distance: engine.relu(x - 1 - d) + engine.relu(1 + d - x)  # noqa: E731
        assert verdicts(f, 1.0) == {"right"}


def test_the_bound_on_rounding_is_one():
    """Against exact fractions, where the operations have them."""
    from fractions import Fraction

    rng = random.Random(1)
    for _ in range(300):
        a, b, c = (rng.uniform(-1, 1) * 10 ** rng.randint(-6, 6) for _ in range(3))
        program = lambda a, b, c: ((a + b) * c - a * c) / (b * b + 1) + (c - c * a)  # noqa: E731
        exact = program(*map(Fraction, (a, b, c)))
        [bound] = bound_rounding([program(*map(Value, (a, b, c)))]).errors
        error = abs(Fraction(program(a, b, c)) - exact)
        assert error <= bound


def logistic(steps):
    """The logistic map x → 3.9 x (1 − x), which doubles errors at every step."""

    def run(x):
        for _ in range(steps):
            x = 3.9 * x * (1 - x)
        return x

    return run


@pytest.mark.parametrize("steps", [5, 20, 25])
def test_an_iteration_does_not_drown_in_its_own_rounding(steps):
    """The rule is right: against mpmath's derivative at 60 digits."""
    rng = random.Random(2)
    with mp.workdps(60):
        for _ in range(20):
            x = rng.uniform(0.01, 0.99)
            true = mp.diff(logistic(steps), mpf(x))
            table = gradient_table(logistic(steps), x)
            assert table.rows[0].analytic == pytest.approx(float(true), rel=1e-5)
            assert not table.wrong, table


def test_large_steps_do_not_see_what_is_small():
    """Steps of many periods find sin flat; the true slope at 1e6 is 0.937."""
    f = lambda x: sin(x.detach()) + 1e15  # noqa: E731
    assert verdicts(f, 1e6) <= {"wrong", "inconclusive"}


@pytest.mark.parametrize("x", [1e-18, -1e-20, 1e-30, 3e-100])
def test_close_to_a_pole(x):
    check_gradients(lambda x: 1 / x, x)
    with pytest.raises(GradientError):
        check_gradients(lambda x: 1 / x + 1 / x.detach(), x)
